package state

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
)

// Lane is one source instance × one stream of it × one sink instance: the unit
// by which is remembered what is done.
type Lane struct {
	Source addr.Instance
	Stream string
	Sink   addr.Instance
}

const arrow = " -> "

// String writes a lane as SOURCE -> SINK, or SOURCE#STREAM -> SINK.
func (l Lane) String() string {
	s := l.Source.String()
	if l.Stream != "" {
		s += "#" + l.Stream
	}
	return s + arrow + l.Sink.String()
}

// Compare orders lanes by source, stream and sink.
func (l Lane) Compare(o Lane) int {
	return cmp.Or(l.Source.Compare(o.Source), cmp.Compare(l.Stream, o.Stream), l.Sink.Compare(o.Sink))
}

// MarshalText writes the lane as String does.
func (l Lane) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (l *Lane) UnmarshalText(b []byte) error {
	p, err := ParseLane(string(b))
	if err == nil {
		*l = p
	}
	return err
}

// ParseLane reads a lane as String writes it.
func ParseLane(s string) (l Lane, err error) {
	end := addressEnd(s)
	if l.Source, err = addr.Parse(s[:end]); err != nil {
		return Lane{}, fmt.Errorf("lane %q: %w", s, err)
	}
	stream, sink, ok := strings.Cut(s[end:], arrow)
	if !ok {
		return Lane{}, fmt.Errorf("lane %q: want SOURCE -> SINK", s)
	}
	if stream != "" {
		if l.Stream, ok = strings.CutPrefix(stream, "#"); !ok || l.Stream == "" {
			return Lane{}, fmt.Errorf("lane %q: want #STREAM behind the source", s)
		}
	}
	if l.Sink, err = addr.Parse(sink); err != nil {
		return Lane{}, fmt.Errorf("lane %q: %w", s, err)
	}
	return l, l.check()
}

// addressEnd returns where the address at the beginning of s ends. Its key is
// quoted and may hold anything.
func addressEnd(s string) int {
	i := strings.IndexAny(s, "[# ")
	if i < 0 || s[i] != '[' {
		return max(i, 0)
	}
	q, err := strconv.QuotedPrefix(s[i+1:])
	if err != nil {
		return len(s)
	}
	return min(i+1+len(q)+1, len(s))
}

func (l Lane) check() error {
	switch {
	case l.Source.Class != addr.Source:
		return fmt.Errorf("lane %s: it does not begin at a source", l)
	case l.Sink.Class != addr.Sink:
		return fmt.Errorf("lane %s: it does not end at a sink", l)
	case strings.ContainsAny(l.Stream, "# \n"):
		return fmt.Errorf("lane %s: the stream's name holds a space or #", l)
	}
	return nil
}

// Done is one slice of a lane that is stored, or a run of neighbours on the
// time grid that are settled and alike, joined into one. It is never changed in
// place.
type Done struct {
	Name     string          `json:"name,omitempty"` // the slice's, "" once joined
	Start    time.Time       `json:"start,omitzero"` // zero for a slice that is a whole file
	End      time.Time       `json:"end,omitzero"`
	Length   time.Duration   `json:"length,omitzero"` // of the slices inside
	Revision int             `json:"revision"`
	Attempt  int             `json:"attempt"`
	Settled  bool            `json:"settled,omitzero"`
	Shape    string          `json:"shape,omitempty"`
	Ground   []pipeline.Part `json:"ground,omitempty"`
	Seen     string          `json:"seen,omitempty"`     // where the sink's store keeps its identities, "" if none
	SeenSum  string          `json:"seen_sum,omitempty"` // sha256 of them, hex
	At       time.Time       `json:"at"`                 // when its last read began; of a run of neighbours the latest
}

// whole reports whether the slice is a whole file.
func (d *Done) whole() bool { return d.Start.IsZero() }

// slices returns how many slices d stands for.
func (d *Done) slices() int64 {
	if d.whole() || d.Length <= 0 {
		return 1
	}
	return int64((d.End.Sub(d.Start) + d.Length - 1) / d.Length)
}

func (d *Done) check() error {
	switch {
	case d.Revision < 1:
		return fmt.Errorf("slice %q: revision %d; 1 is the first", d.Name, d.Revision)
	case d.whole() && d.Name == "":
		return errors.New("a slice without a time must have a name")
	case d.whole() != d.End.IsZero() || !d.whole() && !d.Start.Before(d.End):
		return fmt.Errorf("slice %q: it does not end after it starts", d.Name)
	case d.Length < 0:
		return fmt.Errorf("slice %q: length %s", d.Name, d.Length)
	}
	return nil
}

// utc makes equal times equal bytes.
func (d *Done) utc() {
	d.Start, d.End, d.At = d.Start.UTC(), d.End.UTC(), d.At.UTC()
}

// joins reports whether d and its neighbour o say the same of their slices, so
// that one Done can stand for both. What is not settled, or was read from
// ground that may move, is remembered by itself.
func (d *Done) joins(o *Done) bool {
	return d.Settled && o.Settled && d.End.Equal(o.Start) &&
		d.Length > 0 && d.Length == o.Length && d.aligned() && o.aligned() &&
		d.Revision == o.Revision && d.Attempt == o.Attempt && d.Shape == o.Shape &&
		d.Seen == "" && o.Seen == "" && len(d.Ground) == 0 && len(o.Ground) == 0
}

