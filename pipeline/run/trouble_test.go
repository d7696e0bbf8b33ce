package run_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/plan"
	"github.com/logpipe/logpipe/pipeline/run"
	"github.com/logpipe/logpipe/pipeline/state"
	"github.com/logpipe/logpipe/pipeline/store"
)

// object reports whether a name is an object's, not the machinery's.
func object(name string) bool { return !strings.HasPrefix(name, ".") }

// spoil makes the store of one sink fail as fail says, until the test is over
// or the returned function is called.
func (h *house) spoil(sink string, fail func(op, object string) error) (mend func()) {
	plain := h.wrap
	h.wrap = func(name string, s store.Store) store.Store {
		if name == sink {
			return &faulty{s, fail}
		}
		return plain(name, s)
	}
	return func() { h.wrap = plain }
}

// dies is a fault at one operation of a sink after which nothing works.
func (h *house) dies(sink string, at func(op, object string) bool) (mend func()) {
	plain, dead := h.wrap, false
	var mu sync.Mutex
	h.wrap = func(name string, s store.Store) store.Store {
		return &faulty{s, func(op, object string) error {
			mu.Lock()
			defer mu.Unlock()
			if dead = dead || name == sink && at(op, object); dead {
				return errDead
			}
			return nil
		}}
	}
	late := h.clock
	return func() {
		h.wrap = plain
		h.clock = func() time.Time { return late().Add(time.Hour) } // the lease is over
	}
}

func committed(op, name string) bool { return op == "committed" && object(name) }
func namedIt(op, name string) bool {
	return op == "committed" && strings.HasPrefix(name, ".logpipe/manifest") && !strings.HasSuffix(name, "001.jsonl")
}

func (h *house) same(sink string, want map[string][]string) {
	h.t.Helper()
	if diff := cmp.Diff(want, h.named(sink)); diff != "" {
		h.t.Errorf("sink %s (-want +got):\n%s", sink, diff)
	}
}

// A connection that ends too early is an error that wraps io.EOF; only the bare
// io.EOF ends a slice.
func TestAnErrorThatWrapsEOFIsNoEnd(t *testing.T) {
	w := newWorld(1, 8)
	w.fail = fmt.Errorf("get the next page: %w", io.EOF)
	h := newHouse(t, w, oneSink)
	_, r, err := h.apply()
	if err != nil || len(r.Failures) != 1 {
		t.Errorf("failures %v, error %v; want one failure", r.Failures, err)
	}
	h.same("a", map[string][]string{})
}

// A store may make an object and then fail to say so. The object must not stay
// there without a name, nor stand in the way for ever.
func TestACommitWhoseAnswerWasLost(t *testing.T) {
	w := newWorld(2, 4)
	h := newHouse(t, w, oneSink)
	var once sync.Once
	mend := h.spoil("a", func(op, name string) (err error) {
		if committed(op, name) {
			once.Do(func() { err = errors.New("the answer was lost") })
		}
		return err
	})
	_, r, err := h.apply()
	if err != nil || len(r.Failures) != 1 {
		t.Fatalf("failures %v, error %v; want one", r.Failures, err)
	}
	mend()
	h.mustApply()
	h.same("a", w.want(false))
	h.settled()
}

// A sink that was forgotten and comes back finds its old objects under the
// names that its new ones would have. They are stored and named: neither a run
// nor the recovery after a crash may touch them.
func TestForgottenObjectsAreNobodysOrphans(t *testing.T) {
	w := newWorld(1, 3)
	w.put(0, item{raw: `{"cut":`})
	h := newHouse(t, w, twoSinks)
	h.mustApply()
	h.hcl = strings.Replace(twoSinks, `sink "dir" "b" { from = source.world.w }`, "removed {\n from = sink.dir.b\n retention = \"forget\"\n}", 1)
	h.mustApply()
	h.hcl = twoSinks
	mend := h.dies("b", committed)
	_, _, _ = h.apply()
	mend()
	h.mustApply()
	want := w.want(false)
	for id := range want {
		want[id] = []string{"first", "first"} // forgotten is forgotten
	}
	h.same("b", want)
	h.settled()
	if n := len(files(t, filepath.Join(h.dir, "b", ".logpipe", "rejects"), ".jsonl")); n != 2 {
		t.Errorf("%d files of rejects, want both runs'", n)
	}
}

