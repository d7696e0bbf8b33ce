package graphsim_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/internal/graphsim"
)

// TestFilter is the grammar of $filter: what is served, and what is refused in
// which words.
func TestFilter(t *testing.T) {
	r := newReader(t, small)
	const signIns, audits, provisioning, risks = "beta/auditLogs/signIns", "v1.0/auditLogs/directoryAudits", "v1.0/auditLogs/provisioning", "v1.0/identityProtection/riskDetections"
	for _, c := range []struct{ name, path, filter, err string }{
		{"bounds", signIns, "createdDateTime ge 2026-01-05T10:00:00Z and createdDateTime lt 2026-01-05T11:00:00Z", ""},
		{"stream", signIns, "signInEventTypes/any(t: t eq 'servicePrincipal')", ""},
		{"no space in a lambda", signIns, "signInEventTypes/any(t:t eq 'servicePrincipal')", ""},
		{"other streams", signIns, "signInEventTypes/any(x: x ne 'interactiveUser')", ""},
		{"all together", signIns, "createdDateTime le 2026-01-06T11:00:00.1234567Z and signInEventTypes/any(t: t eq 'nonInteractiveUser') and status/errorCode eq 0", ""},
		{"a day", signIns, "createdDateTime ge 2026-01-06", ""},
		{"a zone", signIns, "createdDateTime ge 2026-01-06T02:00:00+02:00", ""},
		{"head", signIns, "startswith(userPrincipalName,'a')", ""},
		{"head in .NET's case", signIns, "startsWith(appDisplayName, 'Off')", ""},
		{"quote in text", signIns, "userDisplayName eq 'Liam O''Brien'", ""},
		{"bool", signIns, "isInteractive eq true", ""},
		{"nested", audits, "initiatedBy/user/userPrincipalName eq 'x' and activityDateTime le 2026-01-07", ""},
		{"lambda with member", audits, "targetResources/any(t: t/displayName eq 'CRM')", ""},
		{"head in a lambda", audits, "targetResources/any(t: startswith(t/displayName, 'C'))", ""},
		{"contains", provisioning, "contains(jobId, 'scim')", ""},
		{"update time", risks, "lastUpdatedDateTime gt 2026-01-06T00:00:00Z", ""},

		{"or", signIns, "createdDateTime ge 2026-01-05 or createdDateTime lt 2026-01-04", "Invalid filter clause"},
		{"brackets", signIns, "(createdDateTime ge 2026-01-05)", "Syntax error at position 0"},
		{"not", signIns, "not isInteractive eq true", "Syntax error"},
		{"empty", signIns, "", "Syntax error"},
		{"no literal", signIns, "createdDateTime ge", "Syntax error at position 18"},
		{"no operator", signIns, "createdDateTime", "Syntax error"},
		{"upper case", signIns, "createdDateTime GE 2026-01-05", "Syntax error"},
		{"text without end", signIns, "appId eq 'x", "Syntax error"},
		{"rest", signIns, "appId eq 'x' 'y'", "Syntax error"},
		{"quoted time", signIns, "createdDateTime ge '2026-01-05T00:00:00Z'", "incompatible types"},
		{"text for a number", signIns, "createdDateTime ge 5", "incompatible types"},
		{"unknown property", signIns, "created ge 2026-01-05", "Could not find a property named 'created'"},
		{"no such operator", signIns, "appId ne 'x'", "operator 'ne' is not supported"},
		{"event types on v1.0", "v1.0/auditLogs/signIns", "signInEventTypes/any(t: t eq 'servicePrincipal')", "Invalid filter clause"},
		{"details by lambda", signIns, "authenticationProcessingDetails/any(t: t/key eq 'x')", "Invalid filter clause"},
		{"wrong variable", signIns, "signInEventTypes/any(t: u eq 'x')", "Syntax error"},
		{"ge on provisioning", provisioning, "activityDateTime ge 2026-01-05", "operator 'ge' is not supported"},
		{"contains elsewhere", signIns, "contains(appId, 'x')", "operator 'contains' is not supported"},
		{"hostile", signIns, strings.Repeat("(", 5000), "Syntax error"},
		{"bytes", signIns, "\xff\x00' eq \u202e", "Syntax error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.t = t
			p := r.get(r.link(c.path, "$filter", c.filter))
			if c.err != "" {
				r.wantError(t, p, 400, "BadRequest", c.err)
			} else if p.Status != 200 || p.broken != nil {
				t.Fatalf("%d: %.500s", p.Status, p.body)
			}
		})
	}
}

