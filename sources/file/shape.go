package file

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

const shapeAuto = "auto"

// shapes knows the forms that the records of a source may come in, and tells
// the time of each. It has a layout of its own: dividing by time must not
// burden the scan of the whole pipeline.
type shapes struct {
	schema  *schema.Schema // what the source promises
	own     logs.Shape     // the shape whose id and time the schema has; "" without a log
	auto    bool
	scanner *record.Scanner
	times   map[logs.Shape]record.Slot // of the shapes that have one

	// What tells the shapes apart.
	properties, category, generated record.Slot
}

func shapesOf(a *catalog.Args, log string) (*shapes, hcl.Diagnostics) {
	s := &shapes{schema: schema.Open(""), times: map[logs.Shape]record.Slot{}}
	var l record.Layout
	defer func() { s.scanner = l.Compile() }()
	if log == "" {
		return s, nil
	}
	s.properties, s.category = l.Slot(name("properties")), l.Slot(name("category"))
	s.generated = l.Slot(name("TimeGenerated"))

	shape := a.Text("shape")
	s.auto = shape == "" || shape == shapeAuto
	s.schema = nil
	for _, sh := range []logs.Shape{logs.Graph, logs.Diagnostic, logs.LogAnalytics} {
		if !s.auto && string(sh) != shape {
			continue
		}
		known, ok := logs.Lookup(log, sh)
		if !ok {
			continue
		}
		if !known.Time.IsZero() {
			s.times[sh] = l.Slot(known.Time)
		}
		if s.schema == nil {
			s.schema, s.own = known, sh
			continue
		}
		s.schema = besides(s.schema, known)
	}
	if s.schema == nil {
		s.schema = schema.Open(log)
		return s, a.Wrong("shape", "Log has no such shape", fmt.Sprintf("Records of %s do not come in the shape %q.", log, shape))
	}
	return s, nil
}

func name(key string) record.Path { return record.PathOf(record.Step{Key: key}) }

// besides returns s with the fields of other that s does not have. A field of
// both keeps its form, so that it is checked as the one that is expected, and
// takes the higher class, because either may come.
func besides(s, other *schema.Schema) *schema.Schema {
	out := *s
	rec := *s.Record
	out.Record = &rec
	rec.Fields = append([]schema.Field(nil), s.Record.Fields...)
	at := map[string]int{}
	for i, f := range rec.Fields {
		at[f.Name] = i
	}
	for _, f := range other.Record.Fields {
		i, ok := at[f.Name]
		if !ok {
			rec.Fields = append(rec.Fields, f)
			continue
		}
		rec.Fields[i].Class = max(rec.Fields[i].Class, f.Class)
	}
	out.Unknown = max(s.Unknown, other.Unknown)
	return &out
}

// timed reports whether records of every shape have a time.
func (s *shapes) timed() bool { return len(s.times) > 0 }

// of tells the shape of record i.
func (s *shapes) of(b *record.Batch, i int) logs.Shape {
	switch {
	case !s.auto:
		return s.own
	case b.Value(i, s.properties).Kind() == record.Object && b.Value(i, s.category).Kind() != record.Missing:
		return logs.Diagnostic
	case b.Value(i, s.generated).Kind() != record.Missing:
		return logs.LogAnalytics
	}
	return s.own
}
