package config_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/logpipe/logpipe/pipeline/config"
)

func seeds(f *testing.F) {
	files, err := filepath.Glob("testdata/diag/*.hcl")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range files {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte(quickstart))
	f.Add([]byte("a = [\n1,\n  # c\n]\r\nb={x=1,y=<<-E\n  t\n  E\n}\n"))
}

// FuzzDecode: any bytes give a pipeline or located diagnostics, never a panic,
// and diagnostics can be printed.
func FuzzDecode(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		files, diags := config.FromSource("none", "main.hcl", src)
		if !diags.HasErrors() {
			for _, unknown := range []bool{false, true} {
				var p *config.Pipeline
				p, diags = config.Decode(files, kinds, nil, config.Options{Unknown: unknown})
				if (p == nil) != diags.HasErrors() {
					t.Fatal("a pipeline and errors, or neither")
				}
			}
		}
		for _, d := range diags {
			if d.Subject == nil || d.Summary == "" || d.Detail == "" {
				t.Errorf("a diagnostic without place, summary or detail: %v", d)
			}
		}
		var b bytes.Buffer
		if err := config.Write(&b, files.HCL, diags, config.DiagOptions{Width: 80}); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(b.String(), "\x00\x1b\x07\u202e\u2066") {
			t.Error("a control character reaches the terminal")
		}
	})
}

// FuzzFormat: formatting is idempotent and changes nothing but space.
func FuzzFormat(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		once, diags := config.Format(src, "main.hcl")
		if diags.HasErrors() {
			if !bytes.Equal(once, src) {
				t.Error("a broken file was changed")
			}
			return
		}
		twice, diags := config.Format(once, "main.hcl")
		if diags.HasErrors() {
			t.Fatalf("the result does not parse: %v\n%q", diags, once)
		}
		if !bytes.Equal(once, twice) {
			t.Errorf("not idempotent:\n%q\n%q\n%q", src, once, twice)
		}
		if a, b := tokens(src), tokens(once); a != b {
			t.Errorf("changed more than space:\n%q\n%q", a, b)
		}
	})
}

// tokens is a file without what only arranges it.
func tokens(src []byte) string {
	all, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	var b strings.Builder
	for _, t := range all {
		if t.Type == hclsyntax.TokenNewline || t.Type == hclsyntax.TokenEOF {
			continue
		}
		fmt.Fprintf(&b, "%v %q\n", t.Type, strings.TrimRight(string(t.Bytes), " \t\r\n"))
	}
	return b.String()
}

// BenchmarkValidate decodes 200 blocks: 50 chains of source, filter, select and
// sink.
func BenchmarkValidate(b *testing.B) {
	var src strings.Builder
	src.WriteString("variable \"env\" { default = \"prod\" }\nlocals { root = \"out/${var.env}\" }\n")
	for i := range 50 {
		fmt.Fprintf(&src, `
source "file" "s%[1]d" {
  paths = ["in/%[1]d/*.jsonl"]
  log   = "sign_ins"
}
transform "filter" "f%[1]d" {
  from      = source.file.s%[1]d
  condition = record.status.errorCode != 0 && record.userPrincipalName != "x%[1]d"
}
transform "select" "t%[1]d" {
  from = transform.filter.f%[1]d
  keep = ["id", "status.errorCode"]
}
sink "local" "l%[1]d" {
  from = transform.select.t%[1]d
  path = "${local.root}/%[1]d/${slice.start.date}/${slice.name}"
}
`, i)
	}
	text := []byte(src.String())
	b.ReportAllocs()
	for b.Loop() {
		f, diags := config.FromSource(".", "main.hcl", text)
		if diags.HasErrors() {
			b.Fatal(diags)
		}
		if _, diags = config.Decode(f, kinds, nil, config.Options{Unknown: true}); diags.HasErrors() {
			b.Fatal(diags)
		}
		if err := config.Write(io.Discard, f.HCL, diags, config.DiagOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