// TestFilterSelects compares what a filter gives with what it should.
func TestFilterSelects(t *testing.T) {
	r := newReader(t, small)
	type signIn struct {
		ID, AppDisplayName, UserPrincipalName, CreatedDateTime string
		SignInEventTypes                                       []string
		Status                                                 struct{ ErrorCode int }
	}
	read := func(filter string) []signIn {
		records, _ := r.chain(r.link("beta/auditLogs/signIns", "$filter", filter))
		out := make([]signIn, len(records))
		for i, raw := range records {
			if err := json.Unmarshal([]byte(raw), &out[i]); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	all := read("signInEventTypes/any(t: t ne 'x')")
	if len(all) != 0 {
		t.Errorf("an event type that does not exist: %d records", len(all))
	}
	interactive, others := read("createdDateTime ge 2026-01-01"), read("signInEventTypes/any(t: t ne 'interactiveUser')")
	kinds := map[string]int{}
	for _, s := range append(interactive, others...) {
		kinds[s.SignInEventTypes[0]]++
	}
	if kinds["interactiveUser"] != len(interactive) || len(kinds) != 4 {
		t.Errorf("without a filter on event types only interactive ones are given; have %v", kinds)
	}
	pick := interactive[len(interactive)/2]
	for filter, fits := range map[string]func(signIn) bool{
		"status/errorCode eq 50126":                                 func(s signIn) bool { return s.Status.ErrorCode == 50126 },
		"startswith(appDisplayName,'microsoft')":                    func(s signIn) bool { return strings.HasPrefix(s.AppDisplayName, "Microsoft") },
		"userPrincipalName eq '" + pick.UserPrincipalName + "'":     func(s signIn) bool { return s.UserPrincipalName == pick.UserPrincipalName },
		"id eq '" + pick.ID + "'":                                   func(s signIn) bool { return s.ID == pick.ID },
		"createdDateTime eq " + pick.CreatedDateTime:                func(s signIn) bool { return s.ID == pick.ID },
		"createdDateTime gt " + pick.CreatedDateTime:                func(s signIn) bool { return after(s.CreatedDateTime, pick.CreatedDateTime) },
		"id eq '" + pick.ID + "' and createdDateTime lt 2026-01-05": func(signIn) bool { return false },
	} {
		var want []signIn
		for _, s := range interactive {
			if fits(s) {
				want = append(want, s)
			}
		}
		if got := read(filter); !cmp.Equal(want, got, cmp.Transformer("nil", func(s []signIn) []signIn { return append([]signIn{}, s...) })) {
			t.Errorf("%s: %d records, want %d", filter, len(got), len(want))
		}
	}
}

func after(a, b string) bool {
	x, _ := time.Parse(time.RFC3339Nano, a)
	y, _ := time.Parse(time.RFC3339Nano, b)
	return x.After(y)
}

// TestOptions is what the sets say to other query options, paths and methods.
func TestOptions(t *testing.T) {
	r := newReader(t, small)
	for _, c := range []struct {
		name, path string
		options    []string
		want       string // of the error; "" is an answer
	}{
		{"page size", "beta/auditLogs/signIns", []string{"$top", "1000"}, ""},
		{"too large a page", "beta/auditLogs/signIns", []string{"$top", "1001"}, "The limit of '1000' for Top query has been exceeded"},
		{"detections", "v1.0/identityProtection/riskDetections", []string{"$top", "501"}, "The limit of '500'"},
		{"attributes", "beta/auditLogs/customSecurityAttributeAudits", []string{"$top", "101"}, "The limit of '100'"},
		{"no page", "beta/auditLogs/signIns", []string{"$top", "0"}, "Invalid value '0' for $top"},
		{"select on sign-ins", "beta/auditLogs/signIns", []string{"$select", "id"}, "Query option 'Select' is not allowed"},
		{"select on detections", "v1.0/identityProtection/riskDetections", []string{"$select", "id"}, ""},
		{"skip", "v1.0/auditLogs/directoryAudits", []string{"$skip", "10"}, "Query option 'Skip' is not allowed"},
		{"count", "v1.0/auditLogs/provisioning", []string{"$count", "true"}, "Query option 'Count' is not allowed"},
		{"expand", "v1.0/identityProtection/riskyUsers", []string{"$expand", "history"}, "Query option 'Expand' is not allowed"},
		{"order", "v1.0/auditLogs/directoryAudits", []string{"$orderby", "activityDateTime desc"}, ""},
		{"order by another", "v1.0/auditLogs/directoryAudits", []string{"$orderby", "category"}, "Ordering by 'category' is not supported"},
		{"order of detections", "v1.0/identityProtection/riskDetections", []string{"$orderby", "detectedDateTime"}, "Query option 'OrderBy' is not allowed"},
		{"order in capitals", "v1.0/auditLogs/directoryAudits", []string{"$orderby", "activityDateTime DESC"}, "Syntax error"},
		{"without a dollar", "beta/auditLogs/signIns", []string{"top", "1"}, ""},
		{"twice", "beta/auditLogs/signIns", []string{"$top", "1", "$top", "2"}, "specified more than once"},
		{"beta only", "v1.0/auditLogs/customSecurityAttributeAudits", nil, "Resource not found for the segment 'customSecurityAttributeAudits'."},
		{"no such set", "beta/auditLogs/nothing", nil, "Resource not found for the segment 'nothing'."},
		{"no such version", "v2/auditLogs/signIns", nil, "Invalid version: v2"},
		{"period", "beta/reports/getAzureADApplicationSignInSummary(period='D30')", nil, ""},
		{"wrong period", "beta/reports/getAzureADApplicationSignInSummary(period='D1')", nil, "Invalid period"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.t = t
			p := r.get(r.link(c.path, c.options...))
			if c.want != "" {
				r.wantError(t, p, 400, "BadRequest", c.want)
			} else if p.Status != 200 || p.broken != nil {
				t.Fatalf("%d: %.300s", p.Status, p.body)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	r := newReader(t, graphsim.Options{Seed: 3, Users: 2500, Start: start, Days: 7, Licence: "P2"})
	for path, want := range map[string]int{
		"beta/auditLogs/signIns": 1000, "v1.0/auditLogs/directoryAudits": 1000, "beta/auditLogs/customSecurityAttributeAudits": 100,
		"v1.0/identityProtection/riskDetections": 20, "v1.0/identityProtection/riskyUsers": 20,
	} {
		p := r.get(r.link(path))
		if len(p.Value) != want || p.NextLink == nil {
			t.Errorf("%s: %d records on a page, want %d", path, len(p.Value), want)
		}
		if context := r.host + "/" + strings.Replace(path, "/", "/$metadata#", 1); p.Context != context {
			t.Errorf("context %q, want %q", p.Context, context)
		}
	}
	if p := r.get(r.link("v1.0/auditLogs/directoryAudits")); !strings.Contains(p.Tips, "$select") || !after(field(t, p.Value[0], "activityDateTime"), field(t, p.Value[999], "activityDateTime")) {
		t.Error("audits come newest first, with a tip")
	}
	p := r.get(r.link("v1.0/identityProtection/riskyUsers", "$count", "true", "$select", "id,riskState"))
	if all, _ := r.chain(r.link("v1.0/identityProtection/riskyUsers")); p.Count == nil || *p.Count != len(all) {
		t.Errorf("count %v, want %d", p.Count, len(all))
	}
	var members map[string]any
	if err := json.Unmarshal(p.Value[0], &members); err != nil || len(members) != 2 {
		t.Errorf("%v, %v", members, err)
	}
}

func field(t *testing.T, raw []byte, name string) string {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	text, _ := m[name].(string)
	return text
}

// TestMayRead is who may read what, and the words of the refusal.
func TestMayRead(t *testing.T) {
	const signIns, audits, risks, users = "beta/auditLogs/signIns", "v1.0/auditLogs/directoryAudits", "v1.0/identityProtection/riskDetections", "v1.0/identityProtection/riskyUsers"
	for _, c := range []struct {
		name   string
		o      graphsim.Options
		path   string
		status int
		code   string
		says   string
	}{
		{name: "all", path: signIns, status: 200},
		{name: "audit permission", o: graphsim.Options{Permissions: []string{"AuditLog.Read.All"}}, path: audits, status: 200},
		{name: "directory permission alone", o: graphsim.Options{Permissions: []string{"Directory.Read.All"}}, path: audits, status: 403, code: "Authentication_MSGraphPermissionMissing", says: "AuditLog.Read.All"},
		{name: "no permission at all", o: graphsim.Options{Permissions: []string{}}, path: risks, status: 403, code: "Forbidden", says: "required scopes are missing"},
		{name: "free: sign-ins", o: graphsim.Options{Licence: "free"}, path: signIns, status: 403, code: "Authentication_RequestFromNonPremiumTenantOrB2CTenant", says: "premium license"},
		{name: "free: audits", o: graphsim.Options{Licence: "free"}, path: audits, status: 200},
		{name: "P1: detections", o: graphsim.Options{Licence: "P1"}, path: risks, status: 200},
		{name: "P1: risky users", o: graphsim.Options{Licence: "P1"}, path: users, status: 403, code: "Forbidden", says: "not licensed"},
		{name: "a person without a role", o: graphsim.Options{Delegated: true}, path: audits, status: 403, code: "UnauthorizedAccess", says: "User is not in the allowed roles"},
		{name: "a person with a role", o: graphsim.Options{Delegated: true, Roles: []string{"Reports Reader"}}, path: audits, status: 200},
		{name: "another cloud", o: graphsim.Options{Absent: []string{"sign_ins"}}, path: signIns, status: 400, code: "BadRequest", says: "Resource not found for the segment 'signIns'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Users, c.o.Days, c.o.Start = 10, 1, start
			r := newReader(t, c.o)
			p := r.get(r.link(c.path))
			if c.status != 200 {
				r.wantError(t, p, c.status, c.code, c.says)
			} else if p.Status != 200 {
				t.Fatalf("%d: %s", p.Status, p.body)
			}
		})
	}
}

// TestTokens is what the service says to tokens that it does not take.
func TestTokens(t *testing.T) {
	now := start
	o := small
	o.Rate.Clock = func() time.Time { return now }
	r := newReader(t, o)
	good := r.token
	for _, c := range []struct{ name, token, says string }{
		{"none", "", "Access token is empty."},
		{"no dots", "x", "JWT is not well formed"},
		{"not a token", "a.b.c", "CompactToken parsing failed"},
		{"of another tenant", graphsim.New(graphsim.Options{Seed: 99}).Token(), "Invalid tenant"},
		{"too old", good, "Lifetime validation failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.t, r.token = t, c.token
			if c.name == "too old" {
				now = now.Add(time.Hour)
			}
			p := r.get(r.link("v1.0/auditLogs/directoryAudits"))
			r.wantError(t, p, 401, "InvalidAuthenticationToken", c.says)
			if !strings.HasPrefix(p.header.Get("WWW-Authenticate"), "Bearer ") {
				t.Error("no challenge")
			}
		})
	}
}

// TestTokenEndpoint asks for a token as curl users do.
func TestTokenEndpoint(t *testing.T) {
	o := small
	o.Secret = "right"
	r := newReader(t, o)
	ask := func(form url.Values) (int, map[string]any) {
		resp, err := http.PostForm(r.host+"/"+r.tenant.ID()+"/oauth2/v2.0/token", form)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var m map[string]any
		if err := json.NewDecoder(resp.Body).Decode(&m); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, m
	}
	form := url.Values{"client_id": {"app"}, "client_secret": {"wrong"}, "grant_type": {"client_credentials"}, "scope": {"https://graph.microsoft.com/.default"}}
	if status, m := ask(form); status != 401 || m["error"] != "invalid_client" || !strings.HasPrefix(m["error_description"].(string), "AADSTS7000215") {
		t.Error(status, m)
	}
	form.Set("client_secret", "right")
	status, m := ask(form)
	if status != 200 || m["token_type"] != "Bearer" {
		t.Fatal(status, m)
	}
	r.token = m["access_token"].(string)
	if p := r.get(r.link("v1.0/auditLogs/directoryAudits", "$top", "1")); p.Status != 200 {
		t.Error(p.body)
	}
	if status, m := ask(url.Values{}); status != 400 || m["error"] != "invalid_request" {
		t.Error(status, m)
	}
}

func TestByID(t *testing.T) {
	r := newReader(t, graphsim.Options{Seed: 3, Users: 300, Start: start, Days: 3})
	for _, path := range []string{"v1.0/auditLogs/directoryAudits", "v1.0/identityProtection/riskDetections", "v1.0/identityProtection/riskyUsers", "v1.0/auditLogs/provisioning", "beta/auditLogs/signIns"} {
		found, missing := 0, 0
		for _, raw := range r.get(r.link(path, "$top", "20")).Value {
			p := r.get(r.link(path + "/" + idOf(raw)))
			switch p.Status {
			case 200:
				if found++; !strings.HasSuffix(p.body, string(raw[1:])) {
					t.Fatal(cmp.Diff(string(raw), p.body))
				}
			case 404:
				missing++
			default:
				t.Fatal(p.Status, p.body)
			}
		}
		if found == 0 || missing > 0 && !strings.HasSuffix(path, "signIns") {
			t.Errorf("%s: %d found, %d not", path, found, missing)
		}
	}
	r.wantError(t, r.get(r.link("v1.0/identityProtection/riskyUsers/nobody")), 404, "ResourceNotFound", "nobody")
	r.wantError(t, r.get(r.link("v1.0/identityProtection/riskyUsers/nobody/history")), 404, "ResourceNotFound", "nobody")
}

func TestGzip(t *testing.T) {
	r := newReader(t, small)
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, r.audits(), nil)
	req.Header.Set("Authorization", "Bearer "+r.token)
	req.Header.Set("Accept-Encoding", "gzip") // set by hand, so that the client leaves it as it is
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	z, err := gzip.NewReader(resp.Body)
	if err != nil || resp.Header.Get("Content-Encoding") != "gzip" {
		t.Fatal(err, resp.Header)
	}
	var p page
	if err := json.NewDecoder(z).Decode(&p); err != nil || len(p.Value) != 20 {
		t.Fatal(err, len(p.Value))
	}
}

// TestRate meets the limits in virtual time, as a client does that asks as
// fast as it may: what it gets is what Allowance says.
func TestRate(t *testing.T) {
	for _, c := range []struct {
		name, path, family string
		rate               graphsim.Rate
	}{
		{"reports", "/v1.0/auditLogs/directoryAudits", "reports", graphsim.Rate{Throttle: true}},
		{"sliding", "/v1.0/auditLogs/directoryAudits", "reports", graphsim.Rate{Throttle: true, Sliding: true}},
		{"identity protection", "/v1.0/identityProtection/riskyUsers", "identity_protection", graphsim.Rate{Throttle: true}},
		{"changing shares", "/v1.0/auditLogs/directoryAudits", "reports", graphsim.Rate{Throttle: true, Shares: []float64{0.6, 1, 0.3}, Every: 20 * time.Minute}},
		{"changing shares, sliding", "/v1.0/auditLogs/directoryAudits", "reports", graphsim.Rate{Throttle: true, Sliding: true, Shares: []float64{0.6, 0.4}, Every: 20 * time.Minute}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := graphsim.New(graphsim.Options{Users: 1, Days: 1, Rate: c.rate})
				h := g.Handler()
				served := 0
				begin := time.Now()
				token := "Bearer " + g.Token()
				for time.Since(begin) < 50*time.Minute {
					req := httptest.NewRequestWithContext(context.Background(), http.MethodGet, c.path+"?$top=1&$filter=id%20eq%20'x'", nil)
					req.Header.Set("Authorization", token)
					w := httptest.NewRecorder()
					h.ServeHTTP(w, req)
					switch w.Code {
					case 200:
						served++
						time.Sleep(10 * time.Millisecond)
					case 429:
						if wait := w.Header().Get("Retry-After"); wait == "" {
							time.Sleep(250 * time.Millisecond)
						} else {
							d, _ := time.ParseDuration(wait + "s")
							time.Sleep(d)
						}
					case 401:
						token = "Bearer " + g.Token()
					default:
						t.Fatal(w.Code, w.Body)
					}
				}
				want := g.Allowance(c.family, begin, time.Now())
				if ratio := float64(served) / want; ratio < 0.75 || ratio > 1.02 {
					t.Errorf("%d served, %.0f allowed", served, want)
				}
			})
		})
	}
}

