package state

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/logpipe/logpipe/pipeline/store"
)

// load reads the last snapshot and what follows it.
func (f *File) load(ctx context.Context) error {
	first, last, err := f.row.Ends(ctx)
	if err != nil {
		return fmt.Errorf("open state: %w", err)
	}
	if last == 0 {
		return nil
	}
	path, err := f.path(ctx, last)
	if err != nil {
		return err
	}
	if err := f.contiguous(ctx, path[0].Serial, last); err != nil {
		return err
	}
	for _, seg := range path {
		if err := seg.replay(f.st); err != nil {
			return f.damaged(seg.Serial, err)
		}
	}
	f.first = first
	f.last = path[len(path)-1]
	f.remember(path)
	f.last.lines = nil
	return nil
}

// path returns the segments that lead from the empty state to number last.
// Each is checked against the hash that its successor holds.
func (f *File) path(ctx context.Context, last int64) ([]Segment, error) {
	var path []Segment
	sum := "" // what the segment must have
	for n := last; n > 0; {
		seg, err := f.read(ctx, n)
		if err != nil {
			return nil, err
		}
		if len(path) > 0 {
			next := path[len(path)-1]
			switch {
			case seg.sum != sum:
				return nil, f.damaged(n, fmt.Errorf("%w: it was changed after segment %d was written, which holds its hash", ErrChain, next.Serial))
			case seg.Lineage != next.Lineage:
				return nil, f.damaged(n, fmt.Errorf("%w: it belongs to another state (lineage %s, segment %d has %s)", ErrChain, seg.Lineage, next.Serial, next.Lineage))
			}
		}
		path = append(path, seg)
		n, sum = seg.Since, seg.SinceSum
		if n == seg.Serial-1 {
			sum = seg.Prev
		}
	}
	slices.Reverse(path)
	return path, nil
}

// read returns segment n.
func (f *File) read(ctx context.Context, n int64) (Segment, error) {
	b, err := f.row.Read(ctx, n, most)
	if errors.Is(err, store.ErrNotExist) {
		return Segment{}, f.damaged(n, fmt.Errorf("%w: it is missing although later ones are there", ErrChain))
	}
	if err != nil {
		return Segment{}, fmt.Errorf("read state: %w", err)
	}
	seg, err := Decode(b)
	if err == nil && seg.Serial != n {
		err = fmt.Errorf("%w: it is number %d", ErrChain, seg.Serial)
	}
	if err != nil {
		return Segment{}, f.damaged(n, err)
	}
	return seg, nil
}

func (f *File) damaged(n int64, err error) error {
	return fmt.Errorf("state segment %s: %w%s", f.row.Name(n), err, advice(err))
}

// contiguous fails if a number between from and last is missing. Opening may
// not need it, but somebody has been here.
func (f *File) contiguous(ctx context.Context, from, last int64) error {
	want := from + 1
	for n, err := range f.row.After(ctx, from) {
		if err != nil {
			return fmt.Errorf("open state: %w", err)
		}
		if n != want {
			break
		}
		want++
	}
	if want <= last {
		return f.damaged(want, fmt.Errorf("%w: it is missing although later ones are there", ErrChain))
	}
	return nil
}

// remember keeps what the next segments will need of those that were read.
func (f *File) remember(path []Segment) {
	for i, seg := range path {
		if i == 0 {
			// The first segment of a new state is a snapshot of nothing with ops
			// behind it: all of it counts as one.
			f.snap, f.size = Segment{head: seg.head, sum: seg.sum}, int64(len(seg.lines))
			continue
		}
		f.packs = append(f.packs, pack{upto: seg.Serial, sum: seg.sum, lines: seg.lines})
		f.ops += int64(len(seg.lines))
	}
}
