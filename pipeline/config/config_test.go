package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/config"
)

// decode decodes text that must be right.
func decode(t testing.TB, src string, vars ...string) *config.Pipeline {
	t.Helper()
	p, diags := try(t, src, config.Options{}, vars...)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return p
}

func try(t testing.TB, src string, o config.Options, vars ...string) (*config.Pipeline, hcl.Diagnostics) {
	t.Helper()
	f, diags := config.FromSource(t.TempDir(), "main.hcl", []byte(src), vars...)
	if diags.HasErrors() {
		return nil, diags
	}
	p, more := config.Decode(f, kinds, nil, o)
	return p, append(diags, more...)
}

const quickstart = `
variable "env" {
  type    = string
  default = "prod"
}
locals { root = "out/${var.env}" }
source "file" "in" {
  for_each = toset(["eu", "us"])
  paths    = ["in/${each.key}/*.jsonl"]
  log      = "sign_ins"
}
transform "filter" "failures" {
  from      = values(source.file.in)
  condition = true
}
transform "select" "few" {
  from = transform.filter.failures
  keep = ["id", "status.errorCode"]
}
sink "local" "all" {
  for_each = source.file.in
  from     = each.value
  path     = "${local.root}/${each.key}/${slice.name}"
  labels   = { region = each.key }
}
sink "local" "few" {
  from   = [transform.select.few]
  path   = "few/${slice.name}"
  format = "csv"
}
sink "local" "old" {
  from = []
  path = "old/${slice.name}"
}
`

func TestPipeline(t *testing.T) {
	p := decode(t, quickstart)
	var got []string
	for _, i := range p.Instances {
		line := i.Addr.String()
		for _, f := range i.From {
			line += " < " + f.String()
		}
		got = append(got, line)
	}
	want := []string{
		`sink.local.old`,
		`source.file.in["eu"]`,
		`sink.local.all["eu"] < source.file.in["eu"]`,
		`source.file.in["us"]`,
		`sink.local.all["us"] < source.file.in["us"]`,
		`transform.filter.failures < source.file.in["eu"] < source.file.in["us"]`,
		`transform.select.few < transform.filter.failures`,
		`sink.local.few < transform.select.few`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	few, _ := p.Instance(addr.Block{Class: addr.Sink, Kind: "local", Label: "few"}.Only())
	if diff := cmp.Diff([]string{"id", "status"}, few.Input.Names()); diff != "" {
		t.Error("schema that reaches the sink:", diff)
	}
	all, _ := p.Instance(addr.Block{Class: addr.Sink, Kind: "local", Label: "all"}.At("eu"))
	if all.Labels["region"] != "eu" || all.Sink.(stubSink).place != "out/prod/eu" {
		t.Error("labels or place:", all.Labels, all.Sink)
	}
	if p.State.Kind != "local" || p.State.Path != ".logpipe/state" || p.Scanner == nil {
		t.Error("state or scanner:", p.State)
	}
	var svg bytes.Buffer
	if err := p.Graph().SVG(&svg); err != nil || !strings.Contains(svg.String(), "sink.local.few") {
		t.Error("graph:", err)
	}
}

// TestShape says which changes of the text change the shape of a lane.
func TestShape(t *testing.T) {
	lane := func(t *testing.T, src string) string {
		p := decode(t, src)
		var path []addr.Instance
		for _, name := range []string{"transform.filter.failures", "transform.select.few", "sink.local.few"} {
			a, err := addr.Parse(name)
			if err != nil {
				t.Fatal(err)
			}
			path = append(path, a)
		}
		return p.Shape(path)
	}
	want := lane(t, quickstart)
	tests := []struct {
		name, from, to string
		same           bool
	}{
		{"path", `"few/`, `"fewer/`, true},
		{"space", `format = "csv"`, `format    =   "csv"`, true},
		{"comment", `format = "csv"`, `format = "csv" # for the help desk`, true},
		{"constant by another way", `format = "csv"`, `format = lower("CSV")`, true},
		{"format", `format = "csv"`, `format = "jsonl"`, false},
		{"fields", `"id", `, `"id", "appDisplayName", `, false},
		{"condition", `condition = true`, `condition = record.status.errorCode != 0`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := lane(t, strings.Replace(quickstart, tt.from, tt.to, 1)); (got == want) != tt.same {
				t.Errorf("same shape: %v, want %v", got == want, tt.same)
			}
		})
	}
}

