// Package signins makes sign-ins for measurements: any number of them, fast,
// in the shape of Graph beta, all invented.
//
// The distributions follow what was measured on published records: about
// 3.4 KB a record, of which conditional-access policies are about half (their
// number belongs to the tenant, every policy stands on every sign-in, results
// are half notApplied, a quarter notEnabled); few users, apps and addresses
// make most of the traffic; a fifth of the sign-ins fails, most with one of a
// few codes; names come in many scripts; one record in twenty holds an escape;
// a tenth of the leaves is null or empty. The same seed gives the same bytes.
package signins

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"time"
)

// Options says what to make.
type Options struct {
	Seed    uint64
	Records int
	Days    int  // the records are spread evenly over this many days, sorted by time
	Shuffle bool // the members of every object in another order on every record
}

// Write makes records, one a line.
func Write(w io.Writer, o Options) error {
	g := newTenant(o)
	out := bufio.NewWriterSize(w, 1<<20)
	var line []byte
	for i := range o.Records {
		line = g.record(line[:0], i)
		if _, err := out.Write(line); err != nil {
			return fmt.Errorf("write sign-in %d: %w", i, err)
		}
	}
	return out.Flush()
}

type tenant struct {
	o        Options
	rand     *rand.Rand
	start    time.Time
	users    []user
	apps     []string
	agents   []string
	places   []string
	ips      []string
	policies []policy
	members  []member
}

type user struct{ id, name, upn string }

type policy struct{ head, tail string }

// member is one member of the record; order is shuffled where asked for.
type member struct {
	name  string
	write func(g *tenant, b []byte, r *signIn) []byte
}

// signIn is the chance of one record, drawn before its members are written.
type signIn struct {
	at             time.Time
	id, session    string
	user           user
	app, agent     string
	place, ip      string
	code           int
	interactive    bool
	policyOutcomes []string
}

func newTenant(o Options) *tenant {
	g := &tenant{o: o, rand: rand.New(rand.NewPCG(o.Seed, 41)), start: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)}
	if g.o.Days <= 0 {
		g.o.Days = 1
	}
	first := []string{"Anna", "Jörg", "Zoë", "Łukasz", "Søren", "Οδυσσέας", "Мария", "明", "さくら", "민준", "فاطمة", "דוד", "प्रिया", "Nguyễn", "İpek", "Renée"}
	last := []string{"Müller", "O'Brien", "Åberg", "Kowalski", "Παπαδόπουλος", "Иванова", "王", "田中", "김", "الحسن", "כהן", "शर्मा", "Trần", "Yılmaz", "D'Angelo", "Smith"}
	for i := range 4000 {
		g.users = append(g.users, user{id: g.guid(), name: first[i%len(first)] + " " + last[i/len(first)%len(last)],
			upn: fmt.Sprintf("user%04d@contoso.example", i)})
	}
	for i := range 60 {
		g.apps = append(g.apps, fmt.Sprintf(`"%s","appDisplayName":"Contoso App %d"`, g.guid(), i))
	}
	for i := range 40 {
		g.agents = append(g.agents, fmt.Sprintf("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36 Edg/%d.0.0.0", 120+i, 120+i))
	}
	cities := []string{`"city":"Berlin","state":"Berlin","countryOrRegion":"DE"`, `"city":"München","state":"Bayern","countryOrRegion":"DE"`,
		`"city":"Paris","state":"Île-de-France","countryOrRegion":"FR"`, `"city":"Kraków","state":"Małopolskie","countryOrRegion":"PL"`,
		`"city":"São Paulo","state":"São Paulo","countryOrRegion":"BR"`, `"city":"東京","state":"Tokyo","countryOrRegion":"JP"`}
	for i, c := range cities {
		g.places = append(g.places, fmt.Sprintf(`{%s,"geoCoordinates":{"altitude":null,"latitude":%d.%05d,"longitude":%d.%05d}}`, c, 40+i, 1234*i+17, 8+i, 977*i+3))
	}
	for i := range 500 {
		g.ips = append(g.ips, fmt.Sprintf("203.0.113.%d", i%256), fmt.Sprintf("2001:db8:%x::%x", i, i*7+1))
	}
	for i := range 7 {
		g.policies = append(g.policies, policy{
			head: fmt.Sprintf(`{"id":"%s","displayName":"CA%03d: Require MFA for group %d","enforcedGrantControls":["Mfa"],"enforcedSessionControls":[],"result":"`, g.guid(), i, i),
			tail: `"}`})
	}
	g.members = members()
	return g
}

