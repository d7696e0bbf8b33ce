package expr_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// FuzzAgainstHCL evaluates generated expressions on generated records, by this
// package and by HCL over cty. The bytes decide what is generated. No field is
// missing or null and no index out of range, so nothing may differ.
func FuzzAgainstHCL(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 64 {
		f.Add(randomBytes(r, 96))
	}
	f.Fuzz(func(t *testing.T, data []byte) { againstHCL(t, data) })
}

// TestAgainstHCL is the same on a fixed stretch of random bytes, for every run
// of the tests.
func TestAgainstHCL(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 1500 {
		againstHCL(t, randomBytes(r, 32+r.IntN(160)))
		if t.Failed() {
			return
		}
	}
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func againstHCL(t *testing.T, data []byte) {
	g := &generator{data: data}
	g.decimal = g.byte()%4 == 3
	raw := g.record()
	src := g.any(4)
	want, wantErr := byHCL(t, src, raw)
	got, gotErr := byUs(t, src, raw, g.lazy)
	switch {
	case gotErr == errStricter, wantErr == errInfinite, g.rounded, g.wider:
	case wantErr != nil && gotErr == nil && strings.Contains(wantErr.Error(), "Inconsistent conditional result types"):
	case longNumber.MatchString(want): // HCL has rounded at 512 bits
	case g.guarded && wantErr != nil && gotErr == nil:
	case g.lazy && several(wantErr) && gotErr == nil: // in HCL what fails still has a type, which is wrong as well
	case (wantErr == nil) != (gotErr == nil):
		t.Errorf("%s\non %s\nHCL:  %v, %v\nours: %s, %v", src, raw, want, wantErr, got, gotErr)
	case wantErr == nil && !sameJSON(t, got, want):
		t.Errorf("%s\non %s\nHCL:  %s\nours: %s", src, raw, want, got)
	}
}

var longNumber = regexp.MustCompile(`[0-9.]{150}`)

func several(err error) bool {
	var diags hcl.Diagnostics
	return errors.As(err, &diags) && len(diags.Errs()) > 1
}

var (
	errStricter = fmt.Errorf("refused at decode, where HCL goes on")
	errInfinite = fmt.Errorf("infinite")
)

func byUs(t *testing.T, src, raw string, lazy bool) (string, error) {
	s := scope(schema.Open(""))
	p, diags := expr.Compile(parse(t, src), s)
	if diags.HasErrors() {
		for _, d := range diags {
			if lazy || strings.Contains(d.Summary, "compared with") {
				return "", errStricter
			}
		}
		return "", diags
	}
	return program{p, s.Layout.Compile()}.result(raw)
}

func byHCL(t *testing.T, src, raw string) (string, error) {
	typ, err := ctyjson.ImpliedType([]byte(raw))
	if err != nil {
		t.Fatalf("type of %s: %v", raw, err)
	}
	v, err := ctyjson.Unmarshal([]byte(raw), typ)
	if err != nil {
		t.Fatalf("value of %s: %v", raw, err)
	}
	s := scope(schema.Open(""))
	vars := map[string]cty.Value{"record": v}
	for k, v := range s.Values {
		vars[k] = v
	}
	out, diags := parse(t, src).Value(&hcl.EvalContext{Variables: vars, Functions: s.Functions})
	if diags.HasErrors() {
		return "", diags
	}
	infinite := false
	_ = cty.Walk(out, func(_ cty.Path, v cty.Value) (bool, error) {
		infinite = infinite || !v.IsNull() && v.Type() == cty.Number && v.AsBigFloat().IsInf()
		return true, nil
	})
	if infinite {
		return "", errInfinite
	}
	text, err := ctyjson.Marshal(out, out.Type())
	return string(text), err
}

// sameJSON compares numbers by value.
func sameJSON(t *testing.T, a, b string) bool {
	var x, y any
	for _, p := range []struct {
		s  string
		to *any
	}{{a, &x}, {b, &y}} {
		d := json.NewDecoder(bytes.NewReader([]byte(p.s)))
		d.UseNumber()
		if err := d.Decode(p.to); err != nil {
			t.Fatalf("no JSON: %s: %v", p.s, err)
		}
	}
	return same(x, y)
}

func same(x, y any) bool {
	switch x := x.(type) {
	case json.Number:
		y, ok := y.(json.Number)
		return ok && sameNumber(x.String(), y.String())
	case string:
		y, ok := y.(string)
		return ok && cty.NormalizeString(x) == cty.NormalizeString(y)
	case []any:
		y, ok := y.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !same(x[i], y[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		y, ok := y.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for k := range x {
			if !same(x[k], y[k]) {
				return false
			}
		}
		return true
	}
	return x == y
}

func sameNumber(a, b string) bool {
	x, ok1 := new(big.Rat).SetString(a)
	y, ok2 := new(big.Rat).SetString(b)
	return ok1 && ok2 && x.Cmp(y) == 0
}
