package expr

import (
	"sort"

	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/zclconf/go-cty/cty"
)

// each calls fn with the elements of a list or the members of an object, the
// latter sorted by name as HCL has them, the last of two of one name. The key
// is the number of an element or the name of a member. It stops on false.
func (m *Machine) each(v value, fn func(key, v value) bool) {
	switch {
	case v.kind == nothing:
	case v.kind == list && v.form == inJSON:
		n := int64(-1)
		record.ValueOf(v.raw).Each(func(_ []byte, e record.Value) bool {
			n++
			return fn(intValue(n), fromRecord(e))
		})
	case v.kind == list:
		for i, e := range v.more.elems {
			if !fn(intValue(int64(i)), e) {
				return
			}
		}
	case v.kind == object:
		x := m.members(v)
		for i, e := range x.elems {
			if !fn(textValue([]byte(x.keys[i])), e) {
				return
			}
		}
	default:
		m.fail("a list or an object is required, %s was found", v.kind)
	}
}

// members returns the members of an object, sorted by name.
func (m *Machine) members(v value) *extra {
	if v.form != inJSON {
		return v.more
	}
	x := m.extra()
	record.ValueOf(v.raw).Each(func(key []byte, e record.Value) bool {
		if !ascii(key) {
			if key, _ = m.normal(key); key == nil {
				return false
			}
		}
		x.keys = append(x.keys, string(key))
		x.elems = append(x.elems, fromRecord(e))
		return true
	})
	x.sort()
	return x
}

// sort orders members by name and keeps the last of two of one name.
func (x *extra) sort() {
	if !sort.StringsAreSorted(x.keys) {
		sort.Stable(byName{x})
	}
	n := 0
	for i := range x.keys {
		if i+1 < len(x.keys) && x.keys[i] == x.keys[i+1] {
			continue
		}
		x.keys[n], x.elems[n] = x.keys[i], x.elems[i]
		n++
	}
	x.keys, x.elems = x.keys[:n], x.elems[:n]
}

type byName struct{ *extra }

func (b byName) Len() int           { return len(b.keys) }
func (b byName) Less(i, j int) bool { return b.keys[i] < b.keys[j] }
func (b byName) Swap(i, j int) {
	b.keys[i], b.keys[j] = b.keys[j], b.keys[i]
	b.elems[i], b.elems[j] = b.elems[j], b.elems[i]
}

// member returns the member called name; null where there is none, be it that
// v is no object.
func (m *Machine) member(v value, name string) value {
	if v.kind != object {
		return null
	}
	if v.form == inJSON {
		found := null
		record.ValueOf(v.raw).Each(func(key []byte, e record.Value) bool {
			if string(key) == name {
				found = fromRecord(e)
			}
			return true
		})
		return found
	}
	i := sort.SearchStrings(v.more.keys, name)
	if i < len(v.more.keys) && v.more.keys[i] == name {
		return v.more.elems[i]
	}
	return null
}

// element returns element i of a list; null where there is none.
func (m *Machine) element(v value, i int64) value {
	if v.kind != list || i < 0 {
		return null
	}
	if v.form != inJSON {
		if i < int64(len(v.more.elems)) {
			return v.more.elems[i]
		}
		return null
	}
	found, n := null, int64(0)
	record.ValueOf(v.raw).Each(func(_ []byte, e record.Value) bool {
		if n == i {
			found = fromRecord(e)
			return false
		}
		n++
		return true
	})
	return found
}

// index is v[key] for a key that is known only now.
func (m *Machine) index(v, key value) value {
	switch {
	case v.kind == nothing || key.kind == nothing:
		return null
	case v.kind == object:
		name, ok := m.text(key)
		if !ok {
			return null
		}
		return m.member(v, string(name))
	case v.kind == list && v.more != nil && v.more.cty.Type().IsSetType():
		m.fail("elements of a set have no number; use for or tolist")
		return null
	case v.kind == list:
		n, ok := m.number(key)
		if !ok {
			return null
		}
		i, ok := m.toInt(n)
		if !ok {
			m.fail("the number of an element must be a whole number")
			return null
		}
		return m.element(v, i)
	default:
		m.fail("%s has no elements", v.kind)
		return null
	}
}

