package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/plan"
	"github.com/logpipe/logpipe/pipeline/state"
)

// of gives a slice another source, and the name that it has there.
func of(source addr.Instance, s pipeline.Slice) pipeline.Slice {
	s.Source, s.Name = source, pipeline.SliceName(source, s.Stream, s.Start, s.End)
	return s
}

func lane(sink string) state.Lane {
	return state.Lane{Source: sourceAddr("s"), Sink: sinkAddr(sink)}
}

func names(p *plan.Plan) (all []string) {
	for _, r := range p.Reads {
		all = append(all, r.Slice)
	}
	return all
}

func mustMake(t *testing.T, hcl string, st *state.State, o plan.Options, world ...pipeline.Slice) *plan.Plan {
	t.Helper()
	found := &plan.Found{Slices: map[addr.Instance][]pipeline.Slice{}}
	for _, s := range world {
		found.Slices[s.Source] = append(found.Slices[s.Source], s)
	}
	pl, diags := plan.Make(decode(t, hcl), st, found, day, o)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return pl
}

// A key may look like the stamp of a slice; the stretch's stamp still stands
// where it belongs, or two stretches would have one name.
func TestAStretchIsNamedAtItsEnd(t *testing.T) {
	whole := slice(0, 6)
	source := addr.Block{Class: addr.Source, Kind: "log", Label: "s"}.At(pipeline.SliceStamp(whole.Start, whole.End))
	st := state.New()
	err := st.Do(state.Know{Source: source}, state.Claim{Sink: sinkAddr("a"), Kind: "out"},
		state.Put{Lane: state.Lane{Source: source, Sink: sinkAddr("a")}, Done: []*state.Done{{
			Start: hour(1), End: hour(2), Length: time.Hour, Revision: 1, Attempt: 1, Settled: true}}})
	if err != nil {
		t.Fatal(err)
	}
	pl := mustMake(t, fmt.Sprintf(`
source "log" "s" { for_each = { %q = 1 } }
sink "out" "a" { from = values(source.log.s) }
`, source.Key), st, plan.Options{}, of(source, whole))
	want := []string{pipeline.SliceName(source, "", hour(0), hour(1)), pipeline.SliceName(source, "", hour(2), hour(6))}
	if diff := cmp.Diff(want, names(pl)); diff != "" {
		t.Error(diff)
	}
}

func TestSlicesBeforeTheEpoch(t *testing.T) {
	at := time.Date(1969, 12, 31, 23, 0, 0, 0, time.UTC)
	old := slice(0, 1)
	old.Start, old.End = at, at.Add(2*time.Hour)
	old = of(sourceAddr("s"), old)
	st := remember(t, "a", shape(t, one))
	if err := st.Do(state.Put{Lane: lane("a"), Done: []*state.Done{{
		Start: at, End: at.Add(time.Hour), Length: time.Hour, Revision: 1, Attempt: 1, Settled: true, Shape: shape(t, one)}}}); err != nil {
		t.Fatal(err)
	}
	pl := mustMake(t, one, st, plan.Options{}, old)
	if diff := cmp.Diff([]string{"s-19700101T000000Z-1h"}, names(pl)); diff != "" {
		t.Error(diff)
	}
}

func TestSourcesWhoseSlicesHaveOneName(t *testing.T) {
	for _, c := range []struct {
		name, hcl string
		a, b      addr.Instance
		want      string
	}{
		{"two kinds with one label", `
source "log" "s" {}
source "book" "s" {}
sink "out" "a" { from = [source.log.s, source.book.s] }`,
			sourceAddr("s"), addr.Block{Class: addr.Source, Kind: "book", Label: "s"}.Only(), "another label"},
		{"a label that reads as label and key", `
source "log" "s" { for_each = { x = 1 } }
source "log" "s-x" {}
sink "out" "a" { from = [source.log.s["x"], source.log.s-x] }`,
			addr.Block{Class: addr.Source, Kind: "log", Label: "s"}.At("x"), sourceAddr("s-x"), "another label"},
		{"keys that differ in case", `
source "log" "s" { for_each = { x = 1, X = 2 } }
sink "out" "a" { from = values(source.log.s) }`,
			addr.Block{Class: addr.Source, Kind: "log", Label: "s"}.At("x"), addr.Block{Class: addr.Source, Kind: "log", Label: "s"}.At("X"), "case"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := &plan.Found{Slices: map[addr.Instance][]pipeline.Slice{
				c.a: {of(c.a, slice(0, 1))}, c.b: {of(c.b, slice(0, 1))}}}
			_, diags := plan.Make(decode(t, c.hcl), state.New(), found, day, plan.Options{})
			if !diags.HasErrors() || !strings.Contains(diags.Error(), c.want) || !strings.Contains(diags[0].Detail, c.a.String()) || !strings.Contains(diags[0].Detail, c.b.String()) {
				t.Errorf("diagnostics %v, want one that names both and says %q", diags, c.want)
			}
		})
	}
}

