package schema

import (
	"slices"

	"github.com/logpipe/logpipe/pipeline/record"
)

// Join returns what is known of a record that follows a or b: every field of
// either. Where both have it, the same type stays, two kinds of text become
// text, two kinds of number become a number, and all else becomes any JSON;
// the highest class wins. ID and Time stay if both have the same.
func Join(a, b *Schema) *Schema {
	out := &Schema{Unknown: max(a.Unknown, b.Unknown)}
	out.Record = out.join(Field{Type: a.Record}, Field{Type: b.Record}).Type
	if a.Log == b.Log {
		out.Log = a.Log
	}
	out.ID, out.Time = same(a.ID, b.ID), same(a.Time, b.Time)
	return out.settle()
}

func same(a, b record.Path) record.Path {
	if a.String() == b.String() {
		return a
	}
	return record.Path{}
}

func (s *Schema) join(a, b Field) Field {
	out := Field{
		Name:     a.Name,
		Class:    max(a.Class, b.Class),
		Set:      a.Set && b.Set,
		Volatile: a.Volatile || b.Volatile,
		Doc:      a.Doc,
	}
	if out.Doc == "" {
		out.Doc = b.Doc
	}
	ka, kb := a.Type.kind(), b.Type.kind()
	switch {
	case ka == Object && kb == Object:
		out.Type = s.joinObjects(a.Type, b.Type)
	case ka == List && kb == List:
		elem := s.join(Field{Type: a.Type.Elem, Class: a.Class}, Field{Type: b.Type.Elem, Class: b.Class})
		out.Type, out.Class = &Type{Kind: List, Elem: elem.Type}, elem.Class
	case ka == Enum && kb == Enum:
		out.Type = &Type{Kind: Enum, Values: union(a.Type.Values, b.Type.Values)}
	case ka == kb:
		out.Type = a.Type
	case ka == JSON && kb.Text() || kb == JSON && ka.Text():
		out.Type = &Type{Kind: JSON}
	case ka.Text() && kb.Text():
		out.Type = &Type{Kind: String}
	case ka == Int && kb == Float || ka == Float && kb == Int:
		out.Type = &Type{Kind: Float}
	default:
		// The members go, and what they said of themselves with them.
		out.Class = max(s.reveals(a.Type, a.Class), s.reveals(b.Type, b.Class))
	}
	return out
}

func (s *Schema) joinObjects(a, b *Type) *Type {
	out := &Type{Kind: Object, Open: a.Open || b.Open}
	for _, f := range a.Fields {
		if g, ok := b.Member(f.Name); ok {
			f = s.join(f, g)
		}
		out.Fields = append(out.Fields, f)
	}
	for _, g := range b.Fields {
		if a.index(g.Name) < 0 {
			out.Fields = append(out.Fields, g)
		}
	}
	return out
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, v := range b {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
