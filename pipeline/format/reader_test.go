package format_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/logpipe/logpipe/pipeline/format"
	"github.com/logpipe/logpipe/pipeline/record"
)

// item is what came out of a reader: a record, or a reject if Err is set.
type item struct {
	Off    int64
	Text   string
	Length int64
	Err    string
}

func readAll(t *testing.T, r io.Reader, o format.ReadOptions) ([]item, format.Form, error) {
	t.Helper()
	var l record.Layout
	b := record.NewBatch(l.Compile())
	rd := format.NewReader(r, o)
	defer rd.Close()
	var out []item
	for {
		b.Reset("file")
		err := rd.Read(b)
		if err != nil && err != io.EOF {
			return out, rd.Form(), err
		}
		rejects := b.Rejects()
		for i := range b.Len() {
			for len(rejects) > 0 && rejects[0].Offset < b.Offset(i) {
				out = append(out, rejected(t, rejects[0]))
				rejects = rejects[1:]
			}
			out = append(out, item{Off: b.Offset(i), Text: string(b.Bytes(i)), Length: int64(len(b.Bytes(i)))})
		}
		for _, r := range rejects {
			out = append(out, rejected(t, r))
		}
		if err == io.EOF {
			return out, rd.Form(), nil
		}
	}
}

func rejected(t *testing.T, r record.Reject) item {
	t.Helper()
	if r.Raw != nil && sha256.Sum256(r.Raw) != r.Hash {
		t.Errorf("reject at %d: hash does not match its bytes", r.Offset)
	}
	return item{Off: r.Offset, Text: string(r.Raw), Length: r.Length, Err: r.Err.Error()}
}

