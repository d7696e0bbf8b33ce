package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/config"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/state"
)

// Options narrows a plan.
type Options struct {
	Targets []addr.Instance // only lanes from or to these; none is all
	Replace []addr.Instance // sinks whose slices are read again although done
	Tool    string
	Running string // who is writing to the state now, "" if nobody is: what that session has open is not interrupted
}

// Make decides what to do. st is what is remembered before any move of this
// plan; it is not changed.
func Make(p *config.Pipeline, st *state.State, f *Found, now time.Time, o Options) (*Plan, hcl.Diagnostics) {
	pl := &Plan{FormatVersion: FormatVersion, Tool: o.Tool, Created: now.UTC(), Lineage: st.Lineage, Serial: st.Serial, Config: p.Hash}
	after, diags := pl.adopt(p, st)
	if diags.HasErrors() {
		return nil, diags
	}
	if diags = append(diags, regrouped(p, after, f)...); diags.HasErrors() {
		return nil, diags
	}
	pl.problems(p, f)
	pl.notices(p, f)
	pl.recover(p, after, f, o.Running)
	routes := Routes(p)
	diags = append(diags, pl.reads(after, f, routes, now, o)...)
	pl.sinks(p, after, routes)
	pl.flows(p)
	pl.variables(p)
	if diags.HasErrors() {
		return nil, diags
	}
	return pl, diags
}

func (pl *Plan) variables(p *config.Pipeline) {
	for name, v := range p.Variables {
		pl.Variables = append(pl.Variables, Setting{Name: name, Value: valueText(v)})
	}
	slices.SortFunc(pl.Variables, func(a, b Setting) int { return strings.Compare(a.Name, b.Name) })
}

// problems lists what could not be looked at, in graph order.
func (pl *Plan) problems(p *config.Pipeline, f *Found) {
	for _, in := range p.Instances {
		if err := f.Errs[in.Addr]; err != nil {
			pl.Problems = append(pl.Problems, Problem{Addr: in.Addr, Text: err.Error()})
		}
	}
}

// notices lists what sources noticed, in graph order.
func (pl *Plan) notices(p *config.Pipeline, f *Found) {
	for _, in := range p.Instances {
		for _, text := range f.Notices[in.Addr] {
			pl.Notes = append(pl.Notes, Note{Addr: in.Addr, Text: text})
		}
	}
}

// recover lists the intents that are open and lets st know those whose objects
// are named: they are done, so that what came since is planned as a revision.
// Those of a sink that is gone or could not be looked at stay as they are, and
// so do those of a session that goes on.
func (pl *Plan) recover(p *config.Pipeline, st *state.State, f *Found, running string) {
	waiting := map[addr.Instance]int{}
	busy := 0
	for _, id := range slices.Sorted(maps.Keys(st.Intents)) {
		in := st.Intents[id]
		if running != "" && manifest.EpochOf(id) == st.Session.Serial {
			busy++
			continue
		}
		if _, there := p.Instance(in.Lane.Sink); !there {
			waiting[in.Lane.Sink]++
			continue
		}
		if f.Errs[in.Lane.Sink] != nil {
			continue
		}
		r := Recovery{Intent: id, Lane: in.Lane, Slice: in.Slice,
			Why: "a run was interrupted before its objects were named; they are removed and the slice is read again"}
		if e, named := f.Named[id]; named && st.Do(Finish(id, e)) == nil {
			r.Named = true
			r.Why = "a run was interrupted after its objects were named; only the state is brought up to date"
		}
		pl.Recoveries = append(pl.Recoveries, r)
	}
	if running != "" {
		pl.Notes = append(pl.Notes, Note{Text: fmt.Sprintf("%s is writing to this state now, with %d slices in progress: plan again when that is done", running, busy)})
	}
	for _, sink := range slices.SortedFunc(maps.Keys(waiting), addr.Instance.Compare) {
		pl.Notes = append(pl.Notes, Note{Addr: sink, Text: fmt.Sprintf("%d interrupted slices of it are unfinished: bring the sink back and apply once to settle them, or forget it; then what they left stays where it is, without a name", waiting[sink])})
	}
}

