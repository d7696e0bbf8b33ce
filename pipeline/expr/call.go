package expr

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
)

// call is a function call while it is compiled.
type call struct {
	name   string
	e      *hclsyntax.FunctionCallExpr
	f      function.Function
	args   []*node
	expand bool // the last argument is a list of arguments that is known only when it runs
}

// own are the functions that only a compiled expression has.
var own = []string{"age", "can", "errorcode", "has", "try"}

func (c *compiler) call(e *hclsyntax.FunctionCallExpr) *node {
	switch e.Name {
	case "try":
		return c.try(e)
	case "can":
		return c.can(e)
	case "has":
		return c.has(e)
	case "age":
		return c.age(e)
	case "errorcode":
		return c.errorCode(e)
	}
	f, ok := c.scope.Functions[e.Name]
	k := &call{name: e.Name, e: e, f: f}
	c.arguments(k)
	if !ok {
		c.unknownFunction(e)
		return c.badNode(e.Range())
	}
	if !c.countArguments(k) || !c.checkArguments(k) {
		return c.badNode(e.Range())
	}
	n := c.join(e.Range(), k.args...)
	n.print = k.print()
	if n.varying && slices.Contains(reading, k.name) {
		c.errorf(e.Range(), "File chosen by a record", "%s() reads a file of the pipeline's directory, so its arguments must not depend on a record.", k.name)
		return c.badNode(e.Range())
	}
	if i := k.shaped(); i >= 0 {
		c.errorf(k.args[i].rng, "Form chosen by a record", "This argument of %s() says how long the result may be, so it must not depend on a record.", k.name)
		return c.badNode(e.Range())
	}
	if !n.bad && !k.expand && c.compiled(k, n) {
		return c.done(n)
	}
	c.interpret(k, n)
	before := len(c.interpreted)
	if !slices.Contains(c.interpreted, k.name) {
		c.interpreted = append(c.interpreted, k.name)
	}
	n = c.done(n)
	if n.con != nil || n.bad {
		c.interpreted = c.interpreted[:before]
	}
	return n
}

// shaped returns the number of an argument that must be constant and is not,
// because with it one field of a record could ask for any amount of memory; -1
// if there is none.
func (k *call) shaped() int {
	if oneOf(k.name, "format", "formatlist", "indent") && len(k.args) > 0 && k.args[0].varying {
		return 0
	}
	return -1
}

// arguments compiles the arguments. A constant list before ... is taken apart
// here.
func (c *compiler) arguments(k *call) {
	for i, a := range k.e.Args {
		n := c.value(a)
		if !k.e.ExpandFinal || i < len(k.e.Args)-1 {
			k.args = append(k.args, n)
			continue
		}
		if n.con == nil || n.unknown || n.con.v.kind != list {
			k.args, k.expand = append(k.args, n), true
			continue
		}
		plain, marks := n.con.cty.Unmark()
		for _, v := range plain.Elements() {
			k.args = append(k.args, c.constant(v.WithMarks(marks), n.rng))
		}
	}
}

func (k *call) print() string {
	prints := make([]string, len(k.args))
	for i, a := range k.args {
		prints[i] = a.printed()
	}
	s := k.name + "(" + strings.Join(prints, ",")
	if k.expand {
		s += "..."
	}
	return s + ")"
}

func (c *compiler) unknownFunction(e *hclsyntax.FunctionCallExpr) {
	names := append(sortedKeys(c.scope.Functions), own...)
	detail := fmt.Sprintf("There is no function %q.", e.Name)
	impure := map[string]string{
		"timestamp": "an expression gives the same result whenever it runs; age(t) counts to the end of the slice",
		"uuid":      "an expression gives the same result whenever it runs",
		"bcrypt":    "an expression gives the same result whenever it runs; hmac(key, text) makes a pseudonym",
	}
	near := Suggest(e.Name, names)
	switch {
	case impure[e.Name] != "":
		detail += " It would not be pure: " + impure[e.Name] + "."
	case near != "":
		detail += fmt.Sprintf(" Did you mean %q?", near)
	}
	c.errorf(e.NameRange, "Unknown function", "%s", detail)
}

func (c *compiler) countArguments(k *call) bool {
	params, rest := k.f.Params(), k.f.VarParam()
	if k.expand {
		return len(k.args)-1 <= len(params) || rest != nil
	}
	return c.count(k.e, len(k.args), len(params), rest != nil, func(i int) string { return params[i].Name })
}

// count checks how many arguments a call has.
func (c *compiler) count(e *hclsyntax.FunctionCallExpr, got, want int, more bool, name func(int) string) bool {
	switch {
	case got < want:
		c.errorf(e.CloseParenRange, "Too few arguments", "%s() takes %s; %q is missing.", e.Name, arguments(want, more), name(got))
	case got > want && !more:
		at := e.CloseParenRange
		if want < len(e.Args) {
			at = e.Args[want].Range()
		}
		c.errorf(at, "Too many arguments", "%s() takes %s.", e.Name, arguments(want, more))
	default:
		return true
	}
	return false
}

func arguments(n int, more bool) string {
	s := fmt.Sprintf("%d arguments", n)
	if n == 1 {
		s = "1 argument"
	}
	if more {
		s = "at least " + s
	}
	return s
}

// param returns the parameter that argument i goes to.
func (k *call) param(i int) *function.Parameter {
	if params := k.f.Params(); i < len(params) {
		return &params[i]
	}
	return k.f.VarParam()
}

