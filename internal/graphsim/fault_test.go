package graphsim_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/internal/graphsim"
	"github.com/logpipe/logpipe/pipeline/record"
)

// audits is a chain over three days of audits in pages of 20.
func (r *reader) audits() string {
	return r.link("v1.0/auditLogs/directoryAudits", "$filter", inside(start, start.AddDate(0, 0, 3), "activityDateTime"), "$top", "20", "$orderby", "activityDateTime")
}

func (r *reader) truth() []string {
	return collect(r.tenant.Truth("directory_audits", "", start, start.AddDate(0, 0, 3), r.tenant.Now()))
}

func withFaults(t *testing.T, f graphsim.Faults) *reader {
	t.Helper()
	o := small
	o.Faults = f
	return newReader(t, o)
}

func (r *reader) counted(name string) int64 { return r.tenant.Counted()[name] }

// TestNoFaults: a tenant without faults counts none.
func TestNoFaults(t *testing.T) {
	r := withFaults(t, graphsim.Faults{})
	got, pages := r.chain(r.audits())
	same(t, r.truth(), got)
	want := map[string]int64{"requests": int64(pages), "pages": int64(pages), "records": int64(len(got))}
	if diff := cmp.Diff(want, r.tenant.Counted()); diff != "" {
		t.Error(diff)
	}
}

// TestPageFaults: whatever pages look like, whoever follows every nextLink has
// all records.
func TestPageFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		faults graphsim.Faults
		repeat bool // records stand twice
		mixed  bool // records are out of order
	}{
		{name: "duplicate_across_pages", faults: graphsim.Faults{DuplicateAcrossPages: 1}, repeat: true, mixed: true},
		{name: "unstable_pages", faults: graphsim.Faults{UnstablePages: 1}, mixed: true},
		{name: "empty_pages", faults: graphsim.Faults{EmptyPages: 0.5}},
		{name: "null_next_link", faults: graphsim.Faults{NullNextLink: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := withFaults(t, c.faults)
			want := r.truth()
			got, pages := r.chain(r.audits())
			if repeated := len(got) > len(want); repeated != c.repeat {
				t.Errorf("%d records of %d on %d pages", len(got), len(want), pages)
			}
			if inOrder := slices.Equal(want, got[:min(len(got), len(want))]); inOrder == c.mixed {
				t.Errorf("in order: %t", inOrder)
			}
			slices.Sort(got)
			slices.Sort(want)
			same(t, want, slices.Compact(got))
			if r.counted(c.name) == 0 {
				t.Error("not counted:", r.tenant.Counted())
			}
		})
	}
}

func TestEmptyPageHasNextLink(t *testing.T) {
	r := withFaults(t, graphsim.Faults{EmptyPages: 1})
	p := r.get(r.audits())
	if len(p.Value) != 0 || p.NextLink == nil || !strings.Contains(p.body, `"value":[]`) {
		t.Fatal(p.body)
	}
	got, _ := r.chain(r.audits())
	same(t, r.truth(), got)
}

func TestNullNextLink(t *testing.T) {
	r := withFaults(t, graphsim.Faults{NullNextLink: 1})
	p := r.get(r.link("v1.0/identityProtection/riskyUsers"))
	if !strings.Contains(p.body, `"@odata.nextLink":null`) {
		t.Fatal(p.body)
	}
}

func TestCutBody(t *testing.T) {
	r := withFaults(t, graphsim.Faults{CutBody: 1})
	p := r.get(r.audits())
	if p.Status != 200 || p.broken == nil || !strings.Contains(p.body, `{"error":{"code":"UnknownError"`) {
		t.Fatalf("status %d, %v: …%s", p.Status, p.broken, p.body[max(0, len(p.body)-300):])
	}
	if json.Valid([]byte(p.body)) || r.counted("cut_body") != 1 {
		t.Error("a cut body is whole, or not counted", r.tenant.Counted())
	}
}

