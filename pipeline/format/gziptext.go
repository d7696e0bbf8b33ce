package format

import (
	"bufio"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
)

// gzipText is the text of a gzip file: its members one after the other. Zero
// bytes behind the last one are padding, as tapes and disk images leave it.
type gzipText struct {
	packed *bufio.Reader
	z      *gzip.Reader
}

func newGzipText(r io.Reader) (*gzipText, error) {
	g := &gzipText{packed: bufio.NewReaderSize(r, 64<<10)}
	var err error
	if g.z, err = gzip.NewReader(g.packed); err != nil {
		return nil, err
	}
	g.z.Multistream(false)
	return g, nil
}

func (g *gzipText) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, err := g.z.Read(p)
		if err == io.EOF {
			err = g.next()
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// next goes on to the member behind the one that has ended; io.EOF if that was
// the last.
func (g *gzipText) next() error {
	first, err := g.packed.Peek(1)
	if err != nil {
		return err
	}
	if first[0] == 0 {
		return g.padding()
	}
	if err := g.z.Reset(g.packed); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	g.z.Multistream(false)
	return nil
}

func (g *gzipText) padding() error {
	for {
		c, err := g.packed.ReadByte()
		if err != nil {
			return err
		}
		if c != 0 {
			return errors.New("something other than zeros stands behind its end")
		}
	}
}
