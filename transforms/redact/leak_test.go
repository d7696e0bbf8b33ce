package redact_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

// The check for leaks is independent of what it checks: it decodes records with
// encoding/json, decides by the schema's classes which values had to go, and
// looks for each in what leaves, in every form that the promise names.

// must says which values must not be found in what leaves.
type must struct {
	in    *schema.Schema
	under func(path string, c schema.Class) bool
}

// values returns the clear texts of at least six bytes that must go.
func (m must) values(t testing.TB, raw string) map[string]string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	m.collect(v, m.in.Record, schema.None, "", found)
	return found
}

func (m must) collect(v any, ty *schema.Type, class schema.Class, path string, found map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			f, ok := member(ty, k)
			c := class
			if f.Class != schema.None {
				c = f.Class
			}
			if !ok {
				continue // unknown: scanned, not taken away
			}
			m.collect(e, f.Type, c, strings.TrimPrefix(path+"."+f.Name, "."), found)
		}
	case []any:
		for _, e := range v {
			elem := ty
			if ty != nil && ty.Kind == schema.List {
				elem = ty.Elem
			}
			m.collect(e, elem, class, path, found)
		}
	case string:
		if m.under(path, class) && len(v) >= 6 && !placeholder(v) {
			found[v] = path
		}
	}
}

func member(ty *schema.Type, name string) (schema.Field, bool) {
	if ty != nil {
		for _, f := range ty.Fields {
			if strings.EqualFold(f.Name, name) {
				return f, true
			}
		}
	}
	return schema.Field{}, false
}

func placeholder(s string) bool {
	s = foldLower(strings.TrimSpace(s))
	return strings.Trim(s, "0-{}") == "" || s == "{pii removed}" || s == "unknown" || s == "<null>"
}

