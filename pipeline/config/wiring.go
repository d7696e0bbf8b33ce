package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/graph"
)

// wire is the first pass: which instances there are and what feeds them.
func (d *decoder) wire() {
	for _, b := range d.order {
		d.forEach(b)
	}
	for _, b := range d.order {
		for _, a := range b.instanceKeys() {
			i := &Instance{Addr: a, Range: b.header, Kind: b.kind}
			b.instances = append(b.instances, i)
		}
		if b.failed { // one instance without key, so that its settings are checked all the same
			b.instances = []*Instance{{Addr: b.addr.Only(), Range: b.header, Kind: b.kind}}
		}
	}
	for _, b := range d.order {
		for _, i := range b.instances {
			d.from(b, i)
		}
	}
}

// from evaluates what feeds an instance.
func (d *decoder) from(b *block, i *Instance) {
	a, ok := b.syntax.Body.Attributes["from"]
	if b.addr.Class == addr.Source {
		return // an attribute `from` is unknown there, and said so with the others
	}
	if !ok {
		near := misspelt(b.syntax.Body, "from", d.known(b))
		if near == nil {
			d.fail(b.header, "Missing attribute", fmt.Sprintf("%s needs from: what feeds it, such as from = source.KIND.NAME.%s", b.addr, emptyHint(b.addr.Class)))
		}
		i.Input = openSchema()
		return
	}
	scope := map[string]cty.Value{}
	if b.keyed && !b.failed {
		scope["each"] = b.eachValue(i.Addr.Key, true)
	} else if b.failed {
		scope["each"] = cty.DynamicVal
	}
	val, ok := d.wiringValue(a.Expr, scope)
	if !ok {
		i.Input = openSchema()
		return
	}
	if holdsTenant(val.Type()) {
		d.fail(a.Expr.Range(), "Not a feed", "A tenant says where to sign in, and feeds no records. Name what does, such as source.KIND.NAME; the tenant belongs to the source.")
		i.Input = openSchema()
		return
	}
	if !val.IsWhollyKnown() {
		i.From, i.Input, i.open = d.mentioned(a.Expr), openSchema(), true
		return
	}
	feeds, problem := flatten(val)
	if problem != "" {
		d.fail(a.Expr.Range(), "Wrong type", problem)
		i.Input = openSchema()
		return
	}
	for _, f := range feeds {
		if f.Class == addr.Sink {
			d.fail(a.Expr.Range(), "A sink feeds nothing", fmt.Sprintf("%s is a sink. Take the records from what feeds it.", f))
			i.Input = openSchema()
			return
		}
	}
	i.From = feeds
	if slices.SortFunc(i.From, addr.Instance.Compare); len(slices.Compact(slices.Clone(i.From))) < len(i.From) {
		d.warn(a.Expr.Range(), "Records arrive twice", fmt.Sprintf("%s is fed more than once by the same block. Each of its records is stored once for each time.", b.addr))
		i.From = slices.Compact(i.From)
	}
}

func emptyHint(c addr.Class) string {
	if c == addr.Sink {
		return " A sink that is kept only for its retention has from = []."
	}
	return ""
}

// known lists the attributes that the kind of b has.
func (d *decoder) known(b *block) []string {
	names := catalog.Shared(b.addr.Class)
	if b.kind != nil {
		for _, a := range b.kind.Body.Attrs {
			names = append(names, a.Name)
		}
	}
	return names
}

