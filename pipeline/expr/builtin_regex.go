package expr

import (
	"regexp"

	"github.com/logpipe/logpipe/pipeline/schema"
)

// regex compiles regex(pattern, text) for a constant pattern. As in HCL the
// result is the match; with groups their list; with named groups an object. No
// match is a failure, for can and try.
func (c *compiler) regex(n *node, args []*node) bool {
	con := args[0].con
	if con == nil || args[0].unknown || con.v.kind != text {
		return false
	}
	re, err := regexp.Compile(string(con.v.raw))
	if err != nil {
		return false // cty says what is wrong with it
	}
	names, named := re.SubexpNames()[1:], 0
	for _, name := range names {
		if name != "" {
			named++
		}
	}
	if named != 0 && named != len(names) {
		return false
	}
	eval := args[1].eval
	n.typ = regexType(names)
	n.match = func(m *Machine) bool {
		if m.err != nil {
			return false
		}
		v := eval(m)
		if v.kind == nothing && m.err == nil {
			return true // regex of null is null and no error
		}
		s, ok := m.text(v)
		ok = ok && m.err == nil && re.Match(s)
		m.err = nil
		return ok
	}
	n.eval = func(m *Machine) value {
		s, ok := m.textOf(args[1])
		if !ok {
			return null
		}
		at := re.FindSubmatchIndex(s)
		if at == nil {
			m.fail("the pattern of regex() does not match")
			return null
		}
		return m.groups(s, at, names)
	}
	return true
}

func regexType(names []string) *schema.Type {
	switch {
	case len(names) == 0:
		return textType
	case names[0] == "":
		return listOf(textType)
	}
	t := &schema.Type{Kind: schema.Object}
	for _, name := range names {
		t.Fields = append(t.Fields, schema.Field{Name: name, Type: textType})
	}
	return t
}

// groups makes the result of a match at the given places of s.
func (m *Machine) groups(s []byte, at []int, names []string) value {
	if len(names) == 0 {
		return m.made(s[at[0]:at[1]])
	}
	x := m.extra()
	x.elems = make([]value, len(names))
	for i := range names {
		if from, to := at[2*i+2], at[2*i+3]; from >= 0 {
			x.elems[i] = m.made(s[from:to])
		}
	}
	if names[0] == "" {
		return value{kind: list, form: inPlace, more: x}
	}
	x.keys = append([]string(nil), names...)
	x.sort()
	return value{kind: object, form: inPlace, more: x}
}
