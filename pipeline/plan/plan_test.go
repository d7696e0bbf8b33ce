package plan_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/config"
	"github.com/logpipe/logpipe/pipeline/plan"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/state"
	"github.com/logpipe/logpipe/pipeline/store/storetest"
)

// The tests of this file read as the table "when the configuration changes":
// what the state remembers, what the world has, and what is planned.

var day = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

func hour(n int) time.Time { return day.Add(time.Duration(n) * time.Hour) }

func sourceAddr(label string) addr.Instance {
	return addr.Block{Class: addr.Source, Kind: "log", Label: label}.Only()
}
func sinkAddr(label string) addr.Instance {
	return addr.Block{Class: addr.Sink, Kind: "out", Label: label}.Only()
}

// component is source, transform and sink in one: planning opens none of them.
type component struct {
	schema *schema.Schema
	fixed  bool // one name for all slices
}

func (c component) Schema() *schema.Schema { return c.schema }
func (c component) Slices(context.Context, pipeline.Window) ([]pipeline.Slice, error) {
	return nil, nil
}
func (c component) Names(o pipeline.Opening) ([]string, bool, error) {
	if c.fixed {
		return []string{"fixed"}, true, nil
	}
	return []string{fmt.Sprintf("%s.r%d", o.Slice.Name, o.Revision)}, true, nil
}

type source struct {
	component
	notice string // what Slices notices
}

func (s source) Slices(_ context.Context, w pipeline.Window) ([]pipeline.Slice, error) {
	if s.notice != "" {
		w.Notice(s.notice)
	}
	return nil, nil
}

func (source) Open(context.Context, pipeline.Slice) (pipeline.Reader, error) {
	return nil, errors.New("planning opens nothing")
}

type transform struct{ component }

func (transform) Open(pipeline.Slice) pipeline.Stage { return nil }

type sink struct{ component }

func (sink) Open(context.Context, pipeline.Opening) (pipeline.Writer, error) {
	return nil, errors.New("planning opens nothing")
}

func kinds() catalog.Catalog {
	return catalog.Catalog{
		{Class: addr.Source, Name: "book", Source: func(a *catalog.Args) (pipeline.Source, hcl.Diagnostics) {
			return source{component: component{schema: schema.Open("")}}, nil
		}},
		{Class: addr.Source, Name: "log", Body: catalog.Block{Attrs: []catalog.Attr{{Name: "log"}, {Name: "notice"}}},
			Source: func(a *catalog.Args) (pipeline.Source, hcl.Diagnostics) {
				return source{component{schema: schema.Open(a.Text("log"))}, a.Text("notice")}, nil
			}},
		{Class: addr.Transform, Name: "t", Body: catalog.Block{Attrs: []catalog.Attr{{Name: "x", Shape: true}}},
			Transform: func(a *catalog.Args) (pipeline.Transform, hcl.Diagnostics) {
				return transform{component{schema: a.Input}}, nil
			}},
		{Class: addr.Sink, Name: "out", Body: catalog.Block{Attrs: []catalog.Attr{{Name: "fixed"}}},
			Sink: func(a *catalog.Args) (pipeline.Sink, hcl.Diagnostics) {
				return sink{component{fixed: a.Has("fixed")}}, nil
			}},
	}
}

