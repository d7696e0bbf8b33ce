package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/logpipe/logpipe/pipeline/config"
)

// TestLinksStayInside: nothing of a file outside the directory is read by way
// of a link, let alone shown.
func TestLinksStayInside(t *testing.T) {
	const secret = "SEKRIT of elsewhere"
	for name, tt := range map[string]struct {
		link, target string
		flag         string
		ok           bool
	}{
		"pipeline file, relative": {link: "z.hcl", target: "../hid.txt"},
		"pipeline file, absolute": {link: "z.hcl", target: "ABS"},
		"automatic values":        {link: "auto.vars.hcl", target: "../hid.txt"},
		"named automatic values":  {link: "x.auto.vars.hcl", target: "../hid.txt"},
		"values given":            {link: "my.vars.hcl", target: "../hid.txt", flag: "my.vars.hcl"},
		"dotted values given":     {link: "my.vars.hcl", target: "../hid.txt", flag: "./my.vars.hcl"},
		"directory":               {link: "z.hcl", target: "sub"},
		"device":                  {link: "z.hcl", target: "/dev/zero"},
		"inside":                  {link: "z.hcl", target: "sub/more.txt", ok: true},
	} {
		t.Run(name, func(t *testing.T) {
			base := t.TempDir()
			dir := filepath.Join(base, "p")
			must(t, os.MkdirAll(filepath.Join(dir, "sub"), 0o755))
			must(t, os.WriteFile(filepath.Join(base, "hid.txt"), []byte(secret+"\n"), 0o600))
			must(t, os.WriteFile(filepath.Join(dir, "main.hcl"), []byte("locals {\n a = 1\n}\n"), 0o600))
			must(t, os.WriteFile(filepath.Join(dir, "sub", "more.txt"), []byte("locals {\n b = 1\n}\n"), 0o600))
			target := tt.target
			if target == "ABS" {
				target = filepath.Join(base, "hid.txt")
			}
			must(t, os.Symlink(target, filepath.Join(dir, tt.link)))
			var o config.LoadOptions
			if tt.flag != "" {
				o.Flags = []config.Flag{{File: tt.flag}}
			}
			f, diags := config.Load(dir, o)
			var b bytes.Buffer
			must(t, config.Write(&b, f.HCL, diags, config.DiagOptions{}))
			if diags.HasErrors() == tt.ok {
				t.Errorf("errors: %v", diags)
			}
			if strings.Contains(b.String(), "SEKRIT") {
				t.Errorf("content of a file outside is shown:\n%s", b.String())
			}
			if !tt.ok && !strings.Contains(b.String(), tt.link) {
				t.Errorf("the file is not named:\n%s", b.String())
			}
		})
	}
}

// TestValuesElsewhere: a file of values that the user names may stand anywhere.
func TestValuesElsewhere(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "p")
	must(t, os.Mkdir(dir, 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "main.hcl"), []byte("variable \"a\" {}\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(base, "x.vars.hcl"), []byte("a = 1\n"), 0o600))
	for _, name := range []string{"../x.vars.hcl", filepath.Join(base, "x.vars.hcl")} {
		if _, diags := config.Load(dir, config.LoadOptions{VarFiles: []string{name}}); diags.HasErrors() {
			t.Error(diags)
		}
	}
}

// TestSensitiveValuesWithoutQuotes: what stands where a sensitive value belongs
// is not shown, whatever is wrong with it.
func TestSensitiveValuesWithoutQuotes(t *testing.T) {
	const declared = "variable \"k\" {\n type = string\n sensitive = true\n}\n"
	for name, tt := range map[string]struct{ main, values string }{
		"name":         {declared, "k = SEKRITfile\n"},
		"call":         {declared, "k = SEKRITfile(1)\n"},
		"two words":    {declared, "k = SEKRIT file\n"},
		"operators":    {declared, "k = 1SEKRIT+/==\n"},
		"open quote":   {declared, "k = \"SEKRITfile\n"},
		"open heredoc": {declared, "k = <<E\nSEKRITfile\n"},
		"list":         {declared, "k = [SEKRITfile]\n"},
		"wrong type":   {declared, "k = [\"SEKRITfile\"]\n"},
		"default":      {"variable \"k\" {\n sensitive = true\n default = SEKRITfile\n}\n", ""},
		"decoded":      {declared + "locals {\n a = jsondecode(var.k)\n b = base64decode(var.k)\n c = parseint(var.k, 10)\n}\n", "k = \"SEKRITfile\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, os.WriteFile(filepath.Join(dir, "main.hcl"), []byte(tt.main), 0o600))
			must(t, os.WriteFile(filepath.Join(dir, "my.values"), []byte(tt.values), 0o600))
			f, diags := config.Load(dir, config.LoadOptions{VarFiles: []string{"my.values"}})
			if !diags.HasErrors() {
				_, diags = config.Decode(f, kinds, nil, config.Options{})
			}
			if !diags.HasErrors() {
				t.Fatal("no error")
			}
			var b bytes.Buffer
			must(t, config.Write(&b, f.HCL, diags, config.DiagOptions{}))
			for _, d := range diags {
				b.WriteString(d.Summary + d.Detail)
			}
			for _, part := range []string{"SEKRIT", "'S'", "10 bytes"} {
				if strings.Contains(b.String(), part) {
					t.Errorf("%s is shown:\n%s", part, b.String())
				}
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
