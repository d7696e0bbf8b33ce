package expr_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// bomb is a record whose fields ask for much in little space.
var bomb = `{"l":[` + strings.Repeat("1,", 99) + `1],"s":"` + strings.Repeat("a", 3<<20) + `","b":"` + strings.Repeat("ab,", 1<<16) + `","deep":"` + strings.Repeat("[", 1<<20) + `","e":1e4000,"z":0}`

// TestBoundedOnRecords: one record cannot ask for all of the memory, nor for
// minutes.
func TestBoundedOnRecords(t *testing.T) {
	for _, src := range []string{
		`setproduct(record.l, record.l, record.l, record.l, record.l, record.l)`,
		`split("", record.s)`, `split("a", record.s)`, `regexall("", record.s)`,
		`join(record.s, record.l)`, `replace(record.s, "a", record.b)`, `replace(record.s, "/a/", record.b)`,
		`jsondecode(record.deep)`, `parseint(record.s, 10)`,
		`[for a in record.l : [for b in record.l : [for c in record.l : [for d in record.l : a]]]]`,
		`join("", [for a in record.l : "${record.s}${record.s}"])`,
	} {
		t.Run(src, func(t *testing.T) {
			out, err := compile(t, src, schema.Open("")).result(bomb)
			if err == nil {
				t.Errorf("no error, %d bytes", len(out))
			} else if len(err.Error()) > 300 || strings.Contains(err.Error(), "aaa") {
				t.Errorf("error: %.400s", err)
			}
		})
	}
}

// TestBoundedConstants: an expression that asks for too much is refused where
// it stands.
func TestBoundedConstants(t *testing.T) {
	for _, src := range []string{
		`setproduct(range(100), range(100), range(100), range(100))`,
		`jsonencode(1e9999999)`, `tostring(1e9999999)`, `"a${1e9999999}"`, `format("%s", 1e9999999)`, `format("%999999999d", 1)`,
		`indent(999999999, "a\nb")`, `split("", join("", [for i in range(1000) : join("", [for j in range(1000) : "ab"])]))`,
		`[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]]`,
		`format("%d", 1E400)`,
	} {
		t.Run(src, func(t *testing.T) {
			s := scope(schema.Open(""))
			if _, diags := expr.Compile(parse(t, src), s); !diags.HasErrors() {
				t.Error("compiled")
			}
			_, diags := expr.Evaluate(parse(t, src), &hcl.EvalContext{Functions: s.Functions})
			if !diags.HasErrors() {
				t.Error("evaluated")
			}
			for _, d := range diags {
				if d.Subject == nil || len(d.Detail) > 300 || strings.Contains(d.Detail, "goroutine") {
					t.Errorf("diagnostic: %v, %.400s", d.Subject, d.Detail)
				}
			}
		})
	}
}

// TestSharedStructure: values that are small in memory and large to walk.
func TestSharedStructure(t *testing.T) {
	v := cty.TupleVal([]cty.Value{cty.Zero})
	for range 9 {
		v = cty.TupleVal([]cty.Value{v, v, v, v, v, v, v, v, v, v})
	}
	ctx := &hcl.EvalContext{Variables: map[string]cty.Value{"a": v}, Functions: expr.Functions("")}
	for _, src := range []string{`flatten(a)`, `a`, `[a]`, `jsonencode(a)`, `a == a`, `true ? a : [a]`, `[for x in a : x]`, `a[*][0]`, `length(a)`} {
		if _, diags := expr.Evaluate(parse(t, src), ctx); !diags.HasErrors() {
			t.Errorf("%s was evaluated", src)
		}
	}
	if _, diags := expr.Evaluate(parse(t, `a[0][0][0][0]`), ctx); diags.HasErrors() {
		t.Error(diags)
	}
}

// TestPanicsOfFunctions: what panics inside a function is a short error.
func TestPanicsOfFunctions(t *testing.T) {
	for _, src := range []string{`log(0, 0)`, `log(record.z, record.z)`} {
		s := scope(schema.Open(""))
		p, diags := expr.Compile(parse(t, src), s)
		var err error = diags
		if !diags.HasErrors() {
			_, err = program{p, s.Layout.Compile()}.result(bomb)
		}
		if err == nil || strings.Contains(err.Error(), "goroutine") || len(err.Error()) > 200 {
			t.Errorf("%s: %v", src, err)
		}
	}
	s := scope(nil)
	_, diags := expr.Evaluate(parse(t, `log(0, 0)`), &hcl.EvalContext{Functions: s.Functions})
	if !diags.HasErrors() || !strings.Contains(diags.Error(), "function log failed for these arguments") || strings.Contains(diags.Error(), "goroutine") {
		t.Error(diags)
	}
}