func TestDeadSkipToken(t *testing.T) {
	t.Run("fault", func(t *testing.T) {
		r := withFaults(t, graphsim.Faults{DeadSkipToken: 1})
		next := *r.get(r.audits()).NextLink
		for range 2 { // and it stays dead
			r.wantError(t, r.get(next), 400, "BadRequest", "Token not found: token is either invalid or expired")
		}
		if n := r.counted("dead_skip_token"); n != 1 {
			t.Errorf("counted %d", n)
		}
	})
	t.Run("age", func(t *testing.T) {
		now := start.AddDate(0, 0, 3)
		o := small
		o.Clock = func() time.Time { return now }
		r := newReader(t, o)
		next := *r.get(r.audits()).NextLink
		now = now.Add(29 * time.Minute)
		if p := r.get(next); p.Status != 200 {
			t.Fatal(p.body)
		}
		now = now.Add(2 * time.Minute)
		r.wantError(t, r.get(next), 400, "BadRequest", "Token not found: token is either invalid or expired")
	})
	t.Run("missing", func(t *testing.T) {
		r := withFaults(t, graphsim.Faults{})
		r.wantError(t, r.get(r.link("v1.0/auditLogs/directoryAudits", "$skiptoken", "")), 400, "BadRequest", "Invalid Skip Token, skip token is null")
		r.wantError(t, r.get(r.link("v1.0/auditLogs/directoryAudits", "$skiptoken", "x")), 400, "BadRequest", "Token not found: token is either invalid or expired")
	})
}

func (r *reader) wantError(t *testing.T, p page, status int, code, message string) {
	t.Helper()
	if p.Status != status || p.Error == nil || p.Error.Code != code || !strings.Contains(p.Error.Message, message) {
		t.Fatalf("want %d %s %q, have %d: %s", status, code, message, p.Status, p.body)
	}
	for _, name := range []string{"date", "request-id", "client-request-id"} {
		if p.Error.InnerError[name] == "" {
			t.Errorf("innerError has no %s: %s", name, p.body)
		}
	}
	if p.header.Get("request-id") != p.Error.InnerError["request-id"] {
		t.Error("the request-id of the header is another")
	}
}

func TestServerErrors(t *testing.T) {
	r := withFaults(t, graphsim.Faults{ServerErrors: 1})
	seen := map[int]bool{}
	for range 60 {
		p := r.get(r.audits())
		seen[p.Status] = true
		if p.Status == 502 && !strings.HasPrefix(p.body, "<html>") || p.Status != 502 && p.Error == nil {
			t.Errorf("%d: %s", p.Status, p.body)
		}
	}
	if diff := cmp.Diff(map[int]bool{500: true, 502: true, 503: true, 504: true}, seen); diff != "" {
		t.Error(diff)
	}
	if n := r.counted("server_errors"); n != 60 {
		t.Errorf("counted %d of 60", n)
	}
}

func TestTimeouts(t *testing.T) {
	r := withFaults(t, graphsim.Faults{Timeouts: 1})
	if p, err := r.try(r.audits()); err == nil {
		t.Fatalf("an answer: %d %s", p.Status, p.body)
	}
	if r.counted("timeouts") == 0 {
		t.Error("not counted")
	}
}

