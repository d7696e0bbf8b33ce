package file_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline"
)

// memory remembers slices as the machine does.
type memory map[string]pipeline.Slice

func (m memory) commit(sl pipeline.Slice, ground []pipeline.Part) {
	sl.Ground = ground
	m[sl.Name] = sl
}

func (m memory) window() pipeline.Window {
	return pipeline.Window{
		Known: func(name string) (pipeline.Part, bool) {
			var newest pipeline.Part
			for _, sl := range m {
				for _, p := range sl.Ground {
					if p.Name == name && p.Modified.After(newest.Modified) {
						newest = p
					}
				}
			}
			return newest, newest.Name != ""
		},
		Holding: func(name string) []pipeline.Slice {
			var out []pipeline.Slice
			for _, sl := range m {
				if slices.ContainsFunc(sl.Ground, func(p pipeline.Part) bool { return p.Name == name }) {
					out = append(out, sl)
				}
			}
			return out
		},
	}
}

// moved returns the slices whose ground is not what is remembered, with it as
// their prior ground.
func (m memory) moved(t testing.TB, s pipeline.Source) []pipeline.Slice {
	t.Helper()
	var out []pipeline.Slice
	for _, sl := range mustSlices(t, s, m.window()) {
		old, ok := m[sl.Name]
		same := ok && len(old.Ground) == len(sl.Ground)
		for i := range sl.Ground {
			same = same && sl.Ground[i].Sum != "" && sl.Ground[i].Sum == old.Ground[i].Sum
		}
		if !same {
			sl.Prior = old.Ground
			out = append(out, sl)
		}
	}
	return out
}

// run reads all that moved and remembers it.
func (m memory) run(t testing.TB, s pipeline.Source) map[string]read {
	t.Helper()
	out := map[string]read{}
	for _, sl := range m.moved(t, s) {
		r, ground, err := readSlice(t, s, sl)
		if err != nil {
			t.Fatal(err)
		}
		m.commit(sl, ground)
		out[sl.Name] = r
	}
	return out
}

func TestFileGrows(t *testing.T) {
	for _, shape := range []string{"", "\nlog = \"sign_ins\""} {
		dir := put(t, map[string]string{"a.jsonl": "\xef\xbb\xbf{\"id\":1}\n{\"id\":2}\n{\"id\":"})
		s := open(t, dir, `paths = ["*"]`+shape)
		m := memory{}
		if got := m.run(t, s)["this-a.jsonl"]; len(got.Records) != 2 || len(got.Rejects) != 1 {
			t.Fatalf("first: %+v", got)
		}
		if got := m.run(t, s); len(got) != 0 {
			t.Errorf("nothing moved: %+v", got)
		}
		age(t, dir, "a.jsonl", time.Hour)
		if got := m.run(t, s); len(got) != 0 {
			t.Errorf("only the time moved: %+v", got)
		}
		write(t, dir, "a.jsonl", "\xef\xbb\xbf{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n{\"id\":4}")
		got := m.run(t, s)["this-a.jsonl"]
		want := read{Records: []string{`{"id":3}`, `{"id":4}`}, Unchanged: 2}
		if shape != "" { // these have an id: the machine knows them by it
			want = read{Records: []string{`{"id":1}`, `{"id":2}`, `{"id":3}`, `{"id":4}`}}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("grown (-want +got):\n%s", diff)
		}
		write(t, dir, "a.jsonl", "{\"id\":9}\n{\"id\":2}\n{\"id\":3}\n{\"id\":4}\n{\"id\":5}\n")
		if got := m.run(t, s)["this-a.jsonl"]; len(got.Records) != 5 || got.Unchanged != 0 {
			t.Errorf("rewritten: %+v", got)
		}
	}
}

