// Package record holds the records of logs as the bytes they came in, finds
// fields in them on demand and edits them in place.
//
// # Words
//
// A record is one JSON object, up to 32 MiB, in a Batch: one buffer that a reader
// fills. A Path names a field, a.b or a[].b for every element; a Layout collects
// the paths that one pipeline reads and gives each a Slot. Compiled into a
// Scanner it finds them all in one pass. A Span is where a value stands, a Value
// is its bytes.
//
// # Whole
//
// A scan also checks that the record is whole: brackets, quotes, commas, colons,
// numbers and literals by the grammar of JSON, no control byte in a string,
// nothing but space around the object, nesting of at most MaxDepth. Escapes and
// UTF-8 are checked where a string is read (Value.AppendText), not before: a
// record that nobody asked about leaves as it came. Names with escapes are
// compared decoded. Of duplicate names the last counts, as with other readers,
// but Hits shows all of them, so that a redaction misses none.
//
// # How a scan works
//
// There are two scans, and tests hold them against each other. The careful one
// goes byte by byte and says what is wrong where. The fast one classifies 64
// bytes at a time with plain 64-bit arithmetic (index.go), which leaves one mark
// per bracket, colon and comma outside strings, and then goes from mark to mark
// (fast.go). A record that the fast one declines goes to the careful one.
//
// # Edits
//
// Edits are noted and made at once when the record is read or leaves: what was
// not edited leaves byte for byte, order, spacing, spelling of numbers and
// escapes included. An edit that cannot be made, or that leaves a record that
// turns out not to be whole, rejects the record: it never leaves in clear.
//
// A Batch and a Hasher belong to one goroutine; Scanner, Projection, Canon and
// Path are read-only and shared. In the steady state nothing allocates. Errors
// say where and what kind of byte, never a value.
package record

import (
	"errors"
	"slices"
)

// slack is how many bytes may be read, and mean nothing, before and after every
// record: the fast scan reads in blocks of this size.
const slack = 64

// Span is a stretch of the bytes of one record: [Start, End) counted from the
// record's first byte. It is good until the record is edited and read again.
type Span struct{ Start, End int32 }

// maxRecord is the longest record that a Span can describe.
const maxRecord = 1<<31 - 1 - 2*slack

// Batch is a run of records in one buffer, with the fields found in them and
// the edits that wait. A batch belongs to one goroutine at a time.
type Batch struct {
	// Skipped counts records that a reader saw but did not add: outside the
	// window, or unchanged since the last revision.
	Skipped struct{ Outside, Unchanged int64 }

	scanner  *Scanner
	origin   string
	in       buffer // as read
	out      buffer // as edited
	recs     []rec
	found    found
	finder   finder
	edits    []edit
	arena    []byte // JSON texts of edits
	sorted   []edit // scratch of settle
	spans    []Span // scratch of Hits
	rejected []rejected
	nest     []byte // scratch of SetPath
}

// rec is one record. Its bytes and fields may belong to the batch that this
// one was shared from; what it finds and writes itself goes into its own.
type rec struct {
	now    place
	read   place // where it stood when it came in
	off    int64
	found  *found
	row    int   // in found.table, -1 while not scanned
	edits  int32 // last waiting edit + 1, 0 if none
	status status
}

type status uint8

const (
	live status = iota
	dropped
	rejectedStatus
)

// place is a stretch of the filled part of a buffer. A buffer may move when it
// grows, but what was filled never changes.
type place struct {
	in         *buffer
	start, end int
}

func (p place) bytes() []byte { return p.in.b[slack+p.start : slack+p.end : slack+p.end] }

// slacked returns the bytes with slack on both sides.
func (p place) slacked() []byte { return p.in.b[p.start : p.end+2*slack] }

// buffer holds slack, end filled bytes, room, and slack again.
type buffer struct {
	b   []byte
	end int
}

func (f *buffer) space(n int) []byte {
	need := slack + f.end + n + slack
	if need > len(f.b) {
		b := make([]byte, max(need, 2*len(f.b)))
		copy(b, f.b[:min(len(f.b), slack+f.end)])
		f.b = b
	}
	at := slack + f.end
	return f.b[at : at+n : at+n]
}

// NewBatch returns an empty batch whose records are searched for the paths of
// s.
func NewBatch(s *Scanner) *Batch {
	return &Batch{scanner: s, finder: finder{s: s}}
}

// Reset forgets all records and keeps the memory. The origin (file or request)
// of the next ones stands in their rejects.
func (b *Batch) Reset(origin string) {
	b.Skipped.Outside, b.Skipped.Unchanged = 0, 0
	b.origin = origin
	b.in.end, b.out.end = 0, 0
	clear(b.recs) // they may point into a batch that was shared
	b.recs = b.recs[:0]
	b.found.reset()
	b.edits = b.edits[:0]
	b.arena = b.arena[:0]
	clear(b.rejected)
	b.rejected = b.rejected[:0]
}

// Space returns n writable bytes behind what is filled. They are good until the
// next call of Space or Append.
func (b *Batch) Space(n int) []byte { return b.in.space(max(n, 0)) }

// Filled says how many bytes of the last Space were used.
func (b *Batch) Filled(n int) {
	b.in.end = min(b.in.end+max(n, 0), max(len(b.in.b)-2*slack, 0))
}

// Fill returns the filled bytes, for a reader to look for the ends of records.
func (b *Batch) Fill() []byte {
	if b.in.end == 0 {
		return nil
	}
	return b.in.b[slack : slack+b.in.end : slack+b.in.end]
}

