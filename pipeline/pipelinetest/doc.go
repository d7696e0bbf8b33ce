// Package pipelinetest checks that a component keeps its promises: those that
// the machine relies on and that no type can state. Every kind calls the suite
// of its class from its own tests, with a component that has something to work
// on; a new kind needs no more than that to be safe to run.
//
// The suites look from outside, through the contracts of package pipeline, and
// run with the race detector in mind: slices are opened side by side.
package pipelinetest

import (
	"encoding/hex"
	"fmt"
	"io"
	"testing"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/record"
)

// outcome is all that came out of one read of a slice, comparable.
type outcome struct {
	Records   []string
	Rejects   []string
	Outside   int64
	Unchanged int64
	Ground    []pipeline.Part
}

// readAll reads a slice to its end.
func readAll(t testing.TB, s pipeline.Source, sl pipeline.Slice) outcome {
	t.Helper()
	r, err := s.Open(t.Context(), sl)
	if err != nil {
		t.Errorf("open slice %q: %v", sl.Name, err)
		return outcome{}
	}
	var out outcome
	b := record.NewBatch(new(record.Layout).Compile())
	for {
		b.Reset("")
		err := r.Read(t.Context(), b)
		if err != nil && err != io.EOF {
			t.Errorf("read slice %q: %v", sl.Name, err)
			break
		}
		rejects := b.Rejects()
		if err == nil && b.Len() == 0 && len(rejects) == 0 {
			t.Errorf("read slice %q: a batch has neither records nor rejects", sl.Name)
		}
		out.add(b, rejects)
		if err == io.EOF {
			break
		}
	}
	if g, ok := r.(pipeline.Grounded); ok {
		out.Ground = g.Ground()
	}
	if err := r.Close(); err != nil {
		t.Errorf("close slice %q: %v", sl.Name, err)
	}
	return out
}

func (o *outcome) add(b *record.Batch, rejects []record.Reject) {
	for i := range b.Len() {
		if b.Live(i) {
			o.Records = append(o.Records, fmt.Sprintf("%s@%d %s", b.Origin(), b.Offset(i), b.Bytes(i)))
		}
	}
	for _, r := range rejects {
		o.Rejects = append(o.Rejects, fmt.Sprintf("%s@%d+%d %s: %v", r.Origin, r.Offset, r.Length, hex.EncodeToString(r.Hash[:]), r.Err))
	}
	o.Outside += b.Skipped.Outside
	o.Unchanged += b.Skipped.Unchanged
}
