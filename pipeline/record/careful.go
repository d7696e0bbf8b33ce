package record

import (
	"fmt"
)

// MaxDepth is how deep objects and arrays may nest. Identity logs stay below
// twenty; what is deeper is rejected.
const MaxDepth = 1000

// level is an open object or array on the stack of a scan.
type level struct {
	node    uint32 // object: node of its members
	element uint32 // array: target of its elements
	hit     int32  // first hit that ends with this level, -1 if none
	array   bool
}

// careful scans raw byte by byte: the definition of whole, and the one to say
// what is wrong where. The fast scan turns to it when in doubt.
func (f *finder) careful(raw []byte) error {
	var (
		i     int
		want  uint32 // target of the next value
		depth int
		top   *level
	)
	f.restart()
	i = skipSpace(raw, 0)
	if i == len(raw) || raw[i] != '{' {
		return notWhole(raw, i, "{")
	}
	root := true
value:
	if i >= len(raw) {
		return notWhole(raw, i, "a value")
	}
	switch c := raw[i]; c {
	case '{', '[':
		if depth == MaxDepth {
			return fmt.Errorf("%w: at byte %d: nested deeper than %d", ErrNotWhole, i, MaxDepth)
		}
		depth++
		top = &f.stack[depth]
		*top = f.open(c, i, want)
		if root {
			top.node, root = 1, false
		}
		i = skipSpace(raw, i+1)
		if i < len(raw) && raw[i] == c+2 { // { } and [ ] are two apart
			goto closing
		}
		if c == '{' {
			goto key
		}
		want = top.element
		goto value
	default:
		end, err := scalarEnd(raw, i)
		if err != nil {
			return err
		}
		if want != 0 {
			f.leaf(want, i, end)
		}
		i = end
	}
after:
	i = skipSpace(raw, i)
	if i >= len(raw) {
		return notWhole(raw, i, "a comma or the end of what is open")
	}
	switch c := raw[i]; {
	case c == ',':
		i = skipSpace(raw, i+1)
		if !top.array {
			goto key
		}
		want = top.element
		goto value
	case c == '}' && !top.array, c == ']' && top.array:
		goto closing
	case top.array:
		return notWhole(raw, i, ", or ]")
	default:
		return notWhole(raw, i, ", or }")
	}
closing:
	f.close(top, i+1)
	i++
	depth--
	if depth == 0 {
		if i = skipSpace(raw, i); i < len(raw) {
			return notWhole(raw, i, "nothing after the object")
		}
		return nil
	}
	top = &f.stack[depth]
	goto after
key:
	if i >= len(raw) || raw[i] != '"' {
		return notWhole(raw, i, "a name in quotes")
	}
	end, err := stringEnd(raw, i)
	if err != nil {
		return err
	}
	want = f.s.lookup(top.node, raw[i+1:end-1], &f.key)
	i = skipSpace(raw, end)
	if i >= len(raw) || raw[i] != ':' {
		return notWhole(raw, i, "a colon")
	}
	i = skipSpace(raw, i+1)
	goto value
}

// lookup returns the target of a key that may have escapes.
func (s *Scanner) lookup(n uint32, key []byte, scratch *[]byte) uint32 {
	if n == 0 {
		return 0
	}
	if !hasEscape(key) {
		return s.nodes[n].find(keyWord(key), key)
	}
	// A key that cannot be decoded is no key that anybody asked for.
	k, err := appendUnescaped((*scratch)[:0], key)
	*scratch = k[:0]
	if err != nil {
		return 0
	}
	return s.nodes[n].find(keyWord(k), k)
}

func notWhole(raw []byte, i int, expected string) error {
	return fmt.Errorf("%w: at byte %d: expected %s, found %s", ErrNotWhole, i, expected, describe(raw, i))
}

