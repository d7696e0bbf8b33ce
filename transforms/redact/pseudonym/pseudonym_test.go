package pseudonym_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/logpipe/logpipe/transforms/redact/pseudonym"
)

// secret is 32 bytes that look random.
var secret = hex.EncodeToString([]byte("\x8f\x1e\xd2\x03\x77\xa9\x5c\xe4\x10\xbb\x46\x3d\xf8\x92\x6a\x05\xc1\x59\xee\x84\x2b\x70\x9d\x13\xd7\x4f\xa0\x68\x35\xfc\x81\x2e"))

func maker(t testing.TB, id, tenant, recipient string) *pseudonym.Maker {
	t.Helper()
	k, err := pseudonym.ParseKey(id, secret)
	if err != nil {
		t.Fatal(err)
	}
	d, err := k.Domain(tenant, recipient)
	if err != nil {
		t.Fatal(err)
	}
	return d.Maker()
}

func TestForm(t *testing.T) {
	const guid = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
	const deleted = "3f2504e04f8911d39a0c0305e82c3301"
	for _, c := range []struct {
		name, in string
		phone    bool
		kind     pseudonym.Type
		want     string
	}{
		{name: "address", in: "Adele.Vance@Contoso.COM", kind: pseudonym.Address, want: "adele.vance@contoso.com"},
		{name: "space around", in: " adele@contoso.com\t", kind: pseudonym.Address, want: "adele@contoso.com"},
		{name: "dot behind the domain", in: "adele@contoso.com.", kind: pseudonym.Address, want: "adele@contoso.com"},
		{name: "full-width at", in: "adele＠contoso.com", kind: pseudonym.Address, want: "adele@contoso.com"},
		{name: "small at", in: "adele﹫contoso.com", kind: pseudonym.Address, want: "adele@contoso.com"},
		{name: "guest", in: "adele.vance_fabrikam.com#EXT#@contoso.onmicrosoft.com", kind: pseudonym.Address, want: "adele.vance@fabrikam.com"},
		{name: "guest with underscore", in: "adele_v_fabrikam.com#EXT#@contoso.com", kind: pseudonym.Address, want: "adele_v@fabrikam.com"},
		{name: "guest cut behind EXT", in: "adele_fabrikam.com#EXT#", kind: pseudonym.Address, want: "adele@fabrikam.com"},
		{name: "guest without underscore", in: "adele#EXT#@contoso.com", kind: pseudonym.Address, want: "adele#ext#@contoso.com"},
		{name: "deleted", in: deleted + "adele@contoso.com", kind: pseudonym.Address, want: "adele@contoso.com"},
		{name: "deleted, name in hex", in: deleted + "ada@contoso.com", kind: pseudonym.Address, want: "ada@contoso.com"},
		{name: "deleted guest", in: deleted + "adele_fabrikam.com#EXT#@contoso.com", kind: pseudonym.Address, want: "adele@fabrikam.com"},
		{name: "an id as name", in: deleted + "@contoso.com", kind: pseudonym.Address, want: deleted + "@contoso.com"},
		{name: "deleted, all in hex", in: deleted + "deadbeef@contoso.com", kind: pseudonym.Address, want: "deadbeef@contoso.com"},
		{name: "mail#", in: "mail#adele@fabrikam.com", kind: pseudonym.Address, want: "adele@fabrikam.com"},
		{name: "live.com#", in: "live.com#adele@outlook.com", kind: pseudonym.Address, want: "adele@outlook.com"},
		{name: "proxy address", in: "SMTP:Adele@Contoso.com", kind: pseudonym.Address, want: "adele@contoso.com"},
		{name: "claim", in: "i:0#.f|membership|adele@contoso.com", kind: pseudonym.Address, want: "adele@contoso.com"},
		{name: "mailbox", in: "Adele Vance <adele@contoso.com>", kind: pseudonym.Address, want: "adele@contoso.com"},
		{name: "down-level name", in: `CONTOSO\Adele`, kind: pseudonym.Address, want: `contoso\adele`},
		{name: "down-level name with DNS domain", in: `contoso.com\Adele`, kind: pseudonym.Address, want: "adele@contoso.com"},
		{name: "path is no name", in: `C:\Users\adele`, kind: pseudonym.Text, want: `c:\users\adele`},
		{name: "IDN", in: "jos\u00e9@B\u00fccher.example", kind: pseudonym.Address, want: "jos\u00e9@xn--bcher-kva.example"},
		{name: "IDN in punycode", in: "jos\u00e9@XN--BCHER-KVA.example", kind: pseudonym.Address, want: "jos\u00e9@xn--bcher-kva.example"},
		{name: "decomposed", in: "jose\u0301@bu\u0308cher.example", kind: pseudonym.Address, want: "jos\u00e9@xn--bcher-kva.example"},
		{name: "final sigma", in: "ΝΊΚΟΣ@example.gr", kind: pseudonym.Address, want: "νίκοσ@example.gr"},
		{name: "final sigma, lower", in: "νίκος@example.gr", kind: pseudonym.Address, want: "νίκοσ@example.gr"},
		{name: "kelvin", in: "\u212aim@example.com", kind: pseudonym.Address, want: "kim@example.com"},
		{name: "dotted capital I", in: "\u0130smail@example.com", kind: pseudonym.Address, want: "i\u0307smail@example.com"},
		{name: "sharp s stays", in: "stra\u00dfe@fa\u00df.de", kind: pseudonym.Address, want: "stra\u00dfe@xn--fa-hia.de"},
		{name: "nothing before at", in: "@adele", kind: pseudonym.Text, want: "@adele"},

		{name: "GUID", in: guid, kind: pseudonym.GUID, want: guid},
		{name: "GUID upper", in: strings.ToUpper(guid), kind: pseudonym.GUID, want: guid},
		{name: "GUID braces", in: "{" + guid + "}", kind: pseudonym.GUID, want: guid},
		{name: "GUID parentheses", in: "(" + guid + ")", kind: pseudonym.GUID, want: guid},
		{name: "GUID digits", in: deleted, kind: pseudonym.GUID, want: guid},
		{name: "GUID urn", in: "urn:uuid:" + guid, kind: pseudonym.GUID, want: guid},

		{name: "IPv4", in: "192.0.2.7", kind: pseudonym.IP, want: "192.0.2.7"},
		{name: "IPv4 and port", in: "192.0.2.7:443", kind: pseudonym.IP, want: "192.0.2.7"},
		{name: "IPv4 mapped", in: "::FFFF:192.0.2.7", kind: pseudonym.IP, want: "192.0.2.7"},
		{name: "IPv4 mapped in hex", in: "::ffff:c000:207", kind: pseudonym.IP, want: "192.0.2.7"},
		{name: "IPv6", in: "2001:DB8:0:0:0::1", kind: pseudonym.IP, want: "2001:db8::1"},
		{name: "IPv6 long", in: "2001:0db8:0000:0000:0000:0000:0000:0001", kind: pseudonym.IP, want: "2001:db8::1"},
		{name: "IPv6 and port", in: "[2001:db8::1]:443", kind: pseudonym.IP, want: "2001:db8::1"},
		{name: "IPv6 and zone", in: "fe80::1%eth0", kind: pseudonym.IP, want: "fe80::1"},
		{name: "version", in: "1.2.3", kind: pseudonym.Text, want: "1.2.3"},
		{name: "octet too large", in: "192.0.2.256", kind: pseudonym.Text, want: "192.0.2.256"},

		{name: "phone", in: "+49 (151) 1234-5678", kind: pseudonym.Phone, want: "+4915112345678"},
		{name: "phone with extension", in: "+1 4255550100x12", kind: pseudonym.Phone, want: "+14255550100x12"},
		{name: "phone by its type", in: "14255550100", phone: true, kind: pseudonym.Phone, want: "+14255550100"},
		{name: "digits", in: "14255550100", kind: pseudonym.Text, want: "14255550100"},
		{name: "masked phone", in: "+XX XXXXXXXX55", kind: pseudonym.Text, want: "+xx xxxxxxxx55"},

		{name: "name", in: "Adele Vance", kind: pseudonym.Text, want: "adele vance"},
		{name: "empty"}, {name: "space", in: "  "},
		{name: "zero GUID", in: "00000000-0000-0000-0000-000000000000"},
		{name: "zero GUID in braces", in: "{00000000-0000-0000-0000-000000000000}"},
		{name: "removed", in: "{PII Removed}"}, {name: "unknown", in: "Unknown"}, {name: "null", in: "<null>"},
		{name: "any address", in: "0.0.0.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var f pseudonym.Former
			kind, got := f.Form([]byte(c.in), c.phone)
			if kind != c.kind || string(got) != c.want {
				t.Errorf("Form(%q) = %v %q, want %v %q", c.in, kind, got, c.kind, c.want)
			}
			if kind == pseudonym.Placeholder {
				return
			}
			// A canonical form is its own canonical form.
			again := strings.Clone(string(got))
			if kind2, got2 := f.Form([]byte(again), c.phone); kind2 != kind || string(got2) != again {
				t.Errorf("Form(%q) = %v %q, not itself", again, kind2, got2)
			}
		})
	}
}

