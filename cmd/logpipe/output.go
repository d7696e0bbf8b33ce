package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/logpipe/logpipe/internal/escape"
)

// formatVersion is the version of everything that is printed as JSON.
const formatVersion = "1.0"

// print writes a command's result.
func (p *program) print(b []byte) code {
	if _, err := p.out.Write(b); err != nil {
		return p.fail(fmt.Errorf("write standard output: %w", err))
	}
	return done
}

// printJSON prints one indented JSON value.
func (p *program) printJSON(v any) code {
	b, err := marshal(v, "  ")
	if err != nil {
		return p.fail(fmt.Errorf("write JSON: %w", err))
	}
	return p.print(b)
}

// marshal writes v as JSON that is safe to show on a terminal and ends in a
// line feed.
func marshal(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return escape.JSON(b.Bytes()), nil
}

// stream prints events as JSON, one a line.
type stream struct {
	p      *program
	failed error // the first failure to write; nothing is written after it
}

// head is what every event begins with.
type head struct {
	Format string    `json:"format_version"`
	Type   string    `json:"type"`
	At     time.Time `json:"at"`
}

// emit prints one event. Its members are v's, which must be an object.
func (s *stream) emit(kind string, v any) {
	if s.failed != nil {
		return
	}
	b, err := marshal(head{formatVersion, kind, s.p.clock().UTC()}, "")
	if err == nil && v != nil {
		var body []byte
		if body, err = marshal(v, ""); err == nil && len(body) > len("{}\n") {
			b = append(append(bytes.TrimRight(b, "}\n"), ','), body[1:]...)
		}
	}
	if err == nil {
		_, err = s.p.out.Write(b)
	}
	s.failed = err
}
