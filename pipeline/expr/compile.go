package expr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/zclconf/go-cty/cty"
)

// Compile compiles an expression that may read `record`. It returns all that
// is wrong at once, sorted by place. The program is nil if there are errors.
func Compile(e hcl.Expression, s Scope) (*Program, hcl.Diagnostics) {
	c := &compiler{scope: s}
	n := c.use(c.root(e))
	if len(c.diags) == 0 && n.sensitive && sortOf(n.typ) != boolSort {
		c.report(sensitiveFault(e.Range()))
	}
	c.sortDiagnostics()
	if c.diags.HasErrors() {
		return nil, c.diags
	}
	return &Program{
		root:        n,
		rng:         e.Range(),
		reads:       c.reads,
		interpreted: c.interpreted,
		fingerprint: n.printed(),
		vars:        c.maxVars,
	}, c.diags
}

// compiler holds what one compilation knows. Nodes are made from the leaves
// up: each is checked, typed, classed, printed and folded as it is made.
type compiler struct {
	scope       Scope
	diags       hcl.Diagnostics
	reads       []record.Path
	interpreted []string
	names       []loopName // loop variables in scope, innermost last
	vars        int        // loop variables in use
	maxVars     int
	items       map[*hclsyntax.AnonSymbolExpr]*node
	trying      int      // depth of try and can: constants may fail there
	present     []string // references that has() has asked for on the left of &&
}

// loopName is a name that a for expression gives.
type loopName struct {
	name string
	node *node
}

func (c *compiler) root(e hcl.Expression) *node {
	x, ok := hcl.UnwrapExpressionUntil(e, func(e hcl.Expression) bool {
		_, ok := e.(hclsyntax.Expression)
		return ok
	}).(hclsyntax.Expression)
	if ok {
		return c.compile(x)
	}
	// Written in JSON: HCL evaluates it, and it reads no record.
	v, diags := e.Value(&hcl.EvalContext{Variables: c.scope.Values, Functions: c.scope.Functions})
	if diags.HasErrors() {
		c.diags = append(c.diags, diags...)
		return c.badNode(e.Range())
	}
	return c.constant(v, e.Range())
}

// compile returns the node of e. A reference comes back as one, so that it can
// be extended; who takes its value calls use, or value instead of compile.
func (c *compiler) compile(e hclsyntax.Expression) *node {
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return c.compile(e.Expression)
	case *hclsyntax.LiteralValueExpr:
		return c.constant(e.Val, e.SrcRange)
	case *hclsyntax.TemplateExpr:
		return c.template(e)
	case *hclsyntax.TemplateWrapExpr:
		return c.compile(e.Wrapped)
	case *hclsyntax.TemplateJoinExpr:
		return c.templateJoin(e)
	case *hclsyntax.ScopeTraversalExpr:
		return c.scopeTraversal(e)
	case *hclsyntax.RelativeTraversalExpr:
		return c.steps(c.compile(e.Source), e.Traversal)
	case *hclsyntax.FunctionCallExpr:
		return c.call(e)
	case *hclsyntax.ConditionalExpr:
		return c.conditional(e)
	case *hclsyntax.IndexExpr:
		return c.index(e)
	case *hclsyntax.SplatExpr:
		return c.splat(e)
	case *hclsyntax.AnonSymbolExpr:
		return c.item(e)
	case *hclsyntax.ForExpr:
		return c.loop(e)
	case *hclsyntax.TupleConsExpr:
		return c.tuple(e)
	case *hclsyntax.ObjectConsExpr:
		return c.object(e)
	case *hclsyntax.ObjectConsKeyExpr:
		return c.objectKey(e)
	case *hclsyntax.UnaryOpExpr:
		return c.unary(e)
	case *hclsyntax.BinaryOpExpr:
		return c.binary(e)
	case *hclsyntax.ExprSyntaxError:
		c.diags = append(c.diags, e.ParseDiags...)
		return c.badNode(e.SrcRange)
	default:
		c.errorf(e.Range(), "Unsupported expression", "This form of expression (%T) cannot be used here.", e)
		return c.badNode(e.Range())
	}
}

// value compiles e for its value.
func (c *compiler) value(e hclsyntax.Expression) *node { return c.use(c.compile(e)) }

// join starts a node that depends on kids.
func (c *compiler) join(rng hcl.Range, kids ...*node) *node {
	n := &node{rng: rng}
	for _, k := range kids {
		n.class = max(n.class, k.class)
		n.sensitive = n.sensitive || k.sensitive
		n.unknown = n.unknown || k.unknown
		n.varying = n.varying || k.varying
		n.loops |= k.loops
		n.bad = n.bad || k.bad
	}
	return n
}

// done finishes a node that has its closures, type and text: a bad one gets
// harmless closures, one that is the same for all records is computed now.
func (c *compiler) done(n *node) *node {
	if n.bad {
		return c.badNode(n.rng)
	}
	if !n.varying && n.loops == 0 {
		if f := c.fold(n); f != nil {
			return f
		}
	}
	n.complete()
	return n
}

// complete fills in the closure that can be made of the other.
func (n *node) complete() {
	switch {
	case n.eval == nil && n.test != nil:
		test := n.test
		n.eval = func(m *Machine) value { return boolValue(test(m)) }
	case n.test == nil:
		eval := n.eval
		n.test = func(m *Machine) bool {
			v := eval(m)
			if v.kind == boolean {
				return v.n != 0
			}
			ok := m.holds(v)
			m.blame(n)
			return ok
		}
	}
}

