package pseudonym

import (
	"bytes"
)

// wrappers stand before an address without being part of it.
var wrappers = [...]string{"mailto:", "smtp:", "sip:", "upn:", "mail#", "live.com#", "i:0#.f|membership|"}

// address reads a folded address in each of the forms that one account has:
//
//	adele@fabrikam.com                                 as a guest signs in
//	adele_fabrikam.com#ext#@contoso.onmicrosoft.com    as the directory stores a guest
//	mail#adele@fabrikam.com, live.com#…                as identity providers name it
//	<32 hex digits>adele@contoso.com                   once the account is deleted
//	adele vance <adele@contoso.com>, smtp:…, mailto:…  as mail systems write it
//	contoso.com\adele                                  as older protocols write it
//
// CONTOSO\adele keeps its own form: which domain CONTOSO is stands nowhere.
func (f *Former) address(s []byte) ([]byte, bool) {
	if bytes.IndexByte(s, 0xef) >= 0 { // full-width and small commercial at
		s = bytes.ReplaceAll(s, []byte("＠"), []byte("@"))
		s = bytes.ReplaceAll(s, []byte("﹫"), []byte("@"))
	}
	if n := len(s); n > 2 && s[n-1] == '>' {
		if open := bytes.LastIndexByte(s, '<'); open >= 0 && bytes.IndexByte(s[open:], '@') > 0 {
			s = s[open+1 : n-1]
		}
	}
	for again := true; again; {
		again = false
		for _, w := range wrappers {
			if rest, ok := bytes.CutPrefix(s, []byte(w)); ok {
				s, again = rest, true
			}
		}
	}
	if guest := bytes.Index(s, []byte("#ext#")); guest >= 0 {
		home := undeleted(s[:guest])
		if at := bytes.LastIndexByte(home, '_'); at > 0 && bytes.IndexByte(home[at:], '.') > 1 {
			return f.join(home[:at], home[at+1:])
		}
	}
	if at := bytes.LastIndexByte(s, '@'); at >= 0 {
		return f.join(undeleted(s[:at]), s[at+1:])
	}
	if slash := bytes.IndexByte(s, '\\'); slash > 0 && bytes.Count(s, []byte(`\`)) == 1 {
		domain, user := s[:slash], s[slash+1:]
		switch {
		case len(user) == 0 || bytes.ContainsAny(s, " \t\r\n/:*?\"<>|"):
			return nil, false
		case bytes.IndexByte(domain, '.') > 0:
			return f.join(user, domain)
		}
		return s, true
	}
	return nil, false
}

// undeleted takes away the object id that the directory puts before the name of
// a deleted user. A name may itself be digits of hex, so an account that is named
// by a longer hash loses 32 digits too; what is left still tells it apart.
func undeleted(local []byte) []byte {
	const id = 32
	if len(local) <= id {
		return local
	}
	for _, c := range local[:id] {
		if !hexDigit(c) {
			return local
		}
	}
	return local[id:]
}

// join builds the canonical address.
func (f *Former) join(local, domain []byte) ([]byte, bool) {
	domain = bytes.TrimRight(domain, ".")
	if len(local) == 0 || len(domain) == 0 || bytes.ContainsAny(domain, " \t\r\n<>@\\/") {
		return nil, false
	}
	out := append(f.b[:0], local...)
	out = append(out, '@')
	if plainDomain(domain) {
		out = append(out, domain...)
	} else {
		out = append(out, f.domain(domain)...)
	}
	f.b = out
	return out, true
}

// domain returns how the DNS spells a domain, or the domain itself if it cannot
// be one.
func (f *Former) domain(d []byte) string {
	if known, ok := f.ascii[string(d)]; ok {
		return known
	}
	spelled, err := domains.ToASCII(string(d))
	if err != nil || spelled == "" {
		spelled = string(d)
	}
	const most = 256
	if f.ascii == nil || len(f.ascii) >= most {
		f.ascii = map[string]string{}
	}
	f.ascii[string(d)] = spelled
	return spelled
}

// plainDomain reports whether the DNS spells the domain as it stands: ASCII
// without a label in punycode, which may be spelled in more than one way.
func plainDomain(d []byte) bool {
	for _, c := range d {
		if c >= 0x80 {
			return false
		}
	}
	return !bytes.Contains(d, []byte("xn--"))
}
