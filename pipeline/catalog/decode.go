package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/logpipe/logpipe/pipeline/expr"
)

// Scope is what the expressions of a body may refer to.
type Scope struct {
	expr.Scope
	// Elsewhere names attributes that the caller decodes itself.
	Elsewhere []string
	// Blocks evaluates an expression in which blocks are values, tenants among
	// them, and which may refer to values besides. What is wrong elsewhere is
	// unknown. Nil: tenants are values like others.
	Blocks func(e hclsyntax.Expression, values map[string]cty.Value) (cty.Value, hcl.Diagnostics)
}

// Decode evaluates body and checks it against spec. header is where the block
// begins; labels are those of a nested block. All mistakes are reported at
// once, in the order of the file.
func Decode(body *hclsyntax.Body, header hcl.Range, labels []string, spec *Block, s Scope) (Body, hcl.Diagnostics) {
	d := &decoded{spec: spec, header: header, labels: labels,
		attrs: map[string]*value{}, blocks: map[string][]Body{}}
	meant := map[string]bool{} // names that a misspelt one probably stands for
	diags := d.unexpected(body, s, meant)
	for i := range spec.Attrs {
		diags = append(diags, d.attribute(body, &spec.Attrs[i], s, meant)...)
	}
	for i := range spec.Blocks {
		diags = append(diags, d.nested(body, &spec.Blocks[i], s, meant)...)
	}
	Sort(diags)
	return Body{d}, diags
}

// Sort orders diagnostics as their places stand in the files; those without a
// place come last. Each is kept once.
func Sort(diags hcl.Diagnostics) {
	slices.SortStableFunc(diags, func(a, b *hcl.Diagnostic) int {
		switch {
		case a.Subject == nil && b.Subject == nil:
			return 0
		case a.Subject == nil:
			return 1
		case b.Subject == nil:
			return -1
		}
		return cmp.Or(
			cmp.Compare(a.Subject.Filename, b.Subject.Filename),
			cmp.Compare(a.Subject.Start.Byte, b.Subject.Start.Byte),
			cmp.Compare(a.Subject.End.Byte, b.Subject.End.Byte),
			cmp.Compare(a.Summary, b.Summary))
	})
}

