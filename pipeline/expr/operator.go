package expr

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// symbol is an operator as it is written.
func symbol(op *hclsyntax.Operation) string {
	switch op {
	case hclsyntax.OpLogicalOr:
		return "||"
	case hclsyntax.OpLogicalAnd:
		return "&&"
	case hclsyntax.OpLogicalNot:
		return "!"
	case hclsyntax.OpEqual:
		return "=="
	case hclsyntax.OpNotEqual:
		return "!="
	case hclsyntax.OpGreaterThan:
		return ">"
	case hclsyntax.OpGreaterThanOrEqual:
		return ">="
	case hclsyntax.OpLessThan:
		return "<"
	case hclsyntax.OpLessThanOrEqual:
		return "<="
	case hclsyntax.OpAdd:
		return "+"
	case hclsyntax.OpSubtract, hclsyntax.OpNegate:
		return "-"
	case hclsyntax.OpMultiply:
		return "*"
	case hclsyntax.OpDivide:
		return "/"
	case hclsyntax.OpModulo:
		return "%"
	}
	return "?"
}

func (c *compiler) unary(e *hclsyntax.UnaryOpExpr) *node {
	v := c.value(e.Val)
	n := c.join(e.SrcRange, v)
	n.print = symbol(e.Op) + v.printed()
	if e.Op == hclsyntax.OpLogicalNot {
		n.bad = n.bad || !c.wantBool(v, "!")
		n.typ = boolType
		n.test = func(m *Machine) bool { return !v.test(m) }
		return c.done(n)
	}
	n.bad = n.bad || !c.wantNumber(v, "-")
	n.typ = numberType
	if v.typ != nil && v.typ.Kind == schema.Int {
		n.typ = intType
	}
	n.eval = func(m *Machine) value {
		x, ok := m.numberOf(v)
		if !ok {
			return null
		}
		return m.negate(x)
	}
	return c.done(n)
}

func (c *compiler) binary(e *hclsyntax.BinaryOpExpr) *node {
	switch e.Op {
	case hclsyntax.OpLogicalAnd, hclsyntax.OpLogicalOr:
		return c.logical(e)
	}
	a, b := c.value(e.LHS), c.value(e.RHS)
	n := c.join(e.SrcRange, a, b)
	n.print = "(" + a.printed() + symbol(e.Op) + b.printed() + ")"
	switch e.Op {
	case hclsyntax.OpEqual, hclsyntax.OpNotEqual:
		n.typ = boolType
		n.bad = n.bad || !c.equatable(e, a, b)
		n.test = equality(a, b)
		if e.Op == hclsyntax.OpNotEqual {
			same := n.test
			n.test = func(m *Machine) bool { return !same(m) }
		}
	case hclsyntax.OpLessThan, hclsyntax.OpLessThanOrEqual, hclsyntax.OpGreaterThan, hclsyntax.OpGreaterThanOrEqual:
		n.typ = boolType
		n.bad = n.bad || !c.ordered(a, a, b, symbol(e.Op)) || !c.ordered(b, a, b, symbol(e.Op))
		n.test = ordering(e.Op, a, b)
	default:
		left, right := c.wantNumber(a, symbol(e.Op)), c.wantNumber(b, symbol(e.Op))
		n.bad = n.bad || !left || !right
		n.typ = arithmeticType(e.Op, a, b)
		op := e.Op
		n.eval = func(m *Machine) value {
			x, ok1 := m.numberOf(a)
			y, ok2 := m.numberOf(b)
			if !ok1 || !ok2 {
				return null
			}
			return m.calculate(op, x, y)
		}
	}
	return c.done(n)
}

func arithmeticType(op *hclsyntax.Operation, a, b *node) *schema.Type {
	whole := func(n *node) bool {
		if n.con != nil && n.con.v.kind == number {
			_, ok := (&Machine{}).toInt(n.con.v)
			return ok
		}
		return n.typ != nil && n.typ.Kind == schema.Int
	}
	if op != hclsyntax.OpDivide && whole(a) && whole(b) {
		return intType
	}
	return numberType
}

