package detect

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

const (
	fewestDigits = 7
	mostDigits   = 15
	longestPhone = 32

	// mostQuestions is how often the library is asked about one text. What has
	// the form of a number behind that is taken for one: a text of nothing but
	// look-alikes must not cost more than others.
	mostQuestions = 24
)

// phone tries the telephone number that begins at i with +, ( or a digit.
//
// A number in international form is one by itself. Others are taken for one if
// they begin as national numbers do and are set in groups, have the form that is
// usual in North America, or stand next to a word that says so.
func (f *Finder) phone(i int) {
	if !f.set.Has(Phone) {
		return
	}
	t := f.Flat
	if i > 1 && (t[i-1] == '-' || t[i-1] == '.' || t[i-1] == '/' || t[i-1] == ':' || t[i-1] == '+') && wordByte(t[i-2]) && t[i-1] != ':' {
		return
	}
	var c candidate
	c.read(t, i)
	if c.n < fewestDigits {
		return
	}
	international := t[i] == '+' || c.n > 9 && c.digits[0] == '0' && c.digits[1] == '0' && c.groups > 1
	if !international && (c.looksLikeDate(t) || i > 1 && t[i-1] == ' ' && t[i-2]-'0' < 10 ||
		!c.national(t) && !f.saysPhone(i, c.ends[c.groups-1]) || versionWord(f.lastWord(i))) {
		return
	}
	// What follows a number may look like one more group of it.
	for g := c.groups - 1; g >= 0 && c.upTo[g] >= fewestDigits; g-- {
		if c.upTo[g] > mostDigits || !f.phoneEnds(c.ends[g]) {
			continue
		}
		if f.valid(c.digits[:c.upTo[g]], international, t[i] == '+') {
			f.add(Phone, i, c.ends[g])
			return
		}
	}
}

// valid asks the library.
func (f *Finder) valid(number []byte, international, plus bool) bool {
	if f.asked++; f.asked > mostQuestions {
		return true
	}
	if international {
		return validAbroad(number, plus)
	}
	return validAtHome(number)
}

// phoneEnds reports whether a number may end at i: masked ones go on, and so do
// times and words.
func (f *Finder) phoneEnds(i int) bool {
	t := f.Flat
	if i < len(t) && t[i] == 'x' && i+1 < len(t) && t[i+1]-'0' < 10 {
		return true // an extension
	}
	if !ends(t, i) {
		return false
	}
	for i < len(t) && (t[i] == ' ' || t[i] == '-') {
		i++
	}
	return i >= len(t) || t[i] != '*' && !bytes.HasPrefix(t[i:], []byte("xx"))
}

// candidate is a run of digits in groups.
type candidate struct {
	digits [20]byte
	n      int
	groups int
	ends   [12]int // of each group, in the text
	upTo   [12]int // digits up to the end of each group
	start  int
}

// read reads groups of digits with single separators between them.
func (c *candidate) read(t []byte, i int) {
	c.start = i
	open := 0
	for k := i; k < len(t) && k-i < longestPhone && c.groups < len(c.ends); {
		b := t[k]
		switch {
		case b-'0' < 10:
			start := c.n
			for k < len(t) && t[k]-'0' < 10 && c.n < len(c.digits) {
				c.digits[c.n] = t[k]
				c.n++
				k++
			}
			c.ends[c.groups], c.upTo[c.groups] = k, c.n
			c.groups++
			if c.n == start || k < len(t) && t[k]-'0' < 10 {
				return // too many
			}
			continue
		case b == '+' && k == i:
		case b == '(' && open == 0:
			open++
		case b == ')' && open == 1:
			open = 2
		case b == ' ' || b == '-' || b == '.' || b == '/':
			if k > i && (t[k-1] == b || t[k-1] == '-' || t[k-1] == '.' || t[k-1] == '/') {
				return
			}
		case b == 0xc2 && k+1 < len(t) && t[k+1] == 0xa0: // no-break space
			k++
		default:
			return
		}
		k++
	}
}

// national reports whether the groups look like a national number without
// anybody saying so.
func (c *candidate) national(t []byte) bool {
	if c.groups < 2 {
		return false
	}
	if i := c.ends[c.groups-1]; i < len(t) && t[i] == ':' {
		return false // a time
	}
	sizes := [3]int{}
	g := 0
	if c.upTo[0] == 1 && c.digits[0] == '1' {
		g = 1
	}
	if c.groups-g == 3 { // 425-555-0100
		last := 0
		if g == 1 {
			last = 1
		}
		for k := range sizes {
			sizes[k], last = c.upTo[g+k]-last, c.upTo[g+k]
		}
		if sizes == [3]int{3, 3, 4} && c.digits[last-10] >= '2' {
			return true
		}
	}
	return (c.digits[0] == '0' && c.digits[1] != '0' || t[c.start] == '(') && c.n >= 9 && c.n <= 12
}