func TestRead(t *testing.T) {
	const (
		cut    = "not a whole JSON object: the text ends inside this record"
		open   = "not a whole JSON object: the text ends before its array is closed: records may be missing after this place"
		broken = "not a whole JSON object: a string in this record has a line break"
	)
	rec := func(off int64, text string) item { return item{Off: off, Text: text, Length: int64(len(text))} }
	rej := func(off int64, text, err string) item {
		return item{Off: off, Text: text, Length: int64(len(text)), Err: err}
	}
	for name, c := range map[string]struct {
		in     string
		layout format.Layout
		want   []item
	}{
		"nothing":                {"", format.Lines, nil},
		"only blanks":            {" \n\r\n\t", format.Lines, nil},
		"lines":                  {"{\"a\":1}\n{\"a\":2}\n", format.Lines, []item{rec(0, `{"a":1}`), rec(8, `{"a":2}`)}},
		"no end of the last":     {"{}\n{}", format.Lines, []item{rec(0, `{}`), rec(3, `{}`)}},
		"windows lines":          {"{}\r\n\r\n{}\r\n", format.Lines, []item{rec(0, `{}`), rec(6, `{}`)}},
		"blank lines, kept pads": {"\n {} \n\n\t{}", format.Lines, []item{rec(1, ` {} `), rec(7, "\t{}")}},
		"mark":                   {"\xef\xbb\xbf{}\n{}", format.Lines, []item{rec(3, `{}`), rec(6, `{}`)}},
		"NUL and no JSON":        {"{}\n\x00\x00\nfoo\n", format.Lines, []item{rec(0, `{}`), rec(3, "\x00\x00"), rec(6, "foo")}},
		"first line cut":         {"{\"a\":1,\"b\":\n{\"a\":2}\n{\"a\":3}\n", format.Lines, []item{rec(0, `{"a":1,"b":`), rec(12, `{"a":2}`), rec(20, `{"a":3}`)}},
		"first line cut at comma": {"{\"a\":1,\n{\"a\":2}\n", format.Lines,
			[]item{rec(0, `{"a":1,`), rec(8, `{"a":2}`)}},
		"first line cut in a string":  {"{\"a\":\"x\n{\"a\":2}\n", format.Lines, []item{rec(0, `{"a":"x`), rec(8, `{"a":2}`)}},
		"record with value":           {"{\"id\":1,\"value\":[{}]}\n{}\n", format.Lines, []item{rec(0, `{"id":1,"value":[{}]}`), rec(22, `{}`)}},
		"value of numbers":            {"{\"value\":[1,2]}\n{}\n", format.Lines, []item{rec(0, `{"value":[1,2]}`), rec(16, `{}`)}},
		"value that is none":          {"{\"value\":\"x\",\"records\":[{}]}\n", format.Lines, []item{rec(0, `{"value":"x","records":[{}]}`)}},
		"container":                   {`{"value":[{"a":1},{"a":[{"b":2}]}]}`, format.Values, []item{rec(10, `{"a":1}`), rec(18, `{"a":[{"b":2}]}`)}},
		"container with annotations":  {`{"@odata.context":"x]\"","@odata.count":2,"value":[{"a":1}],"@odata.nextLink":"h}"}`, format.Values, []item{rec(51, `{"a":1}`)}},
		"records, one container each": {"{\"records\":[{\"a\":1}]}\r\n{\"records\":[{\"a\":2},{\"a\":3}]}\r\n", format.Values, []item{rec(12, `{"a":1}`), rec(35, `{"a":2}`), rec(43, `{"a":3}`)}},
		"empty container":             {`{"value":[]}`, format.Values, nil},
		"array":                       {"[{\"a\":1},\n {\"a\":2}]\n", format.Values, []item{rec(1, `{"a":1}`), rec(11, `{"a":2}`)}},
		"array of pages":              {`[{"value":[{"a":1}]},{"value":[{"a":2}]}]`, format.Values, []item{rec(11, `{"a":1}`), rec(31, `{"a":2}`)}},
		"printed container": {"{\n  \"value\": [\n    {\n      \"a\": \"x\\\"\"\n    },\n    {\r\n      \"b\": [\r\n        1\r\n      ]\r\n    }\n  ]\n}\n", format.Values,
			[]item{rec(19, `{      "a": "x\""    }`), rec(49, `{      "b": [        1      ]    }`)}},
		"printed objects":         {"{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n", format.Values, []item{rec(0, `{  "a": 1}`), rec(13, `{  "a": 2}`)}},
		"objects in one line":     {`{"a":1}{"a":2} {"a":3}`, format.Values, []item{rec(0, `{"a":1}`), rec(7, `{"a":2}`), rec(15, `{"a":3}`)}},
		"text sequence":           {"\x1e{\"a\":1}\n\x1e{\"a\":2}\n", format.Values, []item{rec(1, `{"a":1}`), rec(10, `{"a":2}`)}},
		"no objects":              {`[1,"a,]",[{}],null]`, format.Values, []item{rec(1, `1`), rec(3, `"a,]"`), rec(9, `[{}]`), rec(14, `null`)}},
		"cut element":             {`{"value":[{"a":1},{"a":`, format.Values, []item{rec(10, `{"a":1}`), rej(18, `{"a":`, cut)}},
		"cut between elements":    {`{"value":[{"a":1},`, format.Values, []item{rec(10, `{"a":1}`), rej(18, ``, open)}},
		"cut behind the elements": {`{"value":[{"a":1}]`, format.Values, []item{rec(10, `{"a":1}`)}},
		"cut array":               {`[{"a":1}`, format.Values, []item{rec(1, `{"a":1}`), rej(8, ``, open)}},
		"quote lost": {"[\n  {\"a\": \"x},\n  {\"a\": 2},\n  {\"a\": 3}\n]\n", format.Values,
			[]item{rej(4, `{"a": "x},`, broken), rec(17, `{"a": 2}`), rec(29, `{"a": 3}`)}},
		"quote lost in printed": {"[\n  {\n    \"a\": \"x,\n    \"b\": 1\n  },\n  {\n    \"a\": 2\n  }\n]\n", format.Values,
			[]item{rej(4, "{\n    \"a\": \"x,\n    \"b\": 1\n  },", broken), rec(37, `{    "a": 2  }`)}},
		"quote lost in the last": {"[\n  {\"a\": \"x}\n]\n{\"b\":1}", format.Values,
			[]item{rej(4, `{"a": "x}`, broken), rec(16, `{"b":1}`)}},
	} {
		t.Run(name, func(t *testing.T) {
			for how, r := range map[string]io.Reader{
				"at once": strings.NewReader(c.in),
				"bytes":   iotest.OneByteReader(strings.NewReader(c.in)),
			} {
				got, form, err := readAll(t, r, format.ReadOptions{})
				if err != nil {
					t.Fatalf("%s: %v", how, err)
				}
				if form.Layout != c.layout {
					t.Errorf("%s: layout = %s, want %s", how, form.Layout, c.layout)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", how, diff)
				}
			}
		})
	}
}

func gz(t *testing.T, members ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	for _, m := range members {
		w := gzip.NewWriter(&buf)
		io.WriteString(w, m)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return buf.Bytes()
}

func zst(t *testing.T, frames ...string) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	for _, f := range frames {
		out = append(out, w.EncodeAll([]byte(f), nil)...)
	}
	return out
}