func TestPackedFileGrows(t *testing.T) {
	dir := t.TempDir()
	p := filepath.Join(dir, "a.gz")
	member := func(text string) {
		f, err := os.OpenFile(p, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		w := gzip.NewWriter(f)
		io.WriteString(w, text)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	s := open(t, dir, `paths = ["*"]`)
	m := memory{}
	member("{\"id\":1}\n{\"id\":2}\n")
	m.run(t, s)
	member("{\"id\":3}\n")
	want := read{Records: []string{`{"id":3}`}, Unchanged: 2}
	if diff := cmp.Diff(want, m.run(t, s)["this-a.gz"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWindowGrows(t *testing.T) {
	for _, name := range []string{"in/a.jsonl", "in/a.jsonl.gz"} {
		t.Run(name, func(t *testing.T) {
			dir := put(t, map[string]string{name: signIn(1, day1) + signIn(2, day2)})
			s := open(t, dir, daily)
			m := memory{}
			if got := m.run(t, s); len(got) != 2 {
				t.Fatalf("first: %+v", got)
			}
			if got := m.run(t, s); len(got) != 0 {
				t.Errorf("nothing moved: %+v", got)
			}
			write(t, dir, name, signIn(1, day1)+signIn(2, day2)+signIn(3, day2)+signIn(4, day3))
			got := m.run(t, s)
			if len(got) != 2 || len(got["this-20261102T000000Z-1d"].Records) != 2 || len(got["this-20261103T000000Z-1d"].Records) != 1 {
				t.Errorf("grown: %+v", got)
			}
			if got := m.run(t, s); len(got) != 0 {
				t.Errorf("nothing moved since: %+v", got)
			}
			write(t, dir, "in/late.jsonl", signIn(5, day1))
			if got := m.run(t, s); len(got) != 1 || len(got["this-20261101T000000Z-1d"].Records) != 2 {
				t.Errorf("a new file for an old day: %+v", got)
			}
		})
	}
}

// TestMemoryIsChecked: a slice that changed and was not stored must be seen
// although another slice of the same state of the file was.
func TestMemoryIsChecked(t *testing.T) {
	dir := put(t, map[string]string{"in/a.jsonl": signIn(1, day1) + signIn(2, day2)})
	s := open(t, dir, daily)
	m := memory{}
	m.run(t, s)
	write(t, dir, "in/a.jsonl", signIn(1, day1)+signIn(2, day2)+signIn(3, day1)+signIn(4, day2))
	moved := m.moved(t, s)
	if len(moved) != 2 {
		t.Fatalf("moved: %q", names(moved))
	}
	_, ground, err := readSlice(t, s, moved[0])
	if err != nil {
		t.Fatal(err)
	}
	m.commit(moved[0], ground)
	if left := m.moved(t, s); len(left) != 1 || left[0].Name != moved[1].Name {
		t.Errorf("left: %q", names(left))
	}
}

// TestAnotherGrid: what was stored on one grid stays stored on another, also
// where the file has grown in between.
func TestAnotherGrid(t *testing.T) {
	dir := put(t, map[string]string{"in/a.jsonl": signIn(1, day1) + "{\"id\":\"lost\"}\n" + signIn(2, day2)})
	s := open(t, dir, daily)
	m := memory{}
	m.run(t, s)
	write(t, dir, "in/a.jsonl", signIn(1, day1)+"{\"id\":\"lost\"}\n"+signIn(2, day2)+signIn(3, day3))
	if got := m.run(t, s); len(got) != 1 {
		t.Fatalf("third day: %+v", got)
	}
	sums := map[string]string{}
	for _, sl := range m {
		sums[sl.Start.Format(time.DateOnly)] = sl.Ground[0].Sum
	}
	for _, length := range []string{"1h", "6h"} {
		s := open(t, dir, strings.Replace(daily, "1d", length, 1))
		all := mustSlices(t, s, m.window())
		if len(all) != 3 {
			t.Errorf("%s: %q", length, names(all))
		}
		for _, sl := range all {
			if sl.Ground[0].Sum != sums[sl.Start.Format(time.DateOnly)] {
				t.Errorf("%s: slice %s is not what is stored", length, sl.Name)
			}
		}
	}
	write(t, dir, "in/a.jsonl", signIn(1, day1)+"{\"id\":\"lost\"}\n"+signIn(2, day2)+signIn(3, day3)+signIn(4, "2026-11-02T20:00:00Z"))
	s = open(t, dir, strings.Replace(daily, "1d", "1h", 1))
	var moved []string
	for _, sl := range mustSlices(t, s, m.window()) {
		if sl.Ground[0].Sum != sums[sl.Start.Format(time.DateOnly)] {
			moved = append(moved, sl.Name)
		}
	}
	if diff := cmp.Diff([]string{"this-20261102T080000Z-1h", "this-20261102T200000Z-1h"}, moved); diff != "" {
		t.Errorf("the second day has grown (-want +got):\n%s", diff)
	}
}

// TestAnotherGridAndARecordWithoutTime: what was never told of must not count
// as stored.
func TestAnotherGridAndARecordWithoutTime(t *testing.T) {
	dir := put(t, map[string]string{"in/a.jsonl": signIn(1, day1) + signIn(2, day2)})
	s := open(t, dir, daily)
	m := memory{}
	m.run(t, s)
	sum := m["this-20261101T000000Z-1d"].Ground[0].Sum
	write(t, dir, "in/a.jsonl", signIn(1, day1)+signIn(2, day2)+"{\"id\":\"lost\"}\n")
	s = open(t, dir, strings.Replace(daily, "1d", "1h", 1))
	all := mustSlices(t, s, m.window())
	if all[0].Ground[0].Sum == sum || all[1].Ground[0].Sum != sum {
		t.Errorf("slices are %+v", all)
	}
}

// TestMovedInsideItsFile: what was stored of a slice may lie elsewhere in a
// file that was rewritten, and a sink that is added later reads it there.
func TestMovedInsideItsFile(t *testing.T) {
	dir := put(t, map[string]string{"in/a.jsonl": signIn(1, day1) + signIn(2, day2)})
	s := open(t, dir, daily)
	m := memory{}
	m.run(t, s)
	write(t, dir, "in/a.jsonl", signIn(3, day3)+signIn(2, day2)+signIn(1, day1))
	if got := m.run(t, s); len(got) != 1 || len(got["this-20261103T000000Z-1d"].Records) != 1 {
		t.Errorf("third day: %+v", got)
	}
	for i, sl := range mustSlices(t, s, m.window()) {
		if got := mustRead(t, s, sl); len(got.Records) != 1 || !strings.Contains(got.Records[0], fmt.Sprintf(`"id":"%d"`, i+1)) {
			t.Errorf("%s: %+v", sl.Name, got)
		}
	}
}

// TestNameless: in another shape than the schema's the machine finds no id.
func TestNameless(t *testing.T) {
	line := func(n int) string {
		return fmt.Sprintf(`{"time":"%s","category":"SignInLogs","properties":{"id":"%d"}}`+"\n", day1, n)
	}
	dir := put(t, map[string]string{"in/a.jsonl": line(1) + line(2)})
	s := open(t, dir, daily)
	m := memory{}
	m.run(t, s)
	write(t, dir, "in/a.jsonl", line(1)+line(2)+line(3))
	want := read{Records: []string{strings.TrimSpace(line(3))}, Unchanged: 2}
	if diff := cmp.Diff(want, m.run(t, s)["this-20261101T000000Z-1d"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestShorterSlice reads what the machine leaves of a slice at the border of
// what is stored on another grid.
func TestShorterSlice(t *testing.T) {
	dir := put(t, map[string]string{"in/a.jsonl": signIn(1, "2026-11-01T01:00:00Z") + signIn(2, "2026-11-01T13:00:00Z")})
	s := open(t, dir, daily)
	sl := mustSlices(t, s, pipeline.Window{})[0]
	sl.Start = sl.Start.Add(12 * time.Hour)
	got := mustRead(t, s, sl)
	if len(got.Records) != 1 || !strings.Contains(got.Records[0], `"2"`) || got.Outside != 1 {
		t.Errorf("%+v", got)
	}
}

func TestChangedAfterPlan(t *testing.T) {
	for name, c := range map[string]struct {
		body, text string
	}{
		"shorter":          {`paths = ["in/**"]`, signIn(1, day1)},
		"window, shorter":  {daily, signIn(1, day1)},
		"window, replaced": {daily, signIn(1, day1) + signIn(7, day1) + signIn(8, day1)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := put(t, map[string]string{"in/a.jsonl": signIn(1, day1) + signIn(2, day1)})
			s := open(t, dir, c.body)
			sl := mustSlices(t, s, pipeline.Window{})[0]
			write(t, dir, "in/a.jsonl", c.text)
			if _, _, err := readSlice(t, s, sl); err == nil || !strings.Contains(err.Error(), "run again") || !strings.Contains(err.Error(), "in/a.jsonl") {
				t.Errorf("error = %v", err)
			}
		})
	}
	t.Run("grown is read as planned", func(t *testing.T) {
		dir := put(t, map[string]string{"in/a.jsonl": signIn(1, day1)})
		s := open(t, dir, `paths = ["in/**"]`)
		sl := mustSlices(t, s, pipeline.Window{})[0]
		write(t, dir, "in/a.jsonl", signIn(1, day1)+signIn(2, day1))
		if got := mustRead(t, s, sl); len(got.Records) != 1 {
			t.Errorf("%+v", got)
		}
	})
	t.Run("same size, remembered sum", func(t *testing.T) {
		dir := put(t, map[string]string{"in/a.jsonl": signIn(1, day1)})
		s := open(t, dir, `paths = ["in/**"]`)
		m := memory{}
		m.run(t, s)
		age(t, dir, "in/a.jsonl", time.Hour)
		sl := mustSlices(t, s, m.window())[0]
		write(t, dir, "in/a.jsonl", signIn(2, day1))
		if _, _, err := readSlice(t, s, sl); err == nil || !strings.Contains(err.Error(), "run again") {
			t.Errorf("error = %v", err)
		}
	})
	t.Run("gone", func(t *testing.T) {
		dir := put(t, map[string]string{"in/a.jsonl": signIn(1, day1)})
		for _, body := range []string{`paths = ["in/**"]`, daily} {
			s := open(t, dir, body)
			sl := mustSlices(t, s, pipeline.Window{})[0]
			sl.Ground[0].Name = "in/gone.jsonl"
			if _, _, err := readSlice(t, s, sl); err == nil || !strings.Contains(err.Error(), "gone.jsonl") {
				t.Errorf("error = %v", err)
			}
		}
	})
}
