package state_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/state"
	"github.com/logpipe/logpipe/pipeline/store"
	"github.com/logpipe/logpipe/pipeline/store/storetest"
)

// world is a state's store and a sink's store, and the small runner that works
// between them as the protocol says: intent, objects, manifest, state.
type world struct {
	states, objects *storetest.Memory
	runs            int
	slices          []string
}

// run is one apply: recover, then store whatever is not done. It stops at the
// first error, as if its process ended there.
func (w *world) run(ctx context.Context, plan *storetest.Plan) error {
	w.runs++
	states, objects := storetest.Fault{Under: w.states, Plan: plan}, storetest.Fault{Under: w.objects, Plan: plan}
	id := fmt.Sprint("run", w.runs)
	f, err := state.Open(ctx, states, state.Options{Holder: store.Holder{ID: id}, Clock: still, Lineage: func() string { return "l" }})
	if err != nil {
		return err
	}
	m, err := manifest.Open(ctx, objects, ".logpipe/manifest")
	if err != nil {
		return err
	}
	if err := w.recover(ctx, f, m, objects); err != nil {
		return err
	}
	if err := m.Take(ctx, manifest.Claim{Lineage: "l", Sink: sink}, f.Epoch(), id); err != nil {
		return err
	}
	for _, s := range w.slices {
		if f.State().Lane(lane).Len() == 0 || len(f.State().Lane(lane).Over(s, file(s, 1).Start, file(s, 1).End)) == 0 {
			if err := w.store(ctx, f, m, objects, s); err != nil {
				return err
			}
		}
	}
	return f.Close(ctx)
}

func (w *world) recover(ctx context.Context, f *state.File, m *manifest.Manifest, objects store.Store) error {
	open := f.State().Intents
	if len(open) == 0 {
		return nil
	}
	if err := m.Fence(ctx, f.Epoch(), f.Holder().ID); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(open)) {
		e, named, err := m.Find(ctx, id)
		if err != nil {
			return err
		}
		if named {
			if err := f.Apply(ctx, state.Finish{Intent: id, Done: file(e.Slice, e.Revision), Objects: int64(len(e.Objects))}); err != nil {
				return err
			}
			continue
		}
		for _, n := range open[id].Names {
			if err := objects.Delete(ctx, n); err != nil {
				return err
			}
		}
		if err := f.Apply(ctx, state.Abandon{Intent: id}); err != nil {
			return err
		}
	}
	return nil
}

// store stores a slice as two objects, whose bytes differ from run to run.
func (w *world) store(ctx context.Context, f *state.File, m *manifest.Manifest, objects store.Store, slice string) error {
	e := manifest.Entry{Source: src, Log: "sign_ins", Identity: "log sign_ins of a tenant", Sink: sink, Slice: slice, Revision: 1, Attempt: 1, Intent: f.NewIntent(), At: still()}
	names := []string{slice + "/1.jsonl", slice + "/2.jsonl"}
	in := state.Intent{ID: e.Intent, Lane: lane, Slice: slice, Revision: 1, Attempt: 1, Names: names, Opened: still()}
	if err := f.Apply(ctx, state.OpenIntent{Intent: in}); err != nil {
		return err
	}
	for _, n := range names {
		if err := store.Put(ctx, objects, n, []byte(e.Intent)); err != nil {
			return err
		}
		e.Objects = append(e.Objects, manifest.Object{Name: n, Records: 1})
	}
	e.Counts = manifest.Counts{Read: 2, Written: 2}
	if err := f.Check(ctx); err != nil {
		return err
	}
	if err := m.Append(ctx, manifest.Segment{Epoch: f.Epoch(), Writer: f.Holder().ID, Entries: []manifest.Entry{e}}); err != nil {
		return err
	}
	return f.Apply(ctx, state.Finish{Intent: e.Intent, Done: file(slice, 1), Objects: 2})
}

