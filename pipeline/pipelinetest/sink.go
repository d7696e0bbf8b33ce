package pipelinetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/store"
)

// Sink checks a sink that is Stored. open gives one whose store is empty, and
// the layout that it was decoded with; records are whole JSON objects that it
// can hold.
func Sink(t *testing.T, open func(t *testing.T) (pipeline.Sink, *record.Layout), records []string) {
	for name, check := range map[string]func(*testing.T, *desk){
		"commit stores what it says":       commitStores,
		"nothing before commit":            nothingBeforeCommit,
		"abort leaves nothing":             abortLeavesNothing,
		"no records, no object":            noRecords,
		"names of revisions, attempts":     otherNames,
		"a taken name is not replaced":     takenName,
		"slices side by side":              slicesSideBySide,
		"cancelled":                        sinkIsCancelled,
		"nothing of a batch is kept":       batchIsNotKept,
		"ended is ended":                   endedIsEnded,
		"the machinery's place is no-ones": machineryIsFree,
	} {
		t.Run(name, func(t *testing.T) {
			s, layout := open(t)
			stored, ok := s.(pipeline.Stored)
			if !ok {
				t.Fatal("the sink is not Stored")
			}
			if stored.Place() == "" {
				t.Error("the sink does not say what its place is")
			}
			st, err := stored.Store(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			check(t, &desk{sink: s, store: st, scanner: layout.Compile(), records: records})
		})
	}
}

type desk struct {
	sink    pipeline.Sink
	store   store.Store
	scanner *record.Scanner
	records []string
}

// slice returns the i-th of a row of slices.
func (d *desk) slice(i int) pipeline.Slice {
	start := time.Date(2026, 11, 1, i, 0, 0, 0, time.UTC)
	return pipeline.Slice{Log: "sign_ins", Name: fmt.Sprintf("test-%d", i), Start: start, End: start.Add(time.Hour)}
}

// first is the opening of a slice that was never stored.
func first(sl pipeline.Slice) pipeline.Opening {
	return pipeline.Opening{Slice: sl, Revision: 1, Attempt: 1, Intent: "intent"}
}

func (d *desk) open(t testing.TB, i, revision, attempt int) pipeline.Writer {
	t.Helper()
	w, err := d.sink.Open(t.Context(), pipeline.Opening{Slice: d.slice(i), Revision: revision, Attempt: attempt, Intent: "intent"})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (d *desk) write(t testing.TB, w pipeline.Writer) {
	t.Helper()
	b := (&bench{scanner: d.scanner}).batch(d.records...)
	if err := w.Write(t.Context(), b); err != nil {
		t.Error(err)
	}
	if n := b.LiveCount(); n != len(d.records) {
		t.Errorf("%d of %d records were taken: %v", n, len(d.records), b.Rejects())
	}
}

func (d *desk) commit(t testing.TB, w pipeline.Writer) []manifest.Object {
	t.Helper()
	objects, err := w.Commit(t.Context())
	if err != nil {
		t.Error(err)
	}
	return objects
}

// objects returns the content of every object that is visible.
func (d *desk) objects(t testing.TB) map[string]string {
	t.Helper()
	all := map[string]string{}
	for info, err := range d.store.List(context.WithoutCancel(t.Context()), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		r, err := d.store.Open(context.WithoutCancel(t.Context()), info.Name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		all[info.Name] = string(b)
	}
	return all
}

func (d *desk) empty(t testing.TB, when string) {
	t.Helper()
	if all := d.objects(t); len(all) > 0 {
		t.Errorf("%s there are objects: %v", when, all)
	}
}

func commitStores(t *testing.T, d *desk) {
	names, complete, err := d.sink.Names(first(d.slice(0)))
	if err != nil {
		t.Fatal(err)
	}
	w := d.open(t, 0, 1, 1)
	d.write(t, w)
	d.write(t, w)
	objects := d.commit(t, w)
	if len(objects) == 0 {
		t.Fatal("commit tells of no object")
	}
	stored := d.objects(t)
	var told []string
	records := int64(0)
	for _, o := range objects {
		told = append(told, o.Name)
		records += o.Records
		content, ok := stored[o.Name]
		sum := sha256.Sum256([]byte(content))
		if !ok || o.Bytes != int64(len(content)) || o.Stored != hex.EncodeToString(sum[:]) {
			t.Errorf("object %q is not what commit tells: %+v", o.Name, o)
		}
		if raw, err := hex.DecodeString(o.Plain); err != nil || len(raw) != sha256.Size {
			t.Errorf("object %q has no hash of its plain text: %q", o.Name, o.Plain)
		}
		delete(stored, o.Name)
	}
	if len(stored) > 0 {
		t.Errorf("commit does not tell of objects that are there: %v", stored)
	}
	if records != 2*int64(len(d.records)) {
		t.Errorf("commit tells of %d records, %d were written", records, 2*len(d.records))
	}
	if diff := gocmp.Diff(names, told); complete && diff != "" {
		t.Errorf("objects are not called as planned (-planned +stored):\n%s", diff)
	}
}

func nothingBeforeCommit(t *testing.T, d *desk) {
	w := d.open(t, 0, 1, 1)
	d.empty(t, "after open")
	d.write(t, w)
	d.empty(t, "before commit")
	d.commit(t, w)
	if len(d.objects(t)) == 0 {
		t.Error("after commit there is no object")
	}
}

func abortLeavesNothing(t *testing.T, d *desk) {
	if err := d.open(t, 0, 1, 1).Abort(); err != nil {
		t.Errorf("abort at once: %v", err)
	}
	w := d.open(t, 0, 1, 1)
	d.write(t, w)
	if err := w.Abort(); err != nil {
		t.Errorf("abort: %v", err)
	}
	d.empty(t, "after abort")
	w = d.open(t, 0, 1, 1) // the same again
	d.write(t, w)
	d.commit(t, w)
	before := d.objects(t)
	if err := w.Abort(); err != nil {
		t.Errorf("abort after commit: %v", err)
	}
	if diff := gocmp.Diff(before, d.objects(t)); diff != "" {
		t.Errorf("abort after commit changed objects:\n%s", diff)
	}
}

func noRecords(t *testing.T, d *desk) {
	if objects := d.commit(t, d.open(t, 0, 1, 1)); len(objects) > 0 {
		t.Errorf("nothing was written, but there is %v", objects)
	}
	w := d.open(t, 1, 1, 1)
	b := (&bench{scanner: d.scanner}).batch(d.records...)
	for i := range b.Len() {
		b.Drop(i)
	}
	if err := w.Write(t.Context(), b); err != nil {
		t.Error(err)
	}
	if objects := d.commit(t, w); len(objects) > 0 {
		t.Errorf("only dropped records were written, but there is %v", objects)
	}
	d.empty(t, "after slices without records")
}

func otherNames(t *testing.T, d *desk) {
	seen := map[string]string{}
	for _, c := range [][2]int{{1, 1}, {1, 2}, {2, 1}, {2, 2}, {10, 1}} {
		w := d.open(t, 0, c[0], c[1])
		d.write(t, w)
		this := fmt.Sprintf("revision %d, attempt %d", c[0], c[1])
		for _, o := range d.commit(t, w) {
			if other, taken := seen[o.Name]; taken {
				t.Errorf("%s and %s are both called %q", other, this, o.Name)
			}
			seen[o.Name] = this
		}
	}
}

func takenName(t *testing.T, d *desk) {
	w := d.open(t, 0, 1, 1)
	d.write(t, w)
	d.commit(t, w)
	before := d.objects(t)

	w, err := d.sink.Open(t.Context(), pipeline.Opening{Slice: d.slice(0), Revision: 1, Attempt: 1, Intent: "other"})
	if err == nil {
		err = w.Write(t.Context(), (&bench{scanner: d.scanner}).batch(d.records[0]))
		if err == nil {
			_, err = w.Commit(t.Context())
		}
		if e := w.Abort(); e != nil {
			t.Errorf("abort: %v", e)
		}
	}
	if !errors.Is(err, store.ErrExists) {
		t.Errorf("a taken name is answered by %v, want ErrExists", err)
	}
	if diff := gocmp.Diff(before, d.objects(t)); diff != "" {
		t.Errorf("the first writer's objects changed:\n%s", diff)
	}
}

func slicesSideBySide(t *testing.T, d *desk) {
	const n = 6
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			w := d.open(t, i, 1, 1)
			for range 10 {
				d.write(t, w)
			}
			d.commit(t, w)
		})
	}
	wg.Wait()
	if got := len(d.objects(t)); got < n {
		t.Errorf("%d slices made %d objects", n, got)
	}
}