// files lists the names below a folder that hold text.
func files(t *testing.T, root, text string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(d.Name(), text) {
			names = append(names, p)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return names
}

// When the slices become shorter several of them lean on the memory of the one
// that held them all.
func TestShorterSlicesShareTheMemoryOfTheLongOne(t *testing.T) {
	w := newWorld(4, 3)
	w.width = 4
	h := newHouse(t, w, twoSinks)
	h.mustApply()
	w.width = 1
	w.put(2, item{id: "late", text: "first"})
	r := h.oneByOne()
	if c := r.Counts(); c.Unchanged != 24 || c.Written != 2 {
		t.Errorf("counts %+v, want all but the late record unchanged", c)
	}
	h.same("a", w.want(false))
	h.same("b", w.want(false))
	if left := files(t, filepath.Join(h.dir, "a", ".logpipe", "seen"), ""); len(left) != 4 {
		t.Errorf("%d memories are kept, want one for each hour: %v", len(left), left)
	}
	w.width = 2
	w.put(3, item{id: "later", text: "first"})
	h.mustApply()
	h.same("a", w.want(false))
}

// oneByOne applies with one slice open at a time.
func (h *house) oneByOne() *run.Report {
	h.t.Helper()
	se, err := h.open("test")
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := se.apply(context.Background(), run.Options{Parallelism: 1})
	if err := errors.Join(err, se.st.Close(context.Background())); err != nil {
		h.t.Fatal(err)
	}
	for _, f := range r.Failures {
		h.t.Errorf("slice %s, sink %s: %s", f.Slice, f.Sink, f.Error)
	}
	return r
}

func TestASliceThatShrinksLosesNothing(t *testing.T) {
	w := newWorld(1, 6)
	h := newHouse(t, w, oneSink)
	h.mustApply()
	all := w.want(false)
	w.hours[day] = w.hours[day][:2]
	_, r := h.mustApply()
	if want := (manifest.Counts{Read: 2, Unchanged: 2}); r.Counts() != want {
		t.Errorf("counts %+v, want %+v", r.Counts(), want)
	}
	h.same("a", all)
	if p, _ := h.mustApply(); !p.Empty() {
		t.Errorf("there is still work: %+v", p.Reads)
	}
}

func TestTwoWaysToOneSink(t *testing.T) {
	w := newWorld(1, 6)
	w.put(0, item{id: "x", text: "drop"})
	w.put(0, item{raw: `{"cut":`})
	h := newHouse(t, w, `
source "world" "w" {}
transform "keep" "k" { from = source.world.w }
transform "mark" "m" { 
  from = source.world.w
  with = "m"
}
sink "dir" "a" { from = [transform.keep.k, transform.mark.m] }
`)
	_, r := h.mustApply()
	want := w.want(false)
	for id, texts := range want {
		if id != "x" {
			want[id] = append(texts, "first")
		}
	}
	h.same("a", want)
	// Counted once for each way.
	if want := (manifest.Counts{Read: 16, Dropped: 1, Rejected: 2, Written: 13}); r.Counts() != want {
		t.Errorf("counts %+v, want %+v", r.Counts(), want)
	}
	if n := strings.Count(h.text("a"), `"mark":"m"`); n != 7 {
		t.Errorf("%d records are marked, want those of one way", n)
	}
}

// text is all that a sink's objects hold.
func (h *house) text(sink string) string {
	h.t.Helper()
	var all []byte
	for _, name := range files(h.t, filepath.Join(h.dir, sink), ".r") {
		if !strings.Contains(name, ".logpipe") {
			b, err := os.ReadFile(name)
			if err != nil {
				h.t.Fatal(err)
			}
			all = append(all, b...)
		}
	}
	return string(all)
}

func TestTwoSourcesIntoOneSink(t *testing.T) {
	w := newWorld(3, 4)
	h := newHouse(t, w, `
source "world" "w" {}
source "world" "v" {}
sink "dir" "a" { from = [source.world.v, source.world.w] }
`)
	p, r := h.mustApply()
	if len(p.Reads) != 6 || len(r.Lanes) != 2 {
		t.Errorf("%d reads, %d lanes; want 6 and 2", len(p.Reads), len(r.Lanes))
	}
	want := w.want(false)
	for id := range want {
		want[id] = []string{"first", "first"} // each source's own
	}
	h.same("a", want)
}

// Several workers edit views of one batch while others are written; order and
// bytes stay.
func TestWorkersWithViews(t *testing.T) {
	w := newWorld(0, 0)
	const n = 900
	for i := range n {
		w.put(0, item{id: fmt.Sprint(i), text: strings.Repeat("x", i%50)})
	}
	h := newHouse(t, w, `
source "list" "w" {}
transform "mark" "m" { 
  from = source.list.w
  with = "m"
}
transform "mark" "n" { 
  from = transform.mark.m
  with = "n"
}
sink "dir" "a" { from = source.list.w }
sink "dir" "b" { from = transform.mark.m }
sink "dir" "c" { from = transform.mark.n }
sink "dir" "d" { from = [transform.mark.n, transform.mark.m] }
`)
	se, err := h.open("test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := se.apply(context.Background(), run.Options{Workers: 4}); err != nil {
		t.Fatal(err)
	}
	if err := se.st.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for sink, marks := range map[string]string{"a": "", "b": `,"mark":"m"`, "c": `,"mark":"m","mark":"n"`} {
		lines := strings.Split(strings.TrimSpace(h.text(sink)), "\n")
		if len(lines) != n {
			t.Fatalf("sink %s has %d records, want %d", sink, len(lines), n)
		}
		for i, line := range lines {
			if !strings.HasPrefix(line, fmt.Sprintf(`{"id":"%d",`, i)) || !strings.HasSuffix(line, strings.Repeat("x", i%50)+`"`+marks+"}") {
				t.Fatalf("sink %s, record %d: %s", sink, i, line)
			}
		}
	}
	if text := h.text("d"); strings.Count(text, `"mark":"n"`) != n || strings.Count(text, `"mark":"m"`) != 2*n {
		t.Error("the two ways to sink d mixed their records")
	}
}

// What a transform spoiled is found when it is read again, which may be at a
// fork; it is rejected and counted there.
func TestWhatATransformCutIsRejected(t *testing.T) {
	w := newWorld(1, 4)
	h := newHouse(t, w, `
source "world" "w" {}
transform "mark" "m" { 
  from = source.world.w
  with = "cut"
}
sink "dir" "a" { from = transform.mark.m }
sink "dir" "b" { from = transform.mark.m }
`)
	_, r := h.mustApply()
	if want := (manifest.Counts{Read: 8, Rejected: 8}); r.Counts() != want {
		t.Errorf("counts %+v, want %+v", r.Counts(), want)
	}
}

func TestASinkThatIsGoneWithAnOpenIntent(t *testing.T) {
	for name, at := range map[string]func(op, object string) bool{"before it was named": committed, "after it was named": namedIt} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(1, 4)
			h := newHouse(t, w, twoSinks)
			mend := h.dies("b", at)
			_, _, _ = h.apply()
			mend()
			h.hcl = oneSink
			h.mustApply()
			h.same("a", w.want(false))
			p, _ := h.mustApply()
			if !p.Empty() {
				t.Errorf("a plan that has nothing to do is not empty: recoveries %+v", p.Recoveries)
			}
			if !slices.ContainsFunc(p.Notes, func(n plan.Note) bool {
				return n.Addr.Label == "b" && strings.Contains(n.Text, "interrupted")
			}) {
				t.Errorf("nothing says that a slice of the sink is unfinished: %+v", p.Notes)
			}
			t.Run("comes back", func(t *testing.T) {
				h.t, h.hcl = t, twoSinks
				h.mustApply()
				h.same("b", w.want(false))
				h.settled()
			})
		})
	}
}

