package expr

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// loop is a for expression while it is compiled.
type loop struct {
	coll, key, val, cond *node
	keySlot, valSlot     int
	group                bool
}

// loop compiles [for v in coll : val if cond] and its object form.
func (c *compiler) loop(e *hclsyntax.ForExpr) *node {
	l := &loop{group: e.Group, keySlot: -1}
	l.coll = c.collection(e.CollExpr)
	ok := c.iterable(l.coll)
	names := len(c.names)
	used := c.vars
	if e.KeyVar != "" {
		var key *node
		key, l.keySlot = c.variable(l.coll, e.KeyVar)
		key.ref.known = false
		key.class = 0
		key.typ = keyType(l.coll)
		c.names = append(c.names, loopName{e.KeyVar, key})
	}
	var val *node
	val, l.valSlot = c.variable(l.coll, e.ValVar)
	c.names = append(c.names, loopName{e.ValVar, val})
	if e.CondExpr != nil {
		l.cond = c.value(e.CondExpr)
		ok = c.wantBool(l.cond, "if") && ok
	}
	if e.KeyExpr != nil {
		l.key = c.value(e.KeyExpr)
		ok = c.wantText(l.key, "The name of a member") && ok
	}
	l.val = c.value(e.ValExpr)
	c.names, c.vars = c.names[:names], used

	kids := []*node{l.coll, l.val}
	for _, k := range []*node{l.key, l.cond} {
		if k != nil {
			kids = append(kids, k)
		}
	}
	n := c.join(e.SrcRange, kids...)
	for i := used; i <= l.valSlot; i++ {
		n.loops &^= loopBit(i)
	}
	n.bad = n.bad || !ok
	n.print = l.print()
	n.typ = listOf(l.val.typ)
	n.eval = l.list
	if l.key != nil {
		n.typ = &schema.Type{Kind: schema.Object, Open: true}
		n.eval = l.object
	}
	return c.done(n)
}

func keyType(coll *node) *schema.Type {
	switch sortOf(coll.typ) {
	case listSort:
		return intType
	case objectSort:
		return textType
	}
	return nil
}

func (c *compiler) iterable(n *node) bool {
	switch n.sort() {
	case anySort, nullSort, listSort, objectSort:
		return true
	}
	if !n.bad {
		c.errorf(n.rng, "Not a list", "for walks a list or an object; %s is %s.", describe(n), article(n.typ))
	}
	return false
}

func (l *loop) print() string {
	s := "for(" + l.coll.printed() + ":"
	if l.key != nil {
		s += l.key.printed() + "=>"
	}
	s += l.val.printed()
	if l.group {
		s += "..."
	}
	if l.cond != nil {
		s += " if " + l.cond.printed()
	}
	return s + ")"
}

// rounds sets the variables and calls fn for each element that the condition
// lets through.
func (l *loop) rounds(m *Machine, fn func() bool) {
	v := l.coll.eval(m)
	if m.err != nil {
		return
	}
	if v.kind != list && v.kind != object && v.kind != nothing {
		m.fail("for walks a list or an object, %s was found", v.kind)
		m.blame(l.coll)
		return
	}
	m.each(v, func(k, e value) bool {
		if !m.round() {
			return false
		}
		if l.keySlot >= 0 {
			m.vars[l.keySlot] = k
		}
		m.vars[l.valSlot] = e
		if l.cond != nil {
			if ok := l.cond.test(m); !ok || m.err != nil {
				return m.err == nil
			}
		}
		return fn() && m.err == nil
	})
}

func (l *loop) list(m *Machine) value {
	start := len(m.stack)
	l.rounds(m, func() bool {
		m.stack = append(m.stack, l.val.eval(m))
		return true
	})
	return m.popList(start)
}

func (l *loop) object(m *Machine) value {
	x := m.extra()
	seen := map[string]int{}
	l.rounds(m, func() bool {
		name, ok := m.memberName(l.key.eval(m))
		if !ok {
			return false
		}
		v := l.val.eval(m)
		i, twice := seen[name]
		switch {
		case !twice:
			seen[name] = len(x.keys)
			x.keys = append(x.keys, name)
			if l.group {
				y := m.extra()
				y.elems = []value{v}
				v = value{kind: list, form: inPlace, more: y}
			}
			x.elems = append(x.elems, v)
		case l.group:
			more := x.elems[i].more
			more.elems = append(more.elems, v)
		default:
			m.fail("two elements give one name of a member; write ... after the value to group them")
			return false
		}
		return true
	})
	x.sort()
	return value{kind: object, form: inPlace, more: x}
}
