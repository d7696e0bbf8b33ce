package expr_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

var update = flag.Bool("update", false, "rewrite the expected diagnostics")

// signIns is a small schema of the tests' own.
func signIns() *schema.Schema {
	path := func(s string) record.Path {
		p, err := record.ParsePath(s)
		if err != nil {
			panic(err)
		}
		return p
	}
	text := &schema.Type{Kind: schema.String}
	policy := &schema.Type{Kind: schema.Object, Fields: []schema.Field{
		{Name: "displayName", Type: text, Class: schema.Given},
		{Name: "result", Type: &schema.Type{Kind: schema.Enum, Values: []string{"success", "failure"}}},
		{Name: "grants", Type: &schema.Type{Kind: schema.List, Elem: text}},
	}}
	s := &schema.Schema{Log: "sign_ins", Record: &schema.Type{Kind: schema.Object}, Unknown: schema.FreeText}
	for _, f := range []struct {
		path  string
		typ   *schema.Type
		class schema.Class
	}{
		{"id", text, schema.Online},
		{"createdDateTime", &schema.Type{Kind: schema.Time}, schema.None},
		{"userPrincipalName", text, schema.Direct},
		{"ipAddress", text, schema.Online},
		{"userType", &schema.Type{Kind: schema.Enum, Values: []string{"member", "guest"}}, schema.None},
		{"isInteractive", &schema.Type{Kind: schema.Bool}, schema.None},
		{"status", &schema.Type{Kind: schema.Object, Fields: []schema.Field{
			{Name: "errorCode", Type: &schema.Type{Kind: schema.Int}},
			{Name: "failureReason", Type: text, Class: schema.FreeText},
		}}, schema.None},
		{"location", &schema.Type{Kind: schema.Object, Fields: []schema.Field{
			{Name: "city", Type: text, Class: schema.Quasi},
			{Name: "countryOrRegion", Type: text, Class: schema.Quasi},
		}}, schema.None},
		{"policies", &schema.Type{Kind: schema.List, Elem: policy}, schema.None},
		{"tags", &schema.Type{Kind: schema.List, Elem: text}, schema.None},
		{"details", &schema.Type{Kind: schema.JSON}, schema.FreeText},
		{"extra", nil, schema.FreeText},
	} {
		s = s.With(path(f.path), schema.Field{Type: f.typ, Class: f.class})
	}
	return s
}

// TestDiagnostics compiles every attribute of testdata/diagnostics/*.hcl and
// compares all that is said with the .want beside it.
func TestDiagnostics(t *testing.T) {
	files, err := filepath.Glob("testdata/diagnostics/*.hcl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := diagnose(t, src, filepath.Base(file))
			golden := strings.TrimSuffix(file, ".hcl") + ".want"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

func diagnose(t *testing.T, src []byte, name string) string {
	t.Helper()
	f, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	attrs, diags := f.Body.JustAttributes()
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var ordered []*hcl.Attribute
	for _, a := range attrs {
		ordered = append(ordered, a)
	}
	slices.SortFunc(ordered, func(a, b *hcl.Attribute) int { return a.Range.Start.Byte - b.Range.Start.Byte })
	var b strings.Builder
	for _, a := range ordered {
		p, diags := expr.Compile(a.Expr, scope(signIns()))
		if p != nil && strings.HasPrefix(a.Name, "condition") {
			diags = append(diags, p.Condition()...)
		}
		if p != nil && strings.HasPrefix(a.Name, "out") {
			diags = append(diags, p.Outgoing()...)
		}
		if len(diags) == 0 {
			fmt.Fprintf(&b, "%s: nothing to say\n", a.Name)
		}
		for _, d := range diags {
			kind := "error"
			if d.Severity == hcl.DiagWarning {
				kind = "warning"
			}
			fmt.Fprintf(&b, "%s: %d,%d-%d,%d: %s: %s\n    %s\n", a.Name,
				d.Subject.Start.Line, d.Subject.Start.Column, d.Subject.End.Line, d.Subject.End.Column, kind, d.Summary, d.Detail)
		}
	}
	return b.String()
}