func TestParseKey(t *testing.T) {
	raw, _ := hex.DecodeString(secret)
	for _, c := range []struct {
		name, in string
		want     error
	}{
		{"hex", secret, nil},
		{"hex upper", strings.ToUpper(secret), nil},
		{"base64", base64.StdEncoding.EncodeToString(raw), nil},
		{"base64 unpadded", base64.RawStdEncoding.EncodeToString(raw), nil},
		{"base64url", base64.URLEncoding.EncodeToString(raw), nil},
		{"with a line end", base64.StdEncoding.EncodeToString(raw) + "\n", nil},
		{"empty", "", pseudonym.ErrShort},
		{"31 bytes", hex.EncodeToString(raw[:31]), pseudonym.ErrShort},
		{"a sentence", "correct horse battery staple", pseudonym.ErrForm},
		{"32 hex digits are 16 bytes", secret[:32], pseudonym.ErrShort},
		{"zeros", strings.Repeat("00", 32), pseudonym.ErrVariety},
		{"repeats", strings.Repeat("0123456789abcdef", 4), pseudonym.ErrVariety},
		{"a half twice", secret[:32] + secret[:32], pseudonym.ErrVariety},
		{"counts", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", pseudonym.ErrVariety},
		{"text in base64", base64.StdEncoding.EncodeToString([]byte("this is my very secret pass phrase 1!")), pseudonym.ErrVariety},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, err := pseudonym.ParseKey("k", c.in)
			if !errors.Is(err, c.want) {
				t.Fatalf("ParseKey: %v, want %v", err, c.want)
			}
			if err != nil && c.in != "" && strings.Contains(err.Error(), c.in) {
				t.Error("the error shows the secret")
			}
			if shown := fmt.Sprintf("%v %+v %#v", k, k, k); strings.Contains(shown, "8f") {
				t.Errorf("printing shows the secret: %s", shown)
			}
		})
	}
}

