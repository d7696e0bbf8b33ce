package expr

import (
	"strconv"
	"strings"

	"github.com/logpipe/logpipe/pipeline/record"
)

// resolve makes the closures of a reference whose value is taken, gives it its
// class, and registers what it reads.
func (c *compiler) resolve(n *node) *node {
	r := n.ref
	if r.used {
		return n
	}
	r.used = true
	c.classify(n, true)
	n.print = c.printRef(n)
	n.eval = c.reader(r)
	n.slot = c.slot(r)
	n.complete()
	return n
}

// walked makes the closures of a list that is only counted and walked: what
// its elements reveal is said where they are read.
func (c *compiler) walked(n *node) *node {
	if n.ref == nil || n.bad {
		return c.use(n)
	}
	r := *n.ref
	f := *n
	f.ref = &r
	c.classify(&f, false)
	f.print = c.printRef(&f)
	f.eval = c.reader(&r)
	f.complete()
	return &f
}

// classify registers the path of n and, if its content is read, its class.
func (c *compiler) classify(n *node, content bool) {
	r := n.ref
	if !r.known {
		return
	}
	c.read(r.path)
	if !content {
		return
	}
	n.class = c.scope.Record.Unknown
	if r.path.IsZero() {
		for _, l := range c.scope.Record.Leaves() {
			n.class = max(n.class, l.Class)
		}
	} else if f, err := c.scope.Record.Lookup(r.path); err == nil {
		n.class = f.Class
	}
}

func (c *compiler) read(p record.Path) {
	for _, q := range c.reads {
		if q.String() == p.String() {
			return
		}
	}
	c.reads = append(c.reads, p)
}

// slot returns the slot of a reference that names nothing else.
func (c *compiler) slot(r *ref) *record.Slot {
	if r.loop >= 0 || len(r.steps) == 0 {
		return nil
	}
	keys := make([]record.Step, len(r.steps))
	for i, s := range r.steps {
		if s.isIndex {
			return nil
		}
		keys[i].Key = s.key
	}
	slot := c.scope.Layout.Slot(record.PathOf(keys...))
	return &slot
}

// reader returns the closure that reads r. Names from the record on are one
// slot, found by the scan of the record; the rest is walked.
func (c *compiler) reader(r *ref) func(*Machine) value {
	rest := r.steps
	var start func(*Machine) value
	if r.loop >= 0 {
		i := r.loop
		start = func(m *Machine) value { return m.vars[i] }
	} else {
		var keys []record.Step
		for len(rest) > 0 && !rest[0].isIndex {
			keys = append(keys, record.Step{Key: rest[0].key})
			rest = rest[1:]
		}
		if len(keys) == 0 {
			start = func(m *Machine) value { return value{kind: object, raw: m.b.Bytes(m.i)} }
		} else {
			slot := c.scope.Layout.Slot(record.PathOf(keys...))
			start = func(m *Machine) value { return fromRecord(m.b.Value(m.i, slot)) }
		}
	}
	switch len(rest) {
	case 0:
		return start
	case 1:
		s := rest[0]
		return func(m *Machine) value { return m.step(start(m), s) }
	}
	return func(m *Machine) value {
		v := start(m)
		for _, s := range rest {
			v = m.step(v, s)
		}
		return v
	}
}

func (m *Machine) step(v value, s step) value {
	if s.isIndex {
		return m.element(v, s.index)
	}
	return m.member(v, s.key)
}

// printRef writes a reference: from the record, or from a loop variable, which
// has a number for a name.
func (c *compiler) printRef(n *node) string {
	var b strings.Builder
	if n.ref.loop >= 0 {
		b.WriteString("$" + strconv.Itoa(n.ref.loop))
	} else {
		b.WriteString("record")
	}
	for _, s := range n.ref.steps {
		if s.isIndex {
			b.WriteString("[" + strconv.FormatInt(s.index, 10) + "]")
		} else {
			b.WriteString("." + strconv.Quote(s.key))
		}
	}
	return b.String()
}