func wide(text string, big, mark bool) []byte {
	var out []byte
	units := utf16.Encode([]rune(text))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	for _, u := range units {
		if big {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return out
}

func TestReadByContent(t *testing.T) {
	const text = "{\"a\":\"ä€😀\"}\n{\"b\":2}\n"
	want := []string{`{"a":"ä€😀"}`, `{"b":2}`}
	for name, c := range map[string]struct {
		in   []byte
		want format.Form
	}{
		"plain":              {[]byte(text), format.Form{Encoding: "utf-8", Layout: format.Lines}},
		"gzip":               {gz(t, text), format.Form{Compression: "gzip", Encoding: "utf-8", Layout: format.Lines}},
		"gzip, two members":  {gz(t, text[:5], text[5:]), format.Form{Compression: "gzip", Encoding: "utf-8", Layout: format.Lines}},
		"zstd":               {zst(t, text), format.Form{Compression: "zstd", Encoding: "utf-8", Layout: format.Lines}},
		"zstd, two frames":   {zst(t, text[:5], text[5:]), format.Form{Compression: "zstd", Encoding: "utf-8", Layout: format.Lines}},
		"utf-16le with mark": {wide(text, false, true), format.Form{Encoding: "utf-16le", Layout: format.Lines}},
		"utf-16be with mark": {wide(text, true, true), format.Form{Encoding: "utf-16be", Layout: format.Lines}},
		"utf-16le":           {wide(text, false, false), format.Form{Encoding: "utf-16le", Layout: format.Lines}},
		"utf-16be":           {wide(text, true, false), format.Form{Encoding: "utf-16be", Layout: format.Lines}},
		"utf-16 in gzip":     {gz(t, string(wide(text, false, true))), format.Form{Compression: "gzip", Encoding: "utf-16le", Layout: format.Lines}},
	} {
		t.Run(name, func(t *testing.T) {
			for how, r := range map[string]io.Reader{
				"at once": bytes.NewReader(c.in),
				"bytes":   iotest.OneByteReader(bytes.NewReader(c.in)),
				"errors":  iotest.DataErrReader(bytes.NewReader(c.in)),
			} {
				items, form, err := readAll(t, r, format.ReadOptions{})
				if err != nil {
					t.Fatalf("%s: %v", how, err)
				}
				var got []string
				for _, it := range items {
					got = append(got, it.Text)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", how, diff)
				}
				if diff := cmp.Diff(c.want, form); diff != "" {
					t.Errorf("%s: form (-want +got):\n%s", how, diff)
				}
			}
		})
	}
}

func TestLoneSurrogateIsEscaped(t *testing.T) {
	in := append([]byte{0xff, 0xfe}, wide(`{"a":"`, false, false)...)
	in = append(in, 0x00, 0xd8) // half of a pair
	in = append(in, wide("\"}\n", false, false)...)
	got, _, err := readAll(t, bytes.NewReader(in), format.ReadOptions{})
	if err != nil || len(got) != 1 || got[0].Text != `{"a":"\ud800"}` {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestDamagedCompressionIsAnError(t *testing.T) {
	text := strings.Repeat("{\"a\":1}\n", 1000)
	g, z := gz(t, text), zst(t, text)
	flipped := bytes.Clone(g)
	flipped[len(flipped)-6] ^= 1
	for name, c := range map[string]struct {
		in   []byte
		want string
	}{
		"gzip cut":        {g[:len(g)-3], "gzip data breaks off before its end"},
		"gzip cut early":  {g[:5], "gzip data breaks off before its end"},
		"zstd cut":        {z[:len(z)-3], "zstd data breaks off before its end"},
		"gzip checksum":   {flipped, "gzip data is damaged"},
		"gzip and more":   {append(bytes.Clone(g), "rest"...), "gzip data"},
		"gzip in zstd":    {zst(t, string(g)), "gzip inside zstd is not read"},
		"zip":             {[]byte("PK\x03\x04rest"), "this is a zip archive, which is not read"},
		"Parquet":         {[]byte("PAR1rest"), "this is Parquet, which is not read"},
		"half of a UTF16": {[]byte("\xff\xfe{\x00}"), "UTF-16 text ends inside a character"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readAll(t, bytes.NewReader(c.in), format.ReadOptions{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error = %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestBombs(t *testing.T) {
	bomb := gz(t, strings.Repeat("\x00", 4<<20))
	for name, l := range map[string]format.Limits{
		"ratio":    {MaxRatio: 100, Floor: 1 << 20},
		"absolute": {MaxText: 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readAll(t, bytes.NewReader(bomb), format.ReadOptions{Limits: l})
			if !errors.Is(err, format.ErrBomb) {
				t.Errorf("error = %v, want ErrBomb", err)
			}
		})
	}
	t.Run("within", func(t *testing.T) {
		got, _, err := readAll(t, bytes.NewReader(bomb), format.ReadOptions{MaxRecord: 1 << 20})
		if err != nil || len(got) != 1 || got[0].Length != 4<<20 || got[0].Text != "" {
			t.Errorf("got %d items, %v", len(got), err)
		}
	})
}

func TestLongRecords(t *testing.T) {
	long := `{"a":"` + strings.Repeat("x", 1<<20) + `"}`
	for name, in := range map[string]string{
		"lines":    "{\"b\":1}\n" + long + "\n{\"b\":2}\n" + long,
		"elements": "[{\"b\":1},\n" + long + ",{\"b\":2},\n" + long + "]",
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := readAll(t, strings.NewReader(in), format.ReadOptions{MaxRecord: 1 << 10})
			if err != nil || len(got) != 4 {
				t.Fatalf("got %d items, %v", len(got), err)
			}
			for i, it := range got {
				if i%2 == 0 {
					if it.Err != "" {
						t.Errorf("item %d is rejected: %s", i, it.Err)
					}
					continue
				}
				if it.Length != int64(len(long)) || it.Text != "" || !strings.Contains(it.Err, "max_record") ||
					in[it.Off:it.Off+it.Length] != long {
					t.Errorf("item %d: offset %d, length %d, error %q", i, it.Off, it.Length, it.Err)
				}
			}
		})
	}
}

func TestLongRecordHash(t *testing.T) {
	long := `{"a":"` + strings.Repeat("x", 1<<20) + `"}`
	var l record.Layout
	b := record.NewBatch(l.Compile())
	rd := format.NewReader(strings.NewReader("\n"+long+"\n"), format.ReadOptions{MaxRecord: 1 << 19})
	var got []record.Reject
	for err := error(nil); err == nil; {
		b.Reset("file")
		err = rd.Read(b)
		got = append(got, b.Rejects()...)
	}
	if len(got) != 1 || got[0].Hash != sha256.Sum256([]byte(long)) || got[0].Origin != "file" || got[0].Offset != 1 {
		t.Errorf("rejects = %+v", got)
	}
}

func TestUnchanged(t *testing.T) {
	in := "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n"
	var l record.Layout
	b := record.NewBatch(l.Compile())
	for name, c := range map[string]struct {
		prefix int64
		want   int64
	}{
		"none": {0, 0}, "inside the second": {10, 1}, "second without its end": {15, 2}, "second": {16, 2}, "all": {24, 3},
	} {
		t.Run(name, func(t *testing.T) {
			b.Reset("")
			rd := format.NewReader(strings.NewReader(in), format.ReadOptions{Unchanged: c.prefix})
			if err := rd.Read(b); err != io.EOF {
				t.Fatal(err)
			}
			if b.Skipped.Unchanged != c.want || int64(b.Len()) != 3-c.want {
				t.Errorf("%d unchanged and %d records", b.Skipped.Unchanged, b.Len())
			}
		})
	}
}

func TestLinesFromTheMiddle(t *testing.T) {
	in := "{\"a\":1}\n[{\"a\":2}]\n{\"a\":3}\n"
	got, _, err := readAll(t, strings.NewReader(in[8:18]), format.ReadOptions{Lines: true, Offset: 8})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]item{{Off: 8, Text: `[{"a":2}]`, Length: 9}}, got); diff != "" {
		t.Error(diff)
	}
}

// TestBlanks reads lines of nothing but blanks that are over the limit of a
// record and longer than what is read at a time.
func TestBlanks(t *testing.T) {
	blanks := strings.Repeat(" \t\r ", 256<<10)
	for name, in := range map[string]string{
		"alone":   blanks,
		"a line":  blanks + "\n" + blanks + "\r\n",
		"between": "{\"a\":1}\n" + blanks + "\n{\"b\":2}\n" + blanks,
		"array":   "[" + blanks + "{\"a\":1}" + blanks + "," + blanks + "{\"b\":2}" + blanks + "]" + blanks,
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := readAll(t, strings.NewReader(in), format.ReadOptions{MaxRecord: 1 << 10})
			if err != nil {
				t.Fatal(err)
			}
			for _, it := range got {
				if it.Err != "" {
					t.Errorf("reject of %d bytes at %d: %s", it.Length, it.Off, it.Err)
				}
			}
			if want := strings.Count(in, "{"); len(got) != want {
				t.Errorf("%d items, want %d", len(got), want)
			}
		})
	}
}

// TestLongRecordsAreTheSameInAnyPieces ends a line that is too long with \r\n at
// every place around the border of what is read at a time.
func TestLongRecordsAreTheSameInAnyPieces(t *testing.T) {
	const chunk = 256 << 10
	for n := chunk - 3; n < chunk+3; n++ {
		line := `{"a":"` + strings.Repeat("x", n-6)
		got, _, err := readAll(t, strings.NewReader(line+"\r\n{}\n"), format.ReadOptions{MaxRecord: 1 << 10})
		if err != nil || len(got) != 2 || got[0].Length != int64(n) {
			t.Errorf("%d bytes: %d items, the first of %d bytes, %v", n, len(got), got[0].Length, err)
		}
	}
}

// TestMemoryOfABatch holds what a batch keeps of a text to a record and a chunk.
func TestMemoryOfABatch(t *testing.T) {
	const most = 64 << 10
	long := strings.Repeat("x", 8<<20)
	for name, in := range map[string]string{
		"a line":        `{"a":"` + long + `"}`,
		"a value":       `[{"a":"` + long + `"}]`,
		"a broken text": "[{\"a\":\"x\n" + long + `"}]`,
		"blanks":        strings.Repeat(" ", 8<<20),
		"line ends":     strings.Repeat("\n", 8<<20),
	} {
		t.Run(name, func(t *testing.T) {
			b := record.NewBatch(new(record.Layout).Compile())
			rd := format.NewReader(strings.NewReader(in), format.ReadOptions{MaxRecord: most})
			defer rd.Close()
			for err := error(nil); err == nil; {
				b.Reset("")
				if err = rd.Read(b); err != nil && err != io.EOF {
					t.Fatal(err)
				}
				if n := len(b.Fill()); n > most+2*(256<<10) {
					t.Fatalf("the batch holds %d bytes", n)
				}
			}
		})
	}
}

// TestSmallBombs stops bombs under a gibibyte and takes logs that pack well.
func TestSmallBombs(t *testing.T) {
	zeros := make([]byte, 65<<20)
	var buf bytes.Buffer
	w, err := zstd.NewWriter(&buf)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(zeros)
	w.Close()
	for name, bomb := range map[string][]byte{"gzip": gz(t, string(zeros)), "zstd": buf.Bytes()} {
		text, err := format.OpenText(bytes.NewReader(bomb), format.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, text)
		text.Close()
		if !errors.Is(err, format.ErrBomb) || n > 65<<20 {
			t.Errorf("%s: %d bytes, error = %v, want ErrBomb", name, n, err)
		}
	}
	var logs strings.Builder // about 200 times smaller
	for i := 0; logs.Len() < 70<<20; i++ {
		logs.WriteString(`{"id":"` + strconv.Itoa(i*7919) + `"` + strings.Repeat(`,"conditionalAccessStatus":"notApplied"`, 80) + "}\n")
	}
	packed := gz(t, logs.String())
	if ratio := logs.Len() / len(packed); ratio < 100 {
		t.Fatalf("the logs pack only %d times", ratio)
	}
	text, err := format.OpenText(bytes.NewReader(packed), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	if n, err := io.Copy(io.Discard, text); err != nil || n != int64(logs.Len()) {
		t.Errorf("%d bytes of %d, %v", n, logs.Len(), err)
	}
}

func TestGzipPadding(t *testing.T) {
	one := string(gz(t, "{\"a\":1}\n"))
	zeros := strings.Repeat("\x00", 200<<10)
	for name, c := range map[string]struct {
		in   string
		want int
		err  string
	}{
		"none":                {one, 1, ""},
		"one byte":            {one + "\x00", 1, ""},
		"many":                {one + one + zeros, 2, ""},
		"a member behind":     {one + zeros + one, 0, "something other than zeros stands behind its end"},
		"garbage":             {one + "garbage, garbage", 0, "gzip data is damaged"},
		"a header breaks off": {one + one[:5], 0, "breaks off"},
		"a member breaks off": {one + one[:len(one)-4], 0, "breaks off"},
		"one byte of garbage": {one + "\x1f", 0, "breaks off"},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := readAll(t, strings.NewReader(c.in), format.ReadOptions{})
			switch {
			case c.err == "" && (err != nil || len(got) != c.want):
				t.Errorf("%d items, %v", len(got), err)
			case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Errorf("error = %v, want %q", err, c.err)
			}
		})
	}
}

func TestZstdWindow(t *testing.T) {
	// A frame that needs a window of 256 MiB and has one empty last block.
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 18 << 3, 0x01, 0x00, 0x00}
	_, _, err := readAll(t, bytes.NewReader(frame), format.ReadOptions{})
	if err == nil || !strings.Contains(err.Error(), "window of more than 128 MiB") {
		t.Errorf("error = %v", err)
	}
}