// check compares what is there with what must be there after a run without a
// fault.
func (w *world) check(t *testing.T) {
	t.Helper()
	m, err := manifest.Open(t.Context(), w.objects, ".logpipe/manifest")
	if err != nil {
		t.Fatal(err)
	}
	var named, objects, visible []string
	for e, err := range m.Entries(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		named = append(named, e.Slice)
		for _, o := range e.Objects {
			objects = append(objects, o.Name)
			if got := string(w.objects.Get(o.Name)); got != e.Intent {
				t.Errorf("object %s is of intent %q, the manifest says %q", o.Name, got, e.Intent)
			}
		}
	}
	for info := range w.objects.List(t.Context(), "", "") {
		if !strings.HasPrefix(info.Name, ".logpipe/") {
			visible = append(visible, info.Name)
		}
	}
	slices.Sort(named)
	slices.Sort(objects)
	if diff := cmp.Diff(w.slices, named); diff != "" {
		t.Errorf("named by the manifest:\n%s", diff)
	}
	if diff := cmp.Diff(objects, visible); diff != "" {
		t.Errorf("named and visible objects differ:\n%s", diff)
	}
	st := reread(t, w.states)
	if len(st.Intents) > 0 {
		t.Errorf("intents left open: %v", st.Intents)
	}
	var done []string
	for _, d := range st.Lane(lane).Done {
		done = append(done, d.Name)
	}
	if diff := cmp.Diff(w.slices, done); diff != "" {
		t.Errorf("done by the state:\n%s", diff)
	}
}

// TestCrash ends a run at every operation, in four ways; then ends the run
// that recovers at some operation; then lets one finish.
func TestCrash(t *testing.T) {
	for _, how := range []struct{ dies, after bool }{{false, false}, {false, true}, {true, false}, {true, true}} {
		t.Run(fmt.Sprintf("dies %v, took effect %v", how.dies, how.after), func(t *testing.T) {
			tried := 0
			for first := 1; ; first++ {
				reached := false
				for second := 0; second < 40; second += 2 + first%4 {
					w := &world{states: storetest.NewMemory(nil), objects: storetest.NewMemory(nil), slices: []string{"a", "b", "c"}}
					plan := &storetest.Plan{At: first, After: how.after, Dies: how.dies}
					err := w.run(t.Context(), plan)
					again := &storetest.Plan{At: second, After: how.after, Dies: how.dies}
					// Without a fault in between, second 0 is the recovery itself.
					errAgain := w.run(t.Context(), again)
					for _, e := range []error{err, errAgain} {
						if e != nil && !errors.Is(e, storetest.ErrFault) {
							t.Fatalf("operation %d, then %d: %v", first, second, e)
						}
					}
					if err := w.run(t.Context(), &storetest.Plan{}); err != nil {
						t.Fatalf("operation %d, then %d: the next run fails: %v", first, second, err)
					}
					w.check(t)
					if t.Failed() {
						t.Fatalf("operation %d, then %d", first, second)
					}
					tried++
					reached = plan.Reached()
					if !reached || second > 0 && !again.Reached() {
						break
					}
				}
				if !reached {
					break
				}
			}
			t.Logf("%d pairs of faults", tried)
		})
	}
}

func TestRebuild(t *testing.T) {
	w := &world{states: storetest.NewMemory(nil), objects: storetest.NewMemory(nil), slices: []string{"a", "b", "c"}}
	for range 3 { // epochs grow
		if err := w.run(t.Context(), &storetest.Plan{}); err != nil {
			t.Fatal(err)
		}
		w.slices = append(w.slices, fmt.Sprint("d", w.runs))
	}
	if err := w.run(t.Context(), &storetest.Plan{}); err != nil {
		t.Fatal(err)
	}
	was := reread(t, w.states)
	m, err := manifest.Open(t.Context(), w.objects, ".logpipe/manifest")
	if err != nil {
		t.Fatal(err)
	}

	w.states = storetest.NewMemory(nil) // the state is lost
	if err := w.run(t.Context(), &storetest.Plan{}); err == nil {
		t.Error("a run with an empty state in front of a manifest: no error")
	}
	w.states = storetest.NewMemory(nil)
	if err := recreate(t, w.states, m, false); err != nil {
		t.Fatal(err)
	}
	now := reread(t, w.states)
	if got, want := now.Sources[src], (state.Identity{Kind: "file", Log: "sign_ins", Fingerprint: "log sign_ins of a tenant"}); got != want {
		t.Errorf("the source is %+v, want %+v", got, want)
	}
	if got := now.Sinks[sink].Head; got != m.Head() {
		t.Errorf("the head is %+v, want %+v", got, m.Head())
	}
	if now.Lineage != was.Lineage || now.Lane(lane).Len() != was.Lane(lane).Len() || now.Sinks[sink].Objects != 2*was.Lane(lane).Len() {
		t.Errorf("rebuilt %+v\nfrom %+v", now, was)
	}
	w.slices = append(w.slices, "z")
	if err := w.run(t.Context(), &storetest.Plan{}); err != nil {
		t.Fatalf("a run after the rebuild: %v", err)
	}
	w.check(t)
}

