package logs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/logpipe/logpipe/pipeline/schema"
)

// deepest is how far objects may nest in a data file; the logs need five.
const deepest = 32

// scope holds the types that have a name.
type scope map[string]*schema.Type

// enum takes "enum NAME value …"; further lines of one name add values.
func (s scope) enum(e entry) error {
	words := strings.Fields(e.value)
	if len(words) < 2 {
		return fmt.Errorf("enum: want a name and values")
	}
	t := s[words[0]]
	if t == nil {
		t = &schema.Type{Kind: schema.Enum}
		s[words[0]] = t
	} else if t.Kind != schema.Enum {
		return fmt.Errorf("enum %s: the name is a type's", words[0])
	}
	t.Values = append(t.Values, words[1:]...)
	return nil
}

// object takes "type NAME" and the fields below it.
func (s scope) object(e entry) error {
	if e.value == "" || strings.Contains(e.value, " ") || s[e.value] != nil {
		return fmt.Errorf("type %q: want one name that is still free", e.value)
	}
	fields, err := s.fields(e.body)
	if err != nil {
		return err
	}
	s[e.value] = &schema.Type{Kind: schema.Object, Fields: fields}
	return nil
}

// fields reads lines of one indentation, each with the deeper ones below it.
func (s scope) fields(body []line) ([]schema.Field, error) { return s.nested(body, 0) }

func (s scope) nested(body []line, depth int) ([]schema.Field, error) {
	if depth > deepest {
		return nil, fmt.Errorf("line %d: nested over %d deep", body[0].no, deepest)
	}
	var out []schema.Field
	for len(body) > 0 {
		head := body[0]
		n := 1
		for n < len(body) && body[n].indent > head.indent {
			n++
		}
		if n < len(body) && body[n].indent < head.indent {
			return nil, fmt.Errorf("line %d: indented less than its neighbours", body[n].no)
		}
		members, err := s.nested(body[1:n], depth+1)
		if err != nil {
			return nil, err
		}
		f, err := s.field(head, members)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out, func(o schema.Field) bool { return o.Name == f.Name }) {
			return nil, fmt.Errorf("line %d: field %q is there already", head.no, f.Name)
		}
		out, body = append(out, f), body[n:]
	}
	return out, nil
}

// field reads one line: name, type, class, flags, # doc.
func (s scope) field(l line, members []schema.Field) (schema.Field, error) {
	words, doc := split(l)
	if len(words) < 3 {
		return schema.Field{}, fmt.Errorf("line %d: want a name, a type and a class", l.no)
	}
	f := schema.Field{Name: words[0], Doc: doc}
	var err error
	if f.Class, err = schema.ParseClass(words[2]); err != nil {
		return f, fmt.Errorf("line %d: field %s: %w", l.no, f.Name, err)
	}
	open := false
	for _, w := range words[3:] {
		switch w {
		case "set":
			f.Set = true
		case "volatile":
			f.Volatile = true
		case "open":
			open = true
		default:
			return f, fmt.Errorf("line %d: field %s: flag %q is not known", l.no, f.Name, w)
		}
	}
	if f.Type, err = s.typeOf(words[1], members, open); err != nil {
		return f, fmt.Errorf("line %d: field %s: %w", l.no, f.Name, err)
	}
	return f, nil
}

// typeOf reads the word of a type; members are the fields below an object.
func (s scope) typeOf(word string, members []schema.Field, open bool) (*schema.Type, error) {
	if inner, ok := strings.CutPrefix(word, "["); ok && strings.HasSuffix(inner, "]") {
		inner = strings.TrimSuffix(inner, "]")
		if strings.HasPrefix(inner, "[") {
			return nil, fmt.Errorf("type %s: no path reaches into a list in a list", word)
		}
		elem, err := s.typeOf(inner, members, open)
		return &schema.Type{Kind: schema.List, Elem: elem}, err
	}
	if word == "object" {
		return &schema.Type{Kind: schema.Object, Fields: members, Open: open}, nil
	}
	if members != nil || open {
		return nil, fmt.Errorf("type %s has no members of its own; only an object has", word)
	}
	switch word {
	case "string":
		return &schema.Type{Kind: schema.String}, nil
	case "bool":
		return &schema.Type{Kind: schema.Bool}, nil
	case "int":
		return &schema.Type{Kind: schema.Int}, nil
	case "float":
		return &schema.Type{Kind: schema.Float}, nil
	case "time":
		return &schema.Type{Kind: schema.Time}, nil
	case "json":
		return &schema.Type{Kind: schema.JSON}, nil
	case "any":
		return nil, nil
	case "bag":
		return &schema.Type{Kind: schema.Object, Open: true}, nil
	}
	if t := s[word]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("type %q is not known", word)
}

// split cuts a line into its words and what stands behind #.
func split(l line) (words []string, doc string) {
	text, doc, _ := strings.Cut(l.text, " # ")
	return strings.Fields(text), strings.TrimSpace(doc)
}
