package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/store/dir"
)

// Published records of every log and shape go through the whole program and
// come out byte for byte, in their order; what is spoiled on the way in is
// rejected and counted.
func TestPublishedRecordsPassUntouched(t *testing.T) {
	all, err := filepath.Glob("../../../shared/data/records/*.jsonl")
	if err != nil || len(all) == 0 {
		t.Skip("the published records (../shared beside the project) are not here; nothing was checked")
	}
	folder := t.TempDir()
	write := func(name string, b []byte) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("pipeline.hcl", []byte(`
source "file" "records" { paths = ["in/*.jsonl"] }
sink "local" "copy" {
  from = source.file.records
  path = "out/${slice.name}"
}
`))
	files, lines, rejected := map[string][]byte{}, int64(0), int64(0)
	for _, name := range all {
		base := filepath.Base(name)
		if base == "PROVENANCE.jsonl" || base == "timeFormats.expected.jsonl" {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		b = append(bytes.TrimRight(b, "\n"), '\n')
		files[base] = b
		lines += int64(bytes.Count(b, []byte("\n")))
		spoiled, n := spoil(b)
		rejected += n
		lines += n
		write("in/"+base, spoiled)
	}
	if out, err := invoke(t, folder, "apply", "-auto-approve", "-allow-rejects=100000").CombinedOutput(); err != nil {
		t.Fatalf("apply: %v\n%s", err, out)
	}
	s, err := dir.Open(filepath.Join(folder, "out"), dir.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Open(context.Background(), s, ".logpipe/manifest")
	if err != nil {
		t.Fatal(err)
	}
	var total manifest.Counts
	for e, err := range m.Entries(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		total = total.Add(e.Counts)
		in := strings.TrimPrefix(e.Ground[0].Name, "in/")
		got, err := os.ReadFile(filepath.Join(folder, "out", e.Objects[0].Name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, files[in]) {
			t.Errorf("%s came out with %d bytes, went in with %d, or they differ", in, len(got), len(files[in]))
		}
		delete(files, in)
	}
	if len(files) > 0 {
		t.Errorf("%d files did not come out", len(files))
	}
	if want := (manifest.Counts{Read: lines, Rejected: rejected, Written: lines - rejected}); total != want {
		t.Errorf("counts %+v, want %+v", total, want)
	}
	t.Logf("%d records passed, %d spoiled ones were rejected", lines-rejected, rejected)
}

// spoil puts broken variants of each line behind it.
func spoil(b []byte) (out []byte, n int64) {
	for line := range bytes.Lines(b) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		for _, bad := range [][]byte{
			line[:len(line)-1],                                // cut
			line[:len(line)/2],                                // cut in the middle
			append(bytes.Clone(line), '}'),                    // more than an object
			bytes.Replace(line, []byte(`":`), []byte(`"`), 1), // no colon
			append([]byte{'['}, append(bytes.Clone(line[1:len(line)-1]), ']')...),
		} {
			out = append(append(out, bad...), '\n')
			n++
		}
		out = append(append(out, line...), '\n')
	}
	return out, n
}
