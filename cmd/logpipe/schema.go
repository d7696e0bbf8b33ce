package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/posener/complete"

	"github.com/logpipe/logpipe/internal/escape"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

func schemaCommand() command {
	return command{
		name: "schema", synopsis: "Show what may be written on a block, or the fields of a log", usage: "[options] [CLASS.KIND]",
		doc: `Without arguments, lists the kinds of blocks and the logs. With CLASS.KIND,
such as sink.local, shows what may be written on such a block; with -log, what
a record of that log contains, which of its fields are personal, and what it
takes to read the log.`,
		args: complete.PredictSet(kindNames()...),
		setup: func(p *program, f *flags) func([]string) code {
			log := f.String("log", "", "Show the fields of the log of this `name`.")
			shape := f.String("shape", "graph", "With -log: graph, diagnostic or log_analytics; `name` it.")
			asJSON := f.Bool("json", false, "Print one JSON object.")
			return func(args []string) code {
				switch {
				case len(args) > 1:
					return p.usage("schema", exactly(1, args, "at most one CLASS.KIND"))
				case *log != "" && len(args) == 1:
					return p.usage("schema", fmt.Errorf("-log and %s exclude each other", args[0]))
				case *log != "":
					return p.schemaLog(*log, logs.Shape(*shape), *asJSON)
				case len(args) == 1:
					return p.schemaKind(args[0], *asJSON)
				}
				return p.schemaAll(*asJSON)
			}
		},
	}
}

func kindNames() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, string(k.Class)+"."+k.Name)
	}
	return names
}

// kindJSON is a kind for editors.
type kindJSON struct {
	Class string    `json:"class"`
	Kind  string    `json:"kind"`
	Doc   string    `json:"doc"`
	Body  blockJSON `json:"body"`
}

type blockJSON struct {
	Doc    string       `json:"doc,omitempty"`
	Attrs  []attrJSON   `json:"attributes"`
	Blocks []nestedJSON `json:"blocks"`
}

type attrJSON struct {
	Name     string   `json:"name"`
	Doc      string   `json:"doc"`
	Form     string   `json:"form"`
	Type     string   `json:"type,omitempty"`
	Required bool     `json:"required"`
	Secret   bool     `json:"secret"`
	OneOf    []string `json:"one_of,omitempty"`
	Default  string   `json:"default,omitempty"`
}

type nestedJSON struct {
	Name   string    `json:"name"`
	Labels []string  `json:"labels,omitempty"`
	OneOf  []string  `json:"one_of,omitempty"`
	Min    int       `json:"min"`
	Max    int       `json:"max"`
	Body   blockJSON `json:"body"`
}

func kindToJSON(k catalog.Kind) kindJSON {
	return kindJSON{Class: string(k.Class), Kind: k.Name, Doc: k.Doc, Body: bodyToJSON(k.Body)}
}

func bodyToJSON(b catalog.Block) blockJSON {
	out := blockJSON{Doc: b.Doc, Attrs: []attrJSON{}, Blocks: []nestedJSON{}}
	for _, a := range b.Attrs {
		out.Attrs = append(out.Attrs, attrJSON{Name: a.Name, Doc: a.Doc, Form: a.Form.String(), Type: typeText(a),
			Required: a.Required, Secret: a.Secret, OneOf: a.OneOf, Default: a.Default})
	}
	for _, n := range b.Blocks {
		out.Blocks = append(out.Blocks, nestedJSON{Name: n.Name, Labels: n.Labels, OneOf: n.OneOf, Min: n.Min, Max: n.Max, Body: bodyToJSON(n.Block)})
	}
	return out
}

// typeText names the type of an attribute as a pipeline file would.
func typeText(a catalog.Attr) string {
	if a.Form != catalog.Constant {
		return a.Form.String()
	}
	if a.Type == (catalog.Attr{}).Type {
		return "string"
	}
	return strings.ReplaceAll(a.Type.FriendlyNameForConstraint(), "any single type", "any")
}

func (p *program) schemaAll(asJSON bool) code {
	if asJSON {
		out := struct {
			Format string     `json:"format_version"`
			Kinds  []kindJSON `json:"kinds"`
			Logs   []string   `json:"logs"`
		}{Format: formatVersion, Logs: logs.Names()}
		for _, k := range kinds() {
			out.Kinds = append(out.Kinds, kindToJSON(k))
		}
		return p.printJSON(out)
	}
	var b strings.Builder
	b.WriteString("Kinds:\n\n")
	for _, k := range kinds() {
		fmt.Fprintf(&b, "  %-20s %s\n", string(k.Class)+"."+k.Name, firstSentence(k.Doc))
	}
	b.WriteString("\nLogs:\n\n")
	for _, name := range logs.Names() {
		l, _ := logs.Get(name)
		fmt.Fprintf(&b, "  %-40s %s\n", name, firstSentence(l.Doc))
	}
	b.WriteString("\nMore about one: logpipe schema CLASS.KIND, logpipe schema -log=NAME\n")
	return p.print([]byte(escape.Lines(b.String())))
}

