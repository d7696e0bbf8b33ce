package main

import (
	"context"
	"fmt"

	"github.com/logpipe/logpipe/internal/escape"
	"github.com/logpipe/logpipe/pipeline/state"
)

func stateMvCommand() command {
	return command{
		name: "state mv", synopsis: "Give a source or sink in the state another address", usage: "[options] FROM TO",
		doc: `Renames a source or a sink in the state, with all that is known of it.
A moved block in the pipeline files does the same for everybody who applies
them, and should be preferred.`,
		codes: []code{leased},
		setup: func(p *program, f *flags) func([]string) code {
			var v values
			v.flags(f)
			wait := lockTimeout(f)
			return func(args []string) code {
				if err := exactly(2, args, "two addresses: FROM and TO"); err != nil {
					return p.usage("state mv", err)
				}
				as, err := addresses(args)
				if err != nil {
					return p.usage("state mv", err)
				}
				result := p.withState(v, "state mv", *wait, func(ctx context.Context, f *state.File) error {
					return f.Apply(ctx, state.Move{From: as[0], To: as[1]})
				})
				if result == done {
					fmt.Fprintf(p.out, "Moved %s to %s.\n", escape.Terminal(as[0].String()), escape.Terminal(as[1].String()))
				}
				return result
			}
		},
	}
}