func decode(t testing.TB, text string) *config.Pipeline {
	t.Helper()
	f, diags := config.FromSource(t.TempDir(), "pipeline.hcl", []byte(text))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	p, diags := config.Decode(f, kinds(), &pipeline.Env{}, config.Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return p
}

// slice is hours [from, to) of source s, read from ground.
func slice(from, to int, ground ...pipeline.Part) pipeline.Slice {
	s := sourceAddr("s")
	return pipeline.Slice{Source: s, Name: pipeline.SliceName(s, "", hour(from), hour(to)), Start: hour(from), End: hour(to), Ground: ground}
}

func file(name string, size int64, sum string) pipeline.Part {
	return pipeline.Part{Name: name, Size: size, Sum: sum, Modified: day}
}

// remember makes a state that has done slices for the lane s → label.
func remember(t *testing.T, label, shape string, done ...pipeline.Slice) *state.State {
	t.Helper()
	st := state.New()
	st.Lineage, st.Serial = "lineage", 3
	ops := []state.Op{
		state.Know{Source: sourceAddr("s"), Identity: state.Identity{Kind: "log"}},
		state.Claim{Sink: sinkAddr(label), Kind: "out"},
	}
	for _, s := range done {
		ops = append(ops, state.Put{Lane: state.Lane{Source: sourceAddr("s"), Sink: sinkAddr(label)}, Done: []*state.Done{{
			Name: s.Name, Start: s.Start, End: s.End, Length: s.End.Sub(s.Start), Revision: 1, Attempt: 1,
			Settled: len(s.Ground) == 0, Shape: shape, Ground: s.Ground, Seen: seenOf(s)}}})
	}
	if err := st.Do(ops...); err != nil {
		t.Fatal(err)
	}
	return st
}

func seenOf(s pipeline.Slice) string {
	if len(s.Ground) == 0 {
		return ""
	}
	return "seen-" + s.Name
}

const one = `
source "log" "s" {}
sink "out" "a" {
  from = source.log.s
}
`

func shape(t *testing.T, text string) string {
	return plan.Routes(decode(t, text))[0].Shape
}

// lines writes a plan as a person would check it.
func lines(p *plan.Plan) []string {
	var out []string
	for _, m := range p.Moves {
		out = append(out, fmt.Sprintf("move %s to %s", m.From, m.To))
	}
	for _, f := range p.Forgets {
		out = append(out, "forget "+f.Addr.String())
	}
	for _, r := range p.Reads {
		var sinks []string
		for _, w := range r.Writes {
			sinks = append(sinks, w.Sink.Label)
		}
		name := r.Slice
		if !r.Start.IsZero() {
			name = fmt.Sprintf("%02d-%02d", int(r.Start.Sub(day).Hours()), int(r.End.Sub(day).Hours()))
		}
		out = append(out, fmt.Sprintf("read %s r%d for %s: %s", name, r.Revision, strings.Join(sinks, ","), r.Why))
	}
	for _, s := range p.Sinks {
		if s.Older > 0 {
			out = append(out, fmt.Sprintf("%s keeps %d of an older shape", s.Sink.Label, s.Older))
		}
	}
	for _, n := range p.Notes {
		out = append(out, strings.TrimSpace("note "+n.Addr.String()+" "+n.Text+" "+n.Paste))
	}
	for _, n := range p.Problems {
		out = append(out, "problem "+n.Addr.String()+" "+n.Text)
	}
	return out
}

func TestMake(t *testing.T) {
	const two = one + "sink \"out\" \"b\" { from = source.log.s }\n"
	filtered := "source \"log\" \"s\" {}\ntransform \"t\" \"f\" {\n  from = source.log.s\n  x = \"2\"\n}\nsink \"out\" \"a\" { from = transform.t.f }\n"
	same := shape(t, one)
	for _, c := range []struct {
		name  string
		hcl   string
		state *state.State
		world []pipeline.Slice
		opt   plan.Options
		want  []string
	}{
		{name: "first run", hcl: one, state: state.New(), world: []pipeline.Slice{slice(0, 1), slice(1, 2)},
			want: []string{"read 00-01 r1 for a: first run of this lane", "read 01-02 r1 for a: first run of this lane"}},
		{name: "nothing new", hcl: one, state: remember(t, "a", same, slice(0, 1)), world: []pipeline.Slice{slice(0, 1)}},
		{name: "a new slice", hcl: one, state: remember(t, "a", same, slice(0, 1)), world: []pipeline.Slice{slice(0, 1), slice(1, 2)},
			want: []string{"read 01-02 r1 for a: not stored yet"}},
		{name: "window start earlier", hcl: one, state: remember(t, "a", same, slice(5, 6)), world: []pipeline.Slice{slice(4, 5), slice(5, 6)},
			want: []string{"read 04-05 r1 for a: not stored yet"}},
		{name: "window start later", hcl: one, state: remember(t, "a", same, slice(4, 5), slice(5, 6)), world: []pipeline.Slice{slice(5, 6)}},
		{name: "sink added", hcl: two, state: remember(t, "a", same, slice(0, 1)), world: []pipeline.Slice{slice(0, 1)},
			want: []string{"read 00-01 r1 for b: first run of this lane"}},
		{name: "two sinks share a read", hcl: two, state: state.New(), world: []pipeline.Slice{slice(0, 1)},
			want: []string{"read 00-01 r1 for a,b: first run of this lane"}},
		{name: "filter changed", hcl: filtered, state: remember(t, "a", same, slice(0, 1), slice(1, 2)), world: []pipeline.Slice{slice(1, 2), slice(2, 3)},
			want: []string{"read 02-03 r1 for a: not stored yet", "a keeps 2 of an older shape"}},
		{name: "replace", hcl: one, state: remember(t, "a", same, slice(0, 1)), world: []pipeline.Slice{slice(0, 1)}, opt: plan.Options{Replace: []addr.Instance{sinkAddr("a")}},
			want: []string{"read 00-01 r2 for a: asked for with -replace"}},
		{name: "target", hcl: two, state: state.New(), world: []pipeline.Slice{slice(0, 1)}, opt: plan.Options{Targets: []addr.Instance{sinkAddr("b")}},
			want: []string{"read 00-01 r1 for b: first run of this lane"}},
		{name: "a file grew", hcl: one, state: remember(t, "a", same, slice(0, 1, file("f", 10, "x"))), world: []pipeline.Slice{slice(0, 1, file("f", 12, "y"))},
			want: []string{"read 00-01 r2 for a: f grew from 10 to 12 bytes"}},
		{name: "a file changed", hcl: one, state: remember(t, "a", same, slice(0, 1, file("f", 10, "x"))), world: []pipeline.Slice{slice(0, 1, file("f", 10, "y"))},
			want: []string{"read 00-01 r2 for a: f changed"}},
		{name: "a file was touched only", hcl: one, state: remember(t, "a", same, slice(0, 1, file("f", 10, "x"))),
			world: []pipeline.Slice{slice(0, 1, pipeline.Part{Name: "f", Size: 10, Sum: "x", Modified: day.Add(time.Hour)})}},
		{name: "a new file for an old hour", hcl: one, state: remember(t, "a", same, slice(0, 1, file("f", 10, "x"))),
			world: []pipeline.Slice{slice(0, 1, file("f", 10, "x"), file("g", 3, ""))},
			want:  []string{"read 00-01 r2 for a: new file g"}},
		{name: "a file is gone", hcl: one, state: remember(t, "a", same, slice(0, 1, file("f", 10, "x"), file("g", 1, "z"))),
			world: []pipeline.Slice{slice(0, 1, file("f", 10, "x"))}},
		{name: "slices became longer", hcl: one, state: remember(t, "a", same, slice(0, 1), slice(1, 2), slice(2, 14)), world: []pipeline.Slice{slice(0, 24), slice(24, 48)},
			want: []string{"read 14-24 r1 for a: the rest of the slice is stored already", "read 24-48 r1 for a: not stored yet"}},
		{name: "slices became longer over a hole", hcl: one, state: remember(t, "a", same, slice(1, 2), slice(4, 6)), world: []pipeline.Slice{slice(0, 6)},
			want: []string{"read 00-01 r1 for a: the rest of the slice is stored already", "read 02-04 r1 for a: the rest of the slice is stored already"}},
		{name: "slices became shorter", hcl: one, state: remember(t, "a", same, slice(0, 24)), world: []pipeline.Slice{slice(23, 24), slice(24, 25)},
			want: []string{"read 24-25 r1 for a: not stored yet"}},
		{name: "slices became longer and a file changed", hcl: one,
			state: remember(t, "a", same, slice(0, 1, file("f", 10, "x")), slice(1, 2, file("f", 10, "x"))), world: []pipeline.Slice{slice(0, 24, file("f", 11, ""))},
			want: []string{"read 00-24 r2 for a: f grew from 10 to 11 bytes"}},
		{name: "not due yet", hcl: one, state: state.New(), world: []pipeline.Slice{fresh(-1), fresh(-2)},
			want: []string{"read -2--1 r1 for a: first run of this lane"}},
		{name: "a revisit is due", hcl: one, state: readAt(t, same, hour(-3), hour(-2)), world: []pipeline.Slice{fresh(-4)},
			want: []string{"read -4--3 r2 for a: read again 2h0m0s after its end, for late and changed records"}},
		{name: "a revisit was made", hcl: one, state: readAt(t, same, hour(-3), hour(-1)), world: []pipeline.Slice{fresh(-4)}},
		{name: "the last revisit is due after a long pause", hcl: one, state: readAt(t, same, hour(-99), hour(-98)), world: []pipeline.Slice{fresh(-100)},
			want: []string{"read -100--99 r2 for a: read again 48h0m0s after its end, for late and changed records"}},
		{name: "renamed with moved", hcl: strings.ReplaceAll(one, `"a"`, `"z"`) + "moved {\n  from = sink.out.a\n  to = sink.out.z\n}\n",
			state: remember(t, "a", same, slice(0, 1)), world: []pipeline.Slice{slice(0, 1)},
			want: []string{"move sink.out.a to sink.out.z"}},
		{name: "sink removed", hcl: two, state: gone(t, same), world: []pipeline.Slice{slice(0, 1)},
			want: []string{"note sink.out.old is no longer in the configuration; its 4 objects stay and no retention rule watches them. To end it: removed {\n  from      = sink.out.old\n  retention = \"forget\"\n}"}},
		{name: "sink removed and forgotten", hcl: two + "removed {\n  from = sink.out.old\n  retention = \"forget\"\n}\n", state: gone(t, same), world: []pipeline.Slice{slice(0, 1)},
			want: []string{"forget sink.out.old"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := decode(t, c.hcl)
			found := &plan.Found{Slices: map[addr.Instance][]pipeline.Slice{sourceAddr("s"): c.world}}
			before := state.New()
			*before = *c.state.Clone()
			pl, diags := plan.Make(p, c.state, found, day, c.opt)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			if diff := cmp.Diff(c.want, lines(pl)); diff != "" {
				t.Error("(-want +got):\n" + diff)
			}
			if diff := cmp.Diff(before, c.state); diff != "" {
				t.Error("Make changed the state:\n" + diff)
			}
			if again, _ := plan.Make(p, c.state, found, day, c.opt); cmp.Diff(pl, again) != "" {
				t.Error("the same arguments gave another plan")
			}
		})
	}
}

// gone is a state in which a, b and old were used and old is no longer there.
func gone(t *testing.T, shape string) *state.State {
	st := remember(t, "a", shape, slice(0, 1))
	lane := state.Lane{Source: sourceAddr("s"), Sink: sinkAddr("b")}
	err := st.Do(state.Claim{Sink: sinkAddr("b"), Kind: "out"}, state.Claim{Sink: sinkAddr("old"), Kind: "out", Objects: 4},
		state.Put{Lane: lane, Done: []*state.Done{{Name: "x", Start: hour(0), End: hour(1), Length: time.Hour, Revision: 1, Attempt: 1, Settled: true, Shape: shape}}})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// fresh is the hour that starts n hours from now, of a source with a settling
// time of 15 minutes and two revisits. Now is the beginning of the day.
func fresh(n int) pipeline.Slice {
	s := slice(n, n+1)
	s.Settle, s.Revisit = 15*time.Minute, []time.Duration{2 * time.Hour, 48 * time.Hour}
	return s
}

// readAt is a state that read the hour ending at end at some time.
func readAt(t *testing.T, shape string, end, at time.Time) *state.State {
	t.Helper()
	st := remember(t, "a", shape)
	err := st.Do(state.Put{Lane: state.Lane{Source: sourceAddr("s"), Sink: sinkAddr("a")}, Done: []*state.Done{{
		Name: "x", Start: end.Add(-time.Hour), End: end, Length: time.Hour, Revision: 1, Attempt: 1, Shape: shape, At: at}}})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestMakeRefuses(t *testing.T) {
	for _, c := range []struct {
		name, hcl string
		state     *state.State
		world     []pipeline.Slice
		want      string
	}{
		{"a rename without moved", strings.ReplaceAll(one, `"a"`, `"z"`), remember(t, "a", "", slice(0, 1)), nil,
			"moved {\n  from = sink.out.a\n  to   = sink.out.z\n}"},
		{"for_each added without moved", "source \"log\" \"s\" {}\nsink \"out\" \"a\" {\n  for_each = { k = 1 }\n  from = source.log.s\n}\n", remember(t, "a", "", slice(0, 1)), nil,
			"to   = sink.out.a[\"k\"]"},
		{"another log", strings.Replace(one, `"s" {}`, `"s" { log = "audits" }`, 1), remember(t, "a", "", slice(0, 1)), nil,
			`source.log.s reads log "audits", but what is stored under that name came from records without a log`},
		{"a window was removed", one, remember(t, "a", "", slice(0, 1)), []pipeline.Slice{{Source: sourceAddr("s"), Name: "s-file", Ground: []pipeline.Part{file("f", 1, "x")}}},
			"cut into slices of time, and now it would be cut into whole files"},
		{"two slices with one name", strings.Replace(one, "from =", "fixed = \"yes\"\n  from =", 1), state.New(), []pipeline.Slice{slice(0, 1), slice(1, 2)},
			"${slice.name}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := &plan.Found{Slices: map[addr.Instance][]pipeline.Slice{sourceAddr("s"): c.world}}
			_, diags := plan.Make(decode(t, c.hcl), c.state, found, day, plan.Options{})
			if !diags.HasErrors() {
				t.Fatal("it was planned")
			}
			d := diags[0]
			if d.Subject == nil || !strings.Contains(d.Detail, c.want) {
				t.Errorf("diagnostic %q at %v\n%s\nwant %s", d.Summary, d.Subject, d.Detail, c.want)
			}
		})
	}
}

func TestProblemsLeaveTheRest(t *testing.T) {
	p := decode(t, one+"sink \"out\" \"b\" { from = source.log.s }\n")
	found := &plan.Found{Slices: map[addr.Instance][]pipeline.Slice{sourceAddr("s"): {slice(0, 1)}},
		Errs: map[addr.Instance]error{sinkAddr("b"): errors.New("its place belongs to another")}}
	pl, diags := plan.Make(p, state.New(), found, day, plan.Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	want := []string{"read 00-01 r1 for a: first run of this lane", "problem sink.out.b its place belongs to another"}
	if diff := cmp.Diff(want, lines(pl)); diff != "" {
		t.Error(diff)
	}
}

func TestNoticesBecomeNotes(t *testing.T) {
	p := decode(t, strings.Replace(one, "{}", `{ notice = "has no file" }`, 1))
	st := state.New()
	pl, diags := plan.Make(p, st, plan.Look(t.Context(), p, st, plan.NewStores(storetest.NewMemory(func() time.Time { return day }))), day, plan.Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if diff := cmp.Diff([]string{"note source.log.s has no file"}, lines(pl)); diff != "" {
		t.Error(diff)
	}
	if !pl.Empty() {
		t.Error("a note is work")
	}
}

func TestCommon(t *testing.T) {
	p := decode(t, one)
	make := func(st *state.State, world ...pipeline.Slice) *plan.Plan {
		found := &plan.Found{Slices: map[addr.Instance][]pipeline.Slice{sourceAddr("s"): world}}
		pl, diags := plan.Make(p, st, found, day, plan.Options{})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		return pl
	}
	st := remember(t, "a", shape(t, one))
	shown := make(st, slice(0, 1, file("f", 1, "x")), slice(1, 2), slice(2, 3))
	now := make(st, slice(0, 1, file("f", 2, "y")), slice(1, 2), slice(3, 4))
	both, left, err := plan.Common(shown, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(both.Reads) != 1 || !both.Reads[0].Start.Equal(hour(1)) {
		t.Errorf("common reads %v, want the slice of hour 1", lines(both))
	}
	if len(left) != 3 {
		t.Errorf("left out %q, want three", left)
	}
	first := make(state.New(), slice(1, 2))
	if both, _, err := plan.Common(first, now); err != nil || len(both.Reads) != 1 {
		t.Errorf("a plan of a first run: %v, error %v; the state came to be in between", lines(both), err)
	}
	other := *now
	other.Config = "another"
	if _, _, err := plan.Common(shown, &other); err == nil {
		t.Error("another configuration was accepted")
	}
	other = *now
	other.Lineage = "another"
	if _, _, err := plan.Common(shown, &other); err == nil {
		t.Error("another lineage was accepted")
	}
}