// describe names the byte at i without showing what may be part of a value.
func describe(raw []byte, i int) string {
	if i >= len(raw) {
		return "the end of the record"
	}
	switch c := raw[i]; {
	case c == '{' || c == '}' || c == '[' || c == ']' || c == ':' || c == ',':
		return string(rune(c))
	case c == '"':
		return "a quote"
	case '0' <= c && c <= '9' || c == '-':
		return "a number"
	case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
		return "a letter"
	case c == 0xef && i+2 < len(raw) && raw[i+1] == 0xbb && raw[i+2] == 0xbf:
		return "a byte order mark"
	case c < 0x20 || c == 0x7f:
		return fmt.Sprintf("the control byte 0x%02x", c)
	case c >= 0x80:
		return "a byte outside ASCII"
	}
	return "another character"
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func skipSpace(p []byte, i int) int {
	for i < len(p) && isSpace(p[i]) {
		i++
	}
	return i
}

func trimSpace(p []byte) []byte {
	p = p[skipSpace(p, 0):]
	for len(p) > 0 && isSpace(p[len(p)-1]) {
		p = p[:len(p)-1]
	}
	return p
}

// scalarEnd returns the end of the string, number or literal at raw[i].
func scalarEnd(raw []byte, i int) (int, error) {
	switch c := raw[i]; {
	case c == '"':
		return stringEnd(raw, i)
	case c == '-' || '0' <= c && c <= '9':
		end, ok := numberEnd(raw, i)
		if !ok {
			return 0, notWhole(raw, end, "a digit")
		}
		return end, checkEnd(raw, end)
	}
	for _, lit := range [...]string{"true", "false", "null"} {
		if raw[i] == lit[0] {
			if len(raw)-i < len(lit) || string(raw[i:i+len(lit)]) != lit {
				return 0, fmt.Errorf("%w: at byte %d: expected %s", ErrNotWhole, i, lit)
			}
			return i + len(lit), checkEnd(raw, i+len(lit))
		}
	}
	return 0, notWhole(raw, i, "a value")
}

// checkEnd refuses a number or literal that runs on, such as 01 or nulls: the
// message is better here than at the missing comma.
func checkEnd(raw []byte, i int) error {
	if i < len(raw) && (raw[i] >= 0x80 || raw[i] >= '0' && raw[i] <= '9' || raw[i]|0x20 >= 'a' && raw[i]|0x20 <= 'z' || raw[i] == '.' || raw[i] == '+' || raw[i] == '-') {
		return notWhole(raw, i, "the end of a number or literal")
	}
	return nil
}

// numberEnd returns the end of the number at raw[i] and whether the grammar of
// JSON allows it; if not, the place where a digit is missing.
func numberEnd(raw []byte, i int) (end int, ok bool) {
	if raw[i] == '-' {
		i++
	}
	switch {
	case i < len(raw) && raw[i] == '0':
		i++
	default:
		j := digits(raw, i)
		if j == i {
			return i, false
		}
		i = j
	}
	if i < len(raw) && raw[i] == '.' {
		j := digits(raw, i+1)
		if j == i+1 {
			return j, false
		}
		i = j
	}
	if i < len(raw) && raw[i]|0x20 == 'e' {
		i++
		if i < len(raw) && (raw[i] == '+' || raw[i] == '-') {
			i++
		}
		j := digits(raw, i)
		if j == i {
			return i, false
		}
		i = j
	}
	return i, true
}

func digits(raw []byte, i int) int {
	for i < len(raw) && raw[i]-'0' < 10 {
		i++
	}
	return i
}

// stringEnd returns one past the closing quote of the string that opens at
// raw[i]. Escapes are stepped over, not checked.
func stringEnd(raw []byte, i int) (int, error) {
	start := i
	for i++; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '"':
			return i + 1, nil
		case c == '\\':
			i++
			if i < len(raw) && raw[i] < 0x20 {
				return 0, notWhole(raw, i, "an escape")
			}
		case c < 0x20:
			return 0, notWhole(raw, i, "no control byte in a string")
		}
	}
	return 0, fmt.Errorf("%w: the string that opens at byte %d does not end", ErrNotWhole, start)
}
