package detect

import (
	"bytes"
	"unicode/utf8"
)

// macEnd returns the end of the hardware address at i: six bytes with : or -
// between them, or three groups of four digits with dots.
func macEnd(t []byte, i int) int {
	const bytes6, groups3 = 17, 14
	if i+2 < len(t) && (t[i+2] == ':' || t[i+2] == '-') && i+bytes6 <= len(t) {
		sep := t[i+2]
		for k := range bytes6 {
			if c := t[i+k]; k%3 == 2 && c != sep || k%3 != 2 && !hexDigit(c) {
				return 0
			}
		}
		if i > 2 && t[i-1] == sep && hexDigit(t[i-2]) && hexDigit(t[i-3]) && (i == 3 || !wordByte(t[i-4])) {
			return 0 // one more byte before it
		}
		return whole(t, i+bytes6, sep)
	}
	if i+groups3 <= len(t) && t[i+4] == '.' && t[i+9] == '.' {
		for k := range groups3 {
			if c := t[i+k]; k%5 == 4 && c != '.' || k%5 != 4 && !hexDigit(c) {
				return 0
			}
		}
		if i > 1 && t[i-1] == '.' && wordByte(t[i-2]) {
			return 0
		}
		return whole(t, i+groups3, '.')
	}
	return 0
}

// whole returns end unless the value goes on there, by itself or behind sep.
func whole(t []byte, end int, sep byte) int {
	if !ends(t, end) || end+1 < len(t) && t[end] == sep && wordByte(t[end+1]) {
		return 0
	}
	return end
}

// sidEnd returns the end of the security id at i, of a domain's or directory's
// account: those with fewer parts are the same everywhere.
func sidEnd(t []byte, i int) int {
	if !bytes.HasPrefix(t[i:], []byte("s-1-")) {
		return 0
	}
	end, parts := i+3, 0
	for end+1 < len(t) && t[end] == '-' && t[end+1]-'0' < 10 {
		for end++; end < len(t) && t[end]-'0' < 10; end++ {
		}
		parts++
	}
	if parts < 5 || !ends(t, end) {
		return 0
	}
	return end
}

// ipv4 returns the end of the IPv4 address at i.
func (f *Finder) ipv4(i int) int {
	t := f.Flat
	end, octets := i, [4]int{}
	for n := range octets {
		if n > 0 {
			if end >= len(t) || t[end] != '.' {
				return 0
			}
			end++
		}
		start := end
		for end < len(t) && t[end]-'0' < 10 && end-start < 4 {
			octets[n] = octets[n]*10 + int(t[end]-'0')
			end++
		}
		if end == start || octets[n] > 255 || end-start > 1 && t[start] == '0' {
			return 0
		}
	}
	switch {
	case !ends(t, end), end+1 < len(t) && t[end] == '.' && wordByte(t[end+1]), preRelease(t[end:]):
		return 0
	case octets[3] == 0 && (end == len(t) || t[end] != '/'), octets[2] == 0 && octets[3] == 0:
		return 0 // a network or a version, hardly ever a host
	case i > 1 && t[i-1] == '.' && wordByte(t[i-2]):
		return 0 // more than four numbers
	case octets[0] == 0 || octets[0] == 127 || octets[0] >= 240:
		return 0 // this host, or a mask: nobody's address
	case octets == [4]int{1, 3, 6, 1} || octets[0] == 2 && octets[1] == 5 && (octets[2] == 29 || octets[2] == 4):
		return 0 // object identifiers of the internet and of X.500
	case versionWord(wordBefore(t, i, 2)):
		return 0
	case f.inProduct(i), f.version(i, end):
		return 0
	case private(octets) || octets[0] >= highest:
		return end
	case f.versioned(i):
		return 0
	}
	return end
}

// highest is a number above the major version of any program.
const highest = 160

// private reports whether an address is of a network that is never routed.
func private(o [4]int) bool {
	return o[0] == 10 || o[0] == 100 && o[1]&0xc0 == 64 || o[0] == 192 && o[1] == 168 || o[0] == 172 && o[1]&0xf0 == 16 || o[0] == 169 && o[1] == 254
}

func preRelease(t []byte) bool {
	for _, s := range [...]string{"-rc", "-beta", "-alpha", "-pre", "-dev", "-snapshot"} {
		if bytes.HasPrefix(t, []byte(s)) {
			return true
		}
	}
	return false
}