// aligned reports whether d holds whole slices only. A slice that was cut at
// the border of another one does not.
func (d *Done) aligned() bool { return d.End.Sub(d.Start)%d.Length == 0 }

func (d *Done) join(o *Done) *Done {
	j := *d
	j.Name, j.End = "", o.End
	if o.At.After(j.At) {
		j.At = o.At
	}
	return &j
}

// LaneState is what is remembered of one lane. A nil LaneState is an empty one.
type LaneState struct {
	// Done is sorted: whole files by name, then grid slices by time, which do
	// not overlap.
	Done []*Done `json:"done,omitempty"`
	// Kept counts, by slice, the attempts whose orphans could not be deleted,
	// so that the next attempt takes other names.
	Kept map[string]int `json:"kept,omitempty"`
}

// Len returns the number of slices that are done.
func (l *LaneState) Len() int64 {
	var n int64
	for _, d := range l.all() {
		n += d.slices()
	}
	return n
}

// OtherShape returns the number of slices that were stored under another shape.
func (l *LaneState) OtherShape(shape string) int64 {
	var n int64
	for _, d := range l.all() {
		if d.Shape != shape {
			n += d.slices()
		}
	}
	return n
}

// Orphaned returns how many attempts at a slice left objects that could not be
// deleted.
func (l *LaneState) Orphaned(slice string) int {
	if l == nil {
		return 0
	}
	return l.Kept[slice]
}

// Over returns what is done of a slice: for a whole file (zero start and end)
// the one of that name, for a grid slice all that overlap [start, end), sorted
// by time. A different length or shape is still done.
func (l *LaneState) Over(name string, start, end time.Time) []Done {
	i, j := l.find(name, start, end)
	var out []Done
	for _, d := range l.all()[i:j] {
		out = append(out, *d)
	}
	return out
}

// Covers reports whether all of a slice is done.
func (l *LaneState) Covers(name string, start, end time.Time) bool {
	i, j := l.find(name, start, end)
	if start.IsZero() {
		return i < j
	}
	for _, d := range l.all()[i:j] {
		if start.Before(d.Start) {
			return false
		}
		start = d.End
	}
	return !start.Before(end)
}

func (l *LaneState) all() []*Done {
	if l == nil {
		return nil
	}
	return l.Done
}

// find returns the range in Done that Over speaks of; an empty range is where
// the slice belongs.
func (l *LaneState) find(name string, start, end time.Time) (i, j int) {
	all := l.all()
	if start.IsZero() {
		i, found := slices.BinarySearchFunc(all, name, func(d *Done, name string) int {
			if !d.whole() {
				return 1
			}
			return cmp.Compare(d.Name, name)
		})
		if found {
			return i, i + 1
		}
		return i, i
	}
	// The first that ends after start, and the first that does not start
	// before end. Whole files stand before both.
	i, _ = slices.BinarySearchFunc(all, start, func(d *Done, t time.Time) int {
		if d.whole() || !d.End.After(t) {
			return -1
		}
		return 1
	})
	j, _ = slices.BinarySearchFunc(all[i:], end, func(d *Done, t time.Time) int {
		if d.Start.Before(t) {
			return -1
		}
		return 1
	})
	return i, i + j
}

// put stores d in place of what it covers. Of grid slices that stick out the
// rest stays, and neighbours that are alike are joined.
func (l *LaneState) put(d *Done) (undo func()) {
	i, j := l.find(d.Name, d.Start, d.End)
	put := []*Done{d}
	if !d.whole() {
		put = around(d, l.Done[i:j])
		if i > 0 && !l.Done[i-1].whole() && l.Done[i-1].joins(put[0]) {
			i--
			put[0] = l.Done[i].join(put[0])
		}
		if last := len(put) - 1; j < len(l.Done) && put[last].joins(l.Done[j]) {
			put[last] = put[last].join(l.Done[j])
			j++
		}
	}
	old := slices.Clone(l.Done[i:j])
	l.Done = slices.Replace(l.Done, i, j, put...)
	return func() { l.Done = slices.Replace(l.Done, i, i+len(put), old...) }
}

// around returns d with what sticks out of it on both sides, joined where
// alike.
func around(d *Done, replaced []*Done) []*Done {
	put := []*Done{d}
	if len(replaced) == 0 {
		return put
	}
	if first := replaced[0]; first.Start.Before(d.Start) {
		left := *first
		left.End = d.Start
		put = []*Done{&left, d}
		if left.joins(d) {
			put = []*Done{left.join(d)}
		}
	}
	if last := replaced[len(replaced)-1]; last.End.After(d.End) {
		right := *last
		right.Start = d.End
		if n := len(put) - 1; put[n].joins(&right) {
			put[n] = put[n].join(&right)
		} else {
			put = append(put, &right)
		}
	}
	return put
}

// clone copies l; the Dones themselves are shared, as they never change.
func (l *LaneState) clone() *LaneState {
	c := &LaneState{Done: slices.Clone(l.Done)}
	for k, v := range l.Kept {
		c.keep(k, v)
	}
	return c
}

func (l *LaneState) keep(slice string, attempts int) {
	if l.Kept == nil {
		l.Kept = map[string]int{}
	}
	l.Kept[slice] = attempts
}
