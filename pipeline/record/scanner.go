package record

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

// Scanner is a compiled Layout: a tree of keys that a scan walks while it
// passes over a record. It is read-only and shared by all goroutines.
type Scanner struct {
	slots   int
	nodes   []node   // [0] wants nothing, [1] is the record itself
	targets []target // [0] wants nothing
}

// target says what is wanted of one value.
type target struct {
	slots   []Slot
	object  uint32 // node for its members, if it is an object
	element uint32 // target of each element, if it is an array
}

// node holds the wanted keys of one object in a table without collisions:
// a key is looked up by its length and its last eight bytes. Keys that agree in
// both share a chain.
type node struct {
	lengths uint64 // bit n%64 for a key of n bytes: most other keys stop here
	mul     uint64
	shift   uint8
	fold    uint64 // caseBits where some key is wanted in any case, else 0
	table   []uint16
	entries []entry // [0] matches nothing; it is what an empty place in table leads to
}

type entry struct {
	word   uint64
	key    string
	fold   bool // key is lower case and matches in any case
	next   uint16
	target uint32
}

const caseBits = 0x2020202020202020

// Compile returns the scanner for the paths that l has now. Slots that are
// added later are not known to it.
func (l *Layout) Compile() *Scanner {
	c := compiler{layout: l, s: &Scanner{slots: l.Len(), nodes: make([]node, 1), targets: make([]target, 1)}, memo: map[string]uint32{}}
	var all []item
	for i := range l.paths {
		if !l.paths[i].IsZero() {
			all = append(all, item{path: i})
		}
	}
	if len(all) == 0 {
		c.s.nodes = append(c.s.nodes, newNode(nil))
	} else {
		c.node(all)
	}
	return c.s
}

// item is a path of which the steps before step have been matched.
type item struct{ path, step int }

// compiler turns sets of items into nodes, as one turns the states of a
// non-deterministic automaton into those of a deterministic one: a key may
// continue both a path that asks for it exactly and one that folds case.
type compiler struct {
	layout *Layout
	s      *Scanner
	memo   map[string]uint32
}

func (c *compiler) step(it item) Step { return c.layout.paths[it.path].steps[it.step] }

func (c *compiler) node(items []item) uint32 {
	if len(items) == 0 {
		return 0
	}
	id := setID(items)
	if n, ok := c.memo[id]; ok {
		return n
	}
	n := uint32(len(c.s.nodes))
	c.memo[id] = n
	c.s.nodes = append(c.s.nodes, node{})

	// Groups of keys that are equal but for case, in a fixed order.
	groups := map[string][]item{}
	for _, it := range items {
		k := foldKey(c.step(it).Key)
		groups[k] = append(groups[k], it)
	}
	folded := make([]string, 0, len(groups))
	for k := range groups {
		folded = append(folded, k)
	}
	slices.Sort(folded)
	var entries []entry
	for _, k := range folded {
		entries = append(entries, c.group(k, groups[k])...)
	}
	c.s.nodes[n] = newNode(entries)
	return n
}

// group returns the entries for one key: first the exact spellings, each of
// which also continues the paths that fold case, then any other spelling.
func (c *compiler) group(folded string, items []item) []entry {
	var entries []entry
	var anyCase []item
	exact := map[string][]item{}
	var spelled []string
	for _, it := range items {
		k := c.step(it).Key
		switch {
		case c.layout.fold[it.path]:
			anyCase = append(anyCase, it)
		default:
			if exact[k] == nil {
				spelled = append(spelled, k)
			}
			exact[k] = append(exact[k], it)
		}
	}
	for _, k := range spelled {
		entries = append(entries, entry{key: k, target: c.target(append(exact[k], anyCase...))})
	}
	if anyCase != nil {
		entries = append(entries, entry{key: folded, fold: true, target: c.target(anyCase)})
	}
	return entries
}

