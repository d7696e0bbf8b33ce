package escape

import "io"

// CI returns a writer that passes everything to w except what GitHub Actions
// and Azure Pipelines would take for a command: a line that begins with "::",
// and "##[" or "##vso[" anywhere. One character of it is written as \uXXXX, so
// that JSON keeps its meaning and people see what stood there. A command that
// the program means to give goes to w itself.
//
// It holds nothing back: every Write reaches w before it returns. It is not
// safe for concurrent use.
func CI(w io.Writer) io.Writer { return &ciWriter{w: w, start: true} }

type ciWriter struct {
	w     io.Writer
	buf   []byte
	start bool // only blanks since the line began; what is not ASCII counts as one, since services trim Unicode spaces
	colon bool // the line's first other character was a colon, just now
	hash  int  // how much of "##vso" stands just before
}

func (c *ciWriter) Write(p []byte) (int, error) {
	c.buf = c.buf[:0]
	for _, b := range p {
		c.next(b)
	}
	if _, err := c.w.Write(c.buf); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (c *ciWriter) next(b byte) {
	switch {
	case b == ':' && c.colon:
		c.buf = append(c.buf, `\u003a`...)
	case b == '[' && (c.hash == 2 || c.hash == 5):
		c.buf = append(c.buf, `\u005b`...)
	default:
		c.buf = append(c.buf, b)
	}
	c.hash = advance(c.hash, b)
	c.colon = c.start && b == ':'
	c.start = b == '\n' || b == '\r' || c.start && (b <= ' ' || b >= 0x7f)
}

// advance returns how much of "##vso" stands before the next byte.
func advance(have int, b byte) int {
	const word = "##vso"
	if 'A' <= b && b <= 'Z' {
		b += 'a' - 'A'
	}
	switch {
	case b == '#' && have >= 1 && have <= 2:
		return 2 // any number of hashes ends in two
	case b == '#':
		return 1
	case have >= 2 && have < len(word) && b == word[have]:
		return have + 1
	}
	return 0
}
