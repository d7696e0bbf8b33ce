package main

import (
	"context"
	"fmt"
	"time"

	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/plan"
	"github.com/logpipe/logpipe/pipeline/state"
	"github.com/logpipe/logpipe/pipeline/store"
)

func stateRebuildCommand() command {
	return command{
		name: "state rebuild", synopsis: "Make the state anew from the manifests", usage: "[options]",
		doc: `Reads the manifests of all sinks of the pipeline, which are the truth about
what is stored, and makes the state anew from them: for a state that was lost
or damaged. A damaged state is put aside in a folder beside the new one, not
deleted.`,
		codes: []code{leased},
		setup: func(p *program, f *flags) func([]string) code {
			var v values
			v.flags(f)
			wait := lockTimeout(f)
			force := f.Bool("force", false, "Replace a state that is there, be it damaged or not.")
			return func(args []string) code {
				if err := exactly(0, args, "no arguments"); err != nil {
					return p.usage("state rebuild", err)
				}
				c := p.load(v, true)
				if !p.must(c, nil) {
					return failed
				}
				return p.rebuild(c, *wait, *force)
			}
		},
	}
}

// rebuild makes the state anew under its lease.
func (p *program) rebuild(c *configuration, wait time.Duration, force bool) code {
	backend, err := p.stateStore(c.pipe.State)
	if err != nil {
		return p.trouble(err, nil)
	}
	var s *state.State
	err = state.Recreate(context.Background(), backend, p.session("state rebuild", wait), force, func(ctx context.Context) (*state.State, error) {
		var err error
		s, err = rebuilt(ctx, c, backend)
		return s, err
	})
	if err != nil {
		return p.trouble(err, nil)
	}
	fmt.Fprintf(p.out, "The state was rebuilt: %s, %s.\n",
		plural(int64(len(s.Sinks)), "sink", "sinks"), plural(int64(len(s.Lanes)), "lane", "lanes"))
	return done
}

// rebuilt reads the manifests of a pipeline's sinks.
func rebuilt(ctx context.Context, c *configuration, backend store.Store) (*state.State, error) {
	stores := plan.NewStores(backend)
	var all []*manifest.Manifest
	for _, in := range c.pipe.Instances {
		if in.Sink == nil {
			continue
		}
		m, err := stores.Manifest(ctx, in)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	s, err := state.Rebuild(ctx, all...)
	if err == nil && s.Lineage == "" {
		err = fmt.Errorf("rebuild state: no sink of this pipeline has stored anything yet, so there is nothing to rebuild")
	}
	return s, err
}