func sinkIsCancelled(t *testing.T, d *desk) {
	w := d.open(t, 0, 1, 1)
	d.write(t, w)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Commit(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("commit after the context was cancelled: %v", err)
	}
	if err := w.Abort(); err != nil {
		t.Errorf("abort: %v", err)
	}
	d.empty(t, "after a commit that was cancelled")
}

func batchIsNotKept(t *testing.T, d *desk) {
	w := d.open(t, 0, 1, 1)
	d.write(t, w)
	d.commit(t, w)

	other := d.open(t, 1, 1, 1)
	b := (&bench{scanner: d.scanner}).batch(d.records...)
	if err := other.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	room := b.Fill()
	for i := range room {
		room[i] = 'X'
	}
	b.Reset("")
	objects := d.commit(t, other)
	stored := d.objects(t)
	for i, o := range objects {
		planned, _, err := d.sink.Names(first(d.slice(0)))
		if err != nil || i >= len(planned) {
			t.Skip("names are not known from the slice alone")
		}
		if stored[o.Name] != stored[planned[i]] {
			t.Error("the object changed with a batch that was written before")
		}
	}
}

func endedIsEnded(t *testing.T, d *desk) {
	w := d.open(t, 0, 1, 1)
	d.write(t, w)
	d.commit(t, w)
	before := d.objects(t)
	if _, err := w.Commit(t.Context()); err == nil {
		t.Error("a second commit is no error")
	}
	if err := w.Write(t.Context(), (&bench{scanner: d.scanner}).batch(d.records...)); err == nil {
		t.Error("a write after commit is no error")
	}
	w = d.open(t, 1, 1, 1)
	if err := w.Abort(); err != nil {
		t.Error(err)
	}
	if _, err := w.Commit(t.Context()); err == nil {
		t.Error("a commit after abort is no error")
	}
	if diff := gocmp.Diff(before, d.objects(t)); diff != "" {
		t.Errorf("objects changed after the end:\n%s", diff)
	}
}

// machineryIsFree asks for names like those of the manifest.
func machineryIsFree(t *testing.T, d *desk) {
	for _, name := range []string{".logpipe", ".logpipe/manifest/1", "../x", "a/../../x", "", ".", "a//b", "a\x00b"} {
		sl := d.slice(0)
		sl.Name = name
		names, _, err := d.sink.Names(first(sl))
		if err != nil {
			continue
		}
		for _, n := range names {
			if err := store.CheckName(n); err != nil {
				t.Errorf("a slice called %q is stored as %q: %v", name, n, err)
			}
			if n == ".logpipe" || len(n) > 9 && n[:9] == ".logpipe/" {
				t.Errorf("a slice called %q is stored among the machinery, as %q", name, n)
			}
		}
	}
}
