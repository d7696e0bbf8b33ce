package redact

import (
	"encoding/binary"
	"slices"
	"strings"
)

// node says what happens to the values at one place of a record. Lists are
// transparent: an element has its list's node unless the list says another, and
// what is no list though the schema says so is treated as an element. So a rule
// reaches its field whatever lists stand around it.
type node struct {
	rule    *rule // nil: keep
	fixed   bool  // text here stays out of the sweep: enum, number, time, or kept by a rule
	keys    keys
	other   *node  // members that nobody listed; nil: an object here cannot be handled
	elem    *node  // elements, if they differ
	phoneAt string // folded name of the sibling that may say a number of digits is a phone
	box     bool   // an object is expected
	busy    bool   // a rule is set below
	strict  bool   // by a rule block: what should be an object must be one
	name    string // for errors and counts

	phoneKey *node // the member that may say so, in the object around both

	first int // place of the node's keys among all keys of the tree; 0: not numbered
}

// number gives the keys of the tree below n places from next on, and returns
// the next free one. A walk remembers in such a place which key came after.
func (n *node) number(next int) int {
	if n == nil || n.first > 0 {
		return next
	}
	n.first = next
	next += len(n.keys.list) + 1
	for i := range n.keys.list {
		next = n.keys.list[i].node.number(next)
	}
	return n.elem.number(n.other.number(next))
}

// element returns the node of the elements of a list at n.
func (n *node) element() *node {
	if n.elem != nil {
		return n.elem
	}
	return n
}

// keys finds members by their name in any ASCII case.
type keys struct {
	table []uint16 // entry + 1, 0 for none
	shift uint8
	list  []key
}

type key struct {
	name  string // folded
	exact string // as the schema spells it
	colon string // as most records have it: in quotes, with its colon
	word  uint64
	node  *node
}

const (
	caseBits = 0x2020202020202020
	mixer    = 0x9e3779b97f4a7c15
)

// add adds a member; build comes after the last.
func (k *keys) add(name string, n *node) {
	exact := name
	name = foldASCII(name)
	colon := "\x00" // stands in no record
	if !strings.ContainsAny(exact, `"\`) {
		colon = `"` + exact + `":`
	}
	k.list = append(k.list, key{name: name, exact: exact, colon: colon, word: keyWord([]byte(name)), node: n})
}

func (k *keys) build() {
	size := 4
	k.shift = 62
	for size < 3*len(k.list) {
		size *= 2
		k.shift--
	}
	k.table = make([]uint16, size)
	for i := range k.list {
		at := k.hash(k.list[i].word, len(k.list[i].name))
		for k.table[at] != 0 {
			at = (at + 1) & (size - 1)
		}
		k.table[at] = uint16(i + 1)
	}
}

func (k *keys) hash(word uint64, length int) int {
	return int((word ^ uint64(length)*mixer) * mixer >> k.shift)
}

// find returns the place in the list of a member, -1 if nobody listed it.
func (k *keys) find(name []byte) int {
	if len(k.table) == 0 {
		return -1
	}
	word := keyWord(name)
	for at := k.hash(word, len(name)); k.table[at] != 0; at = (at + 1) & (len(k.table) - 1) {
		i := int(k.table[at]) - 1
		e := &k.list[i]
		if e.word == word && (string(name) == e.exact || len(e.name) == len(name) && sameFold(e.name, name)) {
			return i
		}
	}
	return -1
}

// named returns the entry of a folded name.
func (k *keys) named(name string) *key {
	if i := slices.IndexFunc(k.list, func(e key) bool { return e.name == name }); i >= 0 {
		return &k.list[i]
	}
	return nil
}

// keyWord is the last eight bytes of a name with the case bit set in each: equal
// for names that are equal but for case.
func keyWord(name []byte) uint64 {
	if n := len(name); n >= 8 {
		return binary.LittleEndian.Uint64(name[n-8:]) | caseBits
	}
	var w uint64
	for _, c := range name {
		w = w<<8 | uint64(c)
	}
	return w | caseBits
}

func sameFold(folded string, name []byte) bool {
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != folded[i] {
			return false
		}
	}
	return true
}

func foldASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}