func TestTooMany(t *testing.T) {
	for _, c := range []struct {
		name   string
		faults graphsim.Faults
		path   string
		want   func(header string) bool
	}{
		{"seconds", graphsim.Faults{TooMany: 1}, "v1.0/auditLogs/directoryAudits", func(h string) bool { n, err := strconv.Atoi(h); return err == nil && n > 0 }},
		{"date", graphsim.Faults{TooMany: 1, RetryAfterDate: true}, "v1.0/auditLogs/directoryAudits", func(h string) bool { _, err := http.ParseTime(h); return err == nil }},
		{"nothing", graphsim.Faults{TooMany: 1, TooManyWithoutRetryAfter: true}, "v1.0/auditLogs/directoryAudits", func(h string) bool { return h == "" }},
		{"identity protection", graphsim.Faults{TooMany: 1}, "v1.0/identityProtection/riskDetections", func(h string) bool { return h == "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := withFaults(t, c.faults)
			p := r.get(r.link(c.path))
			if h := p.header.Get("Retry-After"); p.Status != 429 || !c.want(h) || p.Error == nil {
				t.Errorf("%d, Retry-After %q: %s", p.Status, h, p.body)
			}
			if r.counted("too_many") != 1 || r.counted("throttled") != 1 {
				t.Error(r.tenant.Counted())
			}
		})
	}
}

func TestExpireTokens(t *testing.T) {
	r := withFaults(t, graphsim.Faults{ExpireTokens: 0.3})
	died := 0
	for range 40 {
		p := r.get(r.link("v1.0/identityProtection/riskyUsers"))
		if p.Status == 200 {
			continue
		}
		died++
		r.wantError(t, p, 401, "InvalidAuthenticationToken", "the token is expired")
		r.wantError(t, r.get(r.link("v1.0/identityProtection/riskyUsers")), 401, "InvalidAuthenticationToken", "the token is expired") // and stays dead
		r.token = r.tenant.Token()
	}
	if died == 0 || r.counted("expire_tokens") != int64(died) {
		t.Errorf("%d tokens died, counted %d", died, r.counted("expire_tokens"))
	}
}

func TestClaimsChallenge(t *testing.T) {
	r := withFaults(t, graphsim.Faults{ClaimsChallenge: 1})
	p := r.get(r.audits())
	r.wantError(t, p, 401, "InvalidAuthenticationToken", "Continuous access evaluation")
	_, rest, ok := strings.Cut(p.header.Get("WWW-Authenticate"), `error="insufficient_claims", claims="`)
	text, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(rest, `"`))
	if !ok || err != nil || !json.Valid(text) {
		t.Errorf("challenge %q: %v", p.header.Get("WWW-Authenticate"), err)
	}
}

func TestFlapForbidden(t *testing.T) {
	r := withFaults(t, graphsim.Faults{FlapForbidden: 0.5})
	seen := map[int]bool{}
	for range 30 {
		p := r.get(r.link("v1.0/identityProtection/riskyUsers"))
		if seen[p.Status] = true; p.Status != 200 {
			r.wantError(t, p, 403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "premium license")
		}
	}
	if len(seen) != 2 {
		t.Error(seen)
	}
}

// TestLate: a late record is missing before and there afterwards, and nothing
// else moves.
func TestLate(t *testing.T) {
	o := small
	o.Faults.Late = 0.5
	late, punctual := graphsim.New(o), graphsim.New(small)
	end := start.Add(34 * time.Hour)
	at := func(g *graphsim.Tenant, when time.Time) []string {
		return collect(g.Truth("directory_audits", "", start, end, when))
	}
	all := at(punctual, end)
	first, hour, settled := at(late, end), at(late, end.Add(time.Hour)), at(late, end.Add(13*time.Hour))
	if len(first) >= len(hour) || len(hour) >= len(settled) {
		t.Errorf("%d records at once, %d after an hour, %d after 13", len(first), len(hour), len(settled))
	}
	same(t, all, settled)
	for _, raw := range first {
		if _, ok := slices.BinarySearchFunc(all, raw, func(a, b string) int { return strings.Compare(when(a), when(b)) }); !ok {
			t.Fatal("a record that is not among all")
		}
	}
}

func when(raw string) string {
	_, rest, _ := strings.Cut(raw, `"activityDateTime":"`)
	return rest[:27]
}

