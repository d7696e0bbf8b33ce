package redact_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/transforms/redact"
)

func TestDiagnostics(t *testing.T) {
	for _, c := range []struct{ name, body, secret, want string }{
		{"misspelt field", key + `rule "drop" { fields = ["userPrincipleName"] }`, secret,
			`5:25 Unknown field: The record that reaches this block has no field "userPrincipleName". Did you mean "userPrincipalName"?`},
		{"misspelt action", key + `rule "pseudonymise" { fields = ["userPrincipalName"] }`, secret,
			`5:6 Unknown rule: There is no rule "pseudonymise". Did you mean "pseudonym"?`},
		{"list without brackets", key + `rule "pseudonym" { fields = ["signInEventTypes"] }`, secret,
			`5:30 Action does not fit the field: pseudonym cannot be applied to "signInEventTypes", which is a list. Write "signInEventTypes[]" to mean each of its elements.`},
		{"object", key + `rule "mask" { fields = ["location"] }`, secret,
			`5:25 Action does not fit the field: mask cannot be applied to "location", which is an object. Name the fields in it, such as "location.city".`},
		{"bool", key + `rule "pseudonym" { fields = ["isInteractive"] }`, secret,
			`5:30 Action does not fit the field: pseudonym cannot be applied to "isInteractive", which is of type bool. Its values can be kept, dropped or replaced.`},
		{"IP of a number", key + `rule "truncate_ip" { fields = ["autonomousSystemNumber"] }`, secret,
			`5:32 Action does not fit the field: truncate_ip cannot be applied to "autonomousSystemNumber", which is of type int. Its values can be kept, dropped or replaced.`},
		{"no coarser form", key + `rule "coarsen" { fields = ["userDisplayName"] }`, secret,
			`5:28 Action does not fit the field: coarsen cannot be applied to "userDisplayName", which has no coarser form that is known. Coarsen knows times, coordinates, cities, IP addresses, user agents, browsers and operating systems; drop the field or use pseudonym.`},
		{"two rules", key + "rule \"drop\" { fields = [\"id\"] }\nrule \"keep\" { fields = [\"id\"] }", secret,
			`6:25 Two rules for one field: "id" already has the rule "drop" in line 5. Keep one of them.`},
		{"without effect", key + "rule \"drop\" { fields = [\"location\"] }\nrule \"keep\" { fields = [\"location.city\"] }", secret,
			`6:25 Rule without effect: "location.city" lies in "location", of which drop leaves nothing. Remove one of the two rules.`},
		{"replace without text", key + `rule "replace" { fields = ["id"] }`, secret,
			`5:1 Missing attribute: Say what takes the place of the values: with = "…".`},
		{"attribute of another action", key + "rule \"mask\" {\n  fields = [\"userId\"]\n  with = \"x\"\n}", secret,
			`7:10 Attribute without effect: "with" means nothing to the action "mask". Remove it.`},
		{"too many bits", key + "rule \"truncate_ip\" {\n  fields = [\"ipAddress\"]\n  ipv4_bits = 33\n}", secret,
			`7:15 Number out of range: "ipv4_bits" must be a whole number from 0 to 32.`},
		{"no key", `rule "pseudonym" { fields = ["id"] }`, secret,
			"1:30 Missing key: pseudonym of \"id\" needs a key: key { id = \"…\"  secret = var.… }. Make one with `logpipe keygen` and keep it in a sensitive variable."},
		{"no key by class", ``, secret,
			"1:1 Missing key: pseudonym of \"id\" needs a key: key { id = \"…\"  secret = var.… }. Make one with `logpipe keygen` and keep it in a sensitive variable."},
		{"two keys", "key = var.key\n" + key, secret, `1:7 Two keys: Write the key as a block or as an attribute, not both.`},
		{"short key", key, secret[:62],
			"3:12 Weak or broken key: The key cannot be used: the secret has fewer than 32 bytes once decoded. Make one with `logpipe keygen` and keep it in a sensitive variable."},
		{"weak key", key, strings.Repeat("ab", 32),
			"3:12 Weak or broken key: The key cannot be used: the secret repeats itself, counts up or is a text; it is not random. Make one with `logpipe keygen` and keep it in a sensitive variable."},
		{"no such default", key + `default = "by_clas"`, secret, `5:11 Unknown value: "by_clas" is no value of "default". Did you mean "by_class"?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := redact.Kind()
			a, diags := catalog.Parse(&k, c.body, t.TempDir(), signIns(t), values(c.secret))
			if a != nil {
				_, more := k.Transform(a)
				diags = append(diags, more...)
			}
			catalog.Sort(diags)
			if len(diags) == 0 {
				t.Fatal("no diagnostic")
			}
			d := diags[0]
			got := fmt.Sprintf("%d:%d %s: %s", d.Subject.Start.Line, d.Subject.Start.Column, d.Summary, d.Detail)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if strings.Contains(got, c.secret) {
				t.Error("the diagnostic shows the secret")
			}
		})
	}
}

// TestSchemaThatLeaves says of each field what the next block is told.
func TestSchemaThatLeaves(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       map[string]string // field: type and class, "" if it is gone
	}{
		{"by class", key, map[string]string{
			"userPrincipalName": "string none", "userId": "string none", "ipAddress": "string none", "userAgent": "string none",
			"status.failureReason": "string free_text", "status.errorCode": "int none", "appId": "string workload", "createdDateTime": "time none",
			"deviceDetail.displayName": "", "deviceDetail.operatingSystem": "string none", "location.city": "string none", "location.countryOrRegion": "string none",
			"appliedConditionalAccessPolicies[].displayName": "", "appliedConditionalAccessPolicies[].result": "enum none", "networkLocationDetails[].networkNames": "",
		}},
		{"rules", keepAll + key + "rule \"mask\" { fields = [\"userPrincipalName\"] }\nrule \"drop\" { fields = [\"location\"] }\nrule \"collapse\" { fields = [\"deviceDetail\"] }", map[string]string{
			"userPrincipalName": "string none", "userId": "string online", "location": "", "deviceDetail": "any none",
		}},
		{"allowed", "default = \"drop\"\nrule \"keep\" { fields = [\"id\", \"location.countryOrRegion\"] }", map[string]string{
			"id": "string online", "location.countryOrRegion": "string none", "location.city": "", "userId": "", "deviceDetail": "",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr, _ := open(t, signIns(t), c.body)
			for name, want := range c.want {
				p, err := record.ParsePath(name)
				if err != nil {
					t.Fatal(err)
				}
				got := ""
				if f, err := tr.Schema().Lookup(p); err == nil {
					got = f.Type.String() + " " + f.Class.String()
				}
				if got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
	tr, _ := open(t, signIns(t), key)
	if s := tr.Schema(); s.ID.String() != "id" || s.Time.String() != "createdDateTime" || s.Log != "sign_ins" {
		t.Errorf("id %s, time %s, log %s", s.ID, s.Time, s.Log)
	}
	tr, _ = open(t, signIns(t), keepAll+"rule \"drop\" { fields = [\"id\"] }\nrule \"replace\" {\n  fields = [\"createdDateTime\"]\n  with = \"x\"\n}")
	if s := tr.Schema(); !s.ID.IsZero() || !s.Time.IsZero() {
		t.Errorf("id %s, time %s: both are gone", s.ID, s.Time)
	}
	tr, _ = open(t, schema.Open("x"), key+`unknown = "drop"`)
	if s := tr.Schema(); s.Record.Open {
		t.Error("nothing unknown leaves, and the schema is open")
	}
}

// TestAllowList: nothing leaves but what is named.
func TestAllowList(t *testing.T) {
	tr, l := open(t, signIns(t), "default = \"drop\"\nrule \"keep\" { fields = [\"id\", \"location.countryOrRegion\", \"appliedConditionalAccessPolicies[].result\"] }")
	in := `{"id":"1","ID":"2","x":"y","location":{"city":"Kiel","countryOrRegion":"DE","z":{"a":1}},"userId":"u","deviceDetail":{"displayName":"d"},"appliedConditionalAccessPolicies":[{"displayName":"p","result":"success"},"stray"]}`
	want := `{"id":"1","ID":"2","location":{"countryOrRegion":"DE"},"appliedConditionalAccessPolicies":[{"result":"success"}]}`
	if got := run(t, tr, l, in)[0]; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestCounts(t *testing.T) {
	tr, l := open(t, signIns(t), keepAll+key+"rule \"pseudonym\" { fields = [\"userId\"] }\nrule \"drop\" { fields = [\"location.city\"] }")
	st := tr.Open(pipeline.Slice{})
	apply(t, st, l, `{"userId":"a","location":{"city":"x"}}`, `{"userId":"b","userid":"c"}`, `{"userId":""}`)
	got := st.(interface{ Counts() map[string]int64 }).Counts()
	if diff := cmp.Diff(map[string]int64{"pseudonym userId": 3, "drop location.city": 1}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
