// Package selects is `transform "select"`: it keeps or drops fields and renames
// them. Names are those of the record as it arrived; what is renamed is renamed
// last and stands at the end.
//
// keep leaves the named fields in the record's order, byte for byte, with the
// objects and lists on their way narrowed. drop takes every occurrence of the
// named fields out. A record that already has a field of a new name is
// rejected: one of the two would be lost.
package selects

import (
	"context"
	"errors"
	"fmt"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// transform is one `transform "select"`.
type transform struct {
	addr    addr.Instance
	schema  *schema.Schema
	keep    *record.Projection // nil to keep all
	drop    []record.Slot      // none inside another
	renames []rename
}

type rename struct {
	from, to record.Slot
	path     record.Path // of to
	fresh    bool        // a record may have the new name already
}

func (t *transform) Schema() *schema.Schema { return t.schema }

func (t *transform) Open(pipeline.Slice) pipeline.Stage {
	return &stage{t: t, moved: make([][2]int, len(t.renames))}
}

type stage struct {
	t     *transform
	out   []byte
	json  []byte   // the values that are renamed, one after the other
	moved [][2]int // where each stands in json; empty if the field is missing
	spans []record.Span
}

func (s *stage) Apply(ctx context.Context, b *record.Batch) error {
	for i := range b.Len() {
		if b.Live(i) {
			s.apply(b, i)
		}
	}
	return ctx.Err()
}

func (s *stage) apply(b *record.Batch, i int) {
	if err := s.lift(b, i); err != nil {
		b.Reject(i, err)
		return
	}
	s.remove(b, i)
	if s.t.keep != nil {
		s.out = s.t.keep.Append(s.out[:0], b.Bytes(i))
		b.Rewrite(i, s.out)
	}
	for k, r := range s.t.renames {
		if m := s.moved[k]; m[0] < m[1] {
			b.SetPath(i, r.path, r.to, s.json[m[0]:m[1]])
		}
	}
}

var errTaken = errors.New("the record has a field of that name already")

// lift copies the values that get another name.
func (s *stage) lift(b *record.Batch, i int) error {
	s.json = s.json[:0]
	for k, r := range s.t.renames {
		from := len(s.json)
		v := b.Value(i, r.from)
		s.json = append(s.json, v.Raw()...)
		s.moved[k] = [2]int{from, len(s.json)}
		if r.fresh && v.Kind() != record.Missing && b.Value(i, r.to).Kind() != record.Missing {
			return fmt.Errorf("%s: rename to %s: %w", s.t.addr, r.path, errTaken)
		}
	}
	return nil
}

// remove takes out every occurrence of what is dropped or gets another name.
// All are looked up before any is removed, because an edit moves the others.
func (s *stage) remove(b *record.Batch, i int) {
	s.spans = s.spans[:0]
	for _, slot := range s.t.drop {
		s.spans = append(s.spans, b.Hits(i, slot)...)
	}
	for _, r := range s.t.renames {
		s.spans = append(s.spans, b.Hits(i, r.from)...)
	}
	for _, at := range s.spans {
		b.Remove(i, at)
	}
}

func (s *stage) Close() {}
