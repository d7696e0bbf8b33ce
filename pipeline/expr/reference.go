package expr

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/zclconf/go-cty/cty"
)

// scopeTraversal compiles name.x[0]["y"].
func (c *compiler) scopeTraversal(e *hclsyntax.ScopeTraversalExpr) *node {
	root := e.Traversal[0].(hcl.TraverseRoot)
	n := c.rootNode(root, e.SrcRange)
	n = c.steps(n, e.Traversal[1:])
	if n.ref != nil {
		n.rng = e.SrcRange
	}
	return n
}

func (c *compiler) rootNode(root hcl.TraverseRoot, whole hcl.Range) *node {
	for i := len(c.names) - 1; i >= 0; i-- {
		if c.names[i].name == root.Name {
			n := *c.names[i].node
			n.rng = root.SrcRange
			if n.ref != nil {
				r := *n.ref
				r.label = root.Name
				n.ref = &r
			}
			return &n
		}
	}
	if root.Name == "record" && c.scope.Record != nil {
		return &node{
			rng: root.SrcRange, typ: c.scope.Record.Record, varying: true,
			ref: &ref{loop: -1, known: true, exact: true, label: "record"},
		}
	}
	if v, ok := c.scope.Values[root.Name]; ok {
		return c.constant(v, root.SrcRange)
	}
	c.unknownRoot(root, whole)
	return c.badNode(whole)
}

// blocks are the roots that name blocks and not values.
var blocks = []string{"source", "transform", "sink", "tenant", "variable", "policy", "hold", "data", "module"}

func (c *compiler) unknownRoot(root hcl.TraverseRoot, whole hcl.Range) {
	exist := sortedKeys(c.scope.Values)
	if c.scope.Record != nil {
		exist = append(exist, "record")
	}
	for _, n := range c.names {
		exist = append(exist, n.name)
	}
	name := root.Name
	nearest := Suggest(name, exist)
	detail := fmt.Sprintf("There is nothing called %q here.", name)
	switch {
	case nearest != "":
		detail += fmt.Sprintf(" Did you mean %q?", nearest)
	case name == "slice":
		c.errorf(root.SrcRange, "Slice outside a path", "slice is known in the path of a sink only, where its objects are named. Here there is: %s.", listed(exist))
		return
	case name == "record":
		c.errorf(root.SrcRange, "Record outside a transform", "There is no record here: it is known where an expression runs once for each record, in transforms. Here there is: %s.", listed(exist))
		return
	case oneOf(name, blocks...):
		c.errorf(whole, "Reference to a block in an expression", "%s names a block, which is no value that a record can be compared with or hold. Blocks are referred to by from, tenant and for_each. Here there is: %s.", name, listed(exist))
		return
	case c.isField(name):
		detail += fmt.Sprintf(" The field is written record.%s.", name)
	}
	c.errorf(root.SrcRange, "Unknown name", "%s Here there is: %s.", detail, listed(exist))
}

func (c *compiler) isField(name string) bool {
	if c.scope.Record == nil {
		return false
	}
	_, ok := c.scope.Record.Record.Member(name)
	return ok
}

func listed(names []string) string {
	if len(names) == 0 {
		return "nothing but functions"
	}
	return strings.Join(names, ", ")
}

