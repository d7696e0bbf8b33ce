package config_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/logpipe/logpipe/pipeline/config"
)

// within counts as the bounds are meant: on the tokens.
func within(src []byte) bool {
	tokens, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	depth, run := 0, 0
	outer := []int{0}
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
			outer = append(outer, run)
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			depth = max(0, depth-1)
			run = outer[len(outer)-1]
			if len(outer) > 1 {
				outer = outer[:len(outer)-1]
			}
		}
		switch t.Type {
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenPlus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent,
			hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq, hclsyntax.TokenGreaterThan,
			hclsyntax.TokenGreaterThanEq, hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenQuestion, hclsyntax.TokenDot,
			hclsyntax.TokenOBrack, hclsyntax.TokenTemplateControl:
			run++
		case hclsyntax.TokenComma, hclsyntax.TokenEqual:
			run = outer[len(outer)-1]
		case hclsyntax.TokenNewline:
			if depth == 0 {
				run = 0
			}
		}
		if depth > config.MaxDepth || run > config.MaxChain {
			return false
		}
	}
	return true
}

// FuzzShallow: what is waved through keeps the bounds. The pieces are repeated
// so that small inputs reach them.
func FuzzShallow(f *testing.F) {
	seeds(f)
	for _, s := range []string{"[", "\"${", "\"}\"[", "/*}*/{", "#}\n{", "\"$${\"{", "\"%{", "${\"", "<<E\n}\nE\n{", "a=1\n-", "=>[", "==-", "\"\\\"{", "~}{", "\"\n\"(", "x = \"50%\"\n", "//\n-\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, piece []byte) {
		for _, n := range []int{1, config.MaxDepth + 1, config.MaxChain + 1} {
			if n > 1 && len(piece) > 24 {
				piece = piece[:24]
			}
			src := []byte(strings.Repeat(string(piece), n))
			if config.Shallow(src) && !within(src) {
				t.Fatalf("%q, %d times, is waved through", piece, n)
			}
		}
	})
}

// TestShallowIsUsual: the files that people write are not lexed twice.
func TestShallowIsUsual(t *testing.T) {
	for name, src := range map[string]string{
		"quickstart": quickstart,
		"nested":     "a {\n b = { c = [1, (2 + 3), \"${x[\"y\"]}/%{ if z }1%{ endif }\"] } # }}}\n /* { */\n // {\n}\n",
		"many":       strings.Repeat("a \"b\" {\n  c = record.d.e == -1 && f(\"}\", [1]) ? x : y\n}\n", 5000),
	} {
		if !config.Shallow([]byte(src)) {
			t.Errorf("%s: the lexer is asked", name)
		}
	}
}
