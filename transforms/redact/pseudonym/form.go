package pseudonym

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Canon is the version of the canonical forms.
const Canon = 1

// Type says what a value is. It decides over the canonical form and over the
// key that the pseudonym is made with.
type Type uint8

// The types.
const (
	Placeholder Type = iota // nobody: "", the zero GUID, {PII Removed}, Unknown, <null>
	Address                 // a user principal name or mail address, or DOMAIN\user
	GUID
	IP
	Phone
	Text // everything else: names, opaque ids
	types
)

func (t Type) String() string {
	return [...]string{"placeholder", "address", "guid", "ip", "phone", "text"}[min(t, Text)]
}

// prefix is presentation only: it is not part of what is unique.
func (t Type) prefix() string {
	return [...]string{"", "person_", "guid_", "ip_", "phone_", "text_"}[t]
}

// placeholders are texts that services write where nobody is meant, folded.
var placeholders = [...]string{
	"", "-", "null", "<null>", "none", "n/a", "unknown", "unknownfuturevalue",
	"{pii removed}", "[pii removed]", "pii removed", "<pii>", "undefined", "not available", "not applicable",
}

// Former finds types and canonical forms. It owns scratch: one per goroutine.
// The zero Former is ready.
type Former struct {
	a, b  []byte
	nfc   NFC
	ascii map[string]string // domains that were spelled in another way lately
}

// Form returns the type of value and its canonical form, which is good until
// the next call. phone says that digits alone are a telephone number, as the
// sign-in identifier's own type may tell. value is UTF-8; broken bytes become
// U+FFFD.
func (f *Former) Form(value []byte, phone bool) (Type, []byte) {
	if isPlaceholder(value) {
		return Placeholder, nil
	}
	s := bytes.TrimSpace(f.fold(value))
	if g, ok := f.guid(s); ok {
		return GUID, g
	}
	if a, ok := ParseIP(s); ok {
		f.b = a.AppendTo(f.b[:0])
		return IP, f.b
	}
	if t, ok := f.address(s); ok {
		return Address, t
	}
	if n, ok := f.phone(s, phone); ok {
		return Phone, n
	}
	return Text, s
}

// IsPlaceholder reports whether value is a text that means nobody.
func (f *Former) IsPlaceholder(value []byte) bool { return isPlaceholder(value) }

// longestPlaceholder is the length of the zero GUID in braces.
const longestPlaceholder = 38

// isPlaceholder is about values before they are folded: no placeholder has more
// than ASCII in it.
func isPlaceholder(value []byte) bool {
	if len(value) > 0 && !mayBegin(value[0]) {
		return false
	}
	value = bytes.TrimSpace(value)
	if len(value) > longestPlaceholder {
		return false
	}
	var buf [longestPlaceholder]byte
	for i, c := range value {
		if c >= utf8.RuneSelf {
			return false
		}
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		buf[i] = c
	}
	s := buf[:len(value)]
	for _, p := range placeholders {
		if string(s) == p {
			return true
		}
	}
	return nothing(s)
}

// mayBegin reports whether a placeholder, or the space around it, begins with c.
func mayBegin(c byte) bool {
	switch {
	case c <= ' ' || c >= utf8.RuneSelf:
	case c == '-' || c == '0' || c == ':' || c == '<' || c == '{' || c == '[' || c == '(':
	case c|0x20 == 'n' || c|0x20 == 'u' || c|0x20 == 'p':
	default:
		return false
	}
	return true
}

// nothing reports whether s is the zero GUID or the address that is none, in any
// of their spellings.
func nothing(s []byte) bool {
	zeros, dashes := 0, 0
	for _, c := range s {
		switch c {
		case '0':
			zeros++
		case '-':
			dashes++
		case '{', '}', '(', ')', ':', '.', '[', ']':
		default:
			return false
		}
	}
	if zeros == 32 && (dashes == 0 || dashes == 4) {
		return true
	}
	a, ok := ParseIP(s)
	return ok && a.IsUnspecified()
}

