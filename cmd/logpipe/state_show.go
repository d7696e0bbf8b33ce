package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/logpipe/logpipe/internal/escape"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/state"
)

func stateShowCommand() command {
	return command{
		name: "state show", synopsis: "Show what the state knows of an address", usage: "[options] [ADDRESS]...",
		doc: `Shows, for every lane (a source and a sink that its records reach), which
stretches of time and which files are stored, and what an interrupted run left
open. With addresses, only lanes from or to these.`,
		setup: func(p *program, f *flags) func([]string) code {
			var v values
			v.flags(f)
			return func(args []string) code {
				only, err := addresses(args)
				if err != nil {
					return p.usage("state show", err)
				}
				return p.viewState(v, func(s *state.State) code {
					if err := unknown(s, only); err != nil {
						return p.fail(err)
					}
					return p.print([]byte(stateText(s, only)))
				})
			}
		},
	}
}

// stateText is a state for people.
func stateText(s *state.State, only []addr.Instance) string {
	if s.Lineage == "" {
		return "There is no state yet: nothing was applied here.\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "lineage %s, serial %d\n", escape.Terminal(s.Lineage), s.Serial)
	for _, a := range remembered(s) {
		if !chosen(a, only) {
			continue
		}
		fmt.Fprintf(&b, "\n%s\n", escape.Terminal(a.String()))
		if m, ok := s.Sinks[a]; ok {
			fmt.Fprintf(&b, "  %s, %s\n", plural(m.Objects, "object", "objects"), place(m.Place))
		} else if id := s.Sources[a]; id.Log != "" {
			fmt.Fprintf(&b, "  log %s\n", escape.Terminal(id.Log))
		}
	}
	for _, l := range slices.SortedFunc(maps.Keys(s.Lanes), state.Lane.Compare) {
		if chosen(l.Source, only) || chosen(l.Sink, only) {
			laneText(&b, l, s.Lanes[l])
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.Intents)) {
		in := s.Intents[id]
		if chosen(in.Lane.Source, only) || chosen(in.Lane.Sink, only) {
			fmt.Fprintf(&b, "\ninterrupted: slice %s of %s, since %s\n",
				escape.Terminal(in.Slice), escape.Terminal(in.Lane.Sink.String()), instant(in.Opened))
		}
	}
	return b.String()
}

func laneText(b *strings.Builder, l state.Lane, ls *state.LaneState) {
	fmt.Fprintf(b, "\n%s\n", escape.Terminal(l.String()))
	const most = 20
	for i, d := range ls.Done {
		if i == most {
			fmt.Fprintf(b, "  … and %s more\n", thousands(int64(len(ls.Done)-most)))
			break
		}
		what := d.Name
		if !d.Start.IsZero() {
			what = stretch(d.Start, d.End)
		}
		fmt.Fprintf(b, "  %s", escape.Terminal(what))
		if d.Length > 0 {
			fmt.Fprintf(b, " in slices of %s", length(d.Length))
		}
		if d.Revision > 1 {
			fmt.Fprintf(b, ", revision %d", d.Revision)
		}
		b.WriteString("\n")
	}
}

func place(p string) string {
	if p == "" {
		return "in its service"
	}
	return "in " + escape.Terminal(p)
}

// stretch writes a window, dates alone where both ends are midnights.
func stretch(start, end time.Time) string {
	form := "2006-01-02 15:04:05"
	switch {
	case midnight(start) && midnight(end):
		form = time.DateOnly
	case start.Second() == 0 && end.Second() == 0:
		form = "2006-01-02 15:04"
	}
	return start.UTC().Format(form) + " → " + end.UTC().Format(form) + " UTC"
}

func midnight(t time.Time) bool { return t.Equal(t.Truncate(24 * time.Hour)) }

// length writes a slice's length as a pipeline file would.
func length(d time.Duration) string {
	switch {
	case d%(24*time.Hour) == 0:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}
