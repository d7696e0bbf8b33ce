package format

import (
	"bytes"
	"fmt"

	"github.com/logpipe/logpipe/pipeline/record"
)

func appendHeader(dst []byte, cols []Column) []byte {
	first := true
	for _, c := range cols {
		for _, name := range c.names() {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = appendCell(dst, []byte(name))
		}
	}
	return append(dst, '\r', '\n')
}

// appendRow appends one record as a line. After an error dst is longer than it
// was and of no use.
func (w *Writer) appendRow(dst []byte, b *record.Batch, i int) ([]byte, error) {
	for k := range w.e.o.Columns {
		if k > 0 {
			dst = append(dst, ',')
		}
		c := &w.e.o.Columns[k]
		var err error
		if c.cells == nil {
			dst, err = w.appendValue(dst, b.Value(i, c.Slot))
		} else {
			dst, err = c.cells.append(w, dst, b, i)
		}
		if err != nil {
			return dst, fmt.Errorf("column %s: %w", c.title(), err)
		}
	}
	return append(dst, '\r', '\n'), nil
}

// appendValues appends one cell for each value.
func (w *Writer) appendValues(dst []byte, values []record.Value) ([]byte, error) {
	for k, v := range values {
		if k > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = w.appendValue(dst, v); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// appendValue appends what stands in a record as one cell.
func (w *Writer) appendValue(dst []byte, v record.Value) ([]byte, error) {
	switch v.Kind() {
	case record.Missing, record.Null:
		return dst, nil
	case record.String:
		text, plain := v.Text()
		if !plain {
			var err error
			if w.text, err = v.AppendText(w.text[:0]); err != nil {
				return dst, err
			}
			text = w.text
		}
		return appendCell(dst, text), nil
	case record.Bool, record.Number:
		return append(dst, v.Raw()...), nil
	}
	return appendQuoted(dst, v.Raw()), nil
}

// appendCell appends a text, made harmless and quoted where that is needed.
func appendCell(dst, text []byte) []byte {
	if len(text) == 0 {
		return append(dst, '"', '"')
	}
	if formula(text) {
		dst = append(dst, '"', '\'')
		return append(appendDoubled(dst, text), '"')
	}
	if bytes.ContainsAny(text, "\",;\t\r\n") || text[0] == ' ' || text[len(text)-1] == ' ' {
		return appendQuoted(dst, text)
	}
	return append(dst, text...)
}

func appendQuoted(dst, text []byte) []byte {
	return append(appendDoubled(append(dst, '"'), text), '"')
}

func appendDoubled(dst, text []byte) []byte {
	for {
		k := bytes.IndexByte(text, '"')
		if k < 0 {
			return append(dst, text...)
		}
		dst = append(append(dst, text[:k+1]...), '"')
		text = text[k+1:]
	}
}

// unseen characters in front of a formula do not keep every program from
// seeing one.
func unseen(r rune) bool {
	return r == ' ' || r == 0xa0 || r == 0xfeff || r >= 0x200b && r <= 0x200f || r == 0x2060
}

// formula reports whether a spreadsheet could take text for a formula, or
// whether it looks as if it had been kept from that: see Encoding.
func formula(text []byte) bool {
	for len(text) > 0 && text[0] == '\'' {
		text = text[1:]
	}
	text = bytes.TrimLeftFunc(text, unseen)
	if len(text) == 0 {
		return false
	}
	switch text[0] {
	case '=', '+', '-', '@', '\t', '\r', '\n':
		return true
	}
	for _, wide := range [...]string{"＝", "＋", "－", "＠", "−"} {
		if bytes.HasPrefix(text, []byte(wide)) {
			return true
		}
	}
	return false
}
