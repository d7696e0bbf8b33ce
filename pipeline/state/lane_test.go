package state_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/state"
)

var (
	day  = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	src  = addr.Block{Class: addr.Source, Kind: "file", Label: "sign_ins"}.Only()
	sink = addr.Block{Class: addr.Sink, Kind: "local", Label: "archive"}.Only()
	lane = state.Lane{Source: src, Sink: sink}
)

func TestLaneText(t *testing.T) {
	keyed := src.At(`a # b -> sink."x"]`)
	for _, want := range []state.Lane{
		lane,
		{Source: src, Stream: "non_interactive", Sink: sink},
		{Source: keyed, Stream: "s", Sink: sink.At("")},
		{Source: keyed, Sink: sink.At(" -> ")},
	} {
		text, err := want.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got state.Lane
		if err := got.UnmarshalText(text); err != nil || got != want {
			t.Errorf("%s reads back as %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "->", "source.file.a", "source.file.a -> ", "source.file.a# -> sink.local.b", "sink.local.b -> source.file.a",
		`source.file.a["x -> sink.local.b`, "source.file.a#x y -> sink.local.b", "source.file.a-> sink.local.b"} {
		if l, err := state.ParseLane(text); err == nil {
			t.Errorf("%q reads as %s, want an error", text, l)
		}
	}
}

func hours(from, to int) (start, end time.Time) {
	return day.Add(time.Duration(from) * time.Hour), day.Add(time.Duration(to) * time.Hour)
}

// grid returns a settled slice from one hour to another, with slices as long
// as itself.
func grid(from, to, revision int) state.Done {
	start, end := hours(from, to)
	return state.Done{Name: fmt.Sprintf("g%d-%d", from, to), Start: start, End: end, Length: end.Sub(start),
		Revision: revision, Attempt: 1, Settled: true, Shape: "s1", At: end}
}

func file(name string, revision int) state.Done {
	return state.Done{Name: name, Revision: revision, Attempt: 1, Shape: "s1", At: day,
		Ground: []pipeline.Part{{Name: name, Size: 7, Sum: "x"}}}
}

// finish does a slice as a run does.
func finish(t *testing.T, s *state.State, ds ...state.Done) {
	t.Helper()
	for _, d := range ds {
		in := state.Intent{ID: fmt.Sprintf("i%d", rand.Uint64()), Lane: lane, Slice: d.Name, Revision: d.Revision, Attempt: d.Attempt}
		if err := s.Do(state.OpenIntent{Intent: in}, state.Finish{Intent: in.ID, Done: d}); err != nil {
			t.Fatal(err)
		}
	}
}

func shown(l *state.LaneState) (out []string) {
	for _, d := range l.Done {
		if d.Start.IsZero() {
			out = append(out, fmt.Sprintf("%s r%d", d.Name, d.Revision))
			continue
		}
		out = append(out, fmt.Sprintf("%v-%v/%v r%d %s", d.Start.Sub(day).Hours(), d.End.Sub(day).Hours(), d.Length.Hours(), d.Revision, d.Name))
	}
	return out
}

func TestJoin(t *testing.T) {
	unsettled := grid(1, 2, 1)
	unsettled.Settled = false
	ground := grid(1, 2, 1)
	ground.Ground = []pipeline.Part{{Name: "f"}}
	shaped := grid(1, 2, 1)
	shaped.Shape = "s2"
	for _, c := range []struct {
		name string
		done []state.Done
		want []string
	}{
		{"neighbours", []state.Done{grid(0, 1, 1), grid(1, 2, 1), grid(2, 3, 1)}, []string{"0-3/1 r1 "}},
		{"in any order", []state.Done{grid(2, 3, 1), grid(0, 1, 1), grid(1, 2, 1)}, []string{"0-3/1 r1 "}},
		{"not over a gap", []state.Done{grid(0, 1, 1), grid(2, 3, 1)}, []string{"0-1/1 r1 g0-1", "2-3/1 r1 g2-3"}},
		{"not with another length", []state.Done{grid(0, 1, 1), grid(1, 3, 1)}, []string{"0-1/1 r1 g0-1", "1-3/2 r1 g1-3"}},
		{"not unsettled", []state.Done{grid(0, 1, 1), unsettled}, []string{"0-1/1 r1 g0-1", "1-2/1 r1 g1-2"}},
		{"settled later", []state.Done{grid(0, 1, 1), unsettled, grid(2, 3, 1), grid(1, 2, 1)}, []string{"0-3/1 r1 "}},
		{"not with ground", []state.Done{grid(0, 1, 1), ground}, []string{"0-1/1 r1 g0-1", "1-2/1 r1 g1-2"}},
		{"not with another shape", []state.Done{grid(0, 1, 1), shaped}, []string{"0-1/1 r1 g0-1", "1-2/1 r1 g1-2"}},
		{"a revision in the middle", []state.Done{grid(0, 1, 1), grid(1, 2, 1), grid(2, 3, 1), grid(1, 2, 2)},
			[]string{"0-1/1 r1 ", "1-2/1 r2 g1-2", "2-3/1 r1 "}},
		{"all revised again", []state.Done{grid(0, 1, 1), grid(1, 2, 1), grid(1, 2, 2), grid(0, 1, 2)}, []string{"0-2/1 r2 "}},
		{"a longer one over shorter ones", []state.Done{grid(0, 1, 1), grid(1, 2, 1), grid(0, 24, 2)}, []string{"0-24/24 r2 g0-24"}},
		{"a shorter one inside a longer one", []state.Done{grid(0, 24, 1), grid(3, 4, 2)},
			[]string{"0-3/24 r1 g0-24", "3-4/1 r2 g3-4", "4-24/24 r1 g0-24"}},
		{"files", []state.Done{file("b", 1), grid(0, 1, 1), file("a", 1), file("b", 2)}, []string{"a r1", "b r2", "0-1/1 r1 g0-1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := state.New()
			finish(t, s, c.done...)
			if diff := cmp.Diff(c.want, shown(s.Lane(lane))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLookUp(t *testing.T) {
	s := state.New()
	if l := s.Lane(lane); l.Len() != 0 || l.Orphaned("x") != 0 || l.OtherShape("x") != 0 || l.Over("x", time.Time{}, time.Time{}) != nil || l.Covers("x", day, day.Add(1)) {
		t.Error("a lane that is not known is not empty")
	}
	finish(t, s, grid(0, 1, 1), grid(1, 2, 1), grid(2, 3, 1), grid(5, 7, 3), file("a", 1), file("c", 2))
	l := s.Lane(lane)
	for _, c := range []struct {
		name     string
		from, to int
		over     []int // revisions
		covers   bool
	}{
		{"inside", 1, 2, []int{1}, true},
		{"all", 0, 3, []int{1}, true},
		{"another length inside", 0, 2, []int{1}, true},
		{"sticks out", 2, 4, []int{1}, false},
		{"before and in", -1, 1, []int{1}, false},
		{"a gap", 3, 5, nil, false},
		{"over the gap", 2, 7, []int{1, 3}, false},
		{"touches only", 7, 8, nil, false},
	} {
		start, end := hours(c.from, c.to)
		var over []int
		for _, d := range l.Over("", start, end) {
			over = append(over, d.Revision)
		}
		if !slices.Equal(over, c.over) || l.Covers("", start, end) != c.covers {
			t.Errorf("%s: over %v, covers %v; want %v, %v", c.name, over, !c.covers, c.over, c.covers)
		}
	}
	for name, want := range map[string]int{"a": 1, "b": 0, "c": 2, "d": 0, "g0-1": 0} {
		got := 0
		for _, d := range l.Over(name, time.Time{}, time.Time{}) {
			got = d.Revision
		}
		if got != want || l.Covers(name, time.Time{}, time.Time{}) != (want > 0) {
			t.Errorf("file %s: revision %d, want %d", name, got, want)
		}
	}
	if l.Len() != 6 || l.OtherShape("s1") != 0 || l.OtherShape("other") != 6 {
		t.Errorf("len %d, of another shape %d; want 6 slices", l.Len(), l.OtherShape("other"))
	}
}

// TestJoinAgainstSet compares a lane with a map from hour to what is done
// there: whatever is joined or cut, every hour must say the same.
func TestJoinAgainstSet(t *testing.T) {
	type mark struct {
		revision int
		settled  bool
		shape    string
		length   time.Duration
	}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		s, model := state.New(), map[int]mark{}
		for range 60 {
			length := []int{1, 1, 1, 2, 6}[r.IntN(5)]
			from := r.IntN(48/length) * length
			d := grid(from, from+length, 1+r.IntN(2))
			d.Settled, d.Shape = r.IntN(4) > 0, []string{"s1", "s2"}[r.IntN(2)/(1+r.IntN(2))]
			finish(t, s, d)
			for h := from; h < from+length; h++ {
				model[h] = mark{d.Revision, d.Settled, d.Shape, d.Length}
			}
			checkHours(t, s.Lane(lane), func(h int, d *state.Done) bool {
				m, ok := model[h]
				return ok == (d != nil) && (!ok || m == mark{d.Revision, d.Settled, d.Shape, d.Length})
			})
		}
		b, err := state.Export(&state.State{Format: state.Format, Lineage: "l", Serial: 1, Lanes: s.Lanes})
		if err != nil {
			t.Fatal(err)
		}
		back, err := state.Import(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s.Lanes, back.Lanes); diff != "" {
			t.Fatalf("seed %d: the state changes when it is exported and imported:\n%s", seed, diff)
		}
	}
}

func checkHours(t *testing.T, l *state.LaneState, agrees func(int, *state.Done) bool) {
	t.Helper()
	for h := range 50 {
		start, end := hours(h, h+1)
		over := l.Over("", start, end)
		var d *state.Done
		if len(over) > 0 {
			d = &over[0]
		}
		if len(over) > 1 || l.Covers("", start, end) != (d != nil) || !agrees(h, d) {
			t.Fatalf("hour %d: done is %+v\n%v", h, over, shown(l))
		}
	}
	for i, d := range l.Done {
		if i == 0 {
			continue
		}
		prev := l.Done[i-1]
		if d.Start.Before(prev.End) {
			t.Fatalf("%v: overlap or disorder", shown(l))
		}
		alike := d.Settled && prev.Settled && d.Length == prev.Length && d.Revision == prev.Revision && d.Shape == prev.Shape
		whole := d.End.Sub(d.Start)%d.Length == 0 && prev.End.Sub(prev.Start)%prev.Length == 0
		if alike && whole && d.Start.Equal(prev.End) {
			t.Fatalf("%v: neighbours that are alike are not joined", shown(l))
		}
	}
}
