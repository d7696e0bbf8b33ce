package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
)

// A draw is one instance in the making.
type draw struct {
	w      *world
	r      *rand.Rand
	family string
	people [2]person
	mode   escapes
	shown  string // the script of a name or native address that was written
}

// slot makes the value of a slot "kind[2][:argument][%[%]]": 2 is the second
// person, % percent-encodes.
func (d *draw) slot(s string) (piece, error) {
	encode := 0
	for strings.HasSuffix(s, "%") {
		s = s[:len(s)-1]
		encode++
	}
	kind, arg, _ := strings.Cut(s, ":")
	who := d.people[0]
	if rest, ok := strings.CutSuffix(kind, "_2"); ok {
		kind, who = rest, d.people[1]
	}
	p, ok := d.value(kind, who)
	if !ok {
		text, err := d.plain(kind, arg, who)
		if err != nil {
			return piece{}, err
		}
		p = piece{text: text}
	}
	for range encode {
		p.text = percent(p.text)
	}
	return p, nil
}

func one[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// value makes a value that must be found.
func (d *draw) value(kind string, who person) (piece, bool) {
	if text, ok := d.address(kind, who); ok {
		return piece{text, "email"}, true
	}
	switch kind {
	case "ip4", "ip6", "ip", "ip46":
		return piece{d.ip(kind), "ip"}, true
	case "phone", "phoneE", "phoneN", "phoneUS", "phoneUSN":
		return piece{d.phone(kind), "phone"}, true
	case "mac", "macdot":
		return piece{d.mac(kind), "mac"}, true
	case "sid":
		return piece{d.sid(), "sid"}, true
	case "dom":
		return piece{d.domainUser(who), "domain_user"}, true
	case "jwt", "bearer", "sas", "cred", "credp":
		return piece{d.credential(kind), "credential"}, true
	case "iban":
		return piece{d.iban(true), "iban"}, true
	case "card":
		return piece{d.card(true), "card"}, true
	case "ssn":
		return piece{fmt.Sprintf("%03d-%02d-%04d", one(d.r, d.w.ssnAreas), 1+d.r.IntN(99), 1+d.r.IntN(9999)), "ssn"}, true
	case "guid":
		return piece{d.guid(), "guid"}, true
	}
	return piece{}, false
}

// address makes the forms of an e-mail address or user principal name.
func (d *draw) address(kind string, who person) (string, bool) {
	domain := one(d.r, d.w.domains)
	local := d.local(who)
	if kind == "mail" {
		kind = one(d.r, strings.Fields("upn upn upn upn upn plus native native idn idn puny guest guest wide deleted prefixed"))
	}
	switch kind {
	case "upn":
		if d.r.IntN(8) == 0 {
			return strings.ToUpper(local[:1]) + local[1:] + "@" + strings.ToUpper(domain[:1]) + domain[1:], true
		}
		return local + "@" + domain, true
	case "low":
		return strings.ToLower(local + "@" + domain), true
	case "plus":
		return local + "+" + one(d.r, d.w.words) + "@" + domain, true
	case "native":
		d.shown = who.script
		return who.native + "@" + one(d.r, append(d.w.idn, domain)), true
	case "idn":
		d.shown = who.script
		return local + "@" + d.idnFor(who), true
	case "puny":
		return local + "@" + punycode(one(d.r, d.w.idn)), true
	case "guest":
		return local + "_" + one(d.r, d.w.guests) + "#EXT#@" + domain, true
	case "wide":
		return local + "＠" + domain, true
	case "deleted":
		return strings.ReplaceAll(d.guid(), "-", "") + local + "@" + domain, true
	case "prefixed":
		return one(d.r, []string{"live.com#", "mail#"}) + local + "@" + one(d.r, d.w.guests), true
	}
	return "", false
}

func (d *draw) idnFor(who person) string {
	domain := one(d.r, d.w.idn)
	if who.script == "Latn" {
		domain = d.w.idn[d.r.IntN(2)]
	}
	return domain
}

// local makes the part before the @ of a person's address.
func (d *draw) local(who person) string {
	first, last, _ := strings.Cut(who.local, ".")
	switch d.r.IntN(9) {
	case 0:
		return first[:1] + last
	case 1:
		return first + "_" + last
	case 2:
		return first + "-" + last
	case 3:
		return first + "." + last + strconv.Itoa(2+d.r.IntN(97))
	case 4:
		return "adm-" + first[:1] + last
	}
	return who.local
}

func (d *draw) ip(kind string) string {
	if kind == "ip" {
		kind = one(d.r, strings.Fields("ip4 ip4 ip4 ip6"))
	}
	switch kind {
	case "ip4":
		return d.ip4()
	case "ip46":
		return one(d.r, []string{"::ffff:", "::FFFF:", "64:ff9b::", "0:0:0:0:0:ffff:"}) + d.ip4()
	}
	a := netip.MustParseAddr(d.ip6())
	switch d.r.IntN(5) {
	case 0:
		return a.StringExpanded()
	case 1:
		return strings.ToUpper(a.String())
	case 2:
		return strings.ToUpper(a.StringExpanded())
	}
	return a.String()
}

func (d *draw) ip4() string {
	s := one(d.r, d.w.net4)
	for strings.Count(s, ".") < 3 {
		s += strconv.Itoa(d.r.IntN(256)) + "."
	}
	return s + strconv.Itoa(1+d.r.IntN(254))
}

func (d *draw) ip6() string {
	s := one(d.r, d.w.net6)
	if d.r.IntN(3) == 0 {
		return s + "::" + strconv.FormatInt(int64(1+d.r.IntN(0xffff)), 16)
	}
	for strings.Count(s, ":") < 7 {
		s += ":" + strconv.FormatInt(int64(d.r.IntN(0x10000)), 16)
	}
	return s
}

func (d *draw) phone(kind string) string {
	p := one(d.r, d.w.phones)
	if kind == "phoneUS" || kind == "phoneUSN" {
		p = d.w.phones[0]
	}
	forms := p.intl
	if kind == "phoneN" || kind == "phoneUSN" {
		forms = p.national
	}
	text := d.digits(one(d.r, forms))
	if kind == "phoneE" {
		text = strings.NewReplacer("(0)", "", " ", "", "-", "", "(", "", ")", "", ".", "").Replace(text)
	}
	return text
}

// digits fills # with a digit and @ with a capital letter.
func (d *draw) digits(form string) string {
	b := []byte(form)
	for i, c := range b {
		switch c {
		case '#':
			b[i] = byte('0' + d.r.IntN(10))
		case '@':
			b[i] = byte('A' + d.r.IntN(26))
		}
	}
	return string(b)
}

func (d *draw) mac(kind string) string {
	b := append([]byte{}, one(d.r, d.w.macs)...)
	for len(b) < 6 {
		b = append(b, byte(d.r.IntN(256)))
	}
	form := "%02x"
	if d.r.IntN(2) == 0 {
		form = "%02X"
	}
	if kind == "macdot" {
		return fmt.Sprintf("%x.%x.%x", b[:2], b[2:4], b[4:])
	}
	sep := one(d.r, []string{":", "-"})
	parts := make([]string, 6)
	for i := range parts {
		parts[i] = fmt.Sprintf(form, b[i])
	}
	return strings.Join(parts, sep)
}

func (d *draw) sid() string {
	if d.r.IntN(3) == 0 {
		return fmt.Sprintf("S-1-12-1-%d-%d-%d-%d", d.r.Uint32(), d.r.Uint32(), d.r.Uint32(), d.r.Uint32())
	}
	return fmt.Sprintf("S-1-5-21-%s-%d", one(d.r, d.w.sids), 1100+d.r.IntN(90000))
}

func (d *draw) domainUser(who person) string {
	first, last, _ := strings.Cut(strings.ReplaceAll(who.local, "'", ""), ".")
	user := first[:1] + last
	switch d.r.IntN(5) {
	case 0:
		user = first + "." + last
	case 1:
		user, d.shown = who.native, who.script
	case 2:
		user = "svc-" + one(d.r, d.w.words)
	}
	return one(d.r, d.w.netbios) + `\` + strings.ReplaceAll(user, "'", "")
}

func (d *draw) credential(kind string) string {
	switch kind {
	case "jwt":
		head := fmt.Sprintf(`{"typ":"JWT","alg":"RS256","kid":"%s"}`, d.base64(20))
		body := fmt.Sprintf(`{"aud":"api://%s","exp":%d,"sub":"%s"}`, one(d.r, d.w.hosts), 1700000000+d.r.IntN(1e8), d.base64(24))
		e := base64.RawURLEncoding
		return e.EncodeToString([]byte(head)) + "." + e.EncodeToString([]byte(body)) + "." + d.base64(86)
	case "bearer":
		return d.base64(32 + d.r.IntN(30))
	case "sas":
		sum := sha256.Sum256([]byte(d.guid()))
		return percent(base64.StdEncoding.EncodeToString(sum[:]))
	}
	pass := one(d.r, d.w.words) + one(d.r, []string{"!", "-", "_", "."}) + strconv.Itoa(d.r.IntN(9000)+100)
	if kind == "credp" {
		pass = percent(one(d.r, d.w.words) + one(d.r, []string{"@", "/", "#", "?"}) + strconv.Itoa(d.r.IntN(9000)+100))
	}
	return one(d.r, d.w.accounts) + ":" + pass
}

// base64 makes n characters of base64url with letters of both cases and a digit.
func (d *draw) base64(n int) string {
	const chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	b := make([]byte, n)
	for i := range b {
		b[i] = chars[d.r.IntN(len(chars))]
	}
	b[0], b[1], b[2], b[n-1] = 'q', 'Z', byte('0'+d.r.IntN(10)), 'w'
	return string(b)
}

func (d *draw) iban(valid bool) string {
	k := one(d.r, d.w.ibans)
	bank := d.digits(k.bank)
	sum := 98 - ibanRest(k.country+"00"+bank)
	if !valid {
		sum = 2 + (sum+d.r.IntN(90))%97
		if ibanRest(fmt.Sprintf("%s%02d%s", k.country, sum, bank)) == 1 {
			sum = 2 + (sum-1)%97
		}
	}
	s := fmt.Sprintf("%s%02d%s", k.country, sum, bank)
	if d.r.IntN(2) == 0 {
		return groups(s, " ", 4)
	}
	return s
}

func (d *draw) card(valid bool) string {
	prefix := one(d.r, d.w.cards)
	n := 16
	if l, ok := d.w.cardLen[prefix]; ok {
		n = l
	}
	s := prefix + d.digits(strings.Repeat("#", n-len(prefix)-1))
	check := luhnDigit(s)
	if !valid {
		check = (check + 1 + d.r.IntN(9)) % 10
	}
	s += strconv.Itoa(check)
	sep := one(d.r, []string{"", " ", "-"})
	if n == 15 && sep != "" {
		return s[:4] + sep + s[4:10] + sep + s[10:]
	}
	return groups(s, sep, 4)
}

func groups(s, sep string, n int) string {
	var out []string
	for len(s) > n {
		out, s = append(out, s[:n]), s[n:]
	}
	return strings.Join(append(out, s), sep)
}

func (d *draw) guid() string {
	a, b := d.r.Uint64(), d.r.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, 0x8000|b>>48&0x3fff, b&0xffffffffffff)
}
