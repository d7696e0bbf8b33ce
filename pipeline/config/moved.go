package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/graph"
)

// Move says that what was remembered under From is now called To. If neither
// has a key, all instances of the block moved with their keys.
type Move struct {
	From, To addr.Instance
	Range    hcl.Range
}

// Apply returns the new name of a, or false if the move is not about a.
func (m Move) Apply(a addr.Instance) (addr.Instance, bool) {
	switch {
	case a == m.From:
		return m.To, true
	case !m.From.Keyed && !m.To.Keyed && a.Block == m.From.Block:
		a.Block = m.To.Block
		return a, true
	}
	return a, false
}

// Removal says what to do about a block that is gone from the files.
type Removal struct {
	From      addr.Instance // without key: all instances
	Retention string        // "keep_enforcing", "forget", or "" where nothing is stored
	Range     hcl.Range
}

var movedForm = catalog.Block{Attrs: []catalog.Attr{
	{Name: "from", Form: catalog.Syntax, Required: true, Doc: "The address it had, such as sink.local.old."},
	{Name: "to", Form: catalog.Syntax, Required: true, Doc: "The address it has now."},
}}

var removedForm = catalog.Block{Attrs: []catalog.Attr{
	{Name: "from", Form: catalog.Syntax, Required: true, Doc: "The address that it had."},
	{Name: "retention", OneOf: []string{"keep_enforcing", "forget"}, Doc: "For a sink: \"keep_enforcing\" goes on deleting by the last rules, \"forget\" leaves the objects to you."},
}}

func (d *decoder) decodeMoved(p *Pipeline) []Move {
	var all []Move
	from, to := map[addr.Instance]hcl.Range{}, map[addr.Instance]hcl.Range{}
	g := &graph.Graph{}
	for _, b := range d.syntax.moved {
		body, diags := catalog.Decode(b.Body, catalog.Header(b), nil, &movedForm, d.scope())
		d.diags = append(d.diags, diags...)
		m := Move{Range: catalog.Header(b)}
		var ok1, ok2 bool
		m.From, ok1 = d.addressIn(body.Syntax("from"))
		m.To, ok2 = d.addressIn(body.Syntax("to"))
		if !ok1 || !ok2 || !d.checkMove(m, body, from, to, p) {
			continue
		}
		from[m.From], to[m.To] = body.RangeOf("from"), body.RangeOf("to")
		g.Connect(m.From.String(), m.To.String())
		all = append(all, m)
	}
	for _, cycle := range g.Cycles() {
		first, _ := addr.Parse(cycle[0])
		d.fail(from[first], "Cycle", fmt.Sprintf("These moves lead in a circle: %s. Keep only what really happened.", strings.Join(cycle, " → ")))
	}
	for _, m := range all {
		if _, further := from[m.To]; !further && !d.declared(m.To, p) {
			d.fail(to[m.To], "Unknown reference", fmt.Sprintf("There is no %s to move to. %s", m.To, d.nearestBlock(m.To.Block)))
		}
	}
	return all
}

func (d *decoder) checkMove(m Move, body catalog.Body, from, to map[addr.Instance]hcl.Range, p *Pipeline) bool {
	at := body.RangeOf("from")
	switch {
	case m.From.Class != m.To.Class:
		d.fail(body.RangeOf("to"), "Invalid move", fmt.Sprintf("A %s cannot become a %s.", m.From.Class, m.To.Class))
	case m.From == m.To:
		d.fail(at, "Invalid move", "from and to are the same. Remove the block.")
	case from[m.From] != hcl.Range{}:
		d.fail(at, "Invalid move", fmt.Sprintf("%s is already moved at %s.", m.From, place(from[m.From])))
	case to[m.To] != hcl.Range{}:
		d.fail(body.RangeOf("to"), "Invalid move", fmt.Sprintf("Another block is already moved to %s at %s.", m.To, place(to[m.To])))
	case d.present(m.From, !m.To.Keyed, p):
		d.fail(at, "Invalid move", fmt.Sprintf("%s is still declared. Remove it, or remove this moved block.", m.From))
	default:
		return true
	}
	return false
}

