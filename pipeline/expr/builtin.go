package expr

import (
	"bytes"
	"strings"

	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// compiled gives n the closures of a function that is frequent enough to be
// run without cty. It is false for the others.
func (c *compiler) compiled(k *call, n *node) bool {
	a := k.args
	switch k.name {
	case "startswith":
		c.textTest(n, a, bytes.HasPrefix)
	case "endswith":
		c.textTest(n, a, bytes.HasSuffix)
	case "strcontains":
		c.textTest(n, a, bytes.Contains)
	case "lower":
		textMap(n, a[0], (*Machine).lower)
	case "upper":
		textMap(n, a[0], (*Machine).upper)
	case "domain":
		textMap(n, a[0], (*Machine).domain)
	case "trimprefix":
		textPair(n, a, bytes.TrimPrefix)
	case "trimsuffix":
		textPair(n, a, bytes.TrimSuffix)
	case "tostring":
		return c.toText(n, a[0])
	case "length":
		n.typ, n.eval = intType, func(m *Machine) value { return m.count(a[0].eval(m)) }
	case "contains":
		return c.contains(n, a)
	case "anytrue":
		anyTrue(n, a[0], true)
	case "alltrue":
		anyTrue(n, a[0], false)
	case "coalesce":
		c.coalesce(n, a)
	case "cidrcontains":
		return c.cidrContains(n, a)
	case "timecmp":
		return c.timeCompare(n, a)
	case "hmac":
		c.hmac(n, a)
	case "regex":
		return c.regex(n, a)
	default:
		return false
	}
	return true
}

// textTest compiles a question about two texts. It is false for null.
func (c *compiler) textTest(n *node, args []*node, ask func(s, t []byte) bool) {
	s, t := args[0], args[1]
	n.typ = boolType
	if con := args[1].con; con != nil && !args[1].unknown && con.v.kind == text {
		want := con.v.raw
		n.test = func(m *Machine) bool {
			x, ok := m.textOf(s)
			return ok && ask(x, want)
		}
		return
	}
	n.test = func(m *Machine) bool {
		x, ok1 := m.textOf(s)
		y, ok2 := m.textOf(t)
		return ok1 && ok2 && ask(x, y)
	}
}

// textMap compiles a function from text to text.
func textMap(n, arg *node, f func(m *Machine, s []byte) value) {
	n.typ = textType
	n.eval = func(m *Machine) value {
		s, ok := m.textOf(arg)
		if !ok {
			return null
		}
		return f(m, s)
	}
}

// textPair compiles a function of two texts whose result is part of the first.
func textPair(n *node, args []*node, f func(s, t []byte) []byte) {
	s, t := args[0], args[1]
	n.typ = textType
	n.eval = func(m *Machine) value {
		x, ok1 := m.textOf(s)
		y, ok2 := m.textOf(t)
		if !ok1 || !ok2 {
			return null
		}
		return m.made(f(x, y))
	}
}

// made is a text that was made; what was cut off may leave a text that is not
// NFC any more.
func (m *Machine) made(s []byte) value {
	if !ascii(s) {
		var ok bool
		if s, ok = m.normal(s); !ok {
			return null
		}
	}
	return textValue(s)
}

func (m *Machine) lower(s []byte) value {
	for i, c := range s {
		if c >= 0x80 {
			return m.made([]byte(strings.ToLower(string(s))))
		}
		if 'A' <= c && c <= 'Z' && ascii(s[i:]) {
			start := len(m.buf)
			m.buf = append(m.buf, s...)
			for j := start + i; j < len(m.buf); j++ {
				if c := m.buf[j]; 'A' <= c && c <= 'Z' {
					m.buf[j] = c + 'a' - 'A'
				}
			}
			return textValue(m.buf[start:])
		}
	}
	return textValue(s)
}

func (m *Machine) upper(s []byte) value {
	if !ascii(s) {
		return m.made([]byte(strings.ToUpper(string(s))))
	}
	start := len(m.buf)
	m.buf = append(m.buf, s...)
	for j := start; j < len(m.buf); j++ {
		if c := m.buf[j]; 'a' <= c && c <= 'z' {
			m.buf[j] = c - 'a' + 'A'
		}
	}
	return textValue(m.buf[start:])
}

// domain is what follows the last @, in lower case; null without one.
func (m *Machine) domain(s []byte) value {
	i := bytes.LastIndexByte(s, '@')
	if i < 0 || i == len(s)-1 {
		return null
	}
	return m.lower(s[i+1:])
}

// toText compiles tostring: structures are refused at decode or by cty.
func (c *compiler) toText(n, arg *node) bool {
	n.typ = textType
	eval := arg.eval
	n.eval = func(m *Machine) value {
		v := eval(m)
		if v.kind == text {
			return v
		}
		return m.asText(v)
	}
	return true
}

// count is the length of a list, an object or a text, the latter in letters as
// people see them.
func (m *Machine) count(v value) value {
	switch v.kind {
	case nothing:
		return null
	case list, object:
		return intValue(m.length(v))
	}
	if v.kind != text {
		m.fail("length() needs text, a list or an object, %s was found", v.kind)
		return null
	}
	s, ok := m.text(v)
	switch {
	case !ok:
		return null
	case ascii(s) && bytes.IndexByte(s, '\r') < 0:
		return intValue(int64(len(s)))
	}
	letters, err := stdlib.Strlen(cty.StringVal(string(s)))
	if err != nil {
		m.fail("%w", m.because(errLength, err))
		return null
	}
	return m.fromCty(letters)
}

// anyTrue compiles anytrue, and alltrue where one false settles the answer. An
// element that is null counts as false.
func anyTrue(n, arg *node, settles bool) {
	eval := arg.eval
	n.typ = boolType
	n.test = func(m *Machine) bool {
		v := eval(m)
		if v.kind == nothing {
			return false
		}
		if v.kind != list {
			m.fail("a list is required, %s was found", v.kind)
			return false
		}
		found := !settles
		m.each(v, func(_, e value) bool {
			if e.kind != boolean && e.kind != nothing {
				e = boolValue(m.holds(e))
			}
			if m.holds(e) == settles {
				found = settles
			}
			return m.err == nil // the others must be bools, too
		})
		return found
	}
}

// coalesce compiles coalesce: the first that is neither null nor "". As in
// HCL numbers and bools become text beside a text.
func (c *compiler) coalesce(n *node, args []*node) {
	for i, a := range args {
		if i == 0 || n.typ == nil && args[i-1].sort() == nullSort {
			n.typ = a.typ
			continue
		}
		if a.sort() == nullSort {
			continue
		}
		n.typ = mixedType(n.typ, a.typ)
	}
	n.eval = func(m *Machine) value {
		for i, a := range args {
			v := a.eval(m)
			if m.err != nil {
				return null
			}
			if v.kind == nothing || v.kind == text && m.isText(v, nil) {
				continue
			}
			return m.beside(v, args, i)
		}
		return null
	}
}

// mixedType is commonType where numbers and bools become text beside text.
func mixedType(a, b *schema.Type) *schema.Type {
	x, y := sortOf(a), sortOf(b)
	if x != y && (x == textSort || y == textSort) && x < listSort && y < listSort && x > nullSort && y > nullSort {
		return textType
	}
	return commonType(a, b)
}

// beside returns v, argument i, as text if it is a number or bool and another
// argument is text. As in HCL none of the others may fail.
func (m *Machine) beside(v value, args []*node, i int) value {
	scalar := v.kind == number || v.kind == boolean
	for j, a := range args {
		surely := a.ref != nil || a.con != nil
		if j == i || surely && !scalar || !surely && j < i && !scalar {
			continue
		}
		w := a.eval(m)
		if m.err != nil {
			return null
		}
		if scalar && w.kind == text {
			v, scalar = m.asText(v), false
		}
	}
	return v
}
