package expr

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/zclconf/go-cty/cty"
)

// tuple compiles [a, b].
func (c *compiler) tuple(e *hclsyntax.TupleConsExpr) *node {
	elems := make([]*node, len(e.Exprs))
	prints := make([]string, len(e.Exprs))
	for i, x := range e.Exprs {
		elems[i] = c.value(x)
		prints[i] = elems[i].printed()
	}
	n := c.join(e.SrcRange, elems...)
	n.print = "[" + strings.Join(prints, ",") + "]"
	n.typ = listOf(nil)
	for i, x := range elems {
		if i == 0 {
			n.typ.Elem = x.typ
		}
		n.typ.Elem = commonType(n.typ.Elem, x.typ)
	}
	n.eval = func(m *Machine) value {
		x := m.extra()
		x.elems = make([]value, len(elems))
		for i, e := range elems {
			x.elems[i] = e.eval(m)
		}
		return value{kind: list, form: inPlace, more: x}
	}
	return c.done(n)
}

// object compiles { a = b }.
func (c *compiler) object(e *hclsyntax.ObjectConsExpr) *node {
	keys, vals := make([]*node, len(e.Items)), make([]*node, len(e.Items))
	prints := make([]string, len(e.Items))
	for i, item := range e.Items {
		keys[i], vals[i] = c.value(item.KeyExpr), c.value(item.ValueExpr)
		prints[i] = keys[i].printed() + "=" + vals[i].printed()
	}
	n := c.join(e.SrcRange, append(append([]*node(nil), keys...), vals...)...)
	n.print = "{" + strings.Join(prints, ",") + "}"
	n.typ = objectType(keys, vals)
	n.eval = func(m *Machine) value {
		x := m.extra()
		x.keys, x.elems = make([]string, len(keys)), make([]value, len(keys))
		for i, k := range keys {
			name, ok := m.memberName(k.eval(m))
			if !ok {
				return null
			}
			x.keys[i], x.elems[i] = name, vals[i].eval(m)
		}
		x.sort()
		return value{kind: object, form: inPlace, more: x}
	}
	return c.done(n)
}

// memberName is a value as the name of a member. Null is none.
func (m *Machine) memberName(v value) (string, bool) {
	if v.kind == nothing {
		m.fail("the name of a member is null")
		return "", false
	}
	s, ok := m.text(v)
	return string(s), ok
}

// objectType knows the members whose names are constant; with others it is
// open.
func objectType(keys, vals []*node) *schema.Type {
	t := &schema.Type{Kind: schema.Object}
	for i, k := range keys {
		if k.con == nil || k.unknown || k.con.v.kind != text {
			t.Open = true
			continue
		}
		f := schema.Field{Name: string(k.con.v.raw), Type: vals[i].typ, Class: max(k.class, vals[i].class)}
		if j := indexField(t, f.Name); j >= 0 {
			t.Fields[j] = f
		} else {
			t.Fields = append(t.Fields, f)
		}
	}
	return t
}

func indexField(t *schema.Type, name string) int {
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return i
		}
	}
	return -1
}

// objectKey compiles the name of a member: a bare word is the name itself.
func (c *compiler) objectKey(e *hclsyntax.ObjectConsKeyExpr) *node {
	if !e.ForceNonLiteral {
		if t, ok := e.Wrapped.(*hclsyntax.ScopeTraversalExpr); ok && len(t.Traversal) > 1 {
			c.errorf(e.Range(), "Ambiguous attribute key", "To use the value as a name, wrap it in parentheses; to use the text itself, in quotes.")
			return c.badNode(e.Range())
		}
		if name := hcl.ExprAsKeyword(e.Wrapped); name != "" {
			return c.constant(cty.StringVal(name), e.Range())
		}
	}
	return c.compile(e.Wrapped)
}

// index compiles a[b] with a b that is no literal.
func (c *compiler) index(e *hclsyntax.IndexExpr) *node {
	coll := c.compile(e.Collection)
	key := c.value(e.Key)
	if key.con != nil && !key.unknown && !key.sensitive {
		return c.key(coll, key.con.cty, e.BracketRange)
	}
	return c.dynamicIndex(c.use(coll), key, e.SrcRange)
}