// inProduct reports whether four numbers at i follow the name of a product and a
// slash, and not a service, as in a principal's name.
func (f *Finder) inProduct(i int) bool {
	if i < 2 || f.Flat[i-1] != '/' || !product(f.Flat, i-1) {
		return false
	}
	_, service := services[string(wordBefore(f.Flat, i, 0))]
	return !service
}

// services are what stands before a slash and a host.
var services = wordSet("host http https cifs ldap ldaps gc dns ftp smtp imap pop nfs rpc ssh sip termsrv wsman mssqlsvc krbtgt restrictedkrbhost ip")

// versioned reports whether four numbers at i are rather a version: joined to a
// name, or in a field that says what program it is.
func (f *Finder) versioned(i int) bool {
	t := f.Flat
	if i > 1 && t[i-1] == '-' && t[i-2]-'a' < 26 {
		return true
	}
	if _, program := programs[string(wordBefore(t, i, 0))]; program {
		return true
	}
	return versionWord(f.Key) || agentField(f.Key) || bytes.HasSuffix(t[:i], []byte(".net "))
}

// programs are words for software, behind which four numbers are a version.
var programs = wordSet("agent connector sync connect provider library package runtime plugin module extension driver component assembly update patch installer " +
	"authenticator outlook teams office edge chrome firefox safari opera msal adal adfs ios ipados android windows macos linux msal4j powershell cli")

// agentField reports whether a field says what program somebody used.
func agentField(key []byte) bool {
	for _, s := range [...]string{"useragent", "user-agent", "user agent", "browser", "operatingsystem"} {
		if bytes.HasSuffix(key, []byte(s)) {
			return true
		}
	}
	return false
}

// product reports whether the slash at i follows the name of a product, as in a
// user agent, and is none of a path.
func product(t []byte, i int) bool {
	k := i
	for k > 0 && (alnum(t[k-1]) || t[k-1] == '_' || t[k-1] == '-' || t[k-1] == '.' || t[k-1] == '+') {
		k--
	}
	if k == i || t[k]-'0' < 10 {
		return false
	}
	return k == 0 || t[k-1] >= utf8.RuneSelf || bytes.IndexByte([]byte(" \t\n(;\"'@,=[:<|"), t[k-1]) >= 0
}

// lastWord returns the word before i, over what may stand between a name and its
// value; at the beginning of the text that is the field's own name.
func (f *Finder) lastWord(i int) []byte {
	w := wordBefore(f.Flat, i, 2)
	if w == nil {
		w = f.Key
	}
	return w
}

// wordBefore returns the word before i; words that stand between a name and its
// value are passed over, as many as hops says.
func wordBefore(t []byte, i, hops int) []byte {
	end := i
	for end > 0 {
		r, n := utf8.DecodeLastRune(t[:end])
		if letterRune(r) {
			break
		}
		end -= n
	}
	start := end
	for start > 0 && end-start < 64 {
		r, n := utf8.DecodeLastRune(t[:start])
		if !letterRune(r) {
			break
		}
		start -= n
	}
	word := t[start:end]
	switch string(word) {
	case "":
		return nil
	case "eq", "ne", "ge", "le", "gt", "lt", "value", "is", "number", "no":
		if hops > 0 {
			if before := wordBefore(t, start, hops-1); before != nil {
				return before
			}
		}
	}
	return word
}

// versionWords say that a version follows; versionStems say so inside a word, in
// the languages that administrators write to each other in.
var (
	versionWords = wordSet("ver vers build release rel revision rev firmware kernel sdk oid edition section clause control requirement chapter article paragraph annex appendix kapitel abschnitt bundle train ruleset baseline utgave utgåva bản 版 сборка")
	versionStems = [...]string{
		"versi", "verzi", "wersj", "verze", // as many as plainStems
		"versão", "verżj", "sürüm", "phiên", "útgáf", "верси", "версі", "верзи", "έκδοσ", "эдиц",
		"バージョン", "版本", "버전", "เวอร์ช", "รุ่น", "ເວີ", "កំណែ", "ဗားရှင်း", "संस्करण", "वर्ज़न", "वर्जन", "आवृत्त", "সংস্করণ", "ਸੰਸਕਰਣ", "સંસ્કરણ", "આવૃત્ત",
		"பதிப்பு", "వెర్షన్", "ಆವೃತ್ತಿ", "പതിപ്പ്", "අනුවාද", "إصدار", "نسخة", "نسخه", "ورژن", "גרס", "גירס", "տարբերակ", "ვერსი", "ስሪት", "хувилбар", "нұсқа",
	}
)