// unexpected reports what the description does not know.
func (d *decoded) unexpected(body *hclsyntax.Body, s Scope, meant map[string]bool) hcl.Diagnostics {
	var diags hcl.Diagnostics
	attrs, blocks := slices.Clone(s.Elsewhere), []string(nil)
	for _, a := range d.spec.Attrs {
		attrs = append(attrs, a.Name)
	}
	for _, n := range d.spec.Blocks {
		blocks = append(blocks, n.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(body.Attributes)) {
		if !slices.Contains(attrs, name) {
			diags = append(diags, unexpectedAttribute(name, body.Attributes[name].NameRange, attrs, blocks, meant)...)
		}
	}
	for _, b := range body.Blocks {
		name, at := b.Type, b.TypeRange
		if name == "dynamic" && len(b.Labels) == 1 {
			name, at = b.Labels[0], b.LabelRanges[0]
		}
		if !slices.Contains(blocks, name) {
			diags = append(diags, unexpectedBlock(name, at, attrs, blocks, meant)...)
		}
	}
	return diags
}

func unexpectedAttribute(name string, at hcl.Range, attrs, blocks []string, meant map[string]bool) hcl.Diagnostics {
	if answer, ok := Reserved(name); ok {
		return Fault(at, "Reserved name", answer)
	}
	if slices.Contains(blocks, name) {
		meant[name] = true
		return Fault(at, "Unexpected attribute", fmt.Sprintf("%q is a block, not an attribute: write %s { … } without the equals sign.", name, name))
	}
	hint := suggest(name, attrs, meant)
	if answer, ok := misplaced[name]; ok {
		hint = answer
	} else if hint == "" {
		hint = listing("Known here", slices.Concat(attrs, blocks))
	}
	return Fault(at, "Unknown attribute", fmt.Sprintf("There is no attribute %q here. %s", name, hint))
}

func unexpectedBlock(name string, at hcl.Range, attrs, blocks []string, meant map[string]bool) hcl.Diagnostics {
	if answer, ok := Reserved(name); ok {
		return Fault(at, "Reserved name", answer)
	}
	if slices.Contains(attrs, name) {
		meant[name] = true
		return Fault(at, "Unexpected block", fmt.Sprintf("%q is an attribute, not a block: write %s = … with an equals sign.", name, name))
	}
	if len(blocks) == 0 {
		return Fault(at, "Unknown block", fmt.Sprintf("There is no block %q here. This block holds attributes only.", name))
	}
	hint := suggest(name, blocks, meant)
	if hint == "" {
		hint = listing("Known here", blocks)
	}
	return Fault(at, "Unknown block", fmt.Sprintf("There is no block %q here. %s", name, hint))
}

// attribute decodes one attribute.
func (d *decoded) attribute(body *hclsyntax.Body, a *Attr, s Scope, meant map[string]bool) hcl.Diagnostics {
	written, ok := body.Attributes[a.Name]
	if !ok {
		if !a.Required {
			return nil
		}
		d.missing = true
		if meant[a.Name] {
			return nil
		}
		return Fault(d.header, "Missing attribute", fmt.Sprintf("The attribute %q is required. %s", a.Name, about(a)))
	}
	v := &value{rng: written.Expr.Range(), syntax: written.Expr, secret: a.Secret}
	d.attrs[a.Name] = v
	switch a.Form {
	case Constant:
		v.constant(written.Expr, a, s)
	case Expression:
		v.program, v.diags = expr.Compile(written.Expr, s.Scope)
	case Expressions:
		v.programs, v.diags = compileAll(written.Expr, a, s)
	case PathTemplate:
		v.template, v.diags = NewTemplate(written.Expr, s)
	case TenantRef:
		v.tenant(written.Expr, a, s)
	}
	if v.failed = v.diags.HasErrors(); v.failed {
		return v.diags
	}
	if a.Required && v.val != cty.NilVal && v.val.IsNull() {
		v.failed, d.missing = true, true
		v.diags = Fault(v.rng, "Missing attribute", fmt.Sprintf("The attribute %q is required and is null here. %s", a.Name, about(a)))
	}
	return v.diags
}

// constant evaluates an expression that is the same for all records.
func (v *value) constant(e hclsyntax.Expression, a *Attr, s Scope) {
	val, diags := Evaluate(e, s)
	v.diags = diags
	if diags.HasErrors() {
		return
	}
	v.sensitive = val.ContainsMarked()
	if v.sensitive && !a.Secret {
		v.diags = append(v.diags, Fault(v.rng, "Sensitive value not allowed",
			fmt.Sprintf("The attribute %q may be shown or stored, so it does not take a sensitive value. Use a variable that is not sensitive.", a.Name))...)
		return
	}
	val, _ = val.UnmarkDeep()
	want := a.ctyType()
	got, err := convert.Convert(val, want)
	if err != nil {
		v.diags = append(v.diags, Fault(v.rng, "Wrong type", wrongType(a, val, err))...)
		return
	}
	v.val = got
	v.items = items(e, got)
	v.diags = append(v.diags, oneOf(a, v)...)
}

// Evaluate evaluates an expression that reads constants only, after it has
// checked that all it refers to exists. The value may carry marks.
func Evaluate(e hclsyntax.Expression, s Scope) (cty.Value, hcl.Diagnostics) {
	if diags := CheckReferences(e, s.Values); diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	val, diags := expr.Evaluate(e, s.context())
	diags = bare(diags, e)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	return val, diags
}

func (s Scope) context() *hcl.EvalContext {
	return &hcl.EvalContext{Variables: s.Values, Functions: s.Functions}
}

// compileAll compiles the values of an object that is written out.
func compileAll(e hclsyntax.Expression, a *Attr, s Scope) ([]Named, hcl.Diagnostics) {
	object, ok := e.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return nil, Fault(e.Range(), "Wrong form", fmt.Sprintf("The attribute %q takes an object that is written out, with an expression for each name: { name = expression }.", a.Name))
	}
	var all []Named
	var diags hcl.Diagnostics
	seen := map[string]bool{}
	for _, it := range object.Items {
		key, kd := Evaluate(it.KeyExpr, s)
		diags = append(diags, kd...)
		if kd.HasErrors() {
			continue
		}
		if key.ContainsMarked() {
			diags = append(diags, Fault(it.KeyExpr.Range(), "Sensitive value not allowed", "A name becomes part of the output, so it cannot be sensitive.")...)
			continue
		}
		key, err := convert.Convert(key, cty.String)
		if err != nil || key.IsNull() {
			diags = append(diags, Fault(it.KeyExpr.Range(), "Wrong type", "A name must be text.")...)
			continue
		}
		p, pd := expr.Compile(it.ValueExpr, s.Scope)
		diags = append(diags, pd...)
		if !key.IsKnown() || pd.HasErrors() {
			continue
		}
		if seen[key.AsString()] {
			diags = append(diags, Fault(it.KeyExpr.Range(), "Duplicate name", fmt.Sprintf("%q is already set above. Keep one of the two.", key.AsString()))...)
			continue
		}
		seen[key.AsString()] = true
		all = append(all, Named{Name: key.AsString(), Range: it.ValueExpr.Range(), Program: p})
	}
	return all, diags
}

