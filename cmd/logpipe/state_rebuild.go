package main

import (
	"context"
	"fmt"

	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/plan"
	"github.com/logpipe/logpipe/pipeline/state"
)

func stateRebuildCommand() command {
	return command{
		name: "state rebuild", synopsis: "Make the state anew from the manifests", usage: "[options]",
		doc: `Reads the manifests of all sinks of the pipeline, which are the truth about
what is stored, and makes the state anew from them: for a state that was lost
or damaged.`,
		codes: []code{leased},
		setup: func(p *program, f *flags) func([]string) code {
			var v values
			v.flags(f)
			wait := lockTimeout(f)
			force := f.Bool("force", false, "Replace a state that is there and has something in it.")
			return func(args []string) code {
				if err := exactly(0, args, "no arguments"); err != nil {
					return p.usage("state rebuild", err)
				}
				c := p.load(v, true)
				if !p.must(c, nil) {
					return failed
				}
				s, err := p.rebuilt(c)
				if err != nil {
					return p.fail(err)
				}
				result := p.withState(v, "state rebuild", *wait, func(ctx context.Context, f *state.File) error {
					return f.Replace(ctx, s, *force)
				})
				if result == done {
					fmt.Fprintf(p.out, "The state was rebuilt: %s, %s.\n",
						plural(int64(len(s.Sinks)), "sink", "sinks"), plural(int64(len(s.Lanes)), "lane", "lanes"))
				}
				return result
			}
		},
	}
}

// rebuilt reads the manifests of a pipeline's sinks.
func (p *program) rebuilt(c *configuration) (*state.State, error) {
	ctx := context.Background()
	backend, err := p.stateStore(c.pipe.State)
	if err != nil {
		return nil, err
	}
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
