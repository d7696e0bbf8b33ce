package config

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/logpipe/logpipe/pipeline/catalog"
)

// DiagOptions says how diagnostics are written.
type DiagOptions struct {
	Color bool
	Width int // of the terminal, in columns; 0 does not wrap
}

// Snippets show at most this many lines, and this many columns of each.
const (
	snippetLines   = 6
	snippetColumns = 160
)

// Write shows diagnostics to people in the look of Terraform: what, where with
// the lines of the file, why and what to do, in the order of the files.
// Secrets are blanked. Control characters and those that change the direction
// of writing are shown as escapes, wherever they come from: files are not
// trusted with a terminal.
func Write(w io.Writer, files map[string]*hcl.File, diags hcl.Diagnostics, o DiagOptions) error {
	sorted := slices.Clone(diags)
	catalog.Sort(sorted)
	b := bufio.NewWriter(w)
	for _, d := range sorted {
		writeOne(b, files, d, o)
	}
	return b.Flush()
}

// paint holds the codes of one severity; all are empty without colour.
type paint struct{ frame, bold, under, reset string }

func writeOne(w io.Writer, files map[string]*hcl.File, d *hcl.Diagnostic, o DiagOptions) {
	word, p := "Error", paint{}
	if o.Color {
		p = paint{"\x1b[31m", "\x1b[1m", "\x1b[4m", "\x1b[0m"}
	}
	if d.Severity == hcl.DiagWarning {
		word = "Warning"
		if o.Color {
			p.frame = "\x1b[33m"
		}
	}
	line := func(text string) {
		if text != "" {
			text = " " + text
		}
		fmt.Fprintf(w, "%s│%s%s\n", p.frame, p.reset, text)
	}
	fmt.Fprintf(w, "%s╷%s\n", p.frame, p.reset)
	line(p.frame + p.bold + word + ": " + p.reset + p.bold + Clean(d.Summary) + p.reset)
	line("")
	if d.Subject != nil {
		for _, l := range snippet(files, d, p) {
			line(l)
		}
		line("")
	}
	for _, l := range wrap(cleanLines(d.Detail), o.Width-2) {
		line(l)
	}
	fmt.Fprintf(w, "%s╵%s\n", p.frame, p.reset)
}

// snippet is the place of a diagnostic and the lines of the file there.
func snippet(files map[string]*hcl.File, d *hcl.Diagnostic, p paint) []string {
	at := *d.Subject
	out := []string{fmt.Sprintf("  on %s line %d%s:", Clean(at.Filename), at.Start.Line, Clean(enclosing(files[at.Filename], at)))}
	file := files[at.Filename]
	if file == nil || at.Start.Byte > len(file.Bytes) || at.End.Byte > len(file.Bytes) || at.End.Byte < at.Start.Byte {
		return out
	}
	hide := hiddenIn(file.Bytes, d)
	start := bytes.LastIndexByte(file.Bytes[:at.Start.Byte], '\n') + 1
	for n := 0; n < snippetLines; n++ {
		end := len(file.Bytes)
		if i := bytes.IndexByte(file.Bytes[start:], '\n'); i >= 0 {
			end = start + i
		}
		v := view(file.Bytes[start:end], start, hide)
		from, to := v.column(at.Start.Byte-start), v.column(at.End.Byte-start)
		if n == 0 {
			to = max(to, from+1)
		}
		text, mark := v.cut(from, to, p)
		out = append(out, fmt.Sprintf("%4d: %s", at.Start.Line+n, text))
		if n == 0 {
			out = append(out, "      "+mark)
		}
		if end+1 >= at.End.Byte || end == len(file.Bytes) {
			return out
		}
		start = end + 1
	}
	return append(out, "      …")
}

// enclosing says in which block of the top level a place is.
func enclosing(file *hcl.File, at hcl.Range) string {
	if file == nil {
		return ""
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		return ""
	}
	for _, b := range body.Blocks {
		if b.Range().Start.Byte <= at.Start.Byte && at.Start.Byte < b.CloseBraceRange.End.Byte {
			text := ", in " + b.Type
			for _, l := range b.Labels {
				text += fmt.Sprintf(" %q", l)
			}
			return text
		}
	}
	return ""
}

// suspect finds lines that may hold a secret in a file that could not be read.
var suspect = regexp.MustCompile(`(?i)(secret|passw|token|credential|key|sas|default|private)[^=]*=`)

// hiddenIn lists the stretches that must not be shown. A diagnostic of Decode
// carries them; for one about a broken file everything that looks like a secret
// is hidden, and every literal in a file of values.
func hiddenIn(src []byte, d *hcl.Diagnostic) []hcl.Range {
	name := d.Subject.Filename
	if s, ok := d.Extra.(*secrets); ok {
		return slices.DeleteFunc(slices.Clone(s.ranges), func(r hcl.Range) bool { return r.Filename != name })
	}
	values := strings.HasSuffix(name, ".vars.hcl")
	return slices.DeleteFunc(literalRanges(src, name), func(r hcl.Range) bool {
		start := bytes.LastIndexByte(src[:r.Start.Byte], '\n') + 1
		heredoc := r.Start.Byte == start
		return !values && !heredoc && !suspect.Match(src[start:r.Start.Byte])
	})
}