// nested decodes the blocks that n describes, dynamic ones included.
func (d *decoded) nested(body *hclsyntax.Body, n *Nested, s Scope, meant map[string]bool) hcl.Diagnostics {
	blocks, open, diags := expand(body, n.Name, s)
	for i, b := range blocks {
		if n.Max > 0 && i >= n.Max && !open {
			diags = append(diags, Fault(b.header, "Too many blocks", fmt.Sprintf("At most %d %q %s allowed here. Remove this one.", n.Max, n.Name, plural(n.Max, "block is", "blocks are")))...)
			break
		}
		if ld := checkLabels(&b, n); ld.HasErrors() {
			diags = append(diags, ld...)
			continue
		}
		inner, id := Decode(b.body, b.header, b.labels, n.Holds(b.labels), b.scope)
		diags = append(diags, id...)
		d.blocks[n.Name] = append(d.blocks[n.Name], inner)
	}
	if len(blocks) < n.Min && !open && !diags.HasErrors() {
		d.missing = true
		if !meant[n.Name] {
			diags = append(diags, Fault(d.header, "Missing block", fmt.Sprintf("At least %d %q %s required. %s", n.Min, n.Name, plural(n.Min, "block is", "blocks are"), n.Doc))...)
		}
	}
	return diags
}

func checkLabels(b *found, n *Nested) hcl.Diagnostics {
	if len(b.labels) != len(n.Labels) {
		want := n.Name
		for _, l := range n.Labels {
			want += fmt.Sprintf(" %q", l)
		}
		return Fault(b.header, "Wrong number of labels", fmt.Sprintf("Found %d. Write %s { … }.", len(b.labels), want))
	}
	if allowed := n.firstLabels(); len(allowed) > 0 && len(b.labels) > 0 && !slices.Contains(allowed, b.labels[0]) {
		return Fault(b.at(0), "Unknown "+n.Name, fmt.Sprintf("There is no %s %q. %s", n.Name, b.labels[0], hintOrList(b.labels[0], allowed)))
	}
	return nil
}

