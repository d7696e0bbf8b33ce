package expr

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
)

// Bounds on what is calculated with, so that no expression and no record can
// ask for all of the memory.
const (
	maxElements = 1_000_000 // in a value, at all depths
	maxBytes    = 16 << 20  // of text in a value
	maxMade     = 100_000   // elements that one call makes of something small
	maxExponent = 4 * maxDigits
)

// weight is how large values are.
type weight struct{ elements, bytes int }

// add counts v and all that is in it, once for each place where it stands, and
// stops at what is too large.
func (w *weight) add(v cty.Value) error {
	v, _ = v.Unmark()
	if v == cty.NilVal || !v.IsKnown() || v.IsNull() {
		return nil
	}
	switch t := v.Type(); {
	case t == cty.String:
		w.bytes += len(v.AsString())
		if w.bytes > maxBytes {
			return fmt.Errorf("there is more than %d MiB of text", maxBytes>>20)
		}
	case t == cty.Number:
		return writable(v.AsBigFloat())
	case t.IsCollectionType() || t.IsTupleType() || t.IsObjectType():
		for it := v.ElementIterator(); it.Next(); {
			if w.elements++; w.elements > maxElements {
				return fmt.Errorf("there are more than %d elements", maxElements)
			}
			_, e := it.Element()
			if err := w.add(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// bounded says if a value is too large to calculate with.
func bounded(v cty.Value) error { return new(weight).add(v) }

// writable says if a number would be too long to write out.
func writable(f *big.Float) error {
	if f.IsInf() || f.Sign() == 0 {
		return nil
	}
	if e := f.MantExp(nil); e > maxExponent || e < -maxExponent {
		return fmt.Errorf("a number has more than %d digits or zeros", maxDigits)
	}
	return nil
}

// foresee says if a call would make too much of its arguments.
func foresee(name string, args []cty.Value) error {
	var w weight
	plain := make([]cty.Value, len(args))
	for i, a := range args {
		if err := w.add(a); err != nil {
			return err
		}
		plain[i], _ = a.Unmark()
	}
	switch name {
	case "setproduct":
		return foreseeProduct(plain)
	case "distinct":
		return made(count(plain[0])*count(plain[0]), 100*maxElements)
	case "split":
		return foreseeSplit(plain)
	case "join":
		n := 0
		for _, l := range plain[1:] {
			n += count(l)
		}
		return sized(n * len(textIn(plain[0])))
	case "indent":
		return foreseeIndent(plain)
	case "format", "formatlist":
		return foreseeFormat(plain)
	case "regexall":
		return made(len(textIn(plain[1])), 10*maxMade)
	case "csvdecode":
		return made(strings.Count(textIn(plain[0]), ",")+strings.Count(textIn(plain[0]), "\n"), maxElements)
	case "jsondecode":
		return foreseeJSON(textIn(plain[0]))
	case "tonumber":
		return foreseeNumber(textIn(plain[0]))
	case "parseint":
		return made(len(textIn(plain[0])), maxDigits)
	case "trim":
		return made(len(textIn(plain[0]))/256*len(textIn(plain[1])), maxElements)
	}
	return nil
}

func made(n, most int) error {
	if n < 0 || n > most {
		return errors.New("it would make more elements or take longer than is allowed")
	}
	return nil
}

func sized(n int) error {
	if n < 0 || n > maxBytes {
		return fmt.Errorf("it would make more than %d MiB of text", maxBytes>>20)
	}
	return nil
}

func foreseeProduct(sets []cty.Value) error {
	product := len(sets)
	for _, s := range sets {
		if product *= count(s); product > maxMade {
			return made(product, maxMade)
		}
	}
	return nil
}

func foreseeSplit(args []cty.Value) error {
	by, text := textIn(args[0]), textIn(args[1])
	if by == "" {
		return made(utf8.RuneCountInString(text), maxMade)
	}
	return made(strings.Count(text, by), maxMade)
}

func foreseeIndent(args []cty.Value) error {
	n := args[0]
	if n.Type() != cty.Number || !n.IsKnown() || n.IsNull() {
		return nil
	}
	spaces, _ := n.AsBigFloat().Int64()
	if spaces > maxBytes {
		return sized(maxBytes + 1)
	}
	return sized(int(spaces) * strings.Count(textIn(args[1]), "\n"))
}

// foreseeFormat adds up the widths and precisions in a format; numbers whose
// digits are not all known have none to write.
func foreseeFormat(args []cty.Value) error {
	width, n := 0, 0
	for _, c := range textIn(args[0]) {
		if c < '0' || c > '9' {
			width, n = width+n, 0
			continue
		}
		if n = 10*n + int(c-'0'); n > maxBytes {
			return sized(n)
		}
		if width > maxBytes {
			return sized(width)
		}
	}
	rows := 1
	for _, a := range args[1:] {
		if !a.IsKnown() || a.IsNull() {
			continue
		}
		if a.Type() == cty.Number {
			if f := a.AsBigFloat(); !f.IsInf() && f.MantExp(nil) > int(f.Prec()) {
				return errors.New("not all digits of a number are known")
			}
		}
		rows = max(rows, count(a))
	}
	return sized((width + n) * rows)
}

// foreseeJSON looks at what decoding would recurse into or round.
func foreseeJSON(text string) error {
	depth, elements, digits := 0, 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '[', '{':
			depth++
			elements++
		case ']', '}':
			depth--
		case ',':
			elements++
		default:
			if '0' <= c && c <= '9' {
				if digits++; digits > maxRounded {
					return errRounded
				}
				continue
			}
			if c == '.' {
				continue
			}
		}
		digits = 0
		if depth > maxDepth {
			return fmt.Errorf("it is nested deeper than %d", maxDepth)
		}
		if elements > maxElements {
			return made(elements, maxElements)
		}
	}
	return nil
}

// maxRounded is how many digits 512 bits hold for sure.
const maxRounded = 153

var errRounded = fmt.Errorf("a number has more than %d digits, which cannot be kept exactly here", maxRounded)

func foreseeNumber(text string) error {
	if digits := strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, text); len(digits) > maxRounded {
		return errRounded
	}
	return nil
}

// count is the number of elements; 0 for what has none or is not known.
func count(v cty.Value) int {
	t := v.Type()
	if !v.IsKnown() || v.IsNull() || !t.IsCollectionType() && !t.IsTupleType() && !t.IsObjectType() {
		return 0
	}
	return v.LengthInt()
}

// textIn is a text; "" for what is none or is not known.
func textIn(v cty.Value) string {
	if v.Type() != cty.String || !v.IsKnown() || v.IsNull() {
		return ""
	}
	return v.AsString()
}
