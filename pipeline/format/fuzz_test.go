package format_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline/format"
	"github.com/logpipe/logpipe/pipeline/record"
)

// pieces gives its text in pieces of n bytes, then 2n, and so on.
type pieces struct {
	text []byte
	n    int
	next int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.text) == 0 {
		return 0, io.EOF
	}
	p.next = p.next%(4*p.n) + p.n
	n := copy(b[:min(len(b), p.next)], p.text)
	p.text = p.text[n:]
	return n, nil
}

// model is what a text in Lines must give, written down from the description.
func model(text []byte) []item {
	off := int64(0)
	if rest, ok := bytes.CutPrefix(text, []byte("\xef\xbb\xbf")); ok {
		text, off = rest, 3
	}
	var out []item
	for _, line := range strings.SplitAfter(string(text), "\n") {
		rec := strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if strings.Trim(rec, " \t\r") != "" {
			out = append(out, item{Off: off, Text: rec, Length: int64(len(rec))})
		}
		off += int64(len(line))
	}
	return out
}

// FuzzReader reads any bytes in any pieces: the same must come out, a record
// stands where it says, and Lines are what the model says.
func FuzzReader(f *testing.F) {
	for _, s := range []string{
		"", "{}\n{}", "\xef\xbb\xbf{\"a\":1}\r\n\r\n{\"a\":2}", `{"value":[{"a":1},{"a":2}],"@odata.nextLink":"x"}`,
		"[{\"a\":\"x},\n{\"a\":1},\n{", "{\n \"a\": [\n1]\n}\n{\n}", "\xff\xfe{\x00}\x00", "\x1e{}\n\x1e{}", `[[],{"value":[{}]},1]`,
		"{\"records\": [\n {\"a\":\"\\\"\n\"},\n {}\n]}", "\x1f\x8b\x08", "\x28\xb5\x2f\xfd", `{"@a":{"b":[1]},"value":[{}`, "{\"value\"",
	} {
		f.Add([]byte(s), 1, 16)
	}
	f.Fuzz(func(t *testing.T, in []byte, n, most int) {
		o := format.ReadOptions{MaxRecord: 1 + most&0xff, Limits: format.Limits{MaxText: 1 << 20}}
		want, form, err := readAll(t, bytes.NewReader(in), o)
		got, _, err2 := readAll(t, &pieces{text: in, n: 1 + n&0x3ff}, o)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("at once: %v; in pieces: %v", err, err2)
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("pieces give other items (-at once +in pieces):\n%s", diff)
		}
		if form.Compression != "" || form.Encoding != "utf-8" {
			return
		}
		at := int64(0)
		for _, it := range want {
			if it.Off < at || it.Off+it.Length > int64(len(in)) {
				t.Fatalf("item at %d of %d bytes after %d", it.Off, it.Length, at)
			}
			at = it.Off + it.Length
		}
		if form.Layout != format.Lines {
			return
		}
		lines := model(in)
		if len(lines) != len(want) {
			t.Fatalf("%d items, %d lines", len(want), len(lines))
		}
		for i, l := range lines {
			if want[i].Off != l.Off || want[i].Length != l.Length || want[i].Err == "" && want[i].Text != l.Text {
				t.Fatalf("item %d is %+v, line is %+v", i, want[i], l)
			}
			if over := l.Length > int64(o.MaxRecord); over != (want[i].Err != "") {
				t.Fatalf("item %d of %d bytes: error %q", i, l.Length, want[i].Err)
			}
		}
	})
}

// FuzzCSV writes any two texts and reads them back.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"", "a", "=1", "'=1", "''", "'", "a\"b", "\r\n", "-1", "＝x", "a,b;c\td", " x "} {
		f.Add(s, s+s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		line := record.AppendString([]byte(`{"a":`), []byte(a))
		line = append(line, `,"b":`...)
		line = append(record.AppendString(line, []byte(b)), '}')
		bt, cols := batch(t, []string{"a", "b", "c"}, string(line))
		e, err := format.NewEncoding(format.Options{Format: format.CSV, Columns: cols})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		w, err := e.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(bt); err != nil {
			t.Fatal(err)
		}
		s, err := w.Close()
		if err != nil {
			t.Fatal(err)
		}
		if s.Records == 0 {
			if len(bt.Rejects()) != 1 {
				t.Fatal("a record vanished")
			}
			return // no valid UTF-8
		}
		text := out.String()
		rd := format.NewCSVReader(&out)
		if _, err := rd.Read(); err != nil {
			t.Fatal(err)
		}
		row, err := rd.Read()
		if err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		if diff := cmp.Diff([]format.Cell{{Text: a}, {Text: b}, {Null: true}}, row); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", text, diff)
		}
	})
}
