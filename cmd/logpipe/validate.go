package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/config"
)

func validateCommand() command {
	return command{
		name: "validate", synopsis: "Check whether the configuration is valid", usage: "[options]", main: true,
		doc: `Decodes all pipeline files of the directory and reports what is wrong with
them, each finding with its place. It needs no network, no credentials and no
state; variables without a value are taken as unknown. With -json it also says
which blocks call functions that are not compiled, and so are slow.`,
		setup: func(p *program, f *flags) func([]string) code {
			var v values
			v.flags(f)
			asJSON := f.Bool("json", false, "Print one JSON object.")
			return func(args []string) code {
				if err := exactly(0, args, "no arguments"); err != nil {
					return p.usage("validate", err)
				}
				return p.validate(v, *asJSON)
			}
		},
	}
}

func (p *program) validate(v values, asJSON bool) code {
	c := p.load(v, true)
	if asJSON {
		return p.validateJSON(c)
	}
	if !p.must(c, nil) {
		return failed
	}
	text := "Success! The configuration is valid."
	if len(c.diags) > 0 {
		text = "Success! The configuration is valid, with the warnings above."
	}
	fmt.Fprintln(p.out, p.paint(green, text[:len("Success!")])+text[len("Success!"):])
	return done
}

// interpreting is a component whose expressions call functions that are not
// compiled, and can name them.
type interpreting interface {
	Interpreted() []string
}

// interpretedJSON is the functions that a block calls through cty on each
// record.
type interpretedJSON struct {
	Address   string   `json:"address"`
	Functions []string `json:"functions"`
}

// interpretedOf lists the blocks that have such functions, in address order;
// the instances of a block are taken together. Nil has none.
func interpretedOf(pipe *config.Pipeline) []interpretedJSON {
	functions := map[addr.Block][]string{}
	if pipe != nil {
		for _, in := range pipe.Instances {
			if t, ok := in.Transform.(interpreting); ok {
				functions[in.Addr.Block] = append(functions[in.Addr.Block], t.Interpreted()...)
			}
		}
	}
	out := []interpretedJSON{}
	for _, block := range slices.SortedFunc(maps.Keys(functions), addr.Block.Compare) {
		if names := functions[block]; len(names) > 0 {
			slices.Sort(names)
			out = append(out, interpretedJSON{block.String(), slices.Compact(names)})
		}
	}
	return out
}

func (p *program) validateJSON(c *configuration) code {
	out := struct {
		Format      string            `json:"format_version"`
		Valid       bool              `json:"valid"`
		Errors      int               `json:"error_count"`
		Warnings    int               `json:"warning_count"`
		Diagnostics []config.DiagJSON `json:"diagnostics"`
		Interpreted []interpretedJSON `json:"interpreted"`
	}{Format: formatVersion, Valid: !c.diags.HasErrors(), Diagnostics: []config.DiagJSON{}, Interpreted: interpretedOf(c.pipe)}
	out.Diagnostics = append(out.Diagnostics, config.DiagsJSON(c.diags)...)
	for _, d := range c.diags {
		if d.Severity == hcl.DiagError {
			out.Errors++
		} else {
			out.Warnings++
		}
	}
	if result := p.printJSON(out); result != done {
		return result
	}
	if !out.Valid {
		return failed
	}
	return done
}
