package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/hashicorp/cli"
	"github.com/posener/complete"

	"github.com/logpipe/logpipe/pipeline/expr"
)

// command is one command as data.
type command struct {
	name     string // "plan", "state mv"
	synopsis string // one line for the list
	usage    string // what follows the name
	doc      string // paragraphs for the help, wrapped by hand at 76 columns
	main     bool   // listed under the main commands
	codes    []code // exit codes besides done and failed
	args     complete.Predictor
	// setup declares the flags and returns what runs with the remaining
	// arguments once they are parsed. nil is a command with subcommands only.
	setup func(p *program, f *flags) func(args []string) code
}

// commands lists them all in the order of the main help.
func commands() []command {
	return []command{
		validateCommand(), planCommand(), applyCommand(),
		fmtCommand(), forceUnlockCommand(), graphCommand(), keygenCommand(), schemaCommand(), showCommand(), simulateCommand(),
		stateCommand(), stateListCommand(), stateMvCommand(), statePullCommand(), statePushCommand(),
		stateRebuildCommand(), stateRmCommand(), stateShowCommand(),
		versionCommand(),
	}
}

func factories(p *program, all []command) map[string]cli.CommandFactory {
	m := make(map[string]cli.CommandFactory, len(all))
	for _, c := range all {
		m[c.name] = func() (cli.Command, error) { return &started{p, c}, nil }
	}
	return m
}

// started is a command in a program, as hashicorp/cli wants it.
type started struct {
	p *program
	command
}

func (s *started) Synopsis() string { return s.synopsis }

func (s *started) Help() string { return s.help() }

func (s *started) Run(args []string) int {
	if s.setup == nil {
		if len(args) == 0 {
			return cli.RunResultHelp
		}
		return int(s.p.usage(s.name, s.unknownSubcommand(args[0])))
	}
	f := newFlags(s.name)
	body := s.setup(s.p, f)
	rest, err := f.parse(args)
	if err != nil {
		return int(s.p.usage(s.name, err))
	}
	if f.noColour {
		s.p.colour = false
	}
	return int(body(rest))
}

func (s *started) unknownSubcommand(given string) error {
	var names []string
	for _, c := range commands() {
		if sub, ok := strings.CutPrefix(c.name, s.name+" "); ok {
			names = append(names, sub)
		}
	}
	if near := expr.Suggest(given, names); near != "" {
		return fmt.Errorf("%s has no subcommand %q. Did you mean %q?", s.name, given, near)
	}
	return fmt.Errorf("%s has no subcommand %q", s.name, given)
}

// AutocompleteArgs implements cli.CommandAutocomplete.
func (s *started) AutocompleteArgs() complete.Predictor {
	if s.args == nil {
		return complete.PredictNothing
	}
	return s.args
}

// AutocompleteFlags implements cli.CommandAutocomplete. The flags are those of
// the command itself, so that completion and help cannot part.
func (s *started) AutocompleteFlags() complete.Flags {
	all := complete.Flags{}
	s.flags().VisitAll(func(f *flag.Flag) { all["-"+f.Name] = complete.PredictAnything })
	return all
}

func (c command) flags() *flags {
	f := newFlags(c.name)
	if c.setup != nil {
		c.setup(&program{out: io.Discard, err: io.Discard}, f)
	}
	return f
}

func globalCompletion() complete.Flags {
	return complete.Flags{"-chdir": complete.PredictDirs("*"), "-no-color": complete.PredictNothing}
}

// flags is a command's flag set. It differs from the standard one in that
// options may also follow arguments, and in what it says.
type flags struct {
	*flag.FlagSet
	noColour bool
}

func newFlags(name string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError)}
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.BoolVar(&f.noColour, "no-color", false, "Print without colours.")
	return f
}

func (f *flags) parse(args []string) (rest []string, err error) {
	for {
		if err := f.Parse(args); err != nil {
			return nil, f.explain(err)
		}
		if f.NArg() == 0 {
			return rest, nil
		}
		if n := len(args) - f.NArg(); n > 0 && args[n-1] == "--" {
			return append(rest, f.Args()...), nil
		}
		rest = append(rest, f.Arg(0))
		args = f.Args()[1:]
	}
}

// explain adds the nearest name to the complaint about an unknown option.
func (f *flags) explain(err error) error {
	given, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !ok {
		return err
	}
	var names []string
	f.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	if near := expr.Suggest(given, names); near != "" {
		return fmt.Errorf("option -%s is not known. Did you mean -%s?", given, near)
	}
	return fmt.Errorf("option -%s is not known", given)
}

// list collects an option that may be given more than once.
type list []string

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// optional is a whole number, or absent.
type optional struct {
	n   int64
	set bool
}

func (o *optional) String() string { return "" }

func (o *optional) Set(s string) error {
	var rest string
	if n, err := fmt.Sscanf(s+"\x00", "%d%s", &o.n, &rest); n < 1 || err == nil && rest != "\x00" || o.n < 0 {
		return errors.New("want a whole number that is not negative")
	}
	o.set = true
	return nil
}

func exactly(n int, args []string, what string) error {
	switch {
	case len(args) < n:
		return fmt.Errorf("needs %s", what)
	case len(args) > n:
		return fmt.Errorf("got %d arguments, needs %s", len(args), what)
	}
	return nil
}
