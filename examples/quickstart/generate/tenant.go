package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// tenant invents sign-ins. All chance comes from rand, in a fixed order.
type tenant struct {
	rand     *rand.Rand
	people   []person
	apps     []app
	agents   []agent
	failures []failure
	start    time.Time
}

const days = 3

func newTenant(seed uint64) *tenant {
	t := &tenant{
		rand:     rand.New(rand.NewPCG(seed, seed)),
		people:   people(),
		apps:     apps(),
		agents:   agents(),
		failures: failures(),
		start:    time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC),
	}
	for i := range t.people {
		t.people[i].id = t.guid()
	}
	return t
}

// signIns returns n records sorted by time, the night of the spray among them.
func (t *tenant) signIns(n int) []signIn {
	all := t.spray(t.start.Add(26*time.Hour + 11*time.Minute))
	for len(all) < n {
		all = append(all, t.usual(t.moment()))
	}
	slices.SortStableFunc(all, func(a, b signIn) int { return cmp.Compare(a.CreatedDateTime, b.CreatedDateTime) })
	return all
}

// moment is some time of the three days, mostly office hours.
func (t *tenant) moment() time.Time {
	day := time.Duration(t.rand.IntN(days)) * 24 * time.Hour
	hour := 7 + t.rand.NormFloat64()*3 + 4
	hour = min(max(hour, 0), 23.9)
	return t.start.Add(day + time.Duration(hour*float64(time.Hour)))
}

// usual is a sign-in of a working day: nine in ten succeed.
func (t *tenant) usual(at time.Time) signIn {
	p := pick(t.rand, t.people)
	r := t.base(at, p, pick(t.rand, t.apps), pick(t.rand, t.agents), p.place)
	switch {
	case p.disabled:
		t.fail(&r, failure{50057, "The account is disabled.", ""})
	case r.ClientAppUsed == "Authenticated SMTP":
		t.fail(&r, failure{53003, "Access was refused by a conditional access policy.", "Block old protocols"})
	case t.rand.IntN(10) == 0:
		t.fail(&r, pick(t.rand, t.failures))
	default:
		t.succeed(&r)
	}
	return r
}

// spray is one address that tries one password on everybody: wrong for most,
// locked for some, and right once, where the second factor stops it.
func (t *tenant) spray(at time.Time) []signIn {
	from := place("Amsterdam", "Noord-Holland", "NL", 52.3676, 4.9041)
	tool := agent{"python-requests/2.32", "", "Python Requests 2.32"}
	var all []signIn
	for i, p := range t.people {
		at = at.Add(time.Duration(20+t.rand.IntN(30)) * time.Second)
		r := t.base(at, p, t.apps[4], tool, from)
		r.IPAddress, r.AutonomousSystemNumber = "203.0.113.77", 64511
		r.RiskLevelDuringSignIn, r.RiskLevelAggregated, r.RiskState = "medium", "medium", "atRisk"
		r.RiskEventTypesV2 = []string{"passwordSpray"}
		r.DeviceDetail = device{Browser: tool.browser}
		switch {
		case i == 9:
			t.fail(&r, failure{50074, "A second factor was asked for and not given.", "Second factor for everybody"})
		case i%6 == 5:
			t.fail(&r, failure{50053, "The account is locked after too many wrong passwords.", ""})
		default:
			t.fail(&r, failure{50126, "The user name or the password is wrong.", ""})
		}
		all = append(all, r)
	}
	return all
}