// TestSets: the functions of sets take lists of records.
func TestSets(t *testing.T) {
	const raw = `{"a":[1,2],"b":[2,3],"w":["x"]}`
	for src, want := range map[string]string{
		`setunion(record.a, record.b)`:        `[1,2,3]`,
		`setintersection(record.a, record.b)`: `[2]`,
		`setsubtract(record.a, record.b)`:     `[1]`,
		`setunion(record.w, ["y"])`:           `["x","y"]`,
	} {
		got, err := compile(t, src, schema.Open("")).result(raw)
		if err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", src, got, err, want)
		}
	}
}

// TestExactNumbers: the digits of a record's number come back, all of them.
func TestExactNumbers(t *testing.T) {
	long := strings.Repeat("1234567890", 17)[:169]
	zeros := "1" + strings.Repeat("0", 400)
	for _, tt := range []struct{ src, raw, want string }{
		{`tostring(record.n)`, long, `"` + long + `"`},
		{`"n${record.n}"`, long, `"n` + long + `"`},
		{`format("%d", record.n)`, long, `"` + long + `"`},
		{`format("%s", record.n)`, long, `"` + long + `"`},
		{`jsonencode(record.n)`, long, `"` + long + `"`},
		{`record.n + 1`, long[:168] + "0", long[:168] + "1"},
		{`format("%d", record.n)`, `1E400`, `"` + zeros + `"`},
		{`tostring(record.n)`, `1E400`, `"` + zeros + `"`},
		{`tostring(record.n)`, "0." + long, `"0.` + long + `"`},
		{`tonumber(record.n)`, `"` + long + `"`, ""},
		{`jsondecode(record.n)`, `"` + long + `"`, ""},
	} {
		got, err := compile(t, tt.src, schema.Open("")).result(`{"n":` + tt.raw + `}`)
		if (err != nil) != (tt.want == "") || err == nil && got != tt.want {
			t.Errorf("%s on %s:\n got %s, %v\nwant %s", tt.src, tt.raw, got, err, tt.want)
		}
	}
}

// TestChosenByRecord: what is chosen by a record inside a loop is chosen by a
// record as well.
func TestChosenByRecord(t *testing.T) {
	for src, refused := range map[string]bool{
		`format(record.n, 1)`:                                  true,
		`[for f in split(",", record.s) : format(f, 1)]`:       true,
		`[for f in split(",", record.s) : file(f)]`:            true,
		`{for k, v in record.o : k => file(k)}`:                true,
		`[for f in record.l : format(f, 1)]`:                   true,
		`split(",", record.s)[*] == format(record.l[0], 1)`:    true,
		`[for f in ["%s", "%d"] : format(f, record.n)]`:        false,
		`[for f in split(",", "%s,%d") : format(f, record.n)]`: false,
	} {
		_, diags := expr.Compile(parse(t, src), scope(schema.Open("")))
		if diags.HasErrors() != refused {
			t.Errorf("%s: %v", src, diags)
		}
	}
}

// TestSensitiveArguments: a call that fails says nothing of a sensitive
// argument.
func TestSensitiveArguments(t *testing.T) {
	ctx := &hcl.EvalContext{Functions: expr.Functions(""), Variables: map[string]cty.Value{
		"k": expr.Sensitive(cty.StringVal("SEKRIT")),
		"o": cty.ObjectVal(map[string]cty.Value{"k": expr.Sensitive(cty.StringVal("SEKRIT"))}),
	}}
	for _, src := range []string{`jsondecode(k)`, `base64decode(k)`, `parseint(k, 10)`, `tonumber(k)`, `regex(k, "a")`, `regex("a", k)`, `file(k)`, `timecmp(k, k)`,
		`formatdate("YYYY", k)`, `cidrcontains(k, "1.2.3.4")`, `templatefile("x", o)`, `index([1], k)`, `csvdecode("a\n${k},b")`, `timeadd(k, "1h")`, `format(k, 1)`, `format("%z", k)`} {
		_, diags := expr.Evaluate(parse(t, src), ctx)
		for _, part := range []string{"SEKRIT", "'S'", "6 bytes", `"S`} {
			if strings.Contains(diags.Error(), part) {
				t.Errorf("%s: %v", src, diags)
			}
		}
	}
}
