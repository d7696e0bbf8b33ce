package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/cli"
	"github.com/mattn/go-isatty"

	"github.com/logpipe/logpipe/internal/escape"
	"github.com/logpipe/logpipe/pipeline/expr"
)

// program is one start of logpipe: its streams, its surroundings and its global
// options. It is read-only once a command runs.
type program struct {
	in       io.Reader
	out, err io.Writer
	env      []string
	dir      string // from -chdir; relative names in flags and configuration start here
	colour   bool   // standard output is a terminal that wants colour
	live     bool   // standard output is a terminal: a line may be rewritten
	clock    func() time.Time
	log      *slog.Logger
}

// logpipe is the program without the process: it returns the exit code.
func logpipe(args []string, stdin io.Reader, stdout, stderr io.Writer, env []string) int {
	p := &program{in: stdin, out: stdout, err: stderr, env: env, dir: ".", clock: time.Now}
	p.live = isTerminal(stdout) && !p.inCI()
	p.colour = isTerminal(stdout) && p.getenv("NO_COLOR") == "" && p.getenv("TERM") != "dumb"
	if p.inCI() {
		p.out, p.err = escape.CI(stdout), escape.CI(stderr)
	}
	p.out, p.err = &locked{w: p.out}, &locked{w: p.err}
	args, err := p.globals(args)
	if err == nil {
		err = p.openLog()
	}
	if err != nil {
		return int(p.usage("", err))
	}
	return p.dispatch(args)
}

// globals takes the options that stand before the command.
func (p *program) globals(args []string) ([]string, error) {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		name, value, given := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(args[0], "-"), "-"), "=")
		switch {
		case name == "chdir" && (!given || value == ""):
			return nil, fmt.Errorf("-chdir needs a directory, as in -chdir=pipelines/prod")
		case name == "chdir":
			if info, err := os.Stat(value); err != nil {
				return nil, fmt.Errorf("-chdir: %w", err)
			} else if !info.IsDir() {
				return nil, fmt.Errorf("-chdir: %s is not a directory", value)
			}
			p.dir = value
		case name == "no-color":
			p.colour = false
		case name == "h" || name == "help" || name == "v" || name == "version" || completing(name):
			return args, nil
		default:
			return nil, fmt.Errorf("option %s is not known, or it belongs behind its command", escape.Terminal(args[0]))
		}
		args = args[1:]
	}
	return args, nil
}

// dispatch finds the command and runs it.
func (p *program) dispatch(args []string) int {
	all := commands()
	c := &cli.CLI{
		Name: "logpipe", Args: args, Commands: factories(p, all),
		HelpFunc:   func(map[string]cli.CommandFactory) string { return mainHelp(all) },
		HelpWriter: p.out, ErrorWriter: p.err,
		Autocomplete: true, AutocompleteInstall: "install-autocomplete", AutocompleteUninstall: "uninstall-autocomplete",
		AutocompleteGlobalFlags: globalCompletion(),
	}
	if c.IsVersion() {
		c = &cli.CLI{Name: "logpipe", Args: []string{"version"}, Commands: c.Commands, HelpWriter: p.out, ErrorWriter: p.err}
	}
	if name := c.Subcommand(); name != "" && c.Commands[name] == nil {
		return int(p.unknownCommand(name, all))
	}
	result, err := c.Run()
	switch {
	case err != nil:
		return int(p.fail(err))
	case result == 127: // no command: help was printed
		return int(failed)
	}
	return result
}

func completing(name string) bool {
	return name == "install-autocomplete" || name == "uninstall-autocomplete"
}

func (p *program) unknownCommand(name string, all []command) code {
	names := make([]string, 0, len(all))
	for _, c := range all {
		first, _, _ := strings.Cut(c.name, " ")
		names = append(names, first)
	}
	text := fmt.Sprintf(`logpipe has no command named "%s".`, escape.Terminal(name))
	if near := expr.Suggest(name, names); near != "" {
		text += fmt.Sprintf(" Did you mean %q?", near)
	}
	fmt.Fprintf(p.err, "%s\n\nTo see all commands, run:\n  logpipe -help\n", text)
	return failed
}

// getenv returns the last value of name, as a shell would see it.
func (p *program) getenv(name string) string {
	for i := len(p.env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(p.env[i], name+"="); ok {
			return v
		}
	}
	return ""
}

// inCI reports whether a CI service reads the output.
func (p *program) inCI() bool {
	ci := p.getenv("CI")
	return ci != "" && ci != "false" && ci != "0" || p.getenv("GITHUB_ACTIONS") != "" || p.getenv("TF_BUILD") != ""
}

// path resolves a name given in a flag.
func (p *program) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(p.dir, name)
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// locked is a writer for several goroutines: an interrupt speaks while a run
// prints what it does.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}
