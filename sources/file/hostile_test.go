package file_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/record"
)

// TestTimesThatNoSliceCanHave rejects records whose time is a program's word for
// none, or lies where a slice has no name and no end.
func TestTimesThatNoSliceCanHave(t *testing.T) {
	bad := []string{
		"0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "1969-12-31T23:59:59.9999999Z", "1601-01-01T00:00:00Z", "1970-01-01T00:00:00+01:00",
		"9999-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59-12:00", "9998-12-31T23:59:59-01:00",
	}
	good := []string{"1970-01-01T00:00:00Z", day1, "9998-12-31T23:59:59.9999999Z"}
	for _, length := range []string{"1m", "1d", "1000d", "36500d"} {
		t.Run(length, func(t *testing.T) {
			var text strings.Builder
			for i, at := range append(append([]string{}, bad...), good...) {
				text.WriteString(signIn(i, at))
			}
			dir := put(t, map[string]string{"in/a.jsonl": text.String(), "in/b.jsonl": signIn(99, bad[0])})
			s := open(t, dir, strings.Replace(daily, "1d", length, 1))
			records, rejects := 0, 0
			for _, sl := range mustSlices(t, s, pipeline.Window{}) {
				if sl.Start.Year() < 1970 || sl.End.Year() > 9999 || !sl.Start.Before(sl.End) {
					t.Errorf("slice %s: %s to %s", sl.Name, sl.Start, sl.End)
				}
				got := mustRead(t, s, sl)
				records += len(got.Records)
				for _, r := range got.Rejects {
					rejects++
					if !strings.Contains(r, "before 1970 or after 9998, so it belongs to no slice of the window") {
						t.Error(r)
					}
				}
			}
			if records != len(good) || rejects != len(bad)+1 {
				t.Errorf("%d records, %d rejects; want %d, %d", records, rejects, len(good), len(bad)+1)
			}
		})
	}
}

// TestFileTimesThatNoSliceCanHave has records without a time in files whose own
// time is no better.
func TestFileTimesThatNoSliceCanHave(t *testing.T) {
	for _, at := range []time.Time{time.Unix(-1<<33, 0), time.Date(9999, 6, 1, 0, 0, 0, 0, time.UTC)} {
		dir := put(t, map[string]string{"in/a.jsonl": "{\"id\":\"1\"}\n"})
		if err := os.Chtimes(filepath.Join(dir, "in/a.jsonl"), at, at); err != nil {
			t.Fatal(err)
		}
		s := open(t, dir, daily)
		all := mustSlices(t, s, pipeline.Window{})
		if len(all) != 1 || all[0].Start.Year() < 1970 || all[0].End.Year() > 9999 {
			t.Fatalf("slices: %+v", all)
		}
		if got := mustRead(t, s, all[0]); len(got.Rejects) != 1 {
			t.Errorf("%+v", got)
		}
	}
}

// TestMemoryOfALine reads a line far over the limit of a record, and blanks, with
// and without a window.
func TestMemoryOfALine(t *testing.T) {
	dir := put(t, map[string]string{
		"in/a.jsonl":    signIn(1, day1) + `{"a":"` + strings.Repeat("x", 16<<20) + "\"}\n" + signIn(2, day1),
		"in/b.jsonl.gz": signIn(3, day1) + strings.Repeat(" ", 16<<20) + "\n" + strings.Repeat("\n", 16<<20) + signIn(4, day1),
	})
	for _, body := range []string{`paths = ["in/**"]`, daily} {
		s := open(t, dir, body+"\nmax_record = 1024")
		records, rejects := 0, 0
		for _, sl := range mustSlices(t, s, pipeline.Window{}) {
			r, err := s.Open(t.Context(), sl)
			if err != nil {
				t.Fatal(err)
			}
			b := record.NewBatch(new(record.Layout).Compile())
			for err == nil {
				b.Reset("")
				if err = r.Read(t.Context(), b); err != nil && err != io.EOF {
					t.Fatal(err)
				}
				records, rejects = records+b.Len(), rejects+len(b.Rejects())
				if n := len(b.Fill()); n > 1<<20 {
					t.Fatalf("a batch holds %d bytes", n)
				}
			}
			r.Close()
		}
		if records != 4 || rejects != 1 {
			t.Errorf("%d records, %d rejects", records, rejects)
		}
	}
}

