package expr

import (
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

// explanation is one attribute of errorcode(n).
var explanation = []struct {
	name string
	get  func(logs.Explanation) string
}{
	{"advice", func(e logs.Explanation) string { return e.Advice }},
	{"name", func(e logs.Explanation) string { return e.Name }},
	{"reason", func(e logs.Explanation) string { return e.Reason }},
}

var explanationType = &schema.Type{Kind: schema.Object, Fields: []schema.Field{
	{Name: "advice", Type: textType}, {Name: "name", Type: textType}, {Name: "reason", Type: textType},
}}

// errorCode compiles errorcode(n): what an error code of a sign-in means. It
// is null for a code that nobody knows.
func (c *compiler) errorCode(e *hclsyntax.FunctionCallExpr) *node {
	args, ok := c.only(e, "code")
	if !ok || !c.wantNumber(args[0], "errorcode()") {
		return c.badNode(e.Range())
	}
	a := args[0]
	look := func(m *Machine) (logs.Explanation, bool) {
		v, ok := m.numberOf(a)
		if !ok {
			return logs.Explanation{}, false
		}
		n, ok := m.toInt(v)
		if !ok {
			return logs.Explanation{}, false
		}
		return logs.ErrorCode(n)
	}
	n := c.join(e.Range(), a)
	n.typ, n.print = explanationType, "errorcode("+a.printed()+")"
	n.member = func(name string, at hcl.Range) *node {
		return c.explained(a, look, name, hcl.RangeBetween(e.Range(), at), at)
	}
	n.eval = func(m *Machine) value {
		found, ok := look(m)
		if !ok {
			return null
		}
		x := m.extra()
		for _, f := range explanation {
			x.keys = append(x.keys, f.name)
			x.elems = append(x.elems, textValue([]byte(f.get(found))))
		}
		return value{kind: object, form: inPlace, more: x}
	}
	return c.done(n)
}

// explained compiles errorcode(n).name without making the object.
func (c *compiler) explained(a *node, look func(*Machine) (logs.Explanation, bool), name string, rng, at hcl.Range) *node {
	n := c.join(rng, a)
	n.typ, n.print = textType, "errorcode("+a.printed()+")."+strconv.Quote(name)
	for _, f := range explanation {
		if f.name != name {
			continue
		}
		n.eval = func(m *Machine) value {
			found, ok := look(m)
			if !ok {
				return null
			}
			s := f.get(found)
			start := len(m.buf)
			m.buf = append(m.buf, s...)
			return textValue(m.buf[start:])
		}
		return c.done(n)
	}
	detail := ""
	if near := Suggest(name, fieldNames(explanationType)); near != "" {
		detail = " Did you mean \"" + near + "\"?"
	}
	c.errorf(at, "Unknown field", "errorcode() has no field %q.%s It has: %s.", name, detail, listed(fieldNames(explanationType)))
	return c.badNode(rng)
}