// Nobody remembers the records of a settled stretch, so a longer slice that
// holds one is revisited around it only.
func TestARevisitPassesOverWhatIsSettled(t *testing.T) {
	st := remember(t, "a", shape(t, one))
	done := func(from, to int, settled bool, seen string) *state.Done {
		return &state.Done{Name: "x", Start: hour(from), End: hour(to), Length: time.Duration(to-from) * time.Hour,
			Revision: 1, Attempt: 1, Settled: settled, Shape: shape(t, one), Seen: seen, At: hour(to)}
	}
	if err := st.Do(state.Put{Lane: lane("a"), Done: []*state.Done{
		done(-12, -8, true, ""), done(-8, -6, false, "m"), done(-5, -4, true, "")}}); err != nil {
		t.Fatal(err)
	}
	s := slice(-12, -3)
	s.Revisit = []time.Duration{2 * time.Hour}
	pl := mustMake(t, one, st, plan.Options{}, s)
	want := []string{
		"read -8--5 r2 for a: read again 2h0m0s after its end, for late and changed records",
		"read -4--3 r1 for a: the rest of the slice is stored already",
	}
	if diff := cmp.Diff(want, lines(pl)); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(pl.Reads[0].Seen, []plan.Seen{{Name: "m"}}) {
		t.Errorf("it does not know what is stored: %v", pl.Reads[0].Seen)
	}
}

