package main

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/logpipe/logpipe/pipeline/config"
)

func validateCommand() command {
	return command{
		name: "validate", synopsis: "Check whether the configuration is valid", usage: "[options]", main: true,
		doc: `Decodes all pipeline files of the directory and reports what is wrong with
them, each finding with its place. It needs no network, no credentials and no
state; variables without a value are taken as unknown.`,
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

func (p *program) validateJSON(c *configuration) code {
	out := struct {
		Format      string            `json:"format_version"`
		Valid       bool              `json:"valid"`
		Errors      int               `json:"error_count"`
		Warnings    int               `json:"warning_count"`
		Diagnostics []config.DiagJSON `json:"diagnostics"`
	}{Format: formatVersion, Valid: !c.diags.HasErrors(), Diagnostics: []config.DiagJSON{}}
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
