package record

import (
	"bytes"
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

var (
	errEscape = errors.New("broken escape in a string")
	errUTF8   = errors.New("a string is not UTF-8")
)

func hasEscape(p []byte) bool { return bytes.IndexByte(p, '\\') >= 0 }

// appendUnescaped appends the decoded contents of a string (without quotes).
func appendUnescaped(dst, s []byte) ([]byte, error) {
	if !utf8.Valid(s) {
		return dst, errUTF8
	}
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 {
			return append(dst, s...), nil
		}
		dst = append(dst, s[:i]...)
		s = s[i+1:]
		if len(s) == 0 {
			return dst, errEscape
		}
		c := s[0]
		s = s[1:]
		switch c {
		case '"', '\\', '/':
			dst = append(dst, c)
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, n, ok := escapedRune(s)
			if !ok {
				return dst, errEscape
			}
			dst = utf8.AppendRune(dst, r)
			s = s[n:]
		default:
			return dst, errEscape
		}
	}
}

// escapedRune decodes what follows \u: four hex digits, or a surrogate pair.
func escapedRune(s []byte) (r rune, n int, ok bool) {
	r, ok = hex4(s)
	if !ok || !utf16.IsSurrogate(r) {
		return r, 4, ok
	}
	if len(s) < 10 || s[4] != '\\' || s[5] != 'u' {
		return 0, 0, false
	}
	low, ok := hex4(s[6:])
	if !ok {
		return 0, 0, false
	}
	r = utf16.DecodeRune(r, low)
	return r, 10, r != utf8.RuneError
}

func hex4(s []byte) (r rune, ok bool) {
	if len(s) < 4 {
		return 0, false
	}
	for _, c := range s[:4] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// AppendString appends s as a JSON string, escaping only what must be: quote,
// backslash and control bytes. Everything else, <>& and other scripts included,
// stays as it is; s must be UTF-8 if the result is to be.
func AppendString(dst []byte, s []byte) []byte { return appendQuoted(dst, s) }

func appendQuoted[T string | []byte](dst []byte, s T) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, hex[c>>4], hex[c&15])
		}
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