// open announces hour 0 of s → sink in st.
func open(t *testing.T, st *state.State, sink string) {
	t.Helper()
	s := slice(0, 1)
	err := st.Do(state.OpenIntent{Intent: state.Intent{ID: "s1-" + sink, Lane: lane(sink), Slice: s.Name,
		Start: s.Start, End: s.End, Revision: 1, Attempt: 1}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpenIntents(t *testing.T) {
	const two = one + "sink \"out\" \"b\" { from = source.log.s }\n"
	both := func() *state.State {
		st := remember(t, "a", shape(t, one))
		if err := st.Do(state.Claim{Sink: sinkAddr("b"), Kind: "out"}); err != nil {
			t.Fatal(err)
		}
		open(t, st, "a")
		open(t, st, "b")
		return st
	}
	for _, c := range []struct {
		name, hcl  string
		opt        plan.Options
		errs       []string
		recoveries []string
		note       string
	}{
		{name: "are recovered", hcl: two, recoveries: []string{"a", "b"}},
		{name: "also without being a target", hcl: two, opt: plan.Options{Targets: []addr.Instance{sinkAddr("b")}}, recoveries: []string{"a", "b"}},
		{name: "also with replace", hcl: two, opt: plan.Options{Replace: []addr.Instance{sinkAddr("a")}}, recoveries: []string{"a", "b"}},
		{name: "of a sink that is gone wait", hcl: one, recoveries: []string{"a"}, note: "1 interrupted slices"},
		{name: "of a sink that cannot be looked at wait", hcl: two, errs: []string{"a"}, recoveries: []string{"b"}},
		{name: "of a sink that is forgotten end", hcl: one + "removed {\n from = sink.out.b\n retention = \"forget\"\n}\n", recoveries: []string{"a"}},
		{name: "move with their sink", hcl: one + "sink \"out\" \"z\" { from = source.log.s }\nmoved {\n from = sink.out.b\n to = sink.out.z\n}\n", recoveries: []string{"a", "z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := &plan.Found{Errs: map[addr.Instance]error{}}
			for _, label := range c.errs {
				found.Errs[sinkAddr(label)] = fmt.Errorf("permission denied")
			}
			pl, diags := plan.Make(decode(t, c.hcl), both(), found, day, c.opt)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			var got []string
			for _, r := range pl.Recoveries {
				got = append(got, r.Lane.Sink.Label)
			}
			if diff := cmp.Diff(c.recoveries, got); diff != "" {
				t.Error("recoveries (-want +got):\n" + diff)
			}
			if said := slices.ContainsFunc(pl.Notes, func(n plan.Note) bool { return strings.Contains(n.Text, "interrupted") }); said != (c.note != "") {
				t.Errorf("notes %+v, want %q", pl.Notes, c.note)
			}
		})
	}
}

// A session that goes on has interrupted nothing; what earlier ones left open is
// recovered all the same.
func TestIntentsInProgress(t *testing.T) {
	for _, c := range []struct {
		serial     int64 // with which the session began that has the lease
		recoveries int
		note       string
	}{{1, 0, "with 1 slices in progress"}, {2, 1, "with 0 slices in progress"}} {
		st := remember(t, "a", shape(t, one))
		open(t, st, "a") // in the session that began with 1
		st.Session.Serial = c.serial
		pl := mustMake(t, one, st, plan.Options{Running: "anna@ci (logpipe apply)"})
		if len(pl.Recoveries) != c.recoveries {
			t.Errorf("session %d: recoveries %+v, want %d", c.serial, pl.Recoveries, c.recoveries)
		}
		if !slices.ContainsFunc(pl.Notes, func(n plan.Note) bool { return strings.Contains(n.Text, "anna@ci") && strings.Contains(n.Text, c.note) }) {
			t.Errorf("session %d: notes %+v, want %q", c.serial, pl.Notes, c.note)
		}
	}
}

// What an interrupted run left is settled whatever plan was shown: the reads
// that stand in both may lean on it.
func TestCommonKeepsRecoveries(t *testing.T) {
	st := remember(t, "a", shape(t, one))
	shown := mustMake(t, one, st, plan.Options{}, slice(0, 1), slice(1, 2))
	open(t, st, "a")
	now := mustMake(t, one, st, plan.Options{}, slice(0, 1), slice(1, 2))
	both, left, err := plan.Common(shown, now)
	if err != nil || len(left) > 0 || len(both.Reads) != 2 || len(both.Recoveries) != 1 {
		t.Errorf("reads %v, recoveries %+v, left %v, error %v", names(both), both.Recoveries, left, err)
	}
}

func TestASourceOfAnotherTenant(t *testing.T) {
	st := remember(t, "a", shape(t, one))
	if err := st.Do(state.Know{Source: sourceAddr("s"), Identity: state.Identity{Kind: "log", Fingerprint: "records without a log, tenant contoso"}}); err != nil {
		t.Fatal(err)
	}
	_, diags := plan.Make(decode(t, one), st, &plan.Found{}, day, plan.Options{})
	if !diags.HasErrors() || !strings.Contains(diags[0].Detail, "contoso") {
		t.Errorf("diagnostics %v, want one that says what it was", diags)
	}
}

// BenchmarkMake plans over a state with many slices done in several sinks, a
// tenth of which is not settled, and a few that are new.
func BenchmarkMake(b *testing.B) {
	const hours, unsettled, sinks = 100_000, 10_000, 3
	hcl := "source \"log\" \"s\" {}\n"
	st := state.New()
	ops := []state.Op{state.Know{Source: sourceAddr("s"), Identity: state.Identity{Kind: "log"}}}
	world := make([]pipeline.Slice, 0, hours)
	for i := range hours {
		s := slice(i-hours, i-hours+1, file(fmt.Sprint("f", i), 10, "x"))
		if i >= hours-unsettled {
			s.Revisit = []time.Duration{2 * time.Hour, 2000 * time.Hour}
		}
		world = append(world, s)
	}
	for k := range sinks {
		label := fmt.Sprint("k", k)
		hcl += fmt.Sprintf("sink \"out\" %q { from = source.log.s }\n", label)
		put := state.Put{Lane: lane(label)}
		for _, s := range world[:hours-10] {
			put.Done = append(put.Done, &state.Done{Name: s.Name, Start: s.Start, End: s.End, Length: time.Hour, Revision: 1, Attempt: 1,
				Shape: "x", Ground: s.Ground, Settled: len(s.Revisit) == 0, Seen: seenOf(s), At: s.End.Add(3 * time.Hour)})
		}
		ops = append(ops, state.Claim{Sink: sinkAddr(label), Kind: "out"}, put)
	}
	if err := st.Do(ops...); err != nil {
		b.Fatal(err)
	}
	p := decode(b, hcl)
	found := &plan.Found{Slices: map[addr.Instance][]pipeline.Slice{sourceAddr("s"): world}}
	for _, c := range []struct {
		name string
		o    plan.Options
		at   time.Time
	}{
		{"quiet", plan.Options{}, day.Add(-1990 * time.Hour)},
		{"revisits", plan.Options{}, day},
		{"replace", plan.Options{Replace: []addr.Instance{sinkAddr("k0")}}, day},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			reads := 0
			for b.Loop() {
				pl, diags := plan.Make(p, st, found, c.at, c.o)
				if diags.HasErrors() {
					b.Fatal(diags)
				}
				reads = len(pl.Reads)
			}
			b.ReportMetric(float64(reads), "reads")
		})
	}
}
