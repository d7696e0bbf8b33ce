// Package graph is a small directed graph whose nodes are named by text: which
// block feeds which.
//
// Every answer is deterministic: nodes and neighbours are sorted by name, so
// that two runs over one configuration print the same order, the same cycle and
// the same picture. It draws itself as DOT, Mermaid and SVG without help from
// other programs, and every label is escaped for the medium it is written to.
//
// Standard library only.
package graph

import (
	"container/heap"
	"maps"
	"slices"
)

// Graph is a set of nodes and edges. The zero value is empty and ready. It must
// not be changed and read side by side.
type Graph struct {
	out, in map[string]map[string]bool
	looks   map[string]Look
}

// Look is how a node is drawn.
type Look struct {
	Lines []string // the label, a line each; the node's name if there are none
	Group string   // nodes of one group share a colour
	Last  bool     // stands at the right border even if nothing leads to it
}

// Add adds a node; one that is there stays as it is.
func (g *Graph) Add(id string) {
	if g.out == nil {
		g.out, g.in, g.looks = map[string]map[string]bool{}, map[string]map[string]bool{}, map[string]Look{}
	}
	if g.out[id] == nil {
		g.out[id], g.in[id] = map[string]bool{}, map[string]bool{}
	}
}

// Draw says how a node is drawn, and adds it.
func (g *Graph) Draw(id string, l Look) {
	g.Add(id)
	g.looks[id] = l
}

// Connect adds the edge from → to, and the two nodes.
func (g *Graph) Connect(from, to string) {
	g.Add(from)
	g.Add(to)
	g.out[from][to], g.in[to][from] = true, true
}

// Nodes returns the names of all nodes, sorted.
func (g *Graph) Nodes() []string { return slices.Sorted(maps.Keys(g.out)) }

// Next returns the nodes that id leads to, sorted.
func (g *Graph) Next(id string) []string { return slices.Sorted(maps.Keys(g.out[id])) }

// Prev returns the nodes that lead to id, sorted.
func (g *Graph) Prev(id string) []string { return slices.Sorted(maps.Keys(g.in[id])) }

// names is a heap of node names.
type names []string

func (n names) Len() int           { return len(n) }
func (n names) Less(i, j int) bool { return n[i] < n[j] }
func (n names) Swap(i, j int)      { n[i], n[j] = n[j], n[i] }
func (n *names) Push(x any)        { *n = append(*n, x.(string)) }
func (n *names) Pop() any {
	last := (*n)[len(*n)-1]
	*n = (*n)[:len(*n)-1]
	return last
}

// Order returns the nodes so that every edge leads forward; among those that
// could come next the smallest name comes first. If there are cycles, order
// holds the nodes that do not depend on one, and cycle is one of them as a
// path that ends where it begins.
func (g *Graph) Order() (order, cycle []string) {
	waiting := map[string]int{}
	ready := &names{}
	for id := range g.out {
		if waiting[id] = len(g.in[id]); waiting[id] == 0 {
			*ready = append(*ready, id)
		}
	}
	heap.Init(ready)
	for ready.Len() > 0 {
		id := heap.Pop(ready).(string)
		order = append(order, id)
		for to := range g.out[id] {
			if waiting[to]--; waiting[to] == 0 {
				heap.Push(ready, to)
			}
		}
	}
	if len(order) == len(g.out) {
		return order, nil
	}
	return order, g.Cycles()[0]
}

// Cycles returns one cycle for each knot of nodes that all reach one another:
// the shortest through its smallest node, as a path that ends where it begins.
func (g *Graph) Cycles() [][]string {
	var cycles [][]string
	done := map[string]bool{}
	for _, id := range g.Nodes() {
		if done[id] {
			continue
		}
		path := g.path(id, id)
		if path == nil {
			continue
		}
		cycles = append(cycles, path)
		back := reach(g.in, id)
		for to := range reach(g.out, id) {
			if back[to] {
				done[to] = true
			}
		}
	}
	return cycles
}

// path is the shortest way of at least one edge, smallest names first.
func (g *Graph) path(from, to string) []string {
	before := map[string]string{}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		for _, next := range g.Next(queue[0]) {
			if _, seen := before[next]; seen {
				continue
			}
			before[next] = queue[0]
			if next == to {
				way := []string{to}
				for at := queue[0]; at != from; at = before[at] {
					way = append(way, at)
				}
				way = append(way, from)
				slices.Reverse(way)
				return way
			}
			queue = append(queue, next)
		}
	}
	return nil
}

// Reach returns all nodes that from leads to, sorted; from itself only if it
// lies on a cycle.
func (g *Graph) Reach(from string) []string {
	return slices.Sorted(maps.Keys(reach(g.out, from)))
}

func reach(edges map[string]map[string]bool, from string) map[string]bool {
	seen := map[string]bool{}
	for stack := []string{from}; len(stack) > 0; {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for to := range edges[id] {
			if !seen[to] {
				seen[to] = true
				stack = append(stack, to)
			}
		}
	}
	return seen
}

func (g *Graph) lines(id string) []string {
	if l := g.looks[id].Lines; len(l) > 0 {
		return l
	}
	return []string{id}
}