func TestPseudonymsOfDomainsDoNotJoin(t *testing.T) {
	seen := map[string]string{}
	for _, c := range [][3]string{{"k", "", ""}, {"k2", "", ""}, {"k", "t", ""}, {"k", "", "t"}, {"k", "t", "r"}, {"kt", "", ""}} {
		p, ok := maker(t, c[0], c[1], c[2]).Append(nil, []byte("adele@contoso.com"), false)
		if !ok || !strings.HasPrefix(string(p), "person_") || len(p) != len("person_")+20 {
			t.Errorf("%v: %q", c, p)
		}
		if other, ok := seen[string(p)]; ok {
			t.Errorf("%v and %s have one pseudonym", c, other)
		}
		seen[string(p)] = fmt.Sprint(c)
	}
}

// TestPseudonymsStay pins what is stored in archives: if it fails, Canon must
// change.
func TestPseudonymsStay(t *testing.T) {
	m := maker(t, "2026-11", "tenant", "recipient")
	for in, want := range stay {
		if got, _ := m.Append(nil, []byte(in), false); string(got) != want {
			t.Errorf("%q is %q, was %q", in, got, want)
		}
	}
	k, _ := pseudonym.ParseKey("", secret)
	if k.ID() != k.Check() || len(k.Check()) != 16 {
		t.Errorf("key without a name: id %q, check %q", k.ID(), k.Check())
	}
}

