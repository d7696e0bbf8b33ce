package main

import (
	"context"
	"fmt"

	"github.com/logpipe/logpipe/internal/escape"
)

// stateLease is the name under which a state's lease lies in its store.
const stateLease = "state"

func forceUnlockCommand() command {
	return command{
		name: "force-unlock", synopsis: "Take the state's lease from a run that is gone", usage: "[options] LEASE_ID",
		doc: `Removes the lease that a run holds on the state. The ID stands in the message
of the run that had to wait. If the other run is still alive it can write
nothing more: its next write finds that the state has gone on.`,
		setup: func(p *program, f *flags) func([]string) code {
			var v values
			v.flags(f)
			force := f.Bool("force", false, "Do not ask.")
			return func(args []string) code {
				if err := exactly(1, args, "the lease's ID"); err != nil {
					return p.usage("force-unlock", err)
				}
				return p.forceUnlock(v, args[0], *force)
			}
		},
	}
}

func (p *program) forceUnlock(v values, id string, force bool) code {
	s, ok := p.stateFor(v)
	if !ok {
		return failed
	}
	ctx, stop := interruptible(context.Background(), func(bool) {})
	defer stop.release()
	if !force {
		yes, err := p.confirm(ctx, "Do you really want to take the lease away?", "The run that holds it can then write nothing more.")
		if err != nil {
			return p.fail(err)
		}
		if !yes {
			fmt.Fprintln(p.out, "force-unlock cancelled.")
			return failed
		}
	}
	if err := s.Break(ctx, stateLease, id); err != nil {
		return p.fail(fmt.Errorf("remove lease %s: %w", escape.Terminal(id), err))
	}
	fmt.Fprintln(p.out, p.paint(green, "The state is free again."))
	return done
}