// TestAppLimit asks thirty tenants at once.
func TestAppLimit(t *testing.T) {
	shared := &graphsim.AppLimit{}
	served := 0
	for i := range uint64(30) {
		o := graphsim.Options{Seed: i, Users: 1, Days: 1}
		o.Rate = graphsim.Rate{Throttle: true, App: shared, Clock: func() time.Time { return start }}
		g := graphsim.New(o)
		for range 6 {
			req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1.0/auditLogs/directoryAudits?$top=1&$filter=id%20eq%20'x'", nil)
			req.Header.Set("Authorization", "Bearer "+g.Token())
			w := httptest.NewRecorder()
			g.Handler().ServeHTTP(w, req)
			count(&served, w.Code == 200)
		}
	}
	// 20 tenants ask 6 times: 5 are served, the sixth counts all the same.
	if served != 102 {
		t.Errorf("%d served of 30 tenants, want 102", served)
	}
}

// TestManyReaders has readers side by side meet every fault.
func TestManyReaders(t *testing.T) {
	o := small
	o.Faults = graphsim.Faults{Late: 0.1, ChangeInPlace: 0.1, UnknownProperties: 0.1, UnknownEnums: 0.1, DuplicateAcrossPages: 0.1, UnstablePages: 0.1, EmptyPages: 0.1, CutBody: 0.1, DeadSkipToken: 0.1, ServerErrors: 0.1, TooMany: 0.1, ExpireTokens: 0.1}
	o.Rate = graphsim.Rate{Throttle: true, Reports: 1e6}
	r := newReader(t, o)
	var group sync.WaitGroup
	for _, path := range []string{"v1.0/auditLogs/directoryAudits", "beta/auditLogs/signIns", "v1.0/identityProtection/riskDetections", "v1.0/auditLogs/provisioning"} {
		group.Go(func() {
			own := *r
			link := own.link(path, "$top", "20")
			for range 30 {
				p, err := own.try(link)
				if err != nil {
					t.Error(err)
					return
				}
				if p.Status == 401 {
					own.token = own.tenant.Token()
				}
				if p.NextLink != nil {
					link = *p.NextLink
				}
			}
		})
	}
	group.Wait()
	if n := r.counted("requests"); n != 120 {
		t.Errorf("%d requests counted of 120", n)
	}
}

// TestLargeTenant reads a minute of millions of sign-ins a day: it takes no
// longer and no more memory than of a small tenant.
func TestLargeTenant(t *testing.T) {
	g := graphsim.New(graphsim.Options{Users: 30_000, Start: start, Days: 30})
	n := 0
	noon := start.AddDate(0, 0, 8).Add(12 * time.Hour)
	for range g.Truth("sign_ins", "", noon, noon.Add(time.Minute), g.Now()) {
		n++
	}
	if n < 2000 || n > 12_000 {
		t.Errorf("%d sign-ins in a minute at noon, of three million a day", n)
	}
}

func TestServeAndClose(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	g := graphsim.New(small)
	s, err := g.Serve(ctx)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(s.URL + "/v1.0/auditLogs/directoryAudits")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != 401 || !strings.Contains(string(body), "InvalidAuthenticationToken") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	cancel()
	if s, err = g.Serve(ctx); err == nil {
		_ = s.Close()
	}
}
