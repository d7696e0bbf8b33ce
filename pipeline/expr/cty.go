package expr

import (
	"github.com/zclconf/go-cty/cty"
)

// maxDepth bounds what is handed to cty, which recurses over types.
const maxDepth = 256

// toCty returns v as HCL has it. Null has no type. It is false after a
// failure.
func (m *Machine) toCty(v value) (cty.Value, bool) {
	c := m.ctyAt(v, maxDepth)
	return c, m.err == nil
}

func (m *Machine) ctyAt(v value, depth int) cty.Value {
	if m.err != nil {
		return cty.DynamicVal
	}
	if m.took++; m.took > maxElements {
		m.fail("more than %d elements", maxElements)
		return cty.DynamicVal
	}
	switch v.kind {
	case boolean:
		return cty.BoolVal(v.n != 0)
	case number:
		f, ok := m.big(v)
		if !ok {
			return cty.DynamicVal
		}
		return cty.NumberVal(f)
	case text:
		s, ok := m.text(v)
		if !ok {
			return cty.DynamicVal
		}
		return cty.StringVal(string(s))
	case nothing:
		return cty.NullVal(cty.DynamicPseudoType)
	}
	if v.more != nil && v.more.cty != cty.NilVal {
		return v.more.cty
	}
	if depth == 0 {
		m.fail("a value nested deeper than %d cannot be calculated with", maxDepth)
		return cty.DynamicVal
	}
	if v.kind == list {
		var elems []cty.Value
		m.each(v, func(_, e value) bool {
			elems = append(elems, m.ctyAt(e, depth-1))
			return m.err == nil
		})
		return cty.TupleVal(elems)
	}
	x := m.members(v)
	attrs := make(map[string]cty.Value, len(x.keys))
	for i, k := range x.keys {
		attrs[k] = m.ctyAt(x.elems[i], depth-1)
	}
	return cty.ObjectVal(attrs)
}

// fromCty takes an unmarked value.
func (m *Machine) fromCty(c cty.Value) value {
	t := c.Type()
	switch {
	case !c.IsKnown(), c.IsNull():
		return null // cty's functions do not know the answer where an untyped null is in reach
	case t == cty.Bool:
		return boolValue(c.True())
	case t == cty.String:
		return textValue([]byte(c.AsString()))
	case t == cty.Number:
		f := c.AsBigFloat()
		if !f.IsInf() {
			if e := f.MantExp(nil); e < 64 && e > -64 {
				if n, ok := parseSmall(f.Append(nil, 'f', -1)); ok {
					return n
				}
			}
		}
		return m.bigValue(f)
	case t.IsCapsuleType():
		m.fail("a reference to a block is no value")
		return null
	}
	x := m.extra()
	x.cty = c
	isObject := t.IsObjectType() || t.IsMapType()
	for k, e := range c.Elements() {
		if isObject {
			x.keys = append(x.keys, k.AsString())
		}
		x.elems = append(x.elems, m.fromCty(e))
	}
	if isObject {
		x.sort()
		return value{kind: object, form: inPlace, more: x}
	}
	return value{kind: list, form: inPlace, more: x}
}
