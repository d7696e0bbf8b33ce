package expr

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// equality returns the closure of a == b, by what is known of the two.
func equality(a, b *node) func(*Machine) bool {
	if a.con != nil && b.con == nil {
		a, b = b, a
	}
	if b.con != nil && !b.unknown {
		want, eval := b.con.v, a.eval
		switch want.kind {
		case nothing:
			return func(m *Machine) bool { return eval(m).kind == nothing }
		case text:
			s := want.raw
			return func(m *Machine) bool { return m.isText(eval(m), s) }
		case number:
			if small, ok := small(want); ok {
				return func(m *Machine) bool { return m.isNumber(eval(m), small) }
			}
		case boolean:
			return func(m *Machine) bool {
				v := eval(m)
				return v.kind == boolean && v.n == want.n
			}
		}
	}
	left, right := a.eval, b.eval
	return func(m *Machine) bool { return m.equal(left(m), right(m)) }
}

// isNumber reports whether v is the number want, which is in place.
func (m *Machine) isNumber(v, want value) bool {
	if v.kind != number {
		return false
	}
	if x, ok := small(v); ok {
		return x.n == want.n && x.exp == want.exp
	}
	return m.equalNumbers(v, want)
}

// ordering returns the closure of a < b and its like. It is false for null.
func ordering(op *hclsyntax.Operation, a, b *node) func(*Machine) bool {
	compare := func(m *Machine) (int, bool) {
		x, ok1 := m.numberOf(a)
		y, ok2 := m.numberOf(b)
		if !ok1 || !ok2 {
			return 0, false
		}
		return m.compareNumbers(x, y), m.err == nil
	}
	switch op {
	case hclsyntax.OpLessThan:
		return func(m *Machine) bool { d, ok := compare(m); return ok && d < 0 }
	case hclsyntax.OpLessThanOrEqual:
		return func(m *Machine) bool { d, ok := compare(m); return ok && d <= 0 }
	case hclsyntax.OpGreaterThan:
		return func(m *Machine) bool { d, ok := compare(m); return ok && d > 0 }
	default:
		return func(m *Machine) bool { d, ok := compare(m); return ok && d >= 0 }
	}
}
