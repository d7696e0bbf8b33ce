package config

import (
	"fmt"
	"maps"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/graph"
)

// decodeLocals evaluates the local values in the order in which they need one
// another, whatever the order of the files.
func (d *decoder) decodeLocals() {
	found := map[string]*hclsyntax.Attribute{}
	values := map[string]cty.Value{}
	g := &graph.Graph{}
	for _, a := range d.syntax.locals {
		if first, ok := found[a.Name]; ok {
			d.fail(a.NameRange, "Duplicate name", fmt.Sprintf("The local value %q is already set at %s. Rename or remove one of the two.", a.Name, place(first.NameRange)))
			continue
		}
		found[a.Name], values[a.Name] = a, cty.DynamicVal
		g.Add(a.Name)
	}
	for name, a := range found {
		for _, other := range localsIn(a.Expr) {
			if found[other] != nil {
				g.Connect(other, name)
			}
		}
	}
	for _, cycle := range g.Cycles() {
		d.fail(found[cycle[0]].NameRange, "Cycle", fmt.Sprintf("These local values need one another: local.%s. Take one of the references out.", strings.Join(cycle, " → local.")))
	}
	d.values["local"] = cty.ObjectVal(values)
	order, _ := g.Order()
	for _, name := range order {
		val, diags := catalog.Evaluate(found[name].Expr, d.scope())
		d.diags = append(d.diags, diags...)
		if !diags.HasErrors() {
			values[name] = val
			d.values["local"] = cty.ObjectVal(maps.Clone(values))
		}
	}
}

// localsIn lists the local values that e refers to.
func localsIn(e hclsyntax.Expression) []string {
	var names []string
	for _, t := range e.Variables() {
		if t.RootName() != "local" || len(t) < 2 {
			continue
		}
		if step, ok := t[1].(hcl.TraverseAttr); ok {
			names = append(names, step.Name)
		} else if step, ok := t[1].(hcl.TraverseIndex); ok && step.Key.Type() == cty.String {
			names = append(names, step.Key.AsString())
		}
	}
	return names
}