func firstSentence(s string) string {
	if head, _, ok := strings.Cut(s, ". "); ok {
		return head + "."
	}
	return s
}

func (p *program) schemaKind(name string, asJSON bool) code {
	class, kind, _ := strings.Cut(name, ".")
	k, ok := kinds().Kind(addr.Class(class), kind)
	if !ok {
		err := fmt.Errorf("there is no kind %q; give CLASS.KIND, such as sink.local", name)
		if near := expr.Suggest(name, kindNames()); near != "" {
			err = fmt.Errorf("there is no kind %q. Did you mean %q?", name, near)
		}
		return p.usage("schema", err)
	}
	if asJSON {
		return p.printJSON(struct {
			Format string `json:"format_version"`
			kindJSON
		}{formatVersion, kindToJSON(*k)})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %q \"LABEL\"\n\n", k.Class, k.Name)
	for _, l := range wrap(k.Doc, 76) {
		b.WriteString(l + "\n")
	}
	b.WriteString("\n")
	blockText(&b, k.Body, "  ")
	return p.print([]byte(escape.Lines(strings.TrimRight(b.String(), "\n") + "\n")))
}

// blockText prints what may be written in a block, nested ones indented.
func blockText(b *strings.Builder, block catalog.Block, indent string) {
	for _, a := range block.Attrs {
		fmt.Fprintf(b, "%s%s (%s)\n", indent, a.Name, strings.Join(properties(a), ", "))
		for _, l := range wrap(a.Doc, 72-len(indent)) {
			fmt.Fprintf(b, "%s    %s\n", indent, l)
		}
		b.WriteString("\n")
	}
	for _, n := range block.Blocks {
		b.WriteString(indent + n.Name)
		for _, l := range n.Labels {
			fmt.Fprintf(b, " %q", strings.ToUpper(l))
		}
		fmt.Fprintf(b, " { … } (%s)\n", howMany(n))
		for _, l := range wrap(n.Doc, 72-len(indent)) {
			fmt.Fprintf(b, "%s    %s\n", indent, l)
		}
		b.WriteString("\n")
		blockText(b, n.Block, indent+"    ")
	}
}

func properties(a catalog.Attr) []string {
	of := []string{typeText(a)}
	if a.Required {
		of = append(of, "required")
	}
	if a.Secret {
		of = append(of, "may be sensitive")
	}
	if len(a.OneOf) > 0 {
		of = append(of, "one of "+strings.Join(a.OneOf, ", "))
	}
	if a.Default != "" {
		of = append(of, "default "+a.Default)
	}
	return of
}

func howMany(n catalog.Nested) string {
	switch {
	case n.Min == 1 && n.Max == 1:
		return "exactly one"
	case n.Max == 1:
		return "at most one"
	case n.Min == 1:
		return "one or more"
	}
	return "any number"
}

func (p *program) schemaLog(name string, shape logs.Shape, asJSON bool) code {
	l, ok := logs.Get(name)
	if !ok {
		err := fmt.Errorf("there is no log %q; logpipe schema lists them", name)
		if near := expr.Suggest(name, logs.Names()); near != "" {
			err = fmt.Errorf("there is no log %q. Did you mean %q?", name, near)
		}
		return p.usage("schema", err)
	}
	s, ok := logs.Lookup(name, shape)
	if !ok {
		shapes := []logs.Shape{logs.Graph, logs.Diagnostic, logs.LogAnalytics}
		if !slices.Contains(shapes, shape) {
			return p.usage("schema", fmt.Errorf("there is no shape %q; use graph, diagnostic or log_analytics", shape))
		}
		return p.usage("schema", fmt.Errorf("log %s does not come in shape %s", name, shape))
	}
	if asJSON {
		return p.printJSON(struct {
			Format string         `json:"format_version"`
			Log    logs.Log       `json:"log"`
			Shape  logs.Shape     `json:"shape"`
			Schema *schema.Schema `json:"schema"`
		}{formatVersion, l, shape, s})
	}
	return p.print([]byte(escape.Lines(logText(l, s))))
}

// logText is a log's fields for people.
func logText(l logs.Log, s *schema.Schema) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", l.Name)
	for _, line := range wrap(l.Doc, 76) {
		b.WriteString(line + "\n")
	}
	b.WriteString("\n")
	row := func(name string, values ...string) {
		if text := strings.Join(values, ", "); text != "" {
			fmt.Fprintf(&b, "  %-14s %s\n", name, text)
		}
	}
	row("path", strings.TrimSpace(l.Version+" "+l.Path))
	row("id, time", s.ID.String(), s.Time.String())
	row("permissions", l.Application...)
	row("licence", l.Licence)
	row("kept", l.Kept)
	b.WriteString("\n  class D direct, O online, F free text, Q quasi-identifier, T name given by the\n  customer, W workload, - not personal\n\n")
	s.Walk(func(f schema.Leaf) {
		letter := f.Class.Letter()
		if letter == "" {
			letter = "-"
		}
		fmt.Fprintf(&b, "  %s  %-52s %s\n", letter, f.Path, f.Type)
	})
	return b.String()
}
