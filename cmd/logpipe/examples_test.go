package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// exampleKey is random and opens nothing.
const exampleKey = "q8h0Uj0v2sHk3wqZ5o1c7m4n9X6yTtRrEeWwQqAaSsE="

// TestExamples holds every example to what the documentation says of it: fmt
// has nothing to do, validate finds nothing, plan works, apply stores what the
// plan said, and then there is nothing to do.
func TestExamples(t *testing.T) {
	all, err := filepath.Glob("../../examples/*")
	if err != nil || len(all) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, example := range all {
		t.Run(filepath.Base(example), func(t *testing.T) {
			dir := t.TempDir()
			copyExample(t, dir, example)
			for _, step := range []struct {
				args []string
				want code
				says string
			}{
				{[]string{"fmt", "-check"}, done, ""},
				{[]string{"validate"}, done, "Success!"},
				{[]string{"plan", "-detailed-exitcode"}, changes, "to read"},
				{[]string{"apply", "-auto-approve"}, done, "Apply complete!"},
				{[]string{"plan", "-detailed-exitcode"}, done, "No changes."},
			} {
				got, out := start(t, dir, step.args...)
				if got != step.want || !strings.Contains(out, step.says) {
					t.Fatalf("logpipe %s ended with %d, want %d and %q:\n%s", strings.Join(step.args, " "), got, step.want, step.says, out)
				}
			}
		})
	}
}

// start runs the program in this process. Examples that redact take their key
// from outside, as everybody should.
func start(t *testing.T, dir string, args ...string) (code, string) {
	t.Helper()
	var out bytes.Buffer
	env := []string{"LOGPIPE_VAR_pseudonym_key=" + exampleKey}
	got := logpipe(append([]string{"-chdir=" + dir}, args...), strings.NewReader(""), &out, &out, env)
	return code(got), out.String()
}

// copyExample copies what git has of an example: not what runs have written.
func copyExample(t *testing.T, dir, example string) {
	t.Helper()
	err := os.CopyFS(dir, os.DirFS(example))
	for _, written := range []string{".logpipe", "out"} {
		if err == nil {
			err = os.RemoveAll(filepath.Join(dir, written))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}
