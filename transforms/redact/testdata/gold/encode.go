package main

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// escapes is one writer's habit of escaping JSON strings.
type escapes int

const (
	escapeLeast escapes = iota // quotes, backslash and control characters
	escapeHTML                 // also < > &
	escapeASCII                // also everything beyond ASCII, and @
	escapeWide                 // capital digits; also ' + < > & and beyond ASCII
	escapeSlash                // also /
)

func (e escapes) json(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case c == '"' && e == escapeWide:
			b.WriteString(`\u0022`)
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '/' && e == escapeSlash:
			b.WriteString(`\/`)
		case e.wants(c):
			for _, u := range utf16.Encode([]rune{c}) {
				if e == escapeWide {
					fmt.Fprintf(&b, `\u%04X`, u)
				} else {
					fmt.Fprintf(&b, `\u%04x`, u)
				}
			}
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

func (e escapes) wants(c rune) bool {
	html := c == '<' || c == '>' || c == '&'
	switch e {
	case escapeHTML:
		return html
	case escapeASCII:
		return c > 0x7e || c == '@'
	case escapeWide:
		return html || c > 0x7e || c == '\'' || c == '+'
	}
	return false
}

// percent encodes all but unreserved characters (RFC 3986).
func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// punycode encodes a domain, label by label (RFC 3492).
func punycode(domain string) string {
	labels := strings.Split(domain, ".")
	for i, l := range labels {
		labels[i] = punycodeLabel(l)
	}
	return strings.Join(labels, ".")
}

func punycodeLabel(label string) string {
	in := []rune(label)
	var out []byte
	for _, c := range in {
		if c < 0x80 {
			out = append(out, byte(c))
		}
	}
	basic := len(out)
	if basic == len(in) {
		return label
	}
	if basic > 0 {
		out = append(out, '-')
	}
	n, delta, bias := rune(128), 0, 72
	for done := basic; done < len(in); {
		next := rune(0x7fffffff)
		for _, c := range in {
			if c >= n && c < next {
				next = c
			}
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, c := range in {
			if c < n {
				delta++
			}
			if c != n {
				continue
			}
			out = punycodeDelta(out, delta, bias)
			bias = punycodeBias(delta, done+1, done == basic)
			delta = 0
			done++
		}
		delta++
		n++
	}
	return "xn--" + string(out)
}

func punycodeDelta(out []byte, q, bias int) []byte {
	const digits = "abcdefghijklmnopqrstuvwxyz0123456789"
	for k := 36; ; k += 36 {
		t := min(max(k-bias, 1), 26)
		if q < t {
			return append(out, digits[q])
		}
		out = append(out, digits[t+(q-t)%(36-t)])
		q = (q - t) / (36 - t)
	}
}

func punycodeBias(delta, points int, first bool) int {
	if first {
		delta /= 700
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for ; delta > 35*26/2; k += 36 {
		delta /= 35
	}
	return k + 36*delta/(delta+38)
}
