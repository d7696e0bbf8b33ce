package file

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/logpipe/logpipe/pipeline"
)

// share is what one cell has of a file.
type share struct {
	from, to int64
	tally    tally
	rest     bool
}

func (s *share) add(it found) {
	if s.tally.n == 0 || it.off < s.from {
		s.from = it.off
	}
	s.to = max(s.to, it.end())
	s.tally.tell(it)
}

// maxCells is how many slices one file may hold: one slice a minute for two
// years.
const maxCells = 1 << 20

// byTime makes a slice of every cell that has records in any file.
func (s *Source) byTime(ctx context.Context, parts []pipeline.Part, w pipeline.Window) ([]pipeline.Slice, error) {
	cells := map[cell]*pipeline.Slice{}
	var errs []error // of every file, so that one plan tells all that has to be mended
	for _, p := range parts {
		mem := s.remember(p.Name, w)
		shares, ok := mem.current(s, p, w)
		if !ok {
			var err error
			if shares, err = s.index(ctx, p, w, mem); ctx.Err() != nil {
				return nil, err
			} else if err != nil {
				errs = append(errs, err)
			}
		}
		for c, part := range shares {
			sl := cells[c]
			if sl == nil {
				start, end, ok := s.grid.within(c, w.Start, w.End)
				if !ok {
					continue
				}
				sl = &pipeline.Slice{Source: s.addr, Log: s.log, Name: pipeline.SliceName(s.addr, "", start, end), Start: start, End: end}
				cells[c] = sl
			}
			sl.Ground = append(sl.Ground, part) // in the order of parts: by name
		}
	}
	if len(errs) > 0 {
		return nil, unread(errs, len(parts))
	}
	out := make([]pipeline.Slice, 0, len(cells))
	for _, sl := range cells {
		out = append(out, *sl)
	}
	return out, nil
}

// unread is one error about all files that cannot be read, on one line.
func unread(errs []error, files int) error {
	if len(errs) == 1 {
		return errs[0]
	}
	args := []any{len(errs), files}
	for _, err := range errs {
		args = append(args, err)
	}
	return fmt.Errorf("%d of %d files cannot be read: %w"+strings.Repeat("; %w", len(errs)-1), args...)
}

// memory is what the machine remembers of one file: the newest part of every
// cell of this grid, and of every slice that does not lie on it because the
// length or the window was another.
type memory struct {
	cells  map[cell]pipeline.Part
	others []*other // by start
}

// other is a slice of another grid. Its records are counted again to see
// whether it is still what was stored.
type other struct {
	start, end time.Time
	part       pipeline.Part
	tally      tally
}

func (s *Source) remember(name string, w pipeline.Window) memory {
	m := memory{cells: map[cell]pipeline.Part{}}
	if w.Holding == nil {
		return m
	}
	others := map[[2]time.Time]*other{}
	for _, sl := range w.Holding(name) {
		c := s.grid.at(sl.Start)
		start, end, ok := s.grid.within(c, w.Start, w.End)
		mine := ok && start.Equal(sl.Start) && end.Equal(sl.End)
		for _, p := range sl.Ground {
			if p.Name != name || p.Own == "" {
				continue
			}
			at := [2]time.Time{sl.Start.UTC(), sl.End.UTC()}
			if old, ok := m.cells[c]; mine && (!ok || p.Modified.After(old.Modified)) {
				m.cells[c] = p
			} else if old, ok := others[at]; !mine && (!ok || p.Modified.After(old.part.Modified)) {
				others[at] = &other{start: sl.Start, end: sl.End, part: p}
			}
		}
	}
	for _, o := range others {
		m.others = append(m.others, o)
	}
	slices.SortFunc(m.others, func(a, b *other) int { return a.start.Compare(b.start) })
	return m
}

// tell counts an item in the slices of other grids: one without a time for all
// that answer for those.
func (m memory) tell(it found, at time.Time, err error) {
	for _, o := range m.others {
		if err == nil && !at.Before(o.start) && at.Before(o.end) || err != nil && o.part.Rest {
			o.tally.tell(it)
		}
	}
}

// stored returns what is remembered of a cell whose records, own, are those
// that were stored: as that cell, or as slices of another grid. Of several the
// last one counts, as it does for whoever compares.
func (m memory) stored(s *Source, c cell, own pipeline.Part) (pipeline.Part, bool) {
	if old, ok := m.cells[c]; ok {
		return old, old.Own == own.Own && old.Rest == own.Rest
	}
	start, end := s.grid.whole(c)
	var last *other
	for _, o := range m.others {
		if !o.start.Before(end) || !start.Before(o.end) {
			continue
		}
		if o.tally.String() != o.part.Own {
			return pipeline.Part{}, false
		}
		last = o
	}
	if last == nil || own.Rest && !m.restStored() {
		return pipeline.Part{}, false
	}
	return last.part, true
}

