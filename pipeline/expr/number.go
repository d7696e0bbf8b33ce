package expr

import (
	"bytes"
	"math"
	"math/big"
	"math/bits"
	"strconv"

	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/zclconf/go-cty/cty"
)

// Numbers are exact. Most are a decimal of up to 18 digits in two words (n ×
// 10^exp, no zeros at the end of n, so that equal numbers are equal words).
// What does not fit is a big.Float of 512 bits as HCL has it, or of as many bits
// as the digits need, where HCL would round. Numbers with more
// digits or zeros than maxDigits are compared in their JSON text but not
// calculated with: writing them out would cost memory that one field of a
// hostile record could ask for.
const maxDigits = 4096

// smallValue is the number n × 10^exp.
func smallValue(n int64, exp int32) value {
	if n == 0 {
		return value{kind: number, form: inPlace}
	}
	for n&1 == 0 && n%10 == 0 {
		n /= 10
		exp++
	}
	return value{kind: number, form: inPlace, n: n, exp: exp}
}

// parseSmall reads a JSON number of up to 18 digits.
func parseSmall(s []byte) (value, bool) {
	if n, ok := parseWhole(s); ok && (n != 0 || s[0] != '-') {
		return smallValue(n, 0), true
	}
	i, neg := 0, false
	if len(s) > 0 && s[0] == '-' {
		neg, i = true, 1
	}
	var n int64
	var exp int32
	digits, point, seen := 0, false, false
	for ; i < len(s); i++ {
		c := s[i]
		if c-'0' <= 9 {
			if n != 0 || c != '0' {
				digits++
			}
			if digits > 18 {
				return null, false
			}
			n = n*10 + int64(c-'0')
			seen = true
			if point {
				exp--
			}
			continue
		}
		if c == '.' && !point && seen {
			point = true
			continue
		}
		break
	}
	if i < len(s) {
		if s[i]|0x20 != 'e' || len(s)-i > 6 {
			return null, false
		}
		e, err := strconv.Atoi(string(s[i+1:]))
		if err != nil {
			return null, false
		}
		exp += int32(e)
	}
	if !seen || len(s) > 64 {
		return null, false
	}
	if neg {
		if n == 0 {
			return null, false // HCL writes it -0
		}
		n = -n
	}
	return smallValue(n, exp), true
}

// small turns a number into place, if it fits.
func small(v value) (value, bool) {
	if v.form == inJSON {
		return parseSmall(v.raw)
	}
	return v, v.form == inPlace
}

var pow10 = [...]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// scale returns n × 10^by if it fits.
func scale(n int64, by int32) (int64, bool) {
	if n == 0 || by == 0 {
		return n, true
	}
	if by < 0 || int(by) >= len(pow10) {
		return 0, false
	}
	return mul(n, pow10[by])
}

func mul(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(lo), true
	}
	return int64(lo), true
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return uint64(-n)
	}
	return uint64(n)
}

// align brings two small numbers to one exponent.
func align(a, b value) (x, y int64, exp int32, ok bool) {
	exp = min(a.exp, b.exp)
	if a.n == 0 {
		exp = b.exp
	} else if b.n == 0 {
		exp = a.exp
	}
	x, ok = scale(a.n, a.exp-exp)
	if !ok {
		return
	}
	y, ok = scale(b.n, b.exp-exp)
	return
}

// big returns a number as HCL has it.
func (m *Machine) big(v value) (*big.Float, bool) {
	switch v.form {
	case inBig:
		return v.more.big, true
	case inJSON:
		return m.parseBig(v.raw)
	default:
		var buf [64]byte
		s := strconv.AppendInt(buf[:0], v.n, 10)
		s = append(s, 'e')
		return m.parseBig(strconv.AppendInt(s, int64(v.exp), 10))
	}
}

func (m *Machine) parseBig(s []byte) (*big.Float, bool) {
	if !reasonable(s) {
		m.fail("a number of %d bytes is too long to calculate with", len(s))
		return nil, false
	}
	v, err := cty.ParseNumberVal(string(s))
	if err != nil {
		m.fail("text of %d bytes is no number", len(s))
		return nil, false
	}
	if prec := precision(s); prec > 512 {
		if f, _, err := big.ParseFloat(string(s), 10, prec, big.ToNearestEven); err == nil {
			return f, true
		}
	}
	return v.AsBigFloat(), true
}

