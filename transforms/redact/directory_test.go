package redact_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/logpipe/logpipe/transforms/redact/pseudonym"
)

func newMaker(t testing.TB) *pseudonym.Maker {
	t.Helper()
	k, err := pseudonym.ParseKey("k", secret)
	if err != nil {
		t.Fatal(err)
	}
	d, err := k.Domain("", "")
	if err != nil {
		t.Fatal(err)
	}
	return d.Maker()
}

// TestDirectory: over a directory of 100,000 with guests, deleted and renamed
// users, aliases and many scripts, every spelling of one identity has one
// pseudonym and no two identities have the same.
func TestDirectory(t *testing.T) {
	users := 100_000
	if testing.Short() {
		users = 5_000
	}
	m := newMaker(t)
	r := rand.New(rand.NewPCG(3, 4))
	owner := make(map[string]string, 5*users)
	claim := func(what, value string) string {
		ps, ok := m.Append(nil, []byte(value), false)
		if !ok {
			t.Fatalf("%s %q is taken for a placeholder", what, value)
		}
		me := what + " " + value
		if other, taken := owner[string(ps)]; taken && other != me {
			t.Fatalf("%s and %s have one pseudonym", me, other)
		}
		owner[string(ps)] = me
		return string(ps)
	}
	for n := range users {
		p := newPerson(r, n)
		want := claim("address", p.upn)
		for i, s := range p.spellings() {
			if n%7 != i%7 && n > 2000 { // each form of some, all forms of many
				continue
			}
			if got, ok := m.Append(nil, []byte(s), false); !ok || string(got) != want {
				t.Fatalf("%q is spelled %q and does not join", p.upn, s)
			}
		}
		id := claim("id", p.id)
		for _, s := range []string{strings.ToUpper(p.id), "{" + p.id + "}", strings.ReplaceAll(p.id, "-", "")} {
			if got, _ := m.Append(nil, []byte(s), false); string(got) != id {
				t.Fatalf("id %q is spelled %q and does not join", p.id, s)
			}
		}
		claim("ip", p.ip)
		phone := claim("phone", p.phone)
		if got, _ := m.Append(nil, []byte(strings.ReplaceAll(p.phone, " ", "")), false); string(got) != phone {
			t.Fatalf("phone %q does not join without spaces", p.phone)
		}
		claim("device", p.device)
		if n%5 == 0 {
			claim("renamed", fmt.Sprintf("new.%s", p.upn))
			claim("alias", fmt.Sprintf("alias+%s", p.upn))
			claim("other domain", p.upn+".au")
		}
	}
}

// TestNearMissesStayApart: values that a careless canonical form merges.
func TestNearMissesStayApart(t *testing.T) {
	m := newMaker(t)
	id := "3f2504e04f8911d39a0c0305e82c3301"
	for _, pair := range [][2]string{
		{"strasse@contoso.com", "straße@contoso.com"},
		{"adele@fass.de", "adele@faß.de"},
		{"ismail@contoso.com", "ısmail@contoso.com"},
		{"ismail@contoso.com", "İsmail@contoso.com"},
		{"jose@contoso.com", "josé@contoso.com"},
		{"a.dele@contoso.com", "adele@contoso.com"},
		{"adele+x@contoso.com", "adele@contoso.com"},
		{"adele_contoso.com@fabrikam.com", "adele@contoso.com"},
		{"adele@contoso.com", "adele@contoso.co"},
		{"а@contoso.com", "a@contoso.com"}, // the first is Cyrillic
		{id + "@contoso.com", "@contoso.com"},
		{`contoso\adele`, `fabrikam\adele`},
		{`contoso\adele`, "adele@contoso.com"},
		{"192.0.2.7", "192.0.2.70"},
		{"::1", "::1:1"},
		{"+4915112345678", "+49151123456789"},
		{"+14255550100", "+14255550100x1"},
		{"4915112345678", "+4915112345678"},
		{"adele vance", "adelevance"},
		{"2001:db8::1", "2001-db8--1"},
	} {
		a, _ := m.Append(nil, []byte(pair[0]), false)
		b, _ := m.Append(nil, []byte(pair[1]), false)
		if string(a) == string(b) {
			t.Errorf("%q and %q have one pseudonym", pair[0], pair[1])
		}
	}
}
