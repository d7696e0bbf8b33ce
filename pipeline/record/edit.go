package record

import (
	"cmp"
	"errors"
	"slices"
)

// edit is a waiting change of one record, in coordinates of its present bytes.
// Its JSON is arena[from:to].
type edit struct {
	at       Span
	kind     editKind
	from, to int
	seq      int32
	prev     int32  // earlier edit of the same record + 1, 0 if none
	top      string // for SetPath: the first key of the path, else ""
}

type editKind uint8

const (
	remove editKind = iota // at runs from the member's key to its value's end
	insert                 // at is empty and stands behind the last member
	replace
)

var (
	errEditOutside = errors.New("an edit lies outside the record")
	errRemoveAll   = errors.New("a whole record cannot be removed, only dropped")
	errInsertInto  = errors.New("a member can only be inserted into an object")
)

// Replace puts json, which is copied, in the place of the value at `at`. Of
// edits that overlap the outer one counts, whenever it was made; of several
// replacements of one value the last; a removed value stays removed.
func (b *Batch) Replace(i int, at Span, json []byte) {
	r := &b.recs[i]
	if !within(at, r) || at.Start == at.End {
		b.Reject(i, errEditOutside)
		return
	}
	from := b.keep(json)
	b.note(r, edit{at: at, kind: replace, from: from, to: len(b.arena)})
}

// Remove takes out the member (key, colon, value and one comma) or element
// whose value stands at `at`.
func (b *Batch) Remove(i int, at Span) {
	r := &b.recs[i]
	if !within(at, r) || at.Start == at.End {
		b.Reject(i, errEditOutside)
		return
	}
	start := childStart(r.now.bytes(), int(at.Start))
	if start < 0 {
		b.Reject(i, errRemoveAll)
		return
	}
	b.note(r, edit{at: Span{int32(start), at.End}, kind: remove})
}

// Insert adds a member behind the last one of the object at `object`; key is
// plain text. Whole(i) is the record itself. It does not look whether the object
// has such a member already.
func (b *Batch) Insert(i int, object Span, key string, json []byte) {
	b.insert(i, object, key, json, "")
}

func (b *Batch) insert(i int, object Span, key string, json []byte, top string) {
	r := &b.recs[i]
	if !within(object, r) || object.End-object.Start < 2 {
		b.Reject(i, errEditOutside)
		return
	}
	raw := r.now.bytes()
	if raw[object.Start] != '{' || raw[object.End-1] != '}' {
		b.Reject(i, errInsertInto)
		return
	}
	at := object.End - 1
	for isSpace(raw[at-1]) {
		at--
	}
	from := len(b.arena)
	b.arena = appendQuoted(b.arena, key)
	b.arena = append(b.arena, ':')
	b.keep(json)
	b.note(r, edit{at: Span{at, at}, kind: insert, from: from, to: len(b.arena), top: top})
}

// Rewrite gives record i new bytes, which are copied. Edits that wait are
// forgotten. The record is scanned again when a field is read.
func (b *Batch) Rewrite(i int, raw []byte) {
	r := &b.recs[i]
	start := b.out.end
	copy(b.out.space(len(raw)), raw)
	b.out.end += len(raw)
	r.now = place{&b.out, start, b.out.end}
	r.edits, r.row = 0, -1
}

func (b *Batch) keep(json []byte) (from int) {
	from = len(b.arena)
	b.arena = append(b.arena, json...)
	return from
}

func (b *Batch) note(r *rec, e edit) {
	e.prev, e.seq = r.edits, int32(len(b.edits))
	b.edits = append(b.edits, e)
	r.edits = int32(len(b.edits))
}

// childStart returns where the member or element begins whose value begins at
// v: at its key's quote or at v itself; -1 if v is no child of anything.
func childStart(raw []byte, v int) int {
	i := backSpace(raw, v)
	if i < 0 {
		return -1
	}
	if raw[i] != ':' {
		return v
	}
	for i = backSpace(raw, i) - 1; i >= 0; i-- {
		if raw[i] != '"' {
			continue
		}
		// A quote in a key stands behind an odd number of backslashes.
		n := 0
		for i-n > 0 && raw[i-n-1] == '\\' {
			n++
		}
		if n%2 == 0 {
			return i
		}
	}
	return -1
}

// backSpace returns the last byte before i that is no space, -1 if none.
func backSpace(raw []byte, i int) int {
	for i--; i >= 0 && isSpace(raw[i]); i-- {
	}
	return i
}

// settle splices the waiting edits of record i into new bytes. It is scanned
// again when somebody reads a field.
func (b *Batch) settle(i int, r *rec) {
	b.sorted = b.sorted[:0]
	for n := r.edits; n != 0; n = b.edits[n-1].prev {
		b.sorted = append(b.sorted, b.edits[n-1])
	}
	// Outer before inner, so that inner ones are passed over; a removal before
	// what else was to happen to the value; the last replacement first, so that
	// it counts; insertions at one place in the order they were made.
	slices.SortFunc(b.sorted, func(x, y edit) int {
		bySeq := int(x.seq) - int(y.seq)
		if x.kind != insert {
			bySeq = -bySeq
		}
		return cmp.Or(int(x.at.Start)-int(y.at.Start), int(y.at.End)-int(x.at.End), int(x.kind)-int(y.kind), bySeq)
	})

	raw := r.now.bytes()
	b.out.space(len(raw))
	from := slack + b.out.end
	out := b.out.b[:from]
	copied := 0 // raw[:copied] has been dealt with
	for k := range b.sorted {
		e := &b.sorted[k]
		if int(e.at.Start) < copied {
			continue // inside of what was replaced or removed
		}
		out = append(out, raw[copied:e.at.Start]...)
		copied = int(e.at.End)
		switch e.kind {
		case replace:
			out = append(out, b.arena[e.from:e.to]...)
		case insert:
			if lastByte(out) != '{' {
				out = append(out, ',')
			}
			out = append(out, b.arena[e.from:e.to]...)
		case remove:
			out, copied = dropComma(out, raw, copied)
		}
	}
	out = append(out, raw[copied:]...)
	b.out.adopt(out)
	r.now = place{&b.out, from - slack, b.out.end}
	r.edits, r.row = 0, -1
}

