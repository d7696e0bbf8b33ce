package run_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/logpipe/logpipe/pipeline/store"
)

// A manifest that is gone or another is never taken for one that is new: the
// sink gets nothing, the others go on, and what to do is said.
func TestAManifestThatVanished(t *testing.T) {
	segment := store.Row{Prefix: ".logpipe/manifest/"}.Name
	remove := func(t *testing.T, name string) {
		t.Helper()
		if _, err := os.Stat(name); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(name); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, gone string // below the sink's place
	}{
		{"the last segment", segment(4)},
		{"a segment in the middle", segment(2)},
		{"the machinery", ".logpipe"},
		{"the place", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(3, 4)
			h := newHouse(t, w, twoSinks)
			h.mustApply()
			place := filepath.Join(h.dir, "b")
			if err := os.CopyFS(filepath.Join(h.dir, "backup"), os.DirFS(place)); err != nil {
				t.Fatal(err)
			}
			remove(t, filepath.Join(place, filepath.FromSlash(c.gone)))
			w.put(0, item{id: "late", text: "first"})
			p, r, err := h.apply()
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Problems) != 1 || p.Problems[0].Addr.Label != "b" || !strings.Contains(p.Problems[0].Text, "missing") ||
				!strings.Contains(p.Problems[0].Text, "logpipe state rm 'sink.dir.b'") {
				t.Errorf("problems %+v, want one of sink b that says what is missing and what to do", p.Problems)
			}
			for _, l := range r.Lanes {
				if l.Lane.Sink.Label == "b" {
					t.Errorf("something was stored in b: %+v", l)
				}
			}
			h.same("a", w.want(false))
			// Put back, the sink goes on where it was.
			if err := os.RemoveAll(place); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(filepath.Join(h.dir, "backup"), place); err != nil {
				t.Fatal(err)
			}
			h.mustApply()
			h.same("b", w.want(false))
		})
	}
}

// What is put back from an older copy is not what was written.
func TestAManifestFromAnOlderCopy(t *testing.T) {
	w := newWorld(1, 4)
	h := newHouse(t, w, oneSink)
	h.mustApply()
	place := filepath.Join(h.dir, "a")
	if err := os.CopyFS(filepath.Join(h.dir, "backup"), os.DirFS(place)); err != nil {
		t.Fatal(err)
	}
	w.put(1, item{id: "late", text: "first"})
	h.mustApply()
	if err := os.RemoveAll(place); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(h.dir, "backup"), place); err != nil {
		t.Fatal(err)
	}
	p, _, err := h.apply()
	if err != nil || len(p.Problems) != 1 || !strings.Contains(p.Problems[0].Text, "segment 2 is the last") {
		t.Errorf("problems %+v, error %v", p.Problems, err)
	}
}

// What is remembered of a slice's records is not taken as it lies there: zeros
// in its place would make every record new.
func TestASpoiltMemoryOfRecords(t *testing.T) {
	for name, spoil := range map[string]func(file string, size int64) error{
		"zeros":   func(f string, size int64) error { return os.WriteFile(f, make([]byte, size), 0o600) },
		"cut":     func(f string, size int64) error { return os.Truncate(f, size-16) },
		"missing": func(f string, _ int64) error { return os.Remove(f) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(1, 4)
			h := newHouse(t, w, twoSinks)
			h.mustApply()
			for _, sink := range []string{"a", "b"} {
				sets := files(t, filepath.Join(h.dir, sink, ".logpipe", "seen"), "")
				if len(sets) != 1 {
					t.Fatalf("sets of sink %s: %v", sink, sets)
				}
				info, err := os.Stat(sets[0])
				if err == nil {
					err = spoil(sets[0], info.Size())
				}
				if err != nil {
					t.Fatal(err)
				}
				w.put(0, item{id: "late-" + sink, text: "first"})
				_, r, err := h.apply()
				if err != nil {
					t.Fatal(err)
				}
				if sink == "a" { // the other sink has the same set
					if len(r.Failures) > 0 {
						t.Errorf("failures %+v although sink b has the set", r.Failures)
					}
					// Each sink keeps a new set now; spoil both.
					set := files(t, filepath.Join(h.dir, "a", ".logpipe", "seen"), "")[0]
					if err := spoil(set, 5*16); err != nil {
						t.Fatal(err)
					}
					continue
				}
				if len(r.Failures) == 0 || !strings.Contains(r.Failures[0].Error, "-replace='sink.dir.b'") || strings.Contains(r.Failures[0].Error, "\n") {
					t.Fatalf("failures %+v, want one line that says -replace", r.Failures)
				}
			}
			pipe := h.decode()
			for _, in := range pipe.Instances {
				if in.Sink != nil {
					h.replace = append(h.replace, in.Addr)
				}
			}
			h.mustApply()
			h.replace = nil
			if p, _ := h.mustApply(); !p.Empty() {
				t.Errorf("there is still work: %+v", p.Reads)
			}
		})
	}
}

// What lies under the name of an object, and cannot be opened as one, stays; the
// run says what to do and the next one goes round it.
func TestAFolderInTheWay(t *testing.T) {
	w := newWorld(1, 4)
	h := newHouse(t, w, twoSinks)
	se, err := h.open("look")
	if err != nil {
		t.Fatal(err)
	}
	name := se.plan.Reads[0].Writes[1].Names[0]
	if err := se.st.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(h.dir, "b", name), 0o700); err != nil {
		t.Fatal(err)
	}
	_, r, err := h.apply()
	if err != nil || len(r.Failures) != 1 || !strings.Contains(r.Failures[0].Error, "that no manifest names") {
		t.Fatalf("failures %+v, error %v", r.Failures, err)
	}
	h.mustApply()
	h.same("a", w.want(false))
	h.same("b", w.want(false))
	h.settled()
}
