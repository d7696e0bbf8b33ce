package main

import "math/rand/v2"

// A person has a name in an own script, an address form of it in ASCII and
// one in the script itself.
type person struct {
	script, name, local, native string
}

// A world is all that the values of one half are made of. The halves share
// no entry.
type world struct {
	people   []person
	domains  []string // ASCII
	idn      []string // with labels beyond ASCII
	guests   []string // home domains of guests
	hosts    []string // of services; no person's
	netbios  []string
	apps     []string
	groups   []string
	cities   []string
	net4     []string // prefix "203.0.113.": the last numbers are drawn
	net6     []string // prefix "2001:db8:1"
	macs     [][]byte // first bytes
	sids     []string
	phones   []phone
	ibans    []iban
	cards    []string // first digits
	cardLen  map[string]int
	ssnAreas []int
	accounts []string // users of services, in credentials
	words    []string // of which passwords are made
	regions  []string // in which national phone numbers are read
}

// A phone is a range of numbers for fiction: # is a drawn digit, {a-b} a drawn
// number. intl are spellings with the country code, national without.
type phone struct {
	lang           string
	intl, national []string
}

// An iban is a country, the length, and the letters and digits of its bank
// part: # a digit, @ a capital letter.
type iban struct {
	country, bank string
}

// pick draws two people: of the script where it is not Latin, else of any,
// Latin ones more often. Addresses in URIs are drawn without apostrophes,
// which OData would double.
func (w *world) pick(r *rand.Rand, script, family string) [2]person {
	var fit []person
	for _, p := range w.people {
		if script != "Latn" && p.script != script {
			continue
		}
		if family == "uri" && containsQuote(p.local) {
			continue
		}
		fit = append(fit, p)
		if script == "Latn" && p.script == "Latn" {
			fit = append(fit, p)
		}
	}
	i := r.IntN(len(fit))
	j := (i + 1 + r.IntN(len(fit)-1)) % len(fit)
	return [2]person{fit[i], fit[j]}
}

func containsQuote(s string) bool {
	for _, c := range s {
		if c == '\'' {
			return true
		}
	}
	return false
}
