package paging

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// splitter takes a page apart. It belongs to one goroutine.
type splitter struct {
	dec     *jsontext.Decoder
	buffer  *bufio.Reader // the decoder alone would read a few kilobytes at a time
	compact []byte
}

func newSplitter() *splitter {
	none := bytes.NewReader(nil)
	return &splitter{dec: jsontext.NewDecoder(none), buffer: bufio.NewReaderSize(none, 128<<10)}
}

// page is what stands around the records.
type page struct {
	next    string
	context string
}

var (
	errTooLong = errors.New("the page is too long")
	errNoValue = errors.New("the page has no records member: something between here and the service answers in its place")
)

// cutPage is a body that is not one whole page.
type cutPage struct {
	offset int64
	cause  error
}

func (e *cutPage) Error() string {
	return fmt.Sprintf("the page broke off or is no page, at byte %d: %v", e.offset, e.cause)
}
func (e *cutPage) Unwrap() error { return e.cause }

// split reads a page and calls fn for each record with its exact bytes, good
// until fn returns, and its offset from the first record: what stands before it
// differs from one read to the next. The page counts only if the error is nil.
func (s *splitter) split(body io.Reader, fn func(raw []byte, off int64) error) (page, error) {
	var p page
	bounded := &bound{r: body, left: MaxPage}
	s.buffer.Reset(bounded)
	s.dec.Reset(s.buffer, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	err := s.object(&p, fn)
	if err == nil {
		return p, nil
	}
	var own *ownError
	var answer *Answer
	switch {
	case bounded.left < 0:
		return p, errTooLong
	case errors.As(err, &own):
		return p, own.error
	case errors.As(err, &answer), errors.Is(err, errNoValue):
		return p, err
	}
	return p, &cutPage{s.dec.InputOffset(), syntax(err)}
}

// syntax makes errors of jsontext say what and not which value.
func syntax(err error) error {
	var e *jsontext.SyntacticError
	switch {
	case errors.As(err, &e) && (errors.Is(e.Err, io.ErrUnexpectedEOF) || e.Err == nil):
		return io.ErrUnexpectedEOF
	case errors.As(err, &e):
		return errSyntax
	case err == io.EOF:
		return io.ErrUnexpectedEOF
	}
	return err
}

var (
	errSyntax = errors.New("not JSON")
	errGlued  = errors.New("something follows the page")
)

// ownError is an error of the caller's, to be told from one of the page.
type ownError struct{ error }

func (s *splitter) object(p *page, fn func([]byte, int64) error) error {
	tok, err := s.dec.ReadToken()
	if err != nil {
		return err
	}
	if tok.Kind() != '{' {
		return errNoValue
	}
	found := false
	for s.dec.PeekKind() != '}' {
		name, err := s.dec.ReadToken()
		if err != nil {
			return err
		}
		switch name.String() {
		case "value":
			found = true
			err = s.records(fn)
		case "@odata.nextLink":
			p.next, err = s.text()
		case "@odata.context":
			p.context, err = s.text()
		case "error":
			err = s.glued()
		default:
			err = s.dec.SkipValue()
		}
		if err != nil {
			return err
		}
	}
	if _, err := s.dec.ReadToken(); err != nil {
		return err
	}
	if _, err := s.dec.ReadToken(); err != io.EOF {
		return errGlued
	}
	if !found {
		return errNoValue
	}
	return nil
}

// text reads a string; null and anything else is none.
func (s *splitter) text() (string, error) {
	if s.dec.PeekKind() != '"' {
		return "", s.dec.SkipValue()
	}
	tok, err := s.dec.ReadToken()
	if err != nil {
		return "", err
	}
	return tok.String(), nil
}

// glued reads an error object that stands inside a page.
func (s *splitter) glued() error {
	raw, err := s.dec.ReadValue()
	if err != nil {
		return err
	}
	a := &Answer{Status: 200}
	a.take(append(append([]byte(`{"error":`), raw...), '}'))
	return a
}

func (s *splitter) records(fn func([]byte, int64) error) error {
	if s.dec.PeekKind() != '[' {
		if err := s.dec.SkipValue(); err != nil {
			return err
		}
		return errNoValue
	}
	if _, err := s.dec.ReadToken(); err != nil {
		return err
	}
	first := int64(-1)
	for s.dec.PeekKind() != ']' {
		raw, err := s.dec.ReadValue()
		if err != nil {
			return err
		}
		off := s.dec.InputOffset() - int64(len(raw))
		if first < 0 {
			first = off
		}
		off -= first
		if err := fn(s.oneLine(raw), off); err != nil {
			return &ownError{err}
		}
	}
	_, err := s.dec.ReadToken()
	return err
}

// oneLine takes line breaks out of a record: between its tokens they mean
// nothing, and in strings there are none.
func (s *splitter) oneLine(raw []byte) []byte {
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') < 0 {
		return raw
	}
	s.compact = s.compact[:0]
	for _, c := range raw {
		if c != '\n' && c != '\r' {
			s.compact = append(s.compact, c)
		}
	}
	return s.compact
}

// bound fails when a body is longer than left.
type bound struct {
	r    io.Reader
	left int64
}

func (b *bound) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLong
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLong
	}
	return n, err
}
