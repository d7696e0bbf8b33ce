package run

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/config"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/plan"
	"github.com/logpipe/logpipe/pipeline/state"
)

// defaultParallelism is how many slices are open side by side.
const defaultParallelism = 4

// runner carries out one plan. Its mutex guards the report and serialises
// events; the state and the manifests guard themselves.
type runner struct {
	pipe   *config.Pipeline
	st     *state.File
	plan   *plan.Plan
	stores *plan.Stores
	o      Options

	lineage string
	behind  map[route][]pipeline.Redaction
	broken  map[addr.Instance]error // sinks that get nothing in this run; set before the first slice

	mu     sync.Mutex
	report Report
	lanes  map[state.Lane]*LaneReport
}

func newRunner(pipe *config.Pipeline, st *state.File, p *plan.Plan, stores *plan.Stores, o Options) *runner {
	if o.Parallelism <= 0 {
		o.Parallelism = defaultParallelism
	}
	if o.Workers <= 0 {
		o.Workers = max(1, runtime.GOMAXPROCS(0)/max(1, min(o.Parallelism, len(p.Reads))))
	}
	r := &runner{pipe: pipe, st: st, plan: p, stores: stores, o: o, behind: redactions(pipe), broken: map[addr.Instance]error{}, lanes: map[state.Lane]*LaneReport{}}
	st.View(func(s *state.State) { r.lineage = s.Lineage })
	return r
}

func (r *runner) run(ctx context.Context) (*Report, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer r.keepLease(ctx, cancel)()

	err := r.prepare(ctx)
	if err == nil {
		r.slices(ctx, cancel)
		err = context.Cause(ctx)
	}
	r.report.Lost = lost(err)
	for _, l := range r.lanes {
		r.report.Lanes = append(r.report.Lanes, *l)
	}
	slices.SortFunc(r.report.Lanes, func(a, b LaneReport) int { return a.Lane.Compare(b.Lane) })
	return &r.report, err
}

// prepare brings the state to where the plan starts: moves, what an
// interrupted run left, sources and sinks that are new.
func (r *runner) prepare(ctx context.Context) error {
	if err := r.rename(ctx); err != nil {
		return err
	}
	if err := r.recover(ctx); err != nil {
		return err
	}
	return r.introduce(ctx)
}

// introduce writes down the sources and sinks that this plan uses for the
// first time, in the state before in the manifest: a place that is claimed
// must have a state that knows it.
func (r *runner) introduce(ctx context.Context) error {
	var ops []state.Op
	var sinks []*config.Instance
	used := r.used()
	r.st.View(func(s *state.State) {
		for _, in := range r.pipe.Instances {
			switch {
			case !used[in.Addr]:
			case in.Source != nil:
				id := identityOf(in)
				if old, known := s.Sources[in.Addr]; !known || old.Fingerprint == "" && id.Fingerprint != "" {
					ops = append(ops, state.Know{Source: in.Addr, Identity: id})
				}
			case in.Sink != nil:
				sinks = append(sinks, in)
				if m, known := s.Sinks[in.Addr]; !known || m.Place != place(in) {
					ops = append(ops, state.Claim{Sink: in.Addr, Kind: in.Addr.Kind, Place: place(in)})
				}
			}
		}
	})
	if len(ops) > 0 {
		if err := r.st.Apply(ctx, ops...); err != nil {
			return fmt.Errorf("write down what is new: %w", err)
		}
	}
	for _, in := range sinks {
		if r.broken[in.Addr] != nil {
			continue
		}
		if err := r.claim(ctx, in); lost(err) || ctx.Err() != nil {
			return errors.Join(err, context.Cause(ctx))
		} else if err != nil {
			r.fails(in.Addr, "", err)
		}
	}
	return r.remember(ctx, sinks)
}

// identityOf says what a source is.
func identityOf(in *config.Instance) state.Identity {
	id := state.Identity{Kind: in.Addr.Kind, Fingerprint: in.Identity}
	if sch := in.Source.Schema(); sch != nil {
		id.Log = sch.Log
	}
	return id
}

// claim makes the sink's place belong to this lineage and this address.
func (r *runner) claim(ctx context.Context, in *config.Instance) error {
	m, err := r.manifest(ctx, in, in.Addr)
	if err != nil {
		return err
	}
	if err := m.Take(ctx, r.claimOf(in.Addr), r.st.Epoch(), r.st.Holder().ID); err != nil {
		return fmt.Errorf("claim the place of %s: %w", in.Addr, err)
	}
	return nil
}

