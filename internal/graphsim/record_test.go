package graphsim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/internal/graphsim"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

// everyStream calls fn for each stream of each log that Graph serves.
func everyStream(fn func(l logs.Log, stream string)) {
	for _, name := range logs.Names() {
		l, _ := logs.Get(name)
		switch {
		case l.Path == "":
		case len(l.Streams) == 0:
			fn(l, "")
		default:
			for _, s := range l.Streams {
				fn(l, s)
			}
		}
	}
}

func TestSameOptionsSameRecords(t *testing.T) {
	o := small
	o.Faults = graphsim.Faults{Late: 0.3, ChangeInPlace: 0.3, UnknownProperties: 0.3, UnknownEnums: 0.3}
	a, b := graphsim.New(o), graphsim.New(o)
	o.Seed++
	c := graphsim.New(o)
	at := start.Add(40 * time.Hour)
	everyStream(func(l logs.Log, stream string) {
		of := func(g *graphsim.Tenant) []string {
			return collect(g.Truth(l.Name, stream, start, start.Add(50*time.Hour), at))
		}
		same(t, of(a), of(b))
		if x := of(c); len(x) > 0 && slices.Equal(of(a), x) {
			t.Errorf("%s %s: another seed gives the same records", l.Name, stream)
		}
	})
}

// TestRecordsFitTheSchemas checks for every record that it is whole, that the
// schema knows each of its members and their kinds, that its id stands once,
// and that times do not run backwards.
func TestRecordsFitTheSchemas(t *testing.T) {
	for _, seed := range []uint64{1, 2} {
		o := small
		o.Seed, o.Users = seed, 400
		g := graphsim.New(o)
		everyStream(func(l logs.Log, stream string) {
			s, _ := logs.Lookup(l.Name, logs.Graph)
			ids := map[string]bool{}
			var last time.Time
			for raw := range g.Truth(l.Name, stream, start, start.AddDate(0, 0, 3), g.Now()) {
				var r map[string]any
				if err := json.Unmarshal(raw, &r); err != nil {
					t.Fatalf("%s: %v in %s", l.Name, err, raw)
				}
				checkKnown(t, s.Record, r, l.Name, string(raw))
				id, _ := r["id"].(string)
				if id == "" || ids[id] {
					t.Fatalf("%s: id %q is missing or stands twice", l.Name, id)
				}
				if ids[id] = true; len(ids) > 1500 {
					break
				}
				if l.Time != "" && !l.Snapshot && l.Name != "risky_user_history" {
					when, err := schema.ParseTime([]byte(r[l.Time].(string)))
					if err != nil || when.Before(last) {
						t.Fatalf("%s: %s %v after %v (%v)", l.Name, l.Time, when, last, err)
					}
					last = when
				}
			}
		})
	}
}

// TestDiagnostic checks envelopes against the schemas of that shape.
func TestDiagnostic(t *testing.T) {
	g := graphsim.New(graphsim.Options{Seed: 3, Users: 400, Start: start, Days: 3})
	everyStream(func(l logs.Log, stream string) {
		s, ok := logs.Lookup(l.Name, logs.Diagnostic)
		n := 0
		for raw := range g.Diagnostic(l.Name, stream, start, start.AddDate(0, 0, 3), g.Now()) {
			var r map[string]any
			if err := json.Unmarshal(raw, &r); err != nil {
				t.Fatalf("%s: %v in %s", l.Name, err, raw)
			}
			checkKnown(t, s.Record, r, l.Name, string(raw))
			if name, _ := logs.ByCategory(r["category"].(string)); name != l.Name {
				t.Fatalf("%s: category %v", l.Name, r["category"])
			}
			if n++; n == 300 {
				break
			}
		}
		if ok != (n > 0) {
			t.Errorf("%s: has diagnostic settings: %t, %d records", l.Name, ok, n)
		}
	})
}

// checkKnown checks a value against a type.
func checkKnown(t *testing.T, want *schema.Type, v any, where, raw string) {
	t.Helper()
	if v == nil || want == nil {
		return
	}
	fail := func(what string) { t.Fatalf("%s: %s: %v in %s", where, what, v, raw) }
	switch v := v.(type) {
	case map[string]any:
		if want.Kind != schema.Object {
			fail("an object is not expected")
		}
		for name, inner := range v {
			f, ok := want.Member(name)
			if !ok && !want.Open {
				fail("the schema does not know " + name)
			}
			checkKnown(t, f.Type, inner, where+"."+name, raw)
		}
	case []any:
		if want.Kind != schema.List {
			fail("a list is not expected")
		}
		for _, e := range v {
			checkKnown(t, want.Elem, e, where+"[]", raw)
		}
	case string:
		switch want.Kind {
		case schema.Time:
			if _, err := schema.ParseTime([]byte(v)); err != nil {
				fail("not a time")
			}
		case schema.Enum:
			for one := range bytes.SplitSeq([]byte(v), []byte(",")) {
				if !slices.Contains(want.Values, string(one)) {
					fail("not a member of the enum")
				}
			}
		case schema.String, schema.JSON:
		default:
			fail("text is not expected")
		}
	case float64:
		if want.Kind != schema.Int && want.Kind != schema.Float {
			fail("a number is not expected")
		}
	case bool:
		if want.Kind != schema.Bool {
			fail("a bool is not expected")
		}
	}
}

