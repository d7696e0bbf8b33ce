package schema

import (
	"fmt"
	"strings"

	"github.com/logpipe/logpipe/pipeline/record"
)

// NotFound says that a record has no such field, as far as the schema knows.
type NotFound struct {
	Path    record.Path // what was asked for
	Parent  record.Path // how far it could be followed; zero for the record itself
	In      *Type       // what stands at Parent
	Name    string      // the member that Parent lacks; "" if Parent is a list and [] was left out or too much
	Nearest string      // a member of Parent that may have been meant; "" if none is near

	Elsewhere record.Path // a field of that very name in another place; zero if there is none or Nearest is set
}

func (e *NotFound) Error() string {
	where := "a record"
	if !e.Parent.IsZero() {
		where = e.Parent.String()
	}
	switch {
	case e.In.kind() == List:
		return fmt.Sprintf("field %s: %s is a list: write %s[] to mean each of its elements", e.Path, where, where)
	case e.Name == "":
		return fmt.Sprintf("field %s: %s is of type %s, [] follows the name of a list only", e.Path, where, e.In)
	case e.In.kind() == JSON:
		return fmt.Sprintf("field %s: %s is text that holds JSON; a path does not reach inside, decode it first", e.Path, where)
	case e.In.kind() != Object:
		return fmt.Sprintf("field %s: %s is of type %s and has no members", e.Path, where, e.In)
	case e.Nearest != "":
		return fmt.Sprintf("field %s: %s has no field %q, did you mean %q?", e.Path, where, e.Name, e.Nearest)
	case !e.Elsewhere.IsZero():
		return fmt.Sprintf("field %s: %s has no field %q, did you mean %s?", e.Path, where, e.Name, e.Elsewhere)
	default:
		return fmt.Sprintf("field %s: %s has no field %q", e.Path, where, e.Name)
	}
}

func (t *Type) kind() Kind {
	if t == nil {
		return Any
	}
	return t.Kind
}

// Lookup returns the field at p. A step with [] means the elements of the
// list: the type of a[] is that of one element.
//
// The class of the answer is what reading the field would reveal. A field that
// says None has the class of the nearest container around it that says
// something; an object or list has the highest class of what is in it, and an
// open one at least the class of members that nobody knows: the object's own
// if it has one, else s.Unknown.
//
// What lies inside an open object or a value of any form has a nil Type; in a
// value of any form it has the class of the whole. The error is a *NotFound if
// the schema knows that there is no such field.
func (s *Schema) Lookup(p record.Path) (Field, error) {
	f, around, err := s.find(p)
	if err != nil {
		return Field{}, err
	}
	f.Class = s.reveals(f.Type, effective(f.Class, around))
	return f, nil
}

// find returns the field at p as it was written, and the class it inherits.
func (s *Schema) find(p record.Path) (Field, Class, error) {
	f := Field{Type: s.Record}
	around := None
	steps := p.Steps()
	for i, step := range steps {
		around = effective(f.Class, around)
		at := f.Type
		m, ok := at.Member(step.Key)
		switch {
		case ok:
		case at.kind() == Any:
			return Field{Name: steps[len(steps)-1].Key, Class: around}, around, nil
		case at.Kind == Object && at.Open:
			return Field{Name: steps[len(steps)-1].Key, Class: effective(around, s.Unknown)}, around, nil
		default:
			return Field{}, None, s.notFound(p, i, at)
		}
		f = m
		if !step.Each {
			continue
		}
		switch {
		case f.Type == nil || f.Type.Kind == Any:
			f.Type = nil
		case f.Type.Kind == List:
			f.Type, f.Set = f.Type.Elem, false
		default:
			parent := append(append([]record.Step(nil), steps[:i]...), record.Step{Key: step.Key})
			return Field{}, None, &NotFound{Path: p, Parent: record.PathOf(parent...), In: f.Type}
		}
	}
	return f, around, nil
}

func effective(own, around Class) Class {
	if own == None {
		return around
	}
	return own
}

// notFound says that what stands before step i of p, which is of type in,
// lacks that step.
func (s *Schema) notFound(p record.Path, i int, in *Type) *NotFound {
	steps := p.Steps()
	e := &NotFound{Path: p, Parent: record.PathOf(steps[:i:i]...), In: in, Name: steps[i].Key}
	if e.Nearest = in.nearest(e.Name); e.Nearest != "" || in.Kind != Object {
		return e
	}
	s.Walk(func(l Leaf) {
		if l.Name == e.Name && !lastEach(l.Path) && e.Elsewhere.IsZero() {
			e.Elsewhere = l.Path
		}
	})
	return e
}

// reveals returns the highest class of what is in t, whose own class is c.
func (s *Schema) reveals(t *Type, c Class) Class {
	switch t.kind() {
	case Object:
		high := c
		if t.Open {
			high = effective(c, s.Unknown)
		}
		for _, f := range t.Fields {
			high = max(high, s.reveals(f.Type, effective(f.Class, c)))
		}
		return high
	case List:
		return s.reveals(t.Elem, c)
	default:
		return c
	}
}

// nearest returns the member whose name is most like name, or "": the same
// but for case, else at most a third of the letters wrong.
func (t *Type) nearest(name string) string {
	if t == nil || t.Kind != Object {
		return ""
	}
	best, least := "", max(1, len(name)/3)+1
	lower := strings.ToLower(name)
	for _, f := range t.Fields {
		if d := distance(lower, strings.ToLower(f.Name), least); d < least {
			best, least = f.Name, d
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap with their
// neighbour to turn a into b (optimal string alignment); most if there are
// more than that.
func distance(a, b string, most int) int {
	if len(a)-len(b) >= most || len(b)-len(a) >= most {
		return most
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], most)
}
