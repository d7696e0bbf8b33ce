package format_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/logpipe/logpipe/pipeline/format"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

func paths(t testing.TB, texts ...string) []record.Path {
	t.Helper()
	var out []record.Path
	for _, text := range texts {
		p, err := record.ParsePath(text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// batch returns a scanned batch and the columns for cols.
func batch(t testing.TB, cols []string, lines ...string) (*record.Batch, []format.Column) {
	t.Helper()
	var l record.Layout
	columns := format.Columns(&l, paths(t, cols...))
	b := record.NewBatch(l.Compile())
	off := int64(0)
	for _, line := range lines {
		b.Append([]byte(line), off)
		off += int64(len(line)) + 1
	}
	b.Scan()
	return b, columns
}

func unpack(t *testing.T, compression string, b []byte) string {
	t.Helper()
	var r io.Reader = bytes.NewReader(b)
	var err error
	switch compression {
	case format.Gzip:
		r, err = gzip.NewReader(r)
	case format.Zstd:
		r, err = zstd.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestWriteLines(t *testing.T) {
	for _, compression := range format.Compressions() {
		t.Run(compression, func(t *testing.T) {
			e, err := format.NewEncoding(format.Options{Compression: compression})
			if err != nil {
				t.Fatal(err)
			}
			lines := []string{`{"a":1}`, `{"a":"<&>\u0041"}`, `{"a":[12345678901234567890]}`}
			var first []byte
			for range 3 { // the writer is used again
				b, _ := batch(t, nil, append(lines, `{"dropped":1}`)...)
				b.Drop(3)
				var out bytes.Buffer
				w, err := e.NewWriter(&out)
				if err != nil {
					t.Fatal(err)
				}
				if err := w.Write(b); err != nil {
					t.Fatal(err)
				}
				s, err := w.Close()
				if err != nil {
					t.Fatal(err)
				}
				plain := strings.Join(lines, "\n") + "\n"
				if got := unpack(t, compression, out.Bytes()); got != plain {
					t.Errorf("got %q, want %q", got, plain)
				}
				want := format.Sums{Records: 3, PlainBytes: int64(len(plain)), StoredBytes: int64(out.Len()),
					Plain: sha256.Sum256([]byte(plain)), Stored: sha256.Sum256(out.Bytes())}
				if s != want {
					t.Errorf("sums = %+v, want %+v", s, want)
				}
				if first == nil {
					first = bytes.Clone(out.Bytes())
				} else if !bytes.Equal(first, out.Bytes()) {
					t.Error("the same records gave other bytes")
				}
			}
		})
	}
}

func TestWriteCSV(t *testing.T) {
	b, cols := batch(t, []string{"id", "status.errorCode", "tags", "user.name", `a["x.y"]`, "n"},
		`{"id":"1","status":{"errorCode":50126,"more":1},"tags":["a","b"],"user":{"name":"Zoë, \"the\" Admin\r\n"},"a":{"x.y":true}}`,
		`{"id":"","status":null,"tags":[],"user":{"name":null},"n":-1.5e3}`,
		`{"id":"=cmd|'/c calc'!A1","user":{"name":"'=1"},"n":"-1","status":{"errorCode":1,"errorCode":2}}`,
		`{"id":"\ud800","n":1}`,
		`{"id":"＝1","user":{"name":"'quoted'"}}`,
	)
	e, err := format.NewEncoding(format.Options{Format: format.CSV, Columns: cols})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := e.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	s, err := w.Close()
	if err != nil || s.Records != 4 {
		t.Fatalf("%d records, %v", s.Records, err)
	}
	want := strings.Join([]string{
		`id,status.errorCode,tags,user.name,"a[""x.y""]",n`,
		`1,50126,"[""a"",""b""]","Zoë, ""the"" Admin` + "\r\n" + `",true,`,
		`"",,"[]",,,-1.5e3`,
		`"'=cmd|'/c calc'!A1",2,,"''=1",,"'-1"`,
		`"'＝1",,,'quoted',,`,
		``,
	}, "\r\n")
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r := b.Rejects(); len(r) != 1 || r[0].Index != 3 || strings.Contains(r[0].Err.Error(), "d800") {
		t.Errorf("rejects = %+v", r)
	}

	rd := format.NewCSVReader(&out)
	var got [][]format.Cell
	for {
		row, err := rd.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, append([]format.Cell(nil), row...))
	}
	null := format.Cell{Null: true}
	text := func(s string) format.Cell { return format.Cell{Text: s} }
	if diff := cmp.Diff([][]format.Cell{
		{text("id"), text("status.errorCode"), text("tags"), text("user.name"), text(`a["x.y"]`), text("n")},
		{text("1"), text("50126"), text(`["a","b"]`), text("Zoë, \"the\" Admin\r\n"), text("true"), null},
		{text(""), null, text("[]"), null, null, text("-1.5e3")},
		{text("=cmd|'/c calc'!A1"), text("2"), null, text("'=1"), null, text("-1")},
		{text("＝1"), null, null, text("'quoted'"), null, null},
	}, got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestNewEncoding(t *testing.T) {
	for name, c := range map[string]struct {
		o    format.Options
		want string
	}{
		"unknown format":      {format.Options{Format: "xml"}, `format "xml" is not one of jsonl, csv`},
		"unknown compression": {format.Options{Compression: "lz4"}, `compression "lz4" is not one of none, gzip, zstd`},
		"level of none":       {format.Options{Level: 3}, "compression level 3 has no effect without compression"},
		"level of gzip":       {format.Options{Compression: "gzip", Level: 10}, "compression level 10 is not between 1 and 9, as gzip has them"},
		"csv of nothing":      {format.Options{Format: "csv"}, "csv needs columns"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := format.NewEncoding(c.o); err == nil || err.Error() != c.want {
				t.Errorf("error = %v, want %q", err, c.want)
			}
		})
	}
}

func TestLeafPaths(t *testing.T) {
	text := &schema.Type{Kind: schema.String}
	s := &schema.Schema{Record: &schema.Type{Kind: schema.Object, Fields: []schema.Field{
		{Name: "id", Type: text},
		{Name: "status", Type: &schema.Type{Kind: schema.Object, Fields: []schema.Field{{Name: "code", Type: &schema.Type{Kind: schema.Int}}}}},
		{Name: "tags", Type: &schema.Type{Kind: schema.List, Elem: text}},
		{Name: "rules", Type: &schema.Type{Kind: schema.List, Elem: &schema.Type{Kind: schema.Object, Fields: []schema.Field{{Name: "a", Type: text}, {Name: "b", Type: text}}}}},
	}}}
	var got []string
	for _, p := range format.LeafPaths(s) {
		got = append(got, p.String())
	}
	if diff := cmp.Diff([]string{"id", "status.code", "tags", "rules"}, got); diff != "" {
		t.Error(diff)
	}
	if p := format.LeafPaths(schema.Open("")); p != nil {
		t.Errorf("an open schema has columns: %v", p)
	}
}

// broken fails after n bytes, like a full disk.
type broken struct{ n int }

func (b *broken) Write(p []byte) (int, error) {
	if b.n -= len(p); b.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

var errFull = errors.New("disk is full")

func TestFullDisk(t *testing.T) {
	for _, compression := range format.Compressions() {
		t.Run(compression, func(t *testing.T) {
			e, err := format.NewEncoding(format.Options{Compression: compression})
			if err != nil {
				t.Fatal(err)
			}
			w, err := e.NewWriter(&broken{n: 100})
			if err != nil {
				t.Fatal(err)
			}
			for i := range 2000 {
				sum := sha256.Sum256(fmt.Append(nil, i))
				b, _ := batch(t, nil, fmt.Sprintf(`{"i":"%x%x"}`, sum, sum))
				_ = w.Write(b) // the last one tells
			}
			if _, err := w.Close(); !errors.Is(err, errFull) {
				t.Errorf("error = %v", err)
			}
			// The writer is used again and has no memory of it.
			var out bytes.Buffer
			if w, err = e.NewWriter(&out); err != nil {
				t.Fatal(err)
			}
			b, _ := batch(t, nil, `{"a":1}`)
			if err := w.Write(b); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Close(); err != nil || unpack(t, compression, out.Bytes()) != "{\"a\":1}\n" {
				t.Errorf("second object: %q, %v", out.Bytes(), err)
			}
		})
	}
}
