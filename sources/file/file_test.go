package file_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/pipelinetest"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/sources/file"
)

// open decodes a body and returns the source and what it logs.
func open(t testing.TB, dir, body string) (pipeline.Source, *bytes.Buffer) {
	t.Helper()
	k := file.Kind()
	a, diags := catalog.Parse(&k, body, dir, nil, nil)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	s, diags := k.Source(a)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var log bytes.Buffer
	a.Env.Log = slog.New(slog.NewTextHandler(&log, nil))
	return s, &log
}

// put writes files into a new directory; the names of packed ones end in .gz.
func put(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		write(t, dir, name, text)
	}
	return dir
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	b := []byte(text)
	if strings.HasSuffix(name, ".gz") {
		var buf bytes.Buffer
		w := gzip.NewWriter(&buf)
		w.Write(b)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		b = buf.Bytes()
	}
	if err := os.WriteFile(p, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// age moves a file's time by d.
func age(t testing.TB, dir, name string, d time.Duration) {
	t.Helper()
	p := filepath.Join(dir, name)
	info, err := os.Stat(p)
	if err != nil {
		t.Fatal(err)
	}
	at := info.ModTime().Add(d)
	if err := os.Chtimes(p, at, at); err != nil {
		t.Fatal(err)
	}
}

// read is what came out of a slice.
type read struct {
	Records   []string
	Rejects   []string
	Outside   int64
	Unchanged int64
}

func (r read) total() int64 {
	return int64(len(r.Records)+len(r.Rejects)) + r.Outside + r.Unchanged
}

func readSlice(t testing.TB, s pipeline.Source, sl pipeline.Slice) (read, []pipeline.Part, error) {
	t.Helper()
	rd, err := s.Open(t.Context(), sl)
	if err != nil {
		return read{}, nil, err
	}
	defer rd.Close()
	var out read
	b := record.NewBatch(new(record.Layout).Compile())
	for {
		b.Reset("")
		err := rd.Read(t.Context(), b)
		if err != nil && err != io.EOF {
			return out, nil, err
		}
		b.Scan()
		for i := range b.Len() {
			if b.Live(i) {
				out.Records = append(out.Records, string(b.Bytes(i)))
			}
		}
		for _, r := range b.Rejects() {
			out.Rejects = append(out.Rejects, fmt.Sprintf("%s@%d+%d: %v", r.Origin, r.Offset, r.Length, r.Err))
		}
		out.Outside += b.Skipped.Outside
		out.Unchanged += b.Skipped.Unchanged
		if err == io.EOF {
			return out, rd.(pipeline.Grounded).Ground(), nil
		}
	}
}

func mustRead(t testing.TB, s pipeline.Source, sl pipeline.Slice) read {
	t.Helper()
	r, _, err := readSlice(t, s, sl)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mustSlices(t testing.TB, s pipeline.Source, w pipeline.Window) []pipeline.Slice {
	t.Helper()
	all, err := s.Slices(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func names(all []pipeline.Slice) []string {
	var out []string
	for _, sl := range all {
		out = append(out, sl.Name)
	}
	return out
}

func signIn(id int, at string) string {
	return fmt.Sprintf(`{"id":"%d","createdDateTime":"%s","n":%d}`+"\n", id, at, id)
}

const (
	day1 = "2026-11-01T08:00:00Z"
	day2 = "2026-11-02T08:00:00Z"
	day3 = "2026-11-03T08:00:00Z"
)

const daily = "paths = [\"in/**\"]\nlog = \"sign_ins\"\nwindow {\n slice = \"1d\"\n}\n"

func TestPromises(t *testing.T) {
	files := map[string]string{
		"in/a.jsonl":     signIn(1, day1) + signIn(2, day2) + "{\"cut\":\n" + signIn(3, day1) + `{"id":"4"}`,
		"in/b/c.json.gz": `{"value":[` + strings.TrimSpace(signIn(5, day2)) + "," + strings.TrimSpace(signIn(6, day3)) + `]}`,
		"in/d.jsonl":     "",
	}
	for name, body := range map[string]string{
		"whole files":           `paths = ["in/**"]`,
		"whole files of a log":  "paths = [\"in/**\"]\nlog = \"sign_ins\"",
		"window":                daily,
		"window, another grid":  strings.Replace(daily, "1d", "1h", 1),
		"window, with bounds":   strings.Replace(daily, "slice", "start = \"2026-11-01T12:00:00Z\"\n end = \"2026-11-03T00:00:00Z\"\n slice", 1),
		"window, graph only":    daily + "shape = \"graph\"",
		"short records, window": daily + "max_record = 1024",
	} {
		t.Run(name, func(t *testing.T) {
			pipelinetest.Source(t, func(t *testing.T) pipeline.Source {
				s, _ := open(t, put(t, files), body)
				return s
			})
		})
	}
}

func TestPaths(t *testing.T) {
	dir := put(t, map[string]string{
		"a.jsonl": "{}", "b.jsonl": "{}", "c.txt": "{}", ".hidden.jsonl": "{}", "[x].jsonl": "{}",
		"in/d.jsonl": "{}", "in/deep/er/e.jsonl": "{}", "in/.git/f.jsonl": "{}", "in/deep/e.txt": "{}",
	})
	outside := put(t, map[string]string{"g.jsonl": "{}"})
	for name, c := range map[string]struct {
		paths string
		want  []string
	}{
		"one":              {`"a.jsonl"`, []string{"a.jsonl"}},
		"star":             {`"*.jsonl"`, []string{"[x].jsonl", "a.jsonl", "b.jsonl"}},
		"question":         {`"?.jsonl"`, []string{"a.jsonl", "b.jsonl"}},
		"class":            {`"[ac].*"`, []string{"a.jsonl", "c.txt"}},
		"escaped":          {`"\\[x].jsonl"`, []string{"[x].jsonl"}},
		"hidden":           {`".h*"`, []string{".hidden.jsonl"}},
		"everywhere":       {`"**/*.jsonl"`, []string{"[x].jsonl", "a.jsonl", "b.jsonl", "in/d.jsonl", "in/deep/er/e.jsonl"}},
		"below":            {`"in/**"`, []string{"in/d.jsonl", "in/deep/e.txt", "in/deep/er/e.jsonl"}},
		"star folder":      {`"in/*/*.txt"`, []string{"in/deep/e.txt"}},
		"twice is once":    {`"a.jsonl", "./a.jsonl", "*.jsonl", "in/../a.jsonl"`, []string{"[x].jsonl", "a.jsonl", "b.jsonl"}},
		"outside":          {`"../` + filepath.Base(outside) + `/*"`, []string{"../" + filepath.Base(outside) + "/g.jsonl"}},
		"absolute":         {`"` + filepath.ToSlash(outside) + `/*"`, []string{filepath.ToSlash(outside) + "/g.jsonl"}},
		"none":             {`"no/*.jsonl", "nothing.jsonl"`, nil},
		"folders are none": {`"i*"`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, log := open(t, dir, "paths = ["+c.paths+"]")
			var got []string
			for _, sl := range mustSlices(t, s, pipeline.Window{}) {
				got = append(got, sl.Ground[0].Name)
			}
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if warned := strings.Contains(log.String(), "path matches no file"); warned != (c.want == nil) {
				t.Errorf("log: %s", log)
			}
		})
	}
}

func TestWhatCannotBeLookedAtIsAnError(t *testing.T) {
	dir := put(t, map[string]string{"in/a.jsonl": "{}", "in/sub/b.jsonl": "{}"})
	if err := os.Symlink("loop", filepath.Join(dir, "in", "loop")); err != nil {
		t.Skip("no symbolic links here")
	}
	for paths, want := range map[string]string{
		"in/*":         "loop",
		"in/loop/*":    "loop",
		"in/a.jsonl/*": "a.jsonl",
		"in":           "in is a folder: write in/* for the files in it",
	} {
		s, _ := open(t, dir, `paths = ["`+paths+`"]`)
		if _, err := s.Slices(t.Context(), pipeline.Window{}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), paths) {
			t.Errorf("%s: error = %v", paths, err)
		}
	}
}

func TestSliceNames(t *testing.T) {
	dir := put(t, map[string]string{"a.jsonl": "{}", "in/a.jsonl": "{}", "in-a.jsonl": "{}", "in a.jsonl": "{}"})
	s, _ := open(t, dir, `paths = ["**"]`)
	got := names(mustSlices(t, s, pipeline.Window{}))
	if len(got) != 4 || !slices.Contains(got, "this-a.jsonl") || !slices.Contains(got, "this-in-a.jsonl") {
		t.Errorf("names = %q", got)
	}
	for _, n := range got {
		if strings.ContainsAny(n, "/ ") {
			t.Errorf("name %q is no file name", n)
		}
	}
}

func TestWindow(t *testing.T) {
	dir := put(t, map[string]string{
		"in/a.jsonl":    signIn(1, day1) + signIn(2, day2) + "{\"cut\":\n" + signIn(3, day1) + "{\"id\":\"4\"}\n" + `{"id":"5","createdDateTime":"soon"}` + "\n",
		"in/b.jsonl.gz": signIn(6, day2) + signIn(7, "2026-11-02T23:59:59.9999999Z") + "nonsense\n",
		"in/c.jsonl":    `{"time":"11/3/2026 8:00:00 AM","category":"SignInLogs","properties":{"id":"8"}}` + "\n" + `{"TimeGenerated":"` + day3 + `","Id":"9"}` + "\n",
	})
	s, _ := open(t, dir, daily)
	all := mustSlices(t, s, pipeline.Window{})
	if diff := cmp.Diff([]string{"this-20261101T000000Z-1d", "this-20261102T000000Z-1d", "this-20261103T000000Z-1d"}, names(all)); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	want := []read{
		{
			Records: []string{strings.TrimSpace(signIn(1, day1)), strings.TrimSpace(signIn(3, day1))},
			Rejects: []string{
				"in/a.jsonl@116+7: not a whole JSON object",
				"in/a.jsonl@182+10: the record has no time, so it belongs to no slice of the window",
				"in/a.jsonl@193+35: the record's time cannot be read, so it belongs to no slice of the window",
			},
			Outside: 1,
		},
		{
			Records: []string{strings.TrimSpace(signIn(2, day2)), strings.TrimSpace(signIn(6, day2)), strings.TrimSpace(signIn(7, "2026-11-02T23:59:59.9999999Z"))},
			Rejects: []string{"in/b.jsonl.gz@124+8: not a whole JSON object"},
		},
		{Records: []string{
			`{"time":"11/3/2026 8:00:00 AM","category":"SignInLogs","properties":{"id":"8"}}`,
			`{"TimeGenerated":"` + day3 + `","Id":"9"}`,
		}},
	}
	for i, sl := range all {
		got := mustRead(t, s, sl)
		for k, r := range got.Rejects {
			got.Rejects[k], _, _ = strings.Cut(r, " at byte")
			if cut, _, ok := strings.Cut(r, "not a whole JSON object"); ok {
				got.Rejects[k] = cut + "not a whole JSON object"
			}
		}
		slices.Sort(got.Rejects)
		slices.Sort(want[i].Rejects)
		if diff := cmp.Diff(want[i], got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sl.Name, diff)
		}
	}
}

func TestWindowBounds(t *testing.T) {
	dir := put(t, map[string]string{"in/a.jsonl": signIn(1, day1) + signIn(2, day2) + "{\"id\":\"lost\"}\n" + signIn(3, day3)})
	for name, c := range map[string]struct {
		bounds string
		want   []string
		counts []int
	}{
		"open":          {"", []string{"20261101T000000Z-1d", "20261102T000000Z-1d", "20261103T000000Z-1d"}, []int{1, 1, 1}},
		"from the 2nd":  {`start = "2026-11-02T00:00:00Z"`, []string{"20261102T000000Z-1d", "20261103T000000Z-1d"}, []int{1, 1}},
		"until the 3rd": {`end = "2026-11-03T00:00:00Z"`, []string{"20261101T000000Z-1d", "20261102T000000Z-1d"}, []int{1, 1}},
		"half a day":    {"start = \"2026-11-01T06:00:00Z\"\n end = \"2026-11-02T07:00:00Z\"", []string{"20261101T060000Z-18h", "20261102T000000Z-7h"}, []int{1, 0}},
		"elsewhere":     {`start = "2027-01-01T00:00:00Z"`, []string{"20270101T000000Z-1d"}, []int{0}},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := open(t, dir, strings.Replace(daily, "slice", c.bounds+"\n slice", 1))
			all := mustSlices(t, s, pipeline.Window{})
			var got []string
			var counts []int
			rejects := 0
			for _, sl := range all {
				got = append(got, strings.TrimPrefix(sl.Name, "this-"))
				r := mustRead(t, s, sl)
				counts = append(counts, len(r.Records))
				rejects += len(r.Rejects)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.counts, counts); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if rejects != 1 {
				t.Errorf("the record without a time was rejected %d times", rejects)
			}
		})
	}
}

