package main

import (
	"github.com/logpipe/logpipe/internal/escape"
	"github.com/logpipe/logpipe/pipeline/state"
)

func statePullCommand() command {
	return command{
		name: "state pull", synopsis: "Print the state as JSON", usage: "[options]",
		doc: `Prints the whole state as one JSON object, for a backup or for state push.`,
		setup: func(p *program, f *flags) func([]string) code {
			var v values
			v.flags(f)
			return func(args []string) code {
				if err := exactly(0, args, "no arguments"); err != nil {
					return p.usage("state pull", err)
				}
				return p.viewState(v, p.printState)
			}
		},
	}
}

func (p *program) printState(s *state.State) code {
	b, err := state.Export(s)
	if err != nil {
		return p.fail(err)
	}
	return p.print(escape.JSON(b))
}
