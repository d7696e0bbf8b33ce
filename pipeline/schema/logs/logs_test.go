package logs_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func lookup(t *testing.T, name string, shape logs.Shape) *schema.Schema {
	t.Helper()
	s, ok := logs.Lookup(name, shape)
	if !ok {
		t.Fatalf("log %s has no shape %s", name, shape)
	}
	return s
}

func path(t *testing.T, text string) record.Path {
	t.Helper()
	p, err := record.ParsePath(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFilesAreRight(t *testing.T) {
	names := logs.Names()
	for _, name := range names {
		if err := logs.Check(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range logs.Files() {
		if !slices.Contains(names, name) {
			t.Errorf("data/%s.txt is about no log that Names gives", name)
		}
	}
}

func TestShapes(t *testing.T) {
	inGraphOnly := []string{
		"risky_user_history", "application_sign_in_summary", "application_sign_in_detailed_summary",
		"service_principal_sign_in_activity", "app_credential_sign_in_activity", "user_registration_details",
	}
	for _, name := range logs.Names() {
		want := map[logs.Shape]bool{
			logs.Graph:        name != "microsoft_graph_activity",
			logs.Diagnostic:   !slices.Contains(inGraphOnly, name),
			logs.LogAnalytics: !slices.Contains(inGraphOnly, name),
		}
		for shape, has := range want {
			s, ok := logs.Lookup(name, shape)
			if ok != has {
				t.Errorf("%s, %s: got %v, want %v", name, shape, ok, has)
			}
			if ok && (s.Log != name || s.Unknown != schema.FreeText) {
				t.Errorf("%s, %s: log %q, unknown %s", name, shape, s.Log, s.Unknown)
			}
		}
	}
	for _, wrong := range []string{"", "sign_in", "shared", "../logs", "data/sign_ins"} {
		if _, ok := logs.Lookup(wrong, logs.Graph); ok {
			t.Errorf("there is a log %q", wrong)
		}
		if _, ok := logs.Get(wrong); ok {
			t.Errorf("there is a log %q", wrong)
		}
	}
	if _, ok := logs.Lookup("sign_ins", "csv"); ok {
		t.Error("there is a shape csv")
	}
}

// TestEveryLogHasIdAndTime holds every shape to a time, or to a reason why
// there is none, and to an id.
func TestEveryLogHasIdAndTime(t *testing.T) {
	for _, name := range logs.Names() {
		l, _ := logs.Get(name)
		if (l.Time == "") == (l.NoTime == "") {
			t.Errorf("%s: time %q, no time because %q", name, l.Time, l.NoTime)
		}
		if l.NoTime != "" && !l.Snapshot {
			t.Errorf("%s: no time, but it is no snapshot", name)
		}
		for _, shape := range []logs.Shape{logs.Graph, logs.Diagnostic, logs.LogAnalytics} {
			s, ok := logs.Lookup(name, shape)
			if !ok {
				continue
			}
			if f, err := s.Lookup(s.ID); s.ID.IsZero() || err != nil || f.Type == nil || f.Type.Kind != schema.String {
				t.Errorf("%s, %s: id %q is no text: %v", name, shape, s.ID, err)
			}
			if s.Time.IsZero() && l.NoTime != "" {
				continue
			}
			if f, err := s.Lookup(s.Time); s.Time.IsZero() || err != nil || f.Type == nil || f.Type.Kind != schema.Time {
				t.Errorf("%s, %s: time %q is no time: %v", name, shape, s.Time, err)
			}
		}
	}
}

func TestSignInShapes(t *testing.T) {
	tests := []struct {
		shape    logs.Shape
		id, time string
	}{
		{logs.Graph, "id", "createdDateTime"},
		{logs.Diagnostic, "properties.id", "time"},
		{logs.LogAnalytics, "Id", "TimeGenerated"},
	}
	for _, test := range tests {
		s := lookup(t, "sign_ins", test.shape)
		if s.ID.String() != test.id || s.Time.String() != test.time {
			t.Errorf("%s: id %s, time %s", test.shape, s.ID, s.Time)
		}
	}
	activity := lookup(t, "microsoft_graph_activity", logs.Diagnostic)
	if activity.ID.String() != "properties.requestId" {
		t.Errorf("Graph activity: id %s", activity.ID)
	}
}

func TestSignInLeaves(t *testing.T) {
	for _, shape := range []logs.Shape{logs.Graph, logs.Diagnostic, logs.LogAnalytics} {
		t.Run(string(shape), func(t *testing.T) {
			var b strings.Builder
			for _, l := range lookup(t, "sign_ins", shape).Leaves() {
				fmt.Fprintf(&b, "%s %s %s\n", l.Class.Letter(), l.Type, l.Path)
			}
			golden := filepath.Join("testdata", "sign_ins."+string(shape)+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v; run with -update to write it", err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("leaves differ (run with -update if this is meant):\n%s", diff)
			}
		})
	}
}

func TestSuggestions(t *testing.T) {
	tests := []struct {
		shape     logs.Shape
		in, near  string
		elsewhere string
	}{
		{logs.Graph, "status.errorcode", "errorCode", ""},
		{logs.Graph, "userPrincpalName", "userPrincipalName", ""},
		{logs.Graph, "riskLevelDuringsignIn", "riskLevelDuringSignIn", ""},
		{logs.Graph, "location.contryOrRegion", "countryOrRegion", ""},
		{logs.Graph, "appliedConditionalAccessPolicies[].dispalyName", "displayName", ""},
		{logs.Graph, "errorCode", "", "status.errorCode"},
		{logs.Graph, "countryOrRegion", "", "location.countryOrRegion"},
		{logs.Graph, "zzz", "", ""},
		{logs.Diagnostic, "createdDateTime", "", "properties.createdDateTime"},
		{logs.Diagnostic, "properties.userPrincpalName", "userPrincipalName", ""},
		{logs.LogAnalytics, "userPrincipalName", "UserPrincipalName", ""},
		{logs.LogAnalytics, "DeviceDetail.Browser", "browser", ""},
	}
	for _, test := range tests {
		_, err := lookup(t, "sign_ins", test.shape).Lookup(path(t, test.in))
		e, ok := err.(*schema.NotFound)
		if !ok {
			t.Errorf("%s: got %v, want *NotFound", test.in, err)
			continue
		}
		if e.Nearest != test.near || e.Elsewhere.String() != test.elsewhere {
			t.Errorf("%s: nearest %q, elsewhere %q", test.in, e.Nearest, e.Elsewhere)
		}
	}
}

func TestColumns(t *testing.T) {
	tests := []struct {
		log, column, typ string
		class            schema.Class
	}{
		{"sign_ins", "UserPrincipalName", "string", schema.Direct},
		{"sign_ins", "AuthenticationDetails", "json", schema.FreeText},
		{"sign_ins", "LocationDetails.city", "string", schema.Quasi},
		{"sign_ins", "Status.errorCode", "int", schema.None},
		{"sign_ins", "ConditionalAccessPolicies[].displayName", "string", schema.Given},
		{"sign_ins", "AutonomousSystemNumber", "string", schema.Quasi},
		{"sign_ins", "ConditionalAccessStatus", "enum", schema.None},
		{"sign_ins", "Identity", "string", schema.Direct},
		{"directory_audits", "TargetResources[].modifiedProperties[].newValue", "json", schema.FreeText},
		{"directory_audits", "Category", "string", schema.None},
		{"provisioning", "SourceIdentity", "json", schema.Direct},
		{"provisioning", "SourceSystem", "json", schema.Workload},
		{"risk_detections", "AdditionalInfo", "any", schema.FreeText},
		{"risk_detections", "Location.city", "string", schema.Quasi},
		{"risky_users", "Id", "string", schema.Online},
		{"microsoft_graph_activity", "RequestUri", "string", schema.FreeText},
		{"microsoft_graph_activity", "ClientAuthMethod", "int", schema.None},
	}
	for _, test := range tests {
		f, err := lookup(t, test.log, logs.LogAnalytics).Lookup(path(t, test.column))
		if err != nil || f.Type.String() != test.typ || f.Class != test.class {
			t.Errorf("%s, %s: %s %s, %v", test.log, test.column, f.Type, f.Class, err)
		}
	}
}

func TestCatalogue(t *testing.T) {
	for _, name := range logs.Names() {
		l, ok := logs.Get(name)
		if !ok {
			t.Fatalf("no log %s", name)
		}
		served := l.Path != ""
		if l.Doc == "" || l.Licence == "" || l.Kept == "" || len(l.Roles) == 0 || len(l.Clouds) != 4 {
			t.Errorf("%s: something is missing: %+v", name, l)
		}
		if served && len(l.Application)+len(l.Delegated) == 0 {
			t.Errorf("%s: no permission", name)
		}
		if served != (l.Budget == "reports" || l.Budget == "identity_protection") {
			t.Errorf("%s: budget %q", name, l.Budget)
		}
		if served && l.Version != "v1.0" && l.Version != "beta" {
			t.Errorf("%s: version %q", name, l.Version)
		}
		if l.Filter == "" || !served {
			continue
		}
		if _, err := lookup(t, name, logs.Graph).Lookup(path(t, l.Filter)); err != nil {
			t.Errorf("%s: the filter's field: %v", name, err)
		}
	}
}

func TestStreams(t *testing.T) {
	l, _ := logs.Get("sign_ins")
	if diff := cmp.Diff([]string{"interactive_user", "non_interactive_user", "service_principal", "managed_identity"}, l.Streams); diff != "" {
		t.Error(diff)
	}
	s, ok := l.Stream("service_principal")
	want := logs.Stream{
		Name: "service_principal", Event: "servicePrincipal",
		Category: "ServicePrincipalSignInLogs", Table: "AADServicePrincipalSignInLogs",
	}
	if !ok || s != want {
		t.Errorf("got %+v", s)
	}
	if _, ok := l.Stream("nobody"); ok {
		t.Error("there is a stream nobody")
	}
}

func TestByCategory(t *testing.T) {
	tests := map[string]string{
		"SignInLogs":                          "sign_ins",
		"signinlogs":                          "sign_ins",
		"NonInteractiveUserSignInLogs":        "sign_ins",
		"ServicePrincipalSignInLogs":          "sign_ins",
		"ManagedIdentitySignInLogs":           "sign_ins",
		"ADFSSignInLogs":                      "sign_ins",
		"MicrosoftServicePrincipalSignInLogs": "sign_ins",
		"AuditLogs":                           "directory_audits",
		"ProvisioningLogs":                    "provisioning",
		"CustomSecurityAttributeAuditLogs":    "custom_security_attribute_audits",
		"UserRiskEvents":                      "risk_detections",
		"RiskyUsers":                          "risky_users",
		"ServicePrincipalRiskEvents":          "service_principal_risk_detections",
		"RiskyServicePrincipals":              "risky_service_principals",
		"MicrosoftGraphActivityLogs":          "microsoft_graph_activity",
		"":                                    "",
		"NetworkAccessTrafficLogs":            "",
	}
	for category, want := range tests {
		if got, ok := logs.ByCategory(category); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v", category, got, ok)
		}
	}
}

func TestErrorCode(t *testing.T) {
	codes := logs.ErrorCodes()
	if !slices.IsSorted(codes) || len(slices.Compact(slices.Clone(codes))) != len(codes) {
		t.Fatal("the codes do not ascend")
	}
	names := map[string]bool{}
	for _, n := range codes {
		e, ok := logs.ErrorCode(n)
		if !ok || e.Name == "" || e.Reason == "" || e.Advice == "" || names[e.Name] {
			t.Errorf("code %d: %+v", n, e)
		}
		if strings.Trim(e.Name, "abcdefghijklmnopqrstuvwxyz_0123456789") != "" {
			t.Errorf("code %d: name %q is not in snake_case", n, e.Name)
		}
		names[e.Name] = true
	}
	for _, n := range []int64{0, 50034, 50126, 50053, 50057, 50074, 50076, 53003, 65001, 70008, 700016, 7000222, 80014, 530035} {
		if _, ok := logs.ErrorCode(n); !ok {
			t.Errorf("code %d is not known", n)
		}
	}
	for _, n := range []int64{-1, 1, 50035, 1 << 62} {
		if e, ok := logs.ErrorCode(n); ok {
			t.Errorf("code %d is %+v", n, e)
		}
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add("log x\napi beta /x\nid id\n\nrecord\n  id string O # Doc.\n  a [object] - set open\n    b time -\n")
	f.Add("enum e a b\ntype t\n  x e -\nrecord\n  y [t] W volatile\ndiagnostic\n  y[].z any F\n")
	f.Add("log x\ncategory A T\nid id\nrecord\n  id string O\nlog_analytics\n  Id string\n  B dynamic = id\n  C long Q\n")
	f.Add("columns c\n  X string -\nlog_analytics\n  include c\nclouds a=yes\nstream a b c d\npage 1 -\ntime - because\n")
	f.Fuzz(func(t *testing.T, text string) {
		shapes, err := logs.ParseText(text)
		if err != nil {
			return
		}
		for _, s := range shapes {
			for _, l := range s.Leaves() {
				if _, err := s.Lookup(l.Path); err != nil {
					t.Errorf("leaf %q: %v", l.Path, err)
				}
			}
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	for _, shape := range []logs.Shape{logs.Graph, logs.Diagnostic, logs.LogAnalytics} {
		b.Run(string(shape), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				logs.Lookup("sign_ins", shape)
			}
		})
	}
	b.Run("by category, the last log", func(b *testing.B) {
		for b.Loop() {
			logs.ByCategory("MicrosoftGraphActivityLogs")
		}
	})
	b.Run("error code", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			logs.ErrorCode(50126)
		}
	})
}
