package set_test

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
	"github.com/logpipe/logpipe/transforms/set"
)

func signIns(t testing.TB) *schema.Schema {
	t.Helper()
	s, ok := logs.Lookup("sign_ins", logs.Graph)
	if !ok {
		t.Fatal("no schema of sign_ins")
	}
	return s
}

func open(t testing.TB, body string) (pipeline.Transform, *record.Layout) {
	t.Helper()
	k := set.Kind()
	a, diags := catalog.Parse(&k, body, t.TempDir(), signIns(t), nil)
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
	`{"id":"1","status":{"errorCode":0},"userPrincipalName":"A@x.y","appDisplayName":"App"}`,
	`{"id":"2","status":{"errorCode":12345678901234567890},"location":null}`,
	`{"id":"3","location":{"city":"Köln"},"id":"4"}`,
	`{"id":"5","status":{"errorCode":"x"}}`,
	`{}`,
}

const body = `fields = {
  id        = record.appDisplayName
  appDisplayName = record.id
  "location.zone" = "here"
  code      = record.status.errorCode
  next      = record.status.errorCode + 1
}`

func TestPromises(t *testing.T) {
	pipelinetest.Transform(t, func(t *testing.T) (pipeline.Transform, *record.Layout) { return open(t, body) }, records)
}

func TestSet(t *testing.T) {
	tr, l := open(t, body)
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
	if diff := cmp.Diff([]string{
		`{"id":"App","status":{"errorCode":0},"userPrincipalName":"A@x.y","appDisplayName":"1","location":{"zone":"here"},"code":0,"next":1}`,
		`{"id":null,"status":{"errorCode":12345678901234567890},"location":{"zone":"here"},"appDisplayName":"2","code":12345678901234567890,"next":12345678901234567891}`,
		`{"id":null,"location":{"city":"Köln","zone":"here"},"id":null,"appDisplayName":"4","code":null,"next":null}`,
		`{"id":null,"appDisplayName":null,"location":{"zone":"here"},"code":null,"next":null}`,
	}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r := b.Rejects(); len(r) != 1 || r[0].Index != 3 || !strings.Contains(r[0].Err.Error(), "field next") {
		t.Errorf("rejects = %+v", r)
	}
}

func TestSchema(t *testing.T) {
	tr, _ := open(t, `fields = {
  who         = record.userPrincipalName
  "a.b"       = record.status.errorCode
  note        = "constant"
}`)
	for path, want := range map[string]schema.Class{"who": schema.Direct, "a.b": schema.None, "note": schema.None} {
		p, err := record.ParsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := tr.Schema().Lookup(p)
		if err != nil || f.Class != want {
			t.Errorf("%s: class %s, %v", path, f.Class, err)
		}
	}
}

func TestDiagnostics(t *testing.T) {
	for body, want := range map[string]string{
		`fields = { a = record.idd }`:                              `Did you mean "id"?`,
		`fields = { "a..b" = 1 }`:                                  "Not a path",
		`fields = { "a[].b" = 1 }`:                                 "List in a path",
		"fields = {\n a = { b = 1 }\n \"a.b\" = 2\n}":              "Overlapping fields",
		"fields = {\n \"status.errorCode\" = 1\n status = null\n}": "Overlapping fields",
		``: "Missing attribute",
	} {
		k := set.Kind()
		a, diags := catalog.Parse(&k, body, t.TempDir(), signIns(t), nil)
		_, more := k.Transform(a)
		if diags = append(diags, more...); !diags.HasErrors() || !strings.Contains(diags.Error(), want) {
			t.Errorf("%s: diagnostics = %v, want %q", body, diags, want)
		}
	}
}
