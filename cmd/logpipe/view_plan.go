package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/logpipe/logpipe/internal/escape"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/plan"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// planText is a plan for people.
func (p *program) planText(pl *plan.Plan) string {
	v := &planView{p: p}
	v.recoveries(pl)
	v.renames(pl)
	v.reads(pl)
	v.sinks(pl)
	v.flows(pl)
	v.notes(pl)
	v.problems(pl)
	if v.b.Len() > 0 {
		v.b.WriteString("\n")
	}
	v.b.WriteString(p.paint(bold, summary(pl)) + "\n")
	return v.b.String()
}

// planView writes sections: a headline at the left border, and rows of a sign,
// a verb, a quantity and details.
type planView struct {
	p *program
	b strings.Builder
}

const column = 30 // where the second column begins

func (v *planView) headline(left, right string) {
	left = escape.Terminal(left)
	pad := max(1, column+1-len([]rune(left)))
	if right == "" {
		pad = 0
	}
	fmt.Fprintf(&v.b, "%s%s%s\n", v.p.paint(bold, left), strings.Repeat(" ", pad), right)
}

func (v *planView) row(sign string, s style, verb, quantity, detail string) {
	line := fmt.Sprintf("%-9s%-16s   %s", verb, quantity, detail)
	fmt.Fprintf(&v.b, "  %s %s\n", v.p.paint(s, sign), strings.TrimRight(line, " "))
}

func (v *planView) recoveries(pl *plan.Plan) {
	if len(pl.Recoveries) == 0 {
		return
	}
	v.headline("interrupted", "")
	for why, n := range counted(pl.Recoveries, func(r plan.Recovery) string { return r.Why }) {
		v.row("!", yellow, "recover", plural(n, "slice", "slices"), escape.Terminal(why))
	}
}

func (v *planView) renames(pl *plan.Plan) {
	if len(pl.Moves)+len(pl.Forgets) == 0 {
		return
	}
	v.headline("state", "")
	for _, m := range pl.Moves {
		v.row("~", yellow, "move", "", escape.Terminal(m.From.String()+" → "+m.To.String()))
	}
	for _, f := range pl.Forgets {
		v.row("-", red, "forget", "", escape.Terminal(f.Addr.String()+": "+f.Why))
	}
}

func (v *planView) reads(pl *plan.Plan) {
	for i := 0; i < len(pl.Reads); {
		source := pl.Reads[i].Source
		n := i
		for n < len(pl.Reads) && pl.Reads[n].Source == source {
			n++
		}
		v.headline(source.String(), window(pl.Reads[i:n]))
		v.reasons(pl.Reads[i:n])
		i = n
	}
}

// reasons sums the slices of one source up by what happens and why.
func (v *planView) reasons(reads []plan.Read) {
	type group struct {
		again bool
		why   string
		n     int64
		bytes int64
	}
	var groups []*group
	for _, r := range reads {
		i := slices.IndexFunc(groups, func(g *group) bool { return g.again == (r.Revision > 1) && g.why == r.Why })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &group{again: r.Revision > 1, why: r.Why})
		}
		groups[i].n++
		groups[i].bytes += r.Bytes
	}
	const most = 8
	for i, g := range groups {
		if i == most {
			v.row(" ", faint, "…", "", fmt.Sprintf("and %s more", plural(int64(len(groups)-most), "reason", "reasons")))
			return
		}
		verb := "read"
		if g.again {
			verb = "again"
		}
		detail := g.why
		if g.bytes > 0 {
			detail = size(g.bytes) + ", " + detail
		}
		v.row(">", green, verb, plural(g.n, "slice", "slices"), escape.Terminal(detail))
	}
}

func (v *planView) sinks(pl *plan.Plan) {
	for _, s := range pl.Sinks {
		names, complete := objects(pl, s)
		if s.Writes == 0 && s.Older == 0 {
			continue
		}
		where := ""
		if s.Place != "" {
			where = "in " + escape.Terminal(s.Place)
		}
		if s.New {
			where = strings.TrimSpace("new " + where)
		}
		v.headline(s.Sink.String(), where)
		if s.Writes > 0 {
			quantity, detail := plural(int64(len(names)), "object", "objects"), span(names)
			if !complete {
				quantity, detail = plural(int64(s.Writes), "slice", "slices"), "records decide over the names; at least "+detail
			}
			v.row("+", green, "write", quantity, detail)
		}
		if s.Older > 0 {
			v.row("~", yellow, "shape", "", plural(s.Older, "stored slice keeps", "stored slices keep")+" the old one; -replace="+escape.Terminal(s.Sink.String())+" would read them again")
		}
	}
}

// objects returns the names that a plan writes to a sink.
func objects(pl *plan.Plan, s plan.Sink) (names []string, complete bool) {
	complete = true
	for _, r := range pl.Reads {
		for _, w := range r.Writes {
			if w.Sink == s.Sink {
				names = append(names, w.Names...)
				complete = complete && w.Complete
			}
		}
	}
	return names, complete
}