func TestAForgottenSinkHasNoOpenIntent(t *testing.T) {
	w := newWorld(1, 4)
	h := newHouse(t, w, twoSinks)
	mend := h.dies("b", committed)
	_, _, _ = h.apply()
	mend()
	h.hcl = oneSink + "removed {\n from = sink.dir.b\n retention = \"forget\"\n}"
	h.mustApply()
	h.settled()
	if p, _ := h.mustApply(); !p.Empty() {
		t.Errorf("there is still work: %+v", p)
	}
}

func TestAMovedSinkWithAnOpenIntent(t *testing.T) {
	for name, at := range map[string]func(op, object string) bool{"before it was named": committed, "after it was named": namedIt} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(2, 4)
			h := newHouse(t, w, twoSinks)
			mend := h.dies("b", at)
			_, _, _ = h.apply()
			mend()
			h.hcl = oneSink + `
sink "dir" "z" { 
  from = source.world.w
  at = "b"
}
moved { 
  from = sink.dir.b
  to = sink.dir.z
}`
			h.mustApply()
			h.same("b", w.want(false))
			h.settled()
			if p, _ := h.mustApply(); !p.Empty() {
				t.Errorf("there is still work: %+v", p)
			}
		})
	}
}

// Another place under the old name has nothing of what is stored: neither the
// manifest nor the memory of records.
func TestASinkThatChangedItsPlace(t *testing.T) {
	w := newWorld(2, 4)
	h := newHouse(t, w, twoSinks)
	mend := h.dies("b", namedIt)
	_, _, _ = h.apply()
	mend()
	h.hcl = oneSink + "sink \"dir\" \"b\" {\n from = source.world.w\n at = \"c\"\n}"
	p, _ := h.mustApply()
	if len(p.Problems) != 1 || !strings.Contains(p.Problems[0].Text, `"b"`) {
		t.Errorf("problems %+v, want one that names the old place", p.Problems)
	}
	h.same("a", w.want(false))
	// The folder moved with all that is in it: that is the same place.
	if err := os.Rename(filepath.Join(h.dir, "b"), filepath.Join(h.dir, "c")); err != nil {
		t.Fatal(err)
	}
	w.put(0, item{id: "late", text: "first"})
	h.mustApply()
	h.same("c", w.want(false))
	h.settled()
}

