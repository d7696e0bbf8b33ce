package state_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/state"
	"github.com/logpipe/logpipe/pipeline/store"
	"github.com/logpipe/logpipe/pipeline/store/dir"
	"github.com/logpipe/logpipe/pipeline/store/storetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

func seg(n int64) string { return store.Row{Prefix: "segments/"}.Name(n) }

func still() time.Time { return day.Add(12 * time.Hour) }

// session opens a state at a fixed time for a holder; its first segment is
// written.
func session(t *testing.T, s store.Store, id string) *state.File {
	t.Helper()
	f, err := state.Open(t.Context(), s, state.Options{
		Holder: store.Holder{ID: id, Who: id + "@ci", Command: "apply", Since: still()},
		Clock:  still, Lineage: func() string { return "lineage-" + id }})
	if err != nil {
		t.Fatal(err)
	}
	if f.New() {
		apply(t, f)
	}
	return f
}

func closed(t *testing.T, f *state.File) {
	t.Helper()
	if err := f.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func reread(t *testing.T, s store.Store) *state.State {
	t.Helper()
	f, err := state.Open(t.Context(), s, state.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	return f.State()
}

func apply(t *testing.T, f *state.File, ops ...state.Op) {
	t.Helper()
	if err := f.Apply(t.Context(), ops...); err != nil {
		t.Fatal(err)
	}
}

func TestEmpty(t *testing.T) {
	m := storetest.NewMemory(nil)
	st := reread(t, m)
	if st.Serial != 0 || st.Lineage != "" || st.Lane(lane).Len() != 0 {
		t.Errorf("no state reads as %+v", st)
	}
	f, err := state.Open(t.Context(), m, state.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Apply(t.Context(), state.Know{Source: src}); err == nil {
		t.Error("apply to a state opened for reading: no error")
	}
	for info := range m.List(t.Context(), "", "") {
		t.Errorf("reading made %s", info.Name)
	}
}

// A session that changes nothing leaves no new state behind: a run that fails
// before it does anything must not stand in the way of a rebuild.
func TestANewStateIsWrittenWithItsFirstChange(t *testing.T) {
	m := storetest.NewMemory(still)
	o := state.Options{Holder: store.Holder{ID: "a"}, Clock: still, Lineage: func() string { return "l" }}
	f, err := state.Open(t.Context(), m, o)
	if err != nil {
		t.Fatal(err)
	}
	if st := f.State(); !f.New() || st.Lineage != "l" || f.Epoch() != 1 {
		t.Errorf("new %v, lineage %q, epoch %d", f.New(), st.Lineage, f.Epoch())
	}
	if err := f.Apply(t.Context(), state.Forget{Addr: src}); err == nil {
		t.Error("forget what is not known: no error")
	}
	closed(t, f)
	if st := reread(t, m); st.Serial != 0 {
		t.Errorf("there is a state: %+v", st)
	}
	if f, err = state.Open(t.Context(), m, o); err != nil {
		t.Fatal(err)
	}
	apply(t, f, state.Know{Source: src})
	if st := reread(t, m); f.New() || st.Serial != 1 || st.Session.Serial != 1 || st.Session.Holder.ID != "a" || len(st.Sources) != 1 {
		t.Errorf("after the first change: %+v", st)
	}
	other, err := state.Open(t.Context(), storetest.NewMemory(nil), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Replace(t.Context(), f.State(), false); err != nil {
		t.Errorf("replace a state that was not begun: %v", err)
	}
	if st := other.State(); st.Session.Serial != st.Serial || other.Epoch() != 2 {
		t.Errorf("after it was replaced: %+v", st)
	}
}

// Whoever looks at a state can tell a session that goes on from one that was
// interrupted.
func TestRunning(t *testing.T) {
	now := still()
	root := t.TempDir()
	clock := func() time.Time { return now }
	s, err := dir.Open(root, dir.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	look := func() string {
		f, err := state.Open(t.Context(), s, state.Options{ReadOnly: true, Clock: clock})
		if err != nil {
			t.Fatal(err)
		}
		h, running := f.Running(t.Context())
		if !running {
			return ""
		}
		return h.Who
	}
	if got := look(); got != "" {
		t.Errorf("without a state: %q is running", got)
	}
	f, err := state.Open(t.Context(), s, state.Options{Holder: store.Holder{ID: "a", Who: "anna"}, Clock: clock, TTL: time.Minute, Lineage: func() string { return "l" }})
	if err != nil {
		t.Fatal(err)
	}
	apply(t, f, state.Know{Source: src})
	if got := look(); got != "anna" {
		t.Errorf("while anna runs: %q is running", got)
	}
	if h, running := f.Running(t.Context()); running {
		t.Errorf("to anna herself %s is running", h.Who)
	}
	now = now.Add(2 * time.Minute)
	if got := look(); got != "" {
		t.Errorf("after the lease was over: %q is running", got)
	}
	closed(t, f)
	now = still()
	if got := look(); got != "" {
		t.Errorf("after the end: %q is running", got)
	}
}

func TestGolden(t *testing.T) {
	m := storetest.NewMemory(still)
	f := session(t, m, "anna")
	in := state.Intent{ID: "s1-abc", Lane: lane, Slice: "g0-1", Revision: 1, Attempt: 1, Shape: "s1", Names: []string{"2026/g0-1.jsonl"}, Opened: still()}
	in.Start, in.End = hours(0, 1)
	apply(t, f, state.Know{Source: src, Identity: state.Identity{Kind: "file", Log: "sign_ins"}}, state.Claim{Sink: sink, Kind: "local", Place: "out/archive"})
	apply(t, f, state.OpenIntent{Intent: in})
	apply(t, f, state.Finish{Intent: "s1-abc", Done: grid(0, 1, 1), Objects: 1})
	in.ID, in.Slice = "s1-def", "a.jsonl"
	in.Start, in.End = time.Time{}, time.Time{}
	apply(t, f, state.OpenIntent{Intent: in}, state.Finish{Intent: "s1-def", Done: file("a.jsonl", 1), Objects: 2})
	in.ID = "s1-ghi"
	apply(t, f, state.OpenIntent{Intent: in}, state.Abandon{Intent: "s1-ghi", Kept: true})
	if err := f.Replace(t.Context(), f.State(), false); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	for n := range int64(7) {
		fmt.Fprintf(&got, "-- %s --\n%s", seg(n+1), m.Get(seg(n+1)))
	}
	exported, err := state.Export(f.State())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&got, "-- exported --\n%s", exported)
	golden(t, "segments.golden", got.Bytes())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(path, got, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("what is written changed (-update accepts it):\n%s", diff)
	}
}

// TestReopen compares the state in memory with what is read back, over packs,
// snapshots and several sessions.
func TestReopen(t *testing.T) {
	m := storetest.NewMemory(still)
	r := rand.New(rand.NewPCG(1, 2))
	n := 0
	for round := range 12 {
		f := session(t, m, fmt.Sprint("h", round))
		for range r.IntN(400) {
			n++
			d := file(fmt.Sprintf("f%04d", r.IntN(800)), 1+r.IntN(3))
			id := f.NewIntent()
			in := state.Intent{ID: id, Lane: lane, Slice: d.Name, Revision: d.Revision, Attempt: 1, Shape: strings.Repeat("x", r.IntN(300))}
			apply(t, f, state.OpenIntent{Intent: in})
			switch r.IntN(20) {
			case 0:
				apply(t, f, state.Abandon{Intent: id, Kept: r.IntN(2) == 0})
			case 1: // stays open
			default:
				apply(t, f, state.Finish{Intent: id, Done: d})
			}
		}
		if diff := cmp.Diff(f.State(), reread(t, m)); diff != "" {
			t.Fatalf("round %d, serial %d: what is read back differs:\n%s", round, f.State().Serial, diff)
		}
		closed(t, f)
		if diff := cmp.Diff(f.State(), reread(t, m)); diff != "" {
			t.Fatalf("round %d: after close:\n%s", round, diff)
		}
	}
	count, size := 0, int64(0)
	for info := range m.List(t.Context(), "segments/", "") {
		count, size = count+1, size+info.Size
	}
	t.Logf("%d slices, serial %d: %d segments left, %d bytes", n, reread(t, m).Serial, count, size)
}

// TestOpeningReadsFew counts what opening reads of a long row.
func TestOpeningReadsFew(t *testing.T) {
	m := storetest.NewMemory(still)
	f := session(t, m, "anna")
	for range 3000 {
		apply(t, f, state.Know{Source: src, Identity: state.Identity{Kind: "file"}})
	}
	most := 0
	for range 70 {
		apply(t, f, state.Know{Source: src, Identity: state.Identity{Kind: "file"}})
		counted := &counter{Store: m}
		reread(t, counted)
		most = max(most, counted.opened)
	}
	if most > 3*32 {
		t.Errorf("opening read %d of 3,000 segments, want at most 96", most)
	}
}

type counter struct {
	store.Store
	opened int
}

func (c *counter) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	c.opened++
	return c.Store.Open(ctx, name)
}

func TestPrune(t *testing.T) {
	m := storetest.NewMemory(still)
	f := session(t, m, "anna")
	big := strings.Repeat("x", 2000)
	for range 1500 {
		apply(t, f, state.Know{Source: src, Identity: state.Identity{Kind: "file", Fingerprint: big}})
	}
	closed(t, f)
	count := 0
	for range m.List(t.Context(), "segments/", "") {
		count++
	}
	if count > 400 {
		t.Errorf("%d of 1,500 segments are left, want the last two snapshots' worth", count)
	}
	if got := reread(t, m).Sources[src].Fingerprint; got != big {
		t.Error("the state was lost with its old segments")
	}
}

// TestDamage spoils a row of 70 segments in one way each.
func TestDamage(t *testing.T) {
	reseal := func(b []byte, old, new string) []byte {
		body, _, err := store.Unseal(b)
		if err != nil {
			t.Fatal(err)
		}
		sealed, _ := store.Seal(bytes.Replace(bytes.Clone(body), []byte(old), []byte(new), 1))
		return sealed
	}
	for _, c := range []struct {
		name  string
		spoil func(m *storetest.Memory)
		is    error
		want  []string
	}{
		{"a segment in the middle is missing", func(m *storetest.Memory) { m.Delete(t.Context(), seg(40)) }, state.ErrChain, []string{seg(40), "missing", "state rebuild"}},
		{"one that opening does not need is missing", func(m *storetest.Memory) { m.Delete(t.Context(), seg(10)) }, state.ErrChain, []string{seg(10), "missing"}},
		{"the last is cut", func(m *storetest.Memory) { b := m.Get(seg(70)); m.Set(seg(70), b[:len(b)/2]) }, state.ErrChain, []string{seg(70), "cut", "backup"}},
		{"the last is empty", func(m *storetest.Memory) { m.Set(seg(70), nil) }, state.ErrChain, []string{seg(70), "cut"}},
		{"the last is edited by hand", func(m *storetest.Memory) {
			m.Set(seg(70), bytes.Replace(m.Get(seg(70)), []byte("sign_ins"), []byte("sign_outs"), 1))
		}, state.ErrChain, []string{seg(70), "changed after it was written"}},
		{"one is edited and sealed again", func(m *storetest.Memory) {
			m.Set(seg(69), reseal(m.Get(seg(69)), "sign_ins", "sign_outs"))
		}, state.ErrChain, []string{seg(69), "changed after segment 70"}},
		{"a newer format", func(m *storetest.Memory) {
			m.Set(seg(70), reseal(m.Get(seg(70)), `"format_version":1`, `"format_version":2`))
		}, state.ErrNewer, []string{seg(70), "format 2", "upgrade"}},
		{"a newer format without our seal", func(m *storetest.Memory) { m.Set(seg(70), []byte(`{"format_version":7}`+"\n")) }, state.ErrNewer, []string{seg(70), "upgrade"}},
		{"another lineage", func(m *storetest.Memory) {
			m.Set(seg(70), reseal(m.Get(seg(70)), `"lineage":"lineage-anna"`, `"lineage":"lineage-ben"`))
		}, state.ErrChain, []string{seg(69), "another state", "lineage-ben"}},
		{"a segment under another number", func(m *storetest.Memory) { m.Set(seg(71), m.Get(seg(70))) }, state.ErrChain, []string{seg(71), "number 70"}},
		{"an op of the future", func(m *storetest.Memory) {
			m.Set(seg(70), reseal(m.Get(seg(70)), `{"know"`, `{"gnow"`))
		}, state.ErrChain, []string{seg(70), "line 2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := storetest.NewMemory(still)
			f := session(t, m, "anna")
			for range 69 {
				apply(t, f, state.Know{Source: src, Identity: state.Identity{Kind: "file", Log: "sign_ins"}})
			}
			closed(t, f)
			c.spoil(m)
			_, err := state.Open(t.Context(), m, state.Options{Holder: store.Holder{ID: "x"}, Lineage: func() string { t.Error("started over"); return "" }})
			if !errors.Is(err, c.is) {
				t.Fatalf("got %v, want %v", err, c.is)
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
			if _, err := state.Open(t.Context(), m, state.Options{Holder: store.Holder{ID: "y"}}); errors.Is(err, store.ErrHeld) {
				t.Error("the lease was not given back")
			}
		})
	}
}

func TestOpsThatCannotBe(t *testing.T) {
	m := storetest.NewMemory(still)
	f := session(t, m, "anna")
	apply(t, f, state.Know{Source: src}, state.Claim{Sink: sink}, state.OpenIntent{Intent: state.Intent{ID: "i1", Lane: lane, Slice: "a"}})
	before, serial := f.State(), f.State().Serial
	backwards := grid(0, 1, 1)
	backwards.Start, backwards.End = backwards.End, backwards.Start
	other := sink.At("x")
	for name, ops := range map[string][]state.Op{
		"finish twice":         {state.Finish{Intent: "i1", Done: file("a", 1)}, state.Finish{Intent: "i1", Done: file("a", 1)}},
		"finish what is not":   {state.Finish{Intent: "i9", Done: file("a", 1)}},
		"abandon what is not":  {state.Abandon{Intent: "i9"}},
		"open twice":           {state.OpenIntent{Intent: state.Intent{ID: "i1", Lane: lane}}},
		"an id that is a path": {state.OpenIntent{Intent: state.Intent{ID: "../i", Lane: lane}}},
		"no lane":              {state.OpenIntent{Intent: state.Intent{ID: "i2"}}},
		"backwards in time":    {state.Finish{Intent: "i1", Done: backwards}},
		"revision 0":           {state.Finish{Intent: "i1", Done: file("a", 0)}},
		"move to a known one":  {state.Claim{Sink: other}, state.Move{From: sink, To: other}},
		"move what is not":     {state.Move{From: other, To: sink}},
		"move across classes":  {state.Move{From: sink, To: src}},
		"forget what is not":   {state.Forget{Addr: other}},
		"done then wrong": {state.Finish{Intent: "i1", Done: grid(0, 1, 1), Objects: 4}, state.Move{From: sink, To: other},
			state.Forget{Addr: src}, state.Put{Lane: lane, Done: []*state.Done{{Name: "z", Revision: 1}}, Kept: map[string]int{"a": 2}},
			state.OpenIntent{Intent: state.Intent{ID: "i3", Lane: lane}}, state.Abandon{Intent: "i3", Kept: true}, state.Abandon{Intent: "i9"}},
	} {
		if err := f.Apply(t.Context(), ops...); err == nil {
			t.Errorf("%s: no error", name)
		}
		if diff := cmp.Diff(before, f.State()); diff != "" {
			t.Errorf("%s: the state changed:\n%s", name, diff)
		}
	}
	if got := reread(t, m).Serial; got != serial {
		t.Errorf("serial %d, want %d: something was written", got, serial)
	}
}

// The head of a sink's manifest only grows with what is finished, in whatever
// order that is, and a snapshot and an export keep it.
func TestHeads(t *testing.T) {
	m := storetest.NewMemory(nil)
	f := session(t, m, "a")
	head := func(n int64) manifest.Head { return manifest.Head{Seq: n, Sum: fmt.Sprint("sum", n)} }
	apply(t, f, state.Claim{Sink: sink, Kind: "local", Place: "out", Head: head(1)})
	for i, seq := range []int64{3, 2} {
		id := f.NewIntent()
		apply(t, f, state.OpenIntent{Intent: state.Intent{ID: id, Lane: lane, Slice: fmt.Sprint("f", i)}},
			state.Finish{Intent: id, Done: file(fmt.Sprint("f", i), 1), Objects: 1, Head: head(seq)})
	}
	apply(t, f, state.Claim{Sink: sink, Kind: "local", Place: "elsewhere"})
	want := state.SinkMemory{Kind: "local", Place: "elsewhere", Objects: 2, Head: head(3)}
	exported, err := state.Export(f.State())
	if err != nil {
		t.Fatal(err)
	}
	closed(t, f)
	imported, err := state.Import(exported)
	if err != nil {
		t.Fatal(err)
	}
	for name, st := range map[string]*state.State{"reopened": reread(t, m), "imported": imported} {
		if got := st.Sinks[sink]; got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func TestMoveAndForget(t *testing.T) {
	s := state.New()
	to := sink.At("eu")
	finish(t, s, file("a", 1))
	if err := s.Do(state.Claim{Sink: sink, Kind: "local", Objects: 3}, state.Know{Source: src}, state.OpenIntent{Intent: state.Intent{ID: "i1", Lane: lane, Slice: "b"}},
		state.Move{From: sink, To: to}); err != nil {
		t.Fatal(err)
	}
	moved := state.Lane{Source: src, Sink: to}
	if s.Lane(lane) != nil || s.Lane(moved).Len() != 1 || s.Sinks[to].Objects != 3 || s.Intents["i1"].Lane != moved {
		t.Errorf("after move: %+v", s)
	}
	if err := s.Do(state.Forget{Addr: src}); err != nil {
		t.Fatal(err)
	}
	if len(s.Lanes)+len(s.Intents)+len(s.Sources) != 0 || s.Sinks[to].Objects != 3 {
		t.Errorf("after forget: %+v", s)
	}
}

func TestTwoAppliers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := storetest.NewMemory(nil)
		o := state.Options{Holder: store.Holder{ID: "1", Who: "anna@ci"}, TTL: time.Minute, Lineage: func() string { return "l" }}
		anna, err := state.Open(t.Context(), m, o)
		if err != nil {
			t.Fatal(err)
		}
		o.Holder = store.Holder{ID: "2", Who: "ben@laptop"}
		o.LockTimeout = 30 * time.Second
		start := time.Now()
		_, err = state.Open(t.Context(), m, o)
		var held *store.HeldError
		if !errors.As(err, &held) || held.Holder.Who != "anna@ci" {
			t.Fatalf("second applier: %v, want a HeldError that names anna", err)
		}
		if waited := time.Since(start); waited != o.LockTimeout {
			t.Errorf("waited %s, want %s", waited, o.LockTimeout)
		}
		done := make(chan error)
		go func() {
			ben, err := state.Open(t.Context(), m, o)
			if err == nil {
				err = ben.Close(t.Context())
			}
			done <- err
		}()
		time.Sleep(10 * time.Second)
		apply(t, anna, state.Know{Source: src})
		closed(t, anna)
		if err := <-done; err != nil {
			t.Errorf("the one who waited: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		session(t, m, "3")
		if _, err := state.Open(ctx, m, o); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, store.ErrHeld) {
			t.Errorf("waiting was cancelled: %v, want both reasons", err)
		}
	})
}

// TestPausedWriter stops a writer after each step of a commit, lets another
// take over, and wakes it up.
func TestPausedWriter(t *testing.T) {
	for step := range 3 {
		for _, reopens := range []bool{false, true} {
			t.Run(fmt.Sprint("after step ", step, ", opens the manifest anew: ", reopens), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { pausedWriter(t, step, reopens) })
			})
		}
	}
}

func pausedWriter(t *testing.T, step int, reopens bool) {
	states, objects := storetest.NewMemory(nil), storetest.NewMemory(nil)
	open := func(id string) (*state.File, *manifest.Manifest) {
		f, err := state.Open(t.Context(), states, state.Options{Holder: store.Holder{ID: id}, TTL: time.Minute, Lineage: func() string { return "l" }})
		if err != nil {
			t.Fatal(err)
		}
		m, err := manifest.Open(t.Context(), objects, ".logpipe/manifest")
		if err != nil {
			t.Fatal(err)
		}
		apply(t, f, state.Claim{Sink: sink, Kind: "local"})
		if err := m.Take(t.Context(), manifest.Claim{Lineage: "l", Sink: sink}, f.Epoch(), id); err != nil {
			t.Fatal(err)
		}
		return f, m
	}
	old, oldManifest := open("old")
	intent := state.Intent{ID: old.NewIntent(), Lane: lane, Slice: "a", Revision: 1, Attempt: 1}
	if step > 0 {
		apply(t, old, state.OpenIntent{Intent: intent})
	}
	if step > 1 {
		if err := store.Put(t.Context(), objects, "a.jsonl", nil); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(2 * time.Minute)

	taker, takerManifest := open("taker")
	if err := takerManifest.Fence(t.Context(), taker.Epoch(), "taker"); err != nil {
		t.Fatal(err)
	}
	for id := range taker.State().Intents {
		if _, named, err := takerManifest.Find(t.Context(), id); named || err != nil {
			t.Fatalf("find: %v, %v", named, err)
		}
		apply(t, taker, state.Abandon{Intent: id})
	}
	seq := takerManifest.Head().Seq
	serial := taker.State().Serial

	if reopens {
		var err error
		if oldManifest, err = manifest.Open(t.Context(), objects, ".logpipe/manifest"); err != nil {
			t.Fatal(err)
		}
	}
	entry := manifest.Entry{Source: src, Sink: sink, Slice: "a", Revision: 1, Attempt: 1, Intent: intent.ID}
	for name, err := range map[string]error{
		"name objects":   oldManifest.Append(t.Context(), manifest.Segment{Epoch: old.Epoch(), Writer: "old", Entries: []manifest.Entry{entry}}),
		"open an intent": old.Apply(t.Context(), state.OpenIntent{Intent: state.Intent{ID: "late", Lane: lane, Slice: "b"}}),
		"check":          old.Check(t.Context()),
		"renew":          old.Renew(t.Context()),
		"write again":    old.Apply(t.Context(), state.Know{Source: src}),
	} {
		if !errors.Is(err, state.ErrLost) {
			t.Errorf("the old writer can %s: %v, want ErrLost", name, err)
		}
	}
	if err := old.Close(t.Context()); err != nil {
		t.Errorf("close of the old writer: %v", err)
	}
	if s := takerManifest.Head().Seq; s != seq || reread(t, states).Serial != serial {
		t.Error("the old writer wrote something")
	}
	if err := taker.Renew(t.Context()); err != nil {
		t.Errorf("the taker lost its lease when the old writer closed: %v", err)
	}
}

func TestCheckKnowsBeforeItWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := storetest.NewMemory(nil)
		o := state.Options{Holder: store.Holder{ID: "1"}, TTL: time.Minute, Lineage: func() string { return "l" }}
		f, err := state.Open(t.Context(), m, o)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if err := f.Check(t.Context()); err != nil {
			t.Errorf("over, but nobody took it: %v", err)
		}
		if err := m.Break(t.Context(), "state", "1"); err != nil {
			t.Fatal(err)
		}
		if err := f.Renew(t.Context()); !errors.Is(err, state.ErrLost) {
			t.Errorf("renew after force-unlock: %v, want ErrLost", err)
		}
		if err := f.Apply(t.Context(), state.Know{Source: src}); !errors.Is(err, state.ErrLost) {
			t.Errorf("apply after force-unlock: %v, want ErrLost", err)
		}
	})
}