func (t *tenant) base(at time.Time, p person, a app, g agent, where location) signIn {
	id := t.guid()
	guest, access := "member", "none"
	if p.home != contoso {
		guest, access = "guest", "b2bCollaboration"
	}
	return signIn{
		ID: id, CreatedDateTime: stamp(at, t.rand.IntN(10_000_000)),
		UserDisplayName: p.name, UserPrincipalName: p.upn, UserID: p.id,
		AppID: a.id, AppDisplayName: a.name, AuthenticationRequirement: "singleFactorAuthentication",
		IPAddress: t.address(), ClientAppUsed: a.client, UserAgent: g.text,
		CorrelationID: t.guid(), ConditionalAccessStatus: "notApplied", OriginalRequestID: id,
		IsInteractive: true, TokenIssuerType: "AzureAD", ProcessingTimeInMilliseconds: 80 + t.rand.IntN(900),
		RiskDetail: "none", RiskLevelAggregated: "none", RiskLevelDuringSignIn: "none", RiskState: "none",
		RiskEventTypesV2:    []string{},
		ResourceDisplayName: a.resource, ResourceID: a.resourceID, ResourceTenantID: contoso,
		HomeTenantID: p.home, UserType: guest, CrossTenantAccessType: access, SignInIdentifier: p.upn,
		SignInEventTypes: []string{"interactiveUser"}, AutonomousSystemNumber: 64496 + t.rand.IntN(4),
		UniqueTokenIdentifier: fmt.Sprintf("%016x", t.rand.Uint64()),
		DeviceDetail:          t.device(g), Location: where, AppliedPolicies: policies(),
		ProcessingDetails:      []keyValue{{"Legacy TLS (TLS 1.0, 1.1, 3DES)", "False"}, {"Is CAE Token", "False"}},
		NetworkLocationDetails: []networkDetail{},
		AuthenticationDetails: []authentication{{
			StepDateTime: stamp(at, 0), Method: "Password", MethodDetail: "Password in the cloud",
			Succeeded: true, ResultDetail: "Correct password", StepRequirement: "Primary authentication"}},
	}
}

func (t *tenant) succeed(r *signIn) {
	r.Status = status{0, "Other.", ""}
	if t.rand.IntN(3) > 0 {
		return
	}
	r.AuthenticationRequirement = "multiFactorAuthentication"
	r.ConditionalAccessStatus = "success"
	r.Status.AdditionalDetails = "Second factor was met by a claim in the token"
	r.apply("Second factor for everybody", "success")
}

func (t *tenant) fail(r *signIn, f failure) {
	r.Status = status{ErrorCode: f.code, FailureReason: f.reason}
	if f.code == 50126 || f.code == 50053 {
		r.AuthenticationDetails[0].Succeeded = false
		r.AuthenticationDetails[0].ResultDetail = "Wrong password"
	}
	if f.policy != "" {
		r.ConditionalAccessStatus = "failure"
		r.apply(f.policy, "failure")
	}
}

func (r *signIn) apply(policy, result string) {
	for i := range r.AppliedPolicies {
		if p := &r.AppliedPolicies[i]; p.DisplayName == policy {
			p.Result, p.ConditionsSatisfied, p.ConditionsNotSatisfied = result, "application,users", "none"
		}
	}
}

func (t *tenant) device(g agent) device {
	d := device{OperatingSystem: g.system, Browser: g.browser}
	if t.rand.IntN(2) == 0 {
		yes := true
		d.DeviceID, d.TrustType, d.IsCompliant, d.IsManaged = t.guid(), "Azure AD joined", &yes, &yes
		d.DisplayName = fmt.Sprintf("CONTOSO-%04d", t.rand.IntN(10_000))
	}
	return d
}

func (t *tenant) address() string {
	switch t.rand.IntN(4) {
	case 0:
		return fmt.Sprintf("2001:db8:%x::%x", t.rand.IntN(16), 1+t.rand.IntN(0xfffe))
	case 1:
		return fmt.Sprintf("198.51.100.%d", 1+t.rand.IntN(254))
	}
	return fmt.Sprintf("192.0.2.%d", 1+t.rand.IntN(254))
}

func (t *tenant) guid() string {
	a, b := t.rand.Uint64(), t.rand.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>52, b&0xffffffffffff)
}

// stamp writes an instant with the service's seven digits.
func stamp(at time.Time, fraction int) string {
	return fmt.Sprintf("%s.%07dZ", at.Format("2006-01-02T15:04:05"), fraction)
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
