package logs

import (
	"fmt"
	"strings"

	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// schema builds the log's schema in one shape.
func (f *file) schema(shape Shape) (*schema.Schema, error) {
	switch {
	case shape == Graph && f.log.Path != "":
		return f.graph(), nil
	case shape == Diagnostic && f.log.Category != "":
		return f.enveloped()
	case shape == LogAnalytics && f.log.Table != "":
		return f.columnar()
	default:
		return nil, fmt.Errorf("log %s never comes in the shape %q", f.log.Name, shape)
	}
}

func (f *file) graph() *schema.Schema {
	return &schema.Schema{
		Log:     f.log.Name,
		Record:  &schema.Type{Kind: schema.Object, Fields: f.record},
		ID:      at(f.log.ID),
		Time:    at(f.log.Time),
		Unknown: schema.FreeText,
	}
}

// at returns the path of names that are joined by dots, zero for none.
func at(names string) record.Path {
	if names == "" {
		return record.Path{}
	}
	p, err := record.ParsePath(names)
	if err != nil {
		return record.Path{}
	}
	return p
}

// properties is the record as diagnostic settings write it.
func (f *file) properties() (*schema.Schema, error) {
	s := f.graph()
	for _, l := range f.diagnostic {
		field, err := f.types.field(l, nil)
		if err != nil {
			return nil, err
		}
		p, err := record.ParsePath(field.Name)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", l.no, err)
		}
		s = s.With(p, field)
	}
	return s, nil
}

func (f *file) enveloped() (*schema.Schema, error) {
	inner, err := f.properties()
	if err != nil {
		return nil, err
	}
	s := f.graph()
	s.Record = &schema.Type{Kind: schema.Object, Fields: append(f.envelope[:len(f.envelope):len(f.envelope)], schema.Field{
		Name: "properties", Type: inner.Record, Doc: "The record.",
	})}
	s.ID, s.Time = record.Path{}, at("time")
	if f.log.ID != "" {
		s.ID = at("properties." + f.log.ID)
	}
	return s, nil
}

func (f *file) columnar() (*schema.Schema, error) {
	inner, err := f.properties()
	if err != nil {
		return nil, err
	}
	s := f.graph()
	s.ID, s.Time, s.Record = record.Path{}, at("TimeGenerated"), &schema.Type{Kind: schema.Object}
	for _, l := range f.expand(f.table) {
		c, source, err := f.column(l, inner)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", l.no, err)
		}
		s.Record.Fields = append(s.Record.Fields, c)
		if f.log.ID != "" && source.String() == f.log.ID {
			s.ID = at(c.Name)
		}
	}
	return s, nil
}

// expand puts the lines of a group where "include GROUP" stands.
func (f *file) expand(body []line) []line {
	var out []line
	for _, l := range body {
		words, _ := split(l)
		if len(words) == 2 && words[0] == "include" {
			out = append(out, f.columns[words[1]]...)
		} else {
			out = append(out, l)
		}
	}
	return out
}

// column reads "Name type [class] [= field] # doc" and returns the column and
// the field of the record that it holds, if any.
func (f *file) column(l line, inner *schema.Schema) (schema.Field, record.Path, error) {
	words, doc := split(l)
	var from record.Path
	if n := len(words); n > 2 && words[n-2] == "=" {
		from, words = at(words[n-1]), words[:n-2]
	}
	if len(words) < 2 || len(words) > 4 {
		return schema.Field{}, from, fmt.Errorf("want a name, a type and perhaps a class")
	}
	c := schema.Field{Name: words[0], Type: columnType(words[1]), Doc: doc}
	if len(words) > 2 {
		var err error
		c.Class, err = schema.ParseClass(words[2])
		c.Volatile = len(words) == 4 && words[3] == "volatile"
		return c, from, err
	}
	if from.IsZero() {
		from = named(inner, c.Name)
	}
	if from.IsZero() {
		return c, from, fmt.Errorf("column %s is no field of the record: say its class", c.Name)
	}
	high, err := inner.Lookup(from)
	if err != nil {
		return c, from, err
	}
	carry(&c, words[1], high, inner)
	return c, from, nil
}

// named returns the record's own field of that name in any case.
func named(s *schema.Schema, name string) record.Path {
	for _, n := range s.Names() {
		if strings.EqualFold(n, name) {
			return record.PathOf(record.Step{Key: n})
		}
	}
	return record.Path{}
}

// carry gives column c what it keeps of the field it holds. A table writes an
// object into a dynamic column as it is, into a string column as text.
func carry(c *schema.Field, word string, f schema.Field, inner *schema.Schema) {
	if c.Doc == "" {
		c.Doc = f.Doc
	}
	c.Class, c.Volatile = f.Class, f.Volatile
	kind := schema.Any
	if f.Type != nil {
		kind = f.Type.Kind
	}
	nested := kind == schema.Object || kind == schema.List
	switch {
	case word == "dynamic" && nested:
		own, _ := inner.Record.Member(f.Name)
		c.Type, c.Class, c.Set = own.Type, own.Class, own.Set
	case word == "string" && nested:
		c.Type = &schema.Type{Kind: schema.JSON}
	case word == "string" && kind.Text():
		c.Type = f.Type
	}
}

// columnType is the type that a table's own type leaves open to no other.
func columnType(word string) *schema.Type {
	switch word {
	case "string":
		return &schema.Type{Kind: schema.String}
	case "datetime":
		return &schema.Type{Kind: schema.Time}
	case "bool":
		return &schema.Type{Kind: schema.Bool}
	case "int", "long":
		return &schema.Type{Kind: schema.Int}
	case "real":
		return &schema.Type{Kind: schema.Float}
	default: // dynamic
		return nil
	}
}
