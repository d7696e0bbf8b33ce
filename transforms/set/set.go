// Package set is `transform "set"`: it gives fields new values. All of them are
// computed from the record as it arrived, not from each other, so that their
// order means nothing. A field that is there is replaced wherever it stands, one
// that is not is added at the end, and so are the objects on its way.
//
// A record for which a value cannot be computed is rejected. What is computed
// from a personal field is personal: a new field has the highest class that its
// expression reads.
package set

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// Kind describes `transform "set"`.
func Kind() catalog.Kind {
	return catalog.Kind{
		Class: addr.Transform,
		Name:  "set",
		Doc:   "Gives fields new values, computed from the record as it arrived.",
		Body: catalog.Block{Attrs: []catalog.Attr{
			{Name: "fields", Form: catalog.Expressions, Required: true, Shape: true,
				Doc: "The fields and their values. A key may be a path: \"a.b\" is the field b of the object a."},
		}},
		Transform: decode,
	}
}

func decode(a *catalog.Args) (pipeline.Transform, hcl.Diagnostics) {
	s := &set{addr: a.Addr, schema: a.Input}
	named, diags := a.Programs("fields")
	for _, n := range named {
		f, d := s.field(a, n)
		diags = append(diags, d...)
		if d.HasErrors() {
			continue
		}
		s.fields = append(s.fields, f)
		s.schema = s.schema.With(f.path, schema.Field{Type: f.program.Type(), Class: f.program.Class()})
	}
	if diags.HasErrors() {
		return nil, diags
	}
	return s, diags
}

// field checks one entry of fields against those before it.
func (s *set) field(a *catalog.Args, n catalog.Named) (field, hcl.Diagnostics) {
	if n.Program == nil {
		return field{}, nil // reported already
	}
	p, err := record.ParsePath(n.Name)
	if err != nil {
		return field{}, catalog.Fault(n.Range, "Not a path", fmt.Sprintf("%q is no field: %s.", n.Name, err))
	}
	for _, st := range p.Steps() {
		if st.Each {
			return field{}, catalog.Fault(n.Range, "List in a path",
				fmt.Sprintf("%q goes through a list, whose elements cannot be set one by one. Set the list as a whole, with a for expression.", n.Name))
		}
	}
	for _, o := range s.fields {
		if p.Overlaps(o.path) {
			return field{}, catalog.Fault(n.Range, "Overlapping fields",
				fmt.Sprintf("%q and %q lie in one another, and all fields are computed from the record as it arrived. Set only the outer one.", o.path, p))
		}
	}
	if d := n.Program.Outgoing(); d.HasErrors() {
		return field{}, d
	}
	return field{path: p, slot: a.Layout.Slot(p), program: n.Program}, nil
}

type set struct {
	addr   addr.Instance
	schema *schema.Schema
	fields []field
}

type field struct {
	path    record.Path
	slot    record.Slot
	program *expr.Program
}

func (s *set) Schema() *schema.Schema { return s.schema }

// Interpreted names the functions that are called through cty on each record.
func (s *set) Interpreted() []string {
	var names []string
	for _, f := range s.fields {
		names = append(names, f.program.Interpreted()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (s *set) Open(sl pipeline.Slice) pipeline.Stage {
	st := &stage{set: s, values: make([][2]int, len(s.fields))}
	for _, f := range s.fields {
		st.machines = append(st.machines, f.program.Open(sl.End))
	}
	return st
}

type stage struct {
	set      *set
	machines []*expr.Machine
	json     []byte   // the values of one record, one after the other
	values   [][2]int // where each stands in json
}

func (s *stage) Apply(ctx context.Context, b *record.Batch) error {
	for i := range b.Len() {
		if !b.Live(i) {
			continue
		}
		if err := s.compute(b, i); err != nil {
			b.Reject(i, err)
			continue
		}
		for k, f := range s.set.fields {
			v := s.values[k]
			b.SetPath(i, f.path, f.slot, s.json[v[0]:v[1]])
		}
	}
	return ctx.Err()
}

// compute finds all values of record i before any of them is set.
func (s *stage) compute(b *record.Batch, i int) error {
	s.json = s.json[:0]
	for k, m := range s.machines {
		from := len(s.json)
		var err error
		if s.json, err = m.AppendJSON(s.json, b, i); err != nil {
			return fmt.Errorf("%s: field %s: %w", s.set.addr, s.set.fields[k].path, err)
		}
		s.values[k] = [2]int{from, len(s.json)}
	}
	return nil
}

func (s *stage) Close() {}
