package record

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
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

// Hasher makes versions of records. It writes the canonical form in one pass:
// each object and array is written in its own order first, then its parts are
// put into theirs.
type Hasher struct {
	rules   *tree
	form    []byte   // canonical form
	members []member // of the objects that are open
	items   []Span   // of the sets that are open, in form
	sorted  []byte   // scratch
}

// member is form[from:to]: key, colon, value and a comma. The form of a key
// depends on the decoded key alone, so members may be sorted by it.
type member struct {
	prefix   uint64 // first bytes of the key's form, big-endian
	from, to int
	keyTo    int
	left     bool // out: null or volatile
}

// Sum returns the version of raw, a whole record.
func (h *Hasher) Sum(raw []byte) ([32]byte, error) {
	h.form, h.members, h.items = h.form[:0], h.members[:0], h.items[:0]
	raw = trimSpace(raw)
	if end := h.value(raw, 0, h.rules, 0); end != len(raw) || end == 0 {
		return [32]byte{}, fmt.Errorf("version of a record: %w", errShape)
	}
	return sha256.Sum256(h.form), nil
}

// value writes the value at raw[i] and returns its end, -1 if raw is not as a
// scan leaves it.
func (h *Hasher) value(raw []byte, i int, t *tree, depth int) (end int) {
	if i >= len(raw) || depth > MaxDepth {
		return -1
	}
	switch raw[i] {
	case '{':
		return h.object(raw, i, t, depth)
	case '[':
		return h.array(raw, i, t, depth)
	}
	if end = valueEnd(raw, i); end < 0 {
		return -1
	}
	switch c := raw[i]; c {
	case '"':
		h.form = appendCanonString(h.form, raw[i:end])
	case 't', 'f', 'n':
		h.form = append(h.form, raw[i:end]...)
	default:
		h.form = appendCanonNumber(h.form, raw[i:end])
	}
	return end
}

func (h *Hasher) object(raw []byte, i int, t *tree, depth int) int {
	h.form = append(h.form, '{')
	base, start := len(h.members), len(h.form)
	for i = skipSpace(raw, i+1); i < len(raw) && raw[i] != '}'; {
		var m member
		if m, i = h.member(raw, i, t, depth); i < 0 {
			return -1
		}
		h.members = append(h.members, m)
		if i = next(raw, i, '}'); i < 0 {
			return -1
		}
	}
	if i >= len(raw) {
		return -1
	}
	h.sortMembers(start, h.members[base:])
	h.members = h.members[:base]
	h.form = append(h.form, '}')
	return i + 1
}

// next steps over the comma behind a member or element and returns where the
// next one begins, or the closing bracket; -1 if neither follows.
func next(raw []byte, i int, closing byte) int {
	if i = skipSpace(raw, i); i >= len(raw) {
		return -1
	}
	switch raw[i] {
	case closing:
		return i
	case ',':
		if i = skipSpace(raw, i+1); i < len(raw) && raw[i] != closing {
			return i
		}
	}
	return -1
}

func (h *Hasher) member(raw []byte, i int, t *tree, depth int) (m member, end int) {
	keyEnd := quoteEnd(raw, i)
	if keyEnd < 0 {
		return m, -1
	}
	m.from = len(h.form)
	h.form = appendCanonString(h.form, raw[i:keyEnd])
	m.keyTo = len(h.form)
	m.prefix = bigEndian(h.form[m.from+1:])
	h.form = append(h.form, ':')
	under := t.member(raw[i+1 : keyEnd-1])
	if i = skipSpace(raw, keyEnd); i >= len(raw) || raw[i] != ':' {
		return m, -1
	}
	if i = skipSpace(raw, i+1); i >= len(raw) {
		return m, -1
	}
	m.left = raw[i] == 'n' || under.has(markVolatile)
	if m.left {
		end = valueEnd(raw, i)
	} else {
		end = h.value(raw, i, under, depth+1)
	}
	h.form = append(h.form, ',')
	m.to = len(h.form)
	return m, end
}

// bigEndian returns the first eight bytes of p, as many as there are.
func bigEndian(p []byte) uint64 {
	if len(p) >= 8 {
		return binary.BigEndian.Uint64(p)
	}
	var b [8]byte
	copy(b[:], p)
	return binary.BigEndian.Uint64(b[:])
}

// sortMembers puts the members, which form[start:] is, in the order of their
// keys, the last of duplicates only, and leaves out what is left out.
func (h *Hasher) sortMembers(start int, members []member) {
	slices.SortFunc(members, func(x, y member) int {
		if x.prefix != y.prefix {
			return cmp.Compare(x.prefix, y.prefix)
		}
		return cmp.Or(bytes.Compare(h.form[x.from:x.keyTo], h.form[y.from:y.keyTo]), x.from-y.from)
	})
	h.sorted = h.sorted[:0]
	for i, m := range members {
		if i+1 < len(members) {
			if n := members[i+1]; bytes.Equal(h.form[m.from:m.keyTo], h.form[n.from:n.keyTo]) {
				continue
			}
		}
		if !m.left {
			h.sorted = append(h.sorted, h.form[m.from:m.to]...)
		}
	}
	h.form = append(h.form[:start], h.sorted...)
}

func (h *Hasher) array(raw []byte, i int, t *tree, depth int) int {
	var each *tree
	if t != nil {
		each = t.each
	}
	h.form = append(h.form, '[')
	base := len(h.items)
	for i = skipSpace(raw, i+1); i < len(raw) && raw[i] != ']'; {
		from := len(h.form)
		if each.has(markVolatile) {
			i = valueEnd(raw, i)
		} else {
			i = h.value(raw, i, each, depth+1)
			h.form = append(h.form, ',')
		}
		if i < 0 {
			return -1
		}
		if t.has(markSet) {
			h.items = append(h.items, Span{int32(from), int32(len(h.form))})
		}
		if i = next(raw, i, ']'); i < 0 {
			return -1
		}
	}
	if i >= len(raw) {
		return -1
	}
	h.sortItems(h.items[base:])
	h.items = h.items[:base]
	h.form = append(h.form, ']')
	return i + 1
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
	h.sorted = h.sorted[:0]
	for _, s := range items {
		h.sorted = append(h.sorted, h.form[s.Start:s.End]...)
	}
	copy(h.form[start:], h.sorted)
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
	if slices.ContainsFunc(out[n+1:], func(c byte) bool { return c < 0x20 || c == '"' || c == '\\' }) {
		quoted := AppendString(out, out[n+1:])
		return append(quoted[:n], quoted[len(out):]...)
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
	var exp int64
	for _, c := range d.exp {
		exp = exp*10 + int64(c-'0')
	}
	if d.expNeg {
		exp = -exp
	}
	return strconv.AppendInt(dst, exp+d.point-int64(len(d.whole)+len(d.frac)), 10)
}
