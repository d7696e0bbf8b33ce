package redact

import (
	"bytes"
	"encoding/base64"

	"github.com/logpipe/logpipe/transforms/redact/detect"
)

// leastBase64 is how many characters hold the shortest value that is swept.
const leastBase64 = 8

// inBase64 is what is looked for in what may be base64: values whose form says so
// much that noise is never taken for one.
const inBase64 = 1<<detect.Email | 1<<detect.SID | 1<<detect.IP

// base64Chars are the characters of both alphabets.
var base64Chars = base64Table()

func base64Table() (t [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_") {
		t[c] = true
	}
	return t
}

// unpack looks into what may be base64 in src. Where it holds a value that must
// not stay, the whole of it is replaced.
func (s *stage) unpack(src []byte, e *entry) {
	if len(s.needles) == 0 && !e.scan {
		return
	}
	for i := 0; i+leastBase64 <= len(src); i++ {
		if !base64Chars[src[i]] {
			continue
		}
		end, split := i, false
		for end < len(src) && base64Chars[src[end]] {
			split = split || src[end] == '/' || src[end] == '-' || src[end] == '_' || src[end] == '+'
			end++
		}
		if end-i >= leastBase64 && !isGUID(src[i:end]) {
			s.packed(src, i, end, e)
			if split {
				s.parts(src, i, end, e)
			}
		}
		i = end
	}
}

// parts looks into each piece between characters that may also be separators,
// as in a path.
func (s *stage) parts(src []byte, i, end int, e *entry) {
	for i < end {
		n := bytes.IndexAny(src[i:end], "/-_+")
		if n < 0 {
			n = end - i
		}
		if n >= leastBase64 && n < end-i {
			s.packed(src, i, i+n, e)
		}
		i += n + 1
	}
}

// packed decodes src[i:end] and notes it as a hit if there is one inside.
func (s *stage) packed(src []byte, i, end int, e *entry) {
	w := &s.sweeper
	run := src[i:end]
	w.plain = append(w.plain[:0], run...)
	for k, c := range w.plain {
		switch c {
		case '-':
			w.plain[k] = '+'
		case '_':
			w.plain[k] = '/'
		}
	}
	if len(w.plain)%4 == 1 { // the last character belongs to something else
		w.plain = w.plain[:len(w.plain)-1]
	}
	n, err := base64.RawStdEncoding.Decode(w.plain, w.plain)
	if err != nil {
		return
	}
	plain := w.plain[:n]
	before := len(w.hits)
	if readable(plain) {
		w.inside.set(plain)
		if len(w.needles) > 0 {
			w.find(&w.inside)
		}
		if e.scan && len(w.hits) == before {
			s.found(&w.inside, detect.Text{Flat: w.inside.text}, s.scans.types&inBase64)
		}
	}
	if len(w.hits) == before && len(plain) >= 16 {
		for _, g := range w.guids {
			if bytes.Contains(plain, g.bytes[:]) {
				x := &w.needles[g.needle]
				w.hits = append(w.hits, hit{put: w.arena[x.put:x.putTo]})
				break
			}
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

// readable reports whether p has a run of text as long as the shortest value.
func readable(p []byte) bool {
	run := 0
	for _, c := range p {
		if c < 0x20 || c == 0x7f {
			run = 0
		} else if run++; run == shortest {
			return true
		}
	}
	return false
}

// isGUID reports whether p looks like a GUID with dashes, which is base64 too.
func isGUID(p []byte) bool {
	return len(p) == 36 && p[8] == '-' && p[13] == '-' && p[18] == '-' && p[23] == '-'
}