// One sink that cannot be reached keeps its own lanes from their work and
// nothing else, even if a run was interrupted in it.
func TestABrokenManifestStopsOneSink(t *testing.T) {
	for _, when := range []string{"from the plan on", "after the plan"} {
		t.Run(when, func(t *testing.T) {
			w := newWorld(2, 4)
			h := newHouse(t, w, twoSinks)
			mend := h.dies("b", committed)
			_, _, _ = h.apply()
			mend()
			broken := when == "from the plan on"
			mend = h.spoil("b", func(op, name string) error {
				if broken && strings.HasPrefix(name, ".logpipe/manifest") {
					return errors.New("permission denied")
				}
				return nil
			})
			se, err := h.open("test")
			if err != nil {
				t.Fatal(err)
			}
			broken = true
			r, err := se.apply(context.Background(), run.Options{})
			if err != nil {
				t.Errorf("the run as a whole failed: %v", err)
			}
			if when == "after the plan" && len(r.Failures) == 0 {
				t.Error("nothing is said of the sink")
			}
			if err := se.st.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
			h.same("a", w.want(false))
			mend()
			h.mustApply()
			h.same("b", w.want(false))
			h.settled()
		})
	}
}

// A run that finds its lease taken lets go of everything that it holds.
func TestALostLeaseLeavesNoUnfinishedFile(t *testing.T) {
	w := newWorld(1, 4)
	h := newHouse(t, w, twoSinks)
	h.spoil("a", func(op, name string) error {
		if op == "create" && strings.HasPrefix(name, ".logpipe/manifest") && !strings.HasSuffix(name, "001.jsonl") {
			return fmt.Errorf("segment: %w", store.ErrExists)
		}
		return nil
	})
	_, r, err := h.apply()
	if !errors.Is(err, manifest.ErrLost) || !r.Lost {
		t.Errorf("error %v, lost %v", err, r.Lost)
	}
	if left := files(t, h.dir, ".tmp-"); len(left) > 0 {
		t.Errorf("unfinished files: %v", left)
	}
	if len(r.Failures) != 2 {
		t.Errorf("failures %v, want both lanes", r.Failures)
	}
}

// A reader that cannot tell what it has read has read what was planned.
func TestGroundOfAReaderThatTellsNone(t *testing.T) {
	w := newWorld(1, 4)
	w.mute = true
	h := newHouse(t, w, oneSink)
	h.mustApply()
	if p, _ := h.mustApply(); !p.Empty() {
		t.Errorf("read again: %+v", p.Reads)
	}
}

// Slices that do not change any more are remembered together, so the state does
// not grow with them; and they need no memory of their records.
func TestSettledSlicesAreJoined(t *testing.T) {
	w := newWorld(5, 2)
	w.settles = true
	h := newHouse(t, w, oneSink)
	h.mustApply()
	st, err := state.Open(context.Background(), h.store("state"), state.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for lane, ls := range st.State().Lanes {
		if len(ls.Done) != 1 || ls.Len() != 5 {
			t.Errorf("%s: %d entries for %d slices, want 1 for 5", lane, len(ls.Done), ls.Len())
		}
	}
	if left := files(t, filepath.Join(h.dir, "a", ".logpipe", "seen"), ""); len(left) > 0 {
		t.Errorf("memories are kept: %v", left)
	}
}

// A sink without a store of its own has its manifest beside the state, and
// nothing of the state is its to delete, whatever it calls its objects.
func TestAServiceThatWasInterrupted(t *testing.T) {
	w := newWorld(1, 4)
	h := newHouse(t, w, "source \"world\" \"w\" {}\nsink \"service\" \"s\" { from = source.world.w }\n")
	mend := h.dies("s", func(op, name string) bool { return op == "write" })
	_, _, _ = h.apply()
	mend()
	h.mustApply()
	h.settled()
	if p, _ := h.mustApply(); !p.Empty() {
		t.Errorf("there is still work: %+v", p)
	}
	if left := files(t, filepath.Join(h.dir, "state", "segments"), "000000000001.jsonl"); len(left) != 1 {
		t.Error("the first segment of the state is gone")
	}
}
