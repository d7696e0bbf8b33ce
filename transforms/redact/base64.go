package redact

import (
	"github.com/logpipe/logpipe/transforms/redact/detect"
)

// leastBase64 is how many characters hold the shortest value that is swept.
const leastBase64 = 8

// inBase64 is what is looked for in what may be base64: values whose form says so
// much that noise is never taken for one.
const inBase64 = 1<<detect.Email | 1<<detect.SID | 1<<detect.IP

// notBase64 is the value of what is no character of base64.
const notBase64 = 0xff

// base64Values are by character, of both alphabets.
var base64Values = base64Table()

func base64Table() (t [256]byte) {
	for c := range t {
		t[c] = notBase64
	}
	for v, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = byte(v)
	}
	t['-'], t['_'] = t['+'], t['/']
	return t
}

// unpack looks into what may be base64 in src. Where it holds a value that must
// not stay, the whole of it is replaced.
func (s *stage) unpack(src []byte, e *entry) {
	if len(s.needles) == 0 && !e.scan {
		return
	}
	// i is where a run may begin. Whether it is long enough is asked from its end,
	// so that of short words most bytes are passed over.
	for i := 0; i+leastBase64 <= len(src); {
		k := i + leastBase64 - 1
		for k >= i && base64Values[src[k]] != notBase64 {
			k--
		}
		if k >= i {
			i = k + 1
			continue
		}
		end := i + leastBase64
		for end < len(src) && base64Values[src[end]] != notBase64 {
			end++
		}
		if !isGUID(src[i:end]) {
			s.packed(src, i, end, e)
			s.parts(src, i, end, e)
		}
		i = end + 1
	}
}

// parts looks into each piece between characters that may also be separators,
// as in a path.
func (s *stage) parts(src []byte, i, end int, e *entry) {
	for whole := i; i < end; {
		n := 0
		for i+n < end && base64Values[src[i+n]] < 62 {
			n++
		}
		if i == whole && i+n == end {
			return // one piece
		}
		if n >= leastBase64 {
			s.packed(src, i, i+n, e)
		}
		i += n + 1
	}
}

// packed decodes src[i:end] and notes it as a hit if there is one inside.
func (s *stage) packed(src []byte, i, end int, e *entry) {
	w := &s.sweeper
	readable := w.decode(src[i:end])
	plain := w.plain
	before := len(w.hits)
	if readable {
		w.inside.set(plain)
		if len(w.needles) > 0 {
			w.find(&w.inside)
		}
		if e.scan && len(w.hits) == before {
			s.found(&w.inside, detect.Text{Flat: w.inside.text}, s.scans.types&inBase64)
		}
	}
	if len(w.hits) == before && len(plain) >= 16 {
		if g := w.guidIn(plain); g != nil {
			w.hits = append(w.hits, hit{put: w.arena[g.put:g.putTo]})
		}
	}
	if len(w.hits) == before {
		return
	}
	for end < len(src) && src[end] == '=' {
		end++
	}
	w.hits = append(w.hits[:before], hit{i, end, w.hits[before].put})
}

// guidIn returns the GUID whose bytes stand in plain, nil if there is none.
func (w *sweeper) guidIn(plain []byte) *guidBytes {
	var first [4]uint64 // first bytes of GUIDs, as a set
	for k := range w.guids {
		c := w.guids[k].bytes[0]
		first[c>>6] |= 1 << (c & 63)
	}
	for p := 0; p+16 <= len(plain); p++ {
		if c := plain[p]; first[c>>6]>>(c&63)&1 == 0 {
			continue
		}
		for k := range w.guids {
			if [16]byte(plain[p:p+16]) == w.guids[k].bytes {
				return &w.guids[k]
			}
		}
	}
	return nil
}

// decode sets w.plain to what a run of base64 holds and reports whether it has a
// run of text in UTF-8 in it that is as long as the shortest value. Most words
// are base64 too, of noise.
func (w *sweeper) decode(run []byte) (readable bool) {
	w.plain = w.plain[:0]
	var acc uint32
	text, more := 0, 0 // bytes of text so far, and those that the last letter lacks
	for k, c := range run {
		acc = acc<<6 | uint32(base64Values[c])
		if k&3 == 0 {
			continue
		}
		b := byte(acc >> (6 - 2*(k&3)))
		w.plain = append(w.plain, b)
		switch {
		case more > 0 && b&0xc0 == 0x80:
			more--
			text++
		case b >= 0x20 && b < 0x7f:
			if more > 0 {
				more, text = 0, 0
			}
			text++
		case b >= 0xc2 && b < 0xf5:
			if more > 0 {
				text = 0
			}
			more = 1
			if b >= 0xe0 {
				more = 2
			}
			if b >= 0xf0 {
				more = 3
			}
			text++
		default:
			text, more = 0, 0
		}
		readable = readable || text >= shortest
	}
	return readable
}

// isGUID reports whether p looks like a GUID with dashes, which is base64 too.
func isGUID(p []byte) bool {
	return len(p) == 36 && p[8] == '-' && p[13] == '-' && p[18] == '-' && p[23] == '-'
}