func oneOf(name string, names ...string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// steps extends n by .x, ["x"] and [0].
func (c *compiler) steps(n *node, steps hcl.Traversal) *node {
	for _, s := range steps {
		switch s := s.(type) {
		case hcl.TraverseAttr:
			n = c.member(n, s.Name, nameRange(s), true)
		case hcl.TraverseIndex:
			n = c.key(n, s.Key, s.SrcRange)
		default:
			c.errorf(s.SourceRange(), "Unsupported expression", "Only .name, [number] and [\"name\"] can follow here.")
			return c.badNode(s.SourceRange())
		}
	}
	return n
}

// nameRange is where the name of .name stands, without the dot.
func nameRange(s hcl.TraverseAttr) hcl.Range {
	r := s.SrcRange
	if r.End.Byte-r.Start.Byte == len(s.Name)+1 {
		r.Start.Byte++
		r.Start.Column++
	}
	return r
}

// key extends n by a constant in brackets.
func (c *compiler) key(n *node, key cty.Value, at hcl.Range) *node {
	plain, _ := key.Unmark()
	switch {
	case n.bad:
		return n
	case n.con != nil:
		return c.constantStep(n, at, func(v cty.Value) (cty.Value, hcl.Diagnostics) { return hcl.Index(v, key, &at) })
	case !plain.IsKnown() || plain.IsNull():
		return c.dynamicIndex(c.use(n), c.constant(key, at), hcl.RangeBetween(n.rng, at))
	case plain.Type() == cty.String && sortOf(n.typ) != listSort:
		return c.member(n, plain.AsString(), at, false)
	case plain.Type() == cty.Number && sortOf(n.typ) != objectSort:
		if i, acc := plain.AsBigFloat().Int64(); acc == 0 {
			return c.element(n, i, at)
		}
		c.errorf(at, "Invalid index", "The number of an element must be a whole number.")
		return c.badNode(at)
	case plain.Type() == cty.Number:
		c.errorf(at, "Number of a field", "%s is an object; its fields have names and no numbers.", describe(n))
		return c.badNode(at)
	}
	return c.dynamicIndex(c.use(n), c.constant(key, at), hcl.RangeBetween(n.rng, at))
}

// member extends n by .name; checked is false for ["name"], which may be
// anything.
func (c *compiler) member(n *node, name string, at hcl.Range, checked bool) *node {
	switch {
	case n.bad:
		return n
	case n.con != nil:
		return c.constantStep(n, at, func(v cty.Value) (cty.Value, hcl.Diagnostics) { return c.attribute(v, name, at) })
	case n.member != nil:
		return n.member(name, at)
	}
	typ, ok := c.memberType(n, name, at, checked)
	if !ok {
		return c.badNode(hcl.RangeBetween(n.rng, at))
	}
	rng := hcl.RangeBetween(n.rng, at)
	if n.ref != nil {
		return n.extend(rng, step{key: name}, typ)
	}
	f := c.join(rng, n)
	f.typ = typ
	f.print = n.printed() + "." + strconv.Quote(name)
	f.eval = func(m *Machine) value { return m.member(n.eval(m), name) }
	return c.done(f)
}

// memberType checks that n may have a member called name.
func (c *compiler) memberType(n *node, name string, at hcl.Range, checked bool) (*schema.Type, bool) {
	if f, ok := n.typ.Member(name); ok {
		return f.Type, true
	}
	t := n.typ
	if !checked || t == nil || t.Kind == schema.Any || t.Kind == schema.Object && t.Open {
		return nil, true
	}
	what := describe(n)
	switch {
	case t.Kind == schema.Object:
		c.unknownField(n, name, at)
	case t.Kind == schema.List && n.ref != nil:
		c.errorf(at, "Field of a list", "%s is a list. Write %s[*].%s for this field of all elements, %s[0].%s for that of the first, or walk it with for.", what, what, name, what, name)
	case t.Kind == schema.List:
		c.errorf(at, "Field of a list", "A list has no field %q. Write [*].%s for this field of all elements, or walk it with for.", name, name)
	case t.Kind == schema.JSON:
		c.errorf(at, "Field of text", "%s is text that holds JSON. Write jsondecode(%s).%s to look inside.", what, what, name)
	default:
		c.errorf(at, "Field of a single value", "%s is %s and has no fields.", what, article(t))
	}
	return nil, false
}

// unknownField says that n, an object all of whose members are known, has no
// member called name.
func (c *compiler) unknownField(n *node, name string, at hcl.Range) {
	what := "This object"
	if n.ref != nil {
		what = n.ref.label
	}
	detail := fmt.Sprintf("%s has no field %q.", what, name)
	nearest := Suggest(name, fieldNames(n.typ))
	var missing *schema.NotFound
	if n.ref != nil && n.ref.exact && n.ref.known {
		_, err := c.scope.Record.Lookup(n.ref.path.Join(record.Step{Key: name}))
		errors.As(err, &missing)
	}
	switch {
	case strings.Contains(name, "-"):
		detail += fmt.Sprintf(" In HCL %s is one name; to subtract, put spaces around the minus.", name)
	case nearest != "":
		detail += fmt.Sprintf(" Did you mean %q?", nearest)
	case missing != nil && missing.Nearest != "":
		detail += fmt.Sprintf(" Did you mean %q?", missing.Nearest)
	case missing != nil && !missing.Elsewhere.IsZero():
		detail += fmt.Sprintf(" Did you mean %s?", inRecord(missing.Elsewhere))
	case len(n.typ.Fields) <= 12:
		detail += fmt.Sprintf(" It has: %s.", listed(fieldNames(n.typ)))
	}
	if n.ref != nil {
		detail += fmt.Sprintf(" To read a field that the schema does not know, write %s[%q].", what, name)
	}
	c.errorf(at, "Unknown field", "%s", detail)
}

// inRecord writes a path as an expression.
func inRecord(p record.Path) string {
	if p.IsZero() {
		return "record"
	}
	s := strings.ReplaceAll(p.String(), "[]", "[*]")
	if strings.HasPrefix(s, "[") {
		return "record" + s
	}
	return "record." + s
}

func fieldNames(t *schema.Type) []string {
	names := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		names[i] = f.Name
	}
	return names
}