// manifest returns a sink's manifest if it is the one that the state knows, by
// the address under which it knows it.
func (r *runner) manifest(ctx context.Context, in *config.Instance, as addr.Instance) (*manifest.Manifest, error) {
	var known manifest.Head
	r.st.View(func(s *state.State) { known = s.Sinks[as].Head })
	return r.stores.Known(ctx, in, known)
}

// remember writes down how far the manifests of sinks have come, where the state
// does not know it yet: claims and fences, and what a crash kept from it.
func (r *runner) remember(ctx context.Context, sinks []*config.Instance) error {
	var ops []state.Op
	for _, in := range sinks {
		if r.broken[in.Addr] != nil {
			continue
		}
		m, err := r.stores.Manifest(ctx, in)
		if err != nil {
			return err
		}
		head := m.Head()
		r.st.View(func(s *state.State) {
			if s.Sinks[in.Addr].Head != head {
				ops = append(ops, state.Claim{Sink: in.Addr, Kind: in.Addr.Kind, Place: place(in), Head: head})
			}
		})
	}
	if len(ops) == 0 {
		return nil
	}
	if err := r.st.Apply(ctx, ops...); err != nil {
		return fmt.Errorf("write down what the sinks have: %w", err)
	}
	return nil
}

func (r *runner) claimOf(sink addr.Instance) manifest.Claim {
	return manifest.Claim{Lineage: r.lineage, Sink: sink}
}

// rename gives the places of moved sinks to their new addresses and then the
// state. In this order a crash in between leaves the move to be made again.
func (r *runner) rename(ctx context.Context) error {
	for _, mv := range r.plan.Moves {
		in, ok := r.pipe.Instance(mv.To)
		if !ok || in.Sink == nil {
			continue
		}
		m, err := r.manifest(ctx, in, mv.From)
		if err != nil {
			return err
		}
		if _, claimed := m.Claim(); !claimed {
			continue
		}
		if err := m.Move(ctx, r.claimOf(mv.From), r.claimOf(mv.To), r.st.Epoch(), r.st.Holder().ID); err != nil {
			return fmt.Errorf("rename %s to %s: %w", mv.From, mv.To, err)
		}
	}
	if ops := r.plan.Adoption(); len(ops) > 0 {
		if err := r.st.Apply(ctx, ops...); err != nil {
			return fmt.Errorf("rename in the state: %w", err)
		}
	}
	return nil
}

func place(in *config.Instance) string {
	if s, ok := in.Sink.(pipeline.Stored); ok {
		return s.Place()
	}
	return ""
}

// used tells which sources and sinks the plan's reads touch.
func (r *runner) used() map[addr.Instance]bool {
	used := map[addr.Instance]bool{}
	for _, rd := range r.plan.Reads {
		used[rd.Source] = true
		for _, w := range rd.Writes {
			used[w.Sink] = true
		}
	}
	return used
}

// slices runs the jobs of the plan, some side by side, in the plan's order.
func (r *runner) slices(ctx context.Context, cancel context.CancelCauseFunc) {
	gate := make(chan struct{}, r.o.Parallelism)
	var wg sync.WaitGroup
	defer wg.Wait()
	for i, rd := range r.plan.Reads {
		select {
		case <-ctx.Done():
			r.leave(r.plan.Reads[i:])
			return
		case <-r.o.Stop:
			r.leave(r.plan.Reads[i:])
			return
		case gate <- struct{}{}:
		}
		if stopped(r.o.Stop) || ctx.Err() != nil {
			r.leave(r.plan.Reads[i:])
			return
		}
		wg.Go(func() {
			defer func() { <-gate }()
			if err := r.job(ctx, rd); lost(err) {
				cancel(err)
			}
		})
	}
}

func stopped(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

func (r *runner) leave(reads []plan.Read) {
	r.mu.Lock()
	r.report.Left += len(reads)
	r.report.Stopped = true
	r.mu.Unlock()
	for _, rd := range reads {
		r.event(Event{Kind: Kept, Source: rd.Source, Slice: rd.Slice, Revision: rd.Revision})
	}
}

// keepLease renews the lease until the returned function is called. A lease
// that was taken ends the run: what is open is aborted.
func (r *runner) keepLease(ctx context.Context, cancel context.CancelCauseFunc) func() {
	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(r.st.RenewEvery())
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := r.st.Renew(ctx); errors.Is(err, state.ErrLost) {
					cancel(err)
					return
				}
			}
		}
	})
	return func() { stop(); wg.Wait() }
}

func (r *runner) event(e Event) {
	if r.o.Event == nil {
		return
	}
	e.At = r.o.Clock().UTC()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.o.Event(e)
}
