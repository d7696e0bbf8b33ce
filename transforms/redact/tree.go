package redact

import (
	"encoding/binary"
	"slices"
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
	k.list = append(k.list, key{name: name, exact: exact, word: keyWord([]byte(name)), node: n})
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

// find returns the node of a member, nil if nobody listed it.
func (k *keys) find(name []byte) *node {
	if len(k.table) == 0 {
		return nil
	}
	word := keyWord(name)
	for at := k.hash(word, len(name)); k.table[at] != 0; at = (at + 1) & (len(k.table) - 1) {
		e := &k.list[k.table[at]-1]
		if e.word == word && (string(name) == e.exact || len(e.name) == len(name) && sameFold(e.name, name)) {
			return e.node
		}
	}
	return nil
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