// fold returns value in NFC with case folded the same way in every locale:
// simple case folding, so that ς σ Σ are one letter but ß and ss stay two.
func (f *Former) fold(value []byte) []byte {
	f.a = f.a[:0]
	ascii := true
	for _, c := range value {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		ascii = ascii && c < utf8.RuneSelf
		f.a = append(f.a, c)
	}
	if ascii {
		return f.a
	}
	if !utf8.Valid(value) {
		value = bytes.ToValidUTF8(value, []byte("\ufffd"))
	}
	if !f.nfc.Is(value) {
		f.b = norm.NFC.Append(f.b[:0], value...)
		value = f.b
	}
	f.a = f.a[:0]
	for i := 0; i < len(value); {
		r, n := utf8.DecodeRune(value[i:])
		f.a = AppendFold(f.a, r)
		i += n
	}
	if !f.nfc.Is(f.a) {
		f.b = norm.NFC.Append(f.b[:0], f.a...)
		f.a, f.b = f.b, f.a
	}
	return f.a
}

// NFC tells whether texts are in that form, without allocating. It owns scratch:
// one per goroutine. The zero NFC is ready.
type NFC struct{ iter norm.Iter }

// Is reports whether s is in NFC.
func (n *NFC) Is(s []byte) bool {
	if norm.NFC.QuickSpan(s) == len(s) {
		return true
	}
	n.iter.Init(norm.NFC, s)
	for !n.iter.Done() {
		segment := n.iter.Next()
		if !bytes.HasPrefix(s, segment) {
			return false
		}
		s = s[len(segment):]
	}
	return len(s) == 0
}

// AppendFold appends the letter that stands for r and all others that differ
// from it in case only: a lower-case ASCII letter if there is one.
func AppendFold(dst []byte, r rune) []byte {
	switch {
	case r < utf8.RuneSelf:
		if 'A' <= r && r <= 'Z' {
			r |= 0x20
		}
		return append(dst, byte(r))
	case r == 'İ':
		return append(dst, "i\u0307"...) // what every locale but the Turkish makes of it
	}
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		if 'a' <= next && next <= 'z' {
			return append(dst, byte(next))
		}
		least = min(least, next)
	}
	if lower := unicode.ToLower(least); unicode.ToUpper(lower) == least && lower != least {
		least = lower
	}
	return utf8.AppendRune(dst, least)
}

// guid reads a folded GUID in each of its spellings: with and without dashes,
// in braces or parentheses, behind urn:uuid:.
func (f *Former) guid(s []byte) ([]byte, bool) {
	s = bytes.TrimPrefix(s, []byte("urn:uuid:"))
	if n := len(s); n > 2 && (s[0] == '{' && s[n-1] == '}' || s[0] == '(' && s[n-1] == ')') {
		s = s[1 : n-1]
	}
	if len(s) != 36 && len(s) != 32 {
		return nil, false
	}
	out := f.b[:0]
	for i, c := range s {
		if len(s) == 36 && (i == 8 || i == 13 || i == 18 || i == 23) {
			if c != '-' {
				return nil, false
			}
			continue
		}
		if !hexDigit(c) {
			return nil, false
		}
		switch len(out) {
		case 8, 13, 18, 23:
			out = append(out, '-')
		}
		out = append(out, c)
	}
	f.b = out
	return out, true
}

func hexDigit(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' }

// phone reads a telephone number in international form, with the separators
// people write; the canonical form is + and digits, and x and the extension.
func (f *Former) phone(s []byte, digitsDo bool) ([]byte, bool) {
	s = bytes.TrimPrefix(s, []byte("tel:"))
	if len(s) == 0 || s[0] != '+' && !digitsDo {
		return nil, false
	}
	out := append(f.b[:0], '+')
	s = bytes.TrimPrefix(s, []byte("+"))
	extension := -1
	for i, c := range s {
		switch {
		case '0' <= c && c <= '9':
			out = append(out, c)
		case c == 'x' && extension < 0 && i > 0 && i+1 < len(s):
			extension = len(out)
			out = append(out, 'x')
		case c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' || c == '/':
		default:
			return nil, false
		}
	}
	f.b = out
	number := len(out) - 1
	if extension >= 0 {
		number = extension - 1
	}
	return out, number >= 7 && number <= 15
}

// domains is how addresses' domains are spelled: as the DNS does, after the
// mapping of case, width and composition, ß kept apart from ss.
var domains = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))
