package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/expr"
)

// variable is a declared variable and its value.
type variable struct {
	name      string
	header    hcl.Range
	body      catalog.Body
	ty        cty.Type
	defaults  *typeexpr.Defaults
	sensitive bool
	value     cty.Value // marked if sensitive; unknown if none or wrong
	from      *given    // nil if the default holds
}

var variableForm = catalog.Block{
	Attrs: []catalog.Attr{
		{Name: "type", Form: catalog.Syntax, Doc: "The type of the value: string, number, bool, any, list(…), set(…), map(…), object({…}), tuple([…])."},
		{Name: "default", Type: cty.DynamicPseudoType, Secret: true, Doc: "The value if none is given."},
		{Name: "description", Doc: "What the variable is for."},
		{Name: "sensitive", Type: cty.Bool, Doc: "Never printed and never stored."},
		{Name: "nullable", Type: cty.Bool, Doc: "Whether null is a value. Otherwise null means the default."},
	},
	Blocks: []catalog.Nested{{
		Name: "validation",
		Block: catalog.Block{Attrs: []catalog.Attr{
			{Name: "condition", Form: catalog.Syntax, Required: true, Doc: "An expression that is true for values that are allowed."},
			{Name: "error_message", Form: catalog.Syntax, Required: true, Doc: "What to say about others."},
		}},
	}},
}

// decodeVariables declares the variables, gives each its value and validates.
func (d *decoder) decodeVariables() {
	for _, b := range d.syntax.variables {
		if first, ok := d.variables[b.Labels[0]]; ok {
			d.fail(catalog.Header(b), "Duplicate name", fmt.Sprintf("The variable %q is already declared at %s. Rename or remove one of the two.", b.Labels[0], place(first.header)))
			continue
		}
		v := d.declareVariable(b)
		d.variables[v.name] = v
	}
	d.assignVariables()
	vars := map[string]cty.Value{}
	for name, v := range d.variables {
		d.settle(v)
		vars[name] = v.value
	}
	d.values["var"] = cty.ObjectVal(vars)
	for _, name := range slices.Sorted(maps.Keys(d.variables)) {
		d.validate(d.variables[name])
	}
}

func (d *decoder) declareVariable(b *hclsyntax.Block) *variable {
	v := &variable{name: b.Labels[0], header: catalog.Header(b), ty: cty.DynamicPseudoType}
	body, diags := catalog.Decode(b.Body, v.header, nil, &variableForm, catalog.Scope{Scope: expr.Scope{Functions: d.functions}})
	v.body, v.sensitive = body, body.Bool("sensitive")
	d.diags = append(d.diags, v.unsaid(diags)...)
	if e := body.Syntax("type"); e != nil {
		ty, defaults, td := typeexpr.TypeConstraintWithDefaults(e)
		if td.HasErrors() {
			d.wrongType(e, td)
		} else {
			v.ty, v.defaults = ty, defaults
		}
	}
	return v
}

// unsaid takes what is wrong with the default of a sensitive variable out of
// its diagnostics: a secret without quotes reads as a name.
func (v *variable) unsaid(diags hcl.Diagnostics) hcl.Diagnostics {
	e := v.body.Syntax("default")
	if !v.sensitive || e == nil {
		return diags
	}
	for _, g := range diags {
		if g.Subject != nil && g.Subject.Filename == e.Range().Filename && g.Subject.Overlaps(e.Range()) {
			g.Summary, g.Detail = "Invalid value", fmt.Sprintf("The default of %q must be a plain value; text stands in quotes.", v.name)
		}
	}
	return diags
}

// wrongType says what is wrong with the type of a variable.
func (d *decoder) wrongType(e hclsyntax.Expression, td hcl.Diagnostics) {
	simple := []string{"string", "number", "bool", "any", "list", "set", "map", "object", "tuple"}
	detail := td[0].Detail
	at := e.Range()
	if td[0].Subject != nil {
		at = *td[0].Subject
	}
	if near := expr.Suggest(hcl.ExprAsKeyword(e), simple); near != "" {
		detail += fmt.Sprintf(" Did you mean %s?", near)
	}
	d.fail(at, "Invalid type", detail+" Types: string, number, bool, any, list(…), set(…), map(…), object({…}), tuple([…]).")
}

// assignVariables finds the value that holds for each variable: the last one.
func (d *decoder) assignVariables() {
	names := slices.Sorted(maps.Keys(d.variables))
	for i := range d.files.given {
		g := &d.files.given[i]
		if v, ok := d.variables[g.name]; ok {
			v.from = g
			continue
		}
		hint := fmt.Sprintf("Declare it in the pipeline: variable %q { type = string }", g.name)
		if near := expr.Suggest(g.name, names); near != "" {
			hint = fmt.Sprintf("Did you mean %q?", near)
		}
		text := fmt.Sprintf("No variable %q is declared. %s", g.name, hint)
		switch {
		case g.ignored:
		case g.strict:
			d.diags = append(d.diags, general("Unknown variable", text+" It was given by "+g.from+".")...)
		default:
			d.warn(g.at, "Unknown variable", text)
		}
	}
}

// settle gives v its value.
func (d *decoder) settle(v *variable) {
	v.value = cty.UnknownVal(v.ty)
	if val, at, ok := d.valueOf(v); ok {
		d.convert(v, val, at)
	}
	if v.sensitive {
		v.value = expr.Sensitive(v.value)
	}
}

