package expr

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"github.com/logpipe/logpipe/pipeline/record"
	"golang.org/x/text/unicode/norm"
)

// text returns a value as HCL turns it into text: decoded, NFC. It is false
// for null, and for lists and objects, which are an error.
func (m *Machine) text(v value) ([]byte, bool) {
	switch v.kind {
	case text:
		if v.form == inPlace {
			return v.raw, true
		}
		return m.decode(v.raw)
	case number:
		start := len(m.buf)
		m.buf = m.appendNumber(m.buf, v)
		return m.buf[start:], m.err == nil
	case boolean:
		if v.n != 0 {
			return []byte("true"), true
		}
		return []byte("false"), true
	case nothing:
		return nil, false
	default:
		m.fail("text is required, %s was found", v.kind)
		return nil, false
	}
}

// decode returns the content of a JSON string as NFC.
func (m *Machine) decode(raw []byte) ([]byte, bool) {
	if s := raw[1 : len(raw)-1]; plain(s) {
		return s, true
	}
	v := record.ValueOf(raw)
	s, ok := v.Text()
	if !ok {
		start := len(m.buf)
		buf, err := v.AppendText(m.buf)
		if err != nil {
			m.fail("%w", err)
			return nil, false
		}
		m.buf = buf
		s = buf[start:]
	}
	if ascii(s) {
		return s, true
	}
	return m.normal(s)
}

// normal returns s as NFC.
func (m *Machine) normal(s []byte) ([]byte, bool) {
	if !utf8.Valid(s) {
		m.fail("text of %d bytes is no valid UTF-8", len(s))
		return nil, false
	}
	if norm.NFC.IsNormal(s) {
		return s, true
	}
	start := len(m.buf)
	m.buf = norm.NFC.Append(m.buf, s...)
	return m.buf[start:], true
}

// plain reports whether s is ASCII without a backslash: a text that is read
// where it stands.
func plain(s []byte) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for len(s) >= 8 {
		x := binary.LittleEndian.Uint64(s)
		slash := x ^ '\\'*ones
		if (x|(slash-ones)&^slash)&high != 0 {
			return false
		}
		s = s[8:]
	}
	for _, c := range s {
		if c >= utf8.RuneSelf || c == '\\' {
			return false
		}
	}
	return true
}

func ascii(s []byte) bool {
	for len(s) >= 8 {
		if (s[0]|s[1]|s[2]|s[3]|s[4]|s[5]|s[6]|s[7])&0x80 != 0 {
			return false
		}
		s = s[8:]
	}
	for _, c := range s {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isText reports whether v is the text want, which is NFC.
func (m *Machine) isText(v value, want []byte) bool {
	if v.kind != text {
		return false
	}
	if v.form == inJSON && len(v.raw) == len(want)+2 && bytes.Equal(v.raw[1:len(v.raw)-1], want) && bytes.IndexByte(want, '\\') < 0 {
		return true
	}
	s, ok := m.text(v)
	return ok && bytes.Equal(s, want)
}

// equalText reports whether two texts are the same.
func (m *Machine) equalText(a, b value) bool {
	s, ok := m.text(a)
	return ok && m.isText(b, s)
}
