package file

import (
	"math"
	"time"
)

// grid divides time from the Unix epoch into slices of one length, as far as
// the window goes. The zero grid divides nothing.
type grid struct {
	length     int64 // seconds
	start, end time.Time
}

// cell is the number of a slice on a grid: cell 0 begins at the epoch.
type cell int64

// earliest and latest bound every grid, half-open: they are those of
// schema.Plausible.
func earliest() time.Time { return time.Unix(0, 0).UTC() }
func latest() time.Time   { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

func (g grid) on() bool { return g.length > 0 }

// at returns the cell of an instant.
func (g grid) at(t time.Time) cell {
	s := t.Unix()
	n := s / g.length
	if s%g.length < 0 {
		n--
	}
	return cell(n)
}

// whole returns the bounds of a cell, half-open.
func (g grid) whole(c cell) (start, end time.Time) {
	from := int64(c) * g.length
	return time.Unix(from, 0).UTC(), time.Unix(from+g.length, 0).UTC()
}

// within returns the bounds of what of a cell lies inside the grid's own window
// and [from, to), either end of which may be zero for open.
func (g grid) within(c cell, from, to time.Time) (start, end time.Time, ok bool) {
	start, end = g.whole(c)
	for _, t := range []time.Time{g.start, from, earliest()} {
		if !t.IsZero() && t.After(start) {
			start = t.UTC()
		}
	}
	for _, t := range []time.Time{g.end, to, latest()} {
		if !t.IsZero() && t.Before(end) {
			end = t.UTC()
		}
	}
	return start, end, start.Before(end)
}

// clamp returns the cell nearest to c that has something inside the windows.
func (g grid) clamp(c cell, from, to time.Time) cell {
	low, high := cell(math.MinInt64), cell(math.MaxInt64)
	for _, t := range []time.Time{g.start, from, earliest()} {
		if !t.IsZero() {
			low = max(low, g.at(t))
		}
	}
	for _, t := range []time.Time{g.end, to, latest()} {
		if !t.IsZero() {
			high = min(high, g.at(t.Add(-1)))
		}
	}
	return min(max(c, low), high)
}
