package record

import "bytes"

// CompareNumbers compares two JSON numbers by value, exactly, whatever their
// size and form: -1 if a < b, 0 if equal, +1 if a > b. It does not allocate.
// What is no number compares as if its first wrong byte ended it.
func CompareNumbers(a, b []byte) int {
	if x, ok := smallInt(a); ok {
		if y, ok := smallInt(b); ok {
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		}
	}
	x, y := parseDecimal(a), parseDecimal(b)
	switch sx, sy := x.sign(), y.sign(); {
	case sx < sy:
		return -1
	case sx > sy:
		return 1
	case sx == 0:
		return 0
	case sx < 0:
		return -x.compareSize(&y)
	}
	return x.compareSize(&y)
}

// smallInt reads an integer of at most 18 digits.
func smallInt(s []byte) (n int64, ok bool) {
	neg := len(s) > 0 && s[0] == '-'
	if neg {
		s = s[1:]
	}
	if len(s) == 0 || len(s) > 18 {
		return 0, false
	}
	for _, c := range s {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if neg {
		n = -n
	}
	return n, true
}

// decimal is a number taken apart in place: its value is ±0.DDD × 10^(point+exp)
// where DDD are the digits of whole and frac from the first that is not zero to
// the last that is not.
type decimal struct {
	neg         bool
	whole, frac []byte // without leading zeros of the number and trailing zeros of frac
	point       int64
	expNeg      bool
	exp         []byte // digits without leading zeros
}

func parseDecimal(s []byte) (d decimal) {
	if len(s) > 0 && s[0] == '-' {
		d.neg = true
		s = s[1:]
	}
	end := digits(s, 0)
	d.whole = trimZeros(s[:end])
	s = s[end:]
	if len(s) > 0 && s[0] == '.' {
		end = digits(s, 1)
		d.frac = bytes.TrimRight(s[1:end], "0")
		s = s[end:]
	}
	d.point = int64(len(d.whole))
	if len(d.whole) == 0 {
		f := trimZeros(d.frac)
		d.point = int64(len(f)) - int64(len(d.frac))
		d.frac = f
	}
	if len(s) > 0 && s[0]|0x20 == 'e' {
		s = s[1:]
		if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
			d.expNeg = s[0] == '-'
			s = s[1:]
		}
		d.exp = trimZeros(s[:digits(s, 0)])
	}
	if len(d.frac) == 0 {
		d.whole = bytes.TrimRight(d.whole, "0")
	}
	return d
}

func trimZeros(s []byte) []byte {
	for len(s) > 0 && s[0] == '0' {
		s = s[1:]
	}
	return s
}

func (d *decimal) sign() int {
	switch {
	case len(d.whole) == 0 && len(d.frac) == 0:
		return 0
	case d.neg:
		return -1
	}
	return 1
}

// compareSize compares what is not zero without its sign.
func (d *decimal) compareSize(e *decimal) int {
	switch diff := expDifference(d, e) + d.point - e.point; {
	case diff < 0:
		return -1
	case diff > 0:
		return 1
	}
	n := max(len(d.whole)+len(d.frac), len(e.whole)+len(e.frac))
	for i := range n {
		if x, y := d.digit(i), e.digit(i); x != y {
			if x < y {
				return -1
			}
			return 1
		}
	}
	return 0
}

func (d *decimal) digit(i int) byte {
	if i < len(d.whole) {
		return d.whole[i]
	}
	if i -= len(d.whole); i < len(d.frac) {
		return d.frac[i]
	}
	return '0'
}

// expDifference returns the exponent of d less that of e, cut off far beyond
// what the places of a point can be. Going down the digits, a difference that
// has grown past the limit cannot come back: each step multiplies it by ten and
// adds at most 18.
func expDifference(d, e *decimal) int64 {
	const limit = 1 << 50
	var diff int64
	for i := max(len(d.exp), len(e.exp)); i > 0; i-- {
		diff = diff*10 + d.expDigit(i) - e.expDigit(i)
		if diff > limit || diff < -limit {
			break
		}
	}
	return diff
}

// expDigit returns the i-th digit of the exponent from the right, with its sign.
func (d *decimal) expDigit(i int) int64 {
	if i > len(d.exp) {
		return 0
	}
	n := int64(d.exp[len(d.exp)-i] - '0')
	if d.expNeg {
		return -n
	}
	return n
}
