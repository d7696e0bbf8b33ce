package redact

import (
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/logpipe/logpipe/transforms/redact/pseudonym"
)

// rounds is how often escapes in escapes are undone.
const rounds = 4

// flat is a text in the form in which values are looked for: percent and JSON
// escapes undone, case folded, in NFC. pos leads back to the text as it stands.
type flat struct {
	text []byte
	pos  []int32 // of each byte of text and of its end; nil: they are the same

	has  class // what is in it, at least
	bufs [2][]byte
	poss [2][]int32
	cur  int // of bufs and poss, where text and pos are
	seg  []byte
}

// class is a set of kinds of byte.
type class uint16

const (
	hasPercent class = 1 << iota
	hasSlash
	hasWide // not ASCII
	hasDigit
	hasAt
	hasDot
	hasColon
	hasUpper
	hasDash
)

// classes and lower are by byte.
var classes, lower = byteTables()

func byteTables() (c [256]class, l [256]byte) {
	for b := range 256 {
		l[b] = byte(b)
		switch {
		case b >= utf8.RuneSelf:
			c[b] = hasWide
		case '0' <= b && b <= '9':
			c[b] = hasDigit
		case 'A' <= b && b <= 'Z':
			c[b], l[b] = hasUpper, byte(b|0x20)
		case b == '%':
			c[b] = hasPercent
		case b == '\\':
			c[b] = hasSlash
		case b == '@':
			c[b] = hasAt
		case b == '.':
			c[b] = hasDot
		case b == ':':
			c[b] = hasColon
		case b == '-':
			c[b] = hasDash
		}
	}
	return c, l
}

// set makes f the flat form of src.
func (f *flat) set(src []byte) {
	f.cur = 0
	if cap(f.bufs[0]) < len(src) {
		f.bufs[0] = make([]byte, 2*len(src)+64)
	}
	text := f.bufs[0][:len(src)]
	has := class(0)
	for i, c := range src {
		has |= classes[c]
		text[i] = lower[c]
	}
	f.text, f.has, f.pos = text, has, nil
	if has&(hasPercent|hasSlash|hasWide) == 0 {
		return
	}
	f.poss[0] = f.poss[0][:0]
	for i := range len(text) + 1 {
		f.poss[0] = append(f.poss[0], int32(i))
	}
	f.pos = f.poss[0]
	for range rounds {
		if !f.unescape() {
			break
		}
	}
	f.has = 0
	for _, c := range f.text {
		f.has |= classes[c]
	}
	if f.has&hasWide != 0 {
		f.compose()
	}
}

// at returns where byte i of the flat text stands in the source.
func (f *flat) at(i int) int {
	if f.pos == nil {
		return i
	}
	return int(f.pos[i])
}

// spare returns empty buffers for the next form; swap makes it the present one.
func (f *flat) spare() ([]byte, []int32) { return f.bufs[1-f.cur][:0], f.poss[1-f.cur][:0] }

func (f *flat) swap(text []byte, pos []int32) {
	pos = append(pos, f.pos[len(f.pos)-1])
	f.bufs[f.cur], f.poss[f.cur] = f.text, f.pos
	f.cur = 1 - f.cur
	f.bufs[f.cur], f.poss[f.cur] = text, pos
	f.text, f.pos = text, pos
}

// unescape undoes one level of %40, \u0040, \\, \" and \/. It leaves \n and the
// like alone: contoso\nina is a name.
func (f *flat) unescape() (found bool) {
	text, pos := f.spare()
	for i := 0; i < len(f.text); {
		c, n := f.text[i], 1
		r := rune(-1)
		if c == '%' || c == '\\' {
			r, n = unescaped(f.text[i:])
		}
		if r < 0 {
			text, pos = append(text, c), append(pos, f.pos[i])
			i++
			continue
		}
		found = true
		before := len(text)
		if c == '%' || r < utf8.RuneSelf {
			text = append(text, lower[byte(r)])
		} else {
			text = utf8.AppendRune(text, r)
		}
		for range len(text) - before {
			pos = append(pos, f.pos[i])
		}
		i += n
	}
	if found {
		f.swap(text, pos)
	} else {
		f.bufs[1-f.cur], f.poss[1-f.cur] = text, pos
	}
	return found
}

// unescaped reads one escape at the beginning of t, in lower case: what it means
// and how long it is; -1 if it is none.
func unescaped(t []byte) (rune, int) {
	if t[0] == '%' {
		if len(t) >= 3 {
			if a, b := hexValue(t[1]), hexValue(t[2]); a|b < 16 {
				return rune(a<<4 | b), 3
			}
		}
		return -1, 1
	}
	if len(t) < 2 {
		return -1, 1
	}
	switch t[1] {
	case '\\', '"', '/':
		return rune(t[1]), 2
	case 'u':
		r := hex4(t[2:])
		if utf16.IsSurrogate(r) && len(t) >= 12 && t[6] == '\\' && t[7] == 'u' {
			if full := utf16.DecodeRune(r, hex4(t[8:])); full != utf8.RuneError {
				return full, 12
			}
		}
		return r, 6
	}
	return -1, 1
}

func hex4(t []byte) rune {
	if len(t) < 4 {
		return -1
	}
	r := rune(0)
	for _, c := range t[:4] {
		h := hexValue(c)
		if h > 15 {
			return -1
		}
		r = r<<4 | rune(h)
	}
	return r
}

// hexValue returns the value of a hex digit, more than 15 for others.
func hexValue(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// compose folds case and composes letters and marks, as pseudonyms' canonical
// forms do.
func (f *flat) compose() {
	text, pos := f.spare()
	normal := norm.NFC.IsNormal(f.text)
	for i := 0; i < len(f.text); {
		n := 1
		switch wide := f.text[i] >= utf8.RuneSelf; {
		case normal && wide:
			_, n = utf8.DecodeRune(f.text[i:])
		case !normal && (wide || i+1 < len(f.text) && f.text[i+1] >= utf8.RuneSelf):
			n = max(1, norm.NFC.NextBoundary(f.text[i:], true))
		}
		before := len(text)
		if n == 1 {
			text = append(text, f.text[i])
		} else {
			text = f.appendFolded(text, f.text[i:i+n])
		}
		for range len(text) - before {
			pos = append(pos, f.pos[i])
		}
		i += n
	}
	f.swap(text, pos)
}

func (f *flat) appendFolded(dst, s []byte) []byte {
	if !norm.NFC.IsNormal(s) {
		f.seg = norm.NFC.Append(f.seg[:0], s...)
		s = f.seg
	}
	start := len(dst)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRune(s[i:])
		dst = pseudonym.AppendFold(dst, r)
		i += n
	}
	if !norm.NFC.IsNormal(dst[start:]) {
		f.seg = norm.NFC.Append(f.seg[:0], dst[start:]...)
		dst = append(dst[:start], f.seg...)
	}
	return dst
}
