package redact

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// policy is what was written besides the rules.
type policy struct {
	byClass bool
	def     action // of fields without a rule, unless byClass
	unknown action // of fields that no schema knows: scan, drop or keep
	v4, v6  int    // what coarsen keeps of an IP address
}

// compiler goes over the schema that reaches the block and makes of each field
// both its node and what the schema that leaves says of it.
type compiler struct {
	policy
	in    *schema.Schema
	specs map[string]*spec // by folded path
	rules []*rule
	diags hcl.Diagnostics
}

// built is what became of one field.
type built struct {
	node  *node
	field schema.Field // as it leaves, without its name
	gone  bool
}

// compile returns the tree for the record and the schema that leaves.
func (c *compiler) compile() (*node, *schema.Schema) {
	shape := c.in.Record
	for _, s := range c.ordered() {
		shape = ensure(shape, s.path.Steps())
	}
	out := *c.in
	b := c.object(shape, schema.None, record.Path{}, nil)
	out.Record = b.field.Type
	switch c.unknown {
	case drop:
		out.Unknown = schema.None
	case scan:
		out.Unknown = max(out.Unknown, schema.FreeText)
	}
	if !c.stays(&out, out.ID, func(a action) bool { return a == pseudonymy }) {
		out.ID = record.Path{}
	}
	if !c.stays(&out, out.Time, func(a action) bool { return a == coarsen || a == scan }) {
		out.Time = record.Path{}
	}
	return b.node, &out
}

// stays reports whether the field at p is still there and what was done to it,
// if anything, is among what it bears.
func (c *compiler) stays(out *schema.Schema, p record.Path, bears func(action) bool) bool {
	if p.IsZero() {
		return false
	}
	if _, err := out.Lookup(p); err != nil {
		return false
	}
	i := slices.IndexFunc(c.rules, func(r *rule) bool { return r.field == p.String() })
	return i < 0 || c.rules[i].action == keep || bears(c.rules[i].action)
}

// ordered returns the specs in the order in which they were written.
func (c *compiler) ordered() []*spec {
	var all []*spec
	for _, s := range c.specs {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *spec) int {
		if d := a.at.Start.Byte - b.at.Start.Byte; d != 0 {
			return d
		}
		return slices.Compare([]byte(a.path.String()), []byte(b.path.String()))
	})
	return all
}

// ensure lists in t, which it does not change, the field that steps lead to, so
// that every rule finds its field in the schema. What has no known form becomes
// an open object.
func ensure(t *schema.Type, steps []record.Step) *schema.Type {
	out := schema.Type{Kind: schema.Object, Open: true}
	if t != nil && t.Kind == schema.Object {
		out = *t
		out.Fields = slices.Clone(t.Fields)
	}
	i := slices.IndexFunc(out.Fields, func(f schema.Field) bool { return f.Name == steps[0].Key })
	if i < 0 {
		i = len(out.Fields)
		out.Fields = append(out.Fields, schema.Field{Name: steps[0].Key})
	}
	m := &out.Fields[i]
	if steps[0].Each && (m.Type == nil || m.Type.Kind == schema.Any) {
		m.Type = &schema.Type{Kind: schema.List}
	}
	if len(steps) == 1 {
		return &out
	}
	if m.Type != nil && m.Type.Kind == schema.List {
		list := *m.Type
		list.Elem = ensure(list.Elem, steps[1:])
		m.Type = &list
	} else {
		m.Type = ensure(m.Type, steps[1:])
	}
	return &out
}

// value builds a field of any form. class is what the field is, by itself or by
// what is around it; from is a rule on something around it that reaches it.
func (c *compiler) value(f schema.Field, class schema.Class, p record.Path, from *spec) built {
	own := c.specs[foldASCII(p.String())]
	if own == nil {
		own = from
	}
	kind := schema.Any
	if f.Type != nil {
		kind = f.Type.Kind
	}
	f.Class = class
	var b built
	switch {
	case own != nil && own.action.whole():
		b = c.leaf(f, p, c.rule(own, p, f.Type))
	case kind == schema.Object:
		if own != nil && !own.action.reaching() {
			c.refuse(own, "is an object", fmt.Sprintf("Name the fields in it, such as %q.", p.String()+"."+firstName(f.Type)))
		}
		b = c.object(f.Type, class, p, reach(own))
	case kind == schema.List:
		if own != nil && !own.action.reaching() {
			c.refuse(own, "is a list", fmt.Sprintf("Write %q to mean each of its elements.", p.String()+"[]"))
		}
		b = c.list(f, class, p, reach(own))
	case own != nil:
		b = c.leaf(f, p, c.rule(own, p, f.Type))
	default:
		b = c.leaf(f, p, c.byDefault(f.Type, class, p))
	}
	if f.Type == nil && own == nil && class == schema.None {
		// Something of any form that the schema lists without a class.
		b.node.other = c.unlisted(p)
	}
	b.field.Name, b.field.Set, b.field.Volatile = f.Name, f.Set, f.Volatile
	return b
}