// checkArguments checks the types of arguments where the schema knows them.
func (c *compiler) checkArguments(k *call) bool {
	ok := true
	for i, a := range k.args {
		if k.expand && i == len(k.args)-1 {
			ok = ok && c.wantList(a, "...")
			continue
		}
		switch t := k.param(i).Type; {
		case t == cty.String:
			ok = c.wantText(a, k.name+"()") && ok
		case t == cty.Number:
			ok = c.wantNumber(a, k.name+"()") && ok
		case t == cty.Bool:
			ok = c.wantBool(a, k.name+"()") && ok
		case t.IsListType() || t.IsSetType():
			ok = c.wantList(a, k.name+"()") && ok
		}
	}
	return ok
}

func (c *compiler) wantList(n *node, where string) bool {
	switch n.sort() {
	case anySort, nullSort, listSort:
		return true
	}
	if n.bad {
		return true
	}
	c.errorf(n.rng, "Not a list", "%s needs a list; %s is %s.", where, describe(n), article(n.typ))
	return false
}

// interpret makes n a call through cty, with the rules for null around it.
func (c *compiler) interpret(k *call, n *node) {
	typ, err := k.resultType()
	if err != nil && !n.bad && !k.expand && c.trying == 0 {
		at := n.rng
		var arg function.ArgError
		if errors.As(err, &arg) && arg.Index < len(k.args) {
			at = k.args[arg.Index].rng
		}
		why := err.Error()
		if n.sensitive {
			why = "an argument is sensitive, so it is not said what is wrong with it"
		}
		c.errorf(at, "Invalid function argument", "%s() cannot take this: %s.", k.name, why)
		n.bad = true
	}
	n.typ = typeOf(typ)
	missing := null
	if typ == cty.Bool {
		missing = no
	}
	n.eval = func(m *Machine) value {
		args, ok := k.evaluate(m)
		switch {
		case m.err != nil:
			return null
		case !ok:
			return missing
		}
		if k.name == "lookup" && len(args) == 3 && args[2].kind == nothing {
			v := m.index(args[0], args[1])
			m.blame(n)
			return v
		}
		v := k.run(m, args, missing)
		m.blame(n)
		return v
	}
}

// resultType asks cty what the call gives for arguments of the types that the
// schema knows.
func (k *call) resultType() (cty.Type, error) {
	if k.expand {
		return cty.DynamicPseudoType, nil
	}
	args := make([]cty.Value, len(k.args))
	for i, a := range k.args {
		v := ctyOf(a.typ)
		if a.con != nil && !a.unknown {
			v, _ = a.con.cty.UnmarkDeep()
			if v.IsNull() {
				v = cty.DynamicVal
			}
		}
		if p := k.param(i); v.Type() != cty.DynamicPseudoType {
			c, err := convert.Convert(v, p.Type)
			if err != nil {
				return cty.DynamicPseudoType, function.NewArgErrorf(i, "%s", err)
			}
			v = c
		}
		args[i] = v
	}
	t, err := k.f.ReturnTypeForValues(args)
	if err != nil {
		return cty.DynamicPseudoType, err
	}
	return t, nil
}

// evaluate returns the arguments; false if one is null. The default of lookup
// may be.
func (k *call) evaluate(m *Machine) ([]value, bool) {
	args := make([]value, 0, len(k.args))
	ok := true
	for i, a := range k.args {
		v := a.eval(m)
		if v.kind == nothing && !(k.name == "lookup" && i == 2) {
			ok = false
		}
		if k.expand && i == len(k.args)-1 {
			if v.kind != list && v.kind != nothing {
				m.fail("... needs a list, %s was found", v.kind)
				return nil, false
			}
			m.each(v, func(_, e value) bool {
				args = append(args, e)
				ok = ok && e.kind != nothing
				return true
			})
			continue
		}
		args = append(args, v)
	}
	return args, ok
}

// run calls the function. What fails because of a null inside an argument
// gives what a null argument gives.
func (k *call) run(m *Machine, args []value, missing value) value {
	if params := k.f.Params(); len(args) < len(params) || len(args) > len(params) && k.f.VarParam() == nil {
		m.fail("%s() takes %s, %d were given", k.name, arguments(len(params), k.f.VarParam() != nil), len(args))
		return null
	}
	vals := make([]cty.Value, len(args))
	holes := false
	for i, a := range args {
		v, ok := m.toCty(a)
		if !ok {
			return null
		}
		holes = holes || a.kind >= list && !wholly(v)
		c, err := convert.Convert(v, k.param(i).Type)
		if err != nil {
			m.fail("%w", m.because(fmt.Errorf("argument %d of %s() must be %s", i+1, k.name, k.param(i).Type.FriendlyName()), err))
			return null
		}
		vals[i] = c
	}
	r, err := k.f.Call(vals)
	switch {
	case err != nil && holes:
		return missing
	case err != nil:
		m.fail("%w", m.because(fmt.Errorf("%s() cannot take these arguments", k.name), err))
		return null
	case !r.IsKnown():
		return missing
	}
	r, _ = r.UnmarkDeep()
	return m.fromCty(r)
}

// wholly reports whether no element of v is null, at any depth.
func wholly(v cty.Value) bool {
	whole := true
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		whole = whole && !v.IsNull()
		return whole, nil
	})
	return whole
}

// only compiles the arguments of one of our own functions that takes n.
func (c *compiler) only(e *hclsyntax.FunctionCallExpr, names ...string) ([]*node, bool) {
	args := make([]*node, len(e.Args))
	ok := true
	for i, a := range e.Args {
		args[i] = c.value(a)
		ok = ok && !args[i].bad
	}
	if e.ExpandFinal {
		c.errorf(e.Range(), "Unsupported expression", "%s() does not take ... arguments.", e.Name)
		return nil, false
	}
	return args, c.count(e, len(args), len(names), false, func(i int) string { return names[i] }) && ok
}
