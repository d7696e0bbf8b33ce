package pipelinetest

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/record"
)

// Source checks a source. open gives one that has at least one slice with a
// record; it is called once for every check.
func Source(t *testing.T, open func(t *testing.T) pipeline.Source) {
	for name, check := range map[string]func(*testing.T, pipeline.Source, []pipeline.Slice){
		"slices are named and sorted": slicesAreSorted,
		"a slice reads the same":      readsTheSame,
		"slices side by side":         sideBySide,
		"closed in the middle":        closedInTheMiddle,
		"cancelled":                   sourceIsCancelled,
		"batches own their bytes":     batchesOwnTheirBytes,
		"what is known stays":         knownStays,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			if s.Schema() == nil {
				t.Fatal("a source must say what its records contain, schema.Open if it does not know")
			}
			all, err := s.Slices(t.Context(), pipeline.Window{})
			if err != nil {
				t.Fatal(err)
			}
			if len(all) == 0 {
				t.Fatal("the source has no slices: there is nothing to check")
			}
			check(t, s, all)
		})
	}
}

func slicesAreSorted(t *testing.T, s pipeline.Source, all []pipeline.Slice) {
	seen := map[string]bool{}
	for _, sl := range all {
		switch {
		case sl.Name == "":
			t.Error("a slice has no name")
		case seen[sl.Name]:
			t.Errorf("two slices are called %q", sl.Name)
		case sl.Start.IsZero() != sl.End.IsZero(), !sl.Start.IsZero() && !sl.Start.Before(sl.End):
			t.Errorf("slice %q goes from %s to %s", sl.Name, sl.Start, sl.End)
		}
		seen[sl.Name] = true
		if !slices.IsSortedFunc(sl.Ground, func(a, b pipeline.Part) int { return cmp.Compare(a.Name, b.Name) }) {
			t.Errorf("the ground of slice %q is not sorted by name", sl.Name)
		}
	}
	if !slices.IsSortedFunc(all, func(a, b pipeline.Slice) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Name, b.Name))
	}) {
		t.Error("slices are not sorted by start and name")
	}
	again, err := s.Slices(t.Context(), pipeline.Window{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(all, again); diff != "" {
		t.Errorf("asked twice, the source has other slices (-first +second):\n%s", diff)
	}
}

func readsTheSame(t *testing.T, s pipeline.Source, all []pipeline.Slice) {
	records := 0
	for _, sl := range all {
		first := readAll(t, s, sl)
		records += len(first.Records)
		if diff := gocmp.Diff(first, readAll(t, s, sl)); diff != "" {
			t.Errorf("read twice, slice %q differs (-first +second):\n%s", sl.Name, diff)
		}
	}
	if records == 0 {
		t.Error("no slice has a record: there is little to check")
	}
}

func sideBySide(t *testing.T, s pipeline.Source, all []pipeline.Slice) {
	alone := make([]outcome, len(all))
	for i, sl := range all {
		alone[i] = readAll(t, s, sl)
	}
	together := make([]outcome, 2*len(all)) // each slice twice at once
	var wg sync.WaitGroup
	for i := range together {
		wg.Go(func() { together[i] = readAll(t, s, all[i/2]) })
	}
	wg.Wait()
	for i := range together {
		if diff := gocmp.Diff(alone[i/2], together[i]); diff != "" {
			t.Errorf("slice %q differs when others are read (-alone +side by side):\n%s", all[i/2].Name, diff)
		}
	}
}

func closedInTheMiddle(t *testing.T, s pipeline.Source, all []pipeline.Slice) {
	for _, sl := range all {
		want := readAll(t, s, sl)
		r, err := s.Open(t.Context(), sl)
		if err != nil {
			t.Fatal(err)
		}
		b := record.NewBatch(new(record.Layout).Compile())
		if err := r.Read(t.Context(), b); err != nil && err != io.EOF {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Errorf("close slice %q in the middle: %v", sl.Name, err)
		}
		if diff := gocmp.Diff(want, readAll(t, s, sl)); diff != "" {
			t.Errorf("slice %q differs after a read that was given up (-before +after):\n%s", sl.Name, diff)
		}
	}
}

func sourceIsCancelled(t *testing.T, s pipeline.Source, all []pipeline.Slice) {
	ctx, cancel := context.WithCancel(t.Context())
	r, err := s.Open(ctx, all[0])
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	b := record.NewBatch(new(record.Layout).Compile())
	if err := r.Read(ctx, b); !errors.Is(err, context.Canceled) {
		t.Errorf("read after the context was cancelled: %v; a slice must not look as if it ended", err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("close after the context was cancelled: %v", err)
	}
	if _, err := s.Slices(ctx, pipeline.Window{}); !errors.Is(err, context.Canceled) {
		t.Errorf("slices after the context was cancelled: %v", err)
	}
}

func batchesOwnTheirBytes(t *testing.T, s pipeline.Source, all []pipeline.Slice) {
	for _, sl := range all {
		r, err := s.Open(t.Context(), sl)
		if err != nil {
			t.Fatal(err)
		}
		scanner := new(record.Layout).Compile()
		var batches []*record.Batch
		var then []outcome
		for err == nil {
			b := record.NewBatch(scanner)
			if err = r.Read(t.Context(), b); err != nil && err != io.EOF {
				t.Fatal(err)
			}
			var o outcome
			o.add(b, b.Rejects())
			batches, then = append(batches, b), append(then, o)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		for i, b := range batches {
			var now outcome
			now.add(b, b.Rejects())
			if diff := gocmp.Diff(then[i], now); diff != "" {
				t.Errorf("batch %d of slice %q changed when the next was read:\n%s", i, sl.Name, diff)
			}
		}
	}
}

// knownStays commits every slice in thought and asks again.
func knownStays(t *testing.T, s pipeline.Source, all []pipeline.Slice) {
	known := map[string]pipeline.Part{}
	var stored []pipeline.Slice
	for _, sl := range all {
		if g := readAll(t, s, sl).Ground; g != nil {
			sl.Ground = g
		}
		stored = append(stored, sl)
		for _, p := range sl.Ground {
			if p.Sum == "" {
				t.Errorf("part %q of slice %q was read and has no sum", p.Name, sl.Name)
			}
			known[p.Name] = p
		}
	}
	again, err := s.Slices(t.Context(), pipeline.Window{
		Known: func(name string) (pipeline.Part, bool) { p, ok := known[name]; return p, ok },
		Holding: func(name string) []pipeline.Slice {
			return slices.DeleteFunc(slices.Clone(stored), func(sl pipeline.Slice) bool {
				return !slices.ContainsFunc(sl.Ground, func(p pipeline.Part) bool { return p.Name == name })
			})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(stored, again); diff != "" {
		t.Errorf("nothing moved, but the slices differ from what is remembered (-remembered +now):\n%s", diff)
	}
}
