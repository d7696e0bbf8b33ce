package graph

import (
	"cmp"
	"slices"
)

// spot is a node in the picture, or one bend of a long edge (id is "").
type spot struct {
	id         string
	layer      int
	x, y, w, h float64 // top left corner and size
	prev, next []*spot
	rank       float64 // scratch of the sweeps
}

func (s *spot) middle() float64 { return s.y + s.h/2 }

// picture is a layered layout: every edge leads to the right, long edges bend
// in each layer they cross.
type picture struct {
	layers        [][]*spot
	ways          [][]*spot // every edge as the spots it touches
	width, height float64
}

// Sizes in pixels.
const (
	lineHeight = 16.0
	charWidth  = 7.3
	padding    = 10.0
	gapX       = 70.0
	gapY       = 18.0
	margin     = 16.0
)

// layout places the nodes: layers, bends, order inside the layers, coordinates.
// Edges that close a cycle are drawn backwards.
func (g *Graph) layout() *picture {
	p := &picture{}
	spots := g.layer()
	p.bend(g, spots)
	for range 12 {
		p.sweep(func(s *spot) []*spot { return s.prev }, false)
		p.sweep(func(s *spot) []*spot { return s.next }, true)
	}
	p.place()
	return p
}

// layer puts every node one layer behind the last that leads to it, what leads
// nowhere into the last layer.
func (g *Graph) layer() map[string]*spot {
	spots, last := map[string]*spot{}, 0
	order, _ := g.Order()
	seen := map[string]bool{}
	for _, id := range order {
		seen[id] = true
	}
	for _, id := range g.Nodes() {
		if !seen[id] {
			order = append(order, id)
		}
	}
	for _, id := range order {
		s := &spot{id: id}
		for _, l := range g.lines(id) {
			s.w = max(s.w, float64(len([]rune(l)))*charWidth+2*padding)
			s.h += lineHeight
		}
		s.h += padding
		for from := range g.in[id] {
			if f := spots[from]; f != nil {
				s.layer = max(s.layer, f.layer+1)
			}
		}
		last = max(last, s.layer)
		spots[id] = s
	}
	for id, s := range spots {
		if len(g.out[id]) == 0 && (len(g.in[id]) > 0 || g.looks[id].Last) {
			s.layer = last
		}
	}
	return spots
}

// bend fills the layers and gives each edge a bend in every layer it crosses.
func (p *picture) bend(g *Graph, spots map[string]*spot) {
	add := func(s *spot) {
		for len(p.layers) <= s.layer {
			p.layers = append(p.layers, nil)
		}
		p.layers[s.layer] = append(p.layers[s.layer], s)
	}
	ids := g.Nodes()
	for _, id := range ids {
		add(spots[id])
	}
	for _, id := range ids {
		for _, to := range g.Next(id) {
			a, b := spots[id], spots[to]
			way := []*spot{a}
			for layer := a.layer + 1; layer < b.layer; layer++ {
				s := &spot{layer: layer, h: 2}
				add(s)
				way = append(way, s)
			}
			way = append(way, b)
			if a.layer < b.layer {
				for i := 1; i < len(way); i++ {
					way[i-1].next = append(way[i-1].next, way[i])
					way[i].prev = append(way[i].prev, way[i-1])
				}
			}
			p.ways = append(p.ways, way)
		}
	}
}

// sweep orders each layer by the mean place of the neighbours in the layer
// before, which makes few crossings.
func (p *picture) sweep(near func(*spot) []*spot, backwards bool) {
	for i := range p.layers {
		at := i
		if backwards {
			at = len(p.layers) - 1 - i
		}
		for j, s := range p.layers[at] {
			s.rank = float64(j)
		}
		rank := map[*spot]float64{}
		for _, s := range p.layers[at] {
			rank[s] = s.rank
			if n := near(s); len(n) > 0 {
				rank[s] = 0
				for _, o := range n {
					rank[s] += o.rank / float64(len(n))
				}
			}
		}
		slices.SortStableFunc(p.layers[at], func(a, b *spot) int { return cmp.Compare(rank[a], rank[b]) })
		for j, s := range p.layers[at] {
			s.rank = float64(j)
		}
	}
}

// place gives every spot its coordinates: first stacked, then drawn towards
// its neighbours as far as the order inside the layer leaves room.
func (p *picture) place() {
	x := margin
	for _, layer := range p.layers {
		y, wide := margin, 0.0
		for _, s := range layer {
			s.x, s.y = x, y
			y += s.h + gapY
			wide = max(wide, s.w)
		}
		for _, s := range layer {
			if s.id == "" {
				s.w = wide
			}
		}
		x += wide + gapX
	}
	p.width = x - gapX + margin
	for round := range 24 {
		for i := range p.layers {
			layer := p.layers[i]
			if round%2 == 1 {
				layer = p.layers[len(p.layers)-1-i]
			}
			draw(layer)
		}
	}
	top, bottom := 0.0, 0.0
	for i, layer := range p.layers {
		for j, s := range layer {
			if i == 0 && j == 0 {
				top, bottom = s.y, s.y+s.h
			}
			top, bottom = min(top, s.y), max(bottom, s.y+s.h)
		}
	}
	for _, layer := range p.layers {
		for _, s := range layer {
			s.y += margin - top
		}
	}
	p.height = bottom - top + 2*margin
}

// draw moves the spots of a layer to the mean of their neighbours and pushes
// them apart again: blocks of touching spots share the mean of their wishes.
func draw(layer []*spot) {
	type block struct {
		first, n int
		want     float64 // sum of wishes for the top of the block
		height   float64
	}
	var blocks []block
	for i, s := range layer {
		b := block{i, 1, wish(s) - s.h/2, s.h + gapY}
		for len(blocks) > 0 {
			before := blocks[len(blocks)-1]
			if before.want/float64(before.n)+before.height <= b.want/float64(b.n) {
				break
			}
			b = block{before.first, before.n + b.n, before.want + b.want - float64(b.n)*before.height, before.height + b.height}
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	for _, b := range blocks {
		y := b.want / float64(b.n)
		for _, s := range layer[b.first : b.first+b.n] {
			s.y = y
			y += s.h + gapY
		}
	}
}

func wish(s *spot) float64 {
	n := len(s.prev) + len(s.next)
	if n == 0 {
		return s.middle()
	}
	sum := 0.0
	for _, o := range s.prev {
		sum += o.middle()
	}
	for _, o := range s.next {
		sum += o.middle()
	}
	return sum / float64(n)
}
