package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/internal/azure"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/expr"
)

// tenantRoot is where references to tenants begin. As a class it has one kind,
// without name.
const tenantRoot = "tenant"

// declareTenants finds the tenants and makes them. They stand before all that
// refers to them, and need only variables, local values and one another.
func (d *decoder) declareTenants() {
	for _, s := range d.syntax.tenants {
		b := &block{addr: addr.Block{Class: tenantRoot, Label: s.Labels[0]}, syntax: s, header: catalog.Header(s)}
		if first, ok := d.blocks[b.addr]; ok {
			d.fail(b.header, "Duplicate name", fmt.Sprintf("%s is already declared at %s. Rename or remove one of the two.", b.name(), place(first.header)))
			continue
		}
		d.blocks[b.addr] = b
		d.tenants = append(d.tenants, b)
	}
	for _, b := range d.tenants {
		d.forEach(b)
	}
}

func (b *block) isTenant() bool { return b.addr.Class == tenantRoot }

// name is the address of b as references write it.
func (b *block) name() string {
	if b.isTenant() {
		return tenantRoot + "." + b.addr.Label
	}
	return b.addr.String()
}

// tenantKeys reports whether a tenant's for_each refers to tenants at most.
func (d *decoder) tenantKeys(e hclsyntax.Expression) bool {
	for _, t := range e.Variables() {
		if isClass(t.RootName()) {
			d.fail(t.SourceRange(), "Wrong order", "Tenants stand before what reads from them, so their for_each can refer to variables, local values and other tenants only.")
			return false
		}
	}
	return true
}

// makeTenants makes the tenants of b, whose keys are found. One that is wrong
// or not known stays nil.
func (d *decoder) makeTenants(b *block) {
	b.made = map[string]*azure.Tenant{}
	for _, i := range b.instanceKeys() {
		b.made[i.Key] = d.makeTenant(b, i)
	}
	if b.failed { // so that its settings are checked all the same
		d.makeTenant(b, b.addr.Only())
	}
}

func (d *decoder) makeTenant(b *block, i addr.Instance) *azure.Tenant {
	name := b.name()
	if i.Keyed {
		name += "[" + strconv.Quote(i.Key) + "]"
	}
	t, diags := catalog.DecodeTenant(b.syntax, name, d.files.Dir, d.scopeOf(b, i))
	d.diags = append(d.diags, diags...)
	return t
}

// knownTenants lists the tenants that are right, by name.
func (d *decoder) knownTenants() []*azure.Tenant {
	var all []*azure.Tenant
	for _, b := range d.tenants {
		for _, t := range b.made {
			if t != nil && !b.open {
				all = append(all, t)
			}
		}
	}
	slices.SortFunc(all, func(a, b *azure.Tenant) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// scopeOf is what the attributes of one instance of b may refer to.
func (d *decoder) scopeOf(b *block, i addr.Instance) catalog.Scope {
	s := d.scope()
	scope := map[string]cty.Value{}
	if b.keyed {
		s.Values = maps.Clone(d.values)
		s.Values["each"], scope["each"] = cty.DynamicVal, cty.DynamicVal
		if !b.failed {
			s.Values["each"], scope["each"] = b.eachValue(i.Key, false), b.eachValue(i.Key, true)
		}
	}
	s.Blocks = d.blocksAsValues(scope)
	return s
}

// blocksAsValues evaluates what may refer to a tenant. scope holds each.
func (d *decoder) blocksAsValues(scope map[string]cty.Value) func(hclsyntax.Expression, map[string]cty.Value) (cty.Value, hcl.Diagnostics) {
	return func(e hclsyntax.Expression, values map[string]cty.Value) (cty.Value, hcl.Diagnostics) {
		all := maps.Clone(values)
		if all == nil {
			all = map[string]cty.Value{}
		}
		maps.Copy(all, scope)
		before := len(d.diags)
		val, _ := d.wiringValue(e, all)
		said := slices.Clone(d.diags[before:])
		d.diags = d.diags[:before]
		return val, said
	}
}

// nearestTenant is a question with the declared tenant that is most like label.
func (d *decoder) nearestTenant(label string) string {
	if len(d.tenants) == 0 {
		return fmt.Sprintf("Declare it: tenant %q { … }", label)
	}
	names := make([]string, len(d.tenants))
	for i, b := range d.tenants {
		names[i] = b.addr.Label
	}
	slices.Sort(names)
	if near := expr.Suggest(label, names); near != "" {
		return fmt.Sprintf("Did you mean tenant.%s?", near)
	}
	return fmt.Sprintf("Declared: tenant.%s.", strings.Join(names, ", tenant."))
}

// mentionsTenant reports whether anything in a block refers to a tenant.
func mentionsTenant(b *hclsyntax.Block) bool {
	found := false
	_ = hclsyntax.VisitAll(b.Body, func(n hclsyntax.Node) hcl.Diagnostics {
		if t, ok := n.(*hclsyntax.ScopeTraversalExpr); ok && t.Traversal.RootName() == tenantRoot {
			found = true
		}
		return nil
	})
	return found
}
