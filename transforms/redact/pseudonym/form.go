package pseudonym

import (
	"bytes"
	"net/netip"
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
type Former struct{ a, b []byte }

// Form returns the type of value and its canonical form, which is good until
// the next call. phone says that digits alone are a telephone number, as the
// sign-in identifier's own type may tell. value is UTF-8; broken bytes become
// U+FFFD.
func (f *Former) Form(value []byte, phone bool) (Type, []byte) {
	s := bytes.TrimFunc(f.fold(value), unicode.IsSpace)
	for _, p := range placeholders {
		if string(s) == p {
			return Placeholder, nil
		}
	}
	if g, ok := f.guid(s); ok {
		if zeroGUID(g) {
			return Placeholder, nil
		}
		return GUID, g
	}
	if a, ok := ParseIP(s); ok {
		if a.IsUnspecified() {
			return Placeholder, nil
		}
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
func (f *Former) IsPlaceholder(value []byte) bool {
	t, _ := f.Form(value, false)
	return t == Placeholder
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
	f.b = norm.NFC.Append(f.b[:0], bytes.ToValidUTF8(value, []byte("\ufffd"))...)
	f.a = f.a[:0]
	for i := 0; i < len(f.b); {
		r, n := utf8.DecodeRune(f.b[i:])
		f.a = AppendFold(f.a, r)
		i += n
	}
	f.b = norm.NFC.Append(f.b[:0], f.a...)
	f.a, f.b = f.b, f.a
	return f.a
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

func zeroGUID(g []byte) bool {
	for _, c := range g {
		if c != '0' && c != '-' {
			return false
		}
	}
	return true
}

func hexDigit(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' }

// ParseIP reads an IP address as logs write it: IPv4 mapped into IPv6, in
// brackets, with a port or a zone. What comes back is without all of these.
func ParseIP(s []byte) (netip.Addr, bool) {
	if len(s) < 2 || len(s) > 60 || !mayBeIP(s) {
		return netip.Addr{}, false
	}
	if s[0] == '[' {
		end := bytes.IndexByte(s, ']')
		if end < 0 || end+1 < len(s) && !port(s[end+1:]) {
			return netip.Addr{}, false
		}
		s = s[1:end]
	} else if colon := bytes.IndexByte(s, ':'); colon > 0 && bytes.IndexByte(s[:colon], '.') > 0 && bytes.LastIndexByte(s, ':') == colon {
		if !port(s[colon:]) {
			return netip.Addr{}, false
		}
		s = s[:colon]
	}
	if zone := bytes.IndexByte(s, '%'); zone > 0 {
		s = s[:zone]
	}
	a, err := parseAddr(s)
	if err != nil {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}

// mayBeIP is a look at the first byte and for a dot or colon near it, to keep
// texts away from a parser that makes errors.
func mayBeIP(s []byte) bool {
	if c := s[0] | 0x20; s[0] != '[' && s[0] != ':' && !hexDigit(c) {
		return false
	}
	head := s[:min(len(s), 6)]
	return bytes.IndexByte(head, '.') >= 0 || bytes.IndexByte(head, ':') >= 0
}

// parseAddr parses without an allocation if s is plain IPv4.
func parseAddr(s []byte) (netip.Addr, error) {
	var v4 [4]byte
	n, field, digits := 0, 0, 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i]-'0' < 10 {
			if field = field*10 + int(s[i]-'0'); digits > 0 && field < 10 || field > 255 {
				return netip.ParseAddr(string(s))
			}
			digits++
			continue
		}
		if digits == 0 || n == 4 || i < len(s) && s[i] != '.' {
			return netip.ParseAddr(string(s))
		}
		v4[n] = byte(field)
		n, field, digits = n+1, 0, 0
	}
	if n != 4 {
		return netip.ParseAddr(string(s))
	}
	return netip.AddrFrom4(v4), nil
}

// port reads a colon and a port.
func port(s []byte) bool {
	if len(s) < 2 || len(s) > 6 || s[0] != ':' {
		return false
	}
	for _, c := range s[1:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

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
