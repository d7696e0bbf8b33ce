package record_test

import (
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/logpipe/logpipe/pipeline/record"
)

func TestValueKind(t *testing.T) {
	tests := []struct {
		raw  string
		kind record.Kind
		null bool
	}{
		{``, record.Missing, true}, {`null`, record.Null, true}, {`true`, record.Bool, false}, {`false`, record.Bool, false},
		{`-1`, record.Number, false}, {`0`, record.Number, false}, {`""`, record.String, false}, {`{}`, record.Object, false}, {`[]`, record.Array, false},
	}
	for _, tt := range tests {
		v := record.ValueOf([]byte(tt.raw))
		if v.Kind() != tt.kind || v.IsNull() != tt.null || v.Bool() != (tt.raw == "true") || string(v.Raw()) != tt.raw {
			t.Errorf("%q: kind %v, null %v, bool %v", tt.raw, v.Kind(), v.IsNull(), v.Bool())
		}
	}
	if v := (record.Value{}); v.Kind() != record.Missing || !v.IsNull() || v.Raw() != nil {
		t.Error("the zero value is not missing")
	}
}

func TestValueText(t *testing.T) {
	tests := []struct {
		name, raw, want string
		plain           bool
		err             string
	}{
		{"plain", `"abc"`, "abc", true, ""},
		{"empty", `""`, "", true, ""},
		{"long", `"` + strings.Repeat("abc ", 30) + `"`, strings.Repeat("abc ", 30), true, ""},
		{"other script", `"имя 李雷"`, "имя 李雷", true, ""},
		{"simple escapes", `"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t", false, ""},
		{"unicode", `"\u00e9\u00E9x\u674e"`, "ééx李", false, ""},
		{"surrogate pair", `"\ud83d\ude00"`, "😀", false, ""},
		{"lone high", `"\ud83d"`, "", false, "broken escape"},
		{"lone low", `"\ude00"`, "", false, "broken escape"},
		{"high and no low", `"\ud83d\u0041"`, "", false, "broken escape"},
		{"unknown escape", `"\q"`, "", false, "broken escape"},
		{"short escape", `"\u12"`, "", false, "broken escape"},
		{"bad digits", `"\u12g4"`, "", false, "broken escape"},
		{"not UTF-8", "\"a\xff\"", "", false, "not UTF-8"},
		{"not UTF-8, long", "\"" + strings.Repeat("a", 100) + "\xc3\"", "", false, "not UTF-8"},
		{"surrogate in UTF-8", "\"\xed\xa0\x80\"", "", false, "not UTF-8"},
		{"number", `12`, "", false, "expected a string, found number"},
		{"missing", ``, "", false, "expected a string, found missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := record.ValueOf([]byte(tt.raw))
			if s, ok := v.Text(); ok != tt.plain || ok && string(s) != tt.want {
				t.Errorf("Text: %q, %v", s, ok)
			}
			got, err := v.AppendText([]byte("> "))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("AppendText: error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil || string(got) != "> "+tt.want {
				t.Errorf("AppendText: %q, %v", got, err)
			}
		})
	}
}

func TestValueEach(t *testing.T) {
	collect := func(raw string) (out []string) {
		record.ValueOf([]byte(raw)).Each(func(key []byte, v record.Value) bool {
			out = append(out, string(key)+"="+string(v.Raw()))
			return len(out) < 4
		})
		return out
	}
	tests := []struct {
		raw  string
		want []string
	}{
		{`{}`, nil}, {`[ ]`, nil}, {`1`, nil}, {``, nil}, {`"x"`, nil},
		{`{"a":1, "b\u0062" : {"c":[1,"]"]} ,"\q":null}`, []string{`a=1`, `bb={"c":[1,"]"]}`, `\q=null`}},
		{`[1,"x\"",[2,3],{"a":4},5]`, []string{`=1`, `="x\""`, `=[2,3]`, `={"a":4}`}},
		{`{"a":1,`, []string{`a=1`}}, {`{"a"`, nil}, {`[1`, []string{`=1`}}, {`["x`, nil}, {`[1 2]`, []string{`=1`}}, {`{"a":}`, nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, collect(tt.raw)); diff != "" {
			t.Errorf("%s:\n%s", tt.raw, diff)
		}
	}
}

func TestAppendString(t *testing.T) {
	tests := []struct{ in, want string }{
		{``, `""`}, {`plain`, `"plain"`}, {`a"b\c`, `"a\"b\\c"`}, {"\b\f\n\r\t\x00\x1f\x7f", `"\b\f\n\r\t\u0000\u001f` + "\x7f" + `"`},
		{`<a href='x'>&</a>`, `"<a href='x'>&</a>"`}, {"é 李\u2028", "\"é 李\u2028\""},
	}
	for _, tt := range tests {
		if got := string(record.AppendString([]byte("> "), []byte(tt.in))); got != "> "+tt.want {
			t.Errorf("%q: %s, want %s", tt.in, got, tt.want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{`\u00e9`, `\ud83d\ude00`, `\\\"`, "\xff", "plain"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		quoted := record.AppendString(nil, []byte(s))
		got, err := record.ValueOf(quoted).AppendText(nil)
		if err != nil || string(got) != s || !json.Valid(quoted) {
			t.Fatalf("%q became %s and %q, %v", s, quoted, got, err)
		}
		// What the standard library reads, we read in the same way.
		raw := `"` + s + `"`
		var want string
		if json.Unmarshal([]byte(raw), &want) == nil && utf8.ValidString(s) && !strings.Contains(want, "\ufffd") {
			if got, err := record.ValueOf([]byte(raw)).AppendText(nil); err != nil || string(got) != want {
				t.Fatalf("%s is %q, %v, want %q", raw, got, err, want)
			}
		}
	})
}

func TestCompareNumbers(t *testing.T) {
	// Groups of equal numbers in rising order.
	groups := [][]string{
		{`-1e1000000000000000000000000`, `-10e999999999999999999999999`},
		{`-1e400`, `-10e399`, `-0.1e401`},
		{`-9007199254740993`}, {`-9007199254740992`, `-9007199254740992.0`},
		{`-10`, `-1e1`, `-10.00`, `-1.0E+1`, `-100e-1`}, {`-1.5`, `-15e-1`}, {`-1`}, {`-1e-5`, `-0.00001`},
		{`0`, `-0`, `0.000`, `0e99`, `-0.0e-99`},
		{`1e-1000000000000000000000001`}, {`1e-1000000000000000000000000`, `0.1e-999999999999999999999999`},
		{`1e-400`}, {`0.001`, `1e-3`, `0.1e-2`}, {`0.0010001`}, {`0.1`}, {`0.10000000000000000000000001`}, {`1`, `1.0`, `10e-1`, `0.1e1`, `0.01e2`}, {`1.5`}, {`9`}, {`10`, `1e1`, `1E1`, `1e+1`, `1e01`}, {`99`}, {`100`, `1e2`},
		{`9007199254740992`}, {`9007199254740993`, `9007199254740993.0`, `90071992547409930e-1`},
		{`999999999999999999`}, {`1000000000000000000`, `1e18`}, {`1000000000000000001`},
		{`123456789012345678901234567890`}, {`123456789012345678901234567891`},
		{`1e400`, `10e399`, `1` + strings.Repeat("0", 400)}, {`1e401`}, {`1e1000000000000000000000000`}, {`1.1e1000000000000000000000000`}, {`1e1000000000000000000000001`},
	}
	for i, g := range groups {
		for j, h := range groups {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			for _, a := range g {
				for _, b := range h {
					if got := record.CompareNumbers([]byte(a), []byte(b)); got != want {
						t.Errorf("%.40s and %.40s: %d, want %d", a, b, got, want)
					}
				}
			}
		}
	}
}

func TestCompareNumbersRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	digits := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte("0019"[r.IntN(4)])
		}
		return b.String()
	}
	number := func() string {
		s := []string{"", "-"}[r.IntN(2)] + []string{"0", "1" + digits(r.IntN(4))}[r.IntN(2)]
		if r.IntN(2) == 0 {
			s += "." + digits(1+r.IntN(4))
		}
		if r.IntN(2) == 0 {
			s += "e" + []string{"", "+", "-"}[r.IntN(3)] + string("0123456"[r.IntN(7)])
		}
		return s
	}
	for range 200000 {
		a, b := number(), number()
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		if got, want := record.CompareNumbers([]byte(a), []byte(b)), x.Cmp(y); got != want {
			t.Fatalf("%s and %s: %d, want %d", a, b, got, want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { record.CompareNumbers([]byte(`12345678901234567890.5`), []byte(`1.5e19`)) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	// Bytes that are no numbers must not break it either.
	for _, s := range []string{``, `-`, `e`, `1e`, `.`, `1.`, `x`, `"1"`} {
		record.CompareNumbers([]byte(s), []byte(`1.5`))
		record.CompareNumbers([]byte(`1.5`), []byte(s))
	}
}