// Finish is the operation that makes the state remember an entry.
func Finish(intent string, e manifest.Entry) state.Finish {
	return state.Finish{Intent: intent, Objects: int64(len(e.Objects)), Done: state.Done{
		Name: e.Slice, Start: e.Start, End: e.End, Length: e.End.Sub(e.Start), Revision: e.Revision, Attempt: e.Attempt,
		Settled: e.Settled, Shape: e.Shape, Ground: e.Ground, Seen: e.Seen, SeenSum: e.SeenSum, At: e.Began}}
}

// reads lists the slices to read. Lanes with the same history share a read;
// lanes with another history (a sink that was added later) get their own.
func (pl *Plan) reads(st *state.State, f *Found, routes []Route, now time.Time, o Options) hcl.Diagnostics {
	var diags hcl.Diagnostics
	names := map[string]*pipeline.Slice{} // whose an object name is, by sink and folded name
	for _, group := range bySource(routes) {
		source := group[0].Source.Addr
		if f.Errs[source] != nil {
			continue
		}
		for _, s := range f.Slices[source] {
			byHistory := map[string]*Read{}
			var order []*Read
			for _, r := range group {
				if f.Errs[r.Sink.Addr] != nil || !targeted(r, o.Targets) {
					continue
				}
				for _, v := range decide(st, r, s, now, slices.Contains(o.Replace, r.Sink.Addr)) {
					w, d := write(r, v, names)
					diags = append(diags, d...)
					rd := byHistory[v.history()]
					if rd == nil {
						rd = v.begin()
						byHistory[v.history()] = rd
						order = append(order, rd)
					}
					rd.Writes = append(rd.Writes, w)
				}
			}
			for _, rd := range order {
				slices.SortFunc(rd.Writes, func(a, b Write) int { return a.Sink.Compare(b.Sink) })
				pl.Reads = append(pl.Reads, *rd)
			}
		}
	}
	return diags
}

func bySource(routes []Route) [][]Route {
	var groups [][]Route
	for _, r := range routes {
		if n := len(groups); n > 0 && groups[n-1][0].Source == r.Source {
			groups[n-1] = append(groups[n-1], r)
			continue
		}
		groups = append(groups, []Route{r})
	}
	return groups
}

func targeted(r Route, targets []addr.Instance) bool {
	if len(targets) == 0 {
		return true
	}
	hit := func(a addr.Instance) bool {
		return slices.ContainsFunc(targets, func(t addr.Instance) bool { return t == a || !t.Keyed && t.Block == a.Block })
	}
	return hit(r.Source.Addr) || hit(r.Sink.Addr) || slices.ContainsFunc(r.Path, hit)
}

// verdict is one read that a lane needs.
type verdict struct {
	slice    pipeline.Slice // perhaps shortened at the border of what is done
	revision int
	attempt  int
	seen     []Seen
	why      string
}

// history tells verdicts apart that cannot share a read.
func (v verdict) history() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s|%d|%v", v.slice.Name, v.revision, v.seen)
	for _, p := range v.slice.Prior {
		fmt.Fprintf(&b, "|%s %d %s", p.Name, p.Size, p.Sum)
	}
	return b.String()
}

func (v verdict) begin() *Read {
	s := v.slice
	r := &Read{Source: s.Source, Log: s.Log, Stream: s.Stream, Slice: s.Name, Start: s.Start, End: s.End,
		Revision: v.revision, Ground: s.Ground, Prior: s.Prior, Seen: v.seen, Settles: settles(s), Why: v.why}
	for _, g := range s.Ground {
		if g.To > 0 {
			r.Bytes += g.To - g.From
		} else {
			r.Bytes += g.Size
		}
	}
	return r
}

// decide says what a lane needs of a slice, and why: nothing, all of it as a
// first or a further revision, or the stretches that are not stored yet or not
// settled.
func decide(st *state.State, r Route, s pipeline.Slice, now time.Time, replace bool) []verdict {
	if s.Settle > 0 && now.Before(s.End.Add(s.Settle)) {
		return nil // not due: records of it are still arriving
	}
	lane := st.Lanes[state.Lane{Source: s.Source, Stream: s.Stream, Sink: r.Sink.Addr}]
	v := verdict{slice: s, revision: 1, attempt: 1 + lane.Orphaned(s.Name), why: "not stored yet"}
	done := lane.Over(s.Name, s.Start, s.End)
	if len(done) == 0 {
		if lane == nil || len(lane.Done) == 0 {
			v.why = "first run of this lane"
		}
		return []verdict{v}
	}
	if replace {
		again := v.after(done)
		again.why, again.slice.Prior, again.seen = "asked for with -replace", nil, nil
		return []verdict{again}
	}
	if why := moved(s.Ground, ground(done)); why != "" {
		again := v.after(done)
		again.why = why
		return []verdict{again}
	}
	if why := revisit(s, done, now); why != "" {
		return v.unsettled(lane, done, why)
	}
	return v.gaps(lane, done)
}