// Add makes the bytes [start, end) of Fill one record, which stood at offset
// off of the origin. Bytes outside Fill are cut off.
func (b *Batch) Add(start, end int, off int64) {
	b.in.space(0)
	end = min(max(end, 0), b.in.end)
	start = min(max(start, 0), end)
	p := place{&b.in, start, end}
	b.recs = append(b.recs, rec{now: p, read: p, off: off, row: -1})
}

// Append copies raw and adds it as one record.
func (b *Batch) Append(raw []byte, off int64) {
	start := b.in.end
	copy(b.in.space(len(raw)), raw)
	b.in.end += len(raw)
	b.Add(start, b.in.end, off)
}

// Len returns how many records were added, dropped and rejected ones included.
func (b *Batch) Len() int { return len(b.recs) }

// Origin returns where the records came from.
func (b *Batch) Origin() string { return b.origin }

// Offset returns the byte offset in the origin at which record i stood.
func (b *Batch) Offset(i int) int64 { return b.recs[i].off }

// Scan finds every field of the layout in every live record and checks that
// each is whole. A record that is not is rejected; its error wraps ErrNotWhole.
// A record that is read without Scan is scanned then.
func (b *Batch) Scan() {
	for i := range b.recs {
		if r := &b.recs[i]; r.status == live && r.row < 0 {
			b.scan(i, r)
		}
	}
}

func (b *Batch) scan(i int, r *rec) {
	n := r.now.end - r.now.start
	if n > maxRecord {
		r.found, r.row = &b.found, b.found.row(b.scanner.slots)
		b.Reject(i, errTooLong)
		return
	}
	row, err := b.finder.scan(r.now.slacked(), n, &b.found)
	r.found, r.row = &b.found, row
	if err != nil {
		b.Reject(i, err)
	}
}

var errTooLong = errors.New("record is longer than 2 GiB")

// Live reports whether record i is neither dropped nor rejected.
func (b *Batch) Live(i int) bool { return b.recs[i].status == live }

// LiveCount returns how many records are live.
func (b *Batch) LiveCount() int {
	n := 0
	for i := range b.recs {
		if b.recs[i].status == live {
			n++
		}
	}
	return n
}

// Drop takes record i out of the batch.
func (b *Batch) Drop(i int) {
	if r := &b.recs[i]; r.status == live {
		r.status = dropped
	}
}

// Bytes returns record i as it leaves: the very bytes that came in, or spliced
// if it was edited. They are good until Reset and must not be changed.
func (b *Batch) Bytes(i int) []byte {
	r := &b.recs[i]
	if r.edits != 0 {
		b.settle(i, r)
	}
	return r.now.bytes()
}

// Value returns the field of slot s in record i: the last occurrence, as JSON
// readers do with duplicate keys, and the zero Value if it is missing. Of a path
// with [] it is the last element's; use Hits there.
func (b *Batch) Value(i int, s Slot) Value {
	r := &b.recs[i]
	if r.edits != 0 || r.row < 0 {
		b.ready(i, r)
	}
	if uint(s) >= uint(b.scanner.slots) {
		return Value{}
	}
	n := r.found.table[r.row+int(s)]
	if n == 0 {
		return Value{}
	}
	at := r.found.hits[n-1].at
	from := slack + r.now.start
	return Value{r.now.in.b[from+int(at.Start) : from+int(at.End) : from+int(at.End)]}
}

// Hits returns all occurrences of slot s in record i in order, duplicate keys
// and elements of [] alike. The slice is good until the next call on b.
func (b *Batch) Hits(i int, s Slot) []Span {
	r := &b.recs[i]
	if r.edits != 0 || r.row < 0 {
		b.ready(i, r)
	}
	return b.hits(r, s)
}

// hits returns the occurrences as scanned, whatever edits wait.
func (b *Batch) hits(r *rec, s Slot) []Span {
	b.spans = b.spans[:0]
	if uint(s) >= uint(b.scanner.slots) {
		return nil
	}
	for n := r.found.table[r.row+int(s)]; n != 0; n = r.found.hits[n-1].prev {
		b.spans = append(b.spans, r.found.hits[n-1].at)
	}
	slices.Reverse(b.spans)
	return b.spans
}

// At returns the value at a span that Hits or Whole returned, missing if it
// lies outside the record.
func (b *Batch) At(i int, at Span) Value {
	r := &b.recs[i]
	if !within(at, r) {
		return Value{}
	}
	return Value{r.now.bytes()[at.Start:at.End:at.End]}
}

// Whole returns the span of the object that record i is.
func (b *Batch) Whole(i int) Span {
	raw := b.Bytes(i)
	start, end := skipSpace(raw, 0), len(raw)
	for end > start && isSpace(raw[end-1]) {
		end--
	}
	return Span{int32(start), int32(end)}
}

func within(at Span, r *rec) bool {
	return at.Start >= 0 && at.Start <= at.End && int(at.End) <= r.now.end-r.now.start
}

// ready settles and scans record i.
func (b *Batch) ready(i int, r *rec) {
	if r.edits != 0 {
		b.settle(i, r)
	}
	if r.row < 0 {
		b.scan(i, r)
	}
}

// Share makes dst a batch of the same records, for one branch of a fan-out. It
// shares the bytes and found fields of b and has its own edits, drops and
// rejects: what is no longer live in b is not live in dst, and is not among
// dst's rejects. Until dst is reset, b must be neither reset nor edited.
func (b *Batch) Share(dst *Batch) {
	dst.Reset(b.origin)
	if dst.scanner != b.scanner {
		dst.scanner, dst.finder.s = b.scanner, b.scanner
	}
	for i := range b.recs {
		if r := &b.recs[i]; r.status == live {
			b.ready(i, r)
		}
	}
	dst.recs = append(dst.recs, b.recs...)
}
