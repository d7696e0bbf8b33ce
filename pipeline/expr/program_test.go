package expr_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

func TestProgram(t *testing.T) {
	tests := []struct {
		src         string
		typ         string
		class       schema.Class
		reads       string
		interpreted string
	}{
		{`record.status.errorCode != 0`, "bool", schema.None, "status.errorCode", ""},
		{`record.status.errorCode`, "int", schema.None, "status.errorCode", ""},
		{`record.status`, "object", schema.FreeText, "status", ""},
		{`record.userPrincipalName`, "string", schema.Direct, "userPrincipalName", ""},
		{`record.createdDateTime`, "time", schema.None, "createdDateTime", ""},
		{`domain(record.userPrincipalName)`, "string", schema.Direct, "userPrincipalName", ""},
		{`"${record.location.city}, ${record.location.countryOrRegion}"`, "string", schema.Quasi, "location.city location.countryOrRegion", ""},
		{`record.policies[*].result`, "[enum]", schema.None, "policies policies[].result", ""},
		{`record.policies[*].displayName`, "[string]", schema.Given, "policies policies[].displayName", ""},
		{`[for p in record.policies : p.result if p.displayName == "x"]`, "[enum]", schema.Given, "policies policies[].displayName policies[].result", ""},
		{`[for p in record.policies : p]`, "[object]", schema.Given, "policies policies[]", ""},
		{`[for p in record.policies : [for g in p.grants : upper(g)]]`, "[[string]]", schema.None, "policies policies[].grants policies[].grants[]", ""},
		{`length(record.policies)`, "int", schema.Given, "policies", ""},
		{`length([for p in record.policies : 1])`, "int", schema.None, "policies", ""},
		{`record.policies[0].displayName`, "string", schema.Given, "policies[].displayName", ""},
		{`record.tags[0]`, "string", schema.None, "tags[]", ""},
		{`record.extra.a.b`, "any", schema.FreeText, "extra.a.b", ""},
		{`record["anything"]`, "any", schema.FreeText, "anything", ""},
		{`record`, "object", schema.Direct, "", ""},
		{`record.status.errorCode + 1`, "int", schema.None, "status.errorCode", ""},
		{`record.status.errorCode / 2`, "float", schema.None, "status.errorCode", ""},
		{`errorcode(record.status.errorCode).reason`, "string", schema.None, "status.errorCode", ""},
		{`{a = record.id, b = record.status.errorCode}`, "object", schema.Online, "id status.errorCode", ""},
		{`coalesce(record.userPrincipalName, record.id)`, "string", schema.Direct, "userPrincipalName id", ""},
		{`record.isInteractive ? "a" : record.id`, "string", schema.Online, "isInteractive id", ""},
		{`title(record.id)`, "string", schema.Online, "id", "title"},
		{`title(format("%s", title(record.id)))`, "string", schema.Online, "id", "title format"},
		{`title("a")`, "string", schema.None, "", ""},
		{`contains(["a"], record.id) && strcontains(record.id, title("a"))`, "bool", schema.Online, "id", ""},
		{`has(record.location.city)`, "bool", schema.Quasi, "location.city", ""},
		{`age(record.createdDateTime)`, "float", schema.None, "createdDateTime", ""},
		{`1 + 1`, "int", schema.None, "", ""},
	}
	for _, test := range tests {
		t.Run(test.src, func(t *testing.T) {
			p := compile(t, test.src, signIns())
			var reads []string
			for _, r := range p.Reads() {
				reads = append(reads, r.String())
			}
			got := []string{p.Type().String(), p.Class().String(), strings.Join(reads, " "), strings.Join(p.Interpreted(), " ")}
			want := []string{test.typ, test.class.String(), test.reads, test.interpreted}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("type, class, reads, interpreted (-want +got):\n%s", diff)
			}
		})
	}
}

func TestObjectKeepsClassOfEachMember(t *testing.T) {
	p := compile(t, `{who = record.userPrincipalName, code = record.status.errorCode}`, signIns())
	want := map[string]schema.Class{"who": schema.Direct, "code": schema.None}
	for name, class := range want {
		if f, ok := p.Type().Member(name); !ok || f.Class != class {
			t.Errorf("%s: got %v, %v; want class %v", name, f, ok, class)
		}
	}
}

