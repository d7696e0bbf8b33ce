package format

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// The names that a configuration uses.
const (
	JSONL = "jsonl"
	CSV   = "csv"

	None = "none"
	Gzip = "gzip"
	Zstd = "zstd"
)

// Formats and Compressions list what can be written.
func Formats() []string      { return []string{JSONL, CSV} }
func Compressions() []string { return []string{None, Gzip, Zstd} }

// Extension returns the end of a file name, such as ".jsonl.gz".
func Extension(format, compression string) string {
	return "." + format + map[string]string{Gzip: ".gz", Zstd: ".zst"}[compression]
}

// Column is one column of a CSV file, or several that Portal composes.
type Column struct {
	Name  string      // in the header
	Path  record.Path // zero if the value is composed
	Slot  record.Slot // of Path
	cells cells       // nil: what stands at Path
}

// cells writes what does not stand in a record as one value.
type cells interface {
	// header is the names of the columns, nil for the one that Column names.
	header() []string
	// append appends a cell for each of them, with commas between. It may use
	// w.text.
	append(w *Writer, dst []byte, b *record.Batch, i int) ([]byte, error)
}

func (c *Column) names() []string {
	if c.cells != nil {
		if names := c.cells.header(); names != nil {
			return names
		}
	}
	return []string{c.Name}
}

// title is what an error calls the column.
func (c *Column) title() string {
	names := c.names()
	if len(names) > 1 {
		return names[0] + " … " + names[len(names)-1]
	}
	return names[0]
}

// Columns registers one column for every path.
func Columns(l *record.Layout, paths []record.Path) []Column {
	cols := make([]Column, len(paths))
	for i, p := range paths {
		cols[i] = Column{Name: p.String(), Path: p, Slot: l.Slot(p)}
	}
	return cols
}

// LeafPaths returns the paths that CSV has columns for if none are named: the
// leaves of s in their order, a list of any kind counted as one leaf. There are
// none if s does not say what a record contains.
func LeafPaths(s *schema.Schema) []record.Path {
	if s == nil {
		return nil
	}
	var paths []record.Path
	seen := map[string]bool{}
	for _, l := range s.Leaves() {
		p := upToList(l.Path)
		if !seen[p.String()] {
			seen[p.String()] = true
			paths = append(paths, p)
		}
	}
	return paths
}

// upToList cuts p behind the first list on it, which then is the value.
func upToList(p record.Path) record.Path {
	for i, s := range p.Steps() {
		if s.Each {
			steps := slices.Clone(p.Steps()[:i+1])
			steps[i].Each = false
			return record.PathOf(steps...)
		}
	}
	return p
}

// Options is what an Encoding is made from.
type Options struct {
	Format      string // JSONL or CSV; "" is JSONL
	Compression string // None, Gzip or Zstd; "" is None
	Level       int    // 0 is the compression's default (gzip 6, zstd 3), else gzip 1 to 9, zstd 1 to 22
	Columns     []Column
}

// Encoding is a format and a compression, ready to write any number of objects
// side by side; its encoders and buffers are reused.
//
// CSV follows RFC 4180: commas, lines that end in \r\n, a header line, quotes
// where a value has a quote, comma, line break, tab or semicolon. A column holds
// what stands at its path: text without JSON escapes, numbers and true and false
// as they are written, an object or a list as JSON text, nothing for null and
// for a missing field, "" for an empty text. Where a key stands twice the last
// one counts. A text that a spreadsheet could take for a formula gets an
// apostrophe in front: one that begins, after any number of apostrophes, with =
// + - @ tab, \r or \n, or with the full-width forms of the first four. To undo
// it take one apostrophe off such a text; CSVReader does. Numbers are not
// touched. A record with a text that is no valid UTF-8 or has a broken escape is
// rejected. Portal has columns with names and values of their own; what they
// hold is written by the same rules.
type Encoding struct {
	o       Options
	level   zstd.EncoderLevel
	writers sync.Pool // *Writer, closed
}

// NewEncoding checks o and returns the encoding.
func NewEncoding(o Options) (*Encoding, error) {
	if o.Format == "" {
		o.Format = JSONL
	}
	if o.Compression == "" {
		o.Compression = None
	}
	if !slices.Contains(Formats(), o.Format) {
		return nil, fmt.Errorf("format %q is not one of %s", o.Format, strings.Join(Formats(), ", "))
	}
	if !slices.Contains(Compressions(), o.Compression) {
		return nil, fmt.Errorf("compression %q is not one of %s", o.Compression, strings.Join(Compressions(), ", "))
	}
	if err := CheckLevel(o.Compression, o.Level); err != nil {
		return nil, err
	}
	if o.Format == CSV && len(o.Columns) == 0 {
		return nil, fmt.Errorf("csv needs columns")
	}
	return &Encoding{o: o, level: zstd.EncoderLevelFromZstd(o.Level)}, nil
}

// CheckLevel says why level cannot be used with a compression; 0 always can.
func CheckLevel(compression string, level int) error {
	most := map[string]int{Gzip: gzip.BestCompression, Zstd: 22}[compression]
	switch {
	case level == 0:
		return nil
	case most == 0:
		return fmt.Errorf("compression level %d has no effect without compression", level)
	case level < 1 || level > most:
		return fmt.Errorf("compression level %d is not between 1 and %d, as %s has them", level, most, compression)
	}
	return nil
}

// Extension returns the end of an object's name.
func (e *Encoding) Extension() string { return Extension(e.o.Format, e.o.Compression) }