func (g *tenant) guid() string {
	a, b := g.rand.Uint64(), g.rand.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0xfff, b&0xffffffffffff)
}

// skewed draws an index below n, small ones much more often.
func (g *tenant) skewed(n int) int {
	f := g.rand.Float64()
	return int(f * f * f * float64(n))
}

var codes = []int{50126, 50126, 50126, 50053, 50057, 50074, 50076, 50140, 53003, 500121, 65001, 700016}

func (g *tenant) record(b []byte, i int) []byte {
	r := &signIn{
		at:   g.start.Add(time.Duration(float64(g.o.Days) * 24 * float64(time.Hour) * float64(i) / float64(g.o.Records))),
		id:   g.guid(),
		user: g.users[g.skewed(len(g.users))], app: g.apps[g.skewed(len(g.apps))],
		agent: g.agents[g.skewed(len(g.agents))], place: g.places[g.rand.IntN(len(g.places))],
		ip: g.ips[g.skewed(len(g.ips))], session: g.guid(), interactive: g.rand.IntN(10) > 2,
	}
	if g.rand.IntN(17) < 4 {
		r.code = codes[g.rand.IntN(len(codes))]
	}
	r.policyOutcomes = r.policyOutcomes[:0]
	for range g.policies {
		r.policyOutcomes = append(r.policyOutcomes, g.outcome())
	}
	order := g.members
	if g.o.Shuffle {
		order = append([]member(nil), order...)
		g.rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	b = append(b, '{')
	for n, m := range order {
		if n > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, m.name...)
		b = append(b, '"', ':')
		b = m.write(g, b, r)
	}
	return append(b, '}', '\n')
}

func (g *tenant) outcome() string {
	switch n := g.rand.IntN(100); {
	case n < 51:
		return "notApplied"
	case n < 76:
		return "notEnabled"
	case n < 93:
		return "reportOnlyNotApplied"
	default:
		return "success"
	}
}

func quoted(text string) func(*tenant, []byte, *signIn) []byte {
	return func(_ *tenant, b []byte, _ *signIn) []byte { return append(append(append(b, '"'), text...), '"') }
}

func raw(text string) func(*tenant, []byte, *signIn) []byte {
	return func(_ *tenant, b []byte, _ *signIn) []byte { return append(b, text...) }
}

func text(of func(*signIn) string) func(*tenant, []byte, *signIn) []byte {
	return func(_ *tenant, b []byte, r *signIn) []byte { return append(append(append(b, '"'), of(r)...), '"') }
}

