package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/logpipe/logpipe/pipeline/state"
)

func statePushCommand() command {
	return command{
		name: "state push", synopsis: "Replace the state by what state pull printed", usage: "[options] FILE|-",
		doc: `Replaces the state by one that state pull printed, from a file or from
standard input. It refuses a state of another lineage and one that is not as
new as what is there: what happened since would be lost.`,
		codes: []code{leased},
		setup: func(p *program, f *flags) func([]string) code {
			var v values
			v.flags(f)
			wait := lockTimeout(f)
			force := f.Bool("force", false, "Push although lineage or serial do not fit.")
			return func(args []string) code {
				if err := exactly(1, args, "one file, or - for standard input"); err != nil {
					return p.usage("state push", err)
				}
				s, err := p.readExport(args[0])
				if err != nil {
					return p.fail(err)
				}
				result := p.withState(v, "state push", *wait, func(ctx context.Context, f *state.File) error {
					return f.Replace(ctx, s, *force)
				})
				if result == done {
					fmt.Fprintln(p.out, "The state was replaced.")
				}
				return result
			}
		},
	}
}

func (p *program) readExport(name string) (*state.State, error) {
	read := func() ([]byte, error) { return os.ReadFile(p.path(name)) }
	if name == "-" {
		read = func() ([]byte, error) { return io.ReadAll(p.in) }
	}
	b, err := read()
	if err != nil {
		return nil, fmt.Errorf("read the state to push: %w", err)
	}
	return state.Import(b)
}
