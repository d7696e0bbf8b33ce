package catalog_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/expr"
)

var kind = catalog.Kind{
	Class: addr.Sink, Name: "stub", Doc: "Stores nothing.",
	Body: catalog.Block{
		Attrs: []catalog.Attr{
			{Name: "text", Shape: true, OneOf: []string{"jsonl", "csv"}},
			{Name: "number", Type: cty.Number},
			{Name: "flag", Type: cty.Bool, Shape: true},
			{Name: "list", Type: cty.List(cty.String)},
			{Name: "map", Type: cty.Map(cty.String)},
			{Name: "age"},
			{Name: "at"},
			{Name: "secret", Secret: true, Shape: true},
			{Name: "path", Form: catalog.PathTemplate},
		},
		Blocks: []catalog.Nested{{
			Name: "rule", Labels: []string{"action"}, OneOf: []string{"drop", "mask"}, Max: 3,
			Block: catalog.Block{Attrs: []catalog.Attr{{Name: "fields", Type: cty.List(cty.String), Required: true, Shape: true}}},
		}},
	},
}

func parse(t *testing.T, body string, values map[string]cty.Value) (*catalog.Args, hcl.Diagnostics) {
	t.Helper()
	a, diags := catalog.Parse(&kind, body, t.TempDir(), nil, values)
	if a == nil {
		t.Fatal(diags)
	}
	return a, diags
}

func TestGetters(t *testing.T) {
	a, diags := parse(t, `
		text = "csv"
		number = 9007199254740993
		flag = true
		list = ["a", "b"]
		map = { k = "v" }
		age = "30d"
		at = "2026-11-01T01:00:00+01:00"
		rule "drop" { fields = ["x"] }
		dynamic "rule" {
		  for_each = ["p", "q"]
		  iterator = it
		  labels = ["mask"]
		  content { fields = ["${it.key}${it.value}"] }
		}`, nil)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	age, _ := a.Duration("age")
	at, _ := a.Time("at")
	type row struct {
		Text   string
		Number int64
		Flag   bool
		Texts  []string
		Map    map[string]string
		Age    time.Duration
		At     time.Time
		Rules  []string
	}
	got := row{a.Text("text"), a.Int("number"), a.Bool("flag"), a.Texts("list"), a.Map("map"), age, at, nil}
	for _, r := range a.Blocks("rule") {
		got.Rules = append(got.Rules, r.Label(0)+":"+strings.Join(r.Texts("fields"), ","))
	}
	want := row{"csv", 9007199254740993, true, []string{"a", "b"}, map[string]string{"k": "v"}, 30 * 24 * time.Hour,
		time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), []string{"drop:x", "mask:0p", "mask:1q"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if a.Has("secret") || !a.Known("secret") || !a.Has("text") {
		t.Error("Has or Known is wrong")
	}
	if second := a.Items("list")[1]; second.Range.Start.Line != 5 || second.Range.Start.Column != 16 {
		t.Error("place of an item:", second.Range)
	}
}

func TestAbsentIsZero(t *testing.T) {
	var b catalog.Body
	d, diags := b.Duration("x")
	p, _ := b.Program("x")
	tm, _ := b.Template("x")
	if b.Text("x") != "" || b.Int("x") != 0 || b.Bool("x") || b.Texts("x") != nil || d != 0 || diags != nil ||
		p != nil || tm != nil || b.Blocks("x") != nil || b.Label(0) != "" || b.Map("x") != nil || !b.Known("x") || b.Has("x") {
		t.Error("the zero Body is not empty")
	}
}

func TestUnknownIsZeroAndNoError(t *testing.T) {
	values := map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{
		"s": cty.UnknownVal(cty.String), "l": cty.UnknownVal(cty.List(cty.String)), "any": cty.DynamicVal,
	})}
	a, diags := parse(t, `
		text = var.s
		number = var.any
		list = concat(var.l, ["x"])
		age = var.s
		path = "a/${var.s}/${slice.name}"
		dynamic "rule" {
		  for_each = var.any
		  labels = ["drop"]
		  content { fields = [rule.value] }
		}`, values)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if d, dd := a.Duration("age"); d != 0 || dd.HasErrors() {
		t.Error("duration of an unknown:", d, dd)
	}
	tm, _ := a.Template("path")
	if a.Known("text") || a.Known("list") || a.Known("path") || tm.Prefix() != "a/" {
		t.Error("unknown values count as known", tm.Prefix())
	}
}

