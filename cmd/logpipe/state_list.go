package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/logpipe/logpipe/internal/escape"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/state"
)

func stateListCommand() command {
	return command{
		name: "state list", synopsis: "List what the state knows", usage: "[options] [ADDRESS]...",
		doc: `Lists the addresses of the sources and sinks that the state knows, one a
line. With addresses, only these.`,
		setup: func(p *program, f *flags) func([]string) code {
			var v values
			v.flags(f)
			return func(args []string) code {
				only, err := addresses(args)
				if err != nil {
					return p.usage("state list", err)
				}
				return p.viewState(v, func(s *state.State) code {
					if err := unknown(s, only); err != nil {
						return p.fail(err)
					}
					for _, a := range remembered(s) {
						if chosen(a, only) {
							fmt.Fprintln(p.out, escape.Terminal(a.String()))
						}
					}
					return done
				})
			}
		},
	}
}

// addresses parses addresses given as arguments or options.
func addresses(texts []string) ([]addr.Instance, error) {
	var all []addr.Instance
	for _, t := range texts {
		a, err := addr.Parse(t)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// unknown is an error about the first of some addresses that a state does not
// know, or nil.
func unknown(s *state.State, as []addr.Instance) error {
	for _, a := range as {
		if slices.ContainsFunc(remembered(s), func(r addr.Instance) bool { return chosen(r, []addr.Instance{a}) }) {
			continue
		}
		var names []string
		for _, r := range remembered(s) {
			names = append(names, r.String())
		}
		if near := expr.Suggest(a.String(), names); near != "" {
			return fmt.Errorf("the state does not know %s. Did you mean %s?", a, near)
		}
		return fmt.Errorf("the state does not know %s", a)
	}
	return nil
}

// chosen reports whether a is one of only, or only is empty. An address without
// a key means all instances of its block.
func chosen(a addr.Instance, only []addr.Instance) bool {
	return len(only) == 0 || slices.ContainsFunc(only, func(o addr.Instance) bool { return o == a || !o.Keyed && o.Block == a.Block })
}

// remembered lists the addresses that a state knows, sources first.
func remembered(s *state.State) []addr.Instance {
	sources := slices.SortedFunc(maps.Keys(s.Sources), addr.Instance.Compare)
	sinks := slices.SortedFunc(maps.Keys(s.Sinks), addr.Instance.Compare)
	return append(sources, sinks...)
}
