package redact

import (
	"encoding/binary"
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
	round int   // levels of escapes undone
	bufs  [2][]byte
	poss  [2][]int32
	cur   int // of bufs and poss, where text and pos are
	seg   []byte
	nfc   pseudonym.NFC
}

// class is a set of kinds of byte.
type class uint8

const (
	hasPercent class = 1 << iota
	hasSlash
	hasWide // not ASCII
	hasDigit
	hasAt
)

// lower is ASCII in lower case.
var lower = lowerTable()

func lowerTable() (l [256]byte) {
	for b := range 256 {
		l[b] = byte(b)
		if 'A' <= b && b <= 'Z' {
			l[b] |= 0x20
		}
	}
	return l
}

// lowered writes src in lower case to dst, which is as long, and returns what is
// in it. It takes eight bytes at a time.
func lowered(dst, src []byte) class {
	var percent, slash, at, wide, digit uint64
	i := 0
	for i+8 <= len(src) {
		x := binary.LittleEndian.Uint64(src[i:])
		wide |= x
		percent |= zeroBytes(x ^ lowBits*'%')
		slash |= zeroBytes(x ^ lowBits*'\\')
		at |= zeroBytes(x ^ lowBits*'@')
		low := x &^ highBits
		digit |= (low + lowBits*(0x80-'0')) &^ (low + lowBits*(0x80-'9'-1)) & highBits
		upper := (low + lowBits*(0x80-'A')) &^ (low + lowBits*(0x80-'Z'-1)) &^ x & highBits
		binary.LittleEndian.PutUint64(dst[i:], x|upper>>2)
		if i += 8; i < len(src) && i > len(src)-8 {
			i = len(src) - 8 // some bytes twice rather than one by one
		}
	}
	has := class(0)
	for ; i < len(src); i++ {
		c := src[i]
		dst[i] = lower[c]
		has |= classOf(c)
	}
	for _, w := range [...]struct {
		seen  uint64
		class class
	}{{percent, hasPercent}, {slash, hasSlash}, {at, hasAt}, {wide & highBits, hasWide}, {digit, hasDigit}} {
		if w.seen != 0 {
			has |= w.class
		}
	}
	return has
}

func classOf(c byte) class {
	switch {
	case c >= utf8.RuneSelf:
		return hasWide
	case c-'0' < 10:
		return hasDigit
	case c == '%':
		return hasPercent
	case c == '\\':
		return hasSlash
	case c == '@':
		return hasAt
	}
	return 0
}

// set makes f the flat form of src.
func (f *flat) set(src []byte) {
	f.begin(src)
	for f.next() {
	}
}

// begin makes f the form of src in which no escape is undone yet.
func (f *flat) begin(src []byte) {
	f.cur, f.round = 0, 0
	if cap(f.bufs[0]) < len(src) {
		f.bufs[0] = make([]byte, 2*len(src)+64)
	}
	f.text = f.bufs[0][:len(src)]
	f.has, f.pos = lowered(f.text, src), nil
	if f.has&(hasPercent|hasSlash|hasWide) == 0 {
		return
	}
	f.poss[0] = f.poss[0][:0]
	for i := range len(f.text) + 1 {
		f.poss[0] = append(f.poss[0], int32(i))
	}
	f.pos = f.poss[0]
	if f.has&hasWide != 0 {
		f.compose()
	}
}

// next undoes one level of escapes. It returns false if there is none: then f is
// the flat form. Who looks for a value looks at every level, because what looks
// like an escape may be the end of one thing and the beginning of another.
func (f *flat) next() bool {
	if f.has&(hasPercent|hasSlash) == 0 || f.round == rounds || !f.unescape() {
		return false
	}
	f.round++
	f.has = 0
	for _, c := range f.text {
		f.has |= classOf(c)
	}
	if f.has&hasWide != 0 {
		f.compose()
	}
	return true
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
	if f.nfc.Is(f.text) {
		if f.fold(); f.nfc.Is(f.text) {
			return
		}
	}
	f.segments() // decomposed here and there, which is rare
	f.fold()
	f.segments()
}

// fold folds the case of every letter.
func (f *flat) fold() {
	text, pos := f.spare()
	for i := 0; i < len(f.text); {
		if c := f.text[i]; c < utf8.RuneSelf {
			text, pos = append(text, c), append(pos, f.pos[i])
			i++
			continue
		}
		before := len(text)
		r, n := utf8.DecodeRune(f.text[i:])
		if r == utf8.RuneError && n == 1 {
			text = append(text, f.text[i])
		} else {
			text = pseudonym.AppendFold(text, r)
		}
		for range len(text) - before {
			pos = append(pos, f.pos[i])
		}
		i += n
	}
	f.swap(text, pos)
}

// segments puts every letter with its marks into NFC.
func (f *flat) segments() {
	text, pos := f.spare()
	for i := 0; i < len(f.text); {
		n := max(1, norm.NFC.NextBoundary(f.text[i:], true))
		before := len(text)
		if n == 1 {
			text = append(text, f.text[i])
		} else {
			f.seg = norm.NFC.Append(f.seg[:0], f.text[i:i+n]...)
			text = append(text, f.seg...)
		}
		for range len(text) - before {
			pos = append(pos, f.pos[i])
		}
		i += n
	}
	f.swap(text, pos)
}