// notices returns the slices and what the source noticed on the way.
func notices(t *testing.T, s pipeline.Source) ([]string, []string) {
	t.Helper()
	var said []string
	w := pipeline.Window{Notice: func(text string) { said = append(said, text) }}
	var got []string
	for _, sl := range mustSlices(t, s, w) {
		for _, p := range sl.Ground {
			got = append(got, p.Name)
		}
	}
	return got, said
}

// TestASinksPlaceIsNotRead keeps a pipeline from reading what it wrote.
func TestASinksPlaceIsNotRead(t *testing.T) {
	files := map[string]string{
		"in/a.jsonl": "{}", ".logpipe/state/1.json": "{}",
		"out/x/b.jsonl": "{}", "out/x/2026/c.jsonl": "{}", "out/x/.logpipe/manifest/1.json": "{}",
		"out/y/d.jsonl": "{}", "out/y/.logpipe/state/1.json": "{}",
	}
	outside, err := filepath.EvalSymlinks(put(t, map[string]string{"sub/e.jsonl": "{}", ".logpipe/manifest/1.json": "{}"}))
	if err != nil {
		t.Fatal(err)
	}
	const why = "does not read what lies in out/x: a sink stores there"
	for name, c := range map[string]struct {
		paths string
		want  []string
		said  []string
	}{
		"everywhere":    {"**/*.jsonl", []string{"in/a.jsonl", "out/y/d.jsonl"}, []string{why}},
		"star":          {"out/*/*.jsonl", []string{"out/y/d.jsonl"}, []string{why}},
		"its folder":    {"out/x/*.jsonl", nil, []string{why}},
		"below it":      {"out/x/2026/*", nil, []string{why}},
		"by name":       {"out/x/2026/c.jsonl", nil, []string{why}},
		"its machinery": {"out/x/.logpipe/manifest/*", nil, []string{why}},
		"elsewhere":     {"in/*", []string{"in/a.jsonl"}, nil},
		"by a link":     {"link/*", nil, []string{why}},
		"outside":       {filepath.ToSlash(outside) + "/**", nil, []string{"does not read what lies in " + filepath.ToSlash(outside) + ": a sink stores there"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := put(t, files)
			if err := os.Symlink(filepath.Join("out", "x", "2026"), filepath.Join(dir, "link")); err != nil {
				t.Skip("no symbolic links here")
			}
			got, said := notices(t, open(t, dir, `paths = ["`+c.paths+`"]`))
			for i, text := range said {
				said[i], _, _ = strings.Cut(text, " (")
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.said, said); diff != "" {
				t.Errorf("notices (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("the pipeline's own folder", func(t *testing.T) {
		dir := put(t, map[string]string{"in/a.jsonl": "{}", ".logpipe/manifest/1.json": "{}"})
		if got, said := notices(t, open(t, dir, `paths = ["in/*"]`)); len(got) != 1 || len(said) != 0 {
			t.Errorf("%q, %q", got, said)
		}
		_, err := open(t, dir, `paths = ["**/*.jsonl"]`).Slices(t.Context(), pipeline.Window{})
		if err == nil || !strings.Contains(err.Error(), "a sink stores in the pipeline's directory itself") {
			t.Errorf("error = %v", err)
		}
	})
}

// TestNamesThatAreNotUTF8 refuses a name that no manifest can hold before
// anything is read.
func TestNamesThatAreNotUTF8(t *testing.T) {
	dir := put(t, map[string]string{"in/a.jsonl": "{}"})
	if err := os.WriteFile(filepath.Join(dir, "in", "b\xff\n.jsonl"), []byte("{}"), 0o644); err != nil {
		t.Skip("no such names here")
	}
	if runtime.GOOS == "darwin" {
		t.Skip("no such names here")
	}
	for _, body := range []string{`paths = ["in/**"]`, daily} {
		_, err := open(t, dir, body).Slices(t.Context(), pipeline.Window{})
		if err == nil || !strings.Contains(err.Error(), `"in/b\xff\n.jsonl"`) || !strings.Contains(err.Error(), "rename") {
			t.Errorf("error = %v", err)
		}
	}
}

// TestReadingOutsideIsSaid names what lies outside of the pipeline's directory.
func TestReadingOutsideIsSaid(t *testing.T) {
	files := map[string]string{}
	for i := range 5 {
		files[fmt.Sprintf("%d.jsonl", i)] = "{}"
	}
	other := filepath.ToSlash(put(t, files))
	for name, c := range map[string]struct{ paths, want string }{
		"inside":           {`"in/a.jsonl"`, ""},
		"absolute, inside": {`"DIR/in/a.jsonl"`, ""},
		"absolute":         {`"` + other + `/0.jsonl"`, other + "/0.jsonl"},
		"up":               {`"UP/0.jsonl"`, "UP/0.jsonl"},
		"up and back":      {`"../BASE/in/a.jsonl"`, ""},
		"many":             {`"` + other + `/*"`, other + "/0.jsonl, " + other + "/1.jsonl, " + other + "/2.jsonl and 2 more"},
		"a linked file":    {`"in/*.link"`, "in/b.link"},
		"a linked folder":  {`"folder/0*", "in/*.jsonl"`, "folder/0.jsonl"},
		"a link inside":    {`"in/inner"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := put(t, map[string]string{"in/a.jsonl": "{}"})
			for from, to := range map[string]string{"in/b.link": other + "/0.jsonl", "folder": other, "in/inner": "a.jsonl"} {
				if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
					t.Skip("no symbolic links here")
				}
			}
			up, err := filepath.Rel(dir, other)
			if err != nil {
				t.Fatal(err)
			}
			named := strings.NewReplacer("DIR", filepath.ToSlash(dir), "BASE", filepath.Base(dir), "UP", filepath.ToSlash(up))
			paths := named.Replace(c.paths)
			got, said := notices(t, open(t, dir, "paths = ["+paths+"]"))
			if len(got) == 0 {
				t.Fatal("nothing found")
			}
			var want []string
			if c.want != "" {
				want = []string{"reads outside of the pipeline's directory: " + named.Replace(c.want)}
			}
			if diff := cmp.Diff(want, said); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestEveryDamagedFileIsNamed needs one plan to tell all that has to be mended.
func TestEveryDamagedFileIsNamed(t *testing.T) {
	many := strings.Repeat(signIn(1, day1), 100)
	dir := put(t, map[string]string{"in/a.jsonl.gz": many, "in/b.jsonl.gz": many, "in/c.jsonl.gz": many, "in/d.jsonl": many})
	for name, change := range map[string]func([]byte) []byte{
		"in/a.jsonl.gz": func(b []byte) []byte { return b[:len(b)-4] },
		"in/b.jsonl.gz": func(b []byte) []byte { return append(b, make([]byte, 1000)...) },
		"in/c.jsonl.gz": func(b []byte) []byte { return append(b, "garbage, garbage"...) },
	} {
		p := filepath.Join(dir, name)
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, change(b), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, err := open(t, dir, daily).Slices(t.Context(), pipeline.Window{})
	if err == nil {
		t.Fatal("no error")
	}
	for part, want := range map[string]bool{"2 of 4 files": true, "in/a.jsonl.gz": true, "in/b.jsonl.gz": false, "in/c.jsonl.gz": true, "\n": false} {
		if strings.Contains(err.Error(), part) != want {
			t.Errorf("%q in the error is %t: %v", part, !want, err)
		}
	}
}