// leaks says where value is found in out, "" if nowhere.
func leaks(out, value string) string {
	lower := foldLower(out)
	for form, s := range map[string]string{
		"as it is":           foldLower(value),
		"in upper case":      foldLower(strings.ToUpper(value)),
		"in JSON":            foldLower(strings.Trim(string(must2(json.Marshal(value))), `"`)),
		"in JSON in JSON":    foldLower(strings.Trim(string(must2(json.Marshal(strings.Trim(string(must2(json.Marshal(value))), `"`)))), `"`)),
		"in escapes":         escapes(value),
		"in escapes in JSON": strings.ReplaceAll(escapes(value), `\`, `\\`),
		"percent":            foldLower(url.QueryEscape(value)),
		"percent, path":      foldLower(url.PathEscape(value)),
		"percent everything": percent(value),
	} {
		if token(lower, s) {
			return form
		}
	}
	for offset := range 3 {
		for _, v := range []string{value, strings.ToLower(value), strings.ToUpper(value)} {
			core := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", offset) + v))
			core = core[(offset*8+5)/6 : len(core)-1]
			for _, c := range []string{core, strings.NewReplacer("+", "-", "/", "_").Replace(core)} {
				if len(c) >= 7 && strings.Contains(out, c) {
					return fmt.Sprintf("base64 at %d", offset)
				}
			}
		}
	}
	return ""
}

// foldLower is strings.ToLower for comparing: the final sigma is a sigma.
func foldLower(s string) string { return strings.ReplaceAll(strings.ToLower(s), "ς", "σ") }

// token finds s in text where it is not part of a longer word or address.
func token(text, s string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], s)
		if i < 0 {
			return false
		}
		i += from
		before, after := strings.ToValidUTF8(text[:i], ""), text[i+len(s):]
		if !wordEnd(before) && !wordStart(after) {
			return true
		}
		from = i + 1
	}
}

func wordEnd(s string) bool {
	r := []rune(s[max(0, len(s)-8):])
	return len(r) > 0 && (isWord(r[len(r)-1]) || strings.ContainsRune(".-_+", r[len(r)-1]) && len(r) > 1 && isWord(r[len(r)-2]))
}

func wordStart(s string) bool {
	r := []rune(s[:min(len(s), 8)])
	return len(r) > 0 && (isWord(r[0]) || strings.ContainsRune(".-", r[0]) && len(r) > 1 && isWord(r[1]))
}

func isWord(r rune) bool {
	return r >= 0x80 && r != 0xfffd && !strings.ContainsRune("：。，–’\u00a0", r) || 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
}

func escapes(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r > 0xffff {
			return "\x00never"
		}
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return b.String()
}

func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02x", c)
	}
	return b.String()
}

func must2(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// byClass is what the default by_class takes away; what it coarsens or scans
// may stay in part.
func byClass(_ string, c schema.Class) bool {
	return c == schema.Direct || c == schema.Online || c == schema.Given
}

// disguises are the forms in which a record may hold a value once more.
func disguises(r *rand.Rand, s string) string {
	switch r.IntN(9) {
	case 0:
		return "user " + strings.ToUpper(s) + " failed"
	case 1:
		return "https://graph.microsoft.com/v1.0/users/" + url.PathEscape(s) + "?$select=id"
	case 2:
		return `{"key":` + quote(s) + `,"n":[{"deep":` + quote("is "+s) + `}]}`
	case 3:
		return "data " + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("<", r.IntN(3))+s+"</>")) + " end"
	case 4:
		return `{"inner":` + quote(`{"v":`+quote(s)+`}`) + `}`
	case 5:
		return "esc " + escapes(s)
	case 6:
		return "(" + s + ")"
	case 7:
		return percent(s)
	}
	return s + ", " + s
}

func TestNothingLeaksOfGeneratedRecords(t *testing.T) {
	tr, l := open(t, signIns(t), key)
	r := rand.New(rand.NewPCG(5, 6))
	pol := policies(r, 3)
	m := must{signIns(t), byClass}
	for n := range 1500 {
		p := newPerson(r, n)
		in := signIn(r, p, pol)
		all := []string{p.upn, p.first + " " + p.last, p.ip, p.id, p.device}
		for _, field := range []string{`"appDisplayName":`, `"extra":`, `"clientAppUsed":`, `"resourceTenantId":`} {
			value := quote(disguises(r, all[r.IntN(len(all))]))
			if i := strings.Index(in, field); i >= 0 {
				end := i + len(field) + strings.IndexByte(in[i+len(field):], ',')
				in = in[:i] + field + value + in[end:]
			} else {
				in = in[:len(in)-1] + "," + field + value + "}"
			}
		}
		out := run(t, tr, l, in)[0]
		if strings.HasPrefix(out, "rejected") {
			t.Fatalf("record %d is %s", n, out)
		}
		if !json.Valid([]byte(out)) {
			t.Fatalf("record %d leaves broken: %s", n, out)
		}
		for value, path := range m.values(t, in) {
			if form := leaks(out, value); form != "" && len(value) >= 6 {
				t.Errorf("record %d: %s leaks %s:\n%q\n%s\n%s", n, path, form, value, in, out)
				return
			}
		}
	}
}

// TestNothingLeaksOfRealRecords reads published records beside the project. Their
// contents never reach the output of the test: it says file, line, field, form.
func TestNothingLeaksOfRealRecords(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "data", "records")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no published records at %s beside the project: %v", dir, err)
	}
	for _, f := range []struct {
		file, log string
		shape     logs.Shape
	}{
		{"signIn.jsonl", "sign_ins", logs.Graph}, {"signIn.diag.jsonl", "sign_ins", logs.Diagnostic}, {"signIn.la.jsonl", "sign_ins", logs.LogAnalytics},
		{"nonInteractiveSignIn.diag.jsonl", "sign_ins", logs.Diagnostic}, {"servicePrincipalSignIn.diag.jsonl", "sign_ins", logs.Diagnostic},
		{"managedIdentitySignIn.diag.jsonl", "sign_ins", logs.Diagnostic}, {"adfsSignIn.diag.jsonl", "sign_ins", logs.Diagnostic},
		{"directoryAudit.jsonl", "directory_audits", logs.Graph}, {"directoryAudit.diag.jsonl", "directory_audits", logs.Diagnostic},
		{"directoryAudit.la.jsonl", "directory_audits", logs.LogAnalytics},
		{"provisioning.jsonl", "provisioning", logs.Graph}, {"provisioning.diag.jsonl", "provisioning", logs.Diagnostic},
		{"riskDetection.jsonl", "risk_detections", logs.Graph}, {"riskDetection.diag.jsonl", "risk_detections", logs.Diagnostic},
		{"riskyUser.jsonl", "risky_users", logs.Graph}, {"riskyUser.diag.jsonl", "risky_users", logs.Diagnostic},
		{"graphActivity.diag.jsonl", "microsoft_graph_activity", logs.Diagnostic},
	} {
		t.Run(f.file, func(t *testing.T) {
			in := log(t, f.log, f.shape)
			tr, l := open(t, in, key)
			m := must{in, byClass}
			file, err := os.Open(filepath.Join(dir, f.file))
			if err != nil {
				t.Skipf("not there: %v", err)
			}
			defer file.Close()
			lines := bufio.NewScanner(file)
			lines.Buffer(nil, 1<<24)
			n, rejected := 0, map[string]int{}
			for lines.Scan() {
				n++
				out := run(t, tr, l, lines.Text())[0]
				if strings.HasPrefix(out, "rejected") {
					rejected[out]++
					continue
				}
				if !json.Valid([]byte(out)) {
					t.Errorf("line %d leaves broken", n)
				}
				for value, path := range m.values(t, lines.Text()) {
					if _, word := common[foldLower(value)]; word {
						continue
					}
					if form := leaks(out, value); form != "" {
						t.Errorf("line %d: the value of %s, %d bytes, leaks %s", n, path, len(value), form)
					}
				}
			}
			if len(rejected) > 0 {
				t.Errorf("of %d records are %v", n, rejected)
			}
		})
	}
}

// common are values that say nothing of a person: words that are not swept, and
// the type names that documentation puts into every field, enums included.
var common = map[string]struct{}{"windows": {}, "microsoft": {}, "success": {}, "string": {}}

// TestTheCheckFindsLeaks makes sure that the check above is worth something.
func TestTheCheckFindsLeaks(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for n := range 2000 {
		p := newPerson(r, n)
		for _, v := range []string{p.upn, p.first + " " + p.last, p.ip, p.id, p.device} {
			if d := disguises(r, v); len(v) >= 6 && leaks(`{"a":`+quote(d)+`}`, v) == "" {
				t.Fatalf("%q is not found in %q", v, d)
			}
		}
	}
}