// TestChangeInPlace: records keep their ids and change what the service
// changes, and nothing else.
func TestChangeInPlace(t *testing.T) {
	o := small
	o.Faults.ChangeInPlace = 1
	g := graphsim.New(o)
	end := start.Add(10 * time.Hour)
	type version map[string]json.RawMessage
	read := func(when time.Time) []version {
		var out []version
		for raw := range g.Truth("sign_ins", "interactive_user", start, end, when) {
			v := version{}
			if err := json.Unmarshal(raw, &v); err != nil {
				t.Fatal(err)
			}
			out = append(out, v)
		}
		return out
	}
	a, b := read(end), read(end.Add(48*time.Hour))
	if len(a) != len(b) || len(a) == 0 {
		t.Fatalf("%d and %d records", len(a), len(b))
	}
	changed := map[string]bool{}
	for i := range a {
		for name := range b[i] {
			if string(a[i][name]) != string(b[i][name]) {
				changed[name] = true
			}
		}
	}
	for name := range changed {
		if !strings.HasPrefix(name, "risk") && name != "authenticationDetails" {
			t.Errorf("%s changed", name)
		}
	}
	if !changed["riskState"] || !changed["authenticationDetails"] {
		t.Errorf("changed: %v", changed)
	}
}

// TestTruthBy finds moved detections by when they were last updated.
func TestTruthBy(t *testing.T) {
	o := graphsim.Options{Seed: 3, Users: 500, Start: start, Days: 5, Faults: graphsim.Faults{ChangeInPlace: 1}}
	r := newReader(t, o)
	from, to := start.AddDate(0, 0, 3), start.AddDate(0, 0, 4)
	want := collect(r.tenant.TruthBy("risk_detections", "", "lastUpdatedDateTime", from, to, r.tenant.Now()))
	got, _ := r.chain(r.link("v1.0/identityProtection/riskDetections", "$filter", inside(from, to, "lastUpdatedDateTime")))
	slices.Reverse(got)
	same(t, want, got)
	older := 0
	for _, raw := range got {
		var d struct{ DetectedDateTime, LastUpdatedDateTime time.Time }
		if err := json.Unmarshal([]byte(raw), &d); err != nil {
			t.Fatal(err)
		}
		count(&older, d.DetectedDateTime.Before(from) && !d.LastUpdatedDateTime.Before(from))
	}
	if older == 0 {
		t.Errorf("none of %d detections was made before the window", len(got))
	}
}

func TestUnknown(t *testing.T) {
	t.Run("properties", func(t *testing.T) {
		r := withFaults(t, graphsim.Faults{UnknownProperties: 0.5})
		got, _ := r.chain(r.audits())
		same(t, r.truth(), got)
		n := 0
		for _, raw := range got {
			count(&n, strings.Contains(raw, `"riskInsights"`))
		}
		if n == 0 || n == len(got) || r.counted("unknown_properties") != int64(n) {
			t.Errorf("%d of %d records, counted %d", n, len(got), r.counted("unknown_properties"))
		}
	})
	t.Run("enums", func(t *testing.T) {
		r := withFaults(t, graphsim.Faults{UnknownEnums: 0.5})
		for _, c := range []struct {
			prefer bool
			want   string
		}{{true, `"result":"successAssisted"`}, {false, `"result":"unknownFutureValue"`}} {
			r.prefer = c.prefer
			if p := r.get(r.audits()); !strings.Contains(p.body, c.want) || !strings.Contains(p.body, `"result":"success"`) {
				t.Errorf("Prefer %t: no %s", c.prefer, c.want)
			}
		}
		if r.counted("unknown_enums") == 0 {
			t.Error("not counted")
		}
	})
	t.Run("schema change", func(t *testing.T) {
		now := start.AddDate(0, 0, 2)
		o := small
		o.Clock, o.Faults.SchemaChangeAt = func() time.Time { return now }, start.AddDate(0, 0, 2).Add(time.Hour)
		r := newReader(t, o)
		before := r.get(r.audits())
		now = now.Add(time.Hour)
		after := r.get(r.audits())
		if strings.Contains(before.body, "dataBoundary") || strings.Count(after.body, `"dataBoundary":"none"`) != len(after.Value) {
			t.Error("every record has the new member after the instant, none before")
		}
		for i, raw := range after.Value {
			if diff := cmp.Diff(string(before.Value[i]), strings.Replace(string(raw), `,"dataBoundary":"none"`, "", 1)); diff != "" {
				t.Fatal(diff)
			}
		}
		if r.counted("schema_change") != int64(len(after.Value)) {
			t.Error(r.tenant.Counted())
		}
	})
}

