package main

import (
	"errors"
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/logpipe/logpipe/internal/azure"
	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/config"
)

// values are the options that give variables their values, in the order in
// which they were given: later wins.
type values []config.Flag

func (v *values) flags(f *flags) {
	f.Func("var", "Set a variable, as in -var `name=value`. May be given more than once; later wins, and all win over the environment.", func(s string) error {
		*v = append(*v, config.Flag{Var: s})
		return nil
	})
	f.Func("var-file", "Read variables from a `file`, after auto.vars.hcl and *.auto.vars.hcl. May be given more than once.", func(s string) error {
		if s == "" {
			return errors.New("it is empty")
		}
		*v = append(*v, config.Flag{File: s})
		return nil
	})
}

// configuration is a directory of pipeline files, decoded.
type configuration struct {
	files *config.Files
	pipe  *config.Pipeline
	env   *pipeline.Env
	diags hcl.Diagnostics
}

// load reads and decodes the pipeline. With unknown, variables without a value
// are unknown and nothing asks for them.
func (p *program) load(v values, unknown bool) *configuration {
	c := &configuration{env: &pipeline.Env{Dir: p.dir, Log: p.log, Clock: p.clock}}
	c.files, c.diags = config.Load(p.dir, config.LoadOptions{Flags: v, Environ: p.env})
	if c.diags.HasErrors() {
		return c
	}
	pipe, diags := config.Decode(c.files, kinds(), c.env, config.Options{Unknown: unknown, Version: version})
	c.diags = append(c.diags, diags...)
	if !c.diags.HasErrors() {
		c.pipe = pipe
		limiter := azure.NewLimiter() // one for all tenants: an app's budget is one, too
		for _, t := range pipe.Tenants {
			t.Limiter = limiter
		}
	}
	return c
}

// report prints diagnostics: located text for people, one object for each in a
// stream of events.
func (p *program) report(c *configuration, diags hcl.Diagnostics, events *stream) {
	if len(diags) == 0 {
		return
	}
	if events != nil {
		for _, d := range config.DiagsJSON(diags) {
			events.emit("diagnostic", d)
		}
		return
	}
	var files map[string]*hcl.File
	if c.files != nil {
		files = c.files.HCL
	}
	p.writeDiags(files, diags)
}

// writeDiags prints diagnostics for people. What cannot be printed has nowhere
// else to go.
func (p *program) writeDiags(files map[string]*hcl.File, diags hcl.Diagnostics) {
	_ = config.Write(p.err, files, diags, config.DiagOptions{Color: p.colour, Width: 78})
}

// must reports a configuration's diagnostics and whether there is a pipeline to
// work with.
func (p *program) must(c *configuration, events *stream) bool {
	p.report(c, c.diags, events)
	return c.pipe != nil
}

// trouble prints an error in the form that the command prints everything in,
// and returns its code.
func (p *program) trouble(err error, events *stream) code {
	c, more := codeOf(err), advice(err)
	switch {
	case events != nil:
		events.emit("diagnostic", map[string]any{"severity": "error", "summary": sentence(err), "detail": more})
		if events.failed != nil {
			return p.fail(fmt.Errorf("write standard output: %w", events.failed))
		}
	case more != "":
		p.fail(errors.New(more))
	default:
		p.fail(err)
	}
	return c
}