// TestSomeRecord reads every record of a file in exactly one slice.
func TestEveryRecordOnce(t *testing.T) {
	var text strings.Builder
	const n = 5000
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		text.WriteString(signIn(i, at.Add(time.Duration(i*7919%n)*time.Minute).Format(time.RFC3339)))
		if i%100 == 0 {
			text.WriteString("\r\n{\"id\":\"lost\"}\n")
		}
	}
	for _, name := range []string{"in/a.jsonl", "in/a.jsonl.gz"} {
		s, _ := open(t, put(t, map[string]string{name: text.String()}), strings.Replace(daily, "1d", "6h", 1))
		seen := map[string]int{}
		rejects := 0
		all := mustSlices(t, s, pipeline.Window{})
		for _, sl := range all {
			r := mustRead(t, s, sl)
			for _, rec := range r.Records {
				seen[rec]++
			}
			rejects += len(r.Rejects)
			if strings.HasSuffix(name, ".gz") && r.total() != n+n/100 {
				t.Errorf("%s: slice %s counts %d of %d", name, sl.Name, r.total(), n+n/100)
			}
		}
		if len(seen) != n || rejects != n/100 || len(all) != 14 {
			t.Errorf("%s: %d records, %d rejects, %d slices", name, len(seen), rejects, len(all))
		}
		for rec, k := range seen {
			if k != 1 {
				t.Errorf("%s: read %d times: %s", name, k, rec)
			}
		}
	}
}

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
		s, _ := open(t, dir, `paths = ["*"]`+shape)
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
	s, _ := open(t, dir, `paths = ["*"]`)
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
			s, _ := open(t, dir, daily)
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
	s, _ := open(t, dir, daily)
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

