package expr

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// conditional compiles a ? b : c. As in HCL both results are brought to one
// type; where the schema knows the types that is settled here, else both
// sides are looked at.
func (c *compiler) conditional(e *hclsyntax.ConditionalExpr) *node {
	cond := c.value(e.Condition)
	a := c.side(e.TrueResult, cond.con == nil || cond.taken(true))
	b := c.side(e.FalseResult, cond.con == nil || cond.taken(false))
	n := c.join(e.SrcRange, cond, a, b)
	n.bad = n.bad || !c.wantBool(cond, "?:")
	n.print = "(" + cond.printed() + "?" + a.printed() + ":" + b.printed() + ")"
	x, y := a.sort(), b.sort()
	n.typ = commonType(a.typ, b.typ)
	switch {
	case x == nullSort:
		n.typ = b.typ
		n.eval = choose(cond, a, b, nil)
	case y == nullSort:
		n.typ = a.typ
		n.eval = choose(cond, a, b, nil)
	case x == anySort || y == anySort || x == listSort || x == objectSort || y == listSort || y == objectSort:
		n.eval = chooseLate(cond, a, b)
		c.unified(n, e, a, b)
	case x == y:
		n.eval = choose(cond, a, b, nil)
	case x == textSort || y == textSort: // the other is a number or a bool, which become text
		n.typ = textType
		n.eval = choose(cond, a, b, (*Machine).asText)
	default:
		c.unified(n, e, a, b)
	}
	return c.done(n)
}

// side compiles an operand that may never be looked at; what is constant may
// fail there, as in HCL.
func (c *compiler) side(e hclsyntax.Expression, taken bool) *node {
	if taken {
		return c.value(e)
	}
	c.trying++
	defer func() { c.trying-- }()
	return c.value(e)
}

// taken reports whether a constant condition is surely want.
func (n *node) taken(want bool) bool {
	if n.unknown {
		return false
	}
	m := &Machine{}
	return n.test(m) == want
}

// unified reports two results that have no common type.
func (c *compiler) unified(n *node, e *hclsyntax.ConditionalExpr, a, b *node) {
	x, y := a.sort(), b.sort()
	if n.bad || x == anySort || y == anySort || x == y || a.unknown || b.unknown {
		return
	}
	c.errorf(hcl.RangeBetween(e.TrueResult.Range(), e.FalseResult.Range()), "Two types in a conditional",
		"Both results must be of one type; the first is %s, the second %s.", article(a.typ), article(b.typ))
	n.bad = true
}

func (m *Machine) asText(v value) value {
	if s, ok := m.text(v); ok {
		return textValue(s)
	}
	return null
}

func choose(cond, a, b *node, convert func(*Machine, value) value) func(*Machine) value {
	pick := func(m *Machine) value {
		ok := cond.test(m)
		if m.err != nil {
			return null
		}
		if ok {
			return a.eval(m)
		}
		return b.eval(m)
	}
	if convert == nil {
		return pick
	}
	return func(m *Machine) value { return convert(m, pick(m)) }
}

// chooseLate looks at both sides, because the type of the one that is not
// taken decides what the other becomes. A side that fails has no say.
func chooseLate(cond, a, b *node) func(*Machine) value {
	return func(m *Machine) value {
		if m.err != nil {
			return null
		}
		ok := cond.test(m)
		if m.err != nil {
			return null
		}
		taken, left := a, b
		if !ok {
			taken, left = b, a
		}
		v := taken.eval(m)
		if m.err != nil {
			return null
		}
		w := left.eval(m)
		if m.err != nil {
			m.err = nil
			return v
		}
		return m.unify(v, w)
	}
}

// unify returns v as HCL has it when the other result would have been w. Two
// lists or two objects without a common type stay as they are: those of a
// record rarely have one.
func (m *Machine) unify(v, w value) value {
	switch {
	case v.kind == nothing || w.kind == nothing || v.kind == w.kind && v.kind < list:
		return v
	case v.kind < list && w.kind < list && (v.kind == text || w.kind == text):
		return m.asText(v)
	case v.kind != w.kind:
		m.fail("the two results of ?: are %s and %s and have no common type", v.kind, w.kind)
		return null
	}
	x, ok1 := m.toCty(v)
	y, ok2 := m.toCty(w)
	if !ok1 || !ok2 {
		return null
	}
	t, convs := convert.UnifyUnsafe([]cty.Type{x.Type(), y.Type()})
	if t == cty.NilType || convs[0] == nil {
		return v
	}
	u, err := convs[0](x)
	if err != nil {
		m.fail("%s", m.because(fmt.Errorf("the results of ?: have no common type"), err))
		return null
	}
	return m.fromCty(u)
}

// because adds the cause where it can name no value of a record.
func (m *Machine) because(what, cause error) error {
	if m.loud {
		return fmt.Errorf("%w: %w", what, cause)
	}
	return what
}
