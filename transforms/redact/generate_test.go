package redact_test

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/logpipe/logpipe/pipeline/record"
)

// person is one user of a simulated directory. Everything about it is invented.
type person struct {
	first, last    string
	upn, mail      string
	id, ip, phone  string
	device         string
	guest, deleted bool
}

var firstNames = []string{
	"Adele", "Jürgen", "José", "Zoë", "Søren", "Łukasz", "İsmail", "Nikos", "Νίκος", "Ελένη", "Иван", "Ольга", "王", "李", "さくら", "健",
	"민준", "서연", "محمد", "فاطمة", "דוד", "שרה", "अर्जुन", "प्रिया", "สมชาย", "Nguyễn", "O'Brien", "Anne-Marie", "Groß", "Ægir",
}

var lastNames = []string{
	"Vance", "Müller", "García", "Åkesson", "Wójcik", "Yılmaz", "Papadopoulos", "Παππάς", "Петров", "Смирнова", "小明", "伟", "田中", "佐藤",
	"김", "박", "الحسن", "כהן", "शर्मा", "ใจดี", "Trần", "de la Cruz", "van den Berg", "Smith-Jones", "D'Angelo", "Straße", "Strasse", "Ng",
}

var domains = []string{"contoso.com", "fabrikam.com", "tailspin.example", "bücher.example", "παράδειγμα.example", "adatum.onmicrosoft.com"}

// newPerson makes the n-th user: the number is in the address, so that no two
// are one.
func newPerson(r *rand.Rand, n int) person {
	p := person{first: firstNames[r.IntN(len(firstNames))], last: lastNames[r.IntN(len(lastNames))]}
	domain := domains[r.IntN(len(domains))]
	local := asciiOnly(p.first) + "." + asciiOnly(p.last) + fmt.Sprint(n)
	switch r.IntN(8) {
	case 0: // an address in the user's own script
		local = strings.ToLower(p.first) + fmt.Sprint(n)
	case 1:
		local = fmt.Sprintf("u_%d_x", n)
	case 2:
		local = fmt.Sprintf("%x", n) + "ada"
	}
	p.upn = strings.ToLower(local) + "@" + domain
	p.mail = p.upn
	p.guest, p.deleted = r.IntN(6) == 0, r.IntN(12) == 0
	p.id = guid(r)
	p.ip = fmt.Sprintf("%d.%d.%d.%d", 1+r.IntN(223), r.IntN(256), n>>8&255, n&255)
	if r.IntN(4) == 0 {
		p.ip = fmt.Sprintf("2001:db8:%x:%x::%x", r.IntN(65536), n>>16, n&0xffff)
	}
	p.phone = fmt.Sprintf("+49 151 %08d", n)
	p.device = "LAPTOP-" + strings.ToUpper(asciiOnly(p.last)) + fmt.Sprint(n)
	return p
}

// spellings returns the forms in which logs write the address of p.
func (p person) spellings() []string {
	at := strings.LastIndexByte(p.upn, '@')
	guest := p.upn[:at] + "_" + p.upn[at+1:] + "#EXT#@contoso.onmicrosoft.com"
	id := strings.ReplaceAll(p.id, "-", "")
	return []string{
		p.upn, upperASCII(p.upn), p.upn + ".", " " + p.upn, strings.Replace(p.upn, "@", "＠", 1),
		guest, upperASCII(guest), id + p.upn, id + guest, "mail#" + p.upn, "live.com#" + p.upn, "SMTP:" + p.upn, "mailto:" + p.upn,
		"i:0#.f|membership|" + p.upn, p.first + " " + p.last + " <" + p.upn + ">", p.upn[at+1:] + `\` + p.upn[:at],
	}
}

func upperASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - 32
		}
	}
	return string(b)
}

func asciiOnly(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 && r != '\'' && r != ' ' {
			b.WriteRune(r)
		} else if r >= 0x80 {
			fmt.Fprintf(&b, "%x", r%251)
		}
	}
	return b.String()
}

func guid(r *rand.Rand) string {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], r.Uint64())
	binary.LittleEndian.PutUint64(b[8:], r.Uint64())
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func quote(s string) string { return string(record.AppendString(nil, []byte(s))) }

// policies are a tenant's: the same on each of its sign-ins.
func policies(r *rand.Rand, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		result := []string{"notApplied", "notApplied", "notEnabled", "reportOnlyNotApplied", "success"}[r.IntN(5)]
		fmt.Fprintf(&b, `{"id":"%s","displayName":"CA%03d: Require something for all users","enforcedGrantControls":["Mfa"],"enforcedSessionControls":[],"result":"%s","conditionsSatisfied":"none","conditionsNotSatisfied":"none"}`, guid(r), i, result)
	}
	return b.String()
}

const edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0"

// signIn makes a sign-in of p of about 3.4 KB with twelve policies.
func signIn(r *rand.Rand, p person, policies string) string {
	failure := "null"
	if r.IntN(5) == 0 {
		failure = quote("User " + p.upn + " from " + p.ip + " is blocked")
	}
	return fmt.Sprintf(`{"id":"%s","createdDateTime":"2026-11-%02dT%02d:%02d:06.1234567Z","userDisplayName":%s,"userPrincipalName":%s,"userId":"%s","appId":"%s","appDisplayName":"Azure Portal","ipAddress":"%s","ipAddressFromResourceProvider":null,"clientAppUsed":"Browser","correlationId":"%s","conditionalAccessStatus":"success","isInteractive":true,"riskDetail":"none","riskLevelAggregated":"none","riskState":"none","riskEventTypes_v2":[],"resourceDisplayName":"Windows Azure Service Management API","resourceId":"797f4846-ba00-4fd7-ba43-dac1f8f63013","originalRequestId":"","userAgent":"%s","homeTenantId":"%s","autonomousSystemNumber":64500,"signInIdentifier":%s,"signInEventTypes":["interactiveUser"],"uniqueTokenIdentifier":"%s","status":{"errorCode":0,"failureReason":%s,"additionalDetails":"MFA requirement satisfied by claim in the token"},"deviceDetail":{"deviceId":"%s","displayName":%s,"operatingSystem":"Windows 10","browser":"Edge 139.0.0","isCompliant":true,"isManaged":true,"trustType":"Azure AD joined"},"location":{"city":"Kiel","state":"Schleswig-Holstein","countryOrRegion":"DE","geoCoordinates":{"altitude":null,"latitude":54.3233,"longitude":10.1228}},"authenticationDetails":[{"authenticationStepDateTime":"2026-11-23T14:05:06Z","authenticationMethod":"Previously satisfied","succeeded":true,"authenticationStepResultDetail":"MFA requirement satisfied by claim in the token"}],"authenticationProcessingDetails":[{"key":"Login Hint Present","value":"True"},{"key":"IP Addresses Involved in Auth Flow","value":%s}],"appliedConditionalAccessPolicies":[%s]}`,
		guid(r), 1+r.IntN(28), r.IntN(24), r.IntN(60), quote(p.first+" "+p.last), quote(p.upn), p.id, guid(r), p.ip, guid(r), edge, guid(r),
		quote(p.mail), "tok"+hex.EncodeToString([]byte(p.id[:8])), failure, guid(r), quote(p.device), quote("["+p.ip+"]"), policies)
}
