package graphsim

import (
	"fmt"

	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

// app is an application that people or workloads sign in to or with.
type app struct{ id, name string }

// Applications of Microsoft, by their public ids. The first are used most.
var firstParty = [...]app{
	{"00000002-0000-0ff1-ce00-000000000000", "Office 365 Exchange Online"},
	{"1fec8e78-bce4-4aaf-ab1b-5451cc387264", "Microsoft Teams"},
	{"00000003-0000-0ff1-ce00-000000000000", "Office 365 SharePoint Online"},
	{"4765445b-32c6-49b0-83e6-1d93765276ca", "OfficeHome"},
	{"c44b4083-3bb0-49c1-b47d-974e53cbdf3c", "Azure Portal"},
	{"ab9b8c07-8f02-4f72-87fa-80105867a763", "OneDrive SyncEngine"},
	{"d3590ed6-52b3-4102-aeff-aad2292ab01c", "Microsoft Office"},
	{"04b07795-8ddb-461a-bbee-02f9e1bf7b46", "Microsoft Azure CLI"},
	{"de8bc8b5-d9f9-48b1-a8ad-b748da725064", "Graph Explorer"},
}

var resources = [...]app{
	{"00000003-0000-0000-c000-000000000000", "Microsoft Graph"},
	{"00000002-0000-0ff1-ce00-000000000000", "Office 365 Exchange Online"},
	{"00000003-0000-0ff1-ce00-000000000000", "Office 365 SharePoint Online"},
	{"797f4846-ba00-4fd7-ba43-dac1f8f63013", "Windows Azure Service Management API"},
	{"cfa8b339-82a2-471a-a3c9-0fc0be7a4093", "Azure Key Vault"},
	{"e406a681-f3d4-42a8-90b6-c2b029497af1", "Azure Storage"},
}

var ownApps = [...]string{"Payroll", "Travel & Expenses", "Zeiterfassung", "CRM", "顧客管理", "Wiki", "Helpdesk", "Bâtiment 4 – badges", "Build server", "Backup", "Invoice robot", "Müller's report tool"}

// policyNames name the tenant's conditional-access policies, some after
// people, as administrators do.
var policyNames = [...]string{
	"CA001: Require MFA for admins", "CA002: Require MFA for all users", "CA003: Block legacy authentication",
	"Block access Julian I", "CA010: Require compliant device – Finance", "Sign-in frequency (test Zoë)",
	"CA014: Block countries", "CA020: High sign-in risk", "Guests: terms of use",
}

// failure is a way in which a sign-in fails.
type failure struct {
	code   int
	reason []byte // JSON text
	detail string // JSON text of additionalDetails
	second bool   // the second factor failed, not the first
}

// failures are drawn with a heavy head.
func failures() []failure {
	codes := []int{50126, 50140, 50074, 50076, 50058, 53003, 500121, 50053, 50055, 65001, 50057, 50105, 50072, 53000, 50034, 70043, 90094}
	out := make([]failure, 0, len(codes))
	for _, c := range codes {
		why := "Other."
		if e, ok := logs.ErrorCode(int64(c)); ok {
			why = e.Reason
		}
		f := failure{code: c, reason: quote(nil, why), detail: `null`, second: c == 500121 || c == 50074 || c == 50076}
		switch {
		case f.second:
			f.detail = `"MFA required in Azure AD"`
		case c == 50126:
			f.detail = `"The user didn't enter the right credentials. \u00a0It's expected to see some of these in the logs, as people make mistakes."`
		}
		out = append(out, f)
	}
	return out
}

// policy is one conditional-access policy, ready to be written.
type policy struct {
	head    []byte // up to the result
	tail    []byte // behind the result, v1.0
	beta    []byte // behind the result, beta
	state   int    // 0 enabled, 1 disabled, 2 report-only
	mfa     bool
	applies int // to one sign-in in so many
}

func (t *Tenant) newPolicies() []policy {
	d := dice(mix(t.seed ^ 'p'))
	out := make([]policy, 0, 8)
	for i := range 1 + d.n(4) {
		p := policy{state: []int{0, 0, 1, 2}[d.n(4)], mfa: i < 2, applies: 2 + d.n(20)}
		grants := `["Mfa"]`
		if !p.mfa {
			grants = []string{`["Block"]`, `["RequireCompliantDevice"]`, `[]`}[d.n(3)]
		}
		p.head = memberGUID([]byte(`{`), `"id":`, hidden(pack(feedPolicies, int64(i), 0), t.seed))
		p.head = quote(append(p.head, `,"displayName":`...), policyNames[(i+int(t.seed%5))%len(policyNames)])
		p.head = fmt.Appendf(p.head, `,"enforcedGrantControls":%s,"enforcedSessionControls":[],"result":"`, grants)
		p.tail = []byte(`"}`)
		p.beta = []byte(`","conditionsSatisfied":"application,users","conditionsNotSatisfied":"none"}`)
		if i == 0 {
			p.beta = []byte(`","conditionsSatisfied":"application,users","conditionsNotSatisfied":"none","includeRulesSatisfied":[{"conditionalAccessCondition":"application","ruleSatisfied":"allApps"}],"excludeRulesSatisfied":[]}`)
		}
		out = append(out, p)
	}
	return out
}

// application returns an application that people use: n in [0, apps()).
func (t *Tenant) application(n int) (id guid, name string) {
	if n < len(firstParty) {
		id, _ = parseGUID(firstParty[n].id)
		return id, firstParty[n].name
	}
	n -= len(firstParty)
	return hidden(pack(feedApps, int64(n), 0), t.seed), ownApps[n%len(ownApps)]
}

func (t *Tenant) apps() int { return len(firstParty) + len(ownApps) }

// principal returns a service principal of the tenant: n in [0, principals).
func (t *Tenant) principal(n int) (id, appID guid, name string) {
	appID = hidden(pack(feedApps, int64(n), 0), t.seed)
	return hidden(pack(feedPrincipals, int64(n), 0), t.seed), appID, ownApps[n%len(ownApps)]
}

// principals is the number of service principals of a tenant with that many
// users.
func principals(users int) int { return len(ownApps) + users/40 }