// TestSizes compares with what was measured on real records, in bytes.
func TestSizes(t *testing.T) {
	for name, want := range map[string]struct{ low, high int }{ // of the median
		"sign_ins/interactive_user":          {1900, 3900},
		"sign_ins/non_interactive_user":      {1900, 3400},
		"sign_ins/service_principal":         {1500, 2300},
		"sign_ins/managed_identity":          {1400, 2000},
		"directory_audits/":                  {800, 1400},
		"provisioning/":                      {2200, 3700},
		"risk_detections/":                   {510, 1100},
		"service_principal_risk_detections/": {700, 900},
		"risky_users/":                       {270, 340},
		"risky_service_principals/":          {300, 380},
	} {
		for seed := range uint64(5) {
			g := graphsim.New(graphsim.Options{Seed: seed, Users: 200, Start: start, Days: 7})
			var log, stream string
			for i := range name {
				if name[i] == '/' {
					log, stream = name[:i], name[i+1:]
				}
			}
			var sizes []int
			for raw := range g.Truth(log, stream, start, start.AddDate(0, 0, 7), g.Now()) {
				if sizes = append(sizes, len(raw)); len(sizes) == 500 {
					break
				}
			}
			if len(sizes) == 0 {
				continue
			}
			slices.Sort(sizes)
			if m := sizes[len(sizes)/2]; m < want.low || m > want.high {
				t.Errorf("seed %d: %s: median of %d records is %d bytes, want %d to %d", seed, name, len(sizes), m, want.low, want.high)
			}
		}
	}
}

// TestPeople checks that what makes the tenant life-like is there.
func TestPeople(t *testing.T) {
	g := graphsim.New(graphsim.Options{Seed: 4, Users: 200, Start: start, Days: 7})
	var scripts, guests, failures, journeys, spray, policies, mfa int
	victims := map[string]bool{}
	home := map[string]string{}
	for raw := range g.Truth("sign_ins", "interactive_user", start, start.AddDate(0, 0, 7), g.Now()) {
		var r struct {
			UserDisplayName, UserType, UserID, IPAddress string
			Status                                       struct{ ErrorCode int }
			Location                                     struct{ City string }
			AppliedConditionalAccessPolicies             []struct{ ID string }
			AuthenticationRequirement                    string
		}
		if err := json.Unmarshal(raw, &r); err != nil {
			t.Fatal(err)
		}
		for _, c := range r.UserDisplayName {
			if c > 0x2ff {
				scripts++
				break
			}
		}
		count(&guests, r.UserType == "guest")
		count(&failures, r.Status.ErrorCode != 0)
		count(&mfa, r.AuthenticationRequirement == "multiFactorAuthentication")
		if home[r.UserID] == "" {
			home[r.UserID] = r.Location.City
		}
		count(&journeys, home[r.UserID] != r.Location.City)
		if r.Status.ErrorCode == 50126 && r.IPAddress > "192.0.2.2" && r.IPAddress < "192.0.2.3" && len(r.IPAddress) == 11 {
			spray++
			victims[r.UserID] = true
		}
		if policies == 0 {
			policies = len(r.AppliedConditionalAccessPolicies)
		} else if policies != len(r.AppliedConditionalAccessPolicies) {
			t.Fatalf("%d policies on one sign-in, %d on another: their number belongs to the tenant", policies, len(r.AppliedConditionalAccessPolicies))
		}
	}
	for what, n := range map[string]int{"names in other scripts": scripts, "guests": guests, "failures": failures, "journeys": journeys, "second factors": mfa} {
		if n == 0 {
			t.Errorf("no %s", what)
		}
	}
	if len(victims) < 150 {
		t.Errorf("a password spray against %d users by %d attempts, want one against nearly all of 200", len(victims), spray)
	}
}

func count(n *int, yes bool) {
	if yes {
		*n++
	}
}

// TestDetectionsPointAtSignIns follows requestId.
func TestDetectionsPointAtSignIns(t *testing.T) {
	r := newReader(t, graphsim.Options{Seed: 2, Users: 300, Start: start, Days: 4})
	n := 0
	for raw := range r.tenant.Truth("risk_detections", "", start, start.AddDate(0, 0, 4), r.tenant.Now()) {
		var d struct{ RequestID, CorrelationID, UserPrincipalName, ActivityDateTime string }
		if err := json.Unmarshal(raw, &d); err != nil {
			t.Fatal(err)
		}
		p := r.get(r.link("beta/auditLogs/signIns", "$filter", "id eq '"+d.RequestID+"'"))
		if len(p.Value) != 1 {
			t.Fatalf("requestId %s of a detection names %d sign-ins: %s", d.RequestID, len(p.Value), p.body)
		}
		var s struct{ CorrelationID, UserPrincipalName, CreatedDateTime, RiskState string }
		if err := json.Unmarshal(p.Value[0], &s); err != nil {
			t.Fatal(err)
		}
		if s.CorrelationID != d.CorrelationID || s.UserPrincipalName != d.UserPrincipalName || s.CreatedDateTime != d.ActivityDateTime || s.RiskState == "none" {
			t.Fatalf("a detection %+v and its sign-in %+v disagree", d, s)
		}
		n++
	}
	if n == 0 {
		t.Fatal("no detections")
	}
}

