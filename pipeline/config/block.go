package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/internal/azure"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/expr"
)

// block is a declared tenant, source, transform or sink.
type block struct {
	addr   addr.Block
	syntax *hclsyntax.Block
	header hcl.Range
	kind   *catalog.Kind // nil if unknown, and for a tenant
	meant  string        // the kind that an unknown one probably stands for

	// for_each
	visit     visit
	keyed     bool
	open      bool // the keys are not known
	failed    bool // for_each is wrong, which was said
	keys      []string
	each      map[string]cty.Value // each.value by key
	instances []*Instance
	made      map[string]*azure.Tenant // of a tenant, by key; nil for one that is wrong or not known
}

type visit uint8

const (
	unseen visit = iota
	running
	done
)

// feed is what a reference to an instance evaluates to. One capsule type stands
// for all classes, because two types would not fit into one conditional.
type feed struct{ at addr.Instance }

var feedType = cty.Capsule("block", reflect.TypeFor[feed]())

func feedValue(a addr.Instance) cty.Value { return cty.CapsuleVal(feedType, &feed{a}) }

// openKey stands for the keys of a for_each that are not known.
const openKey = "*"

// declare finds the blocks and their kinds.
func (d *decoder) declare() {
	for _, s := range d.syntax.parts {
		b := &block{
			addr:   addr.Block{Class: addr.Class(s.Type), Kind: s.Labels[0], Label: s.Labels[1]},
			syntax: s, header: catalog.Header(s),
		}
		if first, ok := d.blocks[b.addr]; ok {
			d.fail(b.header, "Duplicate name", fmt.Sprintf("%s is already declared at %s. Rename or remove one of the two.", b.addr, place(first.header)))
			continue
		}
		d.blocks[b.addr] = b
		d.order = append(d.order, b)
		kind, ok := d.catalog.Kind(b.addr.Class, b.addr.Kind)
		if !ok {
			d.unknownKind(b)
			continue
		}
		b.kind = kind
	}
}

func (d *decoder) unknownKind(b *block) {
	class, name := b.addr.Class, b.addr.Kind
	detail := fmt.Sprintf("There is no %s of the kind %q.", class, name)
	b.meant = expr.Suggest(name, d.catalog.Names(class))
	if other, ok := d.classOf(name); ok {
		detail += fmt.Sprintf(" %q is a kind of %s.", name, other)
	} else if b.meant != "" {
		detail += fmt.Sprintf(" Did you mean %q?", b.meant)
	} else {
		detail += " Known:"
		for _, k := range d.catalog.Names(class) {
			detail += fmt.Sprintf(" %q", k)
		}
		detail += "."
	}
	d.fail(b.syntax.LabelRanges[0], "Unknown kind", detail)
}

// find returns the block at a, or the one that would be there if its kind were
// not misspelt, which was said.
func (d *decoder) find(a addr.Block) *block {
	if b, ok := d.blocks[a]; ok {
		return b
	}
	for _, b := range d.order {
		if b.kind == nil && b.meant == a.Kind && b.addr.Class == a.Class && b.addr.Label == a.Label {
			return b
		}
	}
	return nil
}

// value is what a reference to the block evaluates to.
func (b *block) value() cty.Value {
	switch {
	case b.failed || b.open:
		return cty.DynamicVal
	case !b.keyed:
		return b.instanceValue(b.addr.Only())
	}
	m := make(map[string]cty.Value, len(b.keys))
	for _, k := range b.keys {
		m[k] = b.instanceValue(b.addr.At(k))
	}
	return cty.ObjectVal(m)
}

func (b *block) instanceValue(a addr.Instance) cty.Value {
	if b.isTenant() {
		return catalog.TenantValue(b.made[a.Key])
	}
	return feedValue(a)
}

// eachValue is each in the scope of the instance with key; blocks as values are
// left out where only constants are meant.
func (b *block) eachValue(key string, wiring bool) cty.Value {
	if b.open {
		return cty.ObjectVal(map[string]cty.Value{"key": cty.UnknownVal(cty.String), "value": cty.DynamicVal})
	}
	m := map[string]cty.Value{"key": cty.StringVal(key), "value": b.each[key]}
	if !wiring {
		m = withoutBlocks(m)
	}
	return cty.ObjectVal(m)
}

// withoutBlocks leaves blocks out, and of objects that hold some the members
// that do.
func withoutBlocks(m map[string]cty.Value) map[string]cty.Value {
	kept := make(map[string]cty.Value, len(m))
	for name, v := range m {
		switch {
		case !holdsBlock(v.Type()):
			kept[name] = v
		case v.Type().IsObjectType() && v.IsKnown() && !v.IsNull() && !v.IsMarked():
			if inner := withoutBlocks(v.AsValueMap()); len(inner) > 0 {
				kept[name] = cty.ObjectVal(inner)
			}
		}
	}
	return kept
}

