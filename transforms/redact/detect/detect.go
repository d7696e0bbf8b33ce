// Package detect finds personal values and secrets in text by their form:
// addresses, IP addresses, telephone numbers, hardware and security ids, account
// names, credentials, and the numbers of bank accounts, cards and US social
// security. Names of people have no form and are not found.
//
// A text comes folded: lower case, escapes undone; where each byte came from is
// not asked here. Every detector is anchored at bytes that its values must have
// (an at sign, a digit after none, a colon between hex digits), looks a bounded
// or once-passed stretch to both sides, and checks what the form allows to check:
// octets, groups, lengths, check digits. So the time is linear in the text, and
// what looks alike is left alone: versions, object identifiers, times, paths.
//
// Telephone numbers are checked with github.com/nyaruka/phonenumbers, a port of
// the library that phones use: which digits are a number is a table of hundreds
// of pages. It is asked about short candidates only.
package detect

import (
	"cmp"
	"slices"
	"unicode"
	"unicode/utf8"
)

// Type is a kind of value.
type Type uint8

// The types, those first that win where two claim the same bytes.
const (
	Credential Type = iota // a token, a signature, user:password of a URL
	Email                  // an address or user principal name in each of its forms
	SID
	IBAN
	Card
	SSN
	MAC
	IP
	GUID
	DomainUser // DOMAIN\user
	Phone
	types
)

var names = [...]string{"credential", "email", "sid", "iban", "card", "ssn", "mac", "ip", "guid", "domain_user", "phone"}

func (t Type) String() string { return names[t] }

// Names returns the names of all types.
func Names() []string { return slices.Clone(names[:]) }

// Set is a set of types.
type Set uint16

// Default is what is looked for unless something else is asked for: everything
// but GUIDs, two thirds of which are ids of tenants, applications and policies.
const Default = Set(1<<types-1) &^ (1 << GUID)

// Parse returns the set of one name; false if there is none.
func Parse(name string) (Set, bool) {
	i := slices.Index(names[:], name)
	if i < 0 {
		return 0, false
	}
	return 1 << i, true
}

// Has reports whether t is in the set.
func (s Set) Has(t Type) bool { return s>>t&1 == 1 }

// Text is what is looked into.
type Text struct {
	Flat []byte  // folded
	Key  []byte  // name of the field, folded: what stands before the text, as it were
	Src  []byte  // as it stood, if case may help to tell
	Pos  []int32 // where in Src each byte of Flat stood; nil: at the same place
}

// upper reports whether byte i of Flat was an upper-case letter.
func (t *Text) upper(i int) bool {
	if t.Pos != nil {
		i = int(t.Pos[i])
	}
	return i < len(t.Src) && t.Src[i]-'A' < 26
}

// literal reports whether byte i of Flat stood in the text as it is, not in an
// escape.
func (t *Text) literal(i int) bool {
	return t.Pos == nil || int(t.Pos[i]) < len(t.Src) && t.Src[t.Pos[i]] == t.Flat[i]
}

// Hit is a value found in Flat.
type Hit struct {
	Start, End int
	Type       Type
}

// Finder finds values. It owns scratch: one per goroutine. The zero Finder is
// ready.
type Finder struct {
	hits  []Hit
	set   Set
	asked int // of the phone library, about this text
	Text
}

// anchor says at which bytes a detector may begin.
type anchor uint8

const (
	atSign anchor = 1 << iota
	digit
	letter
	colon
	plus // or an opening parenthesis
	backslash
	sharp
	wide
)

var anchors = anchorTable()

func anchorTable() (t [256]anchor) {
	for c := range 256 {
		switch {
		case c >= utf8.RuneSelf:
			t[c] = wide
		case '0' <= c && c <= '9':
			t[c] = digit
		case 'a' <= c && c <= 'z':
			t[c] = letter
		}
	}
	t['@'], t[':'], t['\\'], t['#'], t['+'], t['('] = atSign, colon, backslash, sharp, plus, plus
	return t
}

// Find returns the values of the types in set, sorted and without overlap. They
// are good until the next call.
func (f *Finder) Find(t Text, set Set) []Hit {
	f.hits, f.set, f.Text, f.asked = f.hits[:0], set, t, 0
	text := t.Flat
	before := anchor(0)
	for i := 0; i < len(text); i++ {
		a := anchors[text[i]]
		switch {
		case a&(letter|digit) != 0:
			if before&(letter|digit) == 0 {
				if skip := f.word(i); skip > i {
					i, a = skip-1, letter
				}
			}
		case a == 0:
		case a == atSign:
			f.at(i, 1)
		case a == wide:
			if n := wideAt(text[i:]); n > 0 {
				f.at(i, n)
			}
		case a == colon:
			f.colon(i)
		case a == backslash:
			f.domainUser(i)
		case a == sharp:
			f.guest(i)
		case a == plus:
			if before&(letter|digit) == 0 {
				f.phone(i)
			}
		}
		before = a
	}
	return f.resolve()
}

