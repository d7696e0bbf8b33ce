package redact_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/transforms/redact"
)

// sweeping replaces the address, drops the name and truncates the IP address;
// nothing else is to be done but to sweep.
const sweeping = keepAll + `
sweep = true
rule "replace" {
  fields = ["userPrincipalName", "userId"]
  with   = "GONE"
}
rule "drop" { fields = ["userDisplayName"] }
rule "truncate_ip" { fields = ["ipAddress"] }
rule "keep" { fields = ["resourceDisplayName"] }
`

func TestSweep(t *testing.T) {
	const id = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
	b64 := base64.StdEncoding.EncodeToString
	for _, c := range []struct{ name, in, want string }{
		{"text", "user adele@contoso.com failed", "user GONE failed"},
		{"other case", "user ADELE@Contoso.com failed", "user GONE failed"},
		{"twice", "adele@contoso.com,adele@contoso.com", "GONE,GONE"},
		{"in quotes", `'adele@contoso.com' "adele@contoso.com"`, `'GONE' "GONE"`},
		{"in a URL", "https://graph/users/adele%40contoso.com/x?$filter=upn%20eq%20'adele%2540contoso.com'", "https://graph/users/GONE/x?$filter=upn%20eq%20'GONE'"},
		{"in escapes", `said \u0061dele\u0040contoso.com\n`, `said GONE\n`},
		{"behind an escape that is left alone", `line\nadele@contoso.com\tnext`, `line\nGONE\tnext`},
		{"as guest", "by adele_contoso.com#EXT#@fabrikam.com, adele_contoso.com#EXT#, adele_contoso.com", "by GONE, GONE, adele_contoso.com"},
		{"longer address", "x.adele@contoso.com adele@contoso.com.au sadele@contoso.com", "x.adele@contoso.com adele@contoso.com.au sadele@contoso.com"},
		{"end of a sentence", "It was adele@contoso.com.", "It was GONE."},
		{"name", "Adele Vance and ADELE VANCE, not Adele Vancet", "[redacted] and [redacted], not Adele Vancet"},
		{"IP", "from 192.0.2.77 to 192.0.2.777 or 1.192.0.2.77", "from 192.0.2.0 to 192.0.2.777 or 1.192.0.2.77"},
		{"id", "object " + strings.ToUpper(id) + ".", "object GONE."},
		{"id without dashes", "o" + "=" + strings.ReplaceAll(id, "-", ""), "o=GONE"},
		{"id in an id", "Directory_" + id + "_ABCDE_1234", "Directory_GONE_ABCDE_1234"},
		{"nested JSON", `{"a":[{"upn":"adele@contoso.com","n":1}],"b":"x"}`, `{"a":[{"upn":"GONE","n":1}],"b":"x"}`},
		{"nested twice", `{"a":"{\"upn\":\"Adele@contoso.com\"}"}`, `{"a":"{\"upn\":\"GONE\"}"}`},
		{"quoted", `"adele@contoso.com"`, `"GONE"`},
		{"a key", `{"adele@contoso.com":1}`, `{"GONE":1}`},
		{"base64", b64([]byte("adele@contoso.com")), "GONE"},
		{"base64 at 1", "x=" + b64([]byte("-adele@contoso.com")) + ";", "x=GONE;"},
		{"base64 at 2", b64([]byte("<>adele@contoso.com</>")), "GONE"},
		{"base64url in a path", "/users/" + base64.RawURLEncoding.EncodeToString([]byte("Adele@Contoso.com")) + "/x", "/users/GONE/x"},
		{"base64url at the end of a path", "/users/" + base64.RawURLEncoding.EncodeToString([]byte("Adele@Contoso.com")), "/users/GONE"},
		{"id as bytes", "t " + base64.RawURLEncoding.EncodeToString([]byte("\xe0\x04\x25\x3f\x89\x4f\xd3\x11\x9a\x0c\x03\x05\xe8\x2c\x33\x01")), "t GONE"},
		{"id as bytes, big-endian", base64.RawURLEncoding.EncodeToString([]byte("\x3f\x25\x04\xe0\x4f\x89\x11\xd3\x9a\x0c\x03\x05\xe8\x2c\x33\x01")), "GONE"},
		{"nothing", `multiFactorAuthentication 100% C:\new`, `multiFactorAuthentication 100% C:\new`},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr, l := open(t, signIns(t), sweeping)
			record := func(text, upn, uid, name, ip string) string {
				return fmt.Sprintf(`{"status":{"additionalDetails":%s},"appDisplayName":%[1]s,"extra":[%[1]s],"userPrincipalName":%[2]s,"userId":%[3]s%[4]s,"ipAddress":%[5]s,"resourceDisplayName":%[6]s}`,
					quote(text), quote(upn), quote(uid), name, quote(ip), quote(c.in))
			}
			in := record(c.in, "adele@contoso.com", id, `,"userDisplayName":"Adele Vance"`, "192.0.2.77")
			want := record(c.want, "GONE", "GONE", "", "192.0.2.0")
			if diff := cmp.Diff(want, run(t, tr, l, in)[0]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSweepOtherScripts(t *testing.T) {
	tr, l := open(t, signIns(t), sweeping)
	for _, c := range []struct{ name, text, want string }{
		{"José Ñandú", "user JOSÉ ÑANDÚ here", "user [redacted] here"},
		{"Jose\u0301 N\u0303andu\u0301", "user José Ñandú here", "user [redacted] here"},
		{"José Ñandú", "user Jose\u0301 N\u0303andu\u0301 here", "user [redacted] here"},
		{"Νίκος Παππάς", "ΝΊΚΟΣ ΠΑΠΠΆΣ", "[redacted]"},
		{"王小明", "用户：王小明。", "用户：[redacted]。"},
		{"محمد الحسن", "(محمد الحسن)", "([redacted])"},
		{"Li Wu", "by Li Wu.", "by [redacted]."},
		{"Windows", "on Windows", "on Windows"},
		{"unknown", "unknown error", "unknown error"},
		{"success", "success", "success"},
	} {
		in := fmt.Sprintf(`{"userDisplayName":%s,"appDisplayName":%s}`, quote(c.name), quote(c.text))
		want := fmt.Sprintf(`{"appDisplayName":%s}`, quote(c.want))
		if got := run(t, tr, l, in)[0]; got != want {
			t.Errorf("%s in %q: got %s, want %s", c.name, c.text, got, want)
		}
	}
}

// TestSweepOfWhatIsEscapedElsewhere: the same value raw in one field and escaped
// in another.
func TestSweepOfWhatIsEscapedElsewhere(t *testing.T) {
	tr, l := open(t, signIns(t), sweeping)
	for in, want := range map[string]string{
		`{"userDisplayName":"Jos\u00e9 Vance","appDisplayName":"of José Vance"}`:           `{"appDisplayName":"of [redacted]"}`,
		`{"userDisplayName":"José Vance","appDisplayName":"of Jos\u00E9\u0020Vance"}`:      `{"appDisplayName":"of [redacted]"}`,
		`{"userDisplayName":"\ud83d\ude00 Vance","appDisplayName":"of 😀 Vance"}`:           `{"appDisplayName":"of [redacted]"}`,
		`{"appDisplayName":"x","userDisplayName":"Adele Vance","appDisplayName":"\ud800"}`: "rejected: a text that must be looked into is broken (an escape or its UTF-8)",
	} {
		if got := run(t, tr, l, in)[0]; got != want {
			t.Errorf("%s\ngot  %s\nwant %s", in, got, want)
		}
	}
}

// TestPairsAreOne: an id that holds another is swept with it, both ways.
func TestPairsAreOne(t *testing.T) {
	const id, token = "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "4AQlP4lP0xGaDAMF6CwzAQ"
	const audit = "Directory_" + id + "_ABCDE_1234"
	tr, l := open(t, signIns(t), keepAll+"sweep = true\nrule \"drop\" { fields = [\"uniqueTokenIdentifier\", \"id\"] }")
	for in, want := range map[string]string{
		`{"uniqueTokenIdentifier":"` + token + `","correlationId":"` + id + `"}`: `{"correlationId":"[redacted]"}`,
		`{"id":"` + id + `","sessionId":"` + token + `"}`:                        `{"sessionId":"[redacted]"}`,
		`{"id":"` + audit + `","correlationId":"` + id + `"}`:                    `{"correlationId":"[redacted]"}`,
	} {
		if got := run(t, tr, l, in)[0]; got != want {
			t.Errorf("%s\ngot  %s\nwant %s", in, got, want)
		}
	}
	k := redact.Kind()
	a, _ := catalog.Parse(&k, keepAll+`rule "drop" { fields = ["uniqueTokenIdentifier"] }`, t.TempDir(), signIns(t), nil)
	_, diags := k.Transform(a)
	if diags.HasErrors() || len(diags) != 1 || diags[0].Summary != "One field gives another away" {
		t.Errorf("without a sweep: %v", diags)
	}
}