// fold computes n. It is nil for what fails inside try or can, which is left
// to fail when it runs.
func (c *compiler) fold(n *node) *node {
	if n.unknown {
		v := ctyOf(n.typ)
		if n.sensitive {
			v = Sensitive(v)
		}
		f := c.constant(v, n.rng)
		f.typ, f.print = n.typ, n.printed()
		return f
	}
	n.complete()
	m := &Machine{p: &Program{rng: n.rng}, vars: make([]value, c.maxVars), loud: !n.sensitive}
	v := n.eval(m)
	var cv cty.Value
	if m.err == nil {
		cv, _ = m.toCty(v)
	}
	if m.err != nil {
		if c.trying > 0 {
			return nil
		}
		c.errorf(n.rng, "Invalid expression", "This fails whatever the record is: %s.", m.err)
		return c.badNode(n.rng)
	}
	f := &node{rng: n.rng, typ: n.typ, sensitive: n.sensitive, con: &constant{cty: cv, v: v}}
	if n.sensitive {
		f.con.cty = Sensitive(cv)
	}
	if f.typ == nil {
		f.typ = typeOf(cv.Type())
	}
	f.fix()
	return f
}

// constant is the node of a value that is the same for all records.
func (c *compiler) constant(cv cty.Value, rng hcl.Range) *node {
	n := &node{rng: rng, sensitive: IsSensitive(cv), con: &constant{cty: cv}}
	plain, _ := cv.UnmarkDeep()
	n.typ = typeOf(plain.Type())
	n.unknown = !plain.IsWhollyKnown()
	if !n.unknown && !holdsCapsule(plain.Type()) {
		m := &Machine{}
		n.con.v = m.fromCty(plain)
		if m.err != nil && c.trying == 0 {
			c.errorf(rng, "Invalid expression", "This value cannot be calculated with: %s.", m.err)
			return c.badNode(rng)
		}
	}
	n.fix()
	return n
}

// fix makes the closures of a constant.
func (n *node) fix() {
	if n.unknown {
		n.eval = func(m *Machine) value {
			m.fail("a value is not known yet")
			return null
		}
		n.test = func(m *Machine) bool {
			m.fail("a value is not known yet")
			return false
		}
		return
	}
	v := n.con.v
	n.eval = func(*Machine) value { return v }
	if m := (&Machine{}); v.kind == boolean || v.kind == nothing || v.kind == text {
		if holds := m.holds(v); m.err == nil {
			n.test = func(*Machine) bool { return holds }
		}
	}
	n.complete()
}

func (c *compiler) badNode(rng hcl.Range) *node {
	n := &node{rng: rng, bad: true, varying: true, print: "?"}
	n.eval = func(m *Machine) value { return null }
	n.complete()
	return n
}

// use returns n as one whose value is taken: a reference gets its closures
// and is registered as read.
func (c *compiler) use(n *node) *node {
	if n.con != nil && holdsCapsule(n.con.cty.Type()) && !n.bad {
		c.errorf(n.rng, "Reference to a block in an expression",
			"A block is no value that a record can be compared with or hold. An expression may use record, var, local and functions; blocks are referred to by from, tenant and for_each.")
		return c.badNode(n.rng)
	}
	if n.ref == nil || n.bad {
		return n
	}
	return c.resolve(n)
}

func (c *compiler) report(d *hcl.Diagnostic) { c.diags = append(c.diags, d) }

func (c *compiler) errorf(rng hcl.Range, summary, format string, args ...any) {
	c.report(fault(rng, summary, fmt.Sprintf(format, args...)))
}

func (c *compiler) warnf(rng hcl.Range, summary, format string, args ...any) {
	d := fault(rng, summary, fmt.Sprintf(format, args...))
	d.Severity = hcl.DiagWarning
	c.report(d)
}

func fault(rng hcl.Range, summary, detail string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &rng}
}

func sensitiveFault(rng hcl.Range) *hcl.Diagnostic {
	return fault(rng, "Sensitive value in a result",
		"What this expression gives would leave with the record, and it depends on a sensitive value. Sensitive values may be compared with in a condition and be the key of hmac().")
}

func (c *compiler) sortDiagnostics() {
	slices.SortStableFunc(c.diags, func(a, b *hcl.Diagnostic) int {
		if a.Subject == nil || b.Subject == nil {
			return 0
		}
		if d := strings.Compare(a.Subject.Filename, b.Subject.Filename); d != 0 {
			return d
		}
		return a.Subject.Start.Byte - b.Subject.Start.Byte
	})
}

// printed returns the canonical text of n.
func (n *node) printed() string {
	if n.print == "" && n.con != nil {
		return printConstant(n.con.cty, n.sensitive)
	}
	return n.print
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func holdsCapsule(t cty.Type) bool {
	switch {
	case t.IsCapsuleType():
		return true
	case t.IsCollectionType():
		return holdsCapsule(t.ElementType())
	case t.IsTupleType():
		return slices.ContainsFunc(t.TupleElementTypes(), holdsCapsule)
	case t.IsObjectType():
		for _, a := range t.AttributeTypes() {
			if holdsCapsule(a) {
				return true
			}
		}
	}
	return false
}

// describe names a node in a message.
func describe(n *node) string {
	if n.ref != nil {
		return n.ref.label
	}
	return "this"
}
