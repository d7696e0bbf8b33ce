package schema

import "github.com/logpipe/logpipe/pipeline/record"

// Leaf is a field with its place.
type Leaf struct {
	Path record.Path
	Field
}

// Leaves returns every field that holds a value and not named members, in the
// order of the schema. A list of scalars is one leaf a[], a list of objects
// gives a[].b. An open object that names no member is a leaf itself. Classes
// are as Lookup gives them.
func (s *Schema) Leaves() []Leaf {
	var out []Leaf
	s.Walk(func(l Leaf) {
		switch t := l.Type; {
		case t.kind() == List && !lastEach(l.Path): // its elements come next
		case t.kind() == Object && (!t.Open || len(t.Fields) > 0): // so do its members
		default:
			out = append(out, l)
		}
	})
	return out
}

// Walk calls fn for every field of s, containers before what is in them. A
// list is called as a and its elements as a[]. Classes are as Lookup gives
// them.
func (s *Schema) Walk(fn func(Leaf)) {
	s.walk(nil, s.Record, None, fn)
}

func (s *Schema) walk(at []record.Step, t *Type, around Class, fn func(Leaf)) {
	if t.kind() != Object {
		return
	}
	for _, f := range t.Fields {
		own := effective(f.Class, around)
		steps := append(at[:len(at):len(at)], record.Step{Key: f.Name})
		l := Leaf{Path: record.PathOf(steps...), Field: f}
		l.Class = s.reveals(f.Type, own)
		fn(l)
		inner := f.Type
		if inner.kind() == List {
			steps = append(at[:len(at):len(at)], record.Step{Key: f.Name, Each: true})
			inner = inner.Elem
			l.Path, l.Type, l.Set = record.PathOf(steps...), inner, false
			fn(l)
		}
		s.walk(steps, inner, own, fn)
	}
}

func lastEach(p record.Path) bool {
	steps := p.Steps()
	return len(steps) > 0 && steps[len(steps)-1].Each
}

// Names returns the names of the record's own members, in order.
func (s *Schema) Names() []string {
	if s.Record.kind() != Object {
		return nil
	}
	names := make([]string, len(s.Record.Fields))
	for i, f := range s.Record.Fields {
		names[i] = f.Name
	}
	return names
}

// Sets returns the lists whose order means nothing.
func (s *Schema) Sets() []record.Path {
	return s.paths(func(f Field) bool { return f.Set && f.Type.kind() == List })
}

// Volatile returns the fields that may differ between two reads of one record
// without meaning.
func (s *Schema) Volatile() []record.Path {
	return s.paths(func(f Field) bool { return f.Volatile })
}

func (s *Schema) paths(want func(Field) bool) []record.Path {
	var out []record.Path
	s.Walk(func(l Leaf) {
		if !lastEach(l.Path) && want(l.Field) {
			out = append(out, l.Path)
		}
	})
	return out
}
