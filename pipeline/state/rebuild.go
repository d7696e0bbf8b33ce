package state

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/store"
)

// Rebuild makes a state anew from the manifests of all sinks, for Recreate. Its
// serial is the newest epoch that a manifest has, so that the session that goes
// on from it is newer. Intents that were open are not known: what they left
// behind stays as orphans.
func Rebuild(ctx context.Context, ms ...*manifest.Manifest) (*State, error) {
	st := New()
	for _, m := range ms {
		claim, ok := m.Claim()
		if !ok {
			continue
		}
		if st.Lineage != "" && st.Lineage != claim.Lineage {
			return nil, fmt.Errorf("rebuild state: the manifests are of two states (lineage %s, %s has %s)", st.Lineage, claim.Sink, claim.Lineage)
		}
		st.Lineage = claim.Lineage
		if err := st.add(ctx, m, claim); err != nil {
			return nil, fmt.Errorf("rebuild state: %w", err)
		}
	}
	return st, nil
}

// add does what the entries of a manifest say.
func (s *State) add(ctx context.Context, m *manifest.Manifest, claim manifest.Claim) error {
	memory := SinkMemory{Kind: claim.Sink.Kind, Head: m.Head()}
	for seg, err := range m.Tail(ctx, 0) {
		if err != nil {
			return err
		}
		s.Serial = max(s.Serial, seg.Epoch)
		for _, e := range seg.Entries {
			memory.Objects += int64(len(e.Objects))
			// A renamed sink's older entries carry its older name.
			lane := Lane{Source: e.Source, Stream: e.Stream, Sink: claim.Sink}
			d := &Done{Name: e.Slice, Start: e.Start, End: e.End, Length: e.End.Sub(e.Start), Revision: e.Revision, Attempt: e.Attempt,
				Settled: e.Settled, Shape: e.Shape, Ground: e.Ground, Seen: e.Seen, SeenSum: e.SeenSum, At: e.Began}
			if err := s.Do(Put{Lane: lane, Done: []*Done{d}}); err != nil {
				return err
			}
			// What the source is stands in its newest entry.
			s.Sources[e.Source] = Identity{Kind: e.Source.Kind, Log: e.Log, Fingerprint: e.Identity}
		}
	}
	s.Sinks[claim.Sink] = memory
	return nil
}

// Recreate writes what build returns, which is called under the lease, in place
// of the state in a store. It does not need what is there: a state that cannot
// be read is put aside, never deleted, if force says so; one that can be read
// and remembers something is replaced only then, too.
func Recreate(ctx context.Context, s store.Store, o Options, force bool, build func(context.Context) (*State, error)) error {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.TTL <= 0 {
		o.TTL = 2 * time.Minute
	}
	f := &File{s: s, o: o, row: store.Row{Store: s, Prefix: segments}, st: New()}
	if err := f.lock(ctx); err != nil {
		return fmt.Errorf("rebuild state: %w", err)
	}
	st, err := build(ctx)
	if err == nil {
		err = f.recreate(ctx, st, force)
	}
	return errors.Join(err, f.release(ctx))
}

func (f *File) recreate(ctx context.Context, st *State, force bool) error {
	err := f.load(ctx)
	damaged := errors.Is(err, ErrChain)
	switch {
	case err != nil && !damaged:
		return err
	case damaged && !force:
		return fmt.Errorf("rebuild state: the one that is there is damaged (%w); with -force it is put aside and the new one takes its place", err)
	case !damaged && !force && !f.st.idle():
		return fmt.Errorf("rebuild state: there is one that can be read, of lineage %s with %d lanes and %d open intents (the manifests are of lineage %s); with -force the new one takes its place",
			f.st.Lineage, len(f.st.Lanes), len(f.st.Intents), st.Lineage)
	}
	_, last, err := f.row.Ends(ctx)
	if err != nil {
		return fmt.Errorf("rebuild state: %w", err)
	}
	n := st.Clone()
	n.Serial = max(n.Serial, last)
	n.Session = Session{Holder: f.o.Holder, Serial: n.Serial + 1}
	if damaged {
		f.st, f.last, f.packs, f.snap = New(), Segment{}, nil, Segment{}
	}
	if err := f.exchange(ctx, n); err != nil {
		return err
	}
	if !damaged {
		return nil
	}
	// From here on the new state is in force; nothing reads what is before it.
	if err := f.putAside(ctx, f.st.Serial-1); err != nil {
		return fmt.Errorf("rebuild state: the new state is there, but the damaged one could not be put aside: %w", err)
	}
	return nil
}

// idle reports whether a state remembers nothing that would be lost with it.
func (s *State) idle() bool {
	for _, m := range s.Sinks {
		if m.Head.Seq > 0 || m.Objects > 0 {
			return false
		}
	}
	for _, l := range s.Lanes {
		if len(l.Done) > 0 {
			return false
		}
	}
	return len(s.Intents) == 0
}

// putAside moves the segments up to number last to where nothing looks for them.
func (f *File) putAside(ctx context.Context, last int64) error {
	aside := "damaged-" + f.o.Clock().UTC().Format("20060102T150405Z") + "/"
	var numbers []int64
	for n, err := range f.row.After(ctx, 0) {
		if err != nil {
			return err
		}
		if n <= last {
			numbers = append(numbers, n)
		}
	}
	for _, n := range numbers {
		if err := f.move(ctx, f.row.Name(n), aside+f.row.Name(n)); err != nil {
			return err
		}
	}
	return nil
}

func (f *File) move(ctx context.Context, from, to string) error {
	r, err := f.s.Open(ctx, from)
	if err != nil {
		return fmt.Errorf("move %s: %w", from, err)
	}
	defer r.Close()
	w, err := f.s.Create(ctx, to, nil)
	if err != nil {
		return fmt.Errorf("move %s: %w", from, err)
	}
	if _, err := io.Copy(w, r); err != nil {
		return fmt.Errorf("move %s: %w", from, errors.Join(err, w.Abort()))
	}
	if err := w.Commit(ctx); err != nil {
		return fmt.Errorf("move %s: %w", from, err)
	}
	return f.s.Delete(ctx, from)
}
