package state_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/state"
	"github.com/logpipe/logpipe/pipeline/store"
	"github.com/logpipe/logpipe/pipeline/store/dir"
	"github.com/logpipe/logpipe/pipeline/store/storetest"
)

func begin(tb testing.TB, s store.Store) *state.File {
	tb.Helper()
	f, err := state.Open(tb.Context(), s, state.Options{Holder: store.Holder{ID: "h1", Who: "anna"}, Lineage: func() string { return "lineage-1" }})
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func whole(n int) *state.Done {
	name := fmt.Sprintf("exports/2026/sign_ins-%08d.jsonl.gz", n)
	return &state.Done{Name: name, Revision: 1, Attempt: 1, Shape: strings.Repeat("5a", 16), At: day.Add(time.Duration(n) * time.Second),
		Ground: []pipeline.Part{{Name: name, Size: 1 << 20, Modified: day.Add(time.Duration(n)), Sum: strings.Repeat("c3", 16)}}}
}

// commitSlice is what a run writes to the state for one slice.
func commitSlice(tb testing.TB, f *state.File, d *state.Done) {
	id := f.NewIntent()
	in := state.Intent{ID: id, Lane: lane, Slice: d.Name, Revision: 1, Attempt: 1, Names: []string{d.Name}, Opened: day}
	if err := f.Apply(tb.Context(), state.OpenIntent{Intent: in}); err != nil {
		tb.Fatal(err)
	}
	if err := f.Apply(tb.Context(), state.Finish{Intent: id, Done: *d, Objects: 1}); err != nil {
		tb.Fatal(err)
	}
}

// filled returns a state with n whole-file slices.
func filled(tb testing.TB, s store.Store, n int) *state.File {
	f := begin(tb, s)
	st := f.State()
	put := state.Put{Lane: lane}
	for i := range n {
		put.Done = append(put.Done, whole(2*i)) // room between them
	}
	if err := st.Do(put); err != nil {
		tb.Fatal(err)
	}
	if err := f.Replace(tb.Context(), st, true); err != nil {
		tb.Fatal(err)
	}
	return f
}

// BenchmarkCommit commits slices after 10 and after 100,000 others: at the end
// of the row (files come by date) and in the middle of it.
func BenchmarkCommit(b *testing.B) {
	stores := map[string]func(testing.TB) store.Store{
		"memory": func(testing.TB) store.Store { return storetest.NewMemory(nil) },
		"dir": func(tb testing.TB) store.Store {
			s, err := dir.Open(b.TempDir(), dir.Options{})
			if err != nil {
				tb.Fatal(err)
			}
			return s
		},
	}
	for _, kind := range []string{"memory", "dir"} {
		for _, n := range []int{10, 100_000} {
			for _, at := range []string{"end", "middle"} {
				b.Run(fmt.Sprintf("%s/%s/%d", kind, at, n), func(b *testing.B) {
					f := filled(b, stores[kind](b), n)
					i := 2 * n
					if at == "middle" {
						i = n - n%2 + 1
					}
					b.ReportAllocs()
					for b.Loop() {
						commitSlice(b, f, whole(i))
						if at == "end" {
							i++
						}
					}
				})
			}
		}
	}
}

// BenchmarkOpen opens a state of 100,000 whole-file slices: after a snapshot,
// and after 20,000 commits that followed it.
func BenchmarkOpen(b *testing.B) {
	for _, commits := range []int{0, 20_000} {
		b.Run(fmt.Sprintf("100000+%d", commits), func(b *testing.B) {
			s, err := dir.Open(b.TempDir(), dir.Options{})
			if err != nil {
				b.Fatal(err)
			}
			m := storetest.NewMemory(nil)
			f := filled(b, m, 100_000)
			for i := range commits {
				commitSlice(b, f, whole(2*i+1))
			}
			if err := f.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
			size := copyAll(b, m, s)
			b.ReportAllocs()
			for b.Loop() {
				f, err := state.Open(b.Context(), s, state.Options{ReadOnly: true})
				if err != nil {
					b.Fatal(err)
				}
				if n := f.State().Lane(lane).Len(); n != int64(100_000+commits) {
					b.Fatalf("%d slices", n)
				}
			}
			b.ReportMetric(float64(size), "bytes")
		})
	}
}

func copyAll(tb testing.TB, from *storetest.Memory, to store.Store) (size int64) {
	for info, err := range from.List(tb.Context(), "", "") {
		if err != nil {
			tb.Fatal(err)
		}
		if err := store.Put(tb.Context(), to, info.Name, from.Get(info.Name)); err != nil {
			tb.Fatal(err)
		}
		size += info.Size
	}
	return size
}

// TestCommitCostsTheSame counts what 64 commits write and read, after 10
// slices and after 100,000.
func TestCommitCostsTheSame(t *testing.T) {
	cost := map[int]traffic{}
	for _, n := range []int{10, 100_000} {
		c := &traffic{Store: storetest.NewMemory(nil)}
		f := filled(t, c, n)
		before := *c
		for i := range 64 {
			commitSlice(t, f, whole(200_000+i))
		}
		cost[n] = traffic{objects: c.objects - before.objects, bytes: c.bytes - before.bytes, others: c.others - before.others}
	}
	few, many := cost[10], cost[100_000]
	if few.objects != many.objects || few.others != many.others || many.bytes > few.bytes+few.bytes/20 {
		t.Errorf("64 commits write and read %+v after 10 slices, %+v after 100,000", few, many)
	}
}

// traffic counts what goes to a store.
type traffic struct {
	store.Store
	objects, others int
	bytes           int64
}

func (c *traffic) Create(ctx context.Context, name string, meta map[string]string) (store.Writer, error) {
	c.objects++
	w, err := c.Store.Create(ctx, name, meta)
	return trafficWriter{w, c}, err
}

type trafficWriter struct {
	store.Writer
	c *traffic
}

func (w trafficWriter) Write(b []byte) (int, error) {
	w.c.bytes += int64(len(b))
	return w.Writer.Write(b)
}

func (c *traffic) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	c.others++
	return c.Store.Open(ctx, name)
}

func (c *traffic) List(ctx context.Context, prefix, after string) iter.Seq2[store.Info, error] {
	c.others++
	return c.Store.List(ctx, prefix, after)
}
