package plan

import (
	"context"

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
	known := map[string]pipeline.Part{}
	holding := map[string][]pipeline.Slice{}
	for lane, ls := range st.Lanes {
		if lane.Source != source {
			continue
		}
		for _, d := range ls.Done {
			s := pipeline.Slice{Source: source, Stream: lane.Stream, Name: d.Name, Start: d.Start, End: d.End, Ground: d.Ground}
			for _, g := range d.Ground {
				holding[g.Name] = append(holding[g.Name], s)
				if old, ok := known[g.Name]; !ok || g.Modified.After(old.Modified) {
					known[g.Name] = g
				}
			}
		}
	}
	return pipeline.Window{
		Known:   func(name string) (pipeline.Part, bool) { p, ok := known[name]; return p, ok },
		Holding: func(name string) []pipeline.Slice { return holding[name] },
	}
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