// TestMovedInsideItsFile: what was stored of a slice may lie elsewhere in a
// file that was rewritten, and a sink that is added later reads it there.
func TestMovedInsideItsFile(t *testing.T) {
	dir := put(t, map[string]string{"in/a.jsonl": signIn(1, day1) + signIn(2, day2)})
	s, _ := open(t, dir, daily)
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
	s, _ := open(t, dir, daily)
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
	s, _ := open(t, dir, daily)
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
			s, _ := open(t, dir, c.body)
			sl := mustSlices(t, s, pipeline.Window{})[0]
			write(t, dir, "in/a.jsonl", c.text)
			if _, _, err := readSlice(t, s, sl); err == nil || !strings.Contains(err.Error(), "run again") || !strings.Contains(err.Error(), "in/a.jsonl") {
				t.Errorf("error = %v", err)
			}
		})
	}
	t.Run("grown is read as planned", func(t *testing.T) {
		dir := put(t, map[string]string{"in/a.jsonl": signIn(1, day1)})
		s, _ := open(t, dir, `paths = ["in/**"]`)
		sl := mustSlices(t, s, pipeline.Window{})[0]
		write(t, dir, "in/a.jsonl", signIn(1, day1)+signIn(2, day1))
		if got := mustRead(t, s, sl); len(got.Records) != 1 {
			t.Errorf("%+v", got)
		}
	})
	t.Run("same size, remembered sum", func(t *testing.T) {
		dir := put(t, map[string]string{"in/a.jsonl": signIn(1, day1)})
		s, _ := open(t, dir, `paths = ["in/**"]`)
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
			s, _ := open(t, dir, body)
			sl := mustSlices(t, s, pipeline.Window{})[0]
			sl.Ground[0].Name = "in/gone.jsonl"
			if _, _, err := readSlice(t, s, sl); err == nil || !strings.Contains(err.Error(), "gone.jsonl") {
				t.Errorf("error = %v", err)
			}
		}
	})
}

