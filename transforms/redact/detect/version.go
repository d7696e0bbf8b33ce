package detect

import (
	"bytes"
	"unicode/utf8"
)

// Four numbers with dots may be a version or an address. They are a version only
// where words of the same sentence say so: what is left in clear by mistake is
// worse than a version that is taken out. So a name before them, or talk of an
// update, is not enough; and what stands alone, or where something speaks of an
// address, is an address.

// fewDigits is how many digits may be a version behind the name of a kind of
// program: of addresses that are routed one in fifty has as few.
const fewDigits = 7

// aroundVersion is how far to both sides words are looked at, in bytes.
const aroundVersion = 48

// version reports whether the four numbers t[i:end] are a version by what stands
// around them.
func (f *Finder) version(i, end int) bool {
	t := f.Flat
	if compared(t, i) {
		return true
	}
	if addressed(t, i, end) {
		return false
	}
	left, right := clauseBefore(t, i), t[end:min(len(t), end+aroundVersion)]
	start, stop := lastLetters(left)
	word := left[start:stop]
	switch {
	case speaksOfAddress(word):
		return false
	case follows(right) || saysVersion(left):
		return true
	case end-i-3 > fewDigits || bytes.IndexByte(left[stop:], '(') >= 0:
		return false
	}
	s, e := lastLetters(left[:start])
	before := left[s:e]
	return program(word) || program(before) && !speaksOfAddress(before)
}

// compared reports whether t[:i] ends as nothing does that an address follows:
// >=, §, №.
func compared(t []byte, i int) bool {
	for i > 0 && t[i-1] == ' ' {
		i--
	}
	for _, s := range [...]string{">=", "<=", "==", "~=", "~>", "≥", "≤", "§", "№"} {
		if bytes.HasSuffix(t[:i], []byte(s)) {
			return true
		}
	}
	return false
}

// addressed reports whether t[i:end] is alone or has what only an address has:
// a port, a length of prefix, brackets, a login before it.
func addressed(t []byte, i, end int) bool {
	if i == 0 && end == len(t) || i > 0 && (t[i-1] == '[' || t[i-1] == '"' || t[i-1] == '\'' || t[i-1] == '/' || t[i-1] == ':') {
		return true
	}
	return end+1 < len(t) && (t[end] == ':' || t[end] == '/') && t[end+1]-'0' < 10
}

// clauseBefore returns what stands before i in the same sentence, as far as it is
// looked at.
func clauseBefore(t []byte, i int) []byte {
	from := max(0, i-aroundVersion)
	for from > 0 && from < i && !utf8.RuneStart(t[from]) {
		from++
	}
	for k := i - 2; k >= from; k-- {
		if c := t[k]; c == '\n' || (c == ';' || c == ',' || c == '.' || c == '!' || c == '?') && t[k+1] == ' ' {
			return t[k+1 : i]
		}
	}
	return t[from:i]
}

// lastLetters returns where the last word of t stands.
func lastLetters(t []byte) (start, end int) {
	for end = len(t); end > 0; {
		r, n := utf8.DecodeLastRune(t[:end])
		if letterRune(r) {
			break
		}
		end -= n
	}
	for start = end; start > 0; {
		r, n := utf8.DecodeLastRune(t[:start])
		if !letterRune(r) {
			break
		}
		start -= n
	}
	return start, end
}

func program(w []byte) bool {
	_, ok := programs[string(w)]
	return ok
}

// addressWords speak of an address, or are what commonly stands before one.
var addressWords = wordSet("ip ips ipv4 addr host hosts hostname caller source src dst dest destination from to server gateway proxy node peer endpoint at via by on network subnet range location dns router firewall")

func speaksOfAddress(w []byte) bool {
	_, ok := addressWords[string(w)]
	return ok || bytes.Contains(w, []byte("addres")) || bytes.Contains(w, []byte("adres"))
}

// saysVersion reports whether any word of t says that a version is near, with no
// other number after it, which then is the version.
func saysVersion(t []byte) bool {
	for end := len(t); end > 0; {
		s, e := lastLetters(t[:end])
		if s == e || t[s]-'0' < 10 {
			break
		}
		if e-s > 2 && versionWord(t[s:e]) {
			return true
		}
		end = s
	}
	return false
}

// afterVersions stand behind versions, and behind no address.
var afterVersions = [...]string{
	"or later", "or newer", "or higher", "or above", "and later", "and newer", "and higher", "and above", "or earlier", "and earlier", "or older", "and older",
	"is older", "is newer", "is outdated", "is out of date", "is deprecated", "is no longer supported", "oder neuer", "oder höher", "ou plus récent", "ou ultérieur",
	"o posterior", "ou posterior", "o successiv", "of hoger", "eller nyere", "eller senare",
}

// follows reports whether what stands behind four numbers says that they are a
// version; in many languages the word for it comes last.
func follows(right []byte) bool {
	if w := firstWord(bytes.TrimLeft(right, " -")); len(w) > 2 && versionWord(w) {
		return true
	}
	right = bytes.TrimLeft(right, " ,()")
	for _, s := range afterVersions {
		if bytes.HasPrefix(right, []byte(s)) {
			return true
		}
	}
	return false
}

// firstWord returns the letters that t begins with, of whole runes.
func firstWord(t []byte) []byte {
	end := 0
	for end < len(t) {
		r, n := utf8.DecodeRune(t[end:])
		if !letterRune(r) {
			break
		}
		end += n
	}
	return t[:end]
}
