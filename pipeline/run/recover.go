package run

import (
	"context"
	"fmt"
	"maps"

	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/config"
	"github.com/logpipe/logpipe/pipeline/state"
)

// recover settles the intents that an interrupted run left open, as far as the
// plan could look at their sinks: the others stay as they are, and so do the
// sinks. The fence comes first: a writer that was only asleep finds its number
// in the manifest taken and names nothing, so the answer of Find cannot change
// any more. A sink that fails here gets nothing in this run.
func (r *runner) recover(ctx context.Context) error {
	var open map[string]state.Intent
	r.st.View(func(s *state.State) { open = maps.Clone(s.Intents) })
	fenced := map[addr.Instance]bool{}
	for _, rc := range r.plan.Recoveries {
		in, still := open[rc.Intent]
		if !still || r.broken[in.Lane.Sink] != nil {
			continue
		}
		sink, ok := r.pipe.Instance(in.Lane.Sink)
		if !ok {
			continue
		}
		if err := r.settle(ctx, sink, in, fenced); err != nil {
			err = fmt.Errorf("recover slice %s of %s: %w", in.Slice, in.Lane.Sink, err)
			if lost(err) || ctx.Err() != nil {
				return err
			}
			r.fails(in.Lane.Sink, in.Slice, err)
			continue
		}
		r.report.Recovered++
	}
	return nil
}

// fails takes a sink out of this run.
func (r *runner) fails(sink addr.Instance, slice string, err error) {
	r.broken[sink] = err
	r.report.Failures = append(r.report.Failures, Failure{Slice: slice, Sink: sink, Err: err, Error: err.Error()})
	r.event(Event{Kind: Failed, Sink: sink, Slice: slice, Error: err.Error()})
}

func (r *runner) settle(ctx context.Context, sink *config.Instance, in state.Intent, fenced map[addr.Instance]bool) error {
	m, err := r.manifest(ctx, sink, sink.Addr)
	if err != nil {
		return err
	}
	if !fenced[sink.Addr] {
		if err := m.Fence(ctx, r.st.Epoch(), r.st.Holder().ID); err != nil {
			return err
		}
		fenced[sink.Addr] = true
	}
	entry, named, err := m.Find(ctx, in.ID)
	if err != nil {
		return err
	}
	e := Event{Kind: Recovered, Source: in.Lane.Source, Sink: in.Lane.Sink, Slice: in.Slice, Revision: in.Revision}
	if named {
		if err := r.finish(ctx, sink, in, entry); err != nil {
			return err
		}
		e.Detail = "its objects were named already"
		r.event(e)
		return nil
	}
	kept := r.sweep(ctx, sink, in)
	if err := r.st.Apply(ctx, state.Abandon{Intent: in.ID, Kept: kept}); err != nil {
		return err
	}
	e.Detail = "its unnamed objects were removed; the slice is read again"
	if kept {
		e.Detail = "some of its unnamed objects could not be removed; the slice is read again under other names"
	}
	r.event(e)
	return nil
}

// sweep deletes what an abandoned intent announced and reports whether some of
// it had to stay; then the next attempt takes other names. None of it was there
// when the intent was written, and nobody has named it since.
func (r *runner) sweep(ctx context.Context, sink *config.Instance, in state.Intent) (kept bool) {
	st, prefix, err := r.stores.Store(ctx, sink)
	if err != nil {
		return true
	}
	names := announced(sink, prefix, in.Slice, in.Revision, in.Attempt, in.Names)
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
