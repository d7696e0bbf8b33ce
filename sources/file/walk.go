package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/format"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// walker goes through the items of one file, or of the stretch of it that a
// part names, in their order: records and what is none.
type walker struct {
	opened
	s       *Source
	part    pipeline.Part
	sum     *summer // nil for a stretch
	b       *record.Batch
	scratch []byte
	done    bool
}

// found is one item.
type found struct {
	index  int // of a record in the walker's batch; -1 for what is no record
	whole  bool
	off    int64
	raw    []byte // nil where it was too long to keep
	reject record.Reject
}

// walk opens the file of p, as far as it went when p was made. A stretch is
// what p says its slice lies in: from From to To, or all there is now, because
// p may have been made when the file had less.
func (s *Source) walk(p pipeline.Part, stretch bool) (*walker, error) {
	f, size, err := s.open(p.Name)
	if err != nil {
		return nil, err
	}
	if !stretch {
		size = p.Size
	}
	b, _ := s.scratch.Get().(*record.Batch)
	if b == nil {
		b = record.NewBatch(s.shapes.scanner)
	}
	w := &walker{s: s, part: p, b: b}
	w.f = f
	o := format.ReadOptions{MaxRecord: s.maxRecord}
	if stretch && p.To > 0 {
		o.Lines, o.Offset = true, p.From
		w.text = format.NewReader(io.NewSectionReader(f, p.From, p.To-p.From), o)
		return w, nil
	}
	w.sum = newSummer(head(f, size))
	w.text = format.NewReader(w.sum, o)
	return w, nil
}

// Close closes the file and gives the batch back: nothing of an item may be used
// afterwards.
func (w *walker) Close() error {
	if w.b != nil && len(w.b.Fill()) <= maxScratch {
		w.b.Reset("")
		w.s.scratch.Put(w.b)
	}
	w.b = nil
	return w.opened.Close()
}

// maxScratch is the fill of a batch that is worth keeping.
const maxScratch = 4 << 20

// next reads the next batch into w.b and scans it; io.EOF comes after the last
// one.
func (w *walker) next(ctx context.Context) error {
	if w.done {
		return io.EOF
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	w.b.Reset(w.part.Name)
	if err := w.text.Read(w.b); err == io.EOF {
		w.done = true
	} else if err != nil {
		return fmt.Errorf("read %s: %w", w.part.Name, err)
	}
	w.b.Scan()
	return nil
}

// items calls fn for every item of the present batch until it returns false.
func (w *walker) items(fn func(found) bool) bool {
	rejects := w.b.Rejects()
	k := 0
	for i := range w.b.Len() {
		off := w.b.Offset(i)
		for ; k < len(rejects) && rejects[k].Index < 0 && rejects[k].Offset < off; k++ {
			if !fn(found{index: -1, off: rejects[k].Offset, raw: rejects[k].Raw, reject: rejects[k]}) {
				return false
			}
		}
		it := found{index: i, off: off, raw: w.b.Bytes(i), whole: w.b.Live(i)}
		if !it.whole && k < len(rejects) {
			it.reject = rejects[k]
			k++
		}
		if !fn(it) {
			return false
		}
	}
	for ; k < len(rejects); k++ {
		if !fn(found{index: -1, off: rejects[k].Offset, raw: rejects[k].Raw, reject: rejects[k]}) {
			return false
		}
	}
	return true
}

// each calls fn for every item of the file until it returns false.
func (w *walker) each(ctx context.Context, fn func(found) bool) error {
	for {
		err := w.next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if !w.items(fn) {
			return nil
		}
	}
}

// cell tells the cell of an item by its time, or why that cannot be told.
func (w *walker) cell(it found) (cell, error) {
	t, err := w.instant(it)
	if err != nil {
		return 0, err
	}
	return w.s.grid.at(t), nil
}

// instant reads the time of an item.
func (w *walker) instant(it found) (time.Time, error) {
	none := time.Time{}
	if !it.whole {
		return none, it.reject.Err
	}
	slot, ok := w.s.shapes.times[w.s.shapes.of(w.b, it.index)]
	if !ok {
		return none, errNoTime
	}
	v := w.b.Value(it.index, slot)
	if v.IsNull() {
		return none, errNoTime
	}
	text, plain := v.Text()
	if !plain {
		if v.Kind() != record.String {
			return none, errNotTime
		}
		var err error
		if w.scratch, err = v.AppendText(w.scratch[:0]); err != nil {
			return none, errNotTime
		}
		text = w.scratch
	}
	t, err := schema.ParseTime(text)
	if err != nil {
		return none, errNotTime
	}
	if !schema.Plausible(t) {
		return none, errNoSuchTime
	}
	return t, nil
}

var (
	errNoTime  = errors.New("the record has no time, so it belongs to no slice of the window")
	errNotTime = errors.New("the record's time cannot be read, so it belongs to no slice of the window")
	// Slices need bounds that names, state and manifests can hold.
	errNoSuchTime = errors.New("the record's time lies before 1970 or after 9998, so it belongs to no slice of the window")
)

// tell adds an item to a tally.
func (t *tally) tell(it found) {
	if it.raw != nil || it.index >= 0 {
		t.add(it.raw)
		return
	}
	t.add(it.reject.Hash[:])
}

// end is where an item ends in the text.
func (it found) end() int64 {
	if it.index < 0 {
		return it.off + it.reject.Length
	}
	return it.off + int64(len(it.raw))
}
