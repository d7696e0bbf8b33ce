package selects

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// Kind describes `transform "select"`.
func Kind() catalog.Kind {
	return catalog.Kind{
		Class: addr.Transform,
		Name:  "select",
		Doc:   "Keeps or drops fields, and renames them.",
		Body: catalog.Block{Attrs: []catalog.Attr{
			{Name: "keep", Type: cty.List(cty.String), Shape: true,
				Doc: "The fields that stay; all others go. Paths such as \"a.b\" and \"a[].b\" narrow objects and lists."},
			{Name: "drop", Type: cty.List(cty.String), Shape: true,
				Doc: "The fields that go; all others stay."},
			{Name: "rename", Type: cty.Map(cty.String), Shape: true,
				Doc: "New names: { \"old\" = \"new\" }. Both may be paths through objects."},
		}},
		Transform: decode,
	}
}

func decode(a *catalog.Args) (pipeline.Transform, hcl.Diagnostics) {
	d := decoder{a: a, t: &transform{addr: a.Addr, schema: a.Input}}
	switch {
	case a.Has("keep") && a.Has("drop"):
		d.fault(a.RangeOf("drop"), "keep and drop", "A select has either keep or drop: what is not kept is dropped anyway.")
	case !a.Has("keep") && !a.Has("drop") && !a.Has("rename"):
		d.fault(a.Range(), "Nothing to select", "Write keep, drop or rename: without any of them every field stays as it is.")
	}
	d.keep()
	d.drop()
	d.rename()
	if d.diags.HasErrors() {
		return nil, d.diags
	}
	return d.t, d.diags
}

type decoder struct {
	a     *catalog.Args
	t     *transform
	diags hcl.Diagnostics
	kept  []record.Path
	gone  []record.Path
}

func (d *decoder) fault(at hcl.Range, summary, detail string) {
	d.diags = append(d.diags, catalog.Fault(at, summary, detail)...)
}

// paths checks a list of paths against the schema that reaches the block.
func (d *decoder) paths(items []catalog.Item) []record.Path {
	var paths []record.Path
	for _, it := range items {
		p, _, diags := catalog.CheckPath(d.a.Input, it)
		d.diags = append(d.diags, diags...)
		if !p.IsZero() {
			paths = append(paths, p)
		}
	}
	return paths
}

func (d *decoder) keep() {
	if !d.a.Has("keep") {
		return
	}
	if d.kept = d.paths(d.a.Items("keep")); len(d.kept) == 0 {
		if d.a.Known("keep") && len(d.a.Items("keep")) == 0 {
			d.fault(d.a.RangeOf("keep"), "Nothing to keep", "Every record would be empty. Name at least one field.")
		}
		return
	}
	d.t.keep = record.Keep(d.kept...)
	d.t.schema = d.t.schema.Only(d.kept...)
}

func (d *decoder) drop() {
	d.gone = outermost(d.paths(d.a.Items("drop")))
	for _, p := range d.gone {
		d.t.drop = append(d.t.drop, d.a.Layout.Slot(p))
		d.t.schema = d.t.schema.Without(p)
	}
}

// outermost leaves out what lies inside another of the paths.
func outermost(paths []record.Path) []record.Path {
	var out []record.Path
	for i, p := range paths {
		inside := false
		for k, q := range paths {
			same := p.String() == q.String()
			inside = inside || p.Within(q) && !same || same && k < i
		}
		if !inside {
			out = append(out, p)
		}
	}
	return out
}

// move is one entry of rename, checked by itself.
type move struct{ from, to record.Path }

// rename checks all entries, then moves the fields in the schema: first all
// away, then all to their new places, as the records do.
func (d *decoder) rename() {
	texts := d.a.Map("rename")
	var moves []move
	for _, old := range slices.Sorted(maps.Keys(texts)) {
		if m, ok := d.move(old, texts[old]); ok {
			moves = append(moves, m)
		}
	}
	for i, m := range moves {
		for _, o := range moves[:i] {
			if m.to.Overlaps(o.to) || m.from.Overlaps(o.from) {
				d.fault(d.a.RangeOf("rename"), "Overlapping names", fmt.Sprintf("%q to %q and %q to %q are in each other's way.", o.from, o.to, m.from, m.to))
				return
			}
		}
	}
	away := d.t.schema // first all away, to places that no path names
	for i, m := range moves {
		away = d.renamed(away, m.from, aside(i))
	}
	for i, m := range moves {
		d.t.renames = append(d.t.renames, rename{from: d.a.Layout.Slot(m.from), to: d.a.Layout.Slot(m.to), path: m.to, fresh: d.fresh(m, moves)})
		if known(away, m.to) {
			d.fault(d.a.RangeOf("rename"), "Name is taken", fmt.Sprintf("%q cannot be renamed to %q: the record has a field of that name. Drop it or choose another name.", m.from, m.to))
			continue
		}
		d.t.schema = d.renamed(away, aside(i), m.to)
		away = d.t.schema
	}
}

func aside(i int) record.Path { return record.PathOf(record.Step{Key: "\x00" + strconv.Itoa(i)}) }

// renamed is Schema.Rename for a field that was checked.
func (d *decoder) renamed(s *schema.Schema, from, to record.Path) *schema.Schema {
	out, err := s.Rename(from, to)
	if err != nil { // an open object may have it, or not
		return s
	}
	return out
}

// fresh reports whether a record may still have a field of m's new name when
// it comes there: not if the new name was dropped, not kept, or moved away.
func (d *decoder) fresh(m move, moves []move) bool {
	for _, p := range d.gone {
		if m.to.Within(p) {
			return false
		}
	}
	for _, o := range moves {
		if m.to.Within(o.from) {
			return false
		}
	}
	return d.t.keep == nil || slices.ContainsFunc(d.kept, m.to.Overlaps)
}

func (d *decoder) move(old, name string) (move, bool) {
	at := d.a.RangeOf("rename")
	from, _, diags := catalog.CheckPath(d.a.Input, catalog.Item{Text: old, Range: at})
	d.diags = append(d.diags, diags...)
	to, err := record.ParsePath(name)
	if err != nil {
		d.fault(at, "Not a name", fmt.Sprintf("%q cannot be the new name of %q: %s.", name, old, err))
	}
	if diags.HasErrors() || err != nil {
		return move{}, false
	}
	for _, p := range []record.Path{from, to} {
		for _, st := range p.Steps() {
			if st.Each {
				d.fault(at, "List in a rename", fmt.Sprintf("%q goes through a list, whose elements cannot be renamed one by one. Use transform \"set\" with a for expression.", p))
				return move{}, false
			}
		}
	}
	if d.t.keep != nil && !slices.ContainsFunc(d.kept, from.Within) || slices.ContainsFunc(d.gone, from.Within) {
		d.fault(at, "Renamed field is not there", fmt.Sprintf("%q is not kept, so it cannot be renamed. Add it to what is kept.", old))
		return move{}, false
	}
	return move{from, to}, true
}

// known reports whether s lists a field at p rather than only allowing one.
func known(s *schema.Schema, p record.Path) bool {
	t := s.Record
	for _, st := range p.Steps() {
		if t == nil {
			return false
		}
		f, ok := t.Member(st.Key)
		if !ok {
			return false
		}
		t = f.Type
	}
	return true
}
