package run_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/run"
	"github.com/logpipe/logpipe/pipeline/store"
)

func TestApplyStoresEverythingOnce(t *testing.T) {
	w := newWorld(5, 10)
	w.put(1, item{id: "x", text: "drop"})
	w.put(1, item{id: "y", text: "refuse"})
	w.put(2, item{raw: `{"cut":`})
	h := newHouse(t, w, twoSinks)

	p, r := h.mustApply()
	if len(p.Reads) != 5 || r.Slices != 5 || len(r.Failures) > 0 {
		t.Fatalf("%d reads planned, %d slices read, failures %v", len(p.Reads), r.Slices, r.Failures)
	}
	if diff := cmp.Diff(w.want(true), h.named("a")); diff != "" {
		t.Error("sink a (-want +got):\n" + diff)
	}
	if diff := cmp.Diff(w.want(false), h.named("b")); diff != "" {
		t.Error("sink b (-want +got):\n" + diff)
	}
	var got []manifest.Counts
	for _, l := range r.Lanes {
		got = append(got, l.Counts)
	}
	want := []manifest.Counts{
		{Read: 53, Dropped: 1, Rejected: 2, Written: 50},
		{Read: 53, Rejected: 1, Written: 52},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("counts (-want +got):\n" + diff)
	}

	p, r = h.mustApply()
	if !p.Empty() || r.Slices != 0 {
		t.Errorf("the second plan has work: %+v", p.Reads)
	}
	h.settled()
}

func TestWhatGrewBecomesARevision(t *testing.T) {
	w := newWorld(2, 4)
	h := newHouse(t, w, oneSink)
	h.mustApply()
	w.put(1, item{id: "h1-r0", text: "changed"})
	w.put(1, item{id: "late", text: "first"})
	w.put(1, item{id: "late", text: "first"})
	p, r := h.mustApply()
	if len(p.Reads) != 1 || p.Reads[0].Revision != 2 {
		t.Fatalf("reads %+v, want the second revision of one slice", p.Reads)
	}
	want := manifest.Counts{Read: 7, Unchanged: 4, Duplicate: 1, Written: 2}
	if got := r.Counts(); got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
	stored := h.named("a")
	if got := stored["h1-r0"]; !slices.Equal(got, []string{"first", "changed"}) {
		t.Errorf("versions of the changed record: %v", got)
	}
	if got := stored["late"]; len(got) != 1 {
		t.Errorf("versions of the late record: %v", got)
	}
	// What two sinks learned together they go on knowing together, and a third
	// revision still knows the first.
	w.put(1, item{id: "later", text: "first"})
	_, r = h.mustApply()
	if got := r.Counts(); got.Unchanged != 7 || got.Written != 1 {
		t.Errorf("third revision: %+v", got)
	}
}

func TestAnAddedSinkReadsAloneAndOthersRest(t *testing.T) {
	w := newWorld(3, 5)
	h := newHouse(t, w, oneSink)
	h.mustApply()
	h.hcl = twoSinks
	p, _ := h.mustApply()
	for _, rd := range p.Reads {
		if len(rd.Writes) != 1 || rd.Writes[0].Sink.Label != "b" || rd.Why != "first run of this lane" {
			t.Errorf("read %+v, want the new lane alone", rd)
		}
	}
	if diff := cmp.Diff(w.want(false), h.named("b")); diff != "" {
		t.Error(diff)
	}
	// A revision finds both lanes with their own memories.
	w.put(0, item{id: "late", text: "first"})
	h.mustApply()
	for _, sink := range []string{"a", "b"} {
		if diff := cmp.Diff(w.want(false), h.named(sink)); diff != "" {
			t.Errorf("sink %s: %s", sink, diff)
		}
	}
}

func TestAFailingSinkTakesOnlyItsOwnLanes(t *testing.T) {
	w := newWorld(3, 5)
	h := newHouse(t, w, twoSinks)
	broken := errors.New("the disk is full")
	h.wrap = func(name string, s store.Store) store.Store {
		if name == "b" {
			return &faulty{Store: s, fail: func(op, object string) error {
				if op == "write" && strings.HasSuffix(object, "a1.jsonl") && !strings.HasPrefix(object, ".") {
					return broken
				}
				return nil
			}}
		}
		return s
	}
	_, r, err := h.apply()
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Failures) != 3 || !errors.Is(r.Failures[0].Err, broken) {
		t.Errorf("failures %v", r.Failures)
	}
	if diff := cmp.Diff(w.want(false), h.named("a")); diff != "" {
		t.Error(diff)
	}
	h.settled()
	h.wrap = func(_ string, s store.Store) store.Store { return s }
	p, _ := h.mustApply()
	if len(p.Reads) != 3 {
		t.Errorf("%d reads left, want 3", len(p.Reads))
	}
	if diff := cmp.Diff(w.want(false), h.named("b")); diff != "" {
		t.Error(diff)
	}
}

