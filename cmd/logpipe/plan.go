package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/posener/complete"

	"github.com/logpipe/logpipe/internal/escape"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/plan"
	"github.com/logpipe/logpipe/pipeline/state"
)

// planOptions is what narrows a plan; apply has the same.
type planOptions struct {
	values   values
	targets  list
	replace  list
	refresh  bool
	json     bool
	wait     time.Duration
	out      string
	markdown bool
	detailed bool

	running string // who is writing to the state meanwhile
}

func (o *planOptions) flags(f *flags) {
	o.values.flags(f)
	f.Var(&o.targets, "target", "Plan only what comes from, goes through or goes to this `address`. May be given more than once.")
	f.BoolVar(&o.refresh, "refresh", true, "Do not look at sources and sinks: plan only what state and configuration alone tell.")
	f.BoolVar(&o.json, "json", false, "Print one JSON event a line.")
	f.DurationVar(&o.wait, "lock-timeout", 0, "How `long` to wait for a state that another run has leased, as 30s or 5m.")
}

func planCommand() command {
	return command{
		name: "plan", synopsis: "Show what a run would do", usage: "[options]", main: true,
		doc: `Looks at sources, sinks and the state, and shows which slices a run would
read, why, what it would write, and which personal data would reach which
sink. It changes nothing and takes no lease; -lock-timeout is accepted so that
plan and apply can be given the same options.`,
		codes: []code{changes}, args: complete.PredictNothing,
		setup: func(p *program, f *flags) func([]string) code {
			var o planOptions
			o.flags(f)
			f.StringVar(&o.out, "out", "", "Save the plan to a `file`, for show and apply.")
			f.BoolVar(&o.markdown, "markdown", false, "Print Markdown, for a pull request.")
			f.BoolVar(&o.detailed, "detailed-exitcode", false, "End with 2 if there is something to do.")
			return func(args []string) code {
				err := exactly(0, args, "no arguments; show and apply take a plan file")
				if err == nil && o.json && o.markdown {
					err = errors.New("-json and -markdown exclude each other")
				}
				if err != nil {
					return p.usage("plan", err)
				}
				return p.plan(o)
			}
		},
	}
}

func (p *program) plan(o planOptions) code {
	events := p.events(o.json)
	c := p.load(o.values, false)
	if !p.must(c, events) {
		return failed
	}
	ctx, stop := interruptible(context.Background(), func(second bool) {})
	defer stop.release()
	backend, err := p.stateStore(c.pipe.State)
	if err != nil {
		return p.trouble(err, events)
	}
	f, err := p.readState(ctx, backend)
	if err != nil {
		return p.trouble(err, events)
	}
	if h, running := f.Running(ctx); running {
		o.running = fmt.Sprintf("%s (logpipe %s)", h.Who, h.Command)
	}
	pl, _, ok := p.makePlan(ctx, c, f.State(), plan.NewStores(backend), o, events)
	if !ok {
		return failed
	}
	if o.out != "" {
		if err := savePlan(p.path(o.out), pl); err != nil {
			return p.trouble(err, events)
		}
	}
	result := p.showPlan(pl, o, events)
	if o.out != "" && !o.json && !o.markdown && result == done {
		fmt.Fprintf(p.out, "\nSaved the plan to %s. To do exactly this:\n  logpipe apply %[1]s\n", escape.Terminal(o.out))
	}
	return worst(result, planCode(pl, o.detailed))
}

// planCode is the exit code that a plan alone asks for.
func planCode(pl *plan.Plan, detailed bool) code {
	switch {
	case len(pl.Problems) > 0:
		return failed
	case detailed && !pl.Empty():
		return changes
	}
	return done
}

// makePlan looks at the world and plans. What is wrong is printed.
func (p *program) makePlan(ctx context.Context, c *configuration, st *state.State, stores *plan.Stores, o planOptions, events *stream) (*plan.Plan, *plan.Found, bool) {
	options := plan.Options{Tool: tool, Running: o.running}
	var err error
	if options.Targets, err = p.known(c, "target", o.targets); err == nil {
		options.Replace, err = p.known(c, "replace", o.replace)
	}
	if err != nil {
		p.trouble(err, events)
		return nil, nil, false
	}
	found := &plan.Found{}
	if o.refresh {
		p.log.Debug("looking at sources and sinks", "instances", len(c.pipe.Instances))
		found = plan.Look(ctx, c.pipe, st, stores)
	}
	if err := context.Cause(ctx); err != nil {
		p.trouble(err, events)
		return nil, nil, false
	}
	pl, diags := plan.Make(c.pipe, st, found, p.clock(), options)
	p.report(c, diags, events)
	if pl != nil {
		p.log.Debug("planned", "reads", len(pl.Reads), "problems", len(pl.Problems), "serial", pl.Serial)
		if !o.refresh {
			pl.Notes = append(pl.Notes, plan.Note{Text: notLooked})
		}
	}
	return pl, found, pl != nil && !diags.HasErrors()
}

