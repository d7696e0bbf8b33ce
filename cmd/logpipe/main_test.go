package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// update rewrites the expected output in the scripts.
var update = flag.Bool("update", false, "rewrite the files that the scripts compare with")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"logpipe": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               quiet,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"code": wantCode,
			"cpr":  copyTree,
		},
	})
}

// quiet gives every script the same surroundings, whatever the machine has.
func quiet(e *testscript.Env) error {
	for _, name := range []string{"CI", "GITHUB_ACTIONS", "TF_BUILD", "GITHUB_STEP_SUMMARY", "LOGPIPE_LOG", "NO_COLOR"} {
		e.Setenv(name, "")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	e.Setenv("ROOT", root)
	return nil
}

// wantCode runs a command and checks its exit code: code N COMMAND ARGS. Its
// output is what stdout, stderr and cmp see.
func wantCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND ARGS")
	}
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := err.(*exec.ExitError)
		if !ok {
			ts.Fatalf("%v: %v", args[1:], err)
		}
		got = itoa(exit.ExitCode())
	}
	if got != args[0] {
		ts.Fatalf("%v ended with %s, want %s", args[1:], got, args[0])
	}
}

func itoa(n int) string {
	if n < 0 || n > 9 {
		return "other"
	}
	return string(rune('0' + n))
}

// copyTree copies a directory of the project into the script: cpr FROM TO.
func copyTree(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cpr FROM TO")
	}
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(args[0])))
}