func TestFullDisk(t *testing.T) {
	m := storetest.NewMemory(still)
	plan := &storetest.Plan{}
	f := session(t, storetest.Fault{Under: m, Plan: plan}, "anna")
	apply(t, f, state.Know{Source: src})
	before := f.State()
	for k := 1; ; k++ {
		*plan = storetest.Plan{At: k}
		err := f.Apply(t.Context(), state.Forget{Addr: src})
		if err == nil && !plan.Reached() {
			break
		}
		if err == nil {
			t.Fatalf("operation %d failed and nobody said so", k)
		}
		if errors.Is(err, state.ErrLost) || !errors.Is(err, storetest.ErrFault) {
			t.Fatalf("operation %d: %v, want the fault", k, err)
		}
		if diff := cmp.Diff(before, f.State()); diff != "" {
			t.Fatalf("operation %d: the state changed:\n%s", k, diff)
		}
	}
	if len(reread(t, m).Sources) != 0 {
		t.Error("after the disk had room again nothing was written")
	}
}

func FuzzOpenSegment(f *testing.F) {
	m := storetest.NewMemory(still)
	file := begin(f, m)
	if err := file.Apply(f.Context()); err != nil {
		f.Fatal(err)
	}
	if err := file.Apply(f.Context(), state.Know{Source: src}, state.OpenIntent{Intent: state.Intent{ID: "i", Lane: lane}},
		state.Finish{Intent: "i", Done: grid(0, 1, 1)}, state.Put{Lane: lane, Done: []*state.Done{whole(1)}}); err != nil {
		f.Fatal(err)
	}
	for n := range int64(2) {
		body, _, err := store.Unseal(m.Get(seg(n + 1)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, true)
		f.Add(m.Get(seg(n+1)), false)
	}
	f.Add([]byte(`{"format_version":1,"lineage":"l","serial":1,"since":0,"writer":"","at":"2026-01-01T00:00:00Z"}`+"\n"+`{"put":{"lane":"source.a.b -> sink.a.b","done":[null]}}`+"\n"), true)
	f.Fuzz(func(t *testing.T, b []byte, seal bool) {
		if seal { // get past the hash, to what stands behind it
			b, _ = store.Seal(bytes.Clone(b))
		}
		m := storetest.NewMemory(still)
		m.Set(seg(1), b)
		opened, err := state.Open(t.Context(), m, state.Options{ReadOnly: true})
		if err != nil {
			if !strings.Contains(err.Error(), seg(1)) && !strings.Contains(err.Error(), seg(0)) {
				t.Errorf("%v does not name the segment", err)
			}
			return
		}
		st := opened.State()
		text, err := state.Export(st)
		if err != nil {
			t.Fatalf("what was read cannot be exported: %v", err)
		}
		if _, err := state.Import(text); err != nil {
			t.Fatalf("what was exported cannot be imported: %v", err)
		}
	})
}
