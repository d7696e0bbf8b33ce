package expr_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// end is the end of the slice in tests of age.
var end = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

// scope is what the tests' expressions may refer to.
func scope(in *schema.Schema) expr.Scope {
	return expr.Scope{
		Values: map[string]cty.Value{
			"var": cty.ObjectVal(map[string]cty.Value{
				"region":  cty.StringVal("DE"),
				"limit":   cty.NumberIntVal(5),
				"nothing": cty.NullVal(cty.String),
				"unset":   cty.UnknownVal(cty.String),
				"many":    cty.UnknownVal(cty.List(cty.String)),
				"key":     expr.Sensitive(cty.StringVal("0123456789abcdef")),
			}),
			"local": cty.ObjectVal(map[string]cty.Value{
				"countries": cty.ListVal([]cty.Value{cty.StringVal("DE"), cty.StringVal("FR")}),
				"names":     cty.MapVal(map[string]cty.Value{"DE": cty.StringVal("Germany")}),
				"on":        cty.True,
			}),
		},
		Functions: expr.Functions("testdata/files"),
		Record:    in,
		Layout:    &record.Layout{},
	}
}

func parse(t testing.TB, src string) hclsyntax.Expression {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(src), "main.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("parse %s: %s", src, diags)
	}
	return e
}

// program is a compiled expression with the scanner for its paths.
type program struct {
	*expr.Program
	scanner *record.Scanner
}

func compile(t testing.TB, src string, in *schema.Schema) program {
	t.Helper()
	s := scope(in)
	p, diags := expr.Compile(parse(t, src), s)
	if diags.HasErrors() {
		t.Fatalf("compile %s: %s", src, diags)
	}
	return program{p, s.Layout.Compile()}
}

func (p program) batch(raw string) *record.Batch {
	b := record.NewBatch(p.scanner)
	b.Reset("test")
	b.Append([]byte(raw), 0)
	b.Scan()
	return b
}

// result runs p on a record and returns its JSON.
func (p program) result(raw string) (string, error) {
	out, err := p.Open(end).AppendJSON(nil, p.batch(raw), 0)
	return string(out), err
}

func (p program) holds(raw string) (bool, error) {
	return p.Open(end).Bool(p.batch(raw), 0)
}

func replaceAll(s, old, by string) string { return strings.ReplaceAll(s, old, by) }

func compileOnly(e hclsyntax.Expression, s expr.Scope) error {
	if _, diags := expr.Compile(e, s); diags.HasErrors() {
		return diags
	}
	return nil
}