// target returns what is wanted of the value of a key that has matched the
// current step of all items.
func (c *compiler) target(items []item) uint32 {
	var here, each target
	var members, elementMembers []item
	for _, it := range items {
		st := c.step(it)
		last := it.step == len(c.layout.paths[it.path].steps)-1
		next := item{it.path, it.step + 1}
		switch {
		case !st.Each && last:
			here.slots = append(here.slots, Slot(it.path))
		case !st.Each:
			members = append(members, next)
		case last:
			each.slots = append(each.slots, Slot(it.path))
		default:
			elementMembers = append(elementMembers, next)
		}
	}
	here.object = c.node(members)
	if each.slots != nil || elementMembers != nil {
		each.object = c.node(elementMembers)
		here.element = uint32(len(c.s.targets))
		c.s.targets = append(c.s.targets, each)
	}
	c.s.targets = append(c.s.targets, here)
	return uint32(len(c.s.targets) - 1)
}

func setID(items []item) string {
	items = slices.Clone(items)
	slices.SortFunc(items, func(a, b item) int { return cmp.Or(a.path-b.path, a.step-b.step) })
	var b strings.Builder
	for _, it := range items {
		b.WriteString(strconv.Itoa(it.path))
		b.WriteByte('.')
		b.WriteString(strconv.Itoa(it.step))
		b.WriteByte(' ')
	}
	return b.String()
}

// newNode looks for a multiplier under which all entries that differ in length
// or in their last eight bytes fall into different places of a small table.
func newNode(entries []entry) node {
	var n node
	for _, e := range entries {
		if e.fold {
			n.fold = caseBits
		}
	}
	n.entries = make([]entry, 1, len(entries)+1)
	n.entries[0].word = 1 // no empty key has such a word
	var heads []uint16    // first entry of each chain
	type id struct {
		word uint64
		len  int
	}
	tails := map[id]uint16{}
	for _, e := range entries {
		e.word = keyWord(e.key) | n.fold
		n.lengths |= 1 << (len(e.key) & 63)
		at := uint16(len(n.entries))
		n.entries = append(n.entries, e)
		k := id{e.word, len(e.key)}
		if t, ok := tails[k]; ok {
			n.entries[t].next = at
		} else {
			heads = append(heads, at)
		}
		tails[k] = at
	}
	for n.shift = 62; ; n.shift-- {
		if 1<<(64-n.shift) < 2*len(heads) {
			continue
		}
		n.mul = 0x9e3779b97f4a7c15
		for range 2000 {
			n.mul = (n.mul*6364136223846793005 + 1442695040888963407) | 1
			if n.place(heads) {
				return n
			}
		}
	}
}

func (n *node) place(heads []uint16) bool {
	n.table = slices.Grow(n.table[:0], 1<<(64-n.shift))[:1<<(64-n.shift)]
	clear(n.table)
	for _, h := range heads {
		p := &n.table[n.hash(n.entries[h].word, len(n.entries[h].key))]
		if *p != 0 {
			return false
		}
		*p = h
	}
	return true
}

func (n *node) hash(word uint64, length int) uint64 {
	return (word ^ uint64(length)*0x9e3779b97f4a7c15) * n.mul >> n.shift
}

// keyWord returns the last eight bytes of key, little-endian; a shorter key
// fills the low bytes.
func keyWord[T string | []byte](key T) uint64 {
	if len(key) > 8 {
		key = key[len(key)-8:]
	}
	var b [8]byte
	copy(b[:], key)
	return binary.LittleEndian.Uint64(b[:])
}

// find returns the target of key, which has no escapes, 0 if it is not wanted.
// word is keyWord(key).
func (n *node) find(word uint64, key []byte) uint32 {
	word |= n.fold
	x := &n.entries[n.table[n.hash(word, len(key))]]
	if x.word != word || len(x.key) != len(key) {
		return 0
	}
	for !x.matches(key) {
		if x.next == 0 {
			return 0
		}
		x = &n.entries[x.next]
	}
	return x.target
}

func (x *entry) matches(key []byte) bool {
	if !x.fold {
		return string(key) == x.key
	}
	for i, c := range key {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != x.key[i] {
			return false
		}
	}
	return true
}

func foldKey(k string) string {
	b := []byte(k)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}
