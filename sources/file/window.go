package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/record"
)

// windowReader reads a slice that lies on the grid: one file after the other.
// What a file has besides the slice is outside. A slice that was shortened at
// the border of what is stored has the ground of its whole cell.
type windowReader struct {
	s     *Source
	slice pipeline.Slice
	cell  cell
	next  int // file to open
	cur   *walker
	tally tally  // of the cell, in the present file
	skip  uint64 // items of the cell that are as they were
}

func (s *Source) openWindow(sl pipeline.Slice) *windowReader {
	return &windowReader{s: s, slice: sl, cell: s.grid.at(sl.Start)}
}

// Read fills b with the next records of the slice. A batch is of one file.
func (r *windowReader) Read(ctx context.Context, b *record.Batch) error {
	skipped := b.Skipped
	begin := func(origin string) {
		b.Reset(origin)
		b.Skipped = skipped
	}
	for {
		if r.cur == nil {
			if r.next == len(r.slice.Ground) {
				begin("")
				return io.EOF
			}
			if err := r.open(ctx, r.slice.Ground[r.next]); err != nil {
				return err
			}
			r.next++
		}
		begin(r.cur.part.Name)
		err := r.cur.next(ctx)
		if err == io.EOF {
			if err := r.shut(); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		r.cur.items(func(it found) bool { r.take(b, it); return true })
		if b.Len() > 0 || len(b.Rejects()) > 0 {
			return nil
		}
		skipped = b.Skipped
	}
}

// take adds one item to b or counts why not.
func (r *windowReader) take(b *record.Batch, it found) {
	c, err := r.cur.cell(it)
	if err == nil && c != r.cell || err != nil && !r.cur.part.Rest {
		b.Skipped.Outside++
		return
	}
	r.tally.tell(it)
	switch {
	case err == nil && !r.inside(it):
		b.Skipped.Outside++
	case r.tally.n <= r.skip:
		b.Skipped.Unchanged++
	case it.index < 0:
		// The walker's batch is filled again before b is: b needs its own bytes.
		it.reject.Raw = append([]byte(nil), it.reject.Raw...)
		b.RejectRaw(it.reject)
	default:
		b.Append(it.raw, it.off)
		if err != nil {
			b.Reject(b.Len()-1, err)
		}
	}
}

// inside reports whether a record of the cell lies in the slice, which may be
// shorter.
func (r *windowReader) inside(it found) bool {
	start, end := r.s.grid.whole(r.cell)
	if r.slice.Start.Equal(start) && r.slice.End.Equal(end) {
		return true
	}
	t, err := r.cur.instant(it)
	return err == nil && !t.Before(r.slice.Start) && t.Before(r.slice.End)
}

// open begins a file.
func (r *windowReader) open(ctx context.Context, p pipeline.Part) error {
	p, err := r.placed(ctx, p)
	if err != nil {
		return fmt.Errorf("open slice %q: %w", r.slice.Name, err)
	}
	if r.skip, err = r.unchanged(ctx, p); err != nil {
		return fmt.Errorf("open slice %q: %w", r.slice.Name, err)
	}
	r.tally = tally{}
	if r.cur, err = r.s.walk(p, true); err != nil {
		return fmt.Errorf("open slice %q: %w", r.slice.Name, err)
	}
	return nil
}

// shut ends a file and compares what the cell has of it with what was planned.
func (r *windowReader) shut() error {
	p := r.cur.part
	if err := r.Close(); err != nil {
		return err
	}
	if own := r.tally.String(); p.Own != "" && own != p.Own {
		return fmt.Errorf("read %s: what it holds of slice %q is not what was planned: run again", p.Name, r.slice.Name)
	}
	return nil
}

// placed returns p without its stretch if the file is no longer as it was when
// that was found and the cell's items do not lie there any more: then all of the
// file is read. A file that only grew keeps its stretches.
func (r *windowReader) placed(ctx context.Context, p pipeline.Part) (pipeline.Part, error) {
	if p.To == 0 {
		return p, nil
	}
	info, err := os.Stat(resolve(r.s.env.Dir, p.Name))
	if err != nil {
		return p, err
	}
	if info.Size() == p.Size && info.ModTime().Equal(p.Modified) {
		return p, nil
	}
	t, err := r.tell(ctx, p, func(tally) {})
	if err == nil && t.String() != p.Own {
		p.From, p.To = 0, 0
	}
	return p, err
}

// tell reads the cell's items in a file and returns their tally; after each it
// calls fn.
func (r *windowReader) tell(ctx context.Context, p pipeline.Part, fn func(tally)) (tally, error) {
	var t tally
	w, err := r.s.walk(p, true)
	if err != nil {
		return t, err
	}
	defer w.Close()
	err = w.each(ctx, func(it found) bool {
		if c, err := w.cell(it); err == nil && c == r.cell || err != nil && p.Rest {
			t.tell(it)
			fn(t)
		}
		return true
	})
	return t, err
}

// unchanged returns how many of the cell's first items in the file are those
// that the last revision found in it, if they have no id to be known by.
func (r *windowReader) unchanged(ctx context.Context, p pipeline.Part) (uint64, error) {
	old := map[uint64]string{}
	for _, q := range r.slice.Prior {
		if n := itemsOf(q.Own); q.Name == p.Name && n > 0 {
			old[n] = q.Own
		}
	}
	if len(old) == 0 {
		return 0, nil
	}
	if nameless, err := r.s.nameless(ctx, p); err != nil || !nameless {
		return 0, err
	}
	same := uint64(0)
	_, err := r.tell(ctx, p, func(t tally) {
		if own, ok := old[t.n]; ok && own == t.String() {
			same = t.n
		}
	})
	return same, err
}

// Ground is what was planned: every file was compared with it.
func (r *windowReader) Ground() []pipeline.Part { return r.slice.Ground }

// Close closes the file that is open.
func (r *windowReader) Close() error {
	if r.cur == nil {
		return nil
	}
	err := r.cur.Close()
	r.cur = nil
	if err != nil {
		return errors.Join(fmt.Errorf("close slice %q", r.slice.Name), err)
	}
	return nil
}
