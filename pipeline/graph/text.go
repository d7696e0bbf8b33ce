package graph

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Plain makes text safe to draw: control characters and those that change the
// direction of writing become U+FFFD, which every medium shows.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// DOT writes the graph in the language of Graphviz.
func (g *Graph) DOT(w io.Writer) error {
	b := bufio.NewWriter(w)
	quote := func(s string) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(plain(s)) + `"`
	}
	fmt.Fprintln(b, "digraph pipeline {\n  rankdir = LR\n  node [shape = box, style = filled, fontname = \"sans-serif\"]")
	for _, id := range g.Nodes() {
		lines := make([]string, 0, 2)
		for _, l := range g.lines(id) {
			q := quote(l)
			lines = append(lines, q[1:len(q)-1])
		}
		fmt.Fprintf(b, "  %s [label = \"%s\", fillcolor = %q]\n", quote(id), strings.Join(lines, `\n`), g.colour(id).fill)
	}
	for _, id := range g.Nodes() {
		for _, to := range g.Next(id) {
			fmt.Fprintf(b, "  %s -> %s\n", quote(id), quote(to))
		}
	}
	fmt.Fprintln(b, "}")
	return b.Flush()
}

// Mermaid writes the graph as a Mermaid flowchart, which forges show in
// Markdown. The text may stand inside a fenced block: it holds no backquote.
func (g *Graph) Mermaid(w io.Writer) error {
	b := bufio.NewWriter(w)
	escape := func(s string) string {
		var out strings.Builder
		for _, r := range plain(s) {
			if strings.ContainsRune("\"`<>&#;%|{}[]()\\", r) {
				fmt.Fprintf(&out, "#%d;", r)
			} else {
				out.WriteRune(r)
			}
		}
		return out.String()
	}
	number := map[string]int{}
	fmt.Fprintln(b, "flowchart LR")
	for i, id := range g.Nodes() {
		number[id] = i
		var lines []string
		for _, l := range g.lines(id) {
			lines = append(lines, escape(l))
		}
		fmt.Fprintf(b, "  n%d[\"%s\"]\n  style n%d fill:%s,stroke:%s,color:#1b1f24\n", i, strings.Join(lines, "<br/>"), i, g.colour(id).fill, g.colour(id).line)
	}
	for _, id := range g.Nodes() {
		for _, to := range g.Next(id) {
			fmt.Fprintf(b, "  n%d --> n%d\n", number[id], number[to])
		}
	}
	return b.Flush()
}

type colour struct{ fill, line string }

// colour of a node by its group, in the order of the groups' names.
func (g *Graph) colour(id string) colour {
	switch g.looks[id].Group {
	case "source":
		return colour{"#dbeafe", "#2563eb"}
	case "transform":
		return colour{"#fef3c7", "#b45309"}
	case "sink":
		return colour{"#dcfce7", "#15803d"}
	}
	return colour{"#f1f5f9", "#475569"}
}