// notLooked is the note of a plan that was made without looking.
const notLooked = "sources and sinks were not looked at (-refresh=false)"

// known parses addresses of an option and checks that the pipeline has them.
func (p *program) known(c *configuration, option string, texts []string) ([]addr.Instance, error) {
	as, err := addresses(texts)
	if err != nil {
		return nil, fmt.Errorf("-%s: %w", option, err)
	}
	var names []string
	for _, in := range c.pipe.Instances {
		names = append(names, in.Addr.String())
	}
	for _, a := range as {
		here := false
		for _, in := range c.pipe.Instances {
			here = here || chosen(in.Addr, []addr.Instance{a})
		}
		if here {
			continue
		}
		if near := expr.Suggest(a.String(), names); near != "" {
			return nil, fmt.Errorf("-%s: the pipeline has no %s. Did you mean %s?", option, a, near)
		}
		return nil, fmt.Errorf("-%s: the pipeline has no %s", option, a)
	}
	return as, nil
}

// showPlan prints a plan in the form that was asked for, and adds it to the
// summary of a GitHub job.
func (p *program) showPlan(pl *plan.Plan, o planOptions, events *stream) code {
	p.jobSummary(planMarkdown(pl))
	switch {
	case events != nil:
		return p.finish(planEvents(events, pl))
	case o.markdown:
		return p.print([]byte(planMarkdown(pl)))
	}
	return p.print([]byte(p.planText(pl)))
}

// events returns the stream that -json prints to, nil without it.
func (p *program) events(asJSON bool) *stream {
	if !asJSON {
		return nil
	}
	return &stream{p: p}
}

// finish reports whether all events could be printed.
func (p *program) finish(s *stream) code {
	if s.failed != nil {
		return p.fail(fmt.Errorf("write standard output: %w", s.failed))
	}
	return done
}

// planEvents prints a plan as events.
func planEvents(s *stream, pl *plan.Plan) *stream {
	s.emit("plan", struct {
		Tool      string         `json:"tool"`
		Lineage   string         `json:"lineage"`
		Serial    int64          `json:"serial"`
		Config    string         `json:"config"`
		Variables []plan.Setting `json:"variables,omitempty"`
	}{pl.Tool, pl.Lineage, pl.Serial, pl.Config, pl.Variables})
	for _, r := range pl.Recoveries {
		s.emit("planned_recovery", r)
	}
	for _, m := range pl.Moves {
		s.emit("planned_move", m)
	}
	for _, f := range pl.Forgets {
		s.emit("planned_forget", f)
	}
	for _, r := range pl.Reads {
		s.emit("planned_read", r)
	}
	for _, k := range pl.Sinks {
		s.emit("sink", k)
	}
	for _, f := range pl.Flows {
		s.emit("personal_data", f)
	}
	for _, b := range pl.Problems {
		s.emit("problem", b)
	}
	for _, n := range pl.Notes {
		s.emit("note", n)
	}
	t := total(pl)
	s.emit("plan_summary", map[string]any{"reads": len(pl.Reads), "writes": t.writes, "objects": t.objects, "bytes": t.bytes,
		"recoveries": len(pl.Recoveries), "moves": len(pl.Moves), "forgets": len(pl.Forgets), "problems": len(pl.Problems), "empty": pl.Empty()})
	return s
}

// jobSummary appends Markdown to the page that GitHub shows for a job. That it
// cannot is no reason to fail.
func (p *program) jobSummary(markdown string) {
	name := p.getenv("GITHUB_STEP_SUMMARY")
	if name == "" || markdown == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(markdown + "\n")
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		p.log.Warn("the job summary was not written", "error", err)
	}
}

// savePlan writes a plan file. It holds no secret, but what it says of a
// pipeline is not for everybody.
func savePlan(name string, pl *plan.Plan) error {
	b, err := marshal(pl, "  ")
	if err != nil {
		return fmt.Errorf("save the plan: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".plan-*")
	if err != nil {
		return fmt.Errorf("save the plan: %w", err)
	}
	defer os.Remove(f.Name()) // gone after the rename
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("save the plan: %w", err)
	}
	return nil
}

// openPlan reads a plan file.
func openPlan(name string) (*plan.Plan, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	var pl plan.Plan
	if err := json.Unmarshal(b, &pl); err != nil {
		return nil, fmt.Errorf("read the plan %s: it is no plan file of logpipe plan -out: %w", name, err)
	}
	if pl.FormatVersion == "" {
		return nil, fmt.Errorf("read the plan %s: it is no plan file of logpipe plan -out", name)
	}
	if pl.FormatVersion != plan.FormatVersion {
		return nil, fmt.Errorf("read the plan %s: its format version is %q, this program reads %q: plan again", name, pl.FormatVersion, plan.FormatVersion)
	}
	return &pl, nil
}
