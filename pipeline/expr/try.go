package expr

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// try compiles try(a, b, …): the first that does not fail. A missing field is
// null and no failure.
func (c *compiler) try(e *hclsyntax.FunctionCallExpr) *node {
	if len(e.Args) == 0 || e.ExpandFinal {
		c.errorf(e.Range(), "Too few arguments", "try() takes the expressions to try, one after the other.")
		return c.badNode(e.Range())
	}
	args := c.tried(e)
	n := c.join(e.Range(), args...)
	prints := make([]string, len(args))
	for i, a := range args {
		prints[i] = a.printed()
		if i == 0 {
			n.typ = a.typ
		}
		n.typ = commonType(n.typ, a.typ)
	}
	if args[0].ref != nil && len(args) > 1 {
		c.warnf(e.Range(), "try() does not see a missing field",
			"A missing field is null and no error, so the first argument always succeeds. Write coalesce(%s, …) for a value to use instead.", args[0].ref.label)
	}
	n.print = "try(" + strings.Join(prints, ",") + ")"
	n.eval = func(m *Machine) value {
		if m.err != nil {
			return null
		}
		var first error
		for _, a := range args {
			v := m.force(a.eval(m))
			if m.err == nil {
				return v
			}
			if first == nil {
				first = m.err
			}
			m.err = nil
		}
		m.err = first
		return null
	}
	return c.done(n)
}

// can compiles can(a): whether a does not fail.
func (c *compiler) can(e *hclsyntax.FunctionCallExpr) *node {
	if len(e.Args) != 1 || e.ExpandFinal {
		c.errorf(e.Range(), "Wrong number of arguments", "can() takes one expression.")
		return c.badNode(e.Range())
	}
	a := c.tried(e)[0]
	n := c.join(e.Range(), a)
	n.typ, n.print = boolType, "can("+a.printed()+")"
	switch label := c.matched(e.Args[0]); {
	case a.ref != nil:
		c.warnf(e.Range(), "can() does not see a missing field",
			"A missing field is null and no error, so this is always true. Write has(%s) to ask whether there is one, or coalesce to use another value.", a.ref.label)
	case label != "":
		c.warnf(e.Range(), "can() does not see a missing field",
			"Where %s is missing, regex() gives null and no error, so this is true. Write has(%s) && can(…), or coalesce(%s, \"-\") inside.", label, label, label)
	}
	n.test = func(m *Machine) bool {
		if m.err != nil {
			return false
		}
		m.force(a.eval(m))
		ok := m.err == nil
		m.err = nil
		return ok
	}
	if a.match != nil && a.con == nil {
		n.test = a.match
	}
	return c.done(n)
}

// force reads a text of the record that has not been read yet, so that what
// is wrong with it is found now.
func (m *Machine) force(v value) value {
	if m.err == nil && v.kind == text && v.form == inJSON {
		m.decode(v.raw)
	}
	return v
}

// tried compiles arguments that may fail.
func (c *compiler) tried(e *hclsyntax.FunctionCallExpr) []*node {
	c.trying++
	defer func() { c.trying-- }()
	args := make([]*node, len(e.Args))
	for i, a := range e.Args {
		args[i] = c.value(a)
	}
	return args
}

// matched returns the field of regex("…", record.x), unless has(record.x) was
// asked before.
func (c *compiler) matched(e hclsyntax.Expression) string {
	f, ok := e.(*hclsyntax.FunctionCallExpr)
	if !ok || f.Name != "regex" || len(f.Args) != 2 {
		return ""
	}
	t, ok := f.Args[1].(*hclsyntax.ScopeTraversalExpr)
	if !ok || t.Traversal.RootName() != "record" || oneOf(written(t.Traversal), c.present...) {
		return ""
	}
	return written(t.Traversal)
}

// presence returns the references that has() is asked for in a chain of &&.
func presence(e hclsyntax.Expression) []string {
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return presence(e.Expression)
	case *hclsyntax.BinaryOpExpr:
		if e.Op == hclsyntax.OpLogicalAnd {
			return append(presence(e.LHS), presence(e.RHS)...)
		}
	case *hclsyntax.FunctionCallExpr:
		if e.Name == "has" && len(e.Args) == 1 {
			if t, ok := e.Args[0].(*hclsyntax.ScopeTraversalExpr); ok {
				return []string{written(t.Traversal)}
			}
		}
	}
	return nil
}

// written is a traversal as the user wrote it, near enough for a message.
func written(t hcl.Traversal) string {
	var b strings.Builder
	for _, s := range t {
		switch s := s.(type) {
		case hcl.TraverseRoot:
			b.WriteString(s.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + s.Name)
		case hcl.TraverseIndex:
			b.WriteString("[" + printConstant(s.Key, false) + "]")
		}
	}
	return b.String()
}

// has compiles has(record.x): whether there is such a field and it is not
// null.
func (c *compiler) has(e *hclsyntax.FunctionCallExpr) *node {
	args, ok := c.only(e, "field")
	if !ok {
		return c.badNode(e.Range())
	}
	a := args[0]
	n := c.join(e.Range(), a)
	n.typ, n.print = boolType, "has("+a.printed()+")"
	n.test = func(m *Machine) bool { return a.eval(m).kind != nothing }
	return c.done(n)
}

// age compiles age(t): the seconds from t to the end of the slice.
func (c *compiler) age(e *hclsyntax.FunctionCallExpr) *node {
	args, ok := c.only(e, "time")
	if !ok || !c.wantText(args[0], "age()") {
		return c.badNode(e.Range())
	}
	a := args[0]
	n := c.join(e.Range(), a)
	n.varying = true
	n.typ, n.print = numberType, "age("+a.printed()+")"
	n.eval = func(m *Machine) value {
		v := a.eval(m)
		if v.kind == nothing || m.end.IsZero() {
			return null
		}
		t, ok := m.time(v)
		if !ok {
			m.blame(a)
			return null
		}
		return seconds(t, m.end)
	}
	if a.typ != nil && a.typ.Kind == schema.Enum {
		c.errorf(a.rng, "Not a time", "age() needs a time; %s is %s.", describe(a), article(a.typ))
		return c.badNode(e.Range())
	}
	return c.done(n)
}
