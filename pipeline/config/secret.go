package config

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/expr"
)

// secrets is what no diagnostic may show. It travels with each diagnostic, in
// its Extra, to whoever prints it.
type secrets struct {
	ranges []hcl.Range // literals
	texts  []string    // values, longest first
}

// hidden stands where a secret was.
const hidden = "(sensitive)"

// secrets finds the literals of secret attributes and of what they refer to,
// and the values of sensitive variables.
func (d *decoder) secrets() *secrets {
	f := &finder{d: d, s: &secrets{}, seen: map[string]bool{}, names: map[string]bool{}}
	for i := range d.catalog {
		f.note(&d.catalog[i].Body)
	}
	tenant := &catalog.TenantKind().Body
	f.note(tenant)
	for _, name := range d.files.names { // blocks that are no part of the pipeline too
		body, ok := d.files.HCL[name].Body.(*hclsyntax.Body)
		if !ok {
			continue
		}
		for _, b := range body.Blocks {
			var spec *catalog.Block
			switch {
			case b.Type == tenantRoot:
				spec = tenant
			case isClass(b.Type) && len(b.Labels) > 0:
				if kind, ok := d.catalog.Kind(addr.Class(b.Type), b.Labels[0]); ok {
					spec = &kind.Body
				}
			}
			if b.Type != "variable" {
				f.body(b.Body, spec)
			}
		}
	}
	for _, v := range d.variables {
		if v.sensitive {
			f.variable(v)
		}
	}
	f.s.texts = slices.DeleteFunc(f.s.texts, func(t string) bool { return len(t) < 4 })
	slices.SortFunc(f.s.texts, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	f.s.texts = slices.Compact(f.s.texts)
	return f.s
}

type finder struct {
	d     *decoder
	s     *secrets
	names map[string]bool // attributes that are secret in some kind
	seen  map[string]bool // variables and locals
}

// note remembers the names of secret attributes, for blocks whose kind is not
// known: a misspelt kind must not show its secrets.
func (f *finder) note(spec *catalog.Block) {
	for i := range spec.Attrs {
		if spec.Attrs[i].Secret {
			f.names[spec.Attrs[i].Name] = true
		}
	}
	for i := range spec.Blocks {
		n := &spec.Blocks[i]
		f.note(&n.Block)
		for j := range n.Variants {
			f.note(&n.Variants[j].Block)
		}
	}
}

func (f *finder) body(body *hclsyntax.Body, spec *catalog.Block) {
	for name, a := range body.Attributes {
		if f.secret(name, spec) {
			f.literals(a.Expr)
		}
	}
	for _, b := range body.Blocks {
		var inner *catalog.Block
		if spec != nil {
			name, labels := b.Type, b.Labels
			if name == "dynamic" && len(b.Labels) == 1 {
				name, labels = b.Labels[0], nil // the labels of what it makes are expressions
			}
			if n, ok := spec.Nested(name); ok {
				inner = n.Holds(labels)
			}
			if b.Type == "content" { // of a dynamic block, whose own spec was passed on
				inner = spec
			}
		}
		f.body(b.Body, inner)
	}
}

// secret reports whether an attribute is secret. Where nothing is known about
// it, a name that is almost a secret one's is enough.
func (f *finder) secret(name string, spec *catalog.Block) bool {
	if spec != nil {
		if known, ok := spec.Attr(name); ok {
			return known.Secret
		}
	}
	return f.names[name] || expr.Suggest(name, slices.Sorted(maps.Keys(f.names))) != ""
}

// literals notes the literals in e, and those of the variables and locals that
// it refers to.
func (f *finder) literals(e hclsyntax.Expression) {
	_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		if lit, ok := n.(*hclsyntax.LiteralValueExpr); ok {
			f.s.ranges = append(f.s.ranges, lit.SrcRange)
			f.value(lit.Val)
		}
		return nil
	})
	for _, t := range e.Variables() {
		if len(t) < 2 {
			continue
		}
		step, ok := t[1].(hcl.TraverseAttr)
		if !ok || f.seen[t.RootName()+"."+step.Name] {
			continue
		}
		f.seen[t.RootName()+"."+step.Name] = true
		switch t.RootName() {
		case "var":
			if v := f.d.variables[step.Name]; v != nil {
				f.variable(v)
			}
		case "local":
			for _, a := range f.d.syntax.locals {
				if a.Name == step.Name {
					f.literals(a.Expr)
				}
			}
		}
	}
}

func (f *finder) variable(v *variable) {
	if e := v.body.Syntax("default"); e != nil {
		f.literals(e)
		f.whole(v, e)
	}
	for _, g := range f.d.files.given {
		if g.name == v.name && g.expr != nil {
			f.literals(g.expr)
			f.whole(v, g.expr)
		}
		if g.name == v.name && g.expr == nil {
			f.s.texts = append(f.s.texts, g.text)
		}
	}
	f.value(v.value)
}

// whole notes all of an expression that gives a sensitive variable its value,
// because a secret without quotes is no literal.
func (f *finder) whole(v *variable, e hclsyntax.Expression) {
	if v.sensitive {
		f.s.ranges = append(f.s.ranges, e.Range())
	}
}

// value notes the texts inside a value.
func (f *finder) value(v cty.Value) {
	if v == cty.NilVal {
		return
	}
	v, _ = v.UnmarkDeep()
	_ = cty.Walk(v, func(_ cty.Path, e cty.Value) (bool, error) {
		if e.Type() == cty.String && e.IsKnown() && !e.IsNull() {
			f.s.texts = append(f.s.texts, strings.TrimSpace(e.AsString()))
		}
		return true, nil
	})
}

// scrub takes secret texts out of a diagnostic and attaches what snippets must
// blank.
func (s *secrets) scrub(g *hcl.Diagnostic) *hcl.Diagnostic {
	c := *g
	c.Extra, c.Expression, c.EvalContext = s, nil, nil
	for _, t := range s.texts {
		c.Summary = strings.ReplaceAll(c.Summary, t, hidden)
		c.Detail = strings.ReplaceAll(c.Detail, t, hidden)
	}
	return &c
}

// literalRanges lists the places of all literal texts in a body: what could be
// secret as long as nothing is known about it.
func literalRanges(src []byte, name string) []hcl.Range {
	tokens, _ := hclsyntax.LexConfig(src, name, hcl.InitialPos)
	var all []hcl.Range
	for _, t := range tokens {
		if t.Type == hclsyntax.TokenQuotedLit || t.Type == hclsyntax.TokenStringLit || t.Type == hclsyntax.TokenNumberLit {
			all = append(all, t.Range)
		}
	}
	return all
}