// adopt takes out, which began as b[:slack+end] and was appended to, as the
// filled part.
func (f *buffer) adopt(out []byte) {
	f.end = len(out) - slack
	f.b = out[:cap(out)]
	f.space(0)
}

// dropComma takes out one comma with a child that has just been left out:
// the one before it, or, if the child was the first that is left, the one
// behind it. What has been written tells, so neighbours may go too.
func dropComma(out, raw []byte, next int) ([]byte, int) {
	switch i := backSpace(out, len(out)); {
	case i >= 0 && out[i] == ',':
		return out[:i], next
	default:
		if j := skipSpace(raw, next); j < len(raw) && raw[j] == ',' {
			return out, j + 1
		}
		return out, next
	}
}

func lastByte(p []byte) byte {
	if i := backSpace(p, len(p)); i >= 0 {
		return p[i]
	}
	return 0
}

// SetPath gives the field at p, whose slot is s, the value json: it replaces
// every occurrence, or inserts the field, making parents that are missing or
// null; a parent of another type is replaced by an object. Of a path with []
// the elements that exist are set; elements and arrays are not made.
func (b *Batch) SetPath(i int, p Path, s Slot, json []byte) {
	r := &b.recs[i]
	if p.IsZero() || r.status != live {
		return
	}
	if r.row < 0 || !b.apart(r, p) {
		b.ready(i, r)
		if r.status != live {
			return
		}
	}
	top := p.steps[0].Key
	if !hasEach(p.steps) {
		if hits := b.hits(r, s); len(hits) > 0 {
			for _, at := range hits {
				b.set(r, at, json, top)
			}
			return
		}
	}
	set := setter{b: b, i: i, r: r, raw: r.now.bytes(), json: json, top: top}
	raw := set.raw
	start, end := skipSpace(raw, 0), backSpace(raw, len(raw))+1
	set.members(Span{int32(start), int32(end)}, p.steps)
}

// apart reports whether what waits cannot be seen at p, so that p can be set in
// the same round: all of it is under other keys of the record.
func (b *Batch) apart(r *rec, p Path) bool {
	for n := r.edits; n != 0; n = b.edits[n-1].prev {
		if t := b.edits[n-1].top; t == "" || t == p.steps[0].Key {
			return false
		}
	}
	return true
}

func (b *Batch) set(r *rec, at Span, json []byte, top string) {
	from := b.keep(json)
	b.note(r, edit{at: at, kind: replace, from: from, to: len(b.arena), top: top})
}

func hasEach(steps []Step) bool {
	return slices.ContainsFunc(steps, func(s Step) bool { return s.Each })
}

// setter carries what stays the same while SetPath goes down a record.
type setter struct {
	b    *Batch
	i    int
	r    *rec
	raw  []byte
	json []byte
	top  string
}

// members sets steps below the object at span.
func (s *setter) members(object Span, steps []Step) {
	seen := false
	_ = eachChild(s.raw[object.Start:object.End], func(c child) bool {
		if keyIs(c.key, steps[0].Key) {
			seen = true
			s.value(Span{object.Start + c.value.Start, object.Start + c.value.End}, steps[0].Each, steps[1:])
		}
		return true
	})
	if !seen && !hasEach(steps) {
		s.b.insert(s.i, object, steps[0].Key, s.nested(steps[1:]), s.top)
	}
}

// value sets rest below the value at span, or below each of its elements.
func (s *setter) value(at Span, each bool, rest []Step) {
	switch {
	case each:
		if s.raw[at.Start] == '[' {
			_ = eachChild(s.raw[at.Start:at.End], func(c child) bool {
				s.value(Span{at.Start + c.value.Start, at.Start + c.value.End}, false, rest)
				return true
			})
		}
	case len(rest) > 0 && s.raw[at.Start] == '{':
		s.members(at, rest)
	case !hasEach(rest):
		s.b.set(s.r, at, s.nested(rest), s.top)
	}
}

// nested returns the value wrapped in one object per step.
func (s *setter) nested(steps []Step) []byte {
	if len(steps) == 0 {
		return s.json
	}
	n := s.b.nest[:0]
	for _, st := range steps {
		n = append(n, '{')
		n = appendQuoted(n, st.Key)
		n = append(n, ':')
	}
	n = append(n, s.json...)
	for range steps {
		n = append(n, '}')
	}
	s.b.nest = n
	return n
}

// keyIs reports whether a raw key, decoded, is want.
func keyIs(raw []byte, want string) bool {
	if !hasEscape(raw) {
		return string(raw) == want
	}
	var buf [64]byte
	k, err := appendUnescaped(buf[:0], raw)
	return err == nil && string(k) == want
}
