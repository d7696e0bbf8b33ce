package config

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// passes are the functions that may be given blocks: they select and arrange
// but make no text of them. jsonencode would write {} without a word.
var passes = []string{
	"alltrue", "anytrue", "can", "chunklist", "coalescelist", "concat", "distinct", "element", "flatten", "keys",
	"length", "lookup", "merge", "one", "reverse", "slice", "tolist", "tomap", "toset", "try", "values", "zipmap",
}

// checkUse reports blocks that are used as if they were text.
func (d *decoder) checkUse(e hclsyntax.Expression, values map[string]cty.Value) bool {
	w := &useWalker{isBlock: func(t hcl.Traversal) bool {
		if t.RootName() == "each" {
			return holdsBlock(typeAt(values["each"].Type(), t[1:]))
		}
		return isBlock(t.RootName())
	}}
	hclsyntax.Walk(e, w)
	d.diags = append(d.diags, w.diags...)
	return !w.diags.HasErrors()
}

// typeAt is the type of what steps select from a value of type t, as far as
// they go through objects that are known.
func typeAt(t cty.Type, steps hcl.Traversal) cty.Type {
	for _, step := range steps {
		attr, ok := step.(hcl.TraverseAttr)
		if !ok || !t.IsObjectType() || !t.HasAttribute(attr.Name) {
			return t
		}
		t = t.AttributeType(attr.Name)
	}
	return t
}

// useWalker walks an expression and knows whether it is inside something that
// makes text.
type useWalker struct {
	isBlock func(hcl.Traversal) bool
	inside  []string // what makes text, innermost last
	diags   hcl.Diagnostics
}

func (w *useWalker) Enter(n hclsyntax.Node) hcl.Diagnostics {
	switch n := n.(type) {
	case *hclsyntax.TemplateExpr, *hclsyntax.TemplateWrapExpr:
		w.inside = append(w.inside, "a string")
	case *hclsyntax.FunctionCallExpr:
		if !slices.Contains(passes, n.Name) {
			w.inside = append(w.inside, n.Name+"()")
		}
	case *hclsyntax.ScopeTraversalExpr:
		if len(w.inside) > 0 && w.isBlock(n.Traversal) {
			r := n.Range()
			w.diags = append(w.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Block used as text", Subject: &r,
				Detail: fmt.Sprintf("A block is no text, so it cannot stand inside %s. Write the reference alone, or use each.key for its name.", w.inside[len(w.inside)-1])})
		}
	}
	return nil
}

func (w *useWalker) Exit(n hclsyntax.Node) hcl.Diagnostics {
	switch n := n.(type) {
	case *hclsyntax.TemplateExpr, *hclsyntax.TemplateWrapExpr:
		w.inside = w.inside[:len(w.inside)-1]
	case *hclsyntax.FunctionCallExpr:
		if !slices.Contains(passes, n.Name) {
			w.inside = w.inside[:len(w.inside)-1]
		}
	}
	return nil
}

// nearestBlock is a question with the declared block that is most like a.
func (d *decoder) nearestBlock(a addr.Block) string {
	var same, all []string
	for _, b := range d.order {
		if b.addr.Class == addr.Sink && a.Class != addr.Sink {
			continue
		}
		if b.addr.Label == a.Label {
			same = append(same, b.addr.String())
		}
		all = append(all, b.addr.String())
	}
	slices.SortFunc(all, func(x, y string) int { return cmp.Compare(x, y) })
	if near := expr.Suggest(a.String(), all); near != "" {
		return fmt.Sprintf("Did you mean %s?", near)
	}
	if len(same) > 0 {
		return fmt.Sprintf("Did you mean %s?", slices.Min(same))
	}
	return fmt.Sprintf("Declare it: %s %q %q { … }", a.Class, a.Kind, a.Label)
}

// misspelt finds an attribute that is not known and probably means name.
func misspelt(body *hclsyntax.Body, name string, known []string) *hclsyntax.Attribute {
	for _, a := range attributes(body) {
		if !slices.Contains(known, a.Name) && expr.Suggest(a.Name, known) == name {
			return a
		}
	}
	return nil
}

// openSchema is a record of which nothing is known.
func openSchema() *schema.Schema { return schema.Open("") }
