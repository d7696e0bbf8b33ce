package graphsim

import "encoding/binary"

// dice is a stream of numbers that depends on its start only. All chance in
// this package comes from one, or from mix itself.
type dice uint64

const golden = 0x9e3779b97f4a7c15

func (d *dice) next() uint64 {
	*d += golden
	return mix(uint64(*d))
}

// n returns a number in [0, k).
func (d *dice) n(k int) int {
	return int((d.next() >> 32) * uint64(k) >> 32)
}

// skewed returns a number in [0, k), small ones much more often.
func (d *dice) skewed(k int) int {
	f := unit(d.next())
	return int(f * f * f * float64(k))
}

func (d *dice) chance(p float64) bool { return unit(d.next()) < p }

// unit maps a number to [0, 1).
func unit(x uint64) float64 { return float64(x>>11) / (1 << 53) }

// mix is a bijection that makes unlike numbers of like ones (the finaliser of
// SplitMix64); unmix is its inverse.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

func unmix(x uint64) uint64 {
	x ^= x>>31 ^ x>>62
	x *= 0x319642b2d24d8ec3
	x ^= x>>27 ^ x>>54
	x *= 0x96de1b173f119089
	return x ^ x>>30 ^ x>>60
}

// guid is a GUID in the order in which it is written.
type guid [16]byte

// hidden returns a GUID of version 4 that holds x under a reversible mix.
func hidden(x, seed uint64) guid {
	p := mix(x ^ seed)
	h := mix(p ^ golden)
	var g guid
	binary.BigEndian.PutUint64(g[0:], p)
	copy(g[10:], g[6:8])
	binary.BigEndian.PutUint32(g[6:], uint32(h>>32))
	binary.BigEndian.PutUint32(g[12:], uint32(h))
	g[6] = 0x40 | g[6]&0x0f
	g[8] = 0x80 | g[8]&0x3f
	return g
}

// reveal returns what hidden put into g. It is false if g is no such GUID.
func reveal(g guid, seed uint64) (uint64, bool) {
	var p guid
	copy(p[:6], g[:6])
	copy(p[6:8], g[10:12])
	x := unmix(binary.BigEndian.Uint64(p[:8])) ^ seed
	return x, hidden(x, seed) == g
}

// random returns a GUID that means nothing.
func random(h uint64) guid { return hidden(h, golden) }

const hexDigits = "0123456789abcdef"

func (g guid) append(b []byte) []byte {
	for i, c := range g {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, hexDigits[c>>4], hexDigits[c&15])
	}
	return b
}

func (g guid) String() string { return string(g.append(nil)) }

// parseGUID reads the 36 characters of a GUID.
func parseGUID(s string) (g guid, ok bool) {
	if len(s) != 36 {
		return g, false
	}
	at := 0
	for i := 0; i < len(s); i++ {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return g, false
			}
			continue
		}
		d := fromHex(s[i])
		if d < 0 {
			return g, false
		}
		g[at/2] = g[at/2]<<4 | byte(d)
		at++
	}
	return g, true
}

func fromHex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c - 'a' + 10)
	case 'A' <= c && c <= 'F':
		return int(c - 'A' + 10)
	}
	return -1
}