func reach(s *spec) *spec {
	if s != nil && s.action.reaching() {
		return s
	}
	return nil
}

func firstName(t *schema.Type) string {
	if t == nil || len(t.Fields) == 0 {
		return "…"
	}
	return t.Fields[0].Name
}

func (c *compiler) refuse(s *spec, what, advice string) {
	c.diags = append(c.diags, catalog.Fault(s.at, "Action does not fit the field",
		fmt.Sprintf("%s cannot be applied to %q, which %s. %s", s.action, s.path, what, advice))...)
}

// object builds the members that the schema lists, and what is done with others.
func (c *compiler) object(t *schema.Type, class schema.Class, p record.Path, from *spec) built {
	n := &node{box: true, name: "the record"}
	if !p.IsZero() {
		n.name = p.String()
	}
	out := schema.Type{Kind: schema.Object, Open: t.Open}
	allGone := true
	for _, f := range t.Fields {
		b := c.value(f, highest(f.Class, class), p.Join(record.Step{Key: f.Name}), from)
		if !b.gone {
			out.Fields = append(out.Fields, b.field)
			allGone = false
		}
		n.merge(f.Name, b.node)
		n.busy = n.busy || b.node.rule != nil || b.node.busy
		n.strict = n.strict || b.node.rule != nil && b.node.rule.given || b.node.strict
	}
	n.keys.build()
	n.hints()
	n.other = c.others(t, class, p, from)
	left := schema.Field{Type: &out}
	if n.other.rule != nil && n.other.rule.action == drop {
		out.Open = false
		if allGone && from == nil && !p.IsZero() && !c.byClass {
			return c.leaf(schema.Field{Type: t}, p, c.newRule(spec{action: drop}, p))
		}
	} else if t.Open && class != schema.None {
		left.Class = class
	}
	return built{node: n, field: left}
}

func highest(own, around schema.Class) schema.Class {
	if own == schema.None {
		return around
	}
	return own
}

// merge adds a member. Two that differ in case only are one: a rule wins over
// none.
func (n *node) merge(name string, m *node) {
	if same := n.keys.named(foldASCII(name)); same != nil {
		if same.node.rule == nil && !same.node.busy || m.rule != nil && m.rule.given && !same.node.busy {
			same.node = m
		}
		return
	}
	n.keys.add(name, m)
}

// hints notes for a sign-in identifier where its type stands.
func (n *node) hints() {
	id, kind := n.keys.named("signinidentifier"), n.keys.named("signinidentifiertype")
	if id != nil && kind != nil {
		id.node.phoneAt, n.phoneKey = kind.name, kind.node
	}
}

// others is the node of members that t does not list.
func (c *compiler) others(t *schema.Type, class schema.Class, p record.Path, from *spec) *node {
	at := p.Join(record.Step{Key: "*"})
	switch {
	case from != nil:
		return c.leaf(schema.Field{}, at, c.rule(from, at, nil)).node
	case t.Open && class != schema.None && c.byClass && c.unknown != drop:
		return c.leaf(schema.Field{}, at, c.byDefault(nil, class, at)).node
	}
	return c.unlisted(p)
}

// unlisted is the node of what no schema knows.
func (c *compiler) unlisted(p record.Path) *node {
	at := p.Join(record.Step{Key: "*"})
	var r *rule
	if c.unknown != keep {
		r = c.newRule(spec{action: c.unknown}, at)
	}
	return c.leaf(schema.Field{}, at, r).node
}

// list builds the elements.
func (c *compiler) list(f schema.Field, class schema.Class, p record.Path, from *spec) built {
	steps := slices.Clone(p.Steps())
	steps[len(steps)-1].Each = true
	elem := c.value(schema.Field{Type: f.Type.Elem}, class, record.PathOf(steps...), from)
	n := &node{elem: elem.node, busy: elem.node.rule != nil || elem.node.busy, other: elem.node.other,
		strict: elem.node.rule != nil && elem.node.rule.given || elem.node.strict}
	if elem.gone && !elem.node.rule.given {
		// By default the whole list goes, not only what is in it.
		n.elem, n.rule = nil, elem.node.rule
		return built{node: n, gone: true}
	}
	if elem.gone {
		elem.field.Type = nil
	}
	return built{node: n, field: schema.Field{
		Type:  &schema.Type{Kind: schema.List, Elem: elem.field.Type},
		Class: elem.field.Class, Doc: f.Doc,
	}}
}

