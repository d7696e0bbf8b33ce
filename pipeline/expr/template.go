package expr

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// template compiles "a${b}c". It is null if a part is.
func (c *compiler) template(e *hclsyntax.TemplateExpr) *node {
	parts := make([]*node, len(e.Parts))
	var print strings.Builder
	print.WriteString("template(")
	for i, p := range e.Parts {
		parts[i] = c.value(p)
		if i > 0 {
			print.WriteByte(',')
		}
		print.WriteString(parts[i].printed())
	}
	print.WriteByte(')')
	n := c.join(e.SrcRange, parts...)
	for _, p := range parts {
		n.bad = n.bad || !c.wantText(p, "A template")
	}
	n.typ = textType
	n.print = print.String()
	n.eval = func(m *Machine) value {
		start := len(m.stack)
		defer func() { m.stack = m.stack[:start] }()
		for _, p := range parts {
			s, ok := m.textOf(p)
			if !ok {
				return null
			}
			m.stack = append(m.stack, textValue(s))
		}
		return m.concat(m.stack[start:])
	}
	return c.done(n)
}

// concat puts texts together. Two texts in NFC may meet in a way that is not.
func (m *Machine) concat(parts []value) value {
	start := len(m.buf)
	plain := true
	for _, p := range parts {
		plain = plain && ascii(p.raw)
		if m.buf = append(m.buf, p.raw...); len(m.buf) > 4*maxBytes {
			m.roomy()
			return null
		}
	}
	s := m.buf[start:]
	if !plain {
		var ok bool
		if s, ok = m.normal(s); !ok {
			return null
		}
	}
	return textValue(s)
}

// wantText checks what is to become text.
func (c *compiler) wantText(n *node, where string) bool {
	switch n.sort() {
	case listSort, objectSort:
		if n.bad {
			return true
		}
		hint := "jsonencode(" + describe(n) + ") makes text of it"
		if n.sort() == listSort {
			hint = `join(", ", ` + describe(n) + ") or " + hint
		}
		c.errorf(n.rng, "Not text", "%s needs text, a number or a bool; %s is %s. %s.", where, describe(n), article(n.typ), hint)
		return false
	}
	return true
}

// templateJoin compiles %{ for }, whose rounds are put together.
func (c *compiler) templateJoin(e *hclsyntax.TemplateJoinExpr) *node {
	rounds := c.value(e.Tuple)
	n := c.join(e.Range(), rounds)
	n.typ = textType
	n.print = "join(" + rounds.printed() + ")"
	n.eval = func(m *Machine) value {
		v := rounds.eval(m)
		if v.kind != list {
			return null
		}
		start := len(m.stack)
		defer func() { m.stack = m.stack[:start] }()
		for _, e := range v.more.elems {
			s, ok := m.text(e)
			if !ok {
				return null
			}
			m.stack = append(m.stack, textValue(s))
		}
		return m.concat(m.stack[start:])
	}
	return c.done(n)
}