func members() []member {
	return []member{
		{"id", text(func(r *signIn) string { return r.id })},
		{"createdDateTime", func(_ *tenant, b []byte, r *signIn) []byte {
			b = append(b, '"')
			b = r.at.AppendFormat(b, "2006-01-02T15:04:05.0000000Z")
			return append(b, '"')
		}},
		{"userDisplayName", text(func(r *signIn) string { return r.user.name })},
		{"userPrincipalName", text(func(r *signIn) string { return r.user.upn })},
		{"userId", text(func(r *signIn) string { return r.user.id })},
		{"appId", func(_ *tenant, b []byte, r *signIn) []byte { return append(b, r.app...) }},
		{"ipAddress", text(func(r *signIn) string { return r.ip })},
		{"clientAppUsed", quoted("Browser")},
		{"correlationId", text(func(r *signIn) string { return r.session })},
		{"conditionalAccessStatus", quoted("success")},
		{"isInteractive", func(_ *tenant, b []byte, r *signIn) []byte { return strconv.AppendBool(b, r.interactive) }},
		{"riskDetail", quoted("none")},
		{"riskLevelAggregated", quoted("none")},
		{"riskLevelDuringSignIn", quoted("none")},
		{"riskState", quoted("none")},
		{"riskEventTypes_v2", raw("[]")},
		{"resourceDisplayName", quoted("Microsoft Graph")},
		{"resourceId", quoted("00000003-0000-0000-c000-000000000000")},
		{"userType", quoted("member")},
		{"homeTenantId", quoted("5c1d5a55-0a9f-4b0e-9a4f-2f6f2f1d0c11")},
		{"resourceTenantId", quoted("5c1d5a55-0a9f-4b0e-9a4f-2f6f2f1d0c11")},
		{"crossTenantAccessType", quoted("none")},
		{"signInIdentifier", text(func(r *signIn) string { return r.user.upn })},
		{"signInEventTypes", raw(`["interactiveUser"]`)},
		{"userAgent", text(func(r *signIn) string { return r.agent })},
		{"uniqueTokenIdentifier", text(func(r *signIn) string { return r.session[:22] })},
		{"autonomousSystemNumber", raw("64500")},
		{"incomingTokenType", quoted("none")},
		{"mfaDetail", raw("null")},
		{"servicePrincipalId", quoted("")},
		{"status", func(_ *tenant, b []byte, r *signIn) []byte {
			b = append(b, `{"errorCode":`...)
			b = strconv.AppendInt(b, int64(r.code), 10)
			if r.code == 0 {
				return append(b, `,"failureReason":"Other.","additionalDetails":null}`...)
			}
			return append(b, `,"failureReason":"Error validating credentials due to invalid username or password.","additionalDetails":"The user didn't enter the right credentials."}`...)
		}},
		{"deviceDetail", func(_ *tenant, b []byte, r *signIn) []byte {
			b = append(b, `{"deviceId":"","displayName":"LAPTOP-`...)
			b = append(b, r.user.id[:8]...)
			return append(b, `","operatingSystem":"Windows10","browser":"Edge 139.0.0","isCompliant":true,"isManaged":true,"trustType":"Azure AD joined"}`...)
		}},
		{"location", verbatim(func(r *signIn) string { return r.place })},
		{"appliedConditionalAccessPolicies", func(g *tenant, b []byte, r *signIn) []byte {
			b = append(b, '[')
			for i, p := range g.policies {
				if i > 0 {
					b = append(b, ',')
				}
				b = append(b, p.head...)
				b = append(b, r.policyOutcomes[i]...)
				b = append(b, p.tail...)
			}
			return append(b, ']')
		}},
		{"authenticationProcessingDetails", func(g *tenant, b []byte, r *signIn) []byte {
			b = append(b, `[{"key":"Legacy TLS (TLS 1.0, 1.1, 3DES)","value":"False"},{"key":"Root Key Type","value":"Unknown"}`...)
			if r.id[0] == '0' {
				b = append(b, `,{"key":"Device","value":"\\\\fs01 \"share\" Jos\u00e9"}`...)
			}
			return append(b, ']')
		}},
		{"networkLocationDetails", raw(`[{"networkType":"namedNetwork","networkNames":["Head office"]}]`)},
		{"authenticationDetails", func(_ *tenant, b []byte, r *signIn) []byte {
			b = append(b, `[{"authenticationStepDateTime":"`...)
			b = r.at.AppendFormat(b, time.RFC3339)
			return append(b, `","authenticationMethod":"Password","authenticationMethodDetail":"Password in the cloud","succeeded":true,"authenticationStepRequirement":"Primary authentication"}]`...)
		}},
		{"sessionLifetimePolicies", raw("[]")},
	}
}

func verbatim(of func(*signIn) string) func(*tenant, []byte, *signIn) []byte {
	return func(_ *tenant, b []byte, r *signIn) []byte { return append(b, of(r)...) }
}
