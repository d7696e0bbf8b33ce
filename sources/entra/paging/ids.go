package paging

import (
	"context"
	"fmt"
	"io"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/record"
)

// IDs returns the ids of all records of a slice, each once, in the order of the
// service.
func (s *Source) IDs(ctx context.Context, slice pipeline.Slice) ([]string, error) {
	r := s.Open(slice, nil)
	b := record.NewBatch(new(record.Layout).Compile())
	seen := map[string]bool{}
	var out []string
	for {
		b.Reset("")
		err := r.Read(ctx, b)
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("list what to read: %w", err)
		}
		for i := range b.Len() {
			record.ValueOf(b.Bytes(i)).Each(func(key []byte, v record.Value) bool {
				if string(key) != "id" {
					return true
				}
				if id, e := v.AppendText(nil); e == nil && len(id) > 0 && !seen[string(id)] {
					seen[string(id)] = true
					out = append(out, string(id))
				}
				return false
			})
		}
		if err == io.EOF {
			return out, nil
		}
	}
}
