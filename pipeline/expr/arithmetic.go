package expr

import (
	"math"
	"math/big"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// calculate applies an arithmetic operator to two numbers.
func (m *Machine) calculate(op *hclsyntax.Operation, a, b value) value {
	x, ok1 := small(a)
	y, ok2 := small(b)
	if ok1 && ok2 {
		if v, ok := calculateSmall(op, x, y); ok {
			return v
		}
	}
	p, ok1 := m.big(a)
	q, ok2 := m.big(b)
	if !ok1 || !ok2 {
		return null
	}
	v, err := op.Impl.Call([]cty.Value{cty.NumberVal(widen(p)), cty.NumberVal(widen(q))})
	if err != nil {
		m.fail("%s", err)
		return null
	}
	return m.bigValue(v.AsBigFloat())
}

// negate is the unary minus. It makes -0 of 0, as HCL does.
func (m *Machine) negate(v value) value {
	if s, ok := small(v); ok && s.n != 0 && s.n != math.MinInt64 {
		return smallValue(-s.n, s.exp)
	}
	f, ok := m.big(v)
	if !ok {
		return null
	}
	return m.bigValue(new(big.Float).Neg(f))
}

// widen gives the lengths that functions return the precision of all else.
func widen(f *big.Float) *big.Float {
	if f.Prec() >= 512 {
		return f
	}
	return new(big.Float).SetPrec(512).Set(f)
}

func calculateSmall(op *hclsyntax.Operation, a, b value) (value, bool) {
	switch op {
	case hclsyntax.OpAdd, hclsyntax.OpSubtract:
		x, y, exp, ok := align(a, b)
		if op == hclsyntax.OpSubtract {
			y = -y
		}
		sum := x + y
		if !ok || (x^sum)&(y^sum) < 0 || sum == math.MinInt64 {
			return null, false
		}
		return smallValue(sum, exp), true
	case hclsyntax.OpMultiply:
		n, ok := mul(a.n, b.n)
		ok = ok && (n != 0 || a.n >= 0 && b.n >= 0) // else it is -0
		if e := a.exp + b.exp; ok && e > -1000 && e < 1000 {
			return smallValue(n, e), true
		}
	case hclsyntax.OpDivide:
		return divideSmall(a, b)
	case hclsyntax.OpModulo:
		x, y, exp, ok := align(a, b)
		if ok && y != 0 {
			return smallValue(x%y, exp), true
		}
	}
	return null, false
}

// divideSmall divides where the result is a decimal that fits.
func divideSmall(a, b value) (value, bool) {
	if b.n == 0 || a.n == 0 && b.n < 0 {
		return null, false
	}
	for up := int32(0); up < int32(len(pow10)); up++ {
		n, ok := scale(a.n, up)
		if !ok {
			return null, false
		}
		if n%b.n == 0 {
			return smallValue(n/b.n, a.exp-up-b.exp), true
		}
	}
	return null, false
}