// length counts elements or members.
func (m *Machine) length(v value) int64 {
	if v.form != inJSON {
		return int64(len(v.more.elems))
	}
	if v.kind == object {
		return int64(len(m.members(v).elems))
	}
	n := int64(0)
	record.ValueOf(v.raw).Each(func([]byte, record.Value) bool {
		n++
		return true
	})
	return n
}

// number converts as HCL does: text that holds a number is one.
func (m *Machine) number(v value) (value, bool) {
	switch v.kind {
	case number:
		return v, true
	case text:
		s, ok := m.text(v)
		if !ok {
			return null, false
		}
		if n, ok := parseSmall(s); ok {
			return n, true
		}
		f, ok := m.parseBig(s)
		if !ok {
			return null, false
		}
		return m.bigValue(f), m.err == nil
	case nothing:
		return null, false
	default:
		m.fail("a number is required, %s was found", v.kind)
		return null, false
	}
}

// holds is a value as a condition: null is false; text converts as in HCL.
func (m *Machine) holds(v value) bool {
	switch v.kind {
	case boolean:
		return v.n != 0
	case nothing:
		return false
	case text:
		s, ok := m.text(v)
		if !ok {
			return false
		}
		switch string(s) {
		case "true", "1":
			return true
		case "false", "0":
			return false
		}
		m.fail("a bool is required, text of %d bytes was found", len(s))
		return false
	default:
		m.fail("a bool is required, %s was found", v.kind)
		return false
	}
}

// equal is what == says. Null equals null only.
func (m *Machine) equal(a, b value) bool {
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case nothing:
		return true
	case boolean:
		return a.n == b.n
	case number:
		return m.equalNumbers(a, b)
	case text:
		return m.equalText(a, b)
	case list:
		return comparable(a, b) && m.equalLists(a, b)
	default:
		return comparable(a, b) && m.equalObjects(a, b)
	}
}

// comparable reports whether two structures are of types that can be equal in
// HCL: a tuple never equals a list or a set, an object never a map. What stands
// in a record has no such type and takes that of the other.
func comparable(a, b value) bool {
	x, y := shape(a), shape(b)
	return x == y || a.form == inJSON && y != 's' || b.form == inJSON && x != 's'
}

func shape(v value) byte {
	if v.form == inJSON || v.more.cty == cty.NilVal {
		return 0
	}
	switch t := v.more.cty.Type(); {
	case t.IsListType():
		return 'l'
	case t.IsSetType():
		return 's'
	case t.IsMapType():
		return 'm'
	}
	return 0
}

func (m *Machine) equalLists(a, b value) bool {
	x, y := m.elements(a), m.elements(b)
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if !m.equal(x[i], y[i]) {
			return false
		}
	}
	return true
}

func (m *Machine) elements(v value) []value {
	if v.form != inJSON {
		return v.more.elems
	}
	var elems []value
	m.each(v, func(_, e value) bool {
		elems = append(elems, e)
		return true
	})
	return elems
}

// equalObjects takes a member that is null for a missing one.
func (m *Machine) equalObjects(a, b value) bool {
	x, y := m.members(a), m.members(b)
	i, j := 0, 0
	for i < len(x.keys) || j < len(y.keys) {
		switch {
		case j == len(y.keys) || i < len(x.keys) && x.keys[i] < y.keys[j]:
			if x.elems[i].kind != nothing {
				return false
			}
			i++
		case i == len(x.keys) || y.keys[j] < x.keys[i]:
			if y.elems[j].kind != nothing {
				return false
			}
			j++
		default:
			if !m.equal(x.elems[i], y.elems[j]) {
				return false
			}
			i, j = i+1, j+1
		}
	}
	return true
}
