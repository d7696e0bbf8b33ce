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
such as sink.local, or with tenant, shows what may be written on such a block;
with -log, what a record of that log contains, which of its fields are
personal, and what it takes to read the log.`,
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

// tenantName is what the block that is of no kind is called here.
const tenantName = "tenant"

func kindNames() []string {
	names := []string{tenantName}
	for _, k := range kinds() {
		names = append(names, string(k.Class)+"."+k.Name)
	}
	return names
}

// kindNamed returns the kind that an argument of schema means.
func kindNamed(name string) (*catalog.Kind, bool) {
	if name == tenantName {
		return catalog.TenantKind(), true
	}
	class, kind, _ := strings.Cut(name, ".")
	return kinds().Kind(addr.Class(class), kind)
}

func (p *program) schemaAll(asJSON bool) code {
	if asJSON {
		out := struct {
			Format string           `json:"format_version"`
			Tenant catalog.KindJSON `json:"tenant"`
			Kinds  catalog.Catalog  `json:"kinds"`
			Logs   []string         `json:"logs"`
		}{Format: formatVersion, Tenant: catalog.TenantKind().JSON(), Kinds: kinds(), Logs: logs.Names()}
		return p.printJSON(out)
	}
	var b strings.Builder
	b.WriteString("Blocks:\n\n")
	for _, name := range kindNames() {
		k, _ := kindNamed(name)
		fmt.Fprintf(&b, "  %-20s %s\n", name, firstSentence(k.Doc))
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
	k, ok := kindNamed(name)
	if !ok {
		err := fmt.Errorf("there is no kind %q; give CLASS.KIND, such as sink.local, or tenant", name)
		if near := expr.Suggest(name, kindNames()); near != "" {
			err = fmt.Errorf("there is no kind %q. Did you mean %q?", name, near)
		}
		return p.usage("schema", err)
	}
	if asJSON {
		return p.printJSON(struct {
			Format string `json:"format_version"`
			catalog.KindJSON
		}{formatVersion, k.JSON()})
	}
	var b strings.Builder
	if err := k.WriteText(&b); err != nil {
		return p.fail(fmt.Errorf("describe %s: %w", name, err))
	}
	return p.print([]byte(escape.Lines(b.String())))
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