func TestHash(t *testing.T) {
	secret := "variable \"k\" {\n sensitive = true\n default = \"a\"\n}\n"
	base := decode(t, quickstart+secret, "k=one").Hash
	if got := decode(t, quickstart+secret, "k=two").Hash; got != base {
		t.Error("a sensitive value changes the hash")
	}
	if got := decode(t, quickstart+secret, "env=test").Hash; got == base {
		t.Error("a variable does not change the hash")
	}
	if got := decode(t, quickstart+secret+"# comment\n", "k=one").Hash; got == base {
		t.Error("the bytes of the files do not change the hash")
	}
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"a.hcl":           "variable \"x\" { default = \"default\" }\nvariable \"n\" {\n type = number\n default = 0\n}\nvariable \"l\" {\n type = list(string)\n default = []\n}\n",
		"b.hcl":           "source \"file\" \"s\" { paths = [var.x] }\n",
		"c.test.hcl":      "run broken {",
		".hidden.hcl":     "broken {",
		"prod.vars.hcl":   "x = \"prod\"\nextra = 1\n",
		"auto.vars.hcl":   "x = \"auto\"\n",
		"z.auto.vars.hcl": "x = \"z.auto\"\n",
		"README.md":       "# not ours",
	})
	tests := []struct {
		name     string
		o        config.LoadOptions
		want     string
		warnings int
	}{
		{"auto files by name", config.LoadOptions{}, "z.auto", 0},
		{"environment comes first", config.LoadOptions{Environ: []string{"LOGPIPE_VAR_x=env", "LOGPIPE_VAR_foreign=1"}}, "z.auto", 0},
		{"file after auto", config.LoadOptions{VarFiles: []string{"prod.vars.hcl"}}, "prod", 1},
		{"var after file", config.LoadOptions{VarFiles: []string{"prod.vars.hcl"}, Vars: []string{"x=var=1", "n=5", `l=["a"]`}}, "var=1", 1},
		{"flags in order", config.LoadOptions{Flags: []config.Flag{{Var: "x=var"}, {File: filepath.Join(dir, "prod.vars.hcl")}}}, "prod", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, diags := config.Load(dir, tt.o)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			p, diags := config.Decode(f, kinds, nil, config.Options{})
			if diags.HasErrors() || len(diags) != tt.warnings {
				t.Fatal(diags)
			}
			if got := p.Variables["x"]; !got.RawEquals(cty.StringVal(tt.want)) {
				t.Errorf("x = %#v", got)
			}
		})
	}
	for name, o := range map[string]config.LoadOptions{
		"no value":       {Vars: []string{"secretvalue"}},
		"unknown name":   {Vars: []string{"y=secretvalue"}},
		"missing file":   {VarFiles: []string{"none.vars.hcl"}},
		"wrong type":     {Vars: []string{"n=secretvalue"}},
		"wrong list":     {Vars: []string{"l=secretvalue"}},
		"broken list":    {Vars: []string{"l=[secretvalue"}},
		"calls are none": {Vars: []string{"l=file(secretvalue)"}},
	} {
		f, diags := config.Load(dir, o)
		if !diags.HasErrors() {
			_, diags = config.Decode(f, kinds, nil, config.Options{})
		}
		if !diags.HasErrors() || strings.Contains(diags.Error(), "secretvalue") {
			t.Errorf("%s: %v", name, diags)
		}
	}
	for name, dir := range map[string]string{"empty": t.TempDir(), "missing": filepath.Join(dir, "none"), "a file": filepath.Join(dir, "a.hcl")} {
		if _, diags := config.Load(dir, config.LoadOptions{}); !diags.HasErrors() {
			t.Errorf("%s directory: no error", name)
		}
	}
}

