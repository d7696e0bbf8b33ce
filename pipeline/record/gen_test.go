package record_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/logpipe/logpipe/pipeline/record"
)

// generator makes records in the shape of sign-ins: some thirty fields, nested
// objects, and a long list of conditional access policies that is most of the
// bytes. The same seed gives the same bytes.
type generator struct {
	r       *rand.Rand
	escapes bool // in every record instead of in some
	shuffle bool // members in any order
}

func newGenerator(seed uint64) *generator {
	return &generator{r: rand.New(rand.NewPCG(seed, 7))}
}

func (g *generator) pick(of ...string) string { return of[g.r.IntN(len(of))] }

func (g *generator) id() string {
	return fmt.Sprintf(`"%08x-%04x-4%03x-9%03x-%012x"`, g.r.Uint32(), g.r.Uint32()&0xffff, g.r.Uint32()&0xfff, g.r.Uint32()&0xfff, g.r.Uint64()&0xffffffffffff)
}

func (g *generator) object(members ...string) string {
	if g.shuffle {
		g.r.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (g *generator) record() []byte {
	r := g.r
	name := g.pick("Ada Berg", "Jo Quist", "Мария Ива", "李雷", "Zoë Åström", "Kim O'Neil")
	agent := g.pick("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0", "Dalvik/2.1.0 (Linux; U; Android 14)")
	detail := "MFA requirement satisfied by claim in the token"
	if g.escapes || r.IntN(10) == 0 {
		detail = `said \"no\" in C:\\temp\\x \u00e9`
	}
	failed := r.IntN(6) == 0
	code, reason := "0", "Other."
	if failed {
		code, reason = g.pick("50126", "50053", "53003"), "Error validating credentials due to invalid username or password."
	}
	var policies []string
	for i := range 10 + r.IntN(3) {
		policies = append(policies, g.object(
			`"id":`+g.id(),
			fmt.Sprintf(`"displayName":"CA%03d: require strong authentication for %s"`, i, g.pick("admins", "guests", "all apps")),
			`"enforcedGrantControls":[`+g.pick("", `"Mfa"`, `"Mfa","RequireCompliantDevice"`)+`]`,
			`"enforcedSessionControls":[]`,
			`"result":"`+g.pick("notApplied", "success", "reportOnlyNotApplied")+`"`,
		))
	}
	return []byte(g.object(
		`"id":`+g.id(),
		fmt.Sprintf(`"createdDateTime":"2026-11-%02dT%02d:%02d:%02dZ"`, 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60)),
		fmt.Sprintf(`"userDisplayName":"%s"`, name),
		fmt.Sprintf(`"userPrincipalName":"user%d@contoso.example"`, r.IntN(5000)),
		`"userId":`+g.id(),
		`"appId":`+g.id(),
		`"appDisplayName":"`+g.pick("Office 365 Exchange Online", "Azure Portal", "Payroll")+`"`,
		fmt.Sprintf(`"ipAddress":"203.0.113.%d"`, r.IntN(256)),
		`"clientAppUsed":"`+g.pick("Browser", "Mobile Apps and Desktop clients")+`"`,
		`"userAgent":"`+agent+`"`,
		`"correlationId":`+g.id(),
		`"conditionalAccessStatus":"`+g.pick("success", "notApplied", "failure")+`"`,
		`"originalRequestId":null`,
		`"isInteractive":`+g.pick("true", "false"),
		fmt.Sprintf(`"processingTimeInMilliseconds":%d`, r.IntN(900)),
		`"riskDetail":"none"`, `"riskState":"none"`, `"riskEventTypes":[]`,
		`"resourceDisplayName":"Windows Azure Active Directory"`,
		`"resourceId":`+g.id(),
		`"status":`+g.object(`"errorCode":`+code, `"failureReason":"`+reason+`"`, `"additionalDetails":"`+detail+`"`),
		`"deviceDetail":`+g.object(`"deviceId":`+g.id(), `"displayName":"PC-`+g.pick("0144", "2071")+`"`, `"operatingSystem":"Windows11"`, `"browser":"Chrome 139.0.0"`, `"isCompliant":true`, `"trustType":"Hybrid Azure AD joined"`),
		`"location":`+g.object(`"city":"`+g.pick("Malmö", "Oslo", "Київ")+`"`, `"state":"Skåne"`, `"countryOrRegion":"`+g.pick("SE", "NO", "UA")+`"`, fmt.Sprintf(`"geoCoordinates":{"altitude":null,"latitude":%.4f,"longitude":%.5f}`, r.Float64()*90, r.Float64()*90)),
		`"appliedConditionalAccessPolicies":[`+strings.Join(policies, ",")+`]`,
	))
}

func (g *generator) records(n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = g.record()
	}
	return out
}

func path(t testing.TB, text string) record.Path {
	t.Helper()
	p, err := record.ParsePath(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// batchOf returns a batch of the records, as a reader of lines would fill it.
func batchOf(l *record.Layout, records ...[]byte) *record.Batch {
	b := record.NewBatch(l.Compile())
	fill(b, records)
	return b
}

func fill(b *record.Batch, records [][]byte) {
	b.Reset("test")
	all := bytes.Join(records, []byte("\n"))
	copy(b.Space(len(all)), all)
	b.Filled(len(all))
	at := 0
	for _, r := range records {
		b.Add(at, at+len(r), int64(at))
		at += len(r) + 1
	}
}
