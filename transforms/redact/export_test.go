package redact

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/record"
)

// Span is a stretch of a text that a scan takes out, and as what.
type Span struct {
	Start, End int
	Type       string
}

// Scan returns what a transform without a key, to which every field is unknown,
// takes out of a text that stands in a field. It goes the way of every record;
// places in JSON in the text are led back to the text.
func Scan(tr pipeline.Transform, l *record.Layout, field, text string) ([]Span, error) {
	s := newStage(tr.(*Redact))
	name := field[strings.LastIndexByte(field, '.')+1:]
	raw := fmt.Appendf(nil, "{%s:%s}", record.AppendString(nil, []byte(strings.TrimSuffix(name, "[]"))), record.AppendString(nil, []byte(text)))
	d := s.newDoc(raw)
	if err := s.document(d, s.root, 0); err != nil {
		return nil, err
	}
	s.prepare(s.docs[:s.used])
	var found []Span
	for _, d := range s.docs[:s.used] {
		for k := range d.tape {
			if d.tape[k].kind != text_ {
				continue
			}
			if _, err := s.rewrite(d, &d.tape[k]); err != nil {
				return nil, err
			}
			for _, h := range s.hits {
				a, b := s.outward(d, &d.tape[k], h.start), s.outward(d, &d.tape[k], h.end)
				found = append(found, Span{a, b, strings.Trim(string(h.put), "[]")})
			}
		}
	}
	return found, context.Background().Err()
}

const text_ = text

// Looked returns how many bytes of texts a stage has looked into.
func Looked(st pipeline.Stage) int64 { return st.(*stage).looked }

// outward leads byte i of the text of e in d to the text of the field.
func (s *stage) outward(d *doc, e *entry, i int) int {
	i = encoded(d.raw[e.start:e.end], i)
	if d == s.docs[0] {
		return decodedLength(d.raw[e.start : e.start+i])
	}
	for _, outer := range s.docs[:s.used] {
		for k := range outer.tape {
			if in := &outer.tape[k]; in.kind == inner && in.doc == d {
				return s.outward(outer, in, e.start+i)
			}
		}
	}
	return -1
}

// encoded returns where byte i of the decoded text stands in a JSON string, or
// i itself if it is none.
func encoded(raw []byte, i int) int {
	if raw[0] != '"' {
		return i
	}
	n, at := 0, 1
	for n < i {
		at, n = step(raw, at, n)
	}
	return at
}

// decodedLength returns how many bytes the beginning of a JSON string holds.
func decodedLength(raw []byte) int {
	n, at := 0, 1
	for at < len(raw) {
		at, n = step(raw, at, n)
	}
	return n
}

func step(raw []byte, at, n int) (int, int) {
	if raw[at] != '\\' {
		return at + 1, n + 1
	}
	if raw[at+1] != 'u' {
		return at + 2, n + 1
	}
	var r, low rune
	fmt.Sscanf(string(raw[at+2:at+6]), "%04x", &r)
	if r >= 0xd800 && r < 0xdc00 {
		fmt.Sscanf(string(raw[at+8:at+12]), "%04x", &low)
		return at + 12, n + 4
	}
	return at + 6, n + utf8.RuneLen(r)
}
