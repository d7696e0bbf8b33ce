package arrows

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func rules() checker { return checker{house: house, comps: toComponents, doors: doors} }

func TestArrowsPointDown(t *testing.T) {
	found, err := check(os.DirFS("../.."), rules())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
	for _, row := range duplicates(house) {
		t.Errorf("%s stands twice in the table of floors", row)
	}
}

// TestChecker breaks each rule once.
func TestChecker(t *testing.T) {
	const mod = "github.com/logpipe/logpipe/"
	imports := func(pkg string, paths ...string) string {
		return "package " + pkg + "\n\nimport (\n\t_ \"" + strings.Join(paths, "\"\n\t_ \"") + "\"\n)\n"
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"down, own test and standard library": {
			files: map[string]string{
				"pipeline/config/a.go":      imports("config", "os", mod+"pipeline/catalog", "github.com/hashicorp/hcl/v2/hclsyntax"),
				"pipeline/config/a_test.go": imports("config_test", mod+"pipeline/config", "github.com/google/go-cmp/cmp"),
				"sinks/local/a.go":          imports("local", mod+"pipeline", mod+"sinks/local/inner", mod+"pipeline/store/dir"),
				"sinks/list.go":             imports("sinks", mod+"sinks/local", mod+"pipeline/catalog"),
			},
		},
		"up": {
			files: map[string]string{"pipeline/config/a.go": imports("config", mod+"pipeline/run")},
			want:  []string{"pipeline/config/a.go: pipeline/config (floor 5) imports pipeline/run (floor 8): arrows point down only"},
		},
		"level": {
			files: map[string]string{"pipeline/format/a.go": imports("format", mod+"pipeline/retention")},
			want:  []string{"pipeline/format/a.go: pipeline/format (floor 2) imports pipeline/retention (floor 2): arrows point down only"},
		},
		"up in a test": {
			files: map[string]string{"pipeline/plan/a_test.go": imports("plan_test", mod+"sinks/local")},
			want:  []string{"pipeline/plan/a_test.go: pipeline/plan (floor 6) imports sinks/local (floor 10): arrows point down only"},
		},
		"component imports the machine": {
			files: map[string]string{"sinks/local/a.go": imports("local", mod+"pipeline/run")},
			want:  []string{"sinks/local/a.go: sinks/local imports pipeline/run: a component knows the contracts, never the machine that runs it"},
		},
		"component imports another": {
			files: map[string]string{"sinks/local/a.go": imports("local", mod+"sources/file")},
			want:  []string{"sinks/local/a.go: sinks/local (floor 10) imports sources/file (floor 10): arrows point down only"},
		},
		"list imports the machine": {
			files: map[string]string{"sinks/a.go": imports("sinks", mod+"pipeline/run")},
			want:  []string{"sinks/a.go: sinks imports pipeline/run: a list of kinds knows its kinds and the catalog, nothing else"},
		},
		"unknown package": {
			files: map[string]string{"pipeline/extra/a.go": "package extra\n"},
			want:  []string{"pipeline/extra/a.go: package pipeline/extra is in no row of the house; add it to the table in internal/arrows with its floor"},
		},
		"unknown import": {
			files: map[string]string{"pipeline/run/a.go": imports("run", mod+"pipeline/extra")},
			want:  []string{"pipeline/run/a.go: pipeline/run imports pipeline/extra, which is in no row of the house; add it to the table in internal/arrows"},
		},
		"library on the ground floor": {
			files: map[string]string{
				"pipeline/record/a.go":      imports("record", "github.com/google/go-cmp/cmp"),
				"pipeline/record/a_test.go": imports("record_test", "github.com/google/go-cmp/cmp"),
			},
			want: []string{"pipeline/record/a.go: pipeline/record imports github.com/google/go-cmp/cmp: floor 0 is built on the standard library only"},
		},
		"SDK in the wrong room": {
			files: map[string]string{
				"sinks/blob/a.go":          imports("blob", "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"),
				"pipeline/store/blob/a.go": imports("blob", "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"),
				"sources/entra/graph/a.go": imports("entra", "github.com/microsoftgraph/msgraph-sdk-go/auditlogs"),
				"sources/file/a.go":        imports("file", "github.com/microsoftgraph/msgraph-sdk-go", "github.com/Azure/azure-sdk-for-go/sdk/azidentity"),
			},
			want: []string{
				"sinks/blob/a.go: sinks/blob imports github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob, which belongs to pipeline/store/blob only: one folder speaks to blob storage",
				"sources/file/a.go: sources/file imports github.com/microsoftgraph/msgraph-sdk-go, which belongs to sources/entra/graph only: the Graph SDK costs minutes to compile, so only one room and the program reach it",
				"sources/file/a.go: sources/file imports github.com/Azure/azure-sdk-for-go/sdk/azidentity, which belongs to internal/azure only: one folder knows how a tenant is signed in to",
			},
		},
		"library that has no room": {
			files: map[string]string{"pipeline/config/a.go": imports("config", "github.com/hashicorp/hcl/v2/gohcl")},
			want:  []string{"pipeline/config/a.go: pipeline/config imports github.com/hashicorp/hcl/v2/gohcl, which belongs to no room only: gohcl panics on marked values and reports in map order"},
		},
		"suites": {
			files: map[string]string{
				"pipeline/store/dir/a.go":      imports("dir", mod+"pipeline/store/storetest"),
				"pipeline/store/dir/a_test.go": imports("dir_test", mod+"pipeline/store/storetest"),
			},
			want: []string{"pipeline/store/dir/a.go: pipeline/store/dir imports pipeline/store/storetest outside of tests: a suite checks a contract and is no part of the program"},
		},
		"lent to tests of its floor": {
			files: map[string]string{
				"pipeline/manifest/a.go":      imports("manifest", mod+"pipeline/store/dir"),
				"pipeline/manifest/a_test.go": imports("manifest_test", mod+"pipeline/store/dir"),
			},
			want: []string{"pipeline/manifest/a.go: pipeline/manifest (floor 1) imports pipeline/store/dir (floor 1): arrows point down only"},
		},
		"init": {
			files: map[string]string{"pipeline/run/a.go": "package run\n\nfunc init() {}\n\ntype t struct{}\n\nfunc (t) init() {}\n"},
			want:  []string{"pipeline/run/a.go:3: func init runs unasked: list the part where it is used instead"},
		},
		"exit": {
			files: map[string]string{
				"cmd/logpipe/main.go":   "package main\n\nfunc main() { os.Exit(1) }\n\nfunc other() { os.Exit(1) }\n",
				"pipeline/run/a.go":     "package run\n\nfunc main() { log.Fatalf(``) }\n",
				"cmd/logpipe/a_test.go": "package main\n\nfunc TestMain() { os.Exit(0) }\n",
			},
			want: []string{
				"cmd/logpipe/main.go:5: only func main ends the process: return an error or an exit code",
				"pipeline/run/a.go:3: only func main ends the process: return an error or an exit code",
			},
		},
		"what the go command leaves out": {
			files: map[string]string{
				"extra/testdata/a.go": "package a\n",
				".hidden/a.go":        "package a\n",
				"_old/a.go":           "package a\n",
				"tool/go.mod":         "module x\n",
				"tool/a.go":           "package a\n",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tree := fstest.MapFS{"go.mod": {Data: []byte("module " + strings.TrimSuffix(mod, "/") + "\n\ngo 1.26\n")}}
			for f, text := range c.files {
				tree[f] = &fstest.MapFile{Data: []byte(text)}
			}
			found, err := check(tree, rules())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, found); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheckerSaysWhatItCannotRead(t *testing.T) {
	tree := fstest.MapFS{"go.mod": {Data: []byte("module m\n")}, "pipeline/run/a.go": {Data: []byte("package\n")}}
	if _, err := check(tree, rules()); err == nil || !strings.Contains(err.Error(), "pipeline/run/a.go") {
		t.Errorf("got %v, want an error that names the file", err)
	}
	if _, err := check(fstest.MapFS{}, rules()); err == nil {
		t.Error("a tree without go.mod passes")
	}
}
