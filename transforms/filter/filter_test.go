package filter_test

import (
	"strings"
	"testing"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/pipelinetest"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
	"github.com/logpipe/logpipe/transforms/filter"
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
	k := filter.Kind()
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
	`{"id":"1","status":{"errorCode":0},"appDisplayName":"A"}`,
	`{"id":"2","status":{"errorCode":50126}}`,
	`{"id":"3"}`,
	`{"id":"4","status":{"errorCode":"x"}}`,
	`{"id":"5","status":{"errorCode":1,"errorCode":0}}`,
}

func TestPromises(t *testing.T) {
	for name, body := range map[string]string{
		"comparison": `condition = record.status.errorCode != 0`,
		"function":   `condition = contains(["A"], record.appDisplayName)`,
		"fails":      `condition = record.status.errorCode + 1 > 1`,
	} {
		t.Run(name, func(t *testing.T) {
			pipelinetest.Transform(t, func(t *testing.T) (pipeline.Transform, *record.Layout) { return open(t, body) }, records)
		})
	}
}

func TestFate(t *testing.T) {
	tr, l := open(t, `condition = record.status.errorCode + 1 > 1`)
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
	var live []string
	for i := range b.Len() {
		if b.Live(i) {
			live = append(live, string(b.Bytes(i)))
		}
	}
	if len(live) != 1 || live[0] != records[1] {
		t.Errorf("live = %q", live)
	}
	rejects := b.Rejects()
	if len(rejects) != 1 || rejects[0].Index != 3 || !strings.Contains(rejects[0].Err.Error(), "transform.filter.this") {
		t.Errorf("rejects = %+v", rejects)
	}
}

func TestSchemaStays(t *testing.T) {
	if tr, _ := open(t, `condition = true`); len(tr.Schema().Names()) != len(signIns(t).Names()) {
		t.Error("a filter changed the schema")
	}
}

func TestDiagnostics(t *testing.T) {
	for body, want := range map[string]string{
		`condition = record.status.errorCod != 0`: "errorCode",
		`condition = record.appDisplayName`:       "Condition is not true or false",
		``:                                        "Missing attribute",
		`condition = record.status.errorCode != "a"`:   "body.hcl:1",
		`condition = record.appDisplayName == secrets`: "body.hcl:1",
	} {
		k := filter.Kind()
		a, diags := catalog.Parse(&k, body, t.TempDir(), signIns(t), nil)
		_, more := k.Transform(a)
		if diags = append(diags, more...); !diags.HasErrors() || !strings.Contains(diags.Error(), want) {
			t.Errorf("%s: diagnostics = %v, want %q", body, diags, want)
		}
	}
}
