package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/expr"
)

// Template is a text that depends on the slice: an object's path. It is
// compiled at decode and rendered by the sink for each slice. It may be used
// side by side.
type Template struct {
	expr   hclsyntax.Expression
	ctx    *hcl.EvalContext
	reads  []string
	prefix string
	whole  bool // prefix is all there is
	open   bool // a constant in it is not known
}

// The members of slice, and of slice.start and slice.end.
var (
	sliceNames = []string{"end", "log", "name", "start", "stream"}
	timeForms  = map[string]string{
		"year": "2006", "month": "01", "day": "02", "hour": "15", "minute": "04",
		"date": "2006-01-02", "rfc3339": time.RFC3339,
	}
)

// NewTemplate compiles a template. What it refers to is checked, and it is
// rendered once with a slice of which nothing is known, so that wrong types are
// found at decode.
func NewTemplate(e hclsyntax.Expression, s Scope) (*Template, hcl.Diagnostics) {
	t := &Template{expr: e}
	values := maps.Clone(s.Values)
	if values == nil {
		values = map[string]cty.Value{}
	}
	values["slice"] = unknownSlice()
	diags := append(CheckReferences(e, values), t.findReads(e)...)
	if Sort(diags); diags.HasErrors() {
		return nil, diags
	}
	t.ctx = &hcl.EvalContext{Variables: values, Functions: s.Functions}
	val, diags := expr.Evaluate(e, t.ctx)
	if diags.HasErrors() {
		return nil, bare(diags, e)
	}
	if val.ContainsMarked() {
		return nil, Fault(e.Range(), "Sensitive value not allowed", "A path is visible to everyone who lists the sink, so it cannot hold a sensitive value.")
	}
	text, err := convert.Convert(val, cty.String)
	if err != nil || text.IsNull() {
		return nil, Fault(e.Range(), "Wrong type", fmt.Sprintf("A path is text, but this is %s.", typeName(val.Type())))
	}
	t.constantPart(text, s)
	return t, nil
}

// findReads notes which members of slice are read, and refuses unknown ones.
func (t *Template) findReads(e hclsyntax.Expression) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, tr := range e.Variables() {
		if tr.RootName() != "slice" {
			continue
		}
		if len(tr) < 2 {
			diags = append(diags, Fault(tr.SourceRange(), "Incomplete reference", listing("slice is an object. Choose one member", sliceNames))...)
			continue
		}
		name, _ := stepName(tr[1])
		if name != "start" && name != "end" {
			t.reads = append(t.reads, name) // CheckReferences has looked whether it exists
			continue
		}
		forms := slices.Sorted(maps.Keys(timeForms))
		if len(tr) < 3 {
			diags = append(diags, Fault(tr.SourceRange(), "Incomplete reference", listing("slice."+name+" is an object. Choose one member", forms))...)
			continue
		}
		part, _ := stepName(tr[2])
		if _, ok := timeForms[part]; !ok {
			diags = append(diags, Fault(tr.SourceRange(), "Unknown reference", fmt.Sprintf("slice.%s has no %q. %s", name, part, hintOrList(part, forms)))...)
			continue
		}
		t.reads = append(t.reads, name+"."+part)
	}
	slices.Sort(t.reads)
	t.reads = slices.Compact(t.reads)
	return diags
}

// constantPart finds the text in front of the first part that reads the slice.
func (t *Template) constantPart(whole cty.Value, s Scope) {
	if len(t.reads) == 0 {
		if t.open = !whole.IsKnown(); !t.open {
			t.prefix, t.whole = whole.AsString(), true
		}
		return
	}
	parts, ok := t.expr.(*hclsyntax.TemplateExpr)
	if !ok {
		return
	}
	var b strings.Builder
	for _, p := range parts.Parts {
		for _, tr := range p.Variables() {
			if tr.RootName() == "slice" {
				t.prefix = b.String()
				return
			}
		}
		val, diags := expr.Evaluate(p, s.context())
		text, err := convert.Convert(val, cty.String)
		if diags.HasErrors() || err != nil || !text.IsKnown() || text.IsNull() || text.IsMarked() {
			t.open = true
			t.prefix = b.String()
			return
		}
		b.WriteString(text.AsString())
	}
	t.prefix = b.String()
}

func (t *Template) known() bool { return !t.open }

// Prefix is the constant text up to the first part that reads the slice; all of
// it if no part does.
func (t *Template) Prefix() string { return t.prefix }

// Reads lists the slice's members that are used, such as "start.date" and
// "name", sorted.
func (t *Template) Reads() []string { return t.reads }

// Render returns the text for one slice. It fails for a slice that is a whole
// file if start or end is used, and says what to change.
func (t *Template) Render(s pipeline.Slice) (string, error) {
	if t.whole {
		return t.prefix, nil
	}
	if s.Start.IsZero() || s.End.IsZero() {
		for _, r := range t.reads {
			if strings.Contains(r, ".") {
				return "", fmt.Errorf("render path: slice.%s has no value, because the slice %q is a whole file: give the source a window, or use slice.name", r, s.Name)
			}
		}
	}
	ctx := &hcl.EvalContext{Variables: maps.Clone(t.ctx.Variables), Functions: t.ctx.Functions}
	ctx.Variables["slice"] = sliceValue(s)
	val, diags := expr.Evaluate(t.expr, ctx)
	if diags.HasErrors() {
		return "", fmt.Errorf("render path at %s: %s", t.expr.Range(), diags[0].Summary)
	}
	text, err := convert.Convert(val, cty.String)
	if err != nil || text.IsNull() || !text.IsKnown() {
		return "", fmt.Errorf("render path at %s: the result is no text", t.expr.Range())
	}
	return text.AsString(), nil
}

func sliceValue(s pipeline.Slice) cty.Value {
	return cty.ObjectVal(map[string]cty.Value{
		"name": cty.StringVal(s.Name), "log": cty.StringVal(s.Log), "stream": cty.StringVal(s.Stream),
		"start": timeValue(s.Start), "end": timeValue(s.End),
	})
}

func timeValue(at time.Time) cty.Value {
	m := map[string]cty.Value{}
	for name, layout := range timeForms {
		m[name] = cty.NullVal(cty.String)
		if !at.IsZero() {
			m[name] = cty.StringVal(at.UTC().Format(layout))
		}
	}
	return cty.ObjectVal(m)
}

func unknownSlice() cty.Value {
	text := cty.UnknownVal(cty.String).RefineNotNull()
	times := map[string]cty.Value{}
	for name := range timeForms {
		times[name] = text
	}
	return cty.ObjectVal(map[string]cty.Value{
		"name": text, "log": text, "stream": text,
		"start": cty.ObjectVal(times), "end": cty.ObjectVal(times),
	})
}

// bare takes the values out of diagnostics and gives each a place.
func bare(diags hcl.Diagnostics, e hclsyntax.Expression) hcl.Diagnostics {
	for _, d := range diags {
		d.Expression, d.EvalContext = nil, nil
		if d.Subject == nil {
			r := e.Range()
			d.Subject = &r
		}
	}
	return diags
}
