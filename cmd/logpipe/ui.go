package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/logpipe/logpipe/internal/escape"
)

// fail prints an error and returns the code for it.
func (p *program) fail(err error) code {
	fmt.Fprintf(p.err, "\n%s%s\n", p.paint(red, "Error: "), escape.Lines(sentence(err)))
	return failed
}

// usage prints an error about how the program was called.
func (p *program) usage(command string, err error) code {
	p.fail(err)
	help := "logpipe " + command
	fmt.Fprintf(p.err, "\nFor more help, run:\n  %s -help\n", strings.TrimSpace(help))
	return failed
}

// sentence writes an error for a person: errors begin in lower case because
// they are usually part of a chain.
func sentence(err error) string {
	s := err.Error()
	if s == "" {
		return "unknown error"
	}
	if c := s[0]; c >= 'a' && c <= 'z' && !strings.Contains(firstWord(s), ".") {
		s = string(c-'a'+'A') + s[1:]
	}
	return s
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(s, " ")
	return w
}

type style string

const (
	bold   style = "\x1b[1m"
	red    style = "\x1b[31m"
	green  style = "\x1b[32m"
	yellow style = "\x1b[33m"
	faint  style = "\x1b[2m"
	reset        = "\x1b[0m"
)

// paint returns text in a style where colour is wanted. The text must be safe.
func (p *program) paint(s style, text string) string {
	if !p.colour || text == "" {
		return text
	}
	return string(s) + text + reset
}

// confirm asks a question that only "yes" answers.
// An interrupt is an error.
func (p *program) confirm(ctx context.Context, question, detail string) (bool, error) {
	fmt.Fprintf(p.out, "\n%s\n  %s\n  Only 'yes' will be accepted to approve.\n\n  %s ",
		p.paint(bold, question), detail, p.paint(bold, "Enter a value:"))
	type answer struct {
		text string
		err  error
	}
	given := make(chan answer, 1)
	go func() { // it may wait for ever: nothing can end a read of a terminal
		text, err := bufio.NewReader(p.in).ReadString('\n')
		given <- answer{text, err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(p.out)
		return false, context.Cause(ctx)
	case a := <-given:
		fmt.Fprintln(p.out)
		if a.err != nil && !errors.Is(a.err, io.EOF) {
			return false, fmt.Errorf("read the answer: %w", a.err)
		}
		return strings.TrimSpace(a.text) == "yes", nil
	}
}

// plural returns "1 slice", "2 slices", with thousands separated.
func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// size writes a number of bytes for a person.
func size(n int64) string {
	const unit = 1024
	if n < unit {
		return plural(n, "byte", "bytes")
	}
	f, i := float64(n)/unit, 0
	for f >= unit && i < 3 {
		f, i = f/unit, i+1
	}
	return fmt.Sprintf("%.1f %ciB", f, "KMGT"[i])
}