// wiringValue evaluates an expression in which blocks are values. Not ok means
// that it is wrong, which was said, or depends on something that is.
func (d *decoder) wiringValue(e hclsyntax.Expression, scope map[string]cty.Value) (cty.Value, bool) {
	values := map[string]cty.Value{"var": d.values["var"], "local": d.values["local"]}
	for name, v := range scope {
		values[name] = v
	}
	refs, ok := d.references(e)
	tree := map[string]map[string]map[string]cty.Value{}
	for _, r := range refs {
		d.forEach(r.block)
		class, kind := string(r.block.addr.Class), r.kind
		if tree[class] == nil {
			tree[class] = map[string]map[string]cty.Value{}
		}
		if tree[class][kind] == nil {
			tree[class][kind] = map[string]cty.Value{}
		}
		tree[class][kind][r.block.addr.Label] = r.block.value()
		ok = d.checkKey(r) && ok
	}
	for class, kinds := range tree {
		if class == tenantRoot {
			values[class] = cty.ObjectVal(kinds[""])
			continue
		}
		m := map[string]cty.Value{}
		for kind, labels := range kinds {
			m[kind] = cty.ObjectVal(labels)
		}
		values[class] = cty.ObjectVal(m)
	}
	ok = d.checkUse(e, values) && ok
	if bad := catalog.CheckReferences(e, values); bad.HasErrors() {
		d.diags = append(d.diags, slices.DeleteFunc(bad, func(g *hcl.Diagnostic) bool { return d.isBlockReference(g, e) })...)
		return cty.DynamicVal, false
	}
	if !ok {
		return cty.DynamicVal, false
	}
	val, diags := expr.Evaluate(e, &hcl.EvalContext{Variables: values, Functions: d.functions})
	for _, g := range diags {
		d.explain(g, e)
	}
	d.diags = append(d.diags, diags...)
	return val, !diags.HasErrors()
}

// isBlockReference reports whether g is about a block that references already
// answered.
func (d *decoder) isBlockReference(g *hcl.Diagnostic, e hclsyntax.Expression) bool {
	for _, t := range e.Variables() {
		if isBlock(t.RootName()) && g.Subject != nil && t.SourceRange().Overlaps(*g.Subject) {
			return true
		}
	}
	return false
}

// explain rewrites the evaluator's words where ours say more.
func (d *decoder) explain(g *hcl.Diagnostic, e hclsyntax.Expression) {
	g.Expression, g.EvalContext = nil, nil
	if g.Subject == nil {
		r := e.Range()
		g.Subject = &r
	}
	if g.Summary == "Invalid index" {
		g.Summary = "Unknown instance"
		g.Detail = "There is no instance with this key. The keys are those of the block's for_each."
	}
}

// reference is a mention of a block in an expression.
type reference struct {
	block *block
	kind  string        // as it is written
	rest  hcl.Traversal // what follows source.KIND.NAME
	at    hcl.Range
}

// references finds the blocks that e mentions, and reports those that are not
// declared.
func (d *decoder) references(e hclsyntax.Expression) (refs []reference, ok bool) {
	ok = true
	for _, t := range e.Variables() {
		if !isBlock(t.RootName()) {
			continue
		}
		a, rest, complete := blockAddress(t)
		if !complete {
			form := ".KIND.NAME"
			if t.RootName() == tenantRoot {
				form = ".NAME"
			}
			d.fail(t.SourceRange(), "Incomplete reference", fmt.Sprintf("Name one block: %s%s.", t.RootName(), form))
			ok = false
			continue
		}
		at := t.SourceRange()
		b := d.find(a)
		if b == nil {
			text := fmt.Sprintf("There is no %s. %s", a, d.nearestBlock(a))
			if a.Class == tenantRoot {
				text = fmt.Sprintf("There is no tenant.%s. %s", a.Label, d.nearestTenant(a.Label))
			}
			named := t[len(t)-len(rest)-1]
			d.fail(hcl.RangeBetween(t[0].SourceRange(), named.SourceRange()), "Unknown reference", text)
			ok = false
			continue
		}
		refs = append(refs, reference{b, a.Kind, rest, at})
	}
	return refs, ok
}

func isClass(root string) bool { return root == "source" || root == "transform" || root == "sink" }

// isBlock reports whether references to blocks begin with root.
func isBlock(root string) bool { return isClass(root) || root == tenantRoot }