// valueOf evaluates what was given, or the default. Not ok means that there is
// no value, which was said if it matters.
func (d *decoder) valueOf(v *variable) (val cty.Value, at hcl.Range, ok bool) {
	if g := v.from; g != nil {
		val, at, ok = d.givenValue(v, g)
		if !ok || !val.IsNull() || d.nullable(v) {
			return val, at, ok
		}
	}
	if v.body.Syntax("default") != nil {
		return v.body.Value("default"), v.body.RangeOf("default"), v.body.Known("default")
	}
	if !d.opt.Unknown {
		d.fail(v.header, "Variable without value", fmt.Sprintf("The variable %q has no value and no default. Set it with -var='%s=…', in a file given with -var-file, or in the environment as LOGPIPE_VAR_%s.", v.name, v.name, v.name))
	}
	return cty.NilVal, v.header, false
}

func (d *decoder) nullable(v *variable) bool {
	return !v.body.Has("nullable") || v.body.Bool("nullable")
}

// givenValue reads a value from a file, the environment or the command line.
// Text for a variable of a simple type is the value itself, for others it is an
// expression.
func (d *decoder) givenValue(v *variable, g *given) (cty.Value, hcl.Range, bool) {
	e := g.expr
	if e == nil {
		if v.ty.IsPrimitiveType() || v.ty == cty.DynamicPseudoType {
			return cty.StringVal(g.text), v.header, true
		}
		name := "<" + g.from + " " + v.name + ">"
		diags := tooDeep([]byte(g.text), name)
		if diags == nil {
			e, diags = hclsyntax.ParseExpression([]byte(g.text), name, hcl.InitialPos)
		}
		if diags.HasErrors() {
			d.fail(v.header, "Invalid value", fmt.Sprintf("The value that %s gives for %q is no expression of the type %s.", g.from, v.name, typeexpr.TypeString(v.ty)))
			return cty.NilVal, v.header, false
		}
	}
	at := v.header
	if g.expr != nil {
		at = e.Range()
	}
	val, diags := catalog.Evaluate(e, catalog.Scope{})
	if diags.HasErrors() {
		if g.expr == nil || v.sensitive {
			d.fail(at, "Invalid value", fmt.Sprintf("The value that %s gives for %q must be a plain value; text stands in quotes.", g.from, v.name))
		} else {
			d.diags = append(d.diags, diags...)
		}
		return cty.NilVal, at, false
	}
	return val, at, true
}

func (d *decoder) convert(v *variable, val cty.Value, at hcl.Range) {
	if v.defaults != nil && !val.IsNull() {
		val = v.defaults.Apply(val)
	}
	got, err := convert.Convert(val, v.ty)
	if err != nil {
		from := "The default"
		if v.from != nil {
			from = "The value that " + v.from.from + " gives"
		}
		d.fail(at, "Wrong type", fmt.Sprintf("%s for the variable %q does not fit its type %s: %s.", from, v.name, typeexpr.TypeString(v.ty), err))
		return
	}
	if got.IsNull() && !d.nullable(v) {
		d.fail(at, "Variable without value", fmt.Sprintf("The variable %q has nullable = false and got null.", v.name))
		return
	}
	v.value = got
}

// validate checks a value by the variable's own rules.
func (d *decoder) validate(v *variable) {
	s := d.scope()
	for _, rule := range v.body.Blocks("validation") {
		condition, message := rule.Syntax("condition"), rule.Syntax("error_message")
		if condition == nil || message == nil {
			continue
		}
		ok, diags := catalog.Evaluate(condition, s)
		if diags.HasErrors() {
			d.diags = append(d.diags, diags...)
			continue
		}
		ok, _ = ok.UnmarkDeep()
		if ok, err := convert.Convert(ok, cty.Bool); err != nil || ok.IsNull() {
			d.fail(condition.Range(), "Wrong type", "A condition is true or false.")
		} else if ok.IsKnown() && ok.False() {
			at := condition.Range()
			if v.from != nil && v.from.expr != nil {
				at = v.from.expr.Range()
			} else if v.from == nil && v.body.Syntax("default") != nil {
				at = v.body.RangeOf("default")
			}
			d.fail(at, "Invalid value for variable", fmt.Sprintf("%s This is the rule at %s for the variable %q.", d.message(message, s), place(condition.Range()), v.name))
		}
	}
}

// message evaluates an error_message; one that holds a secret is not shown.
func (d *decoder) message(e hclsyntax.Expression, s catalog.Scope) string {
	val, diags := catalog.Evaluate(e, s)
	if diags.HasErrors() {
		d.diags = append(d.diags, diags...)
		return "The value is not allowed."
	}
	if val.ContainsMarked() {
		return "The value is not allowed (the message holds a sensitive value and is not shown)."
	}
	text, err := convert.Convert(val, cty.String)
	if err != nil || text.IsNull() || !text.IsKnown() || strings.TrimSpace(text.AsString()) == "" {
		return "The value is not allowed."
	}
	return text.AsString()
}

// plainVariables are the values that may be shown.
func (d *decoder) plainVariables() map[string]cty.Value {
	plain := map[string]cty.Value{}
	for name, v := range d.variables {
		if !v.sensitive && !v.value.ContainsMarked() {
			plain[name] = v.value
		}
	}
	return plain
}

// place is a range for people.
func place(r hcl.Range) string { return fmt.Sprintf("%s:%d", r.Filename, r.Start.Line) }
