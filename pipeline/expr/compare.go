package expr

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/logpipe/logpipe/pipeline/record"
)

// equality returns the closure of a == b, by what is known of the two.
func equality(a, b *node) func(*Machine) bool {
	if a.con != nil && b.con == nil {
		a, b = b, a
	}
	if b.con != nil && !b.unknown {
		want, eval := b.con.v, a.eval
		if a.slot != nil {
			if test := fieldEquals(*a.slot, want); test != nil {
				return test
			}
		}
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

// fieldEquals is equality of a field with a constant, told from the bytes of
// the field where they are enough; nil if they never are.
func fieldEquals(slot record.Slot, want value) func(*Machine) bool {
	switch want.kind {
	case nothing:
		return func(m *Machine) bool { return m.b.Value(m.i, slot).IsNull() }
	case boolean:
		letter := byte('f')
		if want.n != 0 {
			letter = 't'
		}
		return func(m *Machine) bool {
			raw := m.b.Value(m.i, slot).Raw()
			return len(raw) > 0 && raw[0] == letter
		}
	case number:
		n, whole := wholeNumber(want)
		if !whole {
			return nil
		}
		return func(m *Machine) bool {
			raw := m.b.Value(m.i, slot).Raw()
			if x, ok := parseWhole(raw); ok {
				return x == n
			}
			return m.isNumber(fromRecord(record.ValueOf(raw)), want)
		}
	case text:
		s := want.raw
		if !plain(s) {
			return nil
		}
		return func(m *Machine) bool {
			raw := m.b.Value(m.i, slot).Raw()
			if len(raw) == 0 || raw[0] != '"' {
				return false
			}
			in := raw[1 : len(raw)-1]
			if string(in) == string(s) {
				return true
			}
			return !plain(in) && m.isText(value{kind: text, raw: raw}, s)
		}
	}
	return nil
}

func wholeNumber(v value) (int64, bool) {
	s, ok := small(v)
	if !ok || s.exp < 0 {
		return 0, false
	}
	return scale(s.n, s.exp)
}

// parseWhole reads a JSON number of digits only.
func parseWhole(raw []byte) (int64, bool) {
	s := raw
	if len(s) > 0 && s[0] == '-' {
		s = s[1:]
	}
	if len(s) == 0 || len(s) > 18 {
		return 0, false
	}
	n := int64(0)
	for _, c := range s {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(s) < len(raw) {
		n = -n
	}
	return n, true
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