// element extends n by [i].
func (c *compiler) element(n *node, i int64, at hcl.Range) *node {
	rng := hcl.RangeBetween(n.rng, at)
	var typ *schema.Type
	switch sortOf(n.typ) {
	case anySort, nullSort:
	case listSort:
		typ = n.typ.Elem
	default:
		c.errorf(at, "Index of a single value", "%s is %s and has no elements.", describe(n), article(n.typ))
		return c.badNode(rng)
	}
	if i < 0 {
		c.errorf(at, "Invalid index", "Elements are counted from 0; a negative number names none.")
		return c.badNode(rng)
	}
	if n.ref != nil {
		return n.extend(rng, step{index: i, isIndex: true}, typ)
	}
	f := c.join(rng, n)
	f.typ = typ
	f.print = n.printed() + "[" + strconv.FormatInt(i, 10) + "]"
	f.eval = func(m *Machine) value { return m.element(n.eval(m), i) }
	return c.done(f)
}

// extend returns the reference n with one step more.
func (n *node) extend(rng hcl.Range, s step, typ *schema.Type) *node {
	r := *n.ref
	r.steps = append(r.steps[:len(r.steps):len(r.steps)], s)
	switch {
	case s.isIndex:
		r.label = fmt.Sprintf("%s[%d]", r.label, s.index)
		r.into()
	default:
		r.label += "." + s.key
		if !hclsyntax.ValidIdentifier(s.key) {
			r.label = fmt.Sprintf("%s[%q]", n.ref.label, s.key)
		}
		if r.exact {
			r.path = r.path.Join(record.Step{Key: s.key})
		}
	}
	return &node{rng: rng, typ: typ, class: n.class, sensitive: n.sensitive, varying: n.varying, loops: n.loops, ref: &r}
}

// into moves the path of r to the elements of the list that it names. An array
// in an array has no path; the array around it stands for it.
func (r *ref) into() {
	steps := r.path.Steps()
	if !r.exact || len(steps) == 0 || steps[len(steps)-1].Each {
		r.exact = false
		return
	}
	last := steps[len(steps)-1]
	last.Each = true
	r.path = record.PathOf(append(append([]record.Step(nil), steps[:len(steps)-1]...), last)...)
}

// constantStep extends a constant. Null stays null.
func (c *compiler) constantStep(n *node, at hcl.Range, step func(cty.Value) (cty.Value, hcl.Diagnostics)) *node {
	v := n.con.cty
	rng := hcl.RangeBetween(n.rng, at)
	if plain, _ := v.Unmark(); plain.IsKnown() && plain.IsNull() {
		return c.constant(cty.NullVal(cty.DynamicPseudoType), rng)
	}
	got, diags := step(v)
	if !diags.HasErrors() {
		return c.constant(got, rng)
	}
	if c.trying == 0 {
		c.diags = append(c.diags, diags...)
		return c.badNode(rng)
	}
	f := &node{rng: rng, print: "fails(" + diags[0].Detail + ")", eval: func(m *Machine) value {
		m.fail("%s", diags[0].Detail)
		return null
	}}
	f.complete()
	return f
}

// attribute is hcl.GetAttr with the nearest name in its diagnostic.
func (c *compiler) attribute(v cty.Value, name string, at hcl.Range) (cty.Value, hcl.Diagnostics) {
	got, diags := hcl.GetAttr(v, name, &at)
	plain, _ := v.Unmark()
	if !diags.HasErrors() || !plain.Type().IsObjectType() {
		return got, diags
	}
	names := sortedKeys(plain.Type().AttributeTypes())
	detail := fmt.Sprintf("There is no attribute %q here.", name)
	if near := Suggest(name, names); near != "" {
		detail += fmt.Sprintf(" Did you mean %q?", near)
	} else {
		detail += fmt.Sprintf(" There is: %s.", listed(names))
	}
	return got, hcl.Diagnostics{fault(at, "Unknown attribute", detail)}
}
