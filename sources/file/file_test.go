package file_test

import (
	"bytes"
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
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/pipelinetest"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/sources/file"
)

// open decodes a body and returns the source.
func open(t testing.TB, dir, body string) pipeline.Source {
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
	return s
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
				s := open(t, put(t, files), body)
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
		paths   string
		want    []string
		notices int
	}{
		"one of two":       {`"a.jsonl", "z.jsonl"`, []string{"a.jsonl"}, 1},
		"one":              {`"a.jsonl"`, []string{"a.jsonl"}, 0},
		"star":             {`"*.jsonl"`, []string{"[x].jsonl", "a.jsonl", "b.jsonl"}, 0},
		"question":         {`"?.jsonl"`, []string{"a.jsonl", "b.jsonl"}, 0},
		"class":            {`"[ac].*"`, []string{"a.jsonl", "c.txt"}, 0},
		"escaped":          {`"\\[x].jsonl"`, []string{"[x].jsonl"}, 0},
		"hidden":           {`".h*"`, []string{".hidden.jsonl"}, 0},
		"everywhere":       {`"**/*.jsonl"`, []string{"[x].jsonl", "a.jsonl", "b.jsonl", "in/d.jsonl", "in/deep/er/e.jsonl"}, 0},
		"below":            {`"in/**"`, []string{"in/d.jsonl", "in/deep/e.txt", "in/deep/er/e.jsonl"}, 0},
		"star folder":      {`"in/*/*.txt"`, []string{"in/deep/e.txt"}, 0},
		"twice is once":    {`"a.jsonl", "./a.jsonl", "*.jsonl", "in/../a.jsonl"`, []string{"[x].jsonl", "a.jsonl", "b.jsonl"}, 0},
		"outside":          {`"../` + filepath.Base(outside) + `/*"`, []string{"../" + filepath.Base(outside) + "/g.jsonl"}, 1},
		"absolute":         {`"` + filepath.ToSlash(outside) + `/*"`, []string{filepath.ToSlash(outside) + "/g.jsonl"}, 1},
		"none":             {`"no/*.jsonl", "nothing.jsonl"`, nil, 2},
		"folders are none": {`"i*"`, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, dir, "paths = ["+c.paths+"]")
			var got, notices []string
			w := pipeline.Window{Notice: func(text string) { notices = append(notices, text) }}
			for _, sl := range mustSlices(t, s, w) {
				got = append(got, sl.Ground[0].Name)
			}
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(notices) != c.notices || c.notices > 0 && !strings.Contains(notices[0], "no file that matches") && !strings.Contains(notices[0], "outside of the pipeline's directory") {
				t.Errorf("%d notices, want %d: %q", len(notices), c.notices, notices)
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
		s := open(t, dir, `paths = ["`+paths+`"]`)
		if _, err := s.Slices(t.Context(), pipeline.Window{}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), paths) {
			t.Errorf("%s: error = %v", paths, err)
		}
	}
}

func TestSliceNames(t *testing.T) {
	dir := put(t, map[string]string{"a.jsonl": "{}", "in/a.jsonl": "{}", "in-a.jsonl": "{}", "in a.jsonl": "{}"})
	s := open(t, dir, `paths = ["**"]`)
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
	s := open(t, dir, `paths = ["in/**"]`)
	if _, _, err := readSlice(t, s, mustSlices(t, s, pipeline.Window{})[0]); err == nil || !strings.Contains(err.Error(), "in/a.jsonl.gz") {
		t.Errorf("error = %v", err)
	}
	s = open(t, dir, daily)
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