// TestUnknownMembersAreMasked reads with and without the header of Prefer.
func TestUnknownMembersAreMasked(t *testing.T) {
	r := newReader(t, small)
	link := r.link("beta/auditLogs/signIns", "$filter", "signInEventTypes/any(t: t eq 'nonInteractiveUser')")
	types := func() map[string]bool {
		out := map[string]bool{}
		for _, raw := range r.get(link).Value {
			var s struct{ IncomingTokenType string }
			if err := json.Unmarshal(raw, &s); err != nil {
				t.Fatal(err)
			}
			out[s.IncomingTokenType] = true
		}
		return out
	}
	if diff := cmp.Diff(map[string]bool{"refreshToken": true}, types()); diff != "" {
		t.Error("with Prefer:", diff)
	}
	r.prefer = false
	if diff := cmp.Diff(map[string]bool{"unknownFutureValue": true}, types()); diff != "" {
		t.Error("without Prefer:", diff)
	}
}

// TestVersions checks what v1.0 and beta, and permission to read policies,
// show of one sign-in.
func TestVersions(t *testing.T) {
	names := func(r *reader, version string) []string {
		p := r.get(r.link(version+"/auditLogs/signIns", "$top", "1"))
		if len(p.Value) != 1 {
			t.Fatal(p.body)
		}
		var out []string
		record.ValueOf(p.Value[0]).Each(func(key []byte, _ record.Value) bool {
			out = append(out, string(key))
			return true
		})
		return out
	}
	all := newReader(t, small)
	o := small
	o.Permissions = []string{"AuditLog.Read.All"}
	few := newReader(t, o)
	for _, c := range []struct {
		name, member string
		r            *reader
		version      string
		want         bool
	}{
		{"beta has event types", "signInEventTypes", all, "beta", true},
		{"v1.0 has no event types", "signInEventTypes", all, "v1.0", false},
		{"v1.0 has risk types of old", "riskEventTypes", all, "v1.0", true},
		{"beta has none", "riskEventTypes", all, "beta", false},
		{"policies", "appliedConditionalAccessPolicies", all, "v1.0", true},
		{"policies without permission", "appliedConditionalAccessPolicies", few, "beta", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := slices.Contains(names(c.r, c.version), c.member); got != c.want {
				t.Errorf("%s in %v: %t, want %t", c.member, names(c.r, c.version), got, c.want)
			}
		})
	}
}

// TestLicences checks what P1 hides.
func TestLicences(t *testing.T) {
	o := graphsim.Options{Seed: 2, Users: 300, Start: start, Days: 3, Licence: "P1"}
	g := graphsim.New(o)
	n := 0
	for raw := range g.Truth("risk_detections", "", start, start.AddDate(0, 0, 3), g.Now()) {
		var d struct{ RiskEventType, RiskLevel, RiskDetail string }
		if err := json.Unmarshal(raw, &d); err != nil {
			t.Fatal(err)
		}
		if d.RiskEventType != "generic" || d.RiskLevel != "hidden" || d.RiskDetail != "hidden" {
			t.Fatalf("P1 sees %+v", d)
		}
		n++
	}
	if n == 0 {
		t.Fatal("no detections")
	}
}

// TestRetention reads a tenant older than what the service keeps.
func TestRetention(t *testing.T) {
	for licence, days := range map[string]int{"free": 7, "P1": 30, "P2": 30} {
		t.Run(licence, func(t *testing.T) {
			g := graphsim.New(graphsim.Options{Users: 20, Start: start, Days: 40, Licence: licence})
			now := g.Now()
			for raw := range g.Truth("directory_audits", "", start, now, now) {
				var a struct{ ActivityDateTime time.Time }
				if err := json.Unmarshal(raw, &a); err != nil {
					t.Fatal(err)
				}
				age := now.Sub(a.ActivityDateTime)
				if limit := time.Duration(days) * 24 * time.Hour; age > limit || age < limit-24*time.Hour {
					t.Errorf("the oldest record is %v old, want at most %v", age, limit)
				}
				break
			}
		})
	}
}

func ExampleNew() {
	t := graphsim.New(graphsim.Options{Seed: 1, Users: 50})
	n := 0
	from := time.Date(2026, 1, 6, 9, 0, 0, 0, time.UTC)
	for range t.Truth("directory_audits", "", from, from.Add(8*time.Hour), t.Now()) {
		n++
	}
	fmt.Println(n > 50)
	// Output: true
}
