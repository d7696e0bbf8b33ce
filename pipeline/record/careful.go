package record

import "fmt"

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

// careful is a scan byte by byte: the definition of whole, and the one to say
// what is wrong where. The fast scan turns to it when in doubt.
type careful struct {
	*finder
	raw   []byte
	i     int    // next byte
	depth int    // stack[depth] is what is open
	want  uint32 // target of the next value
}

// expectation is what may come next, space aside.
type expectation uint8

const (
	aValue expectation = iota
	aName
	commaOrClose
	theEnd
)

// careful scans raw from its first byte.
func (f *finder) careful(raw []byte) error {
	f.restart()
	c := careful{finder: f, raw: raw, i: skipSpace(raw, 0)}
	if c.byte() != '{' {
		return notWhole(raw, c.i, "{")
	}
	next, err := c.value()
	f.stack[1].node = 1
	for err == nil && next != theEnd {
		c.i = skipSpace(raw, c.i)
		switch next {
		case aValue:
			next, err = c.value()
		case aName:
			next, err = c.name()
		case commaOrClose:
			next, err = c.commaOrClose()
		}
	}
	if err != nil {
		return err
	}
	if c.i = skipSpace(raw, c.i); c.i < len(raw) {
		return notWhole(raw, c.i, "nothing after the object")
	}
	return nil
}

// byte returns the next byte, 0 at the end.
func (c *careful) byte() byte {
	if c.i < len(c.raw) {
		return c.raw[c.i]
	}
	return 0
}

// value reads a scalar, or opens an object or array.
func (c *careful) value() (expectation, error) {
	open := c.byte()
	if open != '{' && open != '[' {
		end, err := scalarEnd(c.raw, c.i)
		if err != nil {
			return 0, err
		}
		if c.want != 0 {
			c.leaf(c.want, c.i, end)
		}
		c.i = end
		return commaOrClose, nil
	}
	if c.depth == MaxDepth {
		return 0, fmt.Errorf("%w: at byte %d: nested deeper than %d", ErrNotWhole, c.i, MaxDepth)
	}
	c.depth++
	c.stack[c.depth] = c.open(open, c.i, c.want)
	c.i = skipSpace(c.raw, c.i+1)
	if c.byte() == open+2 { // { and } are two apart, [ and ] as well
		return c.closeTop(), nil
	}
	return c.child(), nil
}

// child says what the next child of the open object or array begins with.
func (c *careful) child() expectation {
	top := &c.stack[c.depth]
	if !top.array {
		return aName
	}
	c.want = top.element
	return aValue
}

// name reads the name of a member and its colon.
func (c *careful) name() (expectation, error) {
	if c.byte() != '"' {
		return 0, notWhole(c.raw, c.i, "a name in quotes")
	}
	end, err := stringEnd(c.raw, c.i)
	if err != nil {
		return 0, err
	}
	c.want = c.s.lookup(c.stack[c.depth].node, c.raw[c.i+1:end-1], &c.key)
	if c.i = skipSpace(c.raw, end); c.byte() != ':' {
		return 0, notWhole(c.raw, c.i, "a colon")
	}
	c.i++
	return aValue, nil
}

func (c *careful) commaOrClose() (expectation, error) {
	closing, expected := byte('}'), ", or }"
	if c.stack[c.depth].array {
		closing, expected = ']', ", or ]"
	}
	switch c.byte() {
	case ',':
		c.i++
		return c.child(), nil
	case closing:
		return c.closeTop(), nil
	}
	return 0, notWhole(c.raw, c.i, expected)
}

// closeTop steps over the closing bracket of what is open.
func (c *careful) closeTop() expectation {
	c.i++
	c.close(&c.stack[c.depth], c.i)
	c.depth--
	if c.depth == 0 {
		return theEnd
	}
	return commaOrClose
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
	if i >= len(raw) {
		return 0, notWhole(raw, i, "a value")
	}
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
