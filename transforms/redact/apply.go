package redact

import (
	"net/netip"
	"unicode"
	"unicode/utf8"

	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/transforms/redact/pseudonym"
)

// outcome is what becomes of a value.
type outcome uint8

const (
	same outcome = iota
	changed
	removed
)

// prefixer maps IP addresses.
type prefixer interface{ Map(netip.Addr) netip.Addr }

// apply applies r to one value that it can handle as one: a scalar, or anything
// if its action is whole. The JSON of a changed value is s.json until the next
// call. An error says why the rule cannot be applied. phone says that digits
// alone are a telephone number.
func (s *stage) apply(r *rule, v record.Value, phone bool) (outcome, error) {
	if v.IsNull() && r.action != drop {
		return same, nil // there is nothing to hide
	}
	s.json = s.json[:0]
	problem := ""
	switch r.action {
	case keep, scan:
		return same, nil
	case drop:
		s.counts[r.number]++
		return removed, nil
	case replace, collapse:
		s.json = append(s.json, r.with...)
	case coarsen:
		s.json, problem = s.coarsened(s.json, r, v)
	default:
		var text []byte
		if text, problem = s.scalar(v); problem == "" {
			var hidden bool
			if hidden, problem = s.hide(r, text, phone); problem == "" && !hidden {
				return same, nil // a placeholder
			}
		}
	}
	if problem != "" {
		return same, r.fault(problem)
	}
	s.counts[r.number]++
	return changed, nil
}

// hide writes what stands for text to s.json, or false if text is a placeholder.
func (s *stage) hide(r *rule, text []byte, phone bool) (hidden bool, problem string) {
	switch r.action {
	case pseudonymy:
		if s.maker == nil {
			return false, "there is no key"
		}
		s.json = append(s.json, '"')
		s.json, hidden = s.maker.Append(s.json, text, phone)
		s.json = append(s.json, '"')
		return hidden, ""
	case mask:
		if s.former.IsPlaceholder(text) {
			return false, ""
		}
		s.json = appendMasked(s.json, text)
		return true, ""
	}
	if s.former.IsPlaceholder(text) {
		return false, ""
	}
	if r.action == truncateIP {
		s.json, problem = s.truncated(s.json, r, text)
		return true, problem
	}
	a, ok := pseudonym.ParseIP(text)
	switch {
	case !ok:
		return false, "it is not an IP address"
	case s.prefixes == nil:
		return false, "there is no key"
	}
	s.json = append(s.json, '"')
	s.json = s.prefixes.Map(a).AppendTo(s.json)
	s.json = append(s.json, '"')
	return true, ""
}

// truncated appends the network part of an IP address.
func (s *stage) truncated(dst []byte, r *rule, text []byte) ([]byte, string) {
	a, ok := pseudonym.ParseIP(text)
	if !ok {
		return dst, "it is not an IP address"
	}
	dst = append(dst, '"')
	dst = truncate(a, r.v4, r.v6).AppendTo(dst)
	return append(dst, '"'), ""
}

func truncate(a netip.Addr, v4, v6 int) netip.Addr {
	bits := v6
	if a.Is4() {
		bits = v4
	}
	p, err := a.Prefix(bits)
	if err != nil { // the bits were checked at decode
		return netip.Addr{}
	}
	return p.Addr()
}

// scalar returns the text of a string, or that of a number as it is written.
func (s *stage) scalar(v record.Value) (text []byte, problem string) {
	switch v.Kind() {
	case record.String:
		return s.text(v)
	case record.Number:
		return v.Raw(), ""
	}
	return nil, "it is of type " + v.Kind().String()
}

// text returns the contents of a string; they are good until the next call.
func (s *stage) text(v record.Value) (text []byte, problem string) {
	if v.Kind() != record.String {
		return nil, "it is of type " + v.Kind().String() + ", not text"
	}
	if t, ok := v.Text(); ok {
		return t, ""
	}
	t, err := v.AppendText(s.buf[:0])
	s.buf = t[:0]
	if err != nil {
		return nil, "its text is broken: " + err.Error()
	}
	return t, ""
}

// shown stays in a masked text, so that its form can be seen.
func shown(c byte) bool {
	switch c {
	case '@', '.', '-', '_', ':', '/', '\\', '#', '+', ' ', '(', ')', '*':
		return true
	}
	return false
}

// appendMasked appends text with an asterisk for every letter, digit and
// whatever else is not punctuation of identifiers. A text without any of these
// becomes three asterisks.
func appendMasked(dst, text []byte) []byte {
	dst = append(dst, '"')
	start, hidden := len(dst), false
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			i++
			if !shown(c) {
				c, hidden = '*', true
			}
			if c == '\\' {
				dst = append(dst, c)
			}
			dst = append(dst, c)
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		i += n
		if hidden = true; !unicode.Is(unicode.Mn, r) { // else it belongs to the letter before it
			dst = append(dst, '*')
		}
	}
	if !hidden {
		dst = append(dst[:start], "***"...)
	}
	return append(dst, '"')
}
