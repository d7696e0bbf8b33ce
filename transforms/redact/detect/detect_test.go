package detect_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/transforms/redact/detect"
)

// everything is every type.
const everything = detect.Set(1<<16 - 1)

// marked writes text with what was found as «type:value».
func marked(key, text string) string {
	var f detect.Finder
	flat := strings.ToLower(text)
	var b strings.Builder
	at := 0
	for _, h := range f.Find(detect.Text{Flat: []byte(flat), Src: []byte(text), Key: []byte(key)}, everything) {
		fmt.Fprintf(&b, "%s«%v:%s»", text[at:h.Start], h.Type, text[h.Start:h.End])
		at = h.End
	}
	return b.String() + text[at:]
}

func TestFind(t *testing.T) {
	for _, c := range []struct{ name, key, text, want string }{
		{name: "email", text: "mail adele@contoso.com, or <Adele.V+x@sub.Contoso.co.uk>.", want: "mail «email:adele@contoso.com», or <«email:Adele.V+x@sub.Contoso.co.uk»>."},
		{name: "email behind schemes", text: "SMTP:a.b@contoso.com mailto:c@contoso.com", want: "SMTP:«email:a.b@contoso.com» mailto:«email:c@contoso.com»"},
		{name: "guest", text: "by adele_fabrikam.com#EXT#@contoso.com and adele_fabrikam.com#EXT#.", want: "by «email:adele_fabrikam.com#EXT#@contoso.com» and «email:adele_fabrikam.com#EXT#»."},
		{name: "provider", text: "mail#adele@fabrikam.com", want: "«email:mail#adele@fabrikam.com»"},
		{name: "email in quotes", text: "eq 'o'hara@contoso.com' or eq'adele@contoso.com'", want: "eq '«email:o'hara@contoso.com»' or eq'«email:adele@contoso.com»'"},
		{name: "email and scripts", text: "用户adele@contoso.com已登录, адрес иван@пример.example", want: "用户«email:adele@contoso.com»已登录, адрес «email:иван@пример.example»"},
		{name: "no email", text: "left-pad@1.3.0 @odata.type members@odata.bind logo@2x.png a@b @handle x @ y.com", want: "left-pad@1.3.0 @odata.type members@odata.bind logo@2x.png a@b @handle x @ y.com"},
		{name: "IPv4", text: "from 192.0.2.7, [198.51.100.9]:443 or 203.0.113.5/24.", want: "from «ip:192.0.2.7», [«ip:198.51.100.9»]:443 or «ip:203.0.113.5»/24."},
		{name: "no IPv4", text: "Chrome/122.0.0.0 Rich Client 4.40.0.0 1.3.6.1.4.1 version 1.2.3.4 v1.2.3.4 1.2.3.4.5 256.1.1.1 01.2.3.4 2.5.29.15", want: "Chrome/122.0.0.0 Rich Client 4.40.0.0 1.3.6.1.4.1 version 1.2.3.4 v1.2.3.4 1.2.3.4.5 256.1.1.1 01.2.3.4 2.5.29.15"},
		{name: "nobody's IPv4", text: "127.0.0.1 255.255.255.192 0.0.0.7", want: "127.0.0.1 255.255.255.192 0.0.0.7"},
		{name: "version by key", key: "phoneappversion", text: "6.21.3.4", want: "6.21.3.4"},
		{name: "small address", text: "from 1.2.3.4, IP 5.6.7.8, 9.8.7.6:443, Adresse 5.6.7.8, caller 5.6.7.9 and [8.8.8.8]", want: "from «ip:1.2.3.4», IP «ip:5.6.7.8», «ip:9.8.7.6»:443, Adresse «ip:5.6.7.8», caller «ip:5.6.7.9» and [«ip:8.8.8.8»]"},
		{name: "small address alone", text: "5.6.7.8", want: "«ip:5.6.7.8»"},
		{name: "address behind a sentence on updates", text: "Policy updated. Sign-in from 5.6.7.8", want: "Policy updated. Sign-in from «ip:5.6.7.8»"},
		{name: "updated from an address", text: "Policy updated from 5.6.7.8 by admin", want: "Policy updated from «ip:5.6.7.8» by admin"},
		{name: "address with many digits behind a name", text: "blocked Adele 81.2.169.142 today", want: "blocked Adele «ip:81.2.169.142» today"},
		{name: "an address is updated", text: "Updated Leipzig 5.6.7.8 and changed 5.6.7.8 to 5.6.7.9", want: "Updated Leipzig «ip:5.6.7.8» and changed «ip:5.6.7.8» to «ip:5.6.7.9»"},
		{name: "version by what follows", text: "this needs 5.12.3.8 or later", want: "this needs 5.12.3.8 or later"},
		{name: "version further on", text: "this version of the broker is 112.113.114.115, blocked 112.113.114.116", want: "this version of the broker is 112.113.114.115, blocked «ip:112.113.114.116»"},
		{name: "version and address", text: "client version 5.2.1.3 was denied on 81.2.69.142 and 81.2.69.143", want: "client version 5.2.1.3 was denied on «ip:81.2.69.142» and «ip:81.2.69.143»"},
		{name: "versions compared", text: "needs >=10.4.1.7, Mobile/10.4.1.8 has § 10.4.1.9", want: "needs >=10.4.1.7, Mobile/10.4.1.8 has § 10.4.1.9"},
		{name: "host of a service", text: "HTTP/10.1.2.3 and cifs/10.1.2.4", want: "HTTP/«ip:10.1.2.3» and cifs/«ip:10.1.2.4»"},
		{name: "word behind a version", text: "Aracının 15.112.113.14 sürümü kaldırıldı, 에이전트 15.112.113.14 버전", want: "Aracının 15.112.113.14 sürümü kaldırıldı, 에이전트 15.112.113.14 버전"},
		{name: "version of a program", text: "the agent runs 5.12.3.8", want: "the agent runs 5.12.3.8"},
		{name: "path is no product", text: "https://graph/users/10.1.2.3 and https://10.1.2.4/x", want: "https://graph/users/«ip:10.1.2.3» and https://«ip:10.1.2.4»/x"},
		{name: "IPv6", text: "2001:DB8::1, [fe80::1%eth0]:443, ::ffff:192.0.2.7 and 1:2:3:4:5:6:7:8.", want: "«ip:2001:DB8::1», [«ip:fe80::1»%eth0]:443, «ip:::ffff:192.0.2.7» and «ip:1:2:3:4:5:6:7:8»."},
		{name: "no IPv6", text: "at 12:34:56, std::string, a::b, 1:2:3:4:5:6:7:8:9:10, 00:1a:2b:ff:fe:3c:4d:5e, ::", want: "at 12:34:56, std::string, a::b, 1:2:3:4:5:6:7:8:9:10, 00:1a:2b:ff:fe:3c:4d:5e, ::"},
		{name: "MAC", text: "00:00:5e:00:53:af 00-00-5E-00-53-AF 0000.5e00.53af", want: "«mac:00:00:5e:00:53:af» «mac:00-00-5E-00-53-AF» «mac:0000.5e00.53af»"},
		{name: "no MAC", text: "00:00:5e:00:53:af:01 00-00-5e-00-53", want: "00:00:5e:00:53:af:01 00-00-5e-00-53"},
		{name: "SID", text: "S-1-5-21-1085031214-1563985344-725345543-1001 but S-1-5-18", want: "«sid:S-1-5-21-1085031214-1563985344-725345543-1001» but S-1-5-18"},
		{name: "domain user", text: `CONTOSO\adele, contoso.com\bob.x and (CONTOSO\nina)`, want: `«domain_user:CONTOSO\adele», «domain_user:contoso.com\bob.x» and («domain_user:CONTOSO\nina»)`},
		{name: "no domain user", text: `C:\Windows\Temp failed\nuser \\server\share NT AUTHORITY\SYSTEM Sites\x\y Reports\q1.xlsx`, want: `C:\Windows\Temp failed\nuser \\server\share NT AUTHORITY\SYSTEM Sites\x\y Reports\q1.xlsx`},
		{name: "JWT", text: "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl.", want: "token «credential:eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl»."},
		{name: "bearer", text: "Bearer abcdef0123456789ABCDEF, Bearer token authentication", want: "Bearer «credential:abcdef0123456789ABCDEF», Bearer token authentication"},
		{name: "SAS", text: "?sv=1&sig=abcdefghijklmnopqrstuvwxyz0123456789%2B/=&sp=r", want: "?sv=1&sig=«credential:abcdefghijklmnopqrstuvwxyz0123456789%2B/=»&sp=r"},
		{name: "URL login", text: "https://bob:s3cret@host.contoso.com/x", want: "https://«credential:bob:s3cret»@host.contoso.com/x"},
		{name: "IBAN", text: "DE89 3704 0044 0532 0130 00 GB82WEST12345698765432 DE89370400440532013001", want: "«iban:DE89 3704 0044 0532 0130 00» «iban:GB82WEST12345698765432» DE89370400440532013001"},
		{name: "card", text: "4111 1111 1111 1111, 4111-1111-1111-1112, 378282246310005", want: "«card:4111 1111 1111 1111», 4111-1111-1111-1112, «card:378282246310005»"},
		{name: "SSN", text: "457-55-5462, 000-12-3456, 666-12-3456, 912-12-3456, 123-00-4567", want: "«ssn:457-55-5462», 000-12-3456, 666-12-3456, 912-12-3456, 123-00-4567"},
		{name: "phone", text: "+49 30 23125 982; +1 (425) 555-0122 and 425-555-0122 x12", want: "«phone:+49 30 23125 982»; «phone:+1 (425) 555-0122» and «phone:425-555-0122» x12"},
		{name: "phone said", text: "Tel. 030/23125391", want: "Tel. «phone:030/23125391»"},
		{name: "phone by key", key: "mobile", text: "030 23125391", want: "«phone:030 23125391»"},
		{name: "no phone", text: "+XX XXXXXXXX55, +1 XXXXXXXX12, 2026-11-23 14:05:06, 02.01.2006 15:04:05, id 4255550122", want: "+XX XXXXXXXX55, +1 XXXXXXXX12, 2026-11-23 14:05:06, 02.01.2006 15:04:05, id 4255550122"},
		{name: "GUID", text: "Directory_3f2504e0-4f89-11d3-9a0c-0305e82c3301_X", want: "Directory_«guid:3f2504e0-4f89-11d3-9a0c-0305e82c3301»_X"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, marked(c.key, c.text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSets(t *testing.T) {
	var f detect.Finder
	text := detect.Text{Flat: []byte("adele@contoso.com from 192.0.2.7")}
	ip, ok := detect.Parse("ip")
	if hits := f.Find(text, ip); !ok || len(hits) != 1 || hits[0].Type != detect.IP {
		t.Errorf("asked for ip: %v", hits)
	}
	if _, ok := detect.Parse("name"); ok {
		t.Error("there is a type name")
	}
}

// BenchmarkAdversarial: the time per byte must be the same for texts of any
// length that are made to be looked at again and again.
func BenchmarkAdversarial(b *testing.B) {
	for _, unit := range []string{"@", "a@", "a.", "a@a.", ":", "1:", "a:", "1.", "1 ", "1-", "+1", "+1 ", "+4930", "(", `\`, `a\`, "#ext#", "eyj.", "eyja", "sig=", "s-1-", "://a:", "bearer ", "de00 ", "0 ", "030 1234567x", "用@", "’"} {
		for _, size := range []int{2_000, 64_000} {
			b.Run(fmt.Sprintf("%q×%d", unit, size), func(b *testing.B) {
				var f detect.Finder
				text := detect.Text{Flat: []byte(strings.Repeat(unit, size/len(unit)))}
				b.SetBytes(int64(size))
				for b.Loop() {
					f.Find(text, everything)
				}
			})
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add("adele@contoso.com +49 30 23125 982 192.0.2.7 CONTOSO\\adele", "mobile")
	f.Fuzz(func(t *testing.T, text, key string) {
		var f detect.Finder
		last := 0
		for _, h := range f.Find(detect.Text{Flat: []byte(text), Key: []byte(key), Src: []byte(text)}, everything) {
			if h.Start < last || h.End <= h.Start || h.End > len(text) {
				t.Fatalf("hit %v of %d bytes behind %d", h, len(text), last)
			}
			last = h.End
		}
	})
}

func BenchmarkFind(b *testing.B) {
	var f detect.Finder
	text := detect.Text{Flat: []byte("mfa requirement satisfied by claim in the token for adele@contoso.com from 192.0.2.7 with chrome/139.0.0.0 at 2026-11-23t14:05:06z")}
	b.SetBytes(int64(len(text.Flat)))
	b.ReportAllocs()
	for b.Loop() {
		f.Find(text, detect.Default)
	}
}
