package main

import (
	"fmt"
	"strings"
)

// unified returns the difference of two texts as a unified diff with three
// lines of context. The texts are pipeline files: a quadratic table of their
// differing middle is fine, and beyond a bound the middle is shown as replaced.
func unified(name string, from, to []byte) string {
	a, b := splitLines(from), splitLines(to)
	ops := edits(a, b)
	var out strings.Builder
	fmt.Fprintf(&out, "--- old/%s\n+++ new/%s\n", name, name)
	const context = 3
	for i := 0; i < len(ops); {
		if ops[i].sign == ' ' {
			i++
			continue
		}
		first := max(0, i-context)
		last, calm := i, 0
		for last < len(ops) && calm <= 2*context {
			calm++
			if ops[last].sign != ' ' {
				calm = 0
			}
			last++
		}
		last = min(len(ops), last-max(0, calm-context))
		hunk(&out, ops[first:last])
		i = last
	}
	return out.String()
}

type edit struct {
	sign   byte // ' ', '-' or '+'
	line   string
	na, nb int // line numbers before this edit, from 0
}

func hunk(out *strings.Builder, ops []edit) {
	var old, new int
	for _, o := range ops {
		if o.sign != '+' {
			old++
		}
		if o.sign != '-' {
			new++
		}
	}
	fmt.Fprintf(out, "@@ -%d,%d +%d,%d @@\n", ops[0].na+1, old, ops[0].nb+1, new)
	for _, o := range ops {
		fmt.Fprintf(out, "%c%s\n", o.sign, o.line)
	}
}

// edits lists the lines of both texts in order, by the longest common
// subsequence of what is left after the common head and tail.
func edits(a, b []string) []edit {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	ma, mb := a[head:len(a)-tail], b[head:len(b)-tail]
	common := lcs(ma, mb)
	var ops []edit
	i, j := 0, 0
	add := func(sign byte, line string) {
		ops = append(ops, edit{sign, line, i, j})
		if sign != '+' {
			i++
		}
		if sign != '-' {
			j++
		}
	}
	for i < head {
		add(' ', a[i])
	}
	for i < head+len(ma) || j < head+len(mb) {
		x, y := i-head, j-head
		switch {
		case x < len(ma) && y < len(mb) && ma[x] == mb[y]:
			add(' ', ma[x])
		case x < len(ma) && (y == len(mb) || common(x+1, y) >= common(x, y+1)):
			add('-', ma[x])
		default:
			add('+', mb[y])
		}
	}
	for i < len(a) {
		add(' ', a[i])
	}
	return ops
}

// lcs returns the length of the longest common subsequence of a[x:] and b[y:].
func lcs(a, b []string) func(x, y int) int {
	const most = 4_000_000
	if len(a)*len(b) > most {
		return func(x, y int) int { return 0 }
	}
	w := len(b) + 1
	table := make([]int32, (len(a)+1)*w)
	for x := len(a) - 1; x >= 0; x-- {
		for y := len(b) - 1; y >= 0; y-- {
			if a[x] == b[y] {
				table[x*w+y] = table[(x+1)*w+y+1] + 1
			} else {
				table[x*w+y] = max(table[(x+1)*w+y], table[x*w+y+1])
			}
		}
	}
	return func(x, y int) int { return int(table[x*w+y]) }
}

func splitLines(b []byte) []string {
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}