func fingerprint(t *testing.T, src string, change func(*expr.Scope)) string {
	t.Helper()
	s := scope(signIns())
	if change != nil {
		change(&s)
	}
	p, diags := expr.Compile(parse(t, src), s)
	if diags.HasErrors() {
		t.Fatalf("compile %s: %s", src, diags)
	}
	return p.Fingerprint()
}

func TestFingerprint(t *testing.T) {
	same := [][]string{
		{`record.id == "a" && record.isInteractive`, "record.id   ==\"a\"&&record . isInteractive", `(record.id == "a") && record["isInteractive"]`, `record.id == "${"a"}" && record.isInteractive`},
		{`record.status.errorCode == 5`, `record.status.errorCode == var.limit`, `record.status.errorCode == 2 + 3`, `record.status.errorCode == 5.0`},
		{`[for p in record.policies : p.result]`, `[for x in record.policies : x["result"]]`},
		{`[for i, p in record.policies : "${i}${p.result}"]`, `[for a, b in record.policies : "${a}${b.result}"]`},
		{`contains(local.countries, record.id)`, `contains(tolist(["DE", "FR"]), record.id)`},
	}
	for _, group := range same {
		for _, src := range group[1:] {
			if a, b := fingerprint(t, group[0], nil), fingerprint(t, src, nil); a != b {
				t.Errorf("differ:\n%s → %s\n%s → %s", group[0], a, src, b)
			}
		}
	}
	different := []string{
		`record.id == "a"`, `record.id != "a"`, `record.id == "b"`, `record.id == "a" || record.isInteractive`, `record.id == "A"`,
		`record.status.errorCode == 5`, `record.status.errorCode == 6`, `record.status.errorCode < 5`, `record.extra == 5`, `record.extra == "5"`,
		`[for p in record.policies : p.result]`, `[for p in record.policies : p.displayName]`, `record.policies[*].result`, `record.policies[0].result`,
		`[for i, p in record.policies : i]`, `[for i, p in record.policies : p]`,
		`{for p in record.policies : p.result => p}`, `{for p in record.policies : p.result => p...}`, `[for p in record.policies : p.result if p.result == "x"]`,
		`contains(["a"], record.id)`, `contains(["a", "b"], record.id)`, `lower(record.id)`, `upper(record.id)`, `"x${record.id}"`, `"${record.id}x"`,
		`hmac("a", record.id)`, `hmac(var.key, record.id)`, `record.isInteractive ? record.id : "x"`, `record.isInteractive ? "x" : record.id`,
	}
	seen := map[string]string{}
	for _, src := range different {
		f := fingerprint(t, src, nil)
		if other, ok := seen[f]; ok {
			t.Errorf("one fingerprint for %s and %s: %s", src, other, f)
		}
		seen[f] = src
	}
}

func TestFingerprintHidesSecrets(t *testing.T) {
	key := func(text string) func(*expr.Scope) {
		return func(s *expr.Scope) {
			s.Values = map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{"key": expr.Sensitive(cty.StringVal(text))})}
		}
	}
	for _, src := range []string{`hmac(var.key, record.id)`, `record.id == var.key`, `contains([var.key], record.id)`, `record.id == "a${var.key}"`} {
		a, b := fingerprint(t, src, key("hunter2hunter2")), fingerprint(t, src, key("other"))
		if a == b {
			t.Errorf("%s: the fingerprint does not change with the key", src)
		}
		if strings.Contains(a, "hunter2") {
			t.Errorf("%s: the fingerprint holds the key: %s", src, a)
		}
	}
}

func TestConst(t *testing.T) {
	if v, ok := compile(t, `upper(var.region)`, signIns()).Const(); !ok || v.AsString() != "DE" {
		t.Errorf("got %#v, %v", v, ok)
	}
	if v, ok := compile(t, `"x-${var.unset}"`, signIns()).Const(); !ok || v.IsKnown() {
		t.Errorf("unknown: got %#v, %v", v, ok)
	}
	if _, ok := compile(t, `record.id`, signIns()).Const(); ok {
		t.Error("a field is no constant")
	}
}

