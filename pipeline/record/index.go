package record

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
)

// index is the first stage of a fast scan: the marks of a record, which are the
// bytes outside strings whose low four bits are ten or more. That is all of
// {}[]:, by one cheap test, and of what else may stand outside strings only
// -+., the l and n of literals, line feed and return.
type index struct {
	at      []uint32 // marks, counted from the slacked bytes, then math.MaxUint32
	blocks  []uint64 // one bit per block that holds a backslash
	escaped bool     // some block does
}

const (
	bytes7f = 0x7f7f7f7f7f7f7f7f
	bytes80 = 0x8080808080808080
	bytes20 = 0x2020202020202020
	quotes  = 0x2222222222222222
	slashes = 0x5c5c5c5c5c5c5c5c
	nibbles = 0x0f0f0f0f0f0f0f0f
	bytes76 = 0x7676767676767676

	gather = 0x0002040810204081 // as a factor, brings bit 7 of each byte to the top byte
)

// differ returns bit 7 of every byte of x that differs from the pattern.
func differ(x, pattern uint64) uint64 {
	t := x ^ pattern
	return (((t & bytes7f) + bytes7f) | t) & bytes80
}

// noQuote returns bit 7 of every byte of x that is no quote less 0x20. All bytes
// of x must be below 0x80.
func noQuote(x uint64) uint64 { return ((x ^ (quotes - bytes20)) + bytes7f) & bytes80 }

// marks returns bit 7 of every byte of x whose low four bits are ten or more.
func marks(x uint64) uint64 { return ((x & nibbles) + bytes76) & bytes80 }

// build finds the marks of p[slack:slack+n]. It returns false if it cannot
// vouch for the strings: one does not end, holds a control byte, or does not end
// right before a mark.
func (x *index) build(p []byte, n int) (count int, ok bool) {
	if len(x.at) < n+72 {
		x.at = make([]uint32, n+n/2+72)
	}
	at := x.at
	slash := x.firstSlash(p, n)
	var inside, escape, closed, bad uint64 // what one block hands to the next
	for i := 0; i < n; i += 64 {
		b := (*[64]byte)(p[slack+i:])
		x0 := binary.LittleEndian.Uint64(b[0:]) - bytes20
		x1 := binary.LittleEndian.Uint64(b[8:]) - bytes20
		x2 := binary.LittleEndian.Uint64(b[16:]) - bytes20
		x3 := binary.LittleEndian.Uint64(b[24:]) - bytes20
		x4 := binary.LittleEndian.Uint64(b[32:]) - bytes20
		x5 := binary.LittleEndian.Uint64(b[40:]) - bytes20
		x6 := binary.LittleEndian.Uint64(b[48:]) - bytes20
		x7 := binary.LittleEndian.Uint64(b[56:]) - bytes20
		q := ^(noQuote(x0)*gather>>56 | noQuote(x1)*gather>>56<<8 | noQuote(x2)*gather>>56<<16 | noQuote(x3)*gather>>56<<24 |
			noQuote(x4)*gather>>56<<32 | noQuote(x5)*gather>>56<<40 | noQuote(x6)*gather>>56<<48 | noQuote(x7)*gather>>56<<56)
		m := marks(x0)*gather>>56 | marks(x1)*gather>>56<<8 | marks(x2)*gather>>56<<16 | marks(x3)*gather>>56<<24 |
			marks(x4)*gather>>56<<32 | marks(x5)*gather>>56<<40 | marks(x6)*gather>>56<<48 | marks(x7)*gather>>56<<56
		var control uint64
		if (x0|x1|x2|x3|x4|x5|x6|x7)&bytes80 != 0 {
			q, m, control = classify(b)
		}
		if r := n - i; r < 64 {
			q &= 1<<uint(r) - 1
			m &= 1<<uint(r) - 1
		}
		if slash < i+64 || escape != 0 {
			var escaped uint64
			escaped, escape = x.escapes(b, i, n, escape)
			q &^= escaped
			slash = nextSlash(p, i+64, n)
		}
		s := q ^ q<<1 // becomes: bytes in strings, opening quotes included
		s ^= s << 2
		s ^= s << 4
		s ^= s << 8
		s ^= s << 16
		s ^= s << 32
		s ^= inside
		inside = uint64(int64(s) >> 63)
		bad |= control & s
		m &^= s
		q &^= s
		bad |= (q<<1 | closed) &^ m
		closed = q >> 63

		base := uint32(slack + i)
		d := (*[64]uint32)(at[count:])
		count += bits.OnesCount64(m)
		for j := 0; m != 0; j += 4 {
			e := (*[4]uint32)(d[j&63&^3:])
			e[0] = base + uint32(bits.TrailingZeros64(m))
			m &= m - 1
			e[1] = base + uint32(bits.TrailingZeros64(m))
			m &= m - 1
			e[2] = base + uint32(bits.TrailingZeros64(m))
			m &= m - 1
			e[3] = base + uint32(bits.TrailingZeros64(m))
			m &= m - 1
		}
	}
	at[count] = math.MaxUint32
	return count, bad|inside == 0
}