// ground is what all of done was read from.
func ground(done []state.Done) []pipeline.Part {
	if len(done) == 1 { // by far the most
		return done[0].Ground
	}
	var all []pipeline.Part
	for _, d := range done {
		all = append(all, d.Ground...)
	}
	return all
}

// after makes v a further revision of what is done of its slice.
func (v verdict) after(done []state.Done) verdict {
	v.slice.Prior = ground(done)
	for _, d := range done {
		v.revision = max(v.revision, d.Revision+1)
		if set := (Seen{Name: d.Seen, Sum: d.SeenSum}); d.Seen != "" && !slices.Contains(v.seen, set) {
			v.seen = append(v.seen, set)
		}
	}
	return v
}

// unsettled returns a verdict for every stretch of v's slice that is not
// settled: nobody remembers the records of what is, so it must not be read
// again. After a change of the slice length one slice may hold both.
func (v verdict) unsettled(lane *state.LaneState, done []state.Done, why string) []verdict {
	settled := slices.DeleteFunc(slices.Clone(done), func(d state.Done) bool { return !d.Settled })
	if len(settled) == 0 {
		v = v.after(done)
		v.why = why
		return []verdict{v}
	}
	stretches := v.gaps(lane, settled)
	for i, g := range stretches {
		if over := lane.Over(g.slice.Name, g.slice.Start, g.slice.End); len(over) > 0 {
			stretches[i] = g.after(over)
			stretches[i].why = why
		}
	}
	return stretches
}

// revisit says which further look at a slice is due, or "". A slice that was
// first read late has those behind it that came before.
func revisit(s pipeline.Slice, done []state.Done, now time.Time) string {
	why := ""
	for _, age := range s.Revisit {
		due := s.End.Add(age)
		if now.Before(due) {
			break
		}
		for _, d := range done {
			if !d.Settled && d.At.Before(due) {
				why = "read again " + age.String() + " after its end, for late and changed records"
			}
		}
	}
	return why
}

// settles returns from when on a read of s is the last one.
func settles(s pipeline.Slice) time.Time {
	if len(s.Revisit) == 0 {
		return time.Time{}
	}
	return s.End.Add(s.Revisit[len(s.Revisit)-1])
}

// gaps returns a verdict for every stretch of v's slice that done, which is
// sorted by time, leaves open.
// After a change of the slice length the new grid starts at the border of what
// is stored, so a stretch may be shorter than the grid.
func (v verdict) gaps(lane *state.LaneState, done []state.Done) []verdict {
	if v.slice.Start.IsZero() {
		return nil
	}
	var open []verdict
	border := v.slice.Start
	stretch := func(end time.Time) {
		if !border.Before(end) {
			return
		}
		g := v
		g.slice.Name = stretchName(v.slice, border, end)
		g.slice.Start, g.slice.End = border, end
		g.attempt = 1 + lane.Orphaned(g.slice.Name)
		g.why = "the rest of the slice is stored already"
		open = append(open, g)
	}
	for _, d := range done {
		stretch(earlier(d.Start, v.slice.End))
		if d.End.After(border) {
			border = d.End
		}
	}
	stretch(v.slice.End)
	return open
}