// leaf builds a field whose value is handled as one. r is nil to keep it.
func (c *compiler) leaf(f schema.Field, p record.Path, r *rule) built {
	n := &node{name: p.String(), rule: r, fixed: fixedKind(f.Type) || r != nil && r.action == keep}
	if r != nil && r.action == keep {
		n.rule = nil
	}
	switch {
	case r == nil || r.action == keep:
		n.other = n
		if f.Type != nil && r == nil {
			n.other = c.unlisted(p) // the schema says that there are no members
		}
	case r.given && !r.action.reaching() || r.action.whole():
		// An object here cannot be handled, or never is looked into.
	case r.action == coarsen && r.coarser != blank:
		inside := *r
		inside.coarser = blank
		blanked := &node{name: n.name, rule: &inside}
		blanked.other = blanked
		n.other = blanked
	default:
		n.other = n
	}
	field, gone := c.leaving(f, r)
	return built{node: n, field: field, gone: gone}
}

// fixedKind reports whether text of type t is one of a set, a number or a time,
// in which nothing personal can stand by chance.
func fixedKind(t *schema.Type) bool {
	if t == nil {
		return false
	}
	switch t.Kind {
	case schema.Enum, schema.Bool, schema.Int, schema.Float, schema.Time:
		return true
	}
	return false
}

// leaving says what a field is once r was applied.
func (c *compiler) leaving(f schema.Field, r *rule) (out schema.Field, gone bool) {
	out = f
	if r == nil {
		return out, false
	}
	text := &schema.Type{Kind: schema.String}
	switch r.action {
	case drop:
		return out, true
	case pseudonymy:
		out.Type, out.Class, out.Doc = text, schema.None, "Pseudonym. "+f.Doc
	case mask:
		out.Type, out.Class, out.Doc = text, schema.None, "Masked. "+f.Doc
	case replace:
		out.Type, out.Class, out.Doc = text, schema.None, "Replaced. "+f.Doc
	case collapse:
		out.Type, out.Class, out.Doc = nil, schema.None, "Collapsed. "+f.Doc
	case truncateIP, prefixIP:
		out.Type, out.Class, out.Doc = text, schema.None, "Network only. "+f.Doc
		if r.action == prefixIP {
			out.Doc = "Address that stands for another; shared prefixes stay shared. " + f.Doc
		}
	case coarsen:
		out.Class, out.Doc = schema.None, "Coarsened. "+f.Doc
	case scan:
		out.Doc = "Scanned. " + f.Doc // what no detector knows stays, and so does the class
	}
	return out, false
}

// byDefault returns the rule of a field that no rule block names, nil to keep it.
func (c *compiler) byDefault(t *schema.Type, class schema.Class, p record.Path) *rule {
	a := c.def
	if c.byClass {
		a = [...]action{
			schema.None: keep, schema.Workload: keep, schema.Given: drop, schema.Quasi: coarsen,
			schema.FreeText: scan, schema.Online: pseudonymy, schema.Direct: pseudonymy,
		}[class]
	}
	if a == keep {
		return nil
	}
	r := c.newRule(spec{action: a, v4: c.v4, v6: c.v6}, p)
	if a == coarsen {
		if r.coarser = coarserOf(lastName(p), t); r.coarser == noCoarser {
			r.coarser = blank
		}
	}
	return r
}

// rule makes the rule of a field that a rule block names or reaches, and refuses
// one that cannot work.
func (c *compiler) rule(s *spec, p record.Path, t *schema.Type) *rule {
	r := c.newRule(*s, p)
	r.given = true
	exact := s.path.String() == p.String()
	if s.action == coarsen {
		r.coarser = coarserOf(lastName(p), t)
		switch {
		case r.coarser == noCoarser && exact:
			c.refuse(s, "has no coarser form that is known",
				"Coarsen knows times, coordinates, cities, IP addresses, user agents, browsers and operating systems; drop the field or use pseudonym.")
		case r.coarser == noCoarser:
			r.coarser = blank
		}
	}
	if exact && t != nil && !fits(s.action, t.Kind) {
		c.refuse(s, "is of type "+t.Kind.String(), "Its values can be kept, dropped or replaced.")
	}
	return r
}

// fits reports whether an action makes sense for scalars of a kind.
func fits(a action, k schema.Kind) bool {
	switch a {
	case truncateIP, prefixIP:
		return k == schema.Any || k == schema.String || k == schema.JSON
	case pseudonymy, mask:
		return k != schema.Bool
	}
	return true
}

func (c *compiler) newRule(s spec, p record.Path) *rule {
	r := &rule{spec: s, number: len(c.rules), field: p.String()}
	c.rules = append(c.rules, r)
	return r
}

func lastName(p record.Path) string {
	steps := p.Steps()
	return steps[len(steps)-1].Key
}
