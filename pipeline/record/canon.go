package record

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
)

// Canon says how the version of a record is made: SHA-256 of a canonical form
// in which two records agree if a service means the same by them. In it
//
//   - members are sorted by their decoded keys, the last of duplicates counts,
//   - members that are null are left out, as are volatile paths,
//   - arrays at set paths are sorted,
//   - strings are decoded and numbers are written in one decimal form.
//
// A string that cannot be decoded stands as it is: a record can be known again
// whatever it holds. Canon is read-only and shared by all goroutines.
type Canon struct{ rules tree }

// NewCanon returns the canonical form that leaves out the volatile paths and
// sorts the arrays at sets (named with or without [] at the end).
func NewCanon(volatile, sets []Path) *Canon {
	c := &Canon{}
	for _, p := range volatile {
		if !p.IsZero() {
			c.rules.add(p, markVolatile)
		}
	}
	for _, p := range sets {
		if p.IsZero() {
			continue
		}
		steps := slices.Clone(p.steps)
		steps[len(steps)-1].Each = false
		c.rules.add(PathOf(steps...), markSet)
	}
	return c
}

// Hasher returns a hasher with scratch of its own: one per goroutine.
func (c *Canon) Hasher() *Hasher { return &Hasher{rules: &c.rules} }

// Hasher makes versions of records.
type Hasher struct {
	rules   *tree
	form    []byte   // canonical form
	keys    []byte   // decoded keys of the open objects
	members []member // of the open objects
	items   []Span   // of the open sets, in form
	tmp     []byte
}

type member struct {
	from, to int // decoded key in keys
	value    []byte
	rules    *tree
}

// Sum returns the version of raw, a whole record.
func (h *Hasher) Sum(raw []byte) ([32]byte, error) {
	h.form, h.keys, h.members, h.items = h.form[:0], h.keys[:0], h.members[:0], h.items[:0]
	if err := h.value(trimSpace(raw), h.rules, 0); err != nil {
		return [32]byte{}, fmt.Errorf("version of a record: %w", err)
	}
	return sha256.Sum256(h.form), nil
}

func (h *Hasher) value(raw []byte, t *tree, depth int) error {
	if len(raw) == 0 || depth > MaxDepth {
		return errShape
	}
	switch raw[0] {
	case '{':
		return h.object(raw, t, depth)
	case '[':
		return h.array(raw, t, depth)
	case '"':
		h.form = appendCanonString(h.form, raw)
	case 't', 'f', 'n':
		h.form = append(h.form, raw...)
	default:
		h.form = appendCanonNumber(h.form, raw)
	}
	return nil
}

func (h *Hasher) object(raw []byte, t *tree, depth int) error {
	base, keys := len(h.members), len(h.keys)
	err := eachChild(raw, func(c child) bool {
		from := len(h.keys)
		k, err := appendUnescaped(h.keys, c.key)
		if err != nil {
			k = append(h.keys[:from], c.key...)
		}
		h.keys = append(k, 0) // so that from tells even empty keys apart
		h.members = append(h.members, member{from, len(k), raw[c.value.Start:c.value.End], t.member(c.key)})
		return true
	})
	if err != nil {
		return err
	}
	slices.SortFunc(h.members[base:], func(x, y member) int {
		return cmp.Or(bytes.Compare(h.keys[x.from:x.to], h.keys[y.from:y.to]), x.from-y.from)
	})
	h.form = append(h.form, '{')
	end := len(h.members)
	for i := base; i < end; i++ {
		m := h.members[i]
		key := h.keys[m.from:m.to]
		if i+1 < end {
			if next := h.members[i+1]; bytes.Equal(key, h.keys[next.from:next.to]) {
				continue
			}
		}
		if m.value[0] == 'n' || m.rules.has(markVolatile) {
			continue
		}
		h.form = AppendString(h.form, key)
		h.form = append(h.form, ':')
		if err := h.value(m.value, m.rules, depth+1); err != nil {
			return err
		}
		h.form = append(h.form, ',')
	}
	h.form = append(h.form, '}')
	h.members, h.keys = h.members[:base], h.keys[:keys]
	return nil
}

func (h *Hasher) array(raw []byte, t *tree, depth int) error {
	var each *tree
	if t != nil {
		each = t.each
	}
	h.form = append(h.form, '[')
	base := len(h.items)
	var inner error
	err := eachChild(raw, func(c child) bool {
		if each.has(markVolatile) {
			return true
		}
		from := len(h.form)
		if inner = h.value(raw[c.value.Start:c.value.End], each, depth+1); inner != nil {
			return false
		}
		h.form = append(h.form, ',')
		h.items = append(h.items, Span{int32(from), int32(len(h.form))})
		return true
	})
	if err = cmp.Or(inner, err); err != nil {
		return err
	}
	if t.has(markSet) {
		h.sortItems(h.items[base:])
	}
	h.items = h.items[:base]
	h.form = append(h.form, ']')
	return nil
}

// sortItems sorts the last elements of the form, each with its comma.
func (h *Hasher) sortItems(items []Span) {
	if len(items) < 2 {
		return
	}
	start := items[0].Start
	slices.SortFunc(items, func(x, y Span) int {
		return bytes.Compare(h.form[x.Start:x.End], h.form[y.Start:y.End])
	})
	h.tmp = h.tmp[:0]
	for _, s := range items {
		h.tmp = append(h.tmp, h.form[s.Start:s.End]...)
	}
	copy(h.form[start:], h.tmp)
}

func appendCanonString(dst, raw []byte) []byte {
	s := raw[1 : len(raw)-1]
	if !hasEscape(s) {
		return append(dst, raw...)
	}
	n := len(dst)
	dst = append(dst, '"')
	out, err := appendUnescaped(dst, s)
	if err != nil {
		return append(append(out[:n], '?'), raw...)
	}
	if bytes.ContainsAny(out[n+1:], "\"\\") || bytes.ContainsFunc(out[n+1:], func(r rune) bool { return r < 0x20 }) {
		return AppendString(out[:n], bytes.Clone(out[n+1:]))
	}
	return append(out, '"')
}

// appendCanonNumber appends digits without zeros at either end and the power
// of ten that belongs to them: 1.50 and 150e-2 become 15e-1.
func appendCanonNumber(dst, raw []byte) []byte {
	d := parseDecimal(raw)
	if d.sign() == 0 {
		return append(dst, '0')
	}
	if d.neg {
		dst = append(dst, '-')
	}
	dst = append(append(dst, d.whole...), d.frac...)
	dst = append(dst, 'e')
	if len(d.exp) > 17 {
		// Nobody writes such a number twice in two ways; its own exponent
		// and the place of its point tell it from all others.
		dst = strconv.AppendInt(dst, d.point-int64(len(d.whole)+len(d.frac)), 10)
		if d.expNeg {
			dst = append(dst, '-')
		} else {
			dst = append(dst, '+')
		}
		return append(dst, d.exp...)
	}
	exp, _ := strconv.ParseInt("0"+string(d.exp), 10, 64)
	if d.expNeg {
		exp = -exp
	}
	return strconv.AppendInt(dst, exp+d.point-int64(len(d.whole)+len(d.frac)), 10)
}
