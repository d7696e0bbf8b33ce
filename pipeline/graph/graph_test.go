package graph_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline/graph"
)

func build(edges ...string) *graph.Graph {
	g := &graph.Graph{}
	for _, e := range edges {
		from, to, ok := strings.Cut(e, ">")
		if !ok {
			g.Add(e)
			continue
		}
		g.Connect(from, to)
	}
	return g
}

func TestOrder(t *testing.T) {
	tests := []struct {
		name         string
		edges        []string
		order, cycle []string
	}{
		{"empty", nil, nil, nil},
		{"ties go by name", []string{"c", "a", "b"}, []string{"a", "b", "c"}, nil},
		{"edges lead forward", []string{"z>a", "a>m", "z>m"}, []string{"z", "a", "m"}, nil},
		{"a free node comes before a later name", []string{"z>a", "b"}, []string{"b", "z", "a"}, nil},
		{"cycle is a path", []string{"a>b", "b>c", "c>b", "c>d"}, []string{"a"}, []string{"b", "c", "b"}},
		{"the shortest way round", []string{"a>b", "b>c", "c>a", "b>a"}, nil, []string{"a", "b", "a"}},
		{"self", []string{"a>a"}, nil, []string{"a", "a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			order, cycle := build(tt.edges...).Order()
			if diff := cmp.Diff(tt.order, order); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.cycle, cycle); diff != "" {
				t.Errorf("cycle (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCyclesOnePerKnot(t *testing.T) {
	got := build("a>b", "b>a", "b>c", "c>d", "d>c", "x>a", "d>y").Cycles()
	if diff := cmp.Diff([][]string{{"a", "b", "a"}, {"c", "d", "c"}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestReach(t *testing.T) {
	g := build("a>b", "b>c", "d>c", "c>e")
	if diff := cmp.Diff([]string{"b", "c", "e"}, g.Reach("a")); diff != "" {
		t.Error(diff)
	}
	if got := g.Reach("e"); len(got) != 0 {
		t.Error("reach of a last node:", got)
	}
}

// hostile labels try to leave their place in each medium.
const hostile = "\"]</text><script>\x1b[31m`;--> \u202e\\n"

func TestDrawingsEscape(t *testing.T) {
	g := &graph.Graph{}
	g.Draw("source.x", graph.Look{Lines: []string{hostile, hostile}, Group: "source"})
	g.Draw(hostile, graph.Look{Group: "sink", Last: true})
	g.Connect("source.x", hostile)
	for name, draw := range map[string]func(io.Writer) error{"dot": g.DOT, "mermaid": g.Mermaid, "svg": g.SVG} {
		var b bytes.Buffer
		if err := draw(&b); err != nil {
			t.Fatal(name, err)
		}
		for _, bad := range []string{"\x1b", "\u202e", "<script"} {
			if name == "dot" && bad == "<script" { // plain text inside a quoted DOT string
				continue
			}
			if strings.Contains(b.String(), bad) {
				t.Errorf("%s holds %q:\n%s", name, bad, b.String())
			}
		}
		if name == "mermaid" && strings.Contains(b.String(), "`") {
			t.Error("mermaid holds a backquote")
		}
		if name == "svg" {
			wellFormed(t, b.Bytes())
		}
	}
}

func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
	}
}

// box is a drawn node.
type box struct {
	Title string `xml:"title"`
	Rect  struct {
		X float64 `xml:"x,attr"`
		Y float64 `xml:"y,attr"`
		W float64 `xml:"width,attr"`
		H float64 `xml:"height,attr"`
	} `xml:"rect"`
}

func boxes(t *testing.T, g *graph.Graph) map[string]box {
	t.Helper()
	var b bytes.Buffer
	if err := g.SVG(&b); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Groups []struct {
			Boxes []box `xml:"g"`
		} `xml:"g"`
	}
	if err := xml.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	all := map[string]box{}
	for _, g := range doc.Groups {
		for _, b := range g.Boxes {
			all[b.Title] = b
		}
	}
	return all
}

func TestSVGLayout(t *testing.T) {
	g := fifty()
	all := boxes(t, g)
	if len(all) != len(g.Nodes()) {
		t.Fatalf("drew %d of %d nodes", len(all), len(g.Nodes()))
	}
	ids := g.Nodes()
	for i, id := range ids {
		a := all[id]
		for _, to := range g.Next(id) {
			if b := all[to]; a.Rect.X+a.Rect.W >= b.Rect.X {
				t.Errorf("%s does not stand left of %s", id, to)
			}
		}
		for _, o := range ids[i+1:] {
			b := all[o]
			if a.Rect.X < b.Rect.X+b.Rect.W && b.Rect.X < a.Rect.X+a.Rect.W && a.Rect.Y < b.Rect.Y+b.Rect.H && b.Rect.Y < a.Rect.Y+a.Rect.H {
				t.Errorf("%s and %s overlap", id, o)
			}
		}
		if a.Rect.X < 0 || a.Rect.Y < 0 {
			t.Errorf("%s stands outside", id)
		}
	}
	if all["sink.idle"].Rect.X != all["sink.local.s0"].Rect.X {
		t.Error("a sink that nothing feeds does not stand with the other sinks")
	}
}

// fifty is a graph of about fifty nodes: sources, filters, redactions, sinks.
func fifty() *graph.Graph {
	g := &graph.Graph{}
	for i := range 12 {
		source, filter, redact := fmt.Sprintf("source.file.in%d", i), fmt.Sprintf("transform.filter.f%d", i), fmt.Sprintf("transform.redact.r%d", i/2)
		g.Draw(source, graph.Look{Lines: []string{"source.file", fmt.Sprint("in", i)}, Group: "source"})
		g.Draw(filter, graph.Look{Lines: []string{"transform.filter", fmt.Sprint("f", i)}, Group: "transform"})
		g.Connect(source, filter)
		g.Connect(filter, redact)
		sink := fmt.Sprintf("sink.local.s%d", i)
		g.Draw(sink, graph.Look{Lines: []string{"sink.local", fmt.Sprint("s", i)}, Group: "sink", Last: true})
		g.Connect(redact, sink)
		if i%4 == 0 {
			g.Connect(source, sink)
		}
	}
	g.Draw("sink.idle", graph.Look{Group: "sink", Last: true})
	return g
}

func TestDrawingsOfCyclesEnd(t *testing.T) {
	g := build("a>b", "b>c", "c>a", "a>a")
	for _, draw := range []func(io.Writer) error{g.DOT, g.Mermaid, g.SVG} {
		if err := draw(io.Discard); err != nil {
			t.Error(err)
		}
	}
}

func TestDeterministic(t *testing.T) {
	for range 5 {
		var a, b bytes.Buffer
		if err := errors.Join(fifty().SVG(&a), fifty().SVG(&b)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Fatal("two drawings of one graph differ")
		}
	}
}
