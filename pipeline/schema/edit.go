package schema

import (
	"slices"

	"github.com/logpipe/logpipe/pipeline/record"
)

// Open returns the schema of a record of which nothing is known but that it is
// a JSON object: no id, no time, and whatever it holds may be about a person.
func Open(log string) *Schema {
	return &Schema{Log: log, Record: &Type{Kind: Object, Open: true}, Unknown: FreeText}
}

// With returns s with f at p, which replaces what s says of p. Parents that are
// missing, or are not what p takes them for, become objects (or lists of
// objects, for a step with []), as they do in the records. f.Name is ignored:
// the last key of p is the name. The record's id and time stay if they are
// still there.
func (s *Schema) With(p record.Path, f Field) *Schema {
	if p.IsZero() {
		return s
	}
	out := *s
	out.Record = with(s.Record, p.Steps(), f)
	return out.settle()
}

func with(t *Type, steps []record.Step, f Field) *Type {
	step := steps[0]
	out := &Type{Kind: Object, Open: t.kind() == Any}
	if t.kind() == Object {
		out.Open, out.Fields = t.Open, slices.Clone(t.Fields)
	}
	i := out.index(step.Key)
	if i < 0 {
		i = len(out.Fields)
		out.Fields = append(out.Fields, Field{Name: step.Key, Type: &Type{Kind: Object}})
	}
	m := &out.Fields[i]
	inner := m.Type
	switch {
	case step.Each && inner.kind() == List:
		inner = inner.Elem
	case step.Each && inner.kind() != Any:
		inner = &Type{Kind: Object}
	}
	switch last := len(steps) == 1; {
	case last && step.Each:
		m.Type, m.Class = &Type{Kind: List, Elem: f.Type}, f.Class
	case last:
		f.Name = step.Key
		*m = f
	case step.Each:
		m.Type = &Type{Kind: List, Elem: with(inner, steps[1:], f)}
	default:
		m.Type = with(inner, steps[1:], f)
	}
	return out
}

// Without returns s without the field at p. An object that loses its last
// member stays, as it does in the records.
func (s *Schema) Without(p record.Path) *Schema {
	if p.IsZero() {
		return s
	}
	out := *s
	out.Record = without(s.Record, p.Steps())
	return out.settle()
}

func without(t *Type, steps []record.Step) *Type {
	i := t.index(steps[0].Key)
	if i < 0 {
		return t
	}
	out := *t
	out.Fields = slices.Clone(t.Fields)
	if len(steps) == 1 {
		out.Fields = slices.Delete(out.Fields, i, i+1)
		return &out
	}
	m := &out.Fields[i]
	switch {
	case !steps[0].Each:
		m.Type = without(m.Type, steps[1:])
	case m.Type.kind() == List:
		m.Type = &Type{Kind: List, Elem: without(m.Type.Elem, steps[1:])}
	}
	return &out
}

// Only returns s narrowed to the fields at paths and what is in them, in the
// order of s. Objects on the way keep nothing else and are no longer open.
// Paths that s does not know are left out, unless they may be there all the
// same: then they are there with any value. ID and Time become zero if they
// are not kept.
func (s *Schema) Only(paths ...record.Path) *Schema {
	want := make([][]record.Step, 0, len(paths))
	for _, p := range paths {
		if !p.IsZero() {
			want = append(want, p.Steps())
		}
	}
	out := *s
	out.Record = s.only(s.Record, None, want)
	return out.settle()
}

// only narrows an object of class c to the paths in want, none of which is
// empty.
func (s *Schema) only(t *Type, c Class, want [][]record.Step) *Type {
	out := &Type{Kind: Object}
	if t.kind() != Object {
		return out
	}
	for _, f := range t.Fields {
		if n, ok := s.narrow(f, c, want); ok {
			out.Fields = append(out.Fields, n)
		}
	}
	if !t.Open {
		return out
	}
	for _, steps := range want { // what nobody knows, but may be there
		if key := steps[0].Key; t.index(key) < 0 && out.index(key) < 0 {
			out.Fields = append(out.Fields, Field{Name: key, Class: effective(c, s.Unknown)})
		}
	}
	return out
}

// narrow returns f, which is in an object of class c, as far as want keeps it.
func (s *Schema) narrow(f Field, c Class, want [][]record.Step) (Field, bool) {
	c = effective(f.Class, c)
	var inside, each [][]record.Step
	for _, steps := range want {
		switch {
		case steps[0].Key != f.Name:
		case len(steps) == 1:
			return f, true
		case steps[0].Each:
			each = append(each, steps[1:])
		default:
			inside = append(inside, steps[1:])
		}
	}
	switch k := f.Type.kind(); {
	case k == Object && inside != nil:
		f.Type = s.only(f.Type, c, inside)
	case k == List && each != nil:
		f.Type = &Type{Kind: List, Elem: s.narrowElem(f.Type.Elem, c, each)}
	case k == Any && (inside != nil || each != nil):
		// its form is not known, so what is kept has the class of the whole
	default:
		return Field{}, false
	}
	return f, true
}

func (s *Schema) narrowElem(t *Type, c Class, want [][]record.Step) *Type {
	if t.kind() == Any {
		return t
	}
	return s.only(t, c, want)
}

// Rename returns s with the field at from moved to the path to. Unlike With
// after Lookup it keeps what the members of a container say of themselves. The
// error is Lookup's.
func (s *Schema) Rename(from, to record.Path) (*Schema, error) {
	f, around, err := s.find(from)
	if err != nil {
		return nil, err
	}
	f.Class = effective(f.Class, around)
	out := s.Without(from).With(to, f)
	if s.ID.Within(from) {
		out.ID = to.Join(s.ID.Steps()[len(from.Steps()):]...)
	}
	if s.Time.Within(from) {
		out.Time = to.Join(s.Time.Steps()[len(from.Steps()):]...)
	}
	return out.settle(), nil
}

// settle forgets the id and the time that are no longer there.
func (s *Schema) settle() *Schema {
	if !s.scalar(s.ID, func(k Kind) bool { return k != Object && k != List }) {
		s.ID = record.Path{}
	}
	if !s.scalar(s.Time, func(k Kind) bool { return k == Time || k == Any }) {
		s.Time = record.Path{}
	}
	return s
}

func (s *Schema) scalar(p record.Path, ok func(Kind) bool) bool {
	if p.IsZero() {
		return false
	}
	f, _, err := s.find(p)
	return err == nil && ok(f.Type.kind())
}
