package main

import (
	"strings"
	"testing"
)

func TestWorst(t *testing.T) {
	for name, c := range map[string]struct {
		all  []code
		want code
	}{
		"none":                      {nil, done},
		"one":                       {[]code{rejected}, rejected},
		"error before all":          {[]code{changes, leased, failed}, failed},
		"lease before rejects":      {[]code{rejected, leased}, leased},
		"policy before proof":       {[]code{unproven, violated}, violated},
		"silence before rejects":    {[]code{rejected, fellQuiet}, fellQuiet},
		"rejects before formatting": {[]code{unformed, rejected}, rejected},
		"formatting before changes": {[]code{changes, unformed}, unformed},
	} {
		t.Run(name, func(t *testing.T) {
			if got := worst(c.all...); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

// Every command's help names its codes, and its options have a text.
func TestEveryHelp(t *testing.T) {
	for _, c := range commands() {
		help := c.help()
		if !strings.Contains(help, "Exit codes:\n\n  0  done\n  1  an error") {
			t.Errorf("%s: no exit codes in the help", c.name)
		}
		for line := range strings.Lines(help) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 80 {
				t.Errorf("%s: %d columns: %s", c.name, n, line)
			}
		}
		if c.synopsis == "" || c.doc == "" {
			t.Errorf("%s: no synopsis or no text", c.name)
		}
	}
}