// items lists the texts of a list or set with the places where they stand.
func items(e hclsyntax.Expression, v cty.Value) []Item {
	ty := v.Type()
	if v.IsNull() || !v.IsKnown() || !ty.IsListType() && !ty.IsSetType() || ty.ElementType() != cty.String {
		return nil
	}
	var all []Item
	if tuple, ok := e.(*hclsyntax.TupleConsExpr); ok && ty.IsListType() && len(tuple.Exprs) == v.LengthInt() {
		for i, it := 0, v.ElementIterator(); it.Next(); i++ {
			if _, el := it.Element(); el.IsKnown() && !el.IsNull() {
				all = append(all, Item{el.AsString(), tuple.Exprs[i].Range()})
			}
		}
		return all
	}
	for it := v.ElementIterator(); it.Next(); {
		if _, el := it.Element(); el.IsKnown() && !el.IsNull() {
			all = append(all, Item{el.AsString(), e.Range()})
		}
	}
	return all
}

func oneOf(a *Attr, v *value) hcl.Diagnostics {
	if len(a.OneOf) == 0 || !v.val.IsKnown() || v.val.IsNull() {
		return nil
	}
	all := v.items
	if v.val.Type() == cty.String {
		all = []Item{{v.val.AsString(), v.rng}}
	}
	var diags hcl.Diagnostics
	for _, it := range all {
		if !slices.Contains(a.OneOf, it.Text) {
			diags = append(diags, Fault(it.Range, "Unknown value", fmt.Sprintf("%q is no value of %q. %s", it.Text, a.Name, hintOrList(it.Text, a.OneOf)))...)
		}
	}
	return diags
}

func wrongType(a *Attr, got cty.Value, err error) string {
	text := fmt.Sprintf("The attribute %q takes %s, but this is %s", a.Name, typeName(a.ctyType()), typeName(got.Type()))
	if got.IsNull() {
		text = fmt.Sprintf("The attribute %q takes %s, but this is null", a.Name, typeName(a.ctyType()))
	}
	if path, ok := err.(cty.PathError); ok && len(path.Path) > 0 {
		text += fmt.Sprintf(" (%s)", path.Error())
	}
	return text + ". " + about(a)
}

// about is a sentence from the attribute's own documentation.
func about(a *Attr) string {
	doc := a.Doc
	if doc != "" && !strings.HasSuffix(doc, ".") {
		doc += "."
	}
	return doc
}

// typeName says a type in the words of the documentation.
func typeName(t cty.Type) string {
	switch {
	case t == cty.String:
		return "text"
	case t == cty.Number:
		return "a number"
	case t == cty.Bool:
		return "true or false"
	case t == cty.DynamicPseudoType:
		return "any value"
	case t.IsListType():
		return "a list of " + plainName(t.ElementType())
	case t.IsSetType():
		return "a set of " + plainName(t.ElementType())
	case t.IsMapType():
		return "a map of " + plainName(t.ElementType())
	case t.IsTupleType():
		return "a list"
	case t.IsObjectType():
		return "an object"
	case t == TenantType:
		return "a tenant"
	case t.IsCapsuleType():
		return "a block"
	}
	return t.FriendlyName()
}

func plainName(t cty.Type) string {
	switch t {
	case cty.String:
		return "texts"
	case cty.Number:
		return "numbers"
	case cty.Bool:
		return "truth values"
	}
	return typeName(t)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// suggest returns a question with the nearest name, and notes what was meant.
func suggest(given string, among []string, meant map[string]bool) string {
	near := expr.Suggest(given, among)
	if near == "" {
		return ""
	}
	if meant != nil {
		meant[near] = true
	}
	return fmt.Sprintf("Did you mean %q?", near)
}

func hintOrList(given string, among []string) string {
	if hint := suggest(given, among, nil); hint != "" {
		return hint
	}
	return listing("Known", among)
}

func listing(intro string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	quoted := make([]string, len(names))
	for i, n := range slices.Sorted(slices.Values(names)) {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	return intro + ": " + strings.Join(quoted, ", ") + "."
}