func TestSensitive(t *testing.T) {
	values := map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{"k": expr.Sensitive(cty.StringVal("hunter2"))})}
	a, diags := parse(t, `secret = var.k`, values)
	if diags.HasErrors() || a.Text("secret") != "hunter2" || !a.Sensitive("secret") {
		t.Error("a secret attribute does not take a sensitive value", diags)
	}
	if strings.Contains(a.Fingerprint(), "hunter2") {
		t.Error("the fingerprint holds the secret")
	}
	if w := a.Wrong("secret", "Bad", `"hunter2" is bad`); strings.Contains(w.Error(), "hunter2") {
		t.Error("a message holds the secret")
	}
	for _, body := range []string{`age = var.k`, `list = [var.k]`, `path = "x/${var.k}"`} {
		if _, diags := parse(t, body, values); !diags.HasErrors() || strings.Contains(diags.Error(), "hunter2") {
			t.Errorf("%s: %v", body, diags)
		}
	}
}

func TestDuration(t *testing.T) {
	tests := map[string]time.Duration{
		"90s": 90 * time.Second, "15m": 15 * time.Minute, "1h": time.Hour, "30d": 720 * time.Hour, "2w": 336 * time.Hour,
		"": 0, "1": 0, "h": 0, "1.5h": 0, "-1h": 0, "1 h": 0, "0s": 0, "1y": 0, "9999999999999999999d": 0, "9999999d": 0, "+1h": 0,
	}
	for text, want := range tests {
		if got, ok := catalog.ParseDuration(text); got != want || ok != (want > 0) {
			t.Errorf("%q: got %v, %v", text, got, ok)
		}
	}
}

func TestTemplate(t *testing.T) {
	hour := pipeline.Slice{Name: "n", Log: "l", Start: time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC), End: time.Date(2026, 3, 4, 6, 0, 0, 0, time.UTC)}
	file := pipeline.Slice{Name: "f.jsonl", Log: "l"}
	values := map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{"env": cty.StringVal("prod")})}
	tests := []struct {
		name, path   string
		slice        pipeline.Slice
		prefix, want string
		reads        []string
		wrong        string // part of the error of Render
	}{
		{"constant", `out/x`, hour, "out/x", "out/x", nil, ""},
		{"folds constants", `out/${var.env}/${slice.name}`, hour, "out/prod/", "out/prod/n", []string{"name"}, ""},
		{"padded", `${slice.start.date}/${slice.start.hour}${slice.end.minute}`, hour, "", "2026-03-04/0500", []string{"end.minute", "start.date", "start.hour"}, ""},
		{"whole file", `o/${slice.start.date}`, file, "o/", "", []string{"start.date"}, "give the source a window, or use slice.name"},
		{"whole file by name", `o/${slice.name}`, file, "o/", "o/f.jsonl", []string{"name"}, ""},
		{"functions", `o/${upper(slice.log)}`, file, "o/", "o/L", []string{"log"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, diags := parse(t, `path = "`+tt.path+`"`, values)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			tm, _ := a.Template("path")
			got, err := tm.Render(tt.slice)
			if tt.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wrong) {
					t.Fatal(err)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]any{tt.prefix, tt.want, tt.reads}, []any{tm.Prefix(), got, tm.Reads()}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFingerprint(t *testing.T) {
	base := `text = "csv"
		rule "drop" { fields = ["a", "b"] }`
	same := map[string]string{
		"order and space": `rule "drop" { fields = ["a",   "b"] }` + "\n" + `text = "${"csv"}"`,
		"null":            base + "\nflag = null",
		"no shape":        base + "\nage = \"1d\"\nnumber = 4",
	}
	other := map[string]string{
		"value":      strings.Replace(base, "csv", "jsonl", 1),
		"label":      strings.Replace(base, "drop", "mask", 1),
		"list order": strings.Replace(base, `"a", "b"`, `"b", "a"`, 1),
		"flag":       base + "\nflag = false",
		"two":        base + "\n" + `rule "mask" { fields = [] }`,
	}
	print := func(body string) string {
		a, diags := parse(t, body, nil)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		return a.Fingerprint()
	}
	want := print(base)
	for name, body := range same {
		if print(body) != want {
			t.Errorf("%s: changed", name)
		}
	}
	for name, body := range other {
		if print(body) == want {
			t.Errorf("%s: did not change", name)
		}
	}
}

func TestReference(t *testing.T) {
	var b bytes.Buffer
	if err := kind.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`sink "stub" "NAME"`, "from = any value, required", "text = text (jsonl | csv)", `rule "ACTION" { … }  at most 3`, "ACTION: drop, mask."} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in:\n%s", want, b.String())
		}
	}
	text, err := json.Marshal(catalog.Catalog{kind})
	if err != nil {
		t.Fatal(err)
	}
	var back []catalog.KindJSON
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]catalog.KindJSON{kind.JSON()}, back); diff != "" {
		t.Error(diff)
	}
	if got := back[0].Body.Attributes[6].Type; got != "list(string)" {
		t.Errorf("type: %q", got)
	}
}