// shown is one line as it is shown.
type shown struct {
	cells []string // one for each column
	at    []int    // column of each byte
}

// view renders a line that begins at byte start of its file.
func view(line []byte, start int, hide []hcl.Range) *shown {
	v := &shown{at: make([]int, len(line)+1)}
	for i := 0; i < len(line); {
		if end := hiddenUntil(hide, start+i); end > start+i {
			stop := min(end-start, len(line))
			for ; i < stop; i++ {
				v.at[i] = len(v.cells)
			}
			for _, r := range hidden {
				v.cells = append(v.cells, string(r))
			}
			continue
		}
		r, n := utf8.DecodeRune(line[i:])
		for j := range n {
			v.at[i+j] = len(v.cells)
		}
		switch {
		case r == '\r' && i == len(line)-1:
		case r == '\t':
			v.cells = append(v.cells, " ", " ")
		case r == utf8.RuneError && n == 1:
			v.cells = append(v.cells, "\ufffd")
		default:
			for _, c := range escape(r) {
				v.cells = append(v.cells, string(c))
			}
		}
		i += n
	}
	v.at[len(line)] = len(v.cells)
	return v
}

func hiddenUntil(hide []hcl.Range, offset int) int {
	end := offset
	for _, r := range hide {
		if r.Start.Byte <= offset && offset < r.End.Byte {
			end = max(end, r.End.Byte)
		}
	}
	return end
}

func (v *shown) column(offset int) int { return v.at[max(0, min(offset, len(v.at)-1))] }

// cut returns the line, at most snippetColumns of it around [from,to), and the
// line that marks that stretch.
func (v *shown) cut(from, to int, p paint) (text, mark string) {
	first, last, lead, tail := 0, len(v.cells), "", ""
	if last > snippetColumns {
		first = max(0, min(from-snippetColumns/3, last-snippetColumns))
		last = first + snippetColumns
		if first > 0 {
			lead = "…"
		}
		if last < len(v.cells) {
			tail = "…"
		}
	}
	from, to = max(from, first), max(first, min(to, last))
	var b strings.Builder
	b.WriteString(lead)
	for i := first; i < last; i++ {
		if i == from && from < to {
			b.WriteString(p.under)
		}
		if i == to && from < to {
			b.WriteString(p.reset)
		}
		b.WriteString(v.cells[i])
	}
	if to >= last {
		b.WriteString(p.reset)
	}
	b.WriteString(tail)
	space := strings.Repeat(" ", len([]rune(lead))+from-first)
	return b.String(), space + p.frame + strings.Repeat("^", max(1, to-from)) + p.reset
}

// Clean makes text safe for a terminal: control characters and those that
// change the direction of writing or are invisible become escapes.
func Clean(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || harmful(r) }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		b.WriteString(escape(r))
	}
	return b.String()
}

// cleanLines is Clean for text of several lines.
func cleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = Clean(l)
	}
	return strings.Join(lines, "\n")
}

func harmful(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)
}

func escape(r rune) string {
	switch {
	case !harmful(r):
		return string(r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

// wrap breaks text into lines of at most width columns, at spaces; width under
// 20 does not break.
func wrap(text string, width int) []string {
	var out []string
	for para := range strings.SplitSeq(text, "\n") {
		line := ""
		for word := range strings.SplitSeq(para, " ") {
			switch {
			case line == "":
				line = word
			case width >= 20 && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
				out = append(out, line)
				line = word
			default:
				line += " " + word
			}
		}
		out = append(out, line)
	}
	return out
}

// DiagJSON is a diagnostic for programs, in the form of `terraform validate
// -json`.
type DiagJSON struct {
	Severity string     `json:"severity"` // error, warning
	Summary  string     `json:"summary"`
	Detail   string     `json:"detail"`
	Range    *RangeJSON `json:"range,omitempty"`
}

// RangeJSON is a place in a file.
type RangeJSON struct {
	Filename string  `json:"filename"`
	Start    PosJSON `json:"start"`
	End      PosJSON `json:"end"`
}

// PosJSON is a position: line and column from 1, byte from 0.
type PosJSON struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

// DiagsJSON converts diagnostics, in the order of the files. It holds no
// snippets, and so nothing of what stands in the files but what the texts say.
func DiagsJSON(diags hcl.Diagnostics) []DiagJSON {
	sorted := slices.Clone(diags)
	catalog.Sort(sorted)
	all := make([]DiagJSON, 0, len(sorted))
	for _, d := range sorted {
		j := DiagJSON{Severity: "error", Summary: Clean(d.Summary), Detail: cleanLines(d.Detail)}
		if d.Severity == hcl.DiagWarning {
			j.Severity = "warning"
		}
		if r := d.Subject; r != nil {
			j.Range = &RangeJSON{Clean(r.Filename),
				PosJSON{r.Start.Line, r.Start.Column, r.Start.Byte}, PosJSON{r.End.Line, r.End.Column, r.End.Byte}}
		}
		all = append(all, j)
	}
	return all
}