// stretchName is the name of a part of s. The stamp stands at the end of a
// slice's name; a label or key before it may hold anything.
func stretchName(s pipeline.Slice, start, end time.Time) string {
	base, stamped := strings.CutSuffix(s.Name, pipeline.SliceStamp(s.Start, s.End))
	if !stamped {
		base += "-"
	}
	return base + pipeline.SliceStamp(start, end)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// moved says how the ground differs from what was read, or "". A part that is
// gone is no reason to read: what it held is stored.
func moved(now, then []pipeline.Part) string {
	old := map[string]pipeline.Part{}
	for _, p := range then {
		old[p.Name] = p
	}
	for _, p := range now {
		o, ok := old[p.Name]
		switch {
		case !ok:
			return "new file " + p.Name
		case p.Sum != "" && p.Sum == o.Sum:
		case p.Size > o.Size:
			return fmt.Sprintf("%s grew from %d to %d bytes", p.Name, o.Size, p.Size)
		case p.Size != o.Size || p.Sum != "" && p.Sum != o.Sum || p.Sum == "" && !p.Modified.Equal(o.Modified):
			return p.Name + " changed"
		}
	}
	return ""
}

// write plans one lane's part of a read and refuses a name that is taken.
func write(r Route, v verdict, names map[string]*pipeline.Slice) (Write, hcl.Diagnostics) {
	w := Write{Sink: r.Sink.Addr, Attempt: v.attempt, Shape: r.Shape}
	var err error
	w.Names, w.Complete, err = r.Sink.Sink.Names(pipeline.Opening{Slice: v.slice, Revision: v.revision, Attempt: v.attempt})
	if err != nil {
		return w, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Invalid object name",
			Detail:  fmt.Sprintf("Slice %s of %s cannot be named: %s.", v.slice.Name, v.slice.Source, err),
			Subject: r.Sink.Range.Ptr()}}
	}
	// The slice's own name counts, too: its rejects are called by it.
	for _, n := range append([]string{"\x00" + v.slice.Name}, w.Names...) {
		key := r.Sink.Addr.String() + "\x00" + strings.ToLower(n)
		if other := names[key]; other != nil && (other.Name != v.slice.Name || other.Source != v.slice.Source) {
			return w, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Two slices with one object name",
				Detail:  collision(r.Sink.Addr, strings.TrimPrefix(n, "\x00"), *other, v.slice),
				Subject: r.Sink.Range.Ptr()}}
		}
		names[key] = &v.slice
	}
	return w, nil
}

func collision(sink addr.Instance, object string, a, b pipeline.Slice) string {
	text := fmt.Sprintf("Slice %s of %s and slice %s of %s would have one name, %q, in %s. ", a.Name, a.Source, b.Name, b.Source, object, sink)
	switch {
	case a.Name == b.Name:
		return text + "A slice's name begins with the label and key of its source: give one of the two sources another label."
	case strings.EqualFold(a.Name, b.Name):
		return text + "Names that differ in case only are one file on many systems: give one of the two sources another label or key."
	}
	return text + "Put ${slice.name} into the sink's path: no two slices have the same."
}

// sinks sums up every sink, those with nothing to do included.
func (pl *Plan) sinks(p *config.Pipeline, st *state.State, routes []Route) {
	shapes := map[state.Lane]string{}
	for _, r := range routes {
		for lane := range st.Lanes {
			if lane.Source == r.Source.Addr && lane.Sink == r.Sink.Addr {
				shapes[lane] = r.Shape
			}
		}
	}
	writes := map[addr.Instance]int{}
	for _, r := range pl.Reads {
		for _, w := range r.Writes {
			writes[w.Sink]++
		}
	}
	for _, in := range p.Instances {
		if in.Sink == nil {
			continue
		}
		memory, used := st.Sinks[in.Addr]
		s := Sink{Sink: in.Addr, New: !used, Objects: memory.Objects, Writes: writes[in.Addr], Place: memory.Place}
		if stored, ok := in.Sink.(pipeline.Stored); ok {
			s.Place = stored.Place()
		}
		for lane, shape := range shapes {
			if lane.Sink == in.Addr {
				s.Older += st.Lanes[lane].OtherShape(shape)
			}
		}
		pl.Sinks = append(pl.Sinks, s)
	}
	slices.SortFunc(pl.Sinks, func(a, b Sink) int { return a.Sink.Compare(b.Sink) })
}

// flows says which personal fields reach which sink. It is the schema that
// reaches the sink, read once more.
func (pl *Plan) flows(p *config.Pipeline) {
	for _, in := range p.Instances {
		if in.Sink == nil {
			continue
		}
		fl := Flow{Sink: in.Addr, Clear: map[string][]string{}}
		if in.Input == nil || in.Input.Record == nil {
			fl.Unknown = true
		} else {
			fl.Unknown = in.Input.Record.Open
			for _, l := range in.Input.Leaves() {
				if l.Field.Class >= schema.Given {
					c := l.Field.Class.String()
					fl.Clear[c] = append(fl.Clear[c], l.Path.String())
				}
			}
		}
		pl.Flows = append(pl.Flows, fl)
	}
	slices.SortFunc(pl.Flows, func(a, b Flow) int { return cmp.Or(a.Sink.Compare(b.Sink)) })
}
