// Package file is `source "file"`: records from files that something else
// wrote, such as exports, archives of diagnostic settings, or downloads.
//
// Without a window a slice is one file, read whole. With one, slices lie on a
// grid of the record's time and a slice may have records in several files.
// Every file is indexed then: read once when it is new or changed, to tell
// which slices it holds, where in a plain file, and with what content.
//
// Ground. A slice's ground is its files: name, size, time, and an XXH3-128 of
// the content. That hash guards against accidents only and costs a tenth of
// SHA-256, which would halve the speed of the whole path; evidence is hashed by
// the sinks. A file of unchanged size and time is not read again. Of a file
// that holds several slices a part also has a hash of what its own slice has of
// it (Own), so that a file that grows by a day makes a new revision of that day
// only.
//
// What can therefore not be seen: an edit in place that leaves a file's size and
// time as they were. What costs more than it must: a file in which the slices of
// a window lie mixed, or a packed one, is read once for each of its slices,
// because only a stretch of a plain file can be read alone. Records in order, or
// a file per slice, are read once.
//
// A file is read as far as it went when it was planned: what was added since is
// the next plan's. A file that is shorter by then, or whose content differs from
// what was planned, is an error that asks to run again. If the earlier content
// is the begin of the present one, records without an id are counted as
// unchanged up to there; those with one the machine knows by it.
//
// Records that belong to no slice of a window because their time is missing or
// cannot be read, and whatever is no record at all, are rejected in the first
// slice that their file has in the window; if it has none, in the slice of the
// file's own time. Nothing of a file is left out silently. A time before 1970 or
// after 9998 is one that cannot be read: programs write such for none and for
// ever, and no slice could be named for it or end.
//
// What cannot be looked at is an error, and so is a name that is not UTF-8,
// before anything is read. Where slices need an index, all damaged files are
// named in one error and the source gives no slice: which slices a file has that
// cannot be read nobody can tell. A path that matches nothing is a note of the
// plan, because a pipeline may well start before its first file.
//
// A pipeline that reads what it wrote never ends. So nothing is found where a
// sink stores (a folder that holds .logpipe/manifest, links followed), not even
// by its name, whichever pipeline's sink that is; the plan has a note of it. Of
// files outside of the pipeline's directory, by their path or behind a link, it
// has one too.
//
// Memory does not grow with files or lines: see format for its bounds.
package file

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/format"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// Source is one `source "file"`. It is read-only once decoded, but for the
// batches that it keeps for reuse.
type Source struct {
	addr      addr.Instance
	env       *pipeline.Env
	log       string
	paths     []string // sorted
	maxRecord int
	shapes    *shapes
	grid      grid
	scratch   sync.Pool // *record.Batch on the scanner of shapes
}

// Schema says what its records contain.
func (s *Source) Schema() *schema.Schema { return s.shapes.schema }

// Slices lists the files, or what they hold of each cell of the grid.
func (s *Source) Slices(ctx context.Context, w pipeline.Window) ([]pipeline.Slice, error) {
	parts, err := s.find(ctx, w.Notice)
	if err != nil {
		return nil, err
	}
	var all []pipeline.Slice
	if s.grid.on() {
		all, err = s.byTime(ctx, parts, w)
	} else {
		all, err = s.byFile(ctx, parts, w)
	}
	slices.SortFunc(all, func(a, b pipeline.Slice) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Name, b.Name))
	})
	return all, err
}

// byFile makes every file one slice.
func (s *Source) byFile(ctx context.Context, parts []pipeline.Part, w pipeline.Window) ([]pipeline.Slice, error) {
	out := make([]pipeline.Slice, 0, len(parts))
	for _, p := range parts {
		if w.Known != nil {
			// A file of another size has changed whatever its content is.
			if known, ok := w.Known(p.Name); ok && known.Size == p.Size && known.Sum != "" {
				var err error
				if p.Sum = known.Sum; !known.Modified.Equal(p.Modified) {
					p.Sum, err = s.sumFile(ctx, p)
				}
				if err != nil {
					return nil, err
				}
			}
		}
		out = append(out, pipeline.Slice{Source: s.addr, Log: s.log, Name: s.fileSlice(p.Name), Ground: []pipeline.Part{p}})
	}
	return out, nil
}

func (s *Source) fileSlice(name string) string {
	n := s.addr.Label
	if s.addr.Keyed {
		n += "-" + pipeline.Slug(s.addr.Key)
	}
	return n + "-" + pipeline.Slug(name)
}

// Open reads one slice.
func (s *Source) Open(ctx context.Context, sl pipeline.Slice) (pipeline.Reader, error) {
	if sl.Start.IsZero() {
		if len(sl.Ground) != 1 {
			return nil, fmt.Errorf("open slice %q: it has %d files, but without a window it is one: plan again", sl.Name, len(sl.Ground))
		}
		r, err := s.openFile(ctx, sl)
		if err != nil {
			return nil, fmt.Errorf("open slice %q: %w", sl.Name, err)
		}
		return r, nil
	}
	if !s.grid.on() {
		return nil, fmt.Errorf("open slice %q: it has a time, but the source has no window: plan again", sl.Name)
	}
	return s.openWindow(sl), nil
}

// opened is one file that is being read.
type opened struct {
	f    *os.File
	text *format.Reader
}

func (o *opened) Close() error {
	if o == nil {
		return nil
	}
	return cmp.Or(o.text.Close(), o.f.Close())
}

// open opens a file and tells its size.
func (s *Source) open(name string) (*os.File, int64, error) {
	f, err := os.Open(resolve(s.env.Dir, name))
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, cmp.Or(err, f.Close())
	}
	return f, info.Size(), nil
}

// head reads the first n bytes of a file and nothing behind them.
func head(f *os.File, n int64) io.Reader { return io.NewSectionReader(f, 0, n) }
