package manifest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/store"
	"github.com/logpipe/logpipe/pipeline/store/dir"
	"github.com/logpipe/logpipe/pipeline/store/storetest"
)

var (
	at    = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	src   = addr.Block{Class: addr.Source, Kind: "file", Label: "sign_ins"}.Only()
	sink  = addr.Block{Class: addr.Sink, Kind: "local", Label: "archive"}.Only()
	claim = manifest.Claim{Lineage: "lineage-1", Sink: sink}
)

func name(n int64) string { return store.Row{Prefix: "m/"}.Name(n) }

func entry(slice, intent string) manifest.Entry {
	return manifest.Entry{Source: src, Sink: sink, Slice: slice, Start: at, End: at.Add(time.Hour), Revision: 1, Attempt: 1, Intent: intent, Shape: "s1",
		Basis: at.Add(time.Hour), Settled: true, Ground: []manifest.Part{{Name: slice + ".jsonl", Size: 9, Modified: at, Sum: "c3"}},
		Objects: []manifest.Object{{Name: slice + ".csv", Records: 2, Bytes: 100, Plain: "aa", Stored: "bb"}},
		Counts:  manifest.Counts{Read: 5, Outside: 1, Dropped: 2, Written: 2}, Coverage: "read", At: at, Tool: "logpipe 0.1.0"}
}

func open(t testing.TB, s store.Store) *manifest.Manifest {
	t.Helper()
	m, err := manifest.Open(t.Context(), s, "m")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// write claims the place and appends n segments of one entry each in epoch 1.
func write(t testing.TB, s store.Store, n int) *manifest.Manifest {
	t.Helper()
	m := open(t, s)
	if err := m.Take(t.Context(), claim, 1, "w1"); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		add(t, m, 1, entry(fmt.Sprint("s", i), fmt.Sprint("s1-", i)))
	}
	return m
}

func add(t testing.TB, m *manifest.Manifest, epoch int64, es ...manifest.Entry) {
	t.Helper()
	if err := m.Append(t.Context(), manifest.Segment{Epoch: epoch, Writer: "w1", Entries: es}); err != nil {
		t.Fatal(err)
	}
}