// classify returns a bit for every quote, mark and byte below 0x20 of a block
// that holds bytes below 0x20 or beyond ASCII.
func classify(b *[64]byte) (q, m, control uint64) {
	for w := 0; w < 8; w++ {
		x := binary.LittleEndian.Uint64(b[w*8:])
		q |= differ(x, quotes) * gather >> 56 << (8 * w)
		m |= marks(x) * gather >> 56 << (8 * w)
		// A byte is 0x20 or more if its low seven bits are, or its bit 7 is set.
		control |= (((x & bytes7f) + 0x6060606060606060) | x) & bytes80 * gather >> 56 << (8 * w)
	}
	return ^q, m, ^control
}

// escapes returns a bit for every byte of block i that a backslash escapes, and
// 1 if the first byte of the next block is. carry is that of the block before.
func (x *index) escapes(b *[64]byte, i, n int, carry uint64) (escaped, next uint64) {
	var s uint64
	for w := 0; w < 8; w++ {
		s |= differ(binary.LittleEndian.Uint64(b[w*8:]), slashes) * gather >> 56 << (8 * w)
	}
	s = ^s
	if r := n - i; r < 64 {
		s &= 1<<uint(r) - 1
	}
	if s != 0 {
		x.blocks[i>>12] |= 1 << (i >> 6 & 63)
	}
	// In a run of backslashes every second one escapes what follows. Subtracting
	// the starts of runs from the odd places carries through each run to its end
	// and leaves there whether its length was odd (Langdale and Lemire, 2019).
	const odd = 0xaaaaaaaaaaaaaaaa
	starts := s &^ carry
	ends := ((starts<<1 | odd) - starts) ^ odd
	return ends ^ (s | carry), (ends & s) >> 63
}

// none is the place of a backslash that does not exist: far beyond any record.
const none = math.MaxInt

func (x *index) firstSlash(p []byte, n int) int {
	slash := nextSlash(p, 0, n)
	x.escaped = slash != none
	if x.escaped {
		words := n>>12 + 1
		if len(x.blocks) < words {
			x.blocks = make([]uint64, 2*words)
		}
		clear(x.blocks[:words])
	}
	return slash
}

func nextSlash(p []byte, i, n int) int {
	if i >= n {
		return none
	}
	j := bytes.IndexByte(p[slack+i:slack+n], '\\')
	if j < 0 {
		return none
	}
	return i + j
}

// mayEscape reports whether there may be a backslash in p[from:to].
func (x *index) mayEscape(from, to int) bool {
	from, to = (from-slack)>>6, (to-slack)>>6
	return to > from+1 || x.blocks[from>>6]>>(from&63)&1 != 0 || x.blocks[to>>6]>>(to&63)&1 != 0
}
