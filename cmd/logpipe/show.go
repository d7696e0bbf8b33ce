package main

import (
	"github.com/posener/complete"

	"github.com/logpipe/logpipe/pipeline/state"
)

func showCommand() command {
	return command{
		name: "show", synopsis: "Show a saved plan or the state", usage: "[options] [PLANFILE]",
		doc:  `Shows a plan that was saved with plan -out, or without an argument the state.`,
		args: complete.PredictFiles("*"),
		setup: func(p *program, f *flags) func([]string) code {
			var v values
			v.flags(f)
			asJSON := f.Bool("json", false, "Print one JSON object.")
			return func(args []string) code {
				if len(args) > 1 {
					return p.usage("show", exactly(1, args, "at most one plan file"))
				}
				if len(args) == 1 {
					return p.showFile(args[0], *asJSON)
				}
				return p.viewState(v, func(s *state.State) code {
					if *asJSON {
						return p.printState(s)
					}
					return p.print([]byte(stateText(s, nil)))
				})
			}
		},
	}
}

func (p *program) showFile(name string, asJSON bool) code {
	pl, err := openPlan(p.path(name))
	if err != nil {
		return p.fail(err)
	}
	if asJSON {
		return p.printJSON(pl)
	}
	return p.print([]byte(p.planText(pl)))
}