func TestDamagedFileIsAnError(t *testing.T) {
	dir := put(t, map[string]string{"in/a.jsonl.gz": strings.Repeat(signIn(1, day1), 100)})
	p := filepath.Join(dir, "in/a.jsonl.gz")
	b, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, b[:len(b)-4], 0o644); err != nil {
		t.Fatal(err)
	}
	s, _ := open(t, dir, `paths = ["in/**"]`)
	if _, _, err := readSlice(t, s, mustSlices(t, s, pipeline.Window{})[0]); err == nil || !strings.Contains(err.Error(), "in/a.jsonl.gz") {
		t.Errorf("error = %v", err)
	}
	s, _ = open(t, dir, daily)
	if _, err := s.Slices(t.Context(), pipeline.Window{}); err == nil || !strings.Contains(err.Error(), "in/a.jsonl.gz") {
		t.Errorf("error = %v", err)
	}
}

func TestDiagnostics(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want string
	}{
		"no paths":          {`paths = []`, "body.hcl:1,9-11: No paths"},
		"empty path":        {`paths = ["a", ""]`, "body.hcl:1,15-17: Empty path"},
		"bad pattern":       {`paths = ["a["]`, "body.hcl:1,10-14: Not a pattern"},
		"unknown log":       {"paths = [\"a\"]\nlog = \"sign_in\"", "sign_ins"},
		"shape it has not":  {"paths = [\"a\"]\nlog = \"microsoft_graph_activity\"\nshape = \"graph\"", "body.hcl:3,9-16: Log has no such shape"},
		"max_record":        {"paths = [\"a\"]\nmax_record = 3", "body.hcl:2,14-15: Number out of range"},
		"window, no log":    {"paths = [\"a\"]\nwindow {\n slice = \"1d\"\n}", "body.hcl:2,1-7: Window without a log"},
		"short slice":       {"paths = [\"a\"]\nlog = \"sign_ins\"\nwindow {\n slice = \"1s\"\n}", "body.hcl:4,10-14: Slice is too short"},
		"no duration":       {"paths = [\"a\"]\nlog = \"sign_ins\"\nwindow {\n slice = \"daily\"\n}", "body.hcl:4,10-17: Not a duration"},
		"no time":           {"paths = [\"a\"]\nlog = \"sign_ins\"\nwindow {\n slice = \"1d\"\n start = \"today\"\n}", "body.hcl:5,10-17: Not a time"},
		"end before start":  {"paths = [\"a\"]\nlog = \"sign_ins\"\nwindow {\n slice = \"1d\"\n start = \"2026-11-02T00:00:00Z\"\n end = \"2026-11-01T00:00:00Z\"\n}", "body.hcl:6,8-30: Window ends before it starts"},
		"two windows":       {"paths = [\"a\"]\nlog = \"sign_ins\"\nwindow {\n slice = \"1d\"\n}\nwindow {\n slice = \"1d\"\n}", "body.hcl:6"},
		"slice is required": {"paths = [\"a\"]\nlog = \"sign_ins\"\nwindow {\n}", "body.hcl:3,1-7: Missing attribute"},
	} {
		t.Run(name, func(t *testing.T) {
			k := file.Kind()
			a, diags := catalog.Parse(&k, c.body, t.TempDir(), nil, nil)
			if a != nil {
				_, more := k.Source(a)
				diags = append(diags, more...)
			}
			if !diags.HasErrors() || !strings.Contains(diags.Error(), c.want) {
				t.Errorf("diagnostics = %v, want %q", diags, c.want)
			}
		})
	}
}

func TestUnknownValuesAreNoMistakes(t *testing.T) {
	k := file.Kind()
	values := map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{"x": cty.UnknownVal(cty.String)})}
	a, diags := catalog.Parse(&k, "paths = [var.x]\nlog = var.x\nshape = var.x\nwindow {\n slice = var.x\n start = var.x\n}", t.TempDir(), nil, values)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if s, diags := k.Source(a); diags.HasErrors() || s == nil || s.Schema() == nil {
		t.Errorf("%v, %v", s, diags)
	}
}
