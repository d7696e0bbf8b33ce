package logs

import (
	"fmt"
	"strings"

	"github.com/logpipe/logpipe/pipeline/schema"
)

// file is one data file, read: the log, and the sections of its fields as
// they were written.
type file struct {
	log        Log
	types      scope
	record     []schema.Field
	envelope   []schema.Field // of shared.txt
	columns    map[string][]line
	diagnostic []line
	table      []line // log_analytics
}

// entry is a line that is not indented, and the indented ones that follow it.
type entry struct {
	key, value string
	no         int
	body       []line
}

type line struct {
	no, indent int
	text       string
}

// entries splits the text of a data file.
func entries(text string) ([]entry, error) {
	var out []entry
	no := 0
	for raw := range strings.Lines(text) {
		no++
		raw = strings.TrimRight(raw, " \t\r\n")
		content := strings.TrimLeft(raw, " ")
		switch indent := len(raw) - len(content); {
		case content == "" || content[0] == '#':
		case strings.Contains(content, "\t"):
			return nil, fmt.Errorf("line %d: a tab; indent and align by spaces", no)
		case indent > 0 && len(out) == 0:
			return nil, fmt.Errorf("line %d: indented, but nothing is before it", no)
		case indent > 0:
			last := &out[len(out)-1]
			last.body = append(last.body, line{no, indent, content})
		default:
			key, value, _ := strings.Cut(content, " ")
			out = append(out, entry{key: key, value: strings.TrimSpace(value), no: no})
		}
	}
	return out, nil
}

// open reads the file of a log and what all logs share.
func open(name string) (*file, error) {
	f := &file{types: scope{}, columns: map[string][]line{}}
	for _, part := range []string{"shared", name} {
		text, err := data.ReadFile("data/" + part + ".txt")
		if err != nil {
			return nil, fmt.Errorf("log %q: %w", name, err)
		}
		if err := f.read(string(text)); err != nil {
			return nil, fmt.Errorf("data/%s.txt: %w", part, err)
		}
	}
	if f.log.Name != name {
		return nil, fmt.Errorf("data/%s.txt: the file is about %q", name, f.log.Name)
	}
	return f, nil
}

// openHeader reads a log's file up to its first section.
func openHeader(name string) (*file, error) {
	f := &file{types: scope{}}
	raw, err := data.ReadFile("data/" + name + ".txt")
	if err != nil {
		return f, fmt.Errorf("log %q: %w", name, err)
	}
	text, _, _ := strings.Cut(string(raw), "\nenum ")
	text, _, _ = strings.Cut(text, "\nrecord\n")
	if err := f.read(text); err != nil {
		return f, fmt.Errorf("data/%s.txt: %w", name, err)
	}
	if f.log.Name != name {
		return f, fmt.Errorf("data/%s.txt: the file is about %q", name, f.log.Name)
	}
	return f, nil
}

// read takes the entries of text into f.
func (f *file) read(text string) error {
	all, err := entries(text)
	if err != nil {
		return err
	}
	for _, e := range all {
		if err := f.take(e); err != nil {
			return fmt.Errorf("line %d: %w", e.no, err)
		}
	}
	return nil
}

func (f *file) take(e entry) error {
	if ok, err := f.log.set(e); ok || err != nil {
		return err
	}
	var err error
	switch e.key {
	case "enum":
		err = f.types.enum(e)
	case "type":
		err = f.types.object(e)
	case "envelope":
		f.envelope, err = f.types.fields(e.body)
	case "columns":
		f.columns[e.value] = e.body
	case "record":
		f.record, err = f.types.fields(e.body)
	case "diagnostic":
		f.diagnostic = e.body
	case "log_analytics":
		f.table = e.body
	default:
		err = fmt.Errorf("key %q is not known", e.key)
	}
	return err
}
