package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/posener/complete"

	"github.com/logpipe/logpipe/internal/escape"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/plan"
	"github.com/logpipe/logpipe/pipeline/run"
	"github.com/logpipe/logpipe/pipeline/state"
	"github.com/logpipe/logpipe/pipeline/store"
)

type applyOptions struct {
	planOptions
	approve      bool
	destinations list
	rejects      optional
	limit        time.Duration
	parallelism  int
	input        bool
	profiles     profiles
}

func applyCommand() command {
	return command{
		name: "apply", synopsis: "Plan, ask, and do it", usage: "[options] [PLANFILE]", main: true,
		doc: `Makes a plan, shows it, asks for approval and carries it out. With a plan file
of logpipe plan -out it asks nothing: it plans again and does what stands in
both plans unchanged; what moved since is left out and said.

The first interrupt lets open slices finish and starts no more, the second
aborts them. What is not stored is read by the next run.`,
		codes: []code{rejected, leased}, args: complete.PredictFiles("*"),
		setup: func(p *program, f *flags) func([]string) code {
			var o applyOptions
			o.flags(f)
			f.Var(&o.replace, "replace", "Read again what is stored in this sink; give its `address`. May be given more than once.")
			f.BoolVar(&o.approve, "auto-approve", false, "Do not ask.")
			f.Var(&o.destinations, "approve-destination", "With -auto-approve: write to this sink although the state has not used it before and it lies outside of the pipeline's directory; give its `address`. May be given more than once.")
			f.Var(&o.rejects, "allow-rejects", "End with 4 only if more than this `number` of records were rejected.")
			f.DurationVar(&o.limit, "time-limit", 0, "After this `long`, let open slices finish and start no more; what is left is said, and is no error.")
			f.IntVar(&o.parallelism, "parallelism", 0, "How many slices are open side by side; the `number` is 4 unless given.")
			o.profiles.flags(f)
			f.BoolVar(&o.input, "input", true, "Fail instead of asking if something needs an answer.")
			return func(args []string) code {
				if len(args) > 1 {
					return p.usage("apply", exactly(1, args, "at most one plan file"))
				}
				if o.parallelism < 0 || o.limit < 0 {
					return p.usage("apply", errors.New("-parallelism and -time-limit must not be negative"))
				}
				return p.apply(o, args)
			}
		},
	}
}

func (p *program) apply(o applyOptions, args []string) (result code) {
	events := p.events(o.json)
	end, err := o.profiles.start()
	if err != nil {
		return p.trouble(err, events)
	}
	defer func() {
		if err := end(); err != nil {
			result = worst(result, p.trouble(err, events))
		}
	}()
	var shown *plan.Plan
	if len(args) == 1 {
		var err error
		if shown, err = openPlan(p.path(args[0])); err != nil {
			return p.trouble(err, events)
		}
	}
	c := p.load(o.values, false)
	if !p.must(c, events) {
		return failed
	}
	ctx, stop := interruptible(context.Background(), p.sayStopping)
	backend, err := p.stateStore(c.pipe.State)
	if err != nil {
		stop.release()
		return p.trouble(err, events)
	}
	f, err := p.openState(ctx, backend, "apply", o.wait)
	if err != nil {
		stop.release()
		return p.trouble(err, events)
	}
	a := &applying{p: p, o: o, c: c, state: f, stores: plan.NewStores(backend), events: events, stop: stop}
	result = a.run(ctx, shown)
	if stop.release() {
		result = worst(result, failed)
	}
	a.sweep(context.WithoutCancel(ctx))
	if err := f.Close(context.WithoutCancel(ctx)); err != nil && !a.lost {
		result = worst(result, p.trouble(err, events))
	}
	return result
}

func (p *program) sayStopping(second bool) {
	if second {
		fmt.Fprintln(p.err, "\nAborting: open slices are given up. Nothing half-written stays visible.")
		return
	}
	fmt.Fprintln(p.err, "\nStopping: open slices are finished, no others begin. Interrupt again to give up the open ones.")
}

// applying is one apply under the state's lease.
type applying struct {
	p      *program
	o      applyOptions
	c      *configuration
	state  *state.File
	stores *plan.Stores
	events *stream
	stop   *stopper
	lost   bool // the lease was taken: nothing more can be written, nor given back
}

// unfinished is how old a file must be that a killed run was writing before it
// is removed: no write takes that long.
const unfinished = 24 * time.Hour

// sweep removes what killed runs left unfinished. That it cannot is told and
// nothing else.
func (a *applying) sweep(ctx context.Context) {
	if err := a.stores.Sweep(ctx, a.p.clock().Add(-unfinished)); err != nil {
		a.p.log.Warn("unfinished files of earlier runs were not removed", "error", err)
	}
}

