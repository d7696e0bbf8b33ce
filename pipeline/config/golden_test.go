package config_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/config"
)

var update = flag.Bool("update", false, "rewrite the expected diagnostics")

// TestDiagnostics decodes each testdata/diag/*.hcl and compares what is said
// with the .diag beside it. A first line "# unknown" leaves variables unset; a
// line "# var name=value" sets one.
func TestDiagnostics(t *testing.T) {
	files, err := filepath.Glob("testdata/diag/*.hcl")
	if err != nil || len(files) == 0 {
		t.Fatal("no test data", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".hcl"), func(t *testing.T) {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := diagnose(t, filepath.Base(path), src)
			golden := strings.TrimSuffix(path, ".hcl") + ".diag"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("diagnostics differ (-want +got):\n%s", diff)
			}
		})
	}
}

func diagnose(t *testing.T, name string, src []byte) []byte {
	t.Helper()
	var vars []string
	o := config.Options{Version: "0.3.0"}
	for line := range strings.SplitSeq(string(src), "\n") {
		if v, ok := strings.CutPrefix(line, "# var "); ok {
			vars = append(vars, v)
		}
		if line == "# unknown" {
			o.Unknown = true
		}
	}
	f, diags := config.FromSource(t.TempDir(), name, src, vars...)
	if !diags.HasErrors() {
		var more hcl.Diagnostics
		_, more = config.Decode(f, kinds, &pipeline.Env{}, o)
		diags = append(diags, more...)
	}
	var b bytes.Buffer
	if err := config.Write(&b, f.HCL, diags, config.DiagOptions{Width: 100}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
