package redact

import (
	"hash/maphash"

	"github.com/logpipe/logpipe/transforms/redact/pseudonym"
)

const (
	knownSets  = 1024
	knownKey   = 160 // longest value
	knownForms = 5
	knownText  = 240 // of all forms together
)

// known remembers the forms in which values may stand elsewhere, in a fixed
// amount of memory: names and addresses come again and again, and their forms
// cost more than all that is done with them.
type known struct {
	seed    maphash.Seed
	entries []knownEntry
}

type knownEntry struct {
	hash  uint64
	used  bool
	k, n  uint8
	key   [knownKey]byte
	forms [knownForms]struct {
		kind     pseudonym.Type
		from, to uint8
	}
	text [knownText]byte
}

// forms are those of one value.
type forms struct {
	list []form
	text []byte
}

type form struct {
	kind     pseudonym.Type
	from, to int
}

func (f *forms) add(text []byte, kind pseudonym.Type) {
	from := len(f.text)
	f.text = append(f.text, text...)
	f.list = append(f.list, form{kind, from, len(f.text)})
}

func newKnown() known {
	return known{seed: maphash.MakeSeed(), entries: make([]knownEntry, knownSets)}
}

// find returns the place of a value and whether it is its own; nil if the value
// is too long to be kept.
func (c *known) find(value []byte) (e *knownEntry, hit bool) {
	if len(value) > knownKey {
		return nil, false
	}
	h := maphash.Bytes(c.seed, value)
	e = &c.entries[h%knownSets]
	if e.used && e.hash == h && string(e.key[:e.k]) == string(value) {
		return e, true
	}
	e.used, e.hash = false, h
	return e, false
}

// learn makes e the entry of value, unless its forms are too many or too long.
func (e *knownEntry) learn(value []byte, f *forms) {
	if e == nil || len(f.list) > knownForms || len(f.text) > knownText {
		return
	}
	for i, x := range f.list {
		e.forms[i].kind, e.forms[i].from, e.forms[i].to = x.kind, uint8(x.from), uint8(x.to)
	}
	copy(e.text[:], f.text)
	e.k, e.n, e.used = uint8(copy(e.key[:], value)), uint8(len(f.list)), true
}