// TestSecretsStayHidden prints diagnostics beside secrets in every way they can
// be written, and looks for the secret.
func TestSecretsStayHidden(t *testing.T) {
	const secret = "hunter2-5up3r"
	tests := map[string]string{
		"literal of a secret attribute": `source "file" "a" { token = ["` + secret + `"]` + "\n}",
		"beside a mistake":              `source "file" "a" { token = "` + secret + `", paths = 1 }`,
		"misspelt attribute":            "source \"file\" \"a\" {\n tokken = \"" + secret + "\"\n}",
		"misspelt kind":                 `source "fil" "a" { token = "` + secret + `" }`,
		"through a local":               "locals {\n  t = tonumber(\"" + secret + "\")\n}\nsource \"file\" \"a\" {\n token = local.t\n}",
		"default of a variable":         "variable \"k\" {\n sensitive = true\n type = number\n default = \"" + secret + "\"\n}",
		"heredoc":                       "source \"file\" \"a\" {\n token = <<EOT\n" + secret + "\nEOT\n toke = 1\n}",
		"condition of a validation":     "variable \"k\" {\n sensitive = true\n default = \"" + secret + "\"\n validation {\n condition = var.k == 1\n error_message = \"is ${var.k}\"\n }\n}",
		"function that quotes":          "variable \"k\" {\n sensitive = true\n default = \"" + secret + "\"\n}\nsource \"file\" \"a\" { paths = [tonumber(var.k)] }",
		"key of for_each":               "variable \"k\" {\n sensitive = true\n default = \"" + secret + "\"\n}\nsource \"file\" \"a\" {\n for_each = toset([var.k])\n paths = [\"x\"]\n}",
		"key of an object":              "variable \"k\" {\n sensitive = true\n default = \"" + secret + "\"\n}\nsource \"file\" \"a\" {\n for_each = { (var.k) = 1 }\n paths = [\"x\"]\n}",
		"label":                         "variable \"k\" {\n sensitive = true\n default = \"" + secret + "\"\n}\nsink \"local\" \"a\" {\n from = []\n path = \"x\"\n labels = { x = var.k }\n}",
		"broken file":                   "source \"file\" \"a\" {\n token = \"" + secret + "\n}",
		"broken heredoc":                "source \"file\" \"a\" {\n token = <<EOT\n" + secret + "\n",
	}
	for name, src := range tests {
		t.Run(name, func(t *testing.T) {
			f, diags := config.FromSource(t.TempDir(), "main.hcl", []byte(src))
			if !diags.HasErrors() {
				_, diags = config.Decode(f, kinds, nil, config.Options{})
			}
			if !diags.HasErrors() {
				t.Fatal("no error")
			}
			var b bytes.Buffer
			if err := config.Write(&b, f.HCL, diags, config.DiagOptions{}); err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(config.DiagsJSON(diags))
			if err != nil {
				t.Fatal(err)
			}
			if shown := b.String() + string(text); strings.Contains(shown, "hunter2") || strings.Contains(shown, "5up3r") {
				t.Errorf("shows the secret:\n%s", shown)
			}
		})
	}
}

func TestWriteColourAndBounds(t *testing.T) {
	src := "x = \"" + strings.Repeat("é", 500) + "\"\n" + strings.Repeat("\n", 20)
	files := map[string]*hcl.File{"m.hcl": {Bytes: []byte(src)}}
	all := hcl.Range{Filename: "m.hcl", Start: hcl.InitialPos, End: hcl.Pos{Line: 20, Column: 1, Byte: len(src)}}
	beyond := hcl.Range{Filename: "m.hcl", Start: hcl.Pos{Line: 9, Byte: 1 << 20}, End: hcl.Pos{Byte: 1 << 21}}
	diags := hcl.Diagnostics{
		{Severity: hcl.DiagError, Summary: "a\x1b[2J", Detail: "b\u202ec\nsecond line", Subject: &all},
		{Severity: hcl.DiagWarning, Summary: "beyond the file", Subject: &beyond},
		{Severity: hcl.DiagWarning, Summary: "no place"},
	}
	var b bytes.Buffer
	if err := config.Write(&b, files, diags, config.DiagOptions{Color: true, Width: 40}); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, bad := range []string{"\x1b[2J", "\u202e"} {
		if strings.Contains(text, bad) {
			t.Errorf("holds %q", bad)
		}
	}
	if !strings.Contains(text, "\x1b[31m") || !strings.Contains(text, "…") || !strings.Contains(text, "no place") {
		t.Error(text)
	}
}

