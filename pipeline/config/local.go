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
	order, cycle := g.Order()
	for _, cycle := range circles(g, order, cycle) {
		d.fail(found[cycle[0]].NameRange, "Cycle", fmt.Sprintf("These local values need one another: local.%s. Take one of the references out.", strings.Join(cycle, " → local.")))
	}
	d.values["local"] = cty.ObjectVal(values)
	s := d.scope()
	for _, name := range order {
		e := found[name].Expr
		if diags := catalog.CheckReferences(e, d.values); diags.HasErrors() {
			d.diags = append(d.diags, diags...)
			continue
		}
		s.Values = maps.Clone(d.values)
		s.Values["local"] = needed(e, values)
		val, diags := catalog.Evaluate(e, s)
		d.diags = append(d.diags, diags...)
		if !diags.HasErrors() {
			values[name] = val
		}
	}
	d.values["local"] = cty.ObjectVal(values)
}

// manyCircular is up to how many values on and behind circles all circles are
// looked for, which takes time by the square of their number.
const manyCircular = 1000

// circles lists the circles, or only the first if there is much to look at.
func circles(g *graph.Graph, order, first []string) [][]string {
	switch left := len(g.Nodes()) - len(order); {
	case left == 0:
		return nil
	case left > manyCircular:
		return [][]string{first}
	}
	inOrder := make(map[string]bool, len(order))
	for _, name := range order {
		inOrder[name] = true
	}
	rest := &graph.Graph{}
	for _, name := range g.Nodes() {
		for _, next := range g.Next(name) {
			if !inOrder[name] && !inOrder[next] {
				rest.Connect(name, next)
			}
		}
	}
	return rest.Cycles()
}

// needed holds only what e refers to: an object of all values for each of them
// would take time by the square of their number.
func needed(e hclsyntax.Expression, values map[string]cty.Value) cty.Value {
	some := map[string]cty.Value{}
	for _, name := range localsIn(e) {
		if v, ok := values[name]; ok {
			some[name] = v
		}
	}
	return cty.ObjectVal(some)
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
