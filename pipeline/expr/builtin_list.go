package expr

// contains compiles contains(list, value). It is false if either is null.
func (c *compiler) contains(n *node, args []*node) bool {
	in, what := args[0], args[1]
	n.typ = boolType
	if !c.wantListIn(in) {
		n.bad = true
		return true
	}
	if in.con != nil && !in.unknown && in.con.v.kind == list {
		if texts, ok := allTexts(in.con.v.more.elems); ok {
			n.test = containsText(what, texts)
			return true
		}
		elems := in.con.v.more.elems
		n.test = func(m *Machine) bool {
			v := what.eval(m)
			if v.kind == nothing {
				return false
			}
			for _, e := range elems {
				if m.equal(v, e) {
					return true
				}
			}
			return false
		}
		return true
	}
	n.test = func(m *Machine) bool {
		l, v := in.eval(m), what.eval(m)
		if l.kind == nothing || v.kind == nothing {
			return false
		}
		if l.kind != list {
			m.fail("contains() needs a list, %s was found", l.kind)
			return false
		}
		return m.holdsElement(l, v)
	}
	return true
}

func (m *Machine) holdsElement(l, v value) bool {
	found := false
	m.each(l, func(_, e value) bool {
		found = m.equal(v, e)
		return !found && m.err == nil
	})
	return found
}

func (c *compiler) wantListIn(n *node) bool {
	if n.sort() == textSort && !n.bad {
		c.errorf(n.rng, "Not a list", "contains() looks for an element of a list; %s is %s. For a part of a text write strcontains(text, part).", describe(n), article(n.typ))
		return false
	}
	return c.wantList(n, "contains()")
}

// allTexts returns the elements as Go strings if all are text.
func allTexts(elems []value) ([]string, bool) {
	texts := make([]string, len(elems))
	for i, e := range elems {
		if e.kind != text {
			return nil, false
		}
		texts[i] = string(e.raw)
	}
	return texts, true
}

// containsText looks a text up in a constant list: one after the other in a
// short list, by hash in a long one.
func containsText(what *node, texts []string) func(*Machine) bool {
	eval := what.eval
	look := func(s []byte) bool {
		for _, t := range texts {
			if string(s) == t {
				return true
			}
		}
		return false
	}
	if len(texts) > 8 {
		set := make(map[string]struct{}, len(texts))
		for _, t := range texts {
			set[t] = struct{}{}
		}
		look = func(s []byte) bool {
			_, ok := set[string(s)]
			return ok
		}
	}
	return func(m *Machine) bool {
		v := eval(m)
		if v.kind != text {
			return false
		}
		s, ok := m.text(v)
		return ok && look(s)
	}
}
