package format

import (
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// utf16Reader turns UTF-16 into UTF-8. The bytes of in that were not used yet
// are in[from:to]; out holds what did not fit into the caller's slice.
type utf16Reader struct {
	r        io.Reader
	big      bool
	in       []byte
	from, to int
	out      []byte
	err      error
}

func newUTF16(r io.Reader, big bool) *utf16Reader {
	return &utf16Reader{r: r, big: big, in: make([]byte, 16<<10)}
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if len(u.out) > 0 {
			n := copy(p, u.out)
			u.out = u.out[n:]
			return n, nil
		}
		if u.err != nil {
			return 0, u.err
		}
		u.fill()
	}
}

func (u *utf16Reader) fill() {
	u.to = copy(u.in, u.in[u.from:u.to])
	u.from = 0
	n, err := u.r.Read(u.in[u.to:])
	u.to += n
	u.err = err
	u.out = u.convert(u.out[:0], err == io.EOF)
	if err == io.EOF && u.from < u.to {
		u.err = fmt.Errorf("UTF-16 text ends inside a character: %w", io.ErrUnexpectedEOF)
	}
}

// convert appends the characters of in that are complete; at the end of the
// text a high surrogate without its partner is complete too.
func (u *utf16Reader) convert(dst []byte, end bool) []byte {
	for u.to-u.from >= 2 {
		c := u.unit(u.from)
		if !utf16.IsSurrogate(c) {
			dst = utf8.AppendRune(dst, c)
			u.from += 2
			continue
		}
		if c < 0xdc00 {
			if u.to-u.from < 4 && !end {
				return dst
			}
			if u.to-u.from >= 4 {
				if r := utf16.DecodeRune(c, u.unit(u.from+2)); r != utf8.RuneError {
					dst = utf8.AppendRune(dst, r)
					u.from += 4
					continue
				}
			}
		}
		// UTF-8 has no form for half a pair; a JSON string has.
		dst = fmt.Appendf(dst, `\u%04x`, c)
		u.from += 2
	}
	return dst
}

func (u *utf16Reader) unit(i int) rune {
	if u.big {
		return rune(u.in[i])<<8 | rune(u.in[i+1])
	}
	return rune(u.in[i+1])<<8 | rune(u.in[i])
}
