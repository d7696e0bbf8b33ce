package config

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/logpipe/logpipe/pipeline/catalog"
)

// Bounds on files, so that hostile ones cannot exhaust the parser's stack.
const (
	maxFile  = 1 << 20
	maxDepth = 200
	maxChain = 1000 // operators, dots and indices in one expression
)

// tooDeep refuses nesting that no person writes: the parser and evaluator
// recurse, and a stack that overflows cannot be recovered. The tokens decide;
// making them costs as much as parsing, so that plain files are waved through.
func tooDeep(src []byte, name string) hcl.Diagnostics {
	if len(src) > maxFile {
		return general("File too large", fmt.Sprintf("%q has %d bytes; %d is the most.", name, len(src), maxFile))
	}
	if shallow(src) {
		return nil
	}
	tokens, _ := hclsyntax.LexConfig(src, name, hcl.InitialPos)
	depth, run := 0, 0
	var outer []int // the run at each bracket that is open: it goes on behind the bracket
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
			outer = append(outer, run)
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			depth = max(0, depth-1)
			run, outer = behind(outer)
		}
		switch t.Type {
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenPlus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent,
			hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq, hclsyntax.TokenGreaterThan,
			hclsyntax.TokenGreaterThanEq, hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenQuestion, hclsyntax.TokenDot,
			hclsyntax.TokenOBrack, hclsyntax.TokenTemplateControl:
			run++ // operators chain into one deep tree without any bracket
		case hclsyntax.TokenNewline:
			if depth == 0 {
				run = 0
			}
		case hclsyntax.TokenComma, hclsyntax.TokenEqual:
			run = inside(outer)
		}
		if depth > maxDepth || run > maxChain {
			return catalog.Fault(t.Range, "Too deeply nested", fmt.Sprintf("More than %d levels of nesting, or a chain of more than %d operators. Put parts into locals.", maxDepth, maxChain))
		}
	}
	return nil
}

// behind closes a bracket: the run goes on as it was in front of it.
func behind(outer []int) (run int, rest []int) {
	if len(outer) == 0 {
		return 0, nil
	}
	return outer[len(outer)-1], outer[:len(outer)-1]
}

// inside is the run at which each part inside the innermost bracket begins.
func inside(outer []int) int {
	run, _ := behind(outer)
	return run
}

// shallow reports whether src certainly keeps the bounds, from its bytes alone.
// It never counts less than the tokens do, and gives up on whatever is easier
// to leave to the lexer: heredocs, a $ or % in a string that begins no
// template, line breaks in strings, bytes that are no UTF-8.
func shallow(src []byte) bool {
	if !utf8.Valid(src) {
		return false
	}
	s := shallows{src: src}
	for s.at < len(src) {
		step := s.code
		if s.quoted {
			step = s.text
		}
		if !step() || s.depth > maxDepth || s.run > maxChain {
			return false
		}
	}
	return true
}

// shallows is how far shallow has come.
type shallows struct {
	src        []byte
	at         int
	depth, run int
	quoted     bool  // inside a string, outside its templates
	outer      []int // as in tooDeep
	templates  []int // open braces within each template that is open, innermost last
}

// text takes one byte of a string.
func (s *shallows) text() bool {
	c := s.src[s.at]
	next := s.peek(1)
	s.at++
	switch c {
	case '"':
		s.quoted = false
	case '\\':
		s.at++
		return next != '\n' && next != '\r'
	case '$', '%':
		s.at++
		s.depth++
		s.outer = append(s.outer, s.run)
		s.run++
		s.quoted = false
		s.templates = append(s.templates, 0)
		return next == '{'
	case '\n', '\r':
		return false
	}
	return true
}

// code takes one byte outside strings, or a comment.
func (s *shallows) code() bool {
	c := s.src[s.at]
	next := s.peek(1)
	s.at++
	switch c {
	case '"':
		s.quoted = true
	case '{', '[', '(':
		s.open(c)
	case '}', ']', ')':
		s.close(c)
	case '#':
		return s.skip("\n")
	case '\n':
		if s.depth == 0 {
			s.run = 0
		}
	case ',':
		s.run = inside(s.outer)
	case '=':
		if next == '=' || next == '>' || strings.IndexByte("=!<>", s.peek(-2)) >= 0 {
			s.run++
		} else {
			s.run = inside(s.outer)
		}
	case '/':
		switch next {
		case '/':
			return s.skip("\n")
		case '*':
			s.at++
			return s.skip("*/")
		}
		s.run++
	case '!', '-', '+', '*', '%', '<', '>', '&', '|', '?', '.':
		s.run++
		return c != '<' || next != '<'
	}
	return true
}

func (s *shallows) open(c byte) {
	s.depth++
	s.outer = append(s.outer, s.run)
	switch n := len(s.templates); {
	case c == '[':
		s.run++
	case c == '{' && n > 0:
		s.templates[n-1]++
	}
}

func (s *shallows) close(c byte) {
	s.depth = max(0, s.depth-1)
	s.run, s.outer = behind(s.outer)
	n := len(s.templates)
	if c != '}' || n == 0 {
		return
	}
	if s.templates[n-1]--; s.templates[n-1] < 0 {
		s.templates, s.quoted = s.templates[:n-1], true
	}
}

// skip goes behind the next end, or says that there is none. Only a comment
// that ends with its line may end with the file instead.
func (s *shallows) skip(end string) bool {
	i := bytes.Index(s.src[s.at:], []byte(end))
	if i < 0 {
		s.at = len(s.src)
		return end == "\n"
	}
	s.at += i + len(end)
	return true
}

// peek is the byte i behind the one at hand, 0 outside the file.
func (s *shallows) peek(i int) byte {
	if at := s.at + i; at >= 0 && at < len(s.src) {
		return s.src[at]
	}
	return 0
}
