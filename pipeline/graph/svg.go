package graph

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strings"
)

// SVG writes a picture of the graph: sources at the left, sinks at the right,
// arrows between. It holds no scripts, no links and no fonts of its own.
func (g *Graph) SVG(w io.Writer) error {
	p := g.layout()
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img" aria-label="pipeline">`+"\n",
		max(p.width, 2*margin), max(p.height, 2*margin), max(p.width, 2*margin), max(p.height, 2*margin))
	fmt.Fprintln(b, `<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#64748b"/></marker></defs>`)
	fmt.Fprintln(b, `<rect width="100%" height="100%" fill="#ffffff"/>`)
	fmt.Fprintln(b, `<g fill="none" stroke="#64748b" stroke-width="1.4">`)
	for _, way := range p.ways {
		fmt.Fprintf(b, `<path marker-end="url(#arrow)" d="%s"/>`+"\n", curve(way))
	}
	fmt.Fprintln(b, `</g>`)
	fmt.Fprintln(b, `<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12" fill="#1b1f24">`)
	for _, layer := range p.layers {
		for _, s := range layer {
			if s.id != "" {
				g.box(b, s)
			}
		}
	}
	fmt.Fprintln(b, "</g>\n</svg>")
	return b.Flush()
}

func (g *Graph) box(w io.Writer, s *spot) {
	c := g.colour(s.id)
	fmt.Fprintf(w, `<g><title>%s</title><rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="5" fill="%s" stroke="%s"/>`,
		xmlText(s.id), s.x, s.y, s.w, s.h, c.fill, c.line)
	for i, l := range g.lines(s.id) {
		weight := ""
		if i > 0 {
			weight = ` font-weight="600"`
		}
		fmt.Fprintf(w, `<text x="%.1f" y="%.1f"%s>%s</text>`, s.x+padding, s.y+padding/2+float64(i)*lineHeight+12, weight, xmlText(l))
	}
	fmt.Fprintln(w, `</g>`)
}

// curve is a smooth line through the spots of an edge.
func curve(way []*spot) string {
	var d strings.Builder
	first, last := way[0], way[len(way)-1]
	x, y := first.x+first.w, first.middle()
	fmt.Fprintf(&d, "M%.1f %.1f", x, y)
	if last.layer <= first.layer { // closes a cycle: a loop below
		below := math.Max(first.y+first.h, last.y+last.h) + gapY
		fmt.Fprintf(&d, "C%.1f %.1f %.1f %.1f %.1f %.1f", x+gapX/2, below, last.x-gapX/2, below, last.x, last.middle())
		return d.String()
	}
	for _, s := range way[1:] {
		half := (s.x - x) / 2
		fmt.Fprintf(&d, "C%.1f %.1f %.1f %.1f %.1f %.1f", x+half, y, s.x-half, s.middle(), s.x, s.middle())
		x, y = s.x, s.middle()
		if s.id == "" {
			x += s.w
			fmt.Fprintf(&d, "H%.1f", x)
		}
	}
	return d.String()
}

func xmlText(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(plain(s))); err != nil {
		return ""
	}
	return b.String()
}