// blockAddress reads source.KIND.NAME or tenant.NAME from the front of t.
func blockAddress(t hcl.Traversal) (a addr.Block, rest hcl.Traversal, ok bool) {
	if t.RootName() == tenantRoot && len(t) > 1 {
		label, ok := t[1].(hcl.TraverseAttr)
		return addr.Block{Class: tenantRoot, Label: label.Name}, t[2:], ok
	}
	if len(t) < 3 {
		return a, nil, false
	}
	kind, ok1 := t[1].(hcl.TraverseAttr)
	label, ok2 := t[2].(hcl.TraverseAttr)
	return addr.Block{Class: addr.Class(t.RootName()), Kind: kind.Name, Label: label.Name}, t[3:], ok1 && ok2
}

// checkKey checks a key that is written out: source.KIND.NAME["key"].
func (d *decoder) checkKey(r reference) bool {
	b := r.block
	if b.failed || b.open || len(r.rest) == 0 {
		return true
	}
	step, isIndex := r.rest[0].(hcl.TraverseIndex)
	if !b.keyed {
		what := "has no members"
		if isIndex {
			what = "has no for_each, so it has no keys"
		}
		d.fail(r.at, "Unknown reference", fmt.Sprintf("%s %s. Write %s alone.", b.name(), what, b.name()))
		return false
	}
	key := ""
	if attr, ok := r.rest[0].(hcl.TraverseAttr); ok {
		key = attr.Name
	} else if isIndex && step.Key.Type() == cty.String {
		key = step.Key.AsString()
	}
	if slices.Contains(b.keys, key) {
		return true
	}
	d.fail(r.at, "Unknown instance", fmt.Sprintf("%s has no instance with this key. Its keys: %s.", b.name(), some(b.keys)))
	return false
}

// some lists names, the first ten of them.
func some(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	var b strings.Builder
	for i, n := range names {
		if i == 10 {
			return b.String() + fmt.Sprintf(" and %d more", len(names)-i)
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", n)
	}
	return b.String()
}

// mentioned lists the instances of all blocks that e mentions: what may feed,
// when it is not known what does.
func (d *decoder) mentioned(e hclsyntax.Expression) []addr.Instance {
	var all []addr.Instance
	for _, t := range e.Variables() {
		a, _, ok := blockAddress(t)
		if b := d.find(a); ok && b != nil && a.Class != addr.Sink && !b.isTenant() {
			all = append(all, b.instanceKeys()...)
		}
	}
	slices.SortFunc(all, addr.Instance.Compare)
	return slices.Compact(all)
}

// flatten lists the instances in the value of a from.
func flatten(v cty.Value) (all []addr.Instance, problem string) {
	v, _ = v.UnmarkDeep()
	ty := v.Type()
	switch {
	case v.IsNull():
		return nil, "from is null. Name what feeds the block, or write from = [] for a sink that only keeps what it has."
	case ty == feedType:
		f, _ := v.EncapsulatedValue().(*feed)
		return []addr.Instance{f.at}, ""
	case ty.IsListType() || ty.IsSetType() || ty.IsTupleType():
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			inner, problem := flatten(e)
			if problem != "" {
				return nil, problem
			}
			all = append(all, inner...)
		}
		return all, ""
	case (ty.IsObjectType() || ty.IsMapType()) && holdsBlock(ty):
		name := "source.KIND.NAME"
		for _, e := range v.AsValueMap() {
			if f, _ := flatten(e); len(f) > 0 {
				name = f[0].Block.String()
			}
		}
		return nil, fmt.Sprintf("%s has for_each, so this names all of its instances at once. Write %s[each.key] for one, or values(%s) for all.", name, name, name)
	case ty == cty.String:
		return nil, "from takes a block, not text. Write source.KIND.NAME without quotes."
	}
	return nil, "from takes a block such as source.KIND.NAME, or a list of blocks."
}

// wires is the graph of the instances.
func (d *decoder) wires() *graph.Graph {
	g := &graph.Graph{}
	for _, b := range d.order {
		for _, i := range b.instances {
			g.Add(i.Addr.String())
			for _, f := range i.From {
				g.Connect(f.String(), i.Addr.String())
			}
		}
	}
	return g
}