// logical compiles && and ||. As in HCL either side may settle the answer:
// what fails counts only if the other side does not.
func (c *compiler) logical(e *hclsyntax.BinaryOpExpr) *node {
	sym := symbol(e.Op)
	a := c.value(e.LHS)
	kept := len(c.present)
	if e.Op == hclsyntax.OpLogicalAnd {
		c.present = append(c.present, presence(e.LHS)...)
	}
	b := c.side(e.RHS, a.con == nil || a.taken(e.Op == hclsyntax.OpLogicalAnd))
	c.present = c.present[:kept]
	n := c.join(e.SrcRange, a, b)
	left, right := c.wantBool(a, sym), c.wantBool(b, sym)
	n.bad = n.bad || !left || !right
	n.typ = boolType
	n.print = "(" + a.printed() + sym + b.printed() + ")"
	settles := e.Op == hclsyntax.OpLogicalOr
	n.test = both(a, b, settles)
	if sortOf(a.typ) != boolSort || sortOf(b.typ) != boolSort {
		n.test = bothChecked(a, b, settles)
	}
	return c.done(n)
}

// both compiles && and || of what is surely true or false. As in HCL either
// side may settle the answer, so what fails on the left is asked of the right.
func both(a, b *node, settles bool) func(*Machine) bool {
	return func(m *Machine) bool {
		if m.err != nil {
			return false
		}
		x := a.test(m)
		if m.err != nil {
			failed, at := m.err, m.at
			m.err = nil
			if y := b.test(m); m.err == nil && y == settles {
				return y
			}
			m.err, m.at = failed, at
			return false
		}
		if x == settles {
			return x
		}
		return b.test(m)
	}
}

// bothChecked compiles && and || of what may be no bool. In HCL a side that
// has a value and is no bool is a mistake, whatever the other side says.
func bothChecked(a, b *node, settles bool) func(*Machine) bool {
	sure := sortOf(b.typ) == boolSort
	return func(m *Machine) bool {
		if m.err != nil {
			return false
		}
		x, at, ok, failed := m.side(a)
		if !ok || failed == nil && x == settles && sure {
			return x
		}
		y, there, ok, wrong := m.side(b)
		switch {
		case !ok:
			return false
		case failed == nil && x == settles, wrong == nil && y == settles:
			return settles
		case failed != nil:
			m.err, m.at = failed, at
		case wrong != nil:
			m.err, m.at = wrong, there
		default:
			return !settles
		}
		return false
	}
}

// side evaluates a side of && or ||. What failed there is taken back and
// returned; it is not ok, and fails, if the value is no bool.
func (m *Machine) side(n *node) (x bool, at hcl.Range, ok bool, failed error) {
	v := n.eval(m)
	if m.err != nil {
		failed, at = m.err, m.at
		m.err = nil
		return false, at, true, failed
	}
	x = m.holds(v)
	m.blame(n)
	return x && m.err == nil, at, m.err == nil, nil
}

// wantBool checks an operand of a logical operator, or a condition.
func (c *compiler) wantBool(n *node, where string) bool {
	switch n.sort() {
	case anySort, nullSort, boolSort:
		return true
	case textSort:
		if n.con == nil && n.typ.Kind == schema.String || n.isConvertible() {
			return true
		}
	}
	if n.bad {
		return true
	}
	c.errorf(n.rng, "Not true or false", "%s needs a bool; %s is %s.", where, describe(n), article(n.typ))
	return false
}

// wantNumber checks an operand of an arithmetic operator.
func (c *compiler) wantNumber(n *node, where string) bool {
	switch n.sort() {
	case anySort, nullSort, numberSort:
		return true
	case textSort:
		if n.unknown || n.con != nil && isNumber(n.con.v) || n.con == nil && n.typ.Kind == schema.String {
			return true
		}
		hint := ""
		if where == "+" {
			hint = ` Texts are put together in a template: "${a}${b}".`
		}
		c.errorf(n.rng, "Calculation with text", "%s needs numbers; %s is %s.%s", where, describe(n), article(n.typ), hint)
		return false
	}
	if n.bad {
		return true
	}
	c.errorf(n.rng, "Not a number", "%s needs numbers; %s is %s.", where, describe(n), article(n.typ))
	return false
}

func isNumber(v value) bool {
	m := &Machine{}
	_, ok := m.number(v)
	return ok
}

