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

	has   class // what is in it, at least
	other []byte
	opos  []int32
	seg   []byte
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
	if cap(f.text) < len(src) {
		f.text = make([]byte, len(src), 2*len(src)+64)
	}
	f.text = f.text[:len(src)]
	has := class(0)
	for i, c := range src {
		has |= classes[c]
		f.text[i] = lower[c]
	}
	f.has, f.pos = has, nil
	if has&(hasPercent|hasSlash|hasWide) == 0 {
		return
	}
	f.identity()
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

func (f *flat) identity() {
	if f.opos == nil {
		f.opos = make([]int32, 0, 256)
	}
	pos := f.opos[:0]
	for i := range len(f.text) + 1 {
		pos = append(pos, int32(i))
	}
	f.pos, f.opos = pos, nil
}

// swap makes text and pos the present form.
func (f *flat) swap(text []byte, pos []int32) {
	f.other, f.text = f.text, text
	f.opos, f.pos = f.pos, append(pos, f.pos[len(f.pos)-1])
}

// unescape undoes one level of %40, \u0040, \\, \" and \/. It leaves \n and the
// like alone: contoso\nina is a name.
func (f *flat) unescape() (found bool) {
	text, pos := f.other[:0], f.opos[:0]
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
		if c == '%' {
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
		f.other, f.opos = text[:0], pos[:0]
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
	text, pos := f.other[:0], f.opos[:0]
	for i := 0; i < len(f.text); {
		n := 1
		if f.text[i] >= utf8.RuneSelf || i+1 < len(f.text) && f.text[i+1] >= utf8.RuneSelf {
			if n = norm.NFC.NextBoundary(f.text[i:], true); n <= 0 {
				n = 1
			}
		}
		before := len(text)
		if n == 1 && f.text[i] < utf8.RuneSelf {
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
	f.seg = norm.NFC.Append(f.seg[:0], s...)
	mid := len(f.seg)
	for i := 0; i < mid; {
		r, n := utf8.DecodeRune(f.seg[i:mid])
		f.seg = pseudonym.AppendFold(f.seg, r)
		i += n
	}
	return norm.NFC.Append(dst, f.seg[mid:]...)
}
