package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/config"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/state"
)

// Found is what Look saw of the world.
type Found struct {
	Slices  map[addr.Instance][]pipeline.Slice // by source
	Notices map[addr.Instance][]string         // what sources noticed on the way
	Errs    map[addr.Instance]error            // sources and sinks that could not be looked at
	Named   map[string]manifest.Entry          // open intents that a manifest names
}

// Look asks every source for its slices and every sink whose place it is. It
// reads and changes nothing. A configuration that the state contradicts is not
// looked at: Make says why.
func Look(ctx context.Context, p *config.Pipeline, st *state.State, stores *Stores) *Found {
	f := &Found{Slices: map[addr.Instance][]pipeline.Slice{}, Notices: map[addr.Instance][]string{},
		Errs: map[addr.Instance]error{}, Named: map[string]manifest.Entry{}}
	var pl Plan
	after, diags := pl.adopt(p, st)
	if diags.HasErrors() {
		return f
	}
	for _, in := range p.Instances {
		var err error
		switch {
		case in.Source != nil:
			w := remembered(after, in.Addr)
			w.Notice = func(text string) { f.Notices[in.Addr] = append(f.Notices[in.Addr], text) }
			f.Slices[in.Addr], err = in.Source.Slices(ctx, w)
			for i := range f.Slices[in.Addr] {
				f.Slices[in.Addr][i].Source = in.Addr
			}
		case in.Sink != nil:
			err = f.lookSink(ctx, in, after, pl.Moves, stores)
		}
		if err != nil {
			f.Errs[in.Addr] = err
		}
	}
	return f
}

// remembered returns what is known of a source's ground. The newest memory of
// a part wins; lanes of one source may remember different ages.
func remembered(st *state.State, source addr.Instance) pipeline.Window {
	m := memory{st: st, source: source}
	parts := sync.OnceValue(m.parts)
	return pipeline.Window{
		Known:   func(name string) (pipeline.Part, bool) { return newest(parts()[name]) },
		Holding: func(name string) []pipeline.Slice { return m.slices(parts()[name]) },
	}
}

// memory finds what the lanes of a source remember of a part. Slices are made
// when they are asked for: there may be many, and most sources never ask.
type memory struct {
	st     *state.State
	source addr.Instance
}

// held is one part of one slice of a lane.
type held struct {
	stream string
	done   *state.Done
	part   *pipeline.Part
}

func (m memory) parts() map[string][]held {
	parts := map[string][]held{}
	for _, lane := range slices.SortedFunc(maps.Keys(m.st.Lanes), state.Lane.Compare) {
		if lane.Source != m.source {
			continue
		}
		for _, d := range m.st.Lanes[lane].Done {
			for i := range d.Ground {
				g := &d.Ground[i]
				parts[g.Name] = append(parts[g.Name], held{lane.Stream, d, g})
			}
		}
	}
	return parts
}

func newest(hs []held) (part pipeline.Part, known bool) {
	for _, h := range hs {
		if !known || h.part.Modified.After(part.Modified) {
			part, known = *h.part, true
		}
	}
	return part, known
}

func (m memory) slices(hs []held) []pipeline.Slice {
	var all []pipeline.Slice
	for _, h := range hs {
		all = append(all, pipeline.Slice{Source: m.source, Stream: h.stream, Name: h.done.Name,
			Start: h.done.Start, End: h.done.End, Ground: h.done.Ground})
	}
	return all
}

func (f *Found) lookSink(ctx context.Context, in *config.Instance, st *state.State, moves []Move, stores *Stores) error {
	m, err := stores.Manifest(ctx, in)
	if err != nil {
		return err
	}
	err = m.Allows(manifest.Claim{Lineage: st.Lineage, Sink: in.Addr})
	for _, mv := range moves {
		if err != nil && mv.To == in.Addr && m.Allows(manifest.Claim{Lineage: st.Lineage, Sink: mv.From}) == nil {
			err = nil
		}
	}
	if err == nil {
		err = sameplace(in, m, st)
	}
	if err == nil {
		_, err = stores.Known(ctx, in, st.Sinks[in.Addr].Head)
	}
	if err != nil {
		return err
	}
	for id, intent := range st.Intents {
		if intent.Lane.Sink != in.Addr {
			continue
		}
		entry, named, err := m.Find(ctx, id)
		if err != nil {
			return err
		}
		if named {
			f.Named[id] = entry
		}
	}
	return nil
}

// sameplace refuses a sink that was given another place under its old name:
// what it has stored, its manifest and the memory of its records lie in the old
// one. A place that was moved or mounted elsewhere has its claim with it.
func sameplace(in *config.Instance, m *manifest.Manifest, st *state.State) error {
	stored, ok := in.Sink.(pipeline.Stored)
	old, used := st.Sinks[in.Addr]
	if _, claimed := m.Claim(); !ok || !used || claimed || old.Place == "" || old.Place == stored.Place() {
		return nil
	}
	return fmt.Errorf("what it has stored lies in %q, but now it writes to %q, where nothing is: write the old place back, or move all of it to the new one, or give the sink a new label and end the old one with a removed block",
		old.Place, stored.Place())
}