func TestAppendKeepsPlaceholders(t *testing.T) {
	m := maker(t, "k", "", "")
	for range 2 { // the second time from the cache
		if got, ok := m.Append([]byte("x"), []byte("<null>"), false); ok || string(got) != "x" {
			t.Errorf("got %q, %v", got, ok)
		}
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	m := maker(t, "k", "", "")
	values := [][]byte{
		[]byte("adele@contoso.com"), []byte("192.0.2.7"), []byte("3F2504E0-4F89-11D3-9A0C-0305E82C3301"),
		[]byte("Adele Vance"), []byte("José Ñandú"), []byte("+49 151 12345678"), []byte("Unknown"),
	}
	dst := make([]byte, 0, 64)
	run := func() {
		for _, v := range values {
			dst, _ = m.Append(dst[:0], v, false)
		}
	}
	run()
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("%v allocations for hot values", n)
	}
	fresh := []byte("user0000000@contoso.com")
	n := testing.AllocsPerRun(5000, func() {
		for i := 10; ; i-- {
			if fresh[i]++; fresh[i] <= '9' {
				break
			}
			fresh[i] = '0'
		}
		dst, _ = m.Append(dst[:0], fresh, false)
	})
	if n != 0 {
		t.Errorf("%v allocations for a new value", n)
	}
}

func FuzzForm(f *testing.F) {
	f.Add("Adele_fabrikam.com#EXT#@contoso.com", false)
	f.Add("jose\u0301@bu\u0308cher.example", true)
	f.Add("[::ffff:192.0.2.7%25eth0]:80", false)
	f.Fuzz(func(t *testing.T, in string, phone bool) {
		var a, b pseudonym.Former
		kind, form := a.Form([]byte(in), phone)
		upper := []byte(in)
		for i, c := range upper {
			if 'a' <= c && c <= 'z' {
				upper[i] = c - 'a' + 'A'
			}
		}
		if k, g := b.Form(upper, phone); k != kind || string(g) != string(form) {
			t.Errorf("%q is %v %q, in upper case %v %q", in, kind, form, k, g)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	m := maker(b, "k", "", "")
	dst := make([]byte, 0, 64)
	b.Run("hot", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			dst, _ = m.Append(dst[:0], []byte("adele.vance@contoso.com"), false)
		}
	})
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		v := []byte("3f2504e0-4f89-11d3-9a0c-0305e82c3301")
		for i := 0; b.Loop(); i++ {
			for k := range 6 {
				v[k] = "0123456789abcdef"[i>>(4*k)&15]
			}
			dst, _ = m.Append(dst[:0], v, false)
		}
	})
}

func FuzzParseIP(f *testing.F) {
	for _, s := range []string{"192.0.2.7", "::", "::1", "1::", "2001:db8::ffff:192.0.2.7", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "fe80::1%eth0", "01.2.3.4", "1:2:3:4:5:6:1.2.3.4", "::1.2.3.4", "1::2::3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsAny(s, "[]") || strings.Count(s, ":") == 1 || len(s) > 100 {
			return // brackets and ports are ours
		}
		got, ok := pseudonym.ParseIP([]byte(s))
		want, err := netip.ParseAddr(s)
		if ok != (err == nil) || ok && got != want.Unmap().WithZone("") {
			t.Errorf("%q is %v %v, want %v %v", s, got, ok, want, err)
		}
	})
}