// restStored reports whether a slice of another grid, as it is stored, answers
// for what belongs to none.
func (m memory) restStored() bool {
	return slices.ContainsFunc(m.others, func(o *other) bool {
		return o.part.Rest && o.tally.String() == o.part.Own
	})
}

// current returns what is remembered if that is all there is to know of the
// file as it is now. The newest part says what all cells had when it was read;
// a cell that changed then and was not stored since does not match it.
func (m memory) current(s *Source, p pipeline.Part, w pipeline.Window) (map[cell]pipeline.Part, bool) {
	var newest pipeline.Part
	for _, part := range m.cells {
		if part.Modified.After(newest.Modified) {
			newest = part
		}
	}
	ok := newest.All != "" && newest.Size == p.Size && newest.Modified.Equal(p.Modified) && newest.All == s.all(m.cells, w)
	return m.cells, ok
}

// all is the hash of what every cell inside the windows has of a file.
func (s *Source) all(cells map[cell]pipeline.Part, w pipeline.Window) string {
	var t tally
	for c, p := range cells {
		t.add(fmt.Appendf(nil, "%d %s %t", c, p.Own, p.Rest))
	}
	t.add(fmt.Appendf(nil, "grid %d %d %d %d %d", s.grid.length,
		s.grid.start.Unix(), s.grid.end.Unix(), w.Start.Unix(), w.End.Unix()))
	return t.String()
}

// index reads a file and returns what every cell inside the windows has of it.
// A cell whose records are those that are remembered keeps the remembered size,
// time and hash: nothing has moved for it.
func (s *Source) index(ctx context.Context, p pipeline.Part, w pipeline.Window, mem memory) (map[cell]pipeline.Part, error) {
	wk, err := s.walk(p, false)
	if err != nil {
		return nil, err
	}
	defer wk.Close()
	shares := map[cell]*share{}
	var rest share // what belongs to no cell
	full := false
	err = wk.each(ctx, func(it found) bool {
		at, err := wk.instant(it)
		mem.tell(it, at, err)
		if err != nil {
			rest.add(it)
			return true
		}
		c := s.grid.at(at)
		sh := shares[c]
		if sh == nil {
			if full = len(shares) == maxCells; full {
				return false
			}
			sh = &share{}
			shares[c] = sh
		}
		sh.add(it)
		return true
	})
	if err == nil && full {
		err = fmt.Errorf("index %s: its records lie in more than %d slices: choose a longer slice", p.Name, maxCells)
	}
	if err != nil {
		return nil, err
	}
	if wk.sum.n != p.Size {
		return nil, fmt.Errorf("index %s: it shrank while it was read: run again", p.Name)
	}
	p.Sum = wk.sum.sum()
	s.settleRest(shares, rest, p, w)
	return s.parts(shares, p, wk.text.Form().Plain(), w, mem), nil
}

// settleRest gives what belongs to no cell to the first one that the file has
// in the windows.
func (s *Source) settleRest(shares map[cell]*share, rest share, p pipeline.Part, w pipeline.Window) {
	if rest.tally.n == 0 {
		return
	}
	home, any := cell(0), false
	for c := range shares {
		if _, _, ok := s.grid.within(c, w.Start, w.End); ok && (!any || c < home) {
			home, any = c, true
		}
	}
	if !any {
		home = s.grid.clamp(s.grid.at(p.Modified), w.Start, w.End)
	}
	sh := shares[home]
	if sh == nil {
		rest.rest = true
		shares[home] = &rest
		return
	}
	sh.rest = true
	sh.from, sh.to = min(sh.from, rest.from), max(sh.to, rest.to)
	sh.tally.join(rest.tally)
}

// parts turns shares into parts.
func (s *Source) parts(shares map[cell]*share, p pipeline.Part, plain bool, w pipeline.Window, mem memory) map[cell]pipeline.Part {
	out := map[cell]pipeline.Part{}
	for c, sh := range shares {
		if _, _, ok := s.grid.within(c, w.Start, w.End); !ok {
			continue
		}
		part := p
		part.Own, part.Rest = sh.tally.String(), sh.rest
		if plain {
			part.From, part.To = sh.from, sh.to
		}
		out[c] = part
	}
	all := s.all(out, w)
	for c, part := range out {
		part.All = all
		if old, ok := mem.stored(s, c, part); ok {
			part.Size, part.Modified, part.Sum = old.Size, old.Modified, old.Sum
		}
		out[c] = part
	}
	return out
}

// join adds another tally's items.
func (t *tally) join(o tally) {
	n := t.n + o.n
	t.put(xxh3.Uint128{Hi: o.hi, Lo: o.lo})
	t.n = n
}

// itemsOf reads the number of items out of a tally's text, 0 if there is none.
func itemsOf(own string) uint64 {
	_, count, _ := strings.Cut(own, "-")
	n, err := strconv.ParseUint(count, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