func TestAFailingSourceOrStageStoresNothingOfTheSlice(t *testing.T) {
	for name, spoil := range map[string]func(*world){
		"source": func(w *world) { w.fail = errors.New("the body was cut") },
		"stage":  func(w *world) { w.put(0, item{id: "z", text: "break"}) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(1, 8)
			h := newHouse(t, w, oneSink)
			spoil(w)
			_, r, err := h.apply()
			if err != nil || len(r.Failures) != 1 {
				t.Fatalf("failures %v, error %v", r.Failures, err)
			}
			if got := h.named("a"); len(got) > 0 {
				t.Errorf("stored %v", got)
			}
			h.settled()
		})
	}
}

func TestStoppedRunsSayWhatIsLeft(t *testing.T) {
	w := newWorld(6, 4)
	h := newHouse(t, w, oneSink)
	se, err := h.open("test")
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var once bool
	r, err := se.apply(context.Background(), run.Options{Parallelism: 1, Stop: stop, Event: func(e run.Event) {
		if e.Kind == run.Started && !once {
			once = true
			close(stop)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Slices != 1 || r.Left != 5 || !r.Stopped {
		t.Errorf("%d slices, %d left, stopped %v", r.Slices, r.Left, r.Stopped)
	}
	if err := se.st.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	p, _ := h.mustApply()
	if len(p.Reads) != 5 {
		t.Errorf("%d reads left, want 5", len(p.Reads))
	}
	if diff := cmp.Diff(w.want(false), h.named("a")); diff != "" {
		t.Error(diff)
	}
}

func TestACancelledRunLeavesNothingOpen(t *testing.T) {
	w := newWorld(4, 30)
	h := newHouse(t, w, twoSinks)
	se, err := h.open("test")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	_, err = se.apply(ctx, run.Options{Parallelism: 2, Event: func(e run.Event) {
		if e.Kind == run.Committed {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the cancellation", err)
	}
	if err := se.st.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	h.named("a")
	h.named("b")
	h.mustApply()
	h.settled()
	for _, sink := range []string{"a", "b"} {
		if diff := cmp.Diff(w.want(false), h.named(sink)); diff != "" {
			t.Errorf("sink %s: %s", sink, diff)
		}
	}
}

// Behind a redaction nobody can try out records against the hashes of rejects,
// and the manifest says which key made the pseudonyms.
func TestRejectsBehindARedaction(t *testing.T) {
	w := newWorld(0, 0)
	w.put(0, item{raw: `{"cut":`})
	h := newHouse(t, w, `
source "world" "w" {}
transform "veil" "k" {
  from  = source.world.w
  keyed = "yes"
}
transform "veil" "n" { from = source.world.w }
sink "dir" "keyed" { from = transform.veil.k }
sink "dir" "keyless" { from = transform.veil.n }
sink "dir" "plain" { from = source.world.w }
`)
	h.mustApply()
	for sink, want := range map[string]string{"keyed": `"hmac":`, "keyless": "", "plain": `"sha256":`} {
		text := h.rejectsOf(sink)
		for _, hash := range []string{`"hmac":`, `"sha256":`} {
			if got := strings.Contains(text, hash); got != (hash == want) {
				t.Errorf("rejects of %s hold %s: %v\n%s", sink, hash, got, text)
			}
		}
		if strings.Contains(text, "cut") {
			t.Errorf("rejects of %s hold bytes of the record: %s", sink, text)
		}
	}
	var keys []manifest.Key
	for _, e := range h.entries("keyed") {
		keys = append(keys, e.Keys...)
	}
	if want := []manifest.Key{{ID: "k1", Check: "check"}}; !slices.Equal(keys, want) {
		t.Errorf("keys in the manifest: %v, want %v", keys, want)
	}
}

func (h *house) entries(sink string) []manifest.Entry {
	h.t.Helper()
	m, err := manifest.Open(context.Background(), h.store(sink), ".logpipe/manifest")
	if err != nil {
		h.t.Fatal(err)
	}
	var all []manifest.Entry
	for e, err := range m.Entries(context.Background()) {
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

func (h *house) rejectsOf(sink string) string {
	h.t.Helper()
	var text strings.Builder
	for _, e := range h.entries(sink) {
		b, err := os.ReadFile(filepath.Join(h.dir, sink, e.Rejects.Name))
		if err != nil {
			h.t.Fatal(err)
		}
		text.Write(b)
	}
	return text.String()
}
