package expr

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Evaluate evaluates an expression that reads no record, as HCL does, with
// bounds: rounds of loops, elements and text are counted while it runs, and a
// value of more than a million elements or 16 MiB of text is refused. Nothing
// panics.
func Evaluate(e hclsyntax.Expression, ctx *hcl.EvalContext) (v cty.Value, diags hcl.Diagnostics) {
	defer func() {
		if recover() != nil {
			v, diags = refused(e, "it cannot be evaluated")
		}
	}()
	b := &budget{}
	v, diags = b.bound(e).Value(ctx)
	if b.spent != nil {
		return refused(e, b.spent.Error())
	}
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	if err := bounded(v); err != nil {
		return refused(e, err.Error())
	}
	return v, diags
}

func refused(e hclsyntax.Expression, why string) (cty.Value, hcl.Diagnostics) {
	return cty.DynamicVal, hcl.Diagnostics{fault(e.Range(), "Expression too large", fmt.Sprintf("This expression asks for too much: %s. Make it smaller.", why))}
}

// maxSteps is how many parts of an expression are evaluated, loops counted.
const maxSteps = maxElements

// budget is what one evaluation may still spend.
type budget struct {
	steps, bytes int
	spent        error // why it was stopped
}

// measured is an expression that counts what it makes.
type measured struct {
	hclsyntax.Expression
	b    *budget
	deep bool // what stands around it walks all of the value
}

func (m *measured) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	if m.b.spent != nil {
		return cty.DynamicVal, m.stop()
	}
	v, diags := m.Expression.Value(ctx)
	if m.b.spent == nil {
		m.b.spent = m.b.spend(v, m.deep)
	}
	if m.b.spent != nil {
		return cty.DynamicVal, m.stop()
	}
	return v, diags
}

func (m *measured) stop() hcl.Diagnostics {
	return hcl.Diagnostics{fault(m.Range(), "Expression too large", m.b.spent.Error())}
}

func (b *budget) spend(v cty.Value, deep bool) error {
	if b.steps++; b.steps > maxSteps {
		return fmt.Errorf("more than %d steps", maxSteps)
	}
	v, _ = v.Unmark()
	if v == cty.NilVal || !v.IsKnown() || v.IsNull() {
		return nil
	}
	switch t := v.Type(); {
	case t == cty.Number:
		return writable(v.AsBigFloat())
	case t == cty.String:
		if b.bytes += len(v.AsString()); b.bytes > 4*maxBytes {
			return fmt.Errorf("more than %d MiB of text while it is evaluated", 4*maxBytes>>20)
		}
	case deep:
		var w weight
		err := w.add(v)
		b.steps += w.elements
		return err
	default:
		b.steps += count(v)
	}
	return nil
}

func (b *budget) measure(e hclsyntax.Expression, deep bool) hclsyntax.Expression {
	if e == nil {
		return nil
	}
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		if e.Val.Type() != cty.Number {
			return e
		}
	case *hclsyntax.AnonSymbolExpr:
		return e
	case *hclsyntax.ScopeTraversalExpr:
		if !deep {
			return e
		}
	}
	return &measured{b.bound(e), b, deep}
}

func (b *budget) all(es []hclsyntax.Expression, deep bool) []hclsyntax.Expression {
	bound := make([]hclsyntax.Expression, len(es))
	for i, e := range es {
		bound[i] = b.measure(e, deep)
	}
	return bound
}

// bound returns a copy of e whose parts are counted. The expression itself is
// not touched, so that it may be evaluated side by side.
func (b *budget) bound(e hclsyntax.Expression) hclsyntax.Expression {
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return &hclsyntax.ParenthesesExpr{Expression: b.bound(e.Expression), SrcRange: e.SrcRange}
	case *hclsyntax.TemplateExpr:
		c := *e
		c.Parts = b.all(e.Parts, true)
		return &c
	case *hclsyntax.TemplateWrapExpr:
		c := *e
		c.Wrapped = b.bound(e.Wrapped)
		return &c
	case *hclsyntax.TemplateJoinExpr:
		c := *e
		c.Tuple = b.measure(e.Tuple, true)
		return &c
	case *hclsyntax.RelativeTraversalExpr:
		c := *e
		c.Source = b.measure(e.Source, false)
		return &c
	case *hclsyntax.FunctionCallExpr:
		c := *e
		c.Args = b.all(e.Args, e.Name != "try" && e.Name != "can")
		return &c
	case *hclsyntax.ConditionalExpr:
		c := *e
		c.Condition, c.TrueResult, c.FalseResult = b.measure(e.Condition, true), b.measure(e.TrueResult, true), b.measure(e.FalseResult, true)
		return &c
	case *hclsyntax.IndexExpr:
		c := *e
		c.Collection, c.Key = b.measure(e.Collection, false), b.measure(e.Key, true)
		return &c
	case *hclsyntax.UnaryOpExpr:
		c := *e
		c.Val = b.measure(e.Val, true)
		return &c
	case *hclsyntax.BinaryOpExpr:
		c := *e
		c.LHS, c.RHS = b.measure(e.LHS, true), b.measure(e.RHS, true)
		return &c
	}
	return b.boundStructure(e)
}

// boundStructure is bound for what makes and walks structures.
func (b *budget) boundStructure(e hclsyntax.Expression) hclsyntax.Expression {
	switch e := e.(type) {
	case *hclsyntax.TupleConsExpr:
		c := *e
		c.Exprs = b.all(e.Exprs, false)
		return &c
	case *hclsyntax.ObjectConsExpr:
		c := *e
		c.Items = make([]hclsyntax.ObjectConsItem, len(e.Items))
		for i, it := range e.Items {
			c.Items[i] = hclsyntax.ObjectConsItem{KeyExpr: b.bound(it.KeyExpr), ValueExpr: b.measure(it.ValueExpr, false)}
		}
		return &c
	case *hclsyntax.ObjectConsKeyExpr:
		c := *e
		if _, ok := e.Wrapped.(*hclsyntax.ScopeTraversalExpr); !ok { // which may be a bare name
			c.Wrapped = b.measure(e.Wrapped, true)
		}
		return &c
	case *hclsyntax.ForExpr:
		c := *e
		c.CollExpr, c.ValExpr = b.measure(e.CollExpr, false), b.measure(e.ValExpr, false)
		c.KeyExpr, c.CondExpr = b.measure(e.KeyExpr, true), b.measure(e.CondExpr, true)
		return &c
	case *hclsyntax.SplatExpr:
		c := *e
		c.Source, c.Each = b.measure(e.Source, false), b.measure(e.Each, false)
		return &c
	}
	return e
}
