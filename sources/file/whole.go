package file

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/format"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

// fileReader reads a slice that is one file.
type fileReader struct {
	opened
	part pipeline.Part // as planned
	sum  *summer
}

func (s *Source) openFile(ctx context.Context, sl pipeline.Slice) (*fileReader, error) {
	p := sl.Ground[0]
	unchanged, err := s.unchanged(ctx, p, sl.Prior)
	if err != nil {
		return nil, err
	}
	f, size, err := s.open(p.Name)
	if err != nil {
		return nil, err
	}
	if size < p.Size {
		return nil, errors.Join(fmt.Errorf("%s has %d bytes, but had %d when it was planned: run again", p.Name, size, p.Size), f.Close())
	}
	r := &fileReader{part: p, sum: newSummer(head(f, p.Size))}
	r.f = f
	r.text = format.NewReader(r.sum, format.ReadOptions{MaxRecord: s.maxRecord, Unchanged: unchanged})
	return r, nil
}

// Read fills b with the next records of the file.
func (r *fileReader) Read(ctx context.Context, b *record.Batch) error {
	b.Reset(r.part.Name)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		switch err := r.text.Read(b); {
		case err == io.EOF:
			return r.end(ctx)
		case err != nil:
			return fmt.Errorf("read %s: %w", r.part.Name, err)
		}
		if b.Len() > 0 || len(b.Rejects()) > 0 {
			return nil
		}
		// What was passed over must not pile up in the batch.
		skipped := b.Skipped
		b.Reset(r.part.Name)
		b.Skipped = skipped
	}
}

// end compares what was read with what was planned.
func (r *fileReader) end(ctx context.Context) error {
	if _, err := drain(ctx, r.sum); err != nil {
		return fmt.Errorf("read %s: %w", r.part.Name, err)
	}
	if r.sum.n != r.part.Size {
		return fmt.Errorf("read %s: it has %d bytes, but had %d when it was planned: run again", r.part.Name, r.sum.n, r.part.Size)
	}
	if r.part.Sum != "" && r.part.Sum != r.sum.sum() {
		return fmt.Errorf("read %s: its content is not what was planned: run again", r.part.Name)
	}
	return io.EOF
}

// Ground says what was read: as much as was planned, with its hash.
func (r *fileReader) Ground() []pipeline.Part {
	p := r.part
	p.Sum = r.sum.sum()
	return []pipeline.Part{p}
}

// unchanged returns how many bytes of the file's text were there when its
// last revision was stored, if records without an id stand in it: 0 if any byte
// of it has changed since.
func (s *Source) unchanged(ctx context.Context, p pipeline.Part, prior []pipeline.Part) (int64, error) {
	var longest int64
	for _, old := range prior {
		if old.Name != p.Name || old.Own != "" || old.Sum == "" || old.Size == 0 || old.Size > p.Size || old.Size < longest {
			continue
		}
		if nameless, err := s.nameless(ctx, p); err != nil || !nameless {
			return 0, err
		}
		n, same, err := s.prefix(ctx, p, old)
		if err != nil {
			return 0, err
		}
		if same {
			longest = max(longest, n)
		}
	}
	return longest, nil
}

// prefix reports whether the file begins with the content of old, and how much
// text that is. Packed content that cannot be read to its end was never stored.
func (s *Source) prefix(ctx context.Context, p, old pipeline.Part) (int64, bool, error) {
	f, _, err := s.open(p.Name)
	if err != nil {
		return 0, false, err
	}
	defer f.Close()
	sum := newSummer(head(f, old.Size))
	text, err := format.OpenText(sum, format.Limits{})
	if err != nil {
		return 0, false, ctx.Err()
	}
	defer text.Close()
	n, err := drain(ctx, text)
	if err != nil {
		return 0, false, ctx.Err()
	}
	if _, err := drain(ctx, sum); err != nil {
		return 0, false, err
	}
	return text.Offset() + n, sum.sum() == old.Sum, nil
}

// nameless reports whether the machine cannot know the file's records by id:
// the log has none, or they come in a shape other than the schema's.
func (s *Source) nameless(ctx context.Context, p pipeline.Part) (bool, error) {
	if s.shapes.schema.ID.IsZero() {
		return true, nil
	}
	if !s.shapes.auto {
		return false, nil
	}
	w, err := s.walk(p, true)
	if err != nil {
		return false, err
	}
	defer w.Close()
	shape := logs.Shape("")
	err = w.each(ctx, func(it found) bool {
		if it.index < 0 || !it.whole {
			return true
		}
		shape = s.shapes.of(w.b, it.index)
		return false
	})
	return shape != "" && shape != s.shapes.own, err
}