func (a *applying) run(ctx context.Context, shown *plan.Plan) code {
	pl, found, ok := a.p.makePlan(ctx, a.c, a.state.State(), a.stores, a.o.planOptions, a.events)
	if !ok {
		return failed
	}
	if shown != nil {
		now := pl
		if pl, ok = a.common(shown, now); !ok {
			return failed
		}
		if pl.Empty() && !now.Empty() {
			return a.p.trouble(errors.New("nothing of the plan is left to do as it was shown, and what there is to do now was not shown: plan again"), a.events)
		}
	}
	if result := a.p.showPlan(pl, a.o.planOptions, a.events); result != done {
		return result
	}
	problems := planCode(pl, false)
	if pl.Empty() {
		return problems
	}
	if a.state.New() && foreign(found) {
		return a.p.trouble(errors.New("there is no state yet, but a sink's place is claimed by one: nothing was done, because a new state beside it could never be joined with it; if the state was lost, run `logpipe state rebuild`"), a.events)
	}
	if shown == nil {
		if approved, result := a.approved(ctx, pl); !approved {
			return result
		}
	}
	return worst(problems, a.carryOut(ctx, pl))
}

// foreign reports whether a sink's place belongs to another state.
func foreign(f *plan.Found) bool {
	for _, err := range f.Errs {
		if errors.Is(err, manifest.ErrClaimed) {
			return true
		}
	}
	return false
}

// common keeps what stands in the plan file and is still so.
func (a *applying) common(shown, now *plan.Plan) (*plan.Plan, bool) {
	both, left, err := plan.Common(shown, now)
	if err != nil {
		a.p.trouble(err, a.events)
		return nil, false
	}
	for _, l := range left {
		if a.events != nil {
			a.events.emit("left_out", map[string]string{"text": l})
			continue
		}
		fmt.Fprintf(a.p.out, "Left out: %s\n", escape.Terminal(l))
	}
	return both, true
}

// approved asks, or checks that asking is not needed.
func (a *applying) approved(ctx context.Context, pl *plan.Plan) (bool, code) {
	if a.o.approve {
		if far := a.unapproved(pl); len(far) > 0 {
			return false, a.p.trouble(fmt.Errorf("these sinks were not used by this state before and lie outside of the pipeline's directory: %s; if that is meant, add -approve-destination=%s",
				strings.Join(far, ", "), far[0]), a.events)
		}
		return true, done
	}
	if !a.o.input || a.p.inCI() || a.events != nil {
		return false, a.p.trouble(errors.New("the plan needs approval and nobody can be asked: add -auto-approve, or apply a plan file of logpipe plan -out"), a.events)
	}
	yes, err := a.p.confirm(ctx, "Do you want to carry this out?", "The slices above will be read and stored.")
	if err != nil {
		return false, a.p.fail(err)
	}
	if !yes {
		fmt.Fprintln(a.p.out, "Apply cancelled.")
		return false, failed
	}
	return true, done
}

// unapproved lists the sinks that a state with a history has never written to
// and that lie elsewhere than below the pipeline's directory.
func (a *applying) unapproved(pl *plan.Plan) []string {
	if len(a.state.State().Sinks) == 0 {
		return nil // the first run of all: every destination is new
	}
	var far []string
	for _, s := range pl.Sinks {
		name := s.Sink.String()
		if s.New && s.Writes > 0 && !a.p.inside(s.Place) && !slices.Contains(a.o.destinations, name) {
			far = append(far, name)
		}
	}
	return far
}

// inside reports whether a sink's place lies below the pipeline's directory,
// symbolic links followed: a link in a pull request must not lead data out
// unasked.
func (p *program) inside(place string) bool {
	if place == "" || strings.Contains(place, "://") {
		return false
	}
	root, err := filepath.Abs(p.dir)
	if err != nil {
		return false
	}
	if root, err = filepath.EvalSymlinks(root); err != nil {
		return false
	}
	if !filepath.IsAbs(place) {
		place = filepath.Join(root, place)
	}
	rel, err := filepath.Rel(root, resolved(place))
	return err == nil && filepath.IsLocal(rel)
}

// resolved follows the symbolic links of as much of a path as there is.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	parent := filepath.Dir(path)
	if parent == path {
		return path
	}
	return filepath.Join(resolved(parent), filepath.Base(path))
}

func (a *applying) carryOut(ctx context.Context, pl *plan.Plan) code {
	a.stop.patient()
	if a.o.limit > 0 {
		timer := time.AfterFunc(a.o.limit, a.stop.halt)
		defer timer.Stop()
	}
	view := newRunView(a.p, a.events)
	report, err := run.Apply(ctx, a.c.pipe, a.state, pl, a.stores, run.Options{
		Parallelism: a.o.parallelism, Clock: a.p.clock, Tool: tool, Stop: a.stop.stop, Event: view.event,
	})
	result := view.end(report)
	if err != nil {
		result = worst(result, a.p.trouble(fmt.Errorf("apply: %w", err), a.events))
	}
	if report == nil {
		return result
	}
	if a.lost = report.Lost; a.lost {
		result = worst(result, leased)
	}
	if len(report.Failures) > 0 {
		result = worst(result, failed)
		for _, f := range report.Failures {
			if errors.Is(f.Err, store.ErrHeld) || errors.Is(f.Err, state.ErrLost) {
				a.lost = true
			}
		}
	}
	if rejects(report) > a.o.rejects.n {
		result = worst(result, rejected)
	}
	a.p.jobSummary(reportMarkdown(report))
	if a.lost {
		return leased // whatever else failed, failed because of it
	}
	return result
}