func TestMoved(t *testing.T) {
	p := decode(t, quickstart+`
moved {
  from = sink.local.ancient
  to   = sink.local.older
}
moved {
  from = sink.local.older
  to   = sink.local.old
}
moved {
  from = sink.local.all
  to   = sink.local.all["eu"]
}
removed {
  from      = sink.local.gone["x"]
  retention = "forget"
}
`)
	block := func(label string) addr.Block {
		return addr.Block{Class: addr.Sink, Kind: "local", Label: label}
	}
	if len(p.Moved) != 3 || len(p.Removed) != 1 || p.Removed[0].From != block("gone").At("x") || p.Removed[0].Retention != "forget" {
		t.Fatal(p.Moved, p.Removed)
	}
	tests := []struct {
		move     config.Move
		from, to addr.Instance
		ok       bool
	}{
		{p.Moved[0], block("ancient").At("k"), block("older").At("k"), true},
		{p.Moved[0], block("ancient").Only(), block("older").Only(), true},
		{p.Moved[2], block("all").Only(), block("all").At("eu"), true},
		{p.Moved[2], block("all").At("us"), block("all").At("us"), false},
	}
	for _, tt := range tests {
		if got, ok := tt.move.Apply(tt.from); got != tt.to || ok != tt.ok {
			t.Errorf("%s: got %s, %v", tt.from, got, ok)
		}
	}
	for name, src := range map[string]string{
		"circle":      "moved {\n from = sink.local.p\n to = sink.local.q\n}\nmoved {\n from = sink.local.q\n to = sink.local.p\n}",
		"class":       "moved {\n from = sink.local.p\n to = source.file.in\n}",
		"twice":       "moved {\n from = sink.local.p\n to = sink.local.old\n}\nmoved {\n from = sink.local.p\n to = sink.local.few\n}",
		"still there": "removed {\n from = sink.local.old\n retention = \"forget\"\n}",
		"no sink":     "removed {\n from = source.file.gone\n retention = \"forget\"\n}",
	} {
		if _, diags := try(t, quickstart+src, config.Options{}); len(diags) != 1 || !diags.HasErrors() {
			t.Errorf("%s: %v", name, diags)
		}
	}
}

func TestDecodeState(t *testing.T) {
	const broken = `
logpipe {
  state "local" { path = "${var.dir}/state" }
}
variable "dir" { default = "x" }
variable "unset" {}
sink "nonsense" "a" { from = source.none.such }
policy "p" {}
`
	f, diags := config.FromSource(t.TempDir(), "main.hcl", []byte(broken))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	s, diags := config.DecodeState(f, kinds, config.Options{})
	if diags.HasErrors() || s.Path != "x/state" {
		t.Error(s, diags)
	}
	f, _ = config.FromSource(t.TempDir(), "main.hcl", []byte(strings.Replace(broken, "var.dir", "var.unset", 1)))
	if s, diags := config.DecodeState(f, kinds, config.Options{}); len(diags) != 1 || !diags.HasErrors() {
		t.Error("a path that is not known is used:", s, diags)
	}
}

func TestVersions(t *testing.T) {
	tests := map[string]bool{
		">= 0.1": true, ">= 0.1, < 0.3": false, "~> 0.3": true, "~> 0.2.9": false, "~> 0.3.0": true, "= 0.3.1": true,
		"!= 0.3.1": false, "> 0.3.1": false, "1": false, "0.3.1": true, "<= 0.3.1": true, "< 1": true,
	}
	for constraint, want := range tests {
		src := fmt.Sprintf("logpipe { required_version = %q }\n", constraint)
		if _, diags := try(t, src, config.Options{Version: "0.3.1"}); diags.HasErrors() == want {
			t.Errorf("%s: %v", constraint, diags)
		}
		if _, diags := try(t, src, config.Options{}); diags.HasErrors() {
			t.Errorf("%s without a version: %v", constraint, diags)
		}
	}
	for _, bad := range []string{">= x", "=> 1", "1.2.3.4", ">= -1", "~> ", ","} {
		if _, diags := try(t, fmt.Sprintf("logpipe { required_version = %q }\n", bad), config.Options{}); !diags.HasErrors() {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestSensitiveConditionMayDecide(t *testing.T) {
	src := "variable \"raw\" {\n type = bool\n sensitive = true\n default = true\n}\n" +
		"source \"file\" \"a\" { paths = [\"x\"] }\nsource \"file\" \"b\" { paths = [\"x\"] }\n" +
		"sink \"local\" \"s\" {\n from = var.raw ? source.file.a : source.file.b\n path = \"p\"\n}\n"
	p := decode(t, src)
	s, _ := p.Instance(addr.Block{Class: addr.Sink, Kind: "local", Label: "s"}.Only())
	if len(s.From) != 1 || s.From[0].Label != "a" {
		t.Error(s.From)
	}
}
