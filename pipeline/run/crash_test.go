package run_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline/run"
	"github.com/logpipe/logpipe/pipeline/state"
	"github.com/logpipe/logpipe/pipeline/store"
)

// faulty is a store that fails when fail says so. Operations are create,
// write, commit, abort, open, list and delete.
type faulty struct {
	store.Store
	fail func(op, object string) error
}

func (f *faulty) Create(ctx context.Context, name string, meta map[string]string) (store.Writer, error) {
	if err := f.fail("create", name); err != nil {
		return nil, err
	}
	w, err := f.Store.Create(ctx, name, meta)
	return &faultyWriter{w, f, name}, err
}

func (f *faulty) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if err := f.fail("open", name); err != nil {
		return nil, err
	}
	return f.Store.Open(ctx, name)
}

func (f *faulty) List(ctx context.Context, prefix, after string) iter.Seq2[store.Info, error] {
	if err := f.fail("list", prefix); err != nil {
		return func(yield func(store.Info, error) bool) { yield(store.Info{}, err) }
	}
	return f.Store.List(ctx, prefix, after)
}

func (f *faulty) Delete(ctx context.Context, name string) error {
	if err := f.fail("delete", name); err != nil {
		return err
	}
	return f.Store.Delete(ctx, name)
}

type faultyWriter struct {
	store.Writer
	f    *faulty
	name string
}

func (w *faultyWriter) Write(b []byte) (int, error) {
	if err := w.f.fail("write", w.name); err != nil {
		return 0, err
	}
	return w.Writer.Write(b)
}

func (w *faultyWriter) Commit(ctx context.Context) error {
	if err := w.f.fail("commit", w.name); err != nil {
		return err
	}
	if err := w.Writer.Commit(ctx); err != nil {
		return err
	}
	// The machine may die after the commit and before anybody hears of it.
	return w.f.fail("committed", w.name)
}

func (w *faultyWriter) Abort() error {
	if err := w.f.fail("abort", w.name); err != nil {
		return err
	}
	return w.Writer.Abort()
}

var errDead = errors.New("the machine is dead")

// death counts the operations of all stores and kills the machine at one: from
// then on nothing works any more.
type death struct {
	mu     sync.Mutex
	at, n  int
	passed bool
}

func (d *death) fail(string, string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.n++; d.n >= d.at {
		d.passed = true
		return errDead
	}
	return nil
}

// The machine dies at every operation in turn; the next run, on a machine that
// lives, must end with what a run without the death would have stored.
func TestDeathAtEveryStep(t *testing.T) {
	deaths := 0
	for at := 1; ; at++ {
		w := newWorld(2, 4)
		h := newHouse(t, w, twoSinks)
		late := day.Add(240 * time.Hour)
		h.clock = func() time.Time { return late }
		d := &death{at: at}
		plain := h.wrap
		h.wrap = func(_ string, s store.Store) store.Store { return &faulty{s, d.fail} }
		_, _, _ = h.apply()
		w.put(1, item{id: "late", text: "first"}) // the world has moved on
		h.wrap = plain
		late = late.Add(time.Hour) // the dead one's lease is over
		h.mustApply()
		h.settled()
		for _, sink := range []string{"a", "b"} {
			if diff := cmp.Diff(w.want(false), h.named(sink)); diff != "" {
				t.Fatalf("death at operation %d, sink %s (-want +got):\n%s", at, sink, diff)
			}
		}
		if !d.passed {
			break // the run was over before
		}
		deaths++
	}
	t.Logf("died at each of %d operations", deaths)
	if deaths < 40 {
		t.Errorf("only %d operations; the harness does not reach the stores", deaths)
	}
}

// A store that cannot delete keeps its orphans; the next attempt takes other
// names, and nothing is named twice.
func TestDeathOnAStoreThatRefusesDeletion(t *testing.T) {
	w := newWorld(1, 4)
	h := newHouse(t, w, oneSink)
	late := day.Add(240 * time.Hour)
	h.clock = func() time.Time { return late }
	dead := false
	h.wrap = func(name string, s store.Store) store.Store {
		return &faulty{s, func(op, object string) error {
			if dead = dead || name == "a" && op == "committed" && object[0] != '.'; dead {
				return errDead
			}
			return nil
		}}
	}
	_, _, _ = h.apply()
	h.wrap = func(name string, s store.Store) store.Store {
		return &faulty{s, func(op, _ string) error {
			if name == "a" && op == "delete" {
				return errors.New("deletion is not allowed")
			}
			return nil
		}}
	}
	late = late.Add(time.Hour)
	h.mustApply()
	stored := map[string][]string{}
	for id, texts := range h.namedOnly("a") {
		stored[id] = texts
	}
	if diff := cmp.Diff(w.want(false), stored); diff != "" {
		t.Error(diff)
	}
	h.settled()
}

// A writer that slept while its lease was taken must name nothing.
func TestAWriterThatSleptNamesNothing(t *testing.T) {
	for _, asleep := range []string{"open", "write", "commit", "manifest"} {
		t.Run(asleep, func(t *testing.T) {
			w := newWorld(1, 4)
			h := newHouse(t, w, oneSink)
			late := day.Add(240 * time.Hour)
			var mu sync.Mutex
			h.clock = func() time.Time { mu.Lock(); defer mu.Unlock(); return late }
			plain := h.wrap
			var once sync.Once
			h.wrap = func(name string, s store.Store) store.Store {
				return &faulty{s, func(op, object string) error {
					here := name == "a" && object[0] != '.' && (op == asleep || op == "create" && asleep == "open") ||
						name == "a" && asleep == "manifest" && op == "create" && len(object) > 17 && object[:17] == ".logpipe/manifest"
					if !here {
						return nil
					}
					once.Do(func() {
						mu.Lock()
						late = late.Add(time.Hour)
						mu.Unlock()
						sleeping := h.wrap
						h.wrap = plain
						h.mustApply() // another takes the lease and does the work
						h.wrap = sleeping
					})
					return nil
				}}
			}
			se, err := h.open("sleeper")
			if err != nil {
				t.Fatal(err)
			}
			r, err := se.apply(context.Background(), run.Options{})
			if asleep != "manifest" && !errors.Is(err, state.ErrLost) {
				t.Errorf("error %v, want the loss of the lease; failures %v", err, r.Failures)
			}
			h.wrap = plain
			h.mustApply()
			h.settled()
			if diff := cmp.Diff(w.want(false), h.named("a")); diff != "" {
				t.Errorf("after waking up in %s (-want +got):\n%s", asleep, diff)
			}
		})
	}
}
