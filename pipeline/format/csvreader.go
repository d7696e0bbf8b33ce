package format

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// CSVReader reads back what an Encoding wrote as CSV.
type CSVReader struct {
	r    *bufio.Reader
	line int
	row  []Cell
}

// Cell is one value of a row.
type Cell struct {
	Text string // without the apostrophe that keeps a spreadsheet from computing
	Null bool   // nothing stood there: the field was null or missing
}

// NewCSVReader returns a reader of r. The header is its first row.
func NewCSVReader(r io.Reader) *CSVReader { return &CSVReader{r: bufio.NewReader(r)} }

// Read returns the next row, good until the next call, or io.EOF.
func (c *CSVReader) Read() ([]Cell, error) {
	if _, err := c.r.Peek(1); err != nil {
		return nil, err
	}
	c.line++
	c.row = c.row[:0]
	for {
		cell, end, err := c.cell()
		if err != nil {
			return nil, fmt.Errorf("csv row %d: %w", c.line, err)
		}
		c.row = append(c.row, cell)
		if end == '\n' {
			return c.row, nil
		}
	}
}

var errRowEnd = errors.New(`a row must end in \r\n`)

// cell reads one value and what ends it: a comma or, for \r\n, a \n.
func (c *CSVReader) cell() (Cell, byte, error) {
	var text []byte
	quoted, inside := false, false
	for {
		b, err := c.r.ReadByte()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		switch {
		case err != nil:
			return Cell{}, 0, err
		case inside && b == '"':
			if next, err := c.r.Peek(1); err == nil && next[0] == '"' {
				text = append(text, '"')
				_, _ = c.r.Discard(1) // was just seen
				continue
			}
			inside = false
		case inside:
			text = append(text, b)
		case b == '"' && len(text) == 0 && !quoted:
			quoted, inside = true, true
		case b == ',':
			return newCell(text, quoted), b, nil
		case b == '\r':
			if b, err := c.r.ReadByte(); err != nil || b != '\n' {
				return Cell{}, 0, errRowEnd
			}
			return newCell(text, quoted), '\n', nil
		case quoted || b == '"' || b == '\n':
			return Cell{}, 0, fmt.Errorf("unexpected %q outside quotes", b)
		default:
			text = append(text, b)
		}
	}
}

func newCell(text []byte, quoted bool) Cell {
	if len(text) > 1 && text[0] == '\'' && formula(text) {
		text = text[1:]
	}
	return Cell{Text: string(text), Null: !quoted && len(text) == 0}
}
