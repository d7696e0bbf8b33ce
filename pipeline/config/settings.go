package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// settings is the second pass: it builds every instance, what feeds before what
// it feeds, and returns them in that order.
func (d *decoder) settings() []*Instance {
	blocks, instances := map[string]*block{}, map[string]*Instance{}
	for _, b := range d.order {
		for _, i := range b.instances {
			blocks[i.Addr.String()], instances[i.Addr.String()] = b, i
		}
	}
	g := d.wires()
	for _, cycle := range g.Cycles() {
		b := blocks[cycle[0]]
		d.fail(b.syntax.Body.Attributes["from"].Expr.Range(), "Cycle", fmt.Sprintf("Records would flow in a circle: %s. Take one of the references out.", strings.Join(cycle, " → ")))
	}
	order, _ := g.Order()
	sorted := map[string]bool{}
	for _, id := range order {
		sorted[id] = true
	}
	for _, id := range g.Nodes() { // what lies on or behind a cycle
		if !sorted[id] {
			instances[id].Input = openSchema()
			order = append(order, id)
		}
	}
	all := make([]*Instance, 0, len(order))
	ways := map[addr.Instance]map[addr.Instance]bool{}
	for _, id := range order {
		i := instances[id]
		d.reach(i, instances)
		d.build(blocks[id], i)
		d.warnTwice(blocks[id], i, ways)
		all = append(all, i)
	}
	return all
}

// reach joins the schemas of what feeds i.
func (d *decoder) reach(i *Instance, instances map[string]*Instance) {
	if i.Addr.Class == addr.Source || i.Input != nil {
		return
	}
	for _, f := range i.From {
		out := instances[f.String()].Output
		if out == nil {
			out = openSchema()
		}
		if i.Input == nil {
			i.Input = out
		} else {
			i.Input = schema.Join(i.Input, out)
		}
	}
	if i.Input == nil { // from = []
		i.Input = openSchema()
	}
}

// build decodes the body of one instance and calls its constructor.
func (d *decoder) build(b *block, i *Instance) {
	if i.Addr.Class != addr.Sink {
		i.Output = openSchema()
	}
	if b.kind == nil {
		return
	}
	s := d.scopeOf(b, i.Addr)
	s.Elsewhere = catalog.Shared(b.addr.Class)
	s.Record, s.Layout = i.Input, d.layout
	body, diags := catalog.Decode(b.syntax.Body, b.header, nil, &b.kind.Body, s)
	d.diags = append(d.diags, diags...)
	i.Labels = d.labelsOf(b, s)
	i.Shape = shapeOf(b.kind, body)
	a := &catalog.Args{Addr: i.Addr, Input: i.Input, Layout: d.layout, Env: d.env, Body: body}
	d.construct(i, a)
}

// construct calls the constructor and keeps what it says, except about what is
// wrong already or not known.
func (d *decoder) construct(i *Instance, a *catalog.Args) {
	var diags hcl.Diagnostics
	var out *schema.Schema
	switch k := i.Kind; {
	case k.Source != nil:
		if i.Source, diags = k.Source(a); !diags.HasErrors() && i.Source != nil {
			out = i.Source.Schema()
		}
	case k.Transform != nil:
		if i.Transform, diags = k.Transform(a); !diags.HasErrors() && i.Transform != nil {
			out = i.Transform.Schema()
		}
	case k.Sink != nil:
		i.Sink, diags = k.Sink(a)
	}
	if out != nil {
		i.Output = out
	}
	if i.Source != nil && out != nil {
		i.locate(d.layout, out)
		i.identify(a.Body, out.Log)
	}
	uncertain, missing := a.Uncertain()
	for _, g := range diags {
		if g.Subject == nil {
			r := i.Range
			g.Subject = &r
		}
		about := func(r hcl.Range) bool { return r.Filename == g.Subject.Filename && r.Overlaps(*g.Subject) }
		if slices.ContainsFunc(uncertain, about) || missing && *g.Subject == i.Range {
			continue
		}
		d.diags = append(d.diags, g)
	}
}

// locate asks for the fields by which the machine itself knows a source's
// records.
func (i *Instance) locate(l *record.Layout, s *schema.Schema) {
	if !s.ID.IsZero() {
		i.ID = l.Slot(s.ID)
	}
	if !s.Time.IsZero() {
		i.Time = l.Slot(s.Time)
	}
}

// identify says what a source is, whatever it is called: its log and the
// tenants that it reads.
func (i *Instance) identify(b catalog.Body, log string) {
	tenants, ok := b.Identity()
	if !ok {
		return
	}
	i.Identity = "records without a log"
	if log != "" {
		i.Identity = fmt.Sprintf("log %q", log)
	}
	if tenants != "" {
		i.Identity += ", " + tenants
	}
}