// wideAt returns the length of a full-width or small at sign.
func wideAt(t []byte) int {
	if len(t) >= 3 && t[0] == 0xef && (t[1] == 0xbc && t[2] == 0xa0 || t[1] == 0xb9 && t[2] == 0xab) {
		return 3
	}
	return 0
}

func (f *Finder) add(t Type, start, end int) {
	if f.set.Has(t) {
		f.hits = append(f.hits, Hit{start, end, t})
	}
}

// resolve leaves of hits that overlap the one whose type comes first.
func (f *Finder) resolve() []Hit {
	if len(f.hits) < 2 {
		return f.hits
	}
	slices.SortFunc(f.hits, func(a, b Hit) int { return cmp.Or(a.Start-b.Start, cmp.Compare(a.Type, b.Type), b.End-a.End) })
	kept := f.hits[:0]
	for _, h := range f.hits {
		for len(kept) > 0 && h.Start < kept[len(kept)-1].End && h.Type < kept[len(kept)-1].Type {
			kept = kept[:len(kept)-1]
		}
		if len(kept) == 0 || h.Start >= kept[len(kept)-1].End {
			kept = append(kept, h)
		}
	}
	return kept
}

// word looks at what may begin with the letter or digit at i, which begins a
// word, and returns where to go on: i if the detectors in it are to be tried.
func (f *Finder) word(i int) (next int) {
	t := f.Flat
	c := t[i]
	if end := guidEnd(t, i); end > 0 {
		f.add(GUID, i, end)
		return end
	}
	if i > 0 && t[i-1] == '_' {
		return i // in the middle of a word
	}
	if hexDigit(c) {
		if end := macEnd(t, i); end > 0 {
			f.add(MAC, i, end)
			return end
		}
	}
	if c-'0' < 10 {
		f.number(i)
		return i
	}
	switch c {
	case 's':
		if end := sidEnd(t, i); end > 0 {
			f.add(SID, i, end)
			return end
		}
		if end := f.after(i, "sig=", signatureEnd); end > 0 {
			return end
		}
	case 'e':
		if end := jwtEnd(t, i); end > 0 {
			f.add(Credential, i, end)
			return end
		}
	case 'b':
		if end := f.after(i, "bearer ", bearerEnd); end > 0 {
			return end
		}
	}
	if i+4 < len(t) && t[i+2]-'0' < 10 && t[i+3]-'0' < 10 && anchors[t[i+1]] == letter {
		if end := ibanEnd(t, i); end > 0 {
			f.add(IBAN, i, end)
			return end
		}
	}
	return i
}

// number tries what begins with a digit.
func (f *Finder) number(i int) {
	t := f.Flat
	if end := cardEnd(t, i); end > 0 {
		f.add(Card, i, end)
		return
	}
	if end := ssnEnd(t, i); end > 0 {
		f.add(SSN, i, end)
		return
	}
	if f.set.Has(IP) {
		if end := f.ipv4(i); end > 0 {
			f.add(IP, i, end)
			return
		}
	}
	f.phone(i)
}

// after finds a credential behind a word that announces one and returns its end.
func (f *Finder) after(i int, word string, end func(t []byte, i int) int) int {
	start := i + len(word)
	if start >= len(f.Flat) || string(f.Flat[i:start]) != word {
		return 0
	}
	e := end(f.Flat, start)
	if e > 0 {
		f.add(Credential, start, e)
	}
	return e
}

func hexDigit(c byte) bool { return c-'0' < 10 || c-'a' < 6 }
func alnum(c byte) bool    { return c-'0' < 10 || c-'a' < 26 }

// wordByte reports whether c is a letter or digit of ASCII or an underscore.
func wordByte(c byte) bool { return alnum(c) || c == '_' }

// ends reports whether nothing of ASCII that belongs to a word stands at i.
func ends(t []byte, i int) bool { return i >= len(t) || !wordByte(t[i]) }

// letterRune reports whether r is a letter, digit or mark of any script.
func letterRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z'
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r))
}

// guidEnd returns the end of the GUID at i, 0 if there is none.
func guidEnd(t []byte, i int) int {
	const length = 36
	if i+length > len(t) || t[i+8] != '-' || t[i+13] != '-' || t[i+18] != '-' || t[i+23] != '-' || i+length < len(t) && alnum(t[i+length]) {
		return 0
	}
	for k, c := range t[i : i+length] {
		if k != 8 && k != 13 && k != 18 && k != 23 && !hexDigit(c) {
			return 0
		}
	}
	return i + length
}
