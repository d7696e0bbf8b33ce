package config_test

import (
	"strings"
	"testing"

	"github.com/logpipe/logpipe/pipeline/config"
)

// TestDeepNesting: what would overflow the parser's stack, which no recover
// catches, is refused before.
func TestDeepNesting(t *testing.T) {
	const n = 40_000
	for name, expr := range map[string]string{
		"brackets":     strings.Repeat("[", n),
		"parentheses":  strings.Repeat("(", n) + "1" + strings.Repeat(")", n),
		"objects":      strings.Repeat("{a=", n),
		"not":          strings.Repeat("!", n) + "true",
		"minus":        strings.Repeat("-", n) + "1",
		"conditionals": strings.Repeat("true?1:", n/4) + "1",
		"with commas":  strings.Repeat("f(1,2)?1:", n/2) + "1",
		"with objects": strings.Repeat("{a=1}==", n/2) + "1",
		"with lists":   strings.Repeat("[1,2]==", n/2) + "1",
		"plus":         strings.Repeat("1+", n) + "1",
		"equal":        strings.Repeat("1==", n) + "1",
		"less":         strings.Repeat("1<", n) + "1",
		"attributes":   "a" + strings.Repeat(".b", n),
		"indices":      "a" + strings.Repeat("[0]", n),
		"splats":       "a" + strings.Repeat("[*]", n),
		"interpolated": strings.Repeat("\"${", n),
		"directives":   "\"" + strings.Repeat("%{if true}", n/4) + "\"",
		"calls":        strings.Repeat("f(", n),
		"for":          strings.Repeat("[for x in ", n/4),
		"blocks":       "1\n" + strings.Repeat("a {\n", n/2),
	} {
		t.Run(name, func(t *testing.T) {
			src := "locals {\n x = " + expr + "\n}\n"
			if len(src) >= 1<<20 {
				t.Fatal("larger than a file may be")
			}
			f, diags := config.FromSource(t.TempDir(), "main.hcl", []byte(src))
			if !diags.HasErrors() {
				_, diags = config.Decode(f, kinds, nil, config.Options{})
			}
			if !diags.HasErrors() {
				t.Error("no error")
			}
		})
	}
}