// span writes the first and the last of some names.
func span(names []string) string {
	switch len(names) {
	case 0:
		return "none"
	case 1:
		return escape.Terminal(names[0])
	}
	return escape.Terminal(names[0]) + " … " + escape.Terminal(names[len(names)-1])
}

func (v *planView) flows(pl *plan.Plan) {
	if len(pl.Flows) == 0 || len(pl.Reads) == 0 {
		return
	}
	v.b.WriteString(v.p.paint(bold, "personal data") + "\n")
	written := map[addr.Instance]bool{}
	for _, s := range pl.Sinks {
		written[s.Sink] = s.Writes > 0
	}
	for _, f := range pl.Flows {
		if !written[f.Sink] {
			continue
		}
		name := escape.Terminal(f.Sink.String())
		pad := max(1, column-1-len([]rune(name)))
		fmt.Fprintf(&v.b, "  %s%s%s\n", name, strings.Repeat(" ", pad), escape.Terminal(flowText(f)))
	}
}

// flowText says which personal fields reach a sink in clear, the most personal
// first. Long lists of what is less personal are only counted.
func flowText(f plan.Flow) string {
	var parts []string
	total := 0
	for c := schema.Direct; c >= schema.Given; c-- {
		paths := f.Clear[c.String()]
		if len(paths) == 0 {
			continue
		}
		total += len(paths)
		part := fmt.Sprintf("%d %s", len(paths), strings.ReplaceAll(c.String(), "_", " "))
		switch {
		case len(paths) <= 2:
			part += " (" + strings.Join(paths, ", ") + ")"
		case c >= schema.Online:
			part += " (" + strings.Join(paths[:2], ", ") + ", …)"
		}
		parts = append(parts, part)
	}
	text := "no personal field in clear"
	if total > 0 {
		text = plural(int64(total), "field", "fields") + " in clear: " + strings.Join(parts, ", ")
	}
	switch {
	case f.Unknown && total == 0:
		return "fields that no schema knows, in clear"
	case f.Unknown:
		return text + "; also fields that no schema knows"
	}
	return text
}

func (v *planView) notes(pl *plan.Plan) {
	if len(pl.Notes) == 0 {
		return
	}
	v.headline("notes", "")
	for _, n := range pl.Notes {
		text := n.Text
		if n.Addr.Class != "" {
			text = n.Addr.String() + " " + text
		}
		fmt.Fprintf(&v.b, "  %s\n", escape.Terminal(text))
		for line := range strings.Lines(n.Paste) {
			fmt.Fprintf(&v.b, "    %s\n", escape.Terminal(strings.TrimRight(line, "\n")))
		}
	}
}

func (v *planView) problems(pl *plan.Plan) {
	if len(pl.Problems) == 0 {
		return
	}
	v.headline("problems", "what these blocks do is not in the plan")
	for _, b := range pl.Problems {
		fmt.Fprintf(&v.b, "  %s %s: %s\n", v.p.paint(red, "✗"), escape.Terminal(b.Addr.String()), escape.Terminal(b.Text))
	}
}

// totals is what a plan amounts to.
type totals struct {
	writes, objects int
	bytes           int64
}

func total(pl *plan.Plan) (t totals) {
	for _, r := range pl.Reads {
		t.bytes += r.Bytes
		for _, w := range r.Writes {
			t.writes++
			t.objects += len(w.Names)
		}
	}
	return t
}

// summary is a plan in one line.
func summary(pl *plan.Plan) string {
	if pl.Empty() && len(pl.Problems) == 0 {
		if slices.ContainsFunc(pl.Notes, func(n plan.Note) bool { return n.Text == notLooked }) {
			return "No changes that state and configuration alone tell."
		}
		return "No changes. Everything that the sources have is stored."
	}
	t := total(pl)
	parts := []string{plural(int64(len(pl.Reads)), "slice", "slices") + " to read", plural(int64(t.objects), "object", "objects") + " to write"}
	for _, more := range []struct {
		n    int
		text string
	}{
		{len(pl.Recoveries), "interrupted to recover"}, {len(pl.Moves), "to move"}, {len(pl.Forgets), "to forget"},
	} {
		if more.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", more.n, more.text))
		}
	}
	text := "Plan: " + strings.Join(parts, ", ") + "."
	if n := len(pl.Problems); n > 0 {
		text += " " + plural(int64(n), "block has", "blocks have") + " a problem."
	}
	return text
}

// window is the stretch of time that some reads cover.
func window(reads []plan.Read) string {
	var start, end time.Time
	for _, r := range reads {
		if r.Start.IsZero() {
			continue
		}
		if start.IsZero() || r.Start.Before(start) {
			start = r.Start
		}
		if r.End.After(end) {
			end = r.End
		}
	}
	if start.IsZero() {
		return ""
	}
	return stretch(start, end)
}

// counted yields the distinct texts of some items, sorted, with how many have
// them.
func counted[T any](items []T, text func(T) string) func(yield func(string, int64) bool) {
	m := map[string]int64{}
	for _, it := range items {
		m[text(it)]++
	}
	return func(yield func(string, int64) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