// TestAllFaults reads under every fault at once, as a patient client does, and
// has the truth in the end.
func TestAllFaults(t *testing.T) {
	r := withFaults(t, graphsim.Faults{Late: 0.2, ChangeInPlace: 0.2, UnknownProperties: 0.2, UnknownEnums: 0.2, SchemaChangeAt: start,
		DuplicateAcrossPages: 0.2, UnstablePages: 0.2, EmptyPages: 0.2, NullNextLink: 0.5, CutBody: 0.05, DeadSkipToken: 0.02,
		ServerErrors: 0.05, Timeouts: 0.05, TooMany: 0.05, ExpireTokens: 0.03, ClaimsChallenge: 0.03, FlapForbidden: 0.03})
	byID := map[string]string{}
	link, restarts := r.audits(), 0
	for tries := 0; link != ""; tries++ {
		if tries > 3000 {
			t.Fatal("no end in sight", r.tenant.Counted())
		}
		p, err := r.try(link)
		switch {
		case err != nil || p.Status == 429 || p.Status >= 500 || p.Status == 403 || p.Status == 200 && p.broken != nil:
		case p.Status == 401:
			r.token = r.tenant.Token()
		case p.Status == 400:
			link = r.audits()
			restarts++
		default:
			for _, raw := range p.Value {
				byID[idOf(raw)] = string(raw)
			}
			if link = ""; p.NextLink != nil {
				link = *p.NextLink
			}
		}
	}
	want := map[string]string{}
	for _, raw := range r.truth() {
		want[idOf([]byte(raw))] = raw
	}
	if len(want) != len(byID) {
		t.Errorf("%d records, want %d", len(byID), len(want))
	}
	for id := range want {
		if want[id] != byID[id] {
			t.Fatal(cmp.Diff(want[id], byID[id]))
		}
	}
	t.Log(restarts, "restarts", r.tenant.Counted())
}

func idOf(raw []byte) string {
	id := ""
	record.ValueOf(raw).Each(func(key []byte, v record.Value) bool {
		if string(key) == "id" {
			text, _ := v.Text()
			id = string(text)
		}
		return id == ""
	})
	return id
}

func TestParseFaults(t *testing.T) {
	for _, c := range []struct {
		name string
		in   map[string]float64
		want graphsim.Faults
		err  string
	}{
		{name: "none"},
		{name: "chances and switches", in: map[string]float64{"late": 0.1, "retry_after_date": 1, "cut_body": 1}, want: graphsim.Faults{Late: 0.1, RetryAfterDate: true, CutBody: 1}},
		{name: "times", in: map[string]float64{"schema_change_after": 1.5, "hang_seconds": 0.5}, want: graphsim.Faults{SchemaChangeAt: start.Add(36 * time.Hour), Hang: 500 * time.Millisecond}},
		{name: "unknown", in: map[string]float64{"lat": 0.1}, err: `fault "lat": not known; the faults are change_in_place,`},
		{name: "too much", in: map[string]float64{"late": 2}, err: "fault late: 2 is not a chance: write a number from 0 to 1"},
		{name: "negative", in: map[string]float64{"late": -1}, err: "fault late: -1 is negative or not a number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := graphsim.ParseFaults(c.in, start)
			if c.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), c.err) {
					t.Fatalf("error %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
