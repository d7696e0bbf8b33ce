package pseudonym

import "hash/maphash"

const (
	cacheSets  = 1024 // a power of two
	cacheWays  = 2
	longestKey = 80 // longer values are computed each time
	longestOut = 40
)

// cache remembers the pseudonyms of the values seen last in a fixed amount of
// memory (cacheSets × cacheWays entries of about 140 bytes). A value that comes
// once drives out one other, so that hot ones come back at the price of one
// HMAC.
type cache struct {
	seed    maphash.Seed
	entries []entry
}

type entry struct {
	hash  uint64
	used  bool
	last  bool // used more recently than the other of its set
	phone bool
	k, n  uint8
	key   [longestKey]byte
	value [longestOut]byte
}

// slot is the answer of find and where put writes.
type slot struct {
	hit  bool
	hash uint64
	at   int // -1: the value is not for the cache
	n    int
	c    *cache
}

func newCache() cache {
	return cache{seed: maphash.MakeSeed(), entries: make([]entry, cacheSets*cacheWays)}
}

func (s slot) out() []byte { return s.c.entries[s.at].value[:s.n] }

func (c *cache) find(key []byte, phone bool) slot {
	if len(key) > longestKey {
		return slot{at: -1}
	}
	h := maphash.Bytes(c.seed, key)
	set := int(h%cacheSets) * cacheWays
	for w := range cacheWays {
		e := &c.entries[set+w]
		if e.used && e.hash == h && e.phone == phone && string(e.key[:e.k]) == string(key) {
			e.last, c.entries[set+1-w].last = true, false
			return slot{hit: true, at: set + w, n: int(e.n), c: c}
		}
	}
	if c.entries[set].last {
		set++
	}
	return slot{hash: h, at: set}
}

func (c *cache) put(s slot, key []byte, phone bool, out []byte) {
	if s.at < 0 || len(out) > longestOut {
		return
	}
	e := &c.entries[s.at]
	e.hash, e.used, e.last, e.phone = s.hash, true, true, phone
	c.entries[s.at^1].last = false
	e.k, e.n = uint8(copy(e.key[:], key)), uint8(copy(e.value[:], out))
}