// ordered checks n, one of the operands a and b of < <= > >=.
func (c *compiler) ordered(n, a, b *node, sym string) bool {
	switch n.sort() {
	case anySort, nullSort, numberSort:
		return true
	case textSort:
		if n.unknown || n.con != nil && isNumber(n.con.v) || n.con == nil && n.ref == nil {
			return true // as in HCL, text that holds a number is one
		}
	default:
		if n.bad {
			return true
		}
		c.errorf(n.rng, "Ordering of what is no number", "%s compares numbers; %s is %s.", sym, describe(n), article(n.typ))
		return false
	}
	detail := fmt.Sprintf("%s compares numbers; %s is %s.", sym, describe(n), article(n.typ))
	switch {
	case n.typ.Kind == schema.Time || n.con != nil && !n.sensitive && isTime(n.con.v):
		detail += fmt.Sprintf(" Write timecmp(%s, %s) %s 0.", operand(a, "a"), operand(b, "b"), sym)
	case n.con != nil:
		detail += fmt.Sprintf(" Texts can only be equal or not; for times write timecmp(a, b) %s 0.", sym)
	default:
		detail += fmt.Sprintf(" For times write timecmp(a, b) %s 0; if it holds digits, tonumber(%s).", sym, describe(n))
	}
	c.errorf(n.rng, "Ordering of text", "%s", detail)
	return false
}

// operand is n as it may stand in a suggestion, or a letter for it.
func operand(n *node, letter string) string {
	if s := other(n); s != "the other side" {
		return s
	}
	return letter
}

func isTime(v value) bool {
	m := &Machine{}
	_, ok := m.time(v)
	return ok
}

// equatable checks what == and != compare, where a record is involved and the
// schema knows both sides.
func (c *compiler) equatable(e *hclsyntax.BinaryOpExpr, a, b *node) bool {
	x, y := a.sort(), b.sort()
	if a.bad || b.bad || x == y || x == anySort || y == anySort || x == nullSort || y == nullSort {
		return true
	}
	if !a.varying && a.loops == 0 && !b.varying && b.loops == 0 {
		return true
	}
	if a.con != nil {
		a, b = b, a
	}
	answer := "never equal, so this is false for every record"
	if e.Op == hclsyntax.OpNotEqual {
		answer = "never equal, so this is true for every record"
	}
	c.errorf(e.SrcRange, mismatch(a, b), "%s is %s and %s is %s; they are %s.%s",
		subject(a, "the left side"), article(a.typ), other(b), article(b.typ), answer, remedy(a, b))
	return false
}

func mismatch(a, b *node) string {
	return fmt.Sprintf("%s compared with %s", capital(noun(a.typ)), noun(b.typ))
}

func noun(t *schema.Type) string {
	switch sortOf(t) {
	case textSort:
		if t.Kind == schema.Time {
			return "time"
		}
		return "text"
	case numberSort:
		return "number"
	case boolSort:
		return "bool"
	case listSort:
		return "list"
	default:
		return "object"
	}
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func subject(n *node, otherwise string) string {
	if n.ref != nil {
		return n.ref.label
	}
	return capital(otherwise)
}

func other(n *node) string {
	switch {
	case n.ref != nil:
		return n.ref.label
	case n.con != nil && !n.unknown && !n.sensitive:
		return n.printed()
	}
	return "the other side"
}

// remedy says how to write a comparison of a with the constant b.
func remedy(a, b *node) string {
	if a.typ.Kind == schema.Time {
		return ""
	}
	if b.con == nil || b.unknown || b.sensitive {
		return " Convert one of them with tostring or tonumber."
	}
	m := &Machine{}
	switch x, y := a.sort(), b.sort(); {
	case x == numberSort && y == textSort && isNumber(b.con.v), x == boolSort && y == textSort && b.isConvertible():
		s, _ := m.text(b.con.v)
		return fmt.Sprintf(" Write %s without quotes.", s)
	case x == textSort && (y == numberSort || y == boolSort):
		s, _ := m.text(b.con.v)
		return fmt.Sprintf(" Write %q.", s)
	case x == listSort:
		return fmt.Sprintf(" To look for an element write contains(%s, %s).", subject(a, "the list"), b.printed())
	}
	return ""
}
