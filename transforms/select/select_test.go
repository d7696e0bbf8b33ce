package selects_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/pipelinetest"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
	selects "github.com/logpipe/logpipe/transforms/select"
)

func signIns(t testing.TB) *schema.Schema {
	t.Helper()
	s, ok := logs.Lookup("sign_ins", logs.Graph)
	if !ok {
		t.Fatal("no schema of sign_ins")
	}
	return s
}

func open(t testing.TB, in *schema.Schema, body string) (pipeline.Transform, *record.Layout) {
	t.Helper()
	k := selects.Kind()
	a, diags := catalog.Parse(&k, body, t.TempDir(), in, nil)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	tr, diags := k.Transform(a)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return tr, a.Layout
}

var records = []string{
	`{"id":"1", "status" : {"errorCode":0,"failureReason":"Other."},"userPrincipalName":"a@x.y","new":1}`,
	`{"extra":12345678901234567890,"id":"2","id":"3","appliedConditionalAccessPolicies":[{"id":"p","displayName":"Block Jo"},{"displayName":"x"}]}`,
	`{"userPrincipalName":null,"location":{"city":"K\u00f6ln"}}`,
	`{}`,
}

func TestSelect(t *testing.T) {
	for name, c := range map[string]struct {
		in      *schema.Schema
		body    string
		want    []string
		rejects int
	}{
		"keep": {nil, `keep = ["id", "status.errorCode", "appliedConditionalAccessPolicies[].id"]`, []string{
			`{"id":"1","status" : {"errorCode":0}}`,
			`{"id":"2","id":"3","appliedConditionalAccessPolicies":[{"id":"p"},{}]}`,
			`{}`,
			`{}`,
		}, 0},
		"drop": {nil, `drop = ["id", "status", "status.errorCode", "appliedConditionalAccessPolicies[].displayName"]`, []string{
			`{ "userPrincipalName":"a@x.y","new":1}`,
			`{"extra":12345678901234567890,"appliedConditionalAccessPolicies":[{"id":"p"},{}]}`,
			`{"userPrincipalName":null,"location":{"city":"K\u00f6ln"}}`,
			`{}`,
		}, 0},
		"rename": {nil, `rename = { userPrincipalName = "new", "location.city" = "town" }`, []string{
			`{"extra":12345678901234567890,"id":"2","id":"3","appliedConditionalAccessPolicies":[{"id":"p","displayName":"Block Jo"},{"displayName":"x"}]}`,
			`{"location":{},"town":"K\u00f6ln","new":null}`,
			`{}`,
		}, 1},
		"swap": {nil, `rename = { id = "userPrincipalName", userPrincipalName = "id" }`, []string{
			`{ "status" : {"errorCode":0,"failureReason":"Other."},"new":1,"userPrincipalName":"1","id":"a@x.y"}`,
			`{"extra":12345678901234567890,"appliedConditionalAccessPolicies":[{"id":"p","displayName":"Block Jo"},{"displayName":"x"}],"userPrincipalName":"3"}`,
			`{"location":{"city":"K\u00f6ln"},"id":null}`,
			`{}`,
		}, 0},
		"keep and rename": {nil, "keep = [\"id\", \"userPrincipalName\"]\nrename = { userPrincipalName = \"new\" }", []string{
			`{"id":"1","new":"a@x.y"}`,
			`{"id":"2","id":"3"}`,
			`{"new":null}`,
			`{}`,
		}, 0},
		"drop and rename": {nil, "drop = [\"id\"]\nrename = { userPrincipalName = \"id\" }", []string{
			`{ "status" : {"errorCode":0,"failureReason":"Other."},"new":1,"id":"a@x.y"}`,
			`{"extra":12345678901234567890,"appliedConditionalAccessPolicies":[{"id":"p","displayName":"Block Jo"},{"displayName":"x"}]}`,
			`{"location":{"city":"K\u00f6ln"},"id":null}`,
			`{}`,
		}, 0},
		"nothing known": {schema.Open(""), `keep = ["new", "location"]`, []string{
			`{"new":1}`, `{}`, `{"location":{"city":"K\u00f6ln"}}`, `{}`,
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if c.in == nil {
				c.in = signIns(t)
			}
			tr, l := open(t, c.in, c.body)
			b := record.NewBatch(l.Compile())
			for i, r := range records {
				b.Append([]byte(r), int64(i))
			}
			b.Scan()
			st := tr.Open(pipeline.Slice{})
			defer st.Close()
			if err := st.Apply(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			var got []string
			for i := range b.Len() {
				if b.Live(i) {
					got = append(got, string(b.Bytes(i)))
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if n := len(b.Rejects()); n != c.rejects {
				t.Errorf("%d rejects, want %d", n, c.rejects)
			}
			pipelinetest.Transform(t, func(t *testing.T) (pipeline.Transform, *record.Layout) { return open(t, c.in, c.body) }, records)
		})
	}
}

func TestSchema(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want map[string]schema.Class // path to class
		gone []string
		id   string
	}{
		"keep": {`keep = ["id", "status.errorCode", "userPrincipalName"]`,
			map[string]schema.Class{"userPrincipalName": schema.Direct}, []string{"status.failureReason", "ipAddress"}, "id"},
		"drop": {`drop = ["id", "status.failureReason"]`,
			map[string]schema.Class{"userPrincipalName": schema.Direct}, []string{"id", "status.failureReason"}, ""},
		"rename": {`rename = { id = "key", userPrincipalName = "who" }`,
			map[string]schema.Class{"who": schema.Direct}, []string{"userPrincipalName", "id"}, "key"},
	} {
		t.Run(name, func(t *testing.T) {
			tr, _ := open(t, signIns(t), c.body)
			s := tr.Schema()
			for path, class := range c.want {
				p, err := record.ParsePath(path)
				if err != nil {
					t.Fatal(err)
				}
				if f, err := s.Lookup(p); err != nil || f.Class != class {
					t.Errorf("%s: class %s, %v", path, f.Class, err)
				}
			}
			for _, path := range c.gone {
				p, err := record.ParsePath(path)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := s.Lookup(p); err == nil {
					t.Errorf("%s is still there", path)
				}
			}
			if s.ID.String() != c.id {
				t.Errorf("id = %q, want %q", s.ID, c.id)
			}
		})
	}
}

func TestDiagnostics(t *testing.T) {
	for body, want := range map[string]string{
		`keep = ["id", "userPrincipleName"]`:   `body.hcl:1,15-34: Unknown field; The record that reaches this block has no field "userPrincipleName". Did you mean "userPrincipalName"?`,
		`drop = ["status.errorCod"]`:           `Did you mean "errorCode"?`,
		`keep = ["a..b"]`:                      "Not a path",
		`keep = []`:                            "Nothing to keep",
		``:                                     "Nothing to select",
		"keep = [\"id\"]\ndrop = [\"status\"]": "keep and drop",
		`rename = { idd = "x" }`:               "Unknown field",
		`rename = { id = "ipAddress" }`:        "Name is taken",
		`rename = { id = "a[].b" }`:            "List in a rename",
		`rename = { id = "" }`:                 "Not a name",
		`rename = { id = "x", userPrincipalName = "x" }`:                 "Overlapping names",
		`rename = { status = "x", "status.errorCode" = "y" }`:            "Overlapping names",
		"keep = [\"id\"]\nrename = { userPrincipalName = \"x\" }":        "Renamed field is not there",
		"drop = [\"status\"]\nrename = { \"status.errorCode\" = \"x\" }": "Renamed field is not there",
	} {
		k := selects.Kind()
		a, diags := catalog.Parse(&k, body, t.TempDir(), signIns(t), nil)
		_, more := k.Transform(a)
		if diags = append(diags, more...); !diags.HasErrors() || !strings.Contains(diags.Error(), want) {
			t.Errorf("%s: diagnostics = %v, want %q", body, diags, want)
		}
	}
}
