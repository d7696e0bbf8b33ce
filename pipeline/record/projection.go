package record

// Projection narrows records to a set of paths. It is read-only and shared by
// all goroutines.
type Projection struct{ kept tree }

// Keep returns the projection onto paths. A path keeps all that stands below
// it; the objects and arrays on its way are narrowed.
func Keep(paths ...Path) *Projection {
	p := &Projection{}
	for _, q := range paths {
		if !q.IsZero() {
			p.kept.add(q, markKeep)
		}
	}
	return p
}

// Append appends the narrowed form of raw, a whole record: the members on kept
// paths in the record's order, each byte for byte, duplicate keys included.
// Where a path leads through an object (a.b) or the elements of an array
// (a[].b), a value of another type is not on it and is left out.
func (p *Projection) Append(dst, raw []byte) []byte {
	raw = trimSpace(raw)
	if len(raw) == 0 || raw[0] != '{' {
		return append(dst, "{}"...)
	}
	return p.kept.narrow(dst, raw)
}

// narrow appends the object raw with the members that t keeps.
func (t *tree) narrow(dst, raw []byte) []byte {
	first := true
	dst = append(dst, '{')
	_ = eachChild(raw, func(c child) bool {
		m := t.member(c.key)
		value := raw[c.value.Start:c.value.End]
		if m.keeps(value[0]) {
			dst = separate(dst, &first)
			dst = append(dst, raw[c.start:c.value.Start]...)
			dst = m.appendKept(dst, value)
		}
		return true
	})
	return append(dst, '}')
}

// keeps reports whether anything of a value that begins with c is kept.
func (t *tree) keeps(c byte) bool {
	switch {
	case t == nil:
		return false
	case t.marks&markKeep != 0:
		return true
	case c == '{':
		return t.members != nil
	}
	return c == '[' && t.each != nil
}

func (t *tree) appendKept(dst, value []byte) []byte {
	switch {
	case t.marks&markKeep != 0:
		return append(dst, value...)
	case value[0] == '{':
		return t.narrow(dst, value)
	}
	first := true
	dst = append(dst, '[')
	_ = eachChild(value, func(c child) bool {
		e := value[c.value.Start:c.value.End]
		if t.each.keeps(e[0]) {
			dst = separate(dst, &first)
			dst = t.each.appendKept(dst, e)
		}
		return true
	})
	return append(dst, ']')
}

func separate(dst []byte, first *bool) []byte {
	if *first {
		*first = false
		return dst
	}
	return append(dst, ',')
}