// precision is how many bits a number needs so that its digits come back, and
// all of them if it is whole.
func precision(s []byte) uint {
	digits := len(s)
	if i := bytes.IndexAny(s, "eE"); i >= 0 {
		e, _ := strconv.Atoi(string(s[i+1:]))
		digits = i + max(0, e)
	}
	return uint(digits)*3322/1000 + 8
}

// reasonable reports whether the number s written out has at most maxDigits
// digits.
func reasonable(s []byte) bool {
	if len(s) > maxDigits {
		return false
	}
	i := bytes.IndexAny(s, "eE")
	if i < 0 {
		return true
	}
	e, err := strconv.Atoi(string(s[i+1:]))
	return err != nil || e <= maxDigits && e >= -maxDigits
}

// bigValue takes a result of a calculation.
func (m *Machine) bigValue(f *big.Float) value {
	if !f.IsInf() && f.Sign() != 0 {
		if e := f.MantExp(nil); e > maxExponent || e < -maxExponent {
			m.fail("the result of a calculation has too many digits")
			return null
		}
	}
	x := m.extra()
	x.big = f
	return value{kind: number, form: inBig, more: x}
}

// compareNumbers is exact at any size.
func (m *Machine) compareNumbers(a, b value) int {
	if x, ok := small(a); ok {
		if y, ok := small(b); ok {
			if x.n == y.n && x.exp == y.exp {
				return 0
			}
			if p, q, _, ok := align(x, y); ok {
				return cmpInt(p, q)
			}
		}
	}
	if a.form != inBig && b.form != inBig {
		return record.CompareNumbers(m.numberText(a), m.numberText(b))
	}
	x, ok1 := m.big(a)
	y, ok2 := m.big(b)
	if !ok1 || !ok2 {
		return 0
	}
	return x.Cmp(y)
}

func cmpInt(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// equalNumbers is what HCL calls equal: the same decimal. For results of
// calculations with big numbers that is their shortest decimal at 512 bits.
func (m *Machine) equalNumbers(a, b value) bool {
	if a.form != inBig && b.form != inBig {
		return m.compareNumbers(a, b) == 0
	}
	x, ok1 := m.big(a)
	y, ok2 := m.big(b)
	return ok1 && ok2 && cty.NumberVal(x).Equals(cty.NumberVal(y)).True()
}

// numberText returns a number that is not big as JSON.
func (m *Machine) numberText(v value) []byte {
	if v.form == inJSON {
		return v.raw
	}
	start := len(m.buf)
	m.buf = strconv.AppendInt(m.buf, v.n, 10)
	if v.exp != 0 {
		m.buf = append(m.buf, 'e')
		m.buf = strconv.AppendInt(m.buf, int64(v.exp), 10)
	}
	return m.buf[start:]
}

// appendNumber writes a number without exponent and without zeros at the end,
// as HCL turns numbers into text.
func (m *Machine) appendNumber(dst []byte, v value) []byte {
	s, ok := small(v)
	switch {
	case ok && s.exp >= 0 && s.exp <= 18:
		dst = strconv.AppendInt(dst, s.n, 10)
		for range s.exp {
			dst = append(dst, '0')
		}
		return dst
	case ok && s.exp < 0 && s.exp >= -30:
		return appendFraction(dst, s)
	}
	f, ok := m.big(v)
	if !ok {
		return append(dst, "null"...)
	}
	return f.Append(dst, 'f', -1)
}

func appendFraction(dst []byte, s value) []byte {
	if s.n < 0 {
		dst = append(dst, '-')
	}
	var buf [24]byte
	digits := strconv.AppendUint(buf[:0], magnitude(s.n), 10)
	places := int(-s.exp)
	if len(digits) > places {
		dst = append(dst, digits[:len(digits)-places]...)
		digits = digits[len(digits)-places:]
		dst = append(dst, '.')
		return append(dst, digits...)
	}
	dst = append(dst, "0."...)
	for range places - len(digits) {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// toInt returns a whole number that fits, as an index does.
func (m *Machine) toInt(v value) (int64, bool) {
	return wholeNumber(v)
}