// looksLikeDate reports whether the first groups are day, month and year.
func (c *candidate) looksLikeDate(t []byte) bool {
	if c.groups < 3 {
		return false
	}
	a, b, y := c.upTo[0], c.upTo[1]-c.upTo[0], c.upTo[2]-c.upTo[1]
	sep := t[c.ends[0]]
	return sep != ' ' && t[c.ends[1]] == sep && (a <= 2 && b <= 2 && y == 4 || a == 4 && b <= 2 && y <= 2)
}

// phoneParts say inside a word that a telephone number stands beside it.
var phoneParts = [...]string{"phone", "mobil", "telef", "téléf", "télép", "телефон", "电话", "手机", "電話", "전화", "휴대폰", "फ़ोन", "फोन", "मोबाइल", "โทร", "هاتف", "جوال", "تلفن", "موبایل", "فون", "טלפון", "ტელეფონ", "հեռախոս",
	"தொலைபேசி", "ফোন", "ఫోన్", "ಫೋನ್", "ഫോൺ", "ફોન", "ਫ਼ੋਨ", "ਫੋਨ", "දුරකථන", "ទូរស័ព្ទ", "ໂທລະສັບ", "ဖုန်း", "ስልክ", "утас"}

// phoneWords say so as words of their own.
var phoneWords = wordSet("tel cell sms call fax whatsapp handy puhelin puhelinnumero telefoon celular cellulare móvil numéro numer gsm " +
	"тел мобильный номер τηλέφωνο τηλ ponsel điện thoại telepon נייד сотовый")

func wordSet(words string) map[string]struct{} {
	set := map[string]struct{}{}
	for _, w := range strings.Fields(words) {
		set[w] = struct{}{}
	}
	return set
}

// saysPhone reports whether a word beside t[i:end] or in the field's name says
// that it is a telephone number.
func (f *Finder) saysPhone(i, end int) bool {
	const near = 28
	t := f.Flat
	return saysPhone(t[max(0, i-near):i]) || i < near && saysPhone(f.Key) || bytes.Contains(t[end:min(len(t), end+16)], []byte("phone"))
}

func saysPhone(t []byte) bool {
	for _, w := range phoneParts {
		if bytes.Contains(t, []byte(w)) {
			return true
		}
	}
	for i := 0; i < len(t); {
		r, n := utf8.DecodeRune(t[i:])
		if !letterRune(r) {
			i += n
			continue
		}
		start := i
		for i < len(t) && letterRune(r) {
			i += n
			r, n = utf8.DecodeRune(t[i:])
		}
		if _, ok := phoneWords[string(t[start:i])]; ok {
			return true
		}
	}
	return false
}

// validAbroad checks a number with its country code. The library is not ours,
// so what it cannot bear is no number.
func validAbroad(digits []byte, plus bool) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	if !plus {
		digits = digits[2:] // 00
	}
	n, err := phonenumbers.Parse("+"+string(digits), "")
	return err == nil && (phonenumbers.IsValidNumber(n) || len(digits) >= 8 && phonenumbers.IsPossibleNumber(n))
}

// homes are the regions whose national numbers are known to be such; those with
// a trunk prefix first.
var homes = [...]string{
	"US", "GB", "DE", "FR", "NL", "AT", "CH", "BE", "SE", "FI", "IE", "AU", "NZ", "ZA", "JP", "KR", "CN", "IN", "TR", "RO", "UA", "BG", "HR", "RS", "SI", "SK",
	"TH", "VN", "ID", "MY", "PH", "IL", "AE", "SA", "EG", "MA", "NG", "KE", "PK", "BD", "TW", "IT", "ES", "PT", "PL", "CZ", "HU", "GR", "DK", "NO", "RU", "BR", "MX", "AR", "CL", "CO", "SG", "HK",
}

// validAtHome checks a number without country code in the regions that may have
// written it.
func validAtHome(digits []byte) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	text := string(digits)
	for _, region := range homes {
		n, err := phonenumbers.Parse(text, region)
		if err == nil && phonenumbers.IsValidNumberForRegion(n, region) {
			return true
		}
	}
	return false
}