func TestAppendAndRead(t *testing.T) {
	s := storetest.NewMemory(nil)
	m := open(t, s)
	if head := m.Head(); head != (manifest.Head{}) {
		t.Errorf("head of an empty manifest: %+v", head)
	}
	if _, ok := m.Claim(); ok {
		t.Error("an empty manifest is claimed")
	}
	for range m.Entries(t.Context()) {
		t.Error("an empty manifest has entries")
	}
	m = write(t, s, 0)
	want := []manifest.Entry{entry("a", "i1"), entry("b", "i1"), entry("c", "i2")}
	want[2].Objects = nil // a slice without records is evidence, too
	add(t, m, 1, want[:2]...)
	add(t, m, 2, want[2])
	for what, m := range map[string]*manifest.Manifest{"the writer": m, "opened again": open(t, s)} {
		var got []manifest.Entry
		for e, err := range m.Entries(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
		n := 0
		for seg, err := range m.Tail(t.Context(), 2) {
			n++
			if err != nil || seg.Seq != 3 || seg.Epoch != 2 || len(seg.Entries) != 1 {
				t.Errorf("%s: tail gives %+v, %v", what, seg, err)
			}
		}
		if n != 1 {
			t.Errorf("%s: tail gives %d segments, want 1", what, n)
		}
	}
}

func TestBadEntries(t *testing.T) {
	m := write(t, storetest.NewMemory(nil), 0)
	for what, change := range map[string]func(*manifest.Entry){
		"no slice":            func(e *manifest.Entry) { e.Slice = "" },
		"no intent":           func(e *manifest.Entry) { e.Intent = "" },
		"revision 0":          func(e *manifest.Entry) { e.Revision = 0 },
		"a lost record":       func(e *manifest.Entry) { e.Counts.Written-- },
		"no source":           func(e *manifest.Entry) { e.Source = addr.Instance{} },
		"a source for a sink": func(e *manifest.Entry) { e.Sink = src },
	} {
		e := entry("a", "i1")
		change(&e)
		if err := m.Append(t.Context(), manifest.Segment{Epoch: 1, Entries: []manifest.Entry{e}}); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if seq := m.Head().Seq; seq != 1 {
		t.Errorf("head %d: something was written", seq)
	}
}

func TestClaim(t *testing.T) {
	s := storetest.NewMemory(nil)
	m := open(t, s)
	if err := m.Append(t.Context(), manifest.Segment{Epoch: 1, Entries: []manifest.Entry{entry("a", "i")}}); err == nil {
		t.Error("append to a place that nobody claimed: no error")
	}
	if err := m.Fence(t.Context(), 1, "w"); err != nil {
		t.Errorf("fence of a place that nobody claimed: %v", err)
	}
	m = write(t, s, 1)
	seq := m.Head().Seq
	if err := m.Take(t.Context(), claim, 5, "w"); err != nil {
		t.Errorf("take what is ours: %v", err)
	}
	other := manifest.Claim{Lineage: "lineage-1", Sink: sink.At("eu")}
	foreign := manifest.Claim{Lineage: "lineage-2", Sink: sink}
	for c, words := range map[manifest.Claim]string{other: "moved block", foreign: "state rebuild"} {
		err := open(t, s).Take(t.Context(), c, 5, "w")
		if !errors.Is(err, manifest.ErrClaimed) || !strings.Contains(err.Error(), words) {
			t.Errorf("take for %s: %v, want ErrClaimed and %q", c, err, words)
		}
	}
	if n := m.Head().Seq; n != seq {
		t.Error("a claim that changes nothing wrote something")
	}
	if err := m.Move(t.Context(), claim, foreign, 5, "w"); !errors.Is(err, manifest.ErrClaimed) {
		t.Errorf("move to another lineage: %v", err)
	}
	if err := m.Move(t.Context(), other, claim, 5, "w"); err != nil {
		t.Errorf("move to where it is: %v", err)
	}
	for range 2 {
		if err := m.Move(t.Context(), claim, other, 5, "w"); err != nil {
			t.Errorf("move: %v", err)
		}
	}
	if got, _ := open(t, s).Claim(); got != other {
		t.Errorf("claim is %s, want %s", got, other)
	}
	if err := m.Take(t.Context(), claim, 5, "w"); !errors.Is(err, manifest.ErrClaimed) {
		t.Errorf("take by the old address: %v", err)
	}
}

func TestFence(t *testing.T) {
	s := storetest.NewMemory(nil)
	old := write(t, s, 2)
	taker := open(t, s)
	if err := taker.Fence(t.Context(), 7, "w2"); err != nil {
		t.Fatal(err)
	}
	late := manifest.Segment{Epoch: 1, Writer: "w1", Entries: []manifest.Entry{entry("late", "s1-late")}}
	for range 2 {
		if err := old.Append(t.Context(), late); !errors.Is(err, manifest.ErrLost) {
			t.Errorf("the old writer appends: %v, want ErrLost", err)
		}
	}
	if err := open(t, s).Append(t.Context(), late); !errors.Is(err, manifest.ErrLost) {
		t.Errorf("the old writer opens anew and appends: %v, want ErrLost", err)
	}
	if err := taker.Fence(t.Context(), 6, "w0"); !errors.Is(err, manifest.ErrLost) {
		t.Errorf("a fence of an older session: %v, want ErrLost", err)
	}
	add(t, taker, 7, entry("c", "s7-c"))
}

func TestRacingWriters(t *testing.T) {
	s := storetest.NewMemory(nil)
	write(t, s, 0)
	won := make([]bool, 32)
	var wg sync.WaitGroup
	ms := make([]*manifest.Manifest, len(won))
	for i := range ms {
		ms[i] = open(t, s)
	}
	for i, m := range ms {
		wg.Go(func() {
			err := m.Append(t.Context(), manifest.Segment{Epoch: 1, Writer: fmt.Sprint("w", i), Entries: []manifest.Entry{entry("a", fmt.Sprint("i", i))}})
			won[i] = err == nil
			if err != nil && !errors.Is(err, manifest.ErrLost) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	n := 0
	for _, w := range won {
		if w {
			n++
		}
	}
	if seq := open(t, s).Head().Seq; n != 1 || seq != 2 {
		t.Errorf("%d writers won, head is %d; want 1 and 2", n, seq)
	}
}

func TestOneWriterManyGoroutines(t *testing.T) {
	s := storetest.NewMemory(nil)
	m := write(t, s, 0)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if err := m.Append(t.Context(), manifest.Segment{Epoch: 1, Writer: "w1", Entries: []manifest.Entry{entry(fmt.Sprint(i), "i")}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	n := 0
	for _, err := range open(t, s).Entries(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 50 {
		t.Errorf("%d entries, want 50", n)
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

func TestFind(t *testing.T) {
	s := &counter{Store: storetest.NewMemory(nil)}
	m := write(t, s, 500)
	intent, never := manifest.NewIntent(9), manifest.NewIntent(9)
	add(t, m, 9, entry("x", intent))
	add(t, m, 9, entry("y", "s9-other"))
	for _, c := range []struct {
		intent string
		named  bool
		most   int // segments read
	}{
		{intent, true, 2},
		{never, false, 3},
		{"s1-3", true, 503},
		{"random", false, 503},
		{"12345678-aaaa", false, 503}, // not one of NewIntent: everything is read
	} {
		s.opened = 0
		e, named, err := m.Find(t.Context(), c.intent)
		if err != nil || named != c.named || named && e.Intent != c.intent {
			t.Errorf("find %s: %+v, %v, %v", c.intent, e, named, err)
		}
		if s.opened > c.most {
			t.Errorf("find %s read %d segments, want at most %d", c.intent, s.opened, c.most)
		}
	}
}

func TestOpenReadsTheLastOnly(t *testing.T) {
	s := &counter{Store: storetest.NewMemory(nil)}
	write(t, s, 2500)
	s.opened = 0
	if seq := open(t, s).Head().Seq; seq != 2501 || s.opened != 1 {
		t.Errorf("head %d after reading %d segments, want 2501 after 1", seq, s.opened)
	}
}

// Check compares a manifest with what somebody remembers of it.
func TestCheck(t *testing.T) {
	fork := func(s *storetest.Memory) { // as if the place had been put back and had gone on otherwise
		for n := int64(4); n <= 7; n++ {
			s.Delete(t.Context(), name(n))
		}
		m := open(t, s)
		for i := range 4 {
			add(t, m, 1, entry(fmt.Sprint("other", i), fmt.Sprint("s1-o", i)))
		}
	}
	for _, c := range []struct {
		name  string
		known int64
		spoil func(s *storetest.Memory)
		want  []string // of the error; none is none
	}{
		{"nothing is known", 0, func(*storetest.Memory) {}, nil},
		{"as it was left", 7, func(*storetest.Memory) {}, nil},
		{"longer than is known", 3, func(*storetest.Memory) {}, nil},
		{"all is gone", 7, func(s *storetest.Memory) {
			for n := int64(1); n <= 7; n++ {
				s.Delete(t.Context(), name(n))
			}
		}, []string{name(7), "missing"}},
		{"the last is gone", 7, func(s *storetest.Memory) { s.Delete(t.Context(), name(7)) }, []string{name(7), "missing"}},
		{"the last is another", 7, fork, []string{name(7), "another"}},
		{"it went on from another", 5, fork, []string{name(5), "another"}},
		{"one in the middle is gone", 7, func(s *storetest.Memory) { s.Delete(t.Context(), name(4)) }, []string{name(4), "missing"}},
		{"one in the middle is gone and nothing is known", 0, func(s *storetest.Memory) { s.Delete(t.Context(), name(4)) }, []string{name(4), "missing"}},
		{"one behind the known one was changed", 3, func(s *storetest.Memory) {
			b := bytes.Replace(bytes.Clone(s.Get(name(5))), []byte("logpipe"), []byte("logPipe"), 1)
			s.Set(name(5), b)
		}, []string{name(5), "changed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := storetest.NewMemory(nil)
			write(t, s, 6)
			var known manifest.Head
			if c.known > 0 {
				_, sum, err := manifest.Decode(s.Get(name(c.known)))
				if err != nil {
					t.Fatal(err)
				}
				known = manifest.Head{Seq: c.known, Sum: sum}
			}
			c.spoil(s)
			err := open(t, s).Check(t.Context(), known)
			if (err != nil) != (c.want != nil) || err != nil && !errors.Is(err, manifest.ErrChain) {
				t.Fatalf("got %v", err)
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
		})
	}
}

func TestUnknownFieldsStay(t *testing.T) {
	s := storetest.NewMemory(nil)
	write(t, s, 1)
	body, _, err := store.Unseal(s.Get(name(2)))
	if err != nil {
		t.Fatal(err)
	}
	body = bytes.Replace(bytes.Clone(body), []byte(`{"source"`), []byte(`{"colour":"green","source"`), 1)
	sealed, _ := store.Seal(body)
	s.Set(name(2), sealed)
	for seg, err := range open(t, s).Tail(t.Context(), 1) {
		if err != nil || len(seg.Lines) != 1 || !strings.Contains(string(seg.Lines[0]), `"colour":"green"`) || seg.Entries[0].Slice != "s0" {
			t.Errorf("got %+v, %v; want the entry and its line as it stands", seg, err)
		}
	}
}

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
		spoil func(s *storetest.Memory)
		is    error
		want  []string
	}{
		{"one is missing", func(s *storetest.Memory) { s.Delete(t.Context(), name(5)) }, manifest.ErrChain, []string{name(5), "missing", "backup"}},
		{"the first is missing", func(s *storetest.Memory) { s.Delete(t.Context(), name(1)) }, manifest.ErrChain, []string{name(1), "missing"}},
		{"one is cut", func(s *storetest.Memory) { s.Set(name(5), s.Get(name(5))[:40]) }, manifest.ErrChain, []string{name(5), "cut"}},
		{"the last is empty", func(s *storetest.Memory) { s.Set(name(11), nil) }, manifest.ErrChain, []string{name(11), "cut"}},
		{"a byte changed", func(s *storetest.Memory) {
			s.Set(name(5), bytes.Replace(s.Get(name(5)), []byte("s3"), []byte("s4"), 1))
		}, manifest.ErrChain, []string{name(5), "changed"}},
		{"one changed and sealed again", func(s *storetest.Memory) { s.Set(name(5), reseal(s.Get(name(5)), "s3", "s4")) }, manifest.ErrChain, []string{name(5), "segment 6"}},
		{"one swapped", func(s *storetest.Memory) { s.Set(name(5), s.Get(name(6))) }, manifest.ErrChain, []string{name(5), "number 6"}},
		{"another prev", func(s *storetest.Memory) { s.Set(name(11), reseal(s.Get(name(11)), `"prev":"`, `"prev":"00`)) }, manifest.ErrChain, []string{name(10), "segment 11"}},
		{"a newer format", func(s *storetest.Memory) {
			s.Set(name(11), reseal(s.Get(name(11)), `"format_version":1`, `"format_version":9`))
		}, manifest.ErrNewer, []string{name(11), "upgrade"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := storetest.NewMemory(nil)
			write(t, s, 10)
			c.spoil(s)
			m, err := manifest.Open(t.Context(), s, "m")
			if err == nil {
				for _, e := range m.Entries(t.Context()) {
					err = e
				}
			}
			if !errors.Is(err, c.is) {
				t.Fatalf("got %v, want %v", err, c.is)
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
		})
	}
}

func FuzzOpenSegment(f *testing.F) {
	s := storetest.NewMemory(nil)
	write(f, s, 1)
	for n := range int64(2) {
		body, _, err := store.Unseal(s.Get(name(n + 1)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, true)
		f.Add(s.Get(name(n+1)), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, seal bool) {
		if seal { // get past the hash, to what stands behind it
			b, _ = store.Seal(bytes.Clone(b))
		}
		s := storetest.NewMemory(nil)
		s.Set(name(1), b)
		m, err := manifest.Open(t.Context(), s, "m")
		if err == nil {
			for _, e := range m.Entries(t.Context()) {
				err = errors.Join(err, e)
			}
		}
		if err != nil && !strings.Contains(err.Error(), name(1)) && !strings.Contains(err.Error(), name(0)) {
			t.Errorf("%v does not name the segment", err)
		}
	})
}

func BenchmarkCommit(b *testing.B) {
	for _, n := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("memory/%d", n), func(b *testing.B) { commit(b, storetest.NewMemory(nil), n) })
	}
	for _, n := range []int{10, 1_000} {
		b.Run(fmt.Sprintf("dir/%d", n), func(b *testing.B) {
			s, err := dir.Open(b.TempDir(), dir.Options{})
			if err != nil {
				b.Fatal(err)
			}
			commit(b, s, n)
		})
	}
}

func commit(b *testing.B, s store.Store, n int) {
	m := write(b, s, n)
	e := entry("s", "s1-x")
	b.ReportAllocs()
	for b.Loop() {
		add(b, m, 1, e)
	}
}

func BenchmarkOpen(b *testing.B) {
	s := storetest.NewMemory(nil)
	write(b, s, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := manifest.Open(b.Context(), s, "m"); err != nil {
			b.Fatal(err)
		}
	}
}
