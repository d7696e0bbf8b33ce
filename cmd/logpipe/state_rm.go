package main

import (
	"context"
	"fmt"

	"github.com/logpipe/logpipe/internal/escape"
	"github.com/logpipe/logpipe/pipeline/state"
)

func stateRmCommand() command {
	return command{
		name: "state rm", synopsis: "Make the state forget a source or sink", usage: "[options] ADDRESS...",
		doc: `Removes sources or sinks from the state. Stored objects and their manifests
stay where they are. A sink whose place is in use cannot be started anew at
the same place; a removed block in the pipeline files should be preferred.`,
		codes: []code{leased},
		setup: func(p *program, f *flags) func([]string) code {
			var v values
			v.flags(f)
			wait := lockTimeout(f)
			return func(args []string) code {
				as, err := addresses(args)
				if err == nil && len(as) == 0 {
					err = exactly(1, args, "at least one address")
				}
				if err != nil {
					return p.usage("state rm", err)
				}
				var ops []state.Op
				for _, a := range as {
					ops = append(ops, state.Forget{Addr: a})
				}
				result := p.withState(v, "state rm", *wait, func(ctx context.Context, f *state.File) error {
					return f.Apply(ctx, ops...)
				})
				for _, a := range as {
					if result == done {
						fmt.Fprintf(p.out, "Removed %s.\n", escape.Terminal(a.String()))
					}
				}
				return result
			}
		},
	}
}