// declared reports whether a, or the block of an address without key, is there.
func (d *decoder) declared(a addr.Instance, p *Pipeline) bool {
	b := d.blocks[a.Block]
	if b == nil {
		return false
	}
	if b.open || b.failed || !a.Keyed {
		return true
	}
	_, ok := p.Instance(a)
	return ok
}

// present reports whether what a move or removal speaks of still exists.
func (d *decoder) present(a addr.Instance, whole bool, p *Pipeline) bool {
	b := d.blocks[a.Block]
	if b == nil || b.open || b.failed {
		return false
	}
	if !a.Keyed && whole {
		return true
	}
	_, ok := p.Instance(a)
	return ok
}

func (d *decoder) decodeRemoved(p *Pipeline) []Removal {
	var all []Removal
	seen := map[addr.Instance]hcl.Range{}
	for _, b := range d.syntax.removed {
		header := catalog.Header(b)
		body, diags := catalog.Decode(b.Body, header, nil, &removedForm, d.scope())
		d.diags = append(d.diags, diags...)
		r := Removal{Range: header, Retention: body.Text("retention")}
		var ok bool
		if r.From, ok = d.addressIn(body.Syntax("from")); !ok {
			continue
		}
		at := body.RangeOf("from")
		switch {
		case seen[r.From] != hcl.Range{}:
			d.fail(at, "Duplicate block", fmt.Sprintf("%s is already removed at %s.", r.From, place(seen[r.From])))
		case d.present(r.From, true, p):
			d.fail(at, "Invalid removal", fmt.Sprintf("%s is still declared. Remove it, or remove this removed block.", r.From))
		case r.From.Class == addr.Sink && !body.Has("retention"):
			d.fail(header, "Missing attribute", "The attribute \"retention\" is required for a sink. "+removedForm.Attrs[1].Doc)
		case r.From.Class != addr.Sink && body.Has("retention"):
			d.fail(body.RangeOf("retention"), "Unexpected attribute", fmt.Sprintf("A %s stores nothing, so it has no retention. Remove the attribute.", r.From.Class))
		default:
			all = append(all, r)
		}
		seen[r.From] = at
	}
	return all
}

// addressIn reads an address written as a reference. The block need not exist.
func (d *decoder) addressIn(e hclsyntax.Expression) (addr.Instance, bool) {
	if e == nil {
		return addr.Instance{}, false
	}
	t, diags := hcl.AbsTraversalForExpr(e)
	if diags.HasErrors() {
		d.fail(e.Range(), "Not an address", "Write the address of a block as a reference, without quotes: sink.local.archive or sink.local.archive[\"key\"].")
		return addr.Instance{}, false
	}
	if t.RootName() == tenantRoot {
		d.fail(t.SourceRange(), "Not an address", "Nothing is remembered of a tenant, so it can be renamed without a word. What it is, its id and cloud, belongs to each source.")
		return addr.Instance{}, false
	}
	if !isClass(t.RootName()) {
		detail := "An address begins with source, transform or sink."
		if near := expr.Suggest(t.RootName(), []string{"source", "transform", "sink"}); near != "" {
			detail += fmt.Sprintf(" Did you mean %q?", near)
		}
		d.fail(t.SourceRange(), "Not an address", detail)
		return addr.Instance{}, false
	}
	a, rest, ok := blockAddress(t)
	switch {
	case ok && len(rest) == 0:
		return a.Only(), true
	case ok && len(rest) == 1:
		if step, isIndex := rest[0].(hcl.TraverseIndex); isIndex && step.Key.Type() == cty.String {
			return a.At(step.Key.AsString()), true
		}
	}
	d.fail(e.Range(), "Not an address", fmt.Sprintf("An address is %s.KIND.NAME or %s.KIND.NAME[\"key\"].", t.RootName(), t.RootName()))
	return addr.Instance{}, false
}