func (c *compiler) dynamicIndex(coll, key *node, rng hcl.Range) *node {
	n := c.join(rng, coll, key)
	n.print = coll.printed() + "[" + key.printed() + "]"
	switch coll.sort() {
	case listSort:
		n.typ = coll.typ.Elem
		n.bad = n.bad || !c.wantNumber(key, "The number of an element")
	case textSort, numberSort, boolSort:
		if !n.bad {
			c.errorf(rng, "Index of a single value", "%s is %s and has no elements.", capital(describe(coll)), article(coll.typ))
			n.bad = true
		}
	}
	n.eval = func(m *Machine) value {
		v, k := coll.eval(m), key.eval(m)
		return m.index(v, k)
	}
	return c.done(n)
}

// collection compiles what is walked. Of a list only the elements that are
// used count as read; the members of an object have no path, so all count.
func (c *compiler) collection(e hclsyntax.Expression) *node {
	n := c.compile(e)
	if s := sortOf(n.typ); s == listSort || s == anySort {
		return c.walked(n)
	}
	return c.use(n)
}

// variable makes the node of a loop variable over coll and says that it is in
// use.
func (c *compiler) variable(coll *node, label string) (*node, int) {
	i := c.vars
	c.vars++
	c.maxVars = max(c.maxVars, c.vars)
	n := &node{varying: coll.varying, loops: loopBit(i), sensitive: coll.sensitive, class: coll.class}
	r := &ref{loop: i, label: label}
	if sortOf(coll.typ) == listSort {
		n.typ = coll.typ.Elem
	}
	if coll.ref != nil && coll.ref.known && sortOf(coll.typ) != objectSort {
		r.known, r.exact, r.path = true, coll.ref.exact, coll.ref.path
		r.into()
		n.varying = true
	}
	n.ref = r
	return n, i
}

// loopBit is the bit of loop variable i; beyond 63 they share one, which only
// keeps what depends on them from being folded early.
func loopBit(i int) uint64 { return 1 << min(i, 63) }

// splat compiles a[*].b.
func (c *compiler) splat(e *hclsyntax.SplatExpr) *node {
	src := c.collection(e.Source)
	item, slot := c.variable(src, describe(src)+"[*]")
	if s := src.sort(); s != listSort && s != anySort && s != nullSort { // one value counts as a list of one
		item.typ = src.typ
		if src.ref != nil {
			item.ref.known, item.ref.path, item.ref.exact = src.ref.known, src.ref.path, src.ref.exact
		}
	}
	item.rng = e.Item.SrcRange
	if c.items == nil {
		c.items = map[*hclsyntax.AnonSymbolExpr]*node{}
	}
	c.items[e.Item] = item
	each := c.value(e.Each)
	c.vars--
	n := c.join(e.SrcRange, src, each)
	n.loops &^= loopBit(slot)
	n.typ = listOf(each.typ)
	n.print = src.printed() + "[*:" + each.printed() + "]"
	n.eval = func(m *Machine) value {
		v := src.eval(m)
		start := len(m.stack)
		collect := func(_, e value) bool {
			if !m.round() {
				return false
			}
			m.vars[slot] = e
			m.stack = append(m.stack, each.eval(m))
			return m.err == nil
		}
		if v.kind == list {
			m.each(v, collect)
		} else if v.kind != nothing {
			collect(null, v)
		}
		return m.popList(start)
	}
	return c.done(n)
}

// popList makes a list of what was put on the stack since start.
func (m *Machine) popList(start int) value {
	x := m.extra()
	x.elems = append([]value(nil), m.stack[start:]...)
	m.stack = m.stack[:start]
	return value{kind: list, form: inPlace, more: x}
}

func (c *compiler) item(e *hclsyntax.AnonSymbolExpr) *node {
	if n, ok := c.items[e]; ok {
		f := *n
		r := *n.ref
		f.ref = &r
		return &f
	}
	return c.badNode(e.SrcRange)
}