func shapeOf(k *catalog.Kind, body catalog.Body) string {
	sum := sha256.Sum256([]byte(string(k.Class) + " " + k.Name + "\n" + body.Fingerprint()))
	return hex.EncodeToString(sum[:16])
}

// labelsOf decodes the labels of a sink.
func (d *decoder) labelsOf(b *block, s catalog.Scope) map[string]string {
	a, ok := b.syntax.Body.Attributes["labels"]
	if !ok || b.addr.Class != addr.Sink {
		return nil
	}
	val, diags := catalog.Evaluate(a.Expr, s)
	d.diags = append(d.diags, diags...)
	if diags.HasErrors() {
		return nil
	}
	if val.ContainsMarked() {
		d.fail(a.Expr.Range(), "Sensitive value not allowed", "Labels are shown, so they cannot hold a sensitive value.")
		return nil
	}
	m, err := convert.Convert(val, cty.Map(cty.String))
	if err != nil || m.IsNull() {
		d.fail(a.Expr.Range(), "Wrong type", "labels takes an object of texts, such as { region = \"eu\" }.")
		return nil
	}
	labels := map[string]string{}
	if !m.IsKnown() {
		return labels
	}
	for k, v := range m.AsValueMap() {
		if v.IsKnown() && !v.IsNull() {
			labels[k] = v.AsString()
		}
	}
	return labels
}

// warnTwice warns where the records of one source arrive by two ways: behind
// that point they are stored twice, unless filters keep the ways apart.
func (d *decoder) warnTwice(b *block, i *Instance, ways map[addr.Instance]map[addr.Instance]bool) {
	sources := map[addr.Instance]bool{}
	if i.Addr.Class == addr.Source {
		sources[i.Addr] = true
	}
	via := map[addr.Instance]addr.Instance{}
	for _, f := range i.From {
		for s := range ways[f] {
			if sources[s] && !i.open {
				d.warn(b.syntax.Body.Attributes["from"].Expr.Range(), "Records arrive twice", fmt.Sprintf(
					"The records of %s reach %s by two ways: by %s and by %s. One that passes both is stored twice.", s, i.Addr, minAddr(via[s], f), maxAddr(via[s], f)))
				break
			}
			sources[s], via[s] = true, f
		}
	}
	ways[i.Addr] = sources
}

func minAddr(a, b addr.Instance) addr.Instance {
	if a.Compare(b) <= 0 {
		return a
	}
	return b
}

func maxAddr(a, b addr.Instance) addr.Instance {
	if a.Compare(b) > 0 {
		return a
	}
	return b
}

// checkPlaces refuses two sinks whose objects would lie in one place.
func (d *decoder) checkPlaces() {
	type placed struct {
		i    *Instance
		at   hcl.Range
		text string
	}
	var all []placed
	for _, i := range d.inFileOrder() {
		s, ok := i.Sink.(interface{ Place() string })
		if !ok {
			continue
		}
		b := d.blocks[i.Addr.Block]
		at, known := d.placeAttribute(b)
		text := strings.TrimSuffix(s.Place(), "/")
		if !known || text == "" || b.open {
			continue
		}
		for _, o := range all {
			if !within(text, o.text) && !within(o.text, text) {
				continue
			}
			change := "Give one of the two another directory."
			if o.i.Addr.Block == i.Addr.Block {
				change = "Put ${each.key} into the path, in front of the first ${slice…}, so that each instance has a directory of its own."
			}
			d.fail(at, "Two sinks in one place", fmt.Sprintf("%s and %s would keep objects in overlapping places, and each would take the other's for foreign. %s", o.i.Addr, i.Addr, change))
			break
		}
		all = append(all, placed{i, at, text})
	}
}

func (d *decoder) inFileOrder() []*Instance {
	var all []*Instance
	for _, b := range d.order {
		all = append(all, b.instances...)
	}
	return all
}

// placeAttribute is the range of the path of a sink, and whether all that it
// refers to is known.
func (d *decoder) placeAttribute(b *block) (hcl.Range, bool) {
	for _, a := range b.kind.Body.Attrs {
		written, ok := b.syntax.Body.Attributes[a.Name]
		if a.Form != catalog.PathTemplate || !ok {
			continue
		}
		s := d.scope()
		s.Values = maps.Clone(d.values)
		s.Values["each"] = cty.DynamicVal
		known := true
		for _, t := range written.Expr.Variables() {
			if root := t.RootName(); root == "var" || root == "local" {
				v, diags := t.TraverseAbs(&hcl.EvalContext{Variables: s.Values})
				known = known && !diags.HasErrors() && v.IsWhollyKnown()
			}
		}
		return written.Expr.Range(), known
	}
	return b.header, true
}

func within(inner, outer string) bool {
	return inner == outer || strings.HasPrefix(inner, outer+"/")
}
