// Package escape makes text that somebody else wrote harmless in the medium it
// is printed to. Names in log records, file names and configuration are such
// text: they may carry terminal escape sequences, right-to-left overrides,
// invisible characters, Markdown links, or lines that a CI service takes for
// commands.
//
// There is one function for each medium and no other way to print foreign
// text:
//
//	Terminal, Lines   a terminal or a plain log; one line, or several
//	Markdown, Code    Markdown text, and a Markdown code span
//	XML               text and attribute values of XML and SVG
//	JSON              a finished JSON text that may be shown on a terminal
//	CI                a writer for everything that a CI service reads as its log
//
// What is dangerous becomes visible rather than disappearing: a reader sees
// that somebody tried. Every function is total, and applying Terminal twice
// changes nothing more. A backslash stays as it is, so the visible form is for
// people and is not meant to be read back.
//
// The package is on the lowest floor and uses the standard library only.
package escape

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Terminal returns s on one line with everything visible: C0 and C1 controls
// (so ANSI, OSC and line breaks), invisible and bidirectional formatting,
// private and unassigned characters, and bytes that are not UTF-8.
func Terminal(s string) string { return visible(s, false) }

// Lines is Terminal for text of several lines: line feeds and tabs stay.
func Lines(s string) string { return visible(s, true) }

func visible(s string, lines bool) string {
	i := firstHidden(s, lines)
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteString(s[:i])
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case hidden(r, lines):
			writeEscape(&b, r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

func firstHidden(s string, lines bool) int {
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c < 0x7f {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || hidden(r, lines) {
			return i
		}
		i += n
	}
	return -1
}

func writeEscape(b *strings.Builder, r rune) {
	switch {
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case r > 0xffff:
		fmt.Fprintf(b, `\U%08x`, r)
	default:
		fmt.Fprintf(b, `\u%04x`, r)
	}
}

// hidden says whether r would be acted on, or not be seen, by a terminal.
func hidden(r rune, lines bool) bool {
	switch {
	case r >= ' ' && r < 0x7f:
		return false
	case lines && (r == '\n' || r == '\t'):
		return false
	case !unicode.IsGraphic(r): // controls, formats, surrogates, private, unassigned, line and paragraph separators
		return true
	}
	return blank(r)
}

// blank lists the characters that Unicode counts as letters or marks although
// nothing of them is seen. U+FE0F stays: it only chooses the colour of an emoji.
func blank(r rune) bool {
	switch r {
	case 0x034f, // combining grapheme joiner
		0x115f, 0x1160, 0x3164, 0xffa0, // Hangul fillers
		0x17b4, 0x17b5, // Khmer inherent vowels
		0x180b, 0x180c, 0x180d, 0x180f, // Mongolian variation selectors
		0x2800: // empty Braille cell
		return true
	}
	return r >= 0xfe00 && r <= 0xfe0e || r >= 0xe0100 && r <= 0xe01ef // variation selectors
}

// Markdown returns s as literal Markdown text on one line, safe in a table
// cell: no links, images, emphasis, HTML or headings come out of it. A service
// that turns @name into a mention does so after Markdown is read; use Code for
// values that may hold one.
func Markdown(s string) string {
	s = Terminal(s)
	var b strings.Builder
	b.Grow(len(s) + 8)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		case '\\', '`', '*', '_', '{', '}', '[', ']', '(', ')', '#', '+', '-', '.', '!', '|', '~', ':', '=', '$':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Code returns s as a Markdown code span on one line, safe in a table cell.
func Code(s string) string {
	s = strings.ReplaceAll(Terminal(s), "|", `\|`) // a table reads pipes before it reads code spans
	if s == "" {
		return ""
	}
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if s[0] == '`' || s[len(s)-1] == '`' || s[0] == ' ' && s[len(s)-1] == ' ' {
		s = " " + s + " "
	}
	return fence + s + fence
}

func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := 0; i < len(s); i++ {
		if s[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// XML returns s as character data or as a quoted attribute value of XML and
// SVG. What XML 1.0 cannot hold at all is made visible as on a terminal.
func XML(s string) string { return xml.Replace(Terminal(s)) }

// xml is read-only after initialisation.
var xml = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

// JSON returns the JSON text j with the same meaning and nothing in it that a
// terminal acts on: what is hidden can only stand inside strings, where
// \uXXXX means the same. Bytes that are not UTF-8 become U+FFFD. Line feeds and
// tabs between values stay.
func JSON(j []byte) []byte {
	i := firstHidden(string(j), true)
	if i < 0 {
		return j
	}
	out := append(make([]byte, 0, len(j)+16), j[:i]...)
	for i < len(j) {
		r, n := utf8.DecodeRune(j[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			out = append(out, `\ufffd`...)
		case r == '\r': // only between values: a space there too
			out = append(out, ' ')
		case !hidden(r, true):
			out = append(out, j[i:i+n]...)
		case r > 0xffff:
			hi, lo := (r-0x10000)>>10+0xd800, (r-0x10000)&0x3ff+0xdc00
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		i += n
	}
	return out
}
