package entra

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

// Window says which slices a source has.
type Window struct {
	Start    time.Time     // fixed begin; zero: Lookback counts
	Lookback time.Duration // begin before now; 0: as long as Entra keeps the log, 30 days
	Slice    time.Duration // 0: an hour, or a day for what only tells how things are
	Settle   time.Duration // negative: 0
	Revisit  []time.Duration
}

const (
	hour     = time.Hour
	day      = 24 * hour
	keptLong = 30 * day
)

// complete fills in the defaults for a log.
func (w Window) complete(log logs.Log) Window {
	if w.Slice <= 0 {
		w.Slice = hour
		if log.Snapshot {
			w.Slice = day
		}
	}
	if w.Start.IsZero() && w.Lookback <= 0 {
		w.Lookback = keptLong
	}
	w.Settle = max(w.Settle, 0)
	w.Revisit = slices.Clone(w.Revisit)
	slices.Sort(w.Revisit)
	if log.Snapshot {
		w.Settle, w.Revisit = 0, nil
	}
	return w
}

// cells returns the grid's cells that have ended by now, or, for a snapshot, the
// one that now lies in. A fixed start in the middle of a cell shortens it; a
// lookback begins with the first whole cell, so that names do not move.
func (w Window) cells(now, from, to time.Time, snapshot bool) [][2]time.Time {
	now = now.UTC()
	first := floor(now.Add(-w.Lookback).Add(w.Slice-1), w.Slice)
	if !w.Start.IsZero() {
		first = floor(w.Start, w.Slice)
	}
	if snapshot {
		first = later(first, floor(now, w.Slice))
	}
	if !from.IsZero() {
		first = later(first, floor(from, w.Slice))
	}
	var out [][2]time.Time
	for start := first; ; start = start.Add(w.Slice) {
		end := start.Add(w.Slice)
		if snapshot && start.After(now) || !snapshot && end.After(now) || !to.IsZero() && !start.Before(to) {
			return out
		}
		a, b := later(later(start, w.Start), from), end
		if !to.IsZero() && to.Before(b) {
			b = to
		}
		if a.Before(b) {
			out = append(out, [2]time.Time{a.UTC(), b.UTC()})
		}
	}
}

// floor returns the begin of the cell that t lies in, on a grid from the Unix
// epoch.
func floor(t time.Time, cell time.Duration) time.Time {
	n := int64(cell / time.Second)
	s := t.Unix()
	q := s / n
	if s%n < 0 {
		q--
	}
	return time.Unix(q*n, 0).UTC()
}

// Slices lists the slices of every stream that have ended. It asks the service
// nothing.
func (s *Source) Slices(ctx context.Context, w pipeline.Window) ([]pipeline.Slice, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	var out []pipeline.Slice
	for _, cell := range s.o.Window.cells(s.until(), w.Start, w.End, s.log.Snapshot) {
		for _, stream := range s.o.Streams {
			out = append(out, pipeline.Slice{
				Source: s.o.Addr, Log: s.log.Name, Stream: stream,
				Name:  pipeline.SliceName(s.o.Addr, stream, cell[0], cell[1]),
				Start: cell[0], End: cell[1],
				Settle: s.o.Window.Settle, Revisit: s.o.Window.Revisit,
			})
		}
	}
	slices.SortFunc(out, func(a, b pipeline.Slice) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

// until is now, or the last instant of a simulated tenant.
func (s *Source) until() time.Time {
	now := s.now()
	if sim := s.tenant.Simulate; sim != nil && !sim.Start.IsZero() && sim.Days > 0 && !s.log.Snapshot {
		if end := sim.Start.Add(time.Duration(sim.Days) * day); end.Before(now) {
			return end
		}
	}
	return now
}