// holdsBlock reports whether a value of type t holds a block.
func holdsBlock(t cty.Type) bool { return holds(t, feedType) || holds(t, catalog.TenantType) }

// holds reports whether a value of type t holds one of type wanted.
func holds(t, wanted cty.Type) bool {
	inner := func(t cty.Type) bool { return holds(t, wanted) }
	switch {
	case t == wanted:
		return true
	case t.IsCollectionType():
		return inner(t.ElementType())
	case t.IsTupleType():
		return slices.ContainsFunc(t.TupleElementTypes(), inner)
	case t.IsObjectType():
		return slices.ContainsFunc(slices.Collect(maps.Values(t.AttributeTypes())), inner)
	}
	return false
}

// holdsTenant reports whether a value of type t holds a tenant.
func holdsTenant(t cty.Type) bool { return holds(t, catalog.TenantType) }

// forEach evaluates for_each of b, after that of the blocks it refers to.
func (d *decoder) forEach(b *block) {
	if b.visit == done {
		return
	}
	if b.visit == running {
		b.failed = true
		d.fail(b.header, "Cycle", fmt.Sprintf("The keys of %s depend on themselves: its for_each refers to a block whose for_each leads back here. Take one of the references out.", b.name()))
		return
	}
	b.visit = running
	d.findKeys(b)
	if b.isTenant() {
		d.makeTenants(b)
	}
	b.visit = done
}

func (d *decoder) findKeys(b *block) {
	a, ok := b.syntax.Body.Attributes["for_each"]
	if !ok {
		return
	}
	b.keyed = true
	if b.isTenant() && !d.tenantKeys(a.Expr) {
		b.failed = true
		return
	}
	val, ok := d.wiringValue(a.Expr, nil)
	if !ok || b.failed {
		b.failed = true
		return
	}
	d.takeKeys(b, a.Expr, val)
}

// takeKeys makes the keys of b from the value of its for_each.
func (d *decoder) takeKeys(b *block, e hclsyntax.Expression, val cty.Value) {
	wrong := func(summary, detail string) {
		b.failed = true
		d.fail(e.Range(), summary, detail)
	}
	ty := val.Type()
	if val.IsMarked() || ty.IsSetType() && val.ContainsMarked() {
		wrong("Sensitive value not allowed", "The keys of for_each become part of names, so they cannot come from a sensitive value.")
		return
	}
	isMap := ty.IsMapType() || ty.IsObjectType() || ty.IsSetType() || ty == cty.DynamicPseudoType
	if val.IsNull() || !isMap {
		hint := "toset([…])"
		if ty == feedType || ty == catalog.TenantType {
			hint = "{ name = " + textOf(e, d.files) + " }"
		}
		wrong("Wrong type", fmt.Sprintf("for_each takes a map, an object or a set of texts; keys name the instances. Write %s.", hint))
		return
	}
	elements, unknown, ok := catalog.Elements(val)
	if !ok {
		wrong("Wrong type", "for_each takes a map, an object or a set of texts.")
		return
	}
	if unknown {
		b.open = true
		return
	}
	b.each = map[string]cty.Value{}
	for _, kv := range elements {
		key := kv[0]
		if key.Type() != cty.String || key.IsNull() {
			wrong("Wrong type", "A set for for_each holds texts, which become the keys. Use a map for other values.")
			return
		}
		if !key.IsKnown() {
			b.open = true
			return
		}
		b.keys = append(b.keys, key.AsString())
		b.each[key.AsString()] = kv[1]
	}
	slices.Sort(b.keys)
}

// textOf is the source of an expression, for hints; "…" if it is long.
func textOf(e hclsyntax.Expression, f *Files) string {
	r := e.Range()
	file := f.HCL[r.Filename]
	if file == nil || !r.CanSliceBytes(file.Bytes) || len(r.SliceBytes(file.Bytes)) > 60 {
		return "…"
	}
	return string(r.SliceBytes(file.Bytes))
}

// instanceKeys lists the keys that b has instances for: one without for_each,
// and one that stands for all where they are not known.
func (b *block) instanceKeys() []addr.Instance {
	switch {
	case !b.keyed:
		return []addr.Instance{b.addr.Only()}
	case b.failed:
		return nil
	case b.open:
		return []addr.Instance{b.addr.At(openKey)}
	}
	all := make([]addr.Instance, len(b.keys))
	for i, k := range b.keys {
		all[i] = b.addr.At(k)
	}
	return all
}
