package record_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/logpipe/logpipe/pipeline/record"
)

// Records that are whole, and records that are not with a part of what must be
// said. Each is scanned as it is, and behind a space, which takes the careful
// way through the same grammar.
var (
	whole = []string{
		`{}`, `{ }`, " {\t} \r", "{\n}", `{"a":1}`, `{"a":-0.5e+10,"b":1E-2,"c":0}`,
		`{"a":[],"b":{},"c":[[],{}],"d":[1,2,[3]]}`,
		`{ "a" : 1 , "b" : [ 1 , "x" , null ] }`,
		"{\n  \"a\": \"x\",\n  \"b\": [\n    true,\n    false\n  ]\n}\n",
		"{\r\n\"a\":\t{\"b\"\t:null}\r\n}",
		`{"":"","a":""}`, `{"a":true,"b":false,"c":null}`,
		`{"a":"\"","b":"\\","c":"\\\"","d\"":"}{]["}`,
		`{"a":"\q \u12 broken escapes are left to the reader"}`,
		`{"a":"` + strings.Repeat(`\\`, 64) + `","b":"` + strings.Repeat(`\"`, 65) + `"}`,
		"{\"a\":\"\xff\xfe not UTF-8\"}", "{\"a\":\"\x7f\"}",
		`{"` + strings.Repeat("k", 200) + `":"` + strings.Repeat("é", 200) + `"}`,
		`{"a":` + strings.Repeat("[", record.MaxDepth-1) + strings.Repeat("]", record.MaxDepth-1) + `}`,
		`{"a":"` + strings.Repeat("р", 70) + `","\u0061":"x` + strings.Repeat("р", 70) + `"}`, // its second byte is 0x80
		`{"a":123456789012345678901234567890.123456789e-400}`,
		"{\"a\":\"\x80\x9f\x93\xa0\"}",
	}
	broken = []struct{ in, says string }{
		{``, "byte 0: expected {, found the end"},
		{`x`, "byte 0: expected {, found a letter"},
		{"\xef\xbb\xbf{}", "byte order mark"},
		{`[]`, "byte 0: expected {, found ["}, {`1`, "expected {"}, {`"a"`, "expected {"}, {`null`, "expected {"},
		{`{`, "expected a name in quotes, found the end"},
		{`}`, "expected {"}, {`{]`, "expected a name"}, {`{{}}`, "expected a name"}, {`{1:2}`, "expected a name"}, {`{a:1}`, "expected a name"},
		{`{"a"}`, "expected a colon, found }"}, {`{"a",1}`, "expected a colon"}, {`{"a":}`, "expected a value, found }"}, {`{"a":,}`, "expected a value"},
		{`{"a"::1}`, "byte 5: expected a value, found :"}, {`{"a":"b":1}`, "expected , or }"}, {`{"a" "b"}`, "expected a colon"}, {`{"a""b":1}`, "expected a colon"},
		{`{"a":1,}`, "expected a name"}, {`{,"a":1}`, "expected a name"}, {`{"a":1,,"b":2}`, "expected a name"}, {`{"a":1 "b":2}`, "expected , or }"}, {`{"a":"x""b":2}`, "expected , or }"},
		{`{"a":"x" "y"}`, "expected , or }"}, {`{"a":"x"1}`, "expected , or }"}, {`{"a":1"x"}`, "expected , or }"}, {`{"a":[1 2]}`, "expected , or ]"},
		{`{"a":[1,]}`, "expected a value"}, {`{"a":[,1]}`, "expected a value"}, {`{"a":[1,,2]}`, "expected a value"}, {`{"a":["x":1]}`, "expected , or ]"}, {`{"a":["x""y"]}`, "expected , or ]"},
		{`{"a":["x"[],"b":"y"}`, "expected , or ]"}, {`{"a":["x",[],"b":"y"}`, "expected , or ]"}, {`{"a":["x"{},"b":"y"}`, "expected , or ]"}, {`{"a":[[],"b":"y"}`, "expected , or ]"}, {`{"a":["x"],["y"],"b":"z"}`, "expected a name"},
		{`{"a":[1}}`, "expected , or ]"}, {`{"a":{"b":1]}`, "expected , or }"}, {`{"a":[}`, "expected a value"}, {`{"a":[{]}`, "expected a name"},
		{`{"a":1}}`, "nothing after the object, found }"}, {`{"a":1}{}`, "nothing after"}, {`{"a":1},`, "nothing after"}, {`{} x`, "nothing after"}, {`{"a":[1]]}`, "expected , or }"},
		{`{"a":1`, "found the end of the record"}, {`{"a":"x`, "does not end"}, {`{"a":"x\"}`, "does not end"}, {"{\"a\":\"\x93}", "does not end"}, {`{"a`, "does not end"}, {`{"a":[1`, "the end of the record"}, {`{"a":`, "expected a value, found the end"}, {`{"a"`, "expected a colon"},
		{`{"a":tru}`, "expected true"}, {`{"a":truee}`, "the end of a number or literal"}, {`{"a":nul}`, "expected null"}, {`{"a":nulll}`, "the end of a number"}, {`{"a":fals}`, "expected false"}, {`{"a":True}`, "expected a value"}, {`{"a":NaN}`, "expected a value"}, {`{"a":truefalse}`, "the end of a number"},
		{`{"a":01}`, "found a number"}, {`{"a":1.}`, "expected a digit"}, {`{"a":-}`, "expected a digit"}, {`{"a":+1}`, "expected a value"}, {`{"a":.5}`, "expected a value"}, {`{"a":1e}`, "expected a digit"}, {`{"a":1e+}`, "expected a digit"}, {`{"a":1.e5}`, "expected a digit"}, {`{"a":--1}`, "expected a digit"}, {`{"a":1-2}`, "the end of a number"}, {`{"a":1.2.3}`, "the end of a number"}, {`{"a":0x10}`, "the end of a number"}, {`{"a":-01}`, "the end of a number"}, {`{"a":1e5.5}`, "the end of a number"},
		{"{\"a\":\"x\ny\"}", "control byte 0x0a"}, {"{\"a\":\"\x00\"}", "control byte 0x00"}, {"{\"a\tb\":1}", "control byte 0x09"}, {"{\"a\":\"\\\n\"}", "control byte 0x0a"},
		{"{\x00\"a\":1}", "control byte 0x00"}, {"{\"a\":\x0c1}", "control byte"}, {"{\"a\":1\x0b}", "control byte"}, {"{\"a\":1}\x00", "control byte"},
		{"{\"a\":\xc3\xa9}", "a byte outside ASCII"}, {"{\"a\":1\xa0}", "a byte outside ASCII"}, {"{\"a\"\xc2\xa0:1}", "a byte outside ASCII"},
		{`{"a":1;"b":2}`, "another character"}, {`{'a':1}`, "another character"}, {`{"a":\"x\"}`, "another character"}, {`{"a":1}\`, "another character"}, {`{\"a":1}`, "another character"}, {`{"a":1/*x*/}`, "another character"},
		{`{"a":` + strings.Repeat("[", record.MaxDepth) + strings.Repeat("]", record.MaxDepth) + `}`, "nested deeper than 1000"},
		{strings.Repeat(`{"a":`, 10000) + `1` + strings.Repeat(`}`, 10000), "nested deeper than 1000"},
		{strings.Repeat(`{"a":[`, 100000), "nested deeper than 1000"},
	}
)

func TestScanWhole(t *testing.T) {
	for _, in := range whole {
		for _, in := range []string{in, " " + in} {
			b := batchOf(&record.Layout{}, []byte(in))
			b.Scan()
			if !b.Live(0) {
				t.Errorf("%.100q: %v", in, b.Rejects()[0].Err)
			}
			if got := string(b.Bytes(0)); got != in {
				t.Errorf("%.100q came out as %.100q", in, got)
			}
		}
	}
}

func TestScanNotWhole(t *testing.T) {
	for _, tt := range broken {
		for _, in := range []string{tt.in, " " + tt.in} {
			// What follows in the buffer must not complete the record.
			b := batchOf(&record.Layout{}, []byte(in), []byte(`":1,"x":"y"}]}]}}`), []byte(`{"ok":1}`))
			b.Scan()
			if b.Live(0) || b.LiveCount() != 1 {
				t.Errorf("%.100q is taken for whole", in)
				continue
			}
			err := b.Rejects()[0].Err
			if !errors.Is(err, record.ErrNotWhole) {
				t.Errorf("%.100q: %v does not wrap ErrNotWhole", in, err)
			}
			if in == tt.in && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%.100q: %v\ndoes not say %q", in, err, tt.says)
			}
		}
	}
}

// Every break at every place of a block.
func TestScanShifted(t *testing.T) {
	for pad := range 130 {
		key := strings.Repeat("p", pad)
		for _, in := range whole {
			if len(in) > 900 {
				continue
			}
			if in := `{"` + key + `":` + strings.TrimSpace(in) + `}`; !isWhole(in) {
				t.Fatalf("not taken for whole: %.200q", in)
			}
		}
		for _, tt := range broken {
			if len(tt.in) > 900 {
				continue
			}
			if in := `{"` + key + `":` + tt.in + `}`; isWhole(in) && !jsonWhole([]byte(in)) {
				t.Fatalf("taken for whole: %.200q", in)
			}
		}
	}
}

func isWhole(in string) bool {
	b := batchOf(&record.Layout{}, []byte(in))
	b.Scan()
	return b.Live(0)
}

func TestScanCuts(t *testing.T) {
	g := newGenerator(5)
	g.escapes = true
	rec := g.record()
	for i := range rec {
		if isWhole(string(rec[:i])) {
			t.Fatalf("whole although cut at %d", i)
		}
	}
}

func TestFind(t *testing.T) {
	long := strings.Repeat("long", 30)
	tests := []struct {
		name, in, path string
		fold           bool
		want           []string
	}{
		{"member", `{"a":1,"b":2}`, "b", false, []string{`2`}},
		{"nested", `{"a":{"b":{"c":"x"}},"c":1}`, "a.b.c", false, []string{`"x"`}},
		{"object", `{"a":{"b": [1, 2] },"c":1}`, "a", false, []string{`{"b": [1, 2] }`}},
		{"space", "{ \"a\" : { \"b\" :\t1.5 \n} }", "a.b", false, []string{`1.5`}},
		{"missing", `{"a":{"c":1}}`, "a.b", false, nil},
		{"parent of another type", `{"a":[{"b":1}]}`, "a.b", false, nil},
		{"not below another key", `{"x":{"a":1}}`, "a", false, nil},
		{"duplicates", `{"a":1,"b":0,"a":"2"}`, "a", false, []string{`1`, `"2"`}},
		{"duplicate parents", `{"a":{"b":1,"b":2},"a":{"b":3}}`, "a.b", false, []string{`1`, `2`, `3`}},
		{"elements", `{"a":[1,"x",null,[2],{"b":3}]}`, "a[]", false, []string{`1`, `"x"`, `null`, `[2]`, `{"b":3}`}},
		{"members of elements", `{"a":[{"b":1},2,{"c":1},{"b":[3]}]}`, "a[].b", false, []string{`1`, `[3]`}},
		{"elements of elements' members", `{"a":[{"b":[1,2]},{"b":[]},{"b":[3]}]}`, "a[].b[]", false, []string{`1`, `2`, `3`}},
		{"not an array", `{"a":{"b":1}}`, "a[].b", false, nil},
		{"array in array", `{"a":[[1]]}`, "a[]", false, []string{`[1]`}},
		{"empty key", `{"":1}`, `[""]`, false, []string{`1`}},
		{"dotted key", `{"a.b":1,"a":{"b":2}}`, `["a.b"]`, false, []string{`1`}},
		{"escaped key", `{"\u0061bc":1,"abc":2}`, "abc", false, []string{`1`, `2`}},
		{"escaped key is another", `{"\u0062bc":1,"a\\bc":3}`, "abc", false, nil},
		{"key with quote and backslash", `{"a\"\\":1,"a\\\"":2}`, `["a\"\\"]`, false, []string{`1`}},
		{"raw key with a backslash is not that key", `{"a\b":1}`, `["a\\b"]`, false, nil},
		{"key of eight", `{"1234567":1,"12345678":2,"x2345678":3}`, "12345678", false, []string{`2`}},
		{"keys with the same end", `{"aaRiskLevel":1,"bbRiskLevel":2,"RiskLevel":3}`, "bbRiskLevel", false, []string{`2`}},
		{"long key", `{"` + long + `":1,"x` + long[1:] + `":2}`, long, false, []string{`1`}},
		{"case differs", `{"type":1,"Type":2}`, "type", false, []string{`1`}},
		{"any case", `{"type":1,"Type":2,"TYPE":3,"typ":4,"t{pe":5}`, "type", true, []string{`1`, `2`, `3`}},
		{"any case, path in capitals", `{"aa":[{"Bb":1},{"bB":2}]}`, "AA[].BB", true, []string{`1`, `2`}},
		{"any case, escaped", `{"T\u0079PE":1}`, "type", true, []string{`1`}},
		{"case of signs", `{"a_b":1,"a\u007fb":2}`, "A_B", true, []string{`1`}},
		{"other scripts", `{"имя":1,"李雷":2}`, "имя", true, []string{`1`}},
		{"empty containers", `{"a":[],"b":{}}`, "b", false, []string{`{}`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, in := range []string{tt.in, " " + tt.in} {
				var l record.Layout
				slot := l.Slot
				if tt.fold {
					slot = l.FoldSlot
				}
				s := slot(path(t, tt.path))
				for _, other := range []string{"a", "a.b", "a[]", "type", "aaRiskLevel", "other"} {
					l.Slot(path(t, other)) // company in the same nodes
				}
				b := batchOf(&l, []byte(in))
				b.Scan()
				var got []string
				for _, at := range b.Hits(0, s) {
					got = append(got, string(b.At(0, at).Raw()))
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s\n%s", in, diff)
				}
				last := ""
				if tt.want != nil {
					last = tt.want[len(tt.want)-1]
				}
				if v := string(b.Value(0, s).Raw()); v != last {
					t.Errorf("%s: value %q, want %q", in, v, last)
				}
			}
		})
	}
}

// Exact and folding paths through the same keys, each with its own children.
func TestFindExactAndFold(t *testing.T) {
	var l record.Layout
	exact, folded, deep := l.Slot(path(t, "a.b")), l.FoldSlot(path(t, "A.B")), l.FoldSlot(path(t, "a.c[].d"))
	b := batchOf(&l, []byte(`{"a":{"b":1,"B":2,"c":[{"D":3}]},"A":{"b":4,"C":[{"d":5}]}}`))
	got := map[record.Slot]string{}
	for _, s := range []record.Slot{exact, folded, deep} {
		for _, at := range b.Hits(0, s) {
			got[s] += string(b.At(0, at).Raw())
		}
	}
	if diff := cmp.Diff(map[record.Slot]string{exact: "1", folded: "124", deep: "35"}, got); diff != "" {
		t.Error(diff)
	}
}

// A layout as wide as a log: every key must be found, whatever shares its end.
func TestFindManyKeys(t *testing.T) {
	var l record.Layout
	var in bytes.Buffer
	var want []string
	for i := range 400 {
		key := strings.Repeat("k", i%17) + strings.Repeat("name", i%5) + string(rune('a'+i%26)) + strings.Repeat("x", i/26)
		want = append(want, key)
	}
	in.WriteString(`{`)
	seen := map[string]bool{}
	for _, key := range want {
		if !seen[key] {
			if len(seen) > 0 {
				in.WriteByte(',')
			}
			in.WriteString(`"` + key + `":"` + key + `"`)
		}
		seen[key] = true
	}
	in.WriteString(`}`)
	slots := map[string]record.Slot{}
	for _, key := range want {
		slots[key] = l.Slot(record.PathOf(record.Step{Key: key}))
	}
	b := batchOf(&l, in.Bytes())
	b.Scan()
	for key, s := range slots {
		if got := string(b.Value(0, s).Raw()); got != `"`+key+`"` {
			t.Errorf("%s is %s", key, got)
		}
	}
}

// Long records take the careful way; one over the fast limit and one of 32 MiB.
func TestScanLong(t *testing.T) {
	for _, size := range []int{1 << 20, 32 << 20} {
		in := `{"a":"` + strings.Repeat("x", size) + `","b":[` + strings.Repeat("1,", 1000) + `2],"c":5}`
		var l record.Layout
		c := l.Slot(path(t, "c"))
		b := batchOf(&l, []byte(in), []byte(in[:len(in)-1]))
		b.Scan()
		if got := string(b.Value(0, c).Raw()); got != "5" || b.Live(1) {
			t.Errorf("%d: c is %q, cut record live: %v", size, got, b.Live(1))
		}
	}
}

func TestScanDoesNotAllocate(t *testing.T) {
	g := newGenerator(9)
	records := g.records(50)
	var l record.Layout
	code, each := l.Slot(path(t, "status.errorCode")), l.FoldSlot(path(t, "appliedConditionalAccessPolicies[].RESULT"))
	b := batchOf(&l, records...)
	text := bytes.Clone(b.Fill())
	round := func() {
		b.Reset("again")
		copy(b.Space(len(text)), text)
		b.Filled(len(text))
		at := 0
		for _, r := range records {
			b.Add(at, at+len(r), 0)
			at += len(r) + 1
		}
		b.Scan()
		for i := range b.Len() {
			for _, h := range b.Hits(i, each) {
				b.Replace(i, h, []byte(`"none"`))
			}
			if b.Value(i, code).IsNull() || len(b.Bytes(i)) == 0 {
				t.Fatal("lost a field")
			}
		}
	}
	for range 3 {
		round()
	}
	if n := testing.AllocsPerRun(20, round); n > 0 {
		t.Errorf("%v allocations for %d records, want none", n, len(records))
	}
}

// Real records that lie beside the project, if they do: all are whole and leave
// byte for byte, also in one batch and with fields found in them.
func TestScanRealRecords(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/data/records/*.jsonl")
	if len(files) == 0 {
		t.Skip("no records beside the project: ../shared/data/records is missing")
	}
	var l record.Layout
	l.Slot(path(t, "properties.userPrincipalName"))
	l.FoldSlot(path(t, "id"))
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
		b := batchOf(&l, lines...)
		b.Scan()
		for _, r := range b.Rejects() {
			t.Errorf("%s line %d: %v", filepath.Base(file), r.Index+1, r.Err)
		}
		for i, line := range lines {
			if !bytes.Equal(b.Bytes(i), line) {
				t.Errorf("%s line %d is not what came in", filepath.Base(file), i+1)
			}
		}
	}
}
