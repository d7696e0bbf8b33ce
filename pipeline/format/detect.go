package format

import "bytes"

// Layout is how records lie in a text.
type Layout string

// The layouts.
const (
	Lines  Layout = "lines"  // a record is a line
	Values Layout = "values" // a record is a JSON value: container, array, objects over several lines
)

// detect decides the layout from the first piece of a text. It is Values if the
// text begins with an array or a container, if another value follows the first
// on its line, or if the first value goes over several lines the way printers
// of JSON break them; a line that is merely cut is not taken for that, because
// then the lines behind it would be swallowed.
func detect(text []byte) Layout {
	start := len(text) - len(bytes.TrimLeft(text, " \t\r\n\x1e"))
	if start == len(text) || text[start] != '{' && text[start] != '[' {
		return Lines
	}
	var v values
	it, ok := v.next(text)
	switch {
	case v.found || bytes.IndexByte(text[:start], 0x1e) >= 0: // RFC 7464
		return Values
	case !ok || it.breaks || it.err != nil:
		return printed(text[start:])
	}
	rest := bytes.TrimLeft(text[it.end:], " \t\r")
	if len(rest) == 0 || rest[0] == '\n' {
		return Lines
	}
	return Values
}

// printed looks at the first line break of a value that has one: printers break
// behind { before a member and behind a comma between members.
func printed(text []byte) Layout {
	k := bytes.IndexByte(text, '\n')
	if k < 0 {
		return Lines
	}
	before := bytes.TrimRight(text[:k], " \t\r\n")
	after := bytes.TrimLeft(text[k:], " \t\r\n")
	if len(before) == 0 || len(after) == 0 {
		return Lines
	}
	switch last := before[len(before)-1]; {
	case last == '{' && (after[0] == '"' || after[0] == '}'),
		last == ',' && after[0] == '"':
		return Values
	}
	return Lines
}