// recreate makes the state in s anew from m, as another session.
func recreate(t *testing.T, s store.Store, m *manifest.Manifest, force bool) error {
	t.Helper()
	o := state.Options{Holder: store.Holder{ID: "rebuilder"}, Clock: still}
	return state.Recreate(t.Context(), s, o, force, func(ctx context.Context) (*state.State, error) { return state.Rebuild(ctx, m) })
}

// A state that cannot be read is what a rebuild is for: it is put aside whole,
// and the new one goes on behind its numbers.
func TestRebuildOfADamagedState(t *testing.T) {
	for name, spoil := range map[string]func(m *storetest.Memory, last int64){
		"the last is cut":           func(m *storetest.Memory, last int64) { m.Set(seg(last), m.Get(seg(last))[:20]) },
		"one in the middle is gone": func(m *storetest.Memory, _ int64) { m.Delete(t.Context(), seg(3)) },
		"the first is gone":         func(m *storetest.Memory, _ int64) { m.Delete(t.Context(), seg(1)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{states: storetest.NewMemory(nil), objects: storetest.NewMemory(nil), slices: []string{"a", "b"}}
			if err := w.run(t.Context(), &storetest.Plan{}); err != nil {
				t.Fatal(err)
			}
			last := reread(t, w.states).Serial
			spoil(w.states, last)
			spoilt := map[string]string{}
			for info := range w.states.List(t.Context(), "segments/", "") {
				spoilt[info.Name] = string(w.states.Get(info.Name))
			}
			m, err := manifest.Open(t.Context(), w.objects, ".logpipe/manifest")
			if err != nil {
				t.Fatal(err)
			}
			if err := recreate(t, w.states, m, false); err == nil || !strings.Contains(err.Error(), "-force") {
				t.Errorf("without force: %v, want that it says -force", err)
			}
			if err := recreate(t, w.states, m, true); err != nil {
				t.Fatal(err)
			}
			now := reread(t, w.states)
			if now.Serial != last+1 || now.Lane(lane).Len() != 2 {
				t.Errorf("serial %d with %d slices, want %d with 2", now.Serial, now.Lane(lane).Len(), last+1)
			}
			aside := "damaged-" + still().Format("20060102T150405Z") + "/"
			for name, b := range spoilt {
				if got := string(w.states.Get(aside + name)); got != b {
					t.Errorf("%s is not aside as it was", name)
				}
			}
			w.slices = append(w.slices, "c")
			if err := w.run(t.Context(), &storetest.Plan{}); err != nil {
				t.Fatalf("a run after the rebuild: %v", err)
			}
			w.check(t)
		})
	}
}

// What can be read is replaced only on demand, unless it remembers nothing.
func TestRebuildOfAGoodState(t *testing.T) {
	w := &world{states: storetest.NewMemory(nil), objects: storetest.NewMemory(nil), slices: []string{"a"}}
	if err := w.run(t.Context(), &storetest.Plan{}); err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Open(t.Context(), w.objects, ".logpipe/manifest")
	if err != nil {
		t.Fatal(err)
	}
	if err := recreate(t, w.states, m, false); err == nil || !strings.Contains(err.Error(), "-force") {
		t.Errorf("without force: %v, want that it says -force", err)
	}
	if err := recreate(t, w.states, m, true); err != nil {
		t.Fatal(err)
	}
	w.check(t)
	begun := storetest.NewMemory(nil) // as if a run had begun a state and stored nothing
	closed(t, session(t, begun, "other"))
	if err := recreate(t, begun, m, false); err != nil {
		t.Errorf("in place of a state that remembers nothing: %v", err)
	}
	if st := reread(t, begun); st.Lineage != "l" || st.Lane(lane).Len() != 1 {
		t.Errorf("rebuilt %+v", st)
	}
}

func TestRebuildRefusesTwoStates(t *testing.T) {
	var ms []*manifest.Manifest
	for _, lineage := range []string{"one", "two"} {
		m, err := manifest.Open(t.Context(), storetest.NewMemory(nil), "")
		if err == nil {
			err = m.Take(t.Context(), manifest.Claim{Lineage: lineage, Sink: sink}, 1, "w")
		}
		if err != nil {
			t.Fatal(err)
		}
		ms = append(ms, m)
	}
	if _, err := state.Rebuild(t.Context(), ms...); err == nil || !strings.Contains(err.Error(), "two states") {
		t.Errorf("got %v, want that they are of two states", err)
	}
}
