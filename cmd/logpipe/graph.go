package main

import (
	"bytes"
	"fmt"
	"io"
)

func graphCommand() command {
	return command{
		name: "graph", synopsis: "Draw which block feeds which", usage: "[options]",
		doc: `Prints the pipeline as a graph: in the language of Graphviz, as a Mermaid
flowchart for Markdown, or as an SVG picture, for which no other program is
needed. Variables without a value are taken as unknown.`,
		setup: func(p *program, f *flags) func([]string) code {
			var v values
			v.flags(f)
			format := f.String("format", "dot", "One of dot, mermaid, svg; `name` it.")
			return func(args []string) code {
				if err := exactly(0, args, "no arguments"); err != nil {
					return p.usage("graph", err)
				}
				return p.graph(v, *format)
			}
		},
	}
}

func (p *program) graph(v values, format string) code {
	if format != "dot" && format != "mermaid" && format != "svg" {
		return p.usage("graph", fmt.Errorf("-format=%s is not known; use dot, mermaid or svg", format))
	}
	c := p.load(v, true)
	if !p.must(c, nil) {
		return failed
	}
	g := c.pipe.Graph()
	draw := map[string]func(io.Writer) error{"dot": g.DOT, "mermaid": g.Mermaid, "svg": g.SVG}[format]
	var b bytes.Buffer
	if err := draw(&b); err != nil {
		return p.fail(fmt.Errorf("draw the graph: %w", err))
	}
	return p.print(b.Bytes())
}