func TestUnknownFailsWhenRun(t *testing.T) {
	p := compile(t, `record.id == var.unset`, signIns())
	if _, err := p.holds(`{"id":"a"}`); err == nil || !strings.Contains(err.Error(), "not known") {
		t.Errorf("got %v", err)
	}
}

func TestAgeWithoutEnd(t *testing.T) {
	p := compile(t, `age("2026-11-01T00:00:00Z")`, signIns())
	out, err := p.Open(time.Time{}).AppendJSON(nil, p.batch(`{}`), 0)
	if string(out) != "null" || err != nil {
		t.Errorf("got %s, %v", out, err)
	}
}

func TestWithoutRecord(t *testing.T) {
	s := scope(nil)
	s.Layout = nil
	e, diags := hclsyntax.ParseTemplate([]byte("${upper(var.region)}/x"), "main.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	p, diags := expr.Compile(e, s)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if v, ok := p.Const(); !ok || v.AsString() != "DE/x" {
		t.Errorf("got %#v, %v", v, ok)
	}
	_, diags = expr.Compile(parse(t, `record.id`), s)
	if len(diags) != 1 || diags[0].Summary != "Record outside a transform" {
		t.Errorf("got %v", diags)
	}
}

// TestMachineIsReused runs one machine over records of all sorts and looks for
// what one leaves to the next.
func TestMachineIsReused(t *testing.T) {
	s := scope(schema.Open(""))
	p, diags := expr.Compile(parse(t, `[for p in record.p : "${lower(p.name)}-${record.s}" if p.age + 1 > 2]`), s)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	b := record.NewBatch(s.Layout.Compile())
	b.Reset("test")
	records := []string{
		`{"s":"\u0041","p":[{"name":"ADA","age":7},{"name":"BOB","age":1}]}`,
		`{"s":"x","p":[{"name":5,"age":"no"}]}`,
		`{}`,
		`{"s":"x","p":[{"name":"EVE","age":2},{"name":"É","age":2}]}`,
	}
	for _, r := range records {
		b.Append([]byte(r), 0)
	}
	b.Scan()
	want := []string{`["ada-A"]`, "error", `[]`, `["eve-x","é-x"]`}
	m := p.Open(end)
	for range 3 {
		for i := range records {
			got, err := m.AppendJSON(nil, b, i)
			if err != nil {
				got = []byte("error")
			}
			if string(got) != want[i] {
				t.Errorf("record %d: got %s, want %s", i, got, want[i])
			}
		}
	}
}

func TestBlocksAreNoValues(t *testing.T) {
	s := scope(signIns())
	block := "a block"
	capsule := cty.CapsuleVal(cty.Capsule("block", reflect.TypeFor[string]()), &block)
	s.Values["source"] = cty.ObjectVal(map[string]cty.Value{"entra": capsule, "name": cty.StringVal("x")})
	for _, src := range []string{`record.id == source.entra`, `source.entra`, `[source.entra]`, `jsonencode(source)`, `contains([source.entra], record.id)`} {
		_, diags := expr.Compile(parse(t, src), s)
		if len(diags) != 1 || diags[0].Summary != "Reference to a block in an expression" {
			t.Errorf("%s: got %v", src, diags)
		}
	}
	if _, diags := expr.Compile(parse(t, `record.id == source.name`), s); len(diags) > 0 {
		t.Errorf("a plain value beside a block: %v", diags)
	}
}

func TestSuggest(t *testing.T) {
	names := []string{"errorCode", "failureReason", "local", "record", "id", "var"}
	for given, want := range map[string]string{
		"errorcode": "errorCode", "eror_code": "errorCode", "failurReson": "failureReason", "loacl": "local", "recrod": "record",
		"iid": "id", "vra": "var", "something": "", "x": "", "": "",
	} {
		if got := expr.Suggest(given, names); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}
