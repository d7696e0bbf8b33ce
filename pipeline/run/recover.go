package run

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/logpipe/logpipe/pipeline/config"
	"github.com/logpipe/logpipe/pipeline/plan"
	"github.com/logpipe/logpipe/pipeline/state"
)

// recover settles every intent that an interrupted run left open. The fence
// comes first: a writer that was only asleep finds its number in the manifest
// taken and names nothing, so the answer of Find cannot change any more.
func (r *runner) recover(ctx context.Context) error {
	var open map[string]state.Intent
	r.st.View(func(s *state.State) { open = maps.Clone(s.Intents) })
	ids := make([]string, 0, len(open))
	for id := range open {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	fenced := map[string]bool{}
	for _, id := range ids {
		in := open[id]
		if err := r.settle(ctx, in, fenced); err != nil {
			return fmt.Errorf("recover slice %s of %s: %w", in.Slice, in.Lane.Sink, err)
		}
		r.report.Recovered++
	}
	return nil
}

func (r *runner) settle(ctx context.Context, in state.Intent, fenced map[string]bool) error {
	sink, ok := r.pipe.Instance(in.Lane.Sink)
	if !ok {
		// The sink is gone from the configuration: its objects stay, unnamed,
		// until somebody brings it back. The intent stays with them.
		return nil
	}
	m, err := r.stores.Manifest(ctx, sink)
	if err != nil {
		return err
	}
	if !fenced[sink.Addr.String()] {
		if err := m.Fence(ctx, r.st.Epoch(), r.st.Holder().ID); err != nil {
			return err
		}
		fenced[sink.Addr.String()] = true
	}
	entry, named, err := m.Find(ctx, in.ID)
	if err != nil {
		return err
	}
	if named {
		r.event(Event{Kind: Recovered, Source: in.Lane.Source, Sink: in.Lane.Sink, Slice: in.Slice, Revision: in.Revision,
			Detail: "its objects were named already"})
		return r.st.Apply(ctx, plan.Finish(in.ID, entry))
	}
	kept := r.sweep(ctx, sink, in)
	r.event(Event{Kind: Recovered, Source: in.Lane.Source, Sink: in.Lane.Sink, Slice: in.Slice, Revision: in.Revision,
		Detail: "its unnamed objects were removed; the slice is read again"})
	return r.st.Apply(ctx, state.Abandon{Intent: in.ID, Kept: kept})
}

// sweep deletes what an abandoned intent announced and reports whether some of
// it had to stay; then the next attempt takes other names. A name carries
// revision and attempt, so no stored object has it.
func (r *runner) sweep(ctx context.Context, sink *config.Instance, in state.Intent) (kept bool) {
	st, prefix, err := r.stores.Store(ctx, sink)
	if err != nil {
		return true
	}
	names := append(slices.Clone(in.Names), rejectsName(prefix, in.Slice, in.Revision, in.Attempt))
	if in.Seen != "" {
		names = append(names, seenName(prefix, in.Seen))
	}
	for _, name := range names {
		if err := st.Delete(ctx, name); err != nil {
			r.event(Event{Kind: Warned, Sink: in.Lane.Sink, Slice: in.Slice, Error: err.Error()})
			kept = true
		}
	}
	return kept
}
