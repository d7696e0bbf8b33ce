package file_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/format"
	"github.com/logpipe/logpipe/pipeline/record"
)

// realRecords returns the files of real records, which lie beside the project
// and are never part of it.
func realRecords(t *testing.T) map[string][]byte {
	t.Helper()
	found, err := filepath.Glob("../../../shared/data/records/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, p := range found {
		name := filepath.Base(p)
		if name == "PROVENANCE.jsonl" || name == "timeFormats.expected.jsonl" {
			continue
		}
		if files[name], err = os.ReadFile(p); err != nil {
			t.Fatal(err)
		}
	}
	if len(files) == 0 {
		t.Skip("../shared/data/records is not beside the project: nothing real to read")
	}
	return files
}

// through reads every slice of a source and writes it as JSON Lines.
func through(t *testing.T, s pipeline.Source) (text string, rejects []record.Reject) {
	t.Helper()
	e, err := format.NewEncoding(format.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	b := record.NewBatch(new(record.Layout).Compile())
	for _, sl := range mustSlices(t, s, pipeline.Window{}) {
		r, err := s.Open(t.Context(), sl)
		if err != nil {
			t.Fatal(err)
		}
		w, err := e.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			b.Reset("")
			if err = r.Read(t.Context(), b); err != nil && err != io.EOF {
				t.Fatal(err)
			}
			b.Scan()
			rejects = append(rejects, b.Rejects()...)
			if err := w.Write(b); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.String(), rejects
}

func TestRealRecordsComeOutAsTheyWentIn(t *testing.T) {
	wide := func(b []byte) []byte {
		out := []byte{0xff, 0xfe}
		for _, u := range utf16.Encode([]rune(string(b))) {
			out = append(out, byte(u), byte(u>>8))
		}
		return out
	}
	elements := func(b []byte, open, sep, end string) []byte {
		lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
		return []byte(open + strings.Join(lines, sep) + end)
	}
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for form, wrap := range map[string]func([]byte) []byte{
		"as they are":   func(b []byte) []byte { return b },
		"no last end":   func(b []byte) []byte { return bytes.TrimSuffix(b, []byte("\n")) },
		"windows lines": func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) },
		"mark":          func(b []byte) []byte { return append([]byte("\xef\xbb\xbf"), b...) },
		"utf-16":        wide,
		"zstd":          func(b []byte) []byte { return z.EncodeAll(b, nil) },
		"container": func(b []byte) []byte {
			return elements(b, "{\"@odata.context\":\"x\",\n \"value\": [\n", ",\n", "\n]}\n")
		},
		"records": func(b []byte) []byte { return elements(b, `{"records":[`, `,`, `]}`) },
		"array":   func(b []byte) []byte { return elements(b, `[`, `, `, `]`) },
	} {
		t.Run(form, func(t *testing.T) {
			files, lines := 0, 0
			for name, want := range realRecords(t) {
				dir := t.TempDir()
				if err := os.WriteFile(filepath.Join(dir, name), wrap(want), 0o644); err != nil {
					t.Fatal(err)
				}
				s := open(t, dir, `paths = ["*.jsonl"]`)
				if got, rejects := through(t, s); got != string(want) || len(rejects) > 0 {
					t.Errorf("%s does not come out as it went in, %d rejects", name, len(rejects))
				}
				files++
				lines += bytes.Count(want, []byte("\n"))
			}
			t.Logf("%d files, %d records", files, lines)
		})
	}
}

// TestRealRecordsByTime: with a window the same records come out, each once,
// but for those that have no time: rows of a query that left it out.
func TestRealRecordsByTime(t *testing.T) {
	files := realRecords(t)
	for log, c := range map[string]struct {
		names    []string
		timeless int
	}{
		"sign_ins":         {[]string{"signIn.jsonl", "signIn.diag.jsonl", "signIn.la.jsonl", "nonInteractiveSignIn.diag.jsonl", "servicePrincipalSignIn.diag.jsonl", "managedIdentitySignIn.diag.jsonl"}, 0},
		"directory_audits": {[]string{"directoryAudit.jsonl", "directoryAudit.diag.jsonl", "directoryAudit.la.jsonl"}, 5},
	} {
		dir := t.TempDir()
		var want []string
		for _, name := range c.names {
			text, ok := files[name]
			if !ok {
				t.Errorf("there is no %s", name)
			}
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
				t.Fatal(err)
			}
			want = append(want, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")...)
		}
		s := open(t, dir, "paths = [\"*.jsonl\"]\nlog = \""+log+"\"\nwindow {\n slice = \"1d\"\n}")
		text, rejects := through(t, s)
		got := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		t.Logf("%s: %d records in %d slices, %d rejects", log, len(got), len(mustSlices(t, s, pipeline.Window{})), len(rejects))
		if len(rejects) != c.timeless || len(got)+len(rejects) != len(want) {
			t.Errorf("%s: %d records went in, %d came out, %d were rejected", log, len(want), len(got), len(rejects))
		}
		for _, r := range rejects {
			if !strings.Contains(r.Err.Error(), "no time") {
				t.Errorf("%s at %d: %v", r.Origin, r.Offset, r.Err)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		for i, g := range got {
			if _, ok := slices.BinarySearch(want, g); !ok || i > 0 && got[i-1] == g {
				t.Errorf("%s: record %d came out changed or twice", log, i)
			}
		}
	}
}