// plainStems is how many of versionStems are ASCII; they come first.
const plainStems = 4

func versionWord(w []byte) bool {
	if len(w) < 3 {
		return string(w) == "v"
	}
	if _, ok := versionWords[string(w)]; ok || bytes.HasSuffix(w, []byte("build")) {
		return true
	}
	stems := versionStems[:]
	if plain(w) {
		stems = stems[:plainStems]
	}
	for _, v := range stems {
		if bytes.Contains(w, []byte(v)) {
			return true
		}
	}
	return false
}

// plain reports whether w is ASCII.
func plain(w []byte) bool {
	for _, c := range w {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// colon tries the IPv6 address whose first colon is at i.
func (f *Finder) colon(i int) {
	t := f.Flat
	start := i
	for start > 0 && i-start < 4 && hexDigit(t[start-1]) {
		start--
	}
	if start > 0 && (wordByte(t[start-1]) || t[start-1] == ':' && !named(t, start-1) || t[start-1] == '.' && start > 1 && wordByte(t[start-2])) {
		return
	}
	end, colons, digits := start, 0, 0
	for end < len(t) && (hexDigit(t[end]) || t[end] == ':' || t[end] == '.') {
		switch {
		case t[end] == ':':
			colons++
		case t[end]-'0' < 10:
			digits++
		}
		end++
	}
	for end > start && (t[end-1] == '.' || t[end-1] == ':' && (end-2 < start || t[end-2] != ':')) {
		end--
	}
	if colons < 2 || end-start > 45 || !ends(t, end) || (digits == 0 || end-start < 6) && !assigned(t[start:end]) {
		return
	}
	if ipv6(t[start:end]) {
		f.add(IP, start, end)
	}
}

// named reports whether the colon at i follows a name, as in ip:2001:db8::1, and
// no group of an address.
func named(t []byte, i int) bool {
	k := i
	for k > 0 && i-k < 5 && hexDigit(t[k-1]) {
		k--
	}
	return i > 0 && (i-k > 4 || k > 0 && wordByte(t[k-1]) || t[i-1] >= utf8.RuneSelf)
}

// ipv6 reports whether s is an IPv6 address of more than one group. Eight groups
// of two digits are bytes: of a fingerprint, a serial number, a longer MAC.
func ipv6(s []byte) bool {
	if bytePairs(s) {
		return false
	}
	groups, gap, filled := 0, false, 0
	for i := 0; i < len(s); {
		if s[i] == ':' {
			switch {
			case i+1 < len(s) && s[i+1] == ':':
				if gap {
					return false
				}
				gap = true
				i += 2
			case i == 0 || i+1 == len(s):
				return false
			default:
				i++
			}
			continue
		}
		k := i
		for k < len(s) && hexDigit(s[k]) {
			k++
		}
		if k < len(s) && s[k] == '.' {
			return dotted4(s[i:]) && (groups == 6 || gap && groups < 6)
		}
		if k == i || k-i > 4 {
			return false
		}
		groups++
		filled += k - i
		i = k
	}
	return (groups == 8 || gap && groups < 8) && groups >= 2 && (filled >= 4 || assigned(s))
}

// bytePairs reports whether s is nothing but bytes with colons between them.
func bytePairs(s []byte) bool {
	if len(s)%3 != 2 {
		return false
	}
	for k, c := range s {
		if k%3 == 2 && c != ':' || k%3 != 2 && !hexDigit(c) {
			return false
		}
	}
	return true
}

// assigned reports whether s begins as the addresses do that are in use, so that
// few digits are enough.
func assigned(s []byte) bool {
	for _, p := range [...]string{"fd", "fc", "fe8", "fe9", "fea", "feb", "2001:", "2a0", "26", "24"} {
		if bytes.HasPrefix(s, []byte(p)) {
			return bytes.IndexByte(s, ':') >= 2
		}
	}
	return false
}

// dotted4 reports whether s is four decimal octets.
func dotted4(s []byte) bool {
	parts := 0
	for len(s) > 0 {
		n, v := 0, 0
		for n < len(s) && s[n]-'0' < 10 && n < 4 {
			v = v*10 + int(s[n]-'0')
			n++
		}
		if n == 0 || v > 255 {
			return false
		}
		parts++
		if s = s[n:]; len(s) > 0 {
			if s[0] != '.' || len(s) == 1 {
				return false
			}
			s = s[1:]
		}
	}
	return parts == 4
}
