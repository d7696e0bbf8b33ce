package main

import (
	"flag"
	"fmt"
	"strings"
)

// mainHelp is what logpipe -help prints.
func mainHelp(all []command) string {
	var b strings.Builder
	b.WriteString(`Usage: logpipe [global options] <command> [options] [args]

  Exports identity logs as code: a directory of HCL files says which logs go
  where and in what form; plan shows what a run would do, apply does it.

Main commands:

`)
	section(&b, all, true)
	b.WriteString("\nAll other commands:\n\n")
	section(&b, all, false)
	b.WriteString(`
Global options, before the command:

  -chdir=DIR              Work in another directory.
  -no-color               Print without colours.
  -help                   Show this text, or the help of a command.
  -version                Show the version.
  -install-autocomplete   Let the shell complete commands and options.

Environment:

  LOGPIPE_VAR_name        The value of variable "name".
  LOGPIPE_LOG             debug, info, warn, error or off: a log on standard
                          error.
  NO_COLOR                If set, print without colours.
  CI                      If set, print plain lines and ask nothing.

`)
	var every []code
	for c := range codes() {
		if c > failed {
			every = append(every, c)
		}
	}
	b.WriteString(strings.TrimSuffix(codeTable(every), "\n"))
	return b.String()
}

func section(b *strings.Builder, all []command, main bool) {
	for _, c := range all {
		if c.main == main && !strings.Contains(c.name, " ") {
			fmt.Fprintf(b, "  %-14s%s\n", c.name, c.synopsis)
		}
	}
}

// help is what logpipe COMMAND -help prints.
func (c command) help() string {
	var b strings.Builder
	usage := c.usage
	if c.setup == nil {
		usage = "<subcommand> [options] [args]"
	}
	fmt.Fprintf(&b, "Usage: logpipe [global options] %s %s\n\n", c.name, usage)
	for line := range strings.Lines(strings.TrimSpace(c.doc)) {
		if strings.TrimSpace(line) == "" {
			b.WriteString("\n")
			continue
		}
		b.WriteString("  " + line)
	}
	b.WriteString("\n\n")
	if c.setup != nil {
		b.WriteString("Options:\n\n")
		c.flags().VisitAll(func(f *flag.Flag) { option(&b, f) })
		b.WriteString("\n")
	}
	b.WriteString(strings.TrimSuffix(codeTable(c.codes), "\n"))
	return b.String()
}

// option prints one option: its name and value on the left, its text wrapped
// on the right.
func option(b *strings.Builder, f *flag.Flag) {
	const left, right = 26, 52
	value, text := flag.UnquoteUsage(f)
	name := "-" + f.Name
	switch {
	case value != "":
		name += "=" + value
	case f.DefValue == "true":
		name += "=false"
	}
	if len(name)+4 > left {
		fmt.Fprintf(b, "  %s\n", name)
		name = ""
	}
	for i, line := range wrap(text, right) {
		if i == 0 && name != "" {
			fmt.Fprintf(b, "  %-*s%s\n", left-2, name, line)
			continue
		}
		fmt.Fprintf(b, "%*s%s\n", left, "", line)
	}
}

// wrap breaks text into lines of at most width columns.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
