package state

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/logpipe/logpipe/pipeline/manifest"
)

// Export writes a state as indented JSON, the same bytes for the same state.
func Export(s *State) ([]byte, error) {
	b, err := json.Marshal(s, encoding, jsontext.WithIndent("  "))
	if err != nil {
		return nil, fmt.Errorf("export state: %w", err)
	}
	return append(b, '\n'), nil
}

// Import reads what Export wrote.
func Import(b []byte) (*State, error) {
	var f struct {
		Format int `json:"format_version"`
	}
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("import state: %w", err)
	}
	switch {
	case f.Format > Format:
		return nil, fmt.Errorf("import state: %w (format %d, this one reads %d): upgrade", ErrNewer, f.Format, Format)
	case f.Format < 1:
		return nil, errors.New("import state: it has no format_version; is it a file of `logpipe state pull`?")
	}
	var in State
	if err := json.Unmarshal(b, &in, decoding); err != nil {
		return nil, fmt.Errorf("import state: %w", err)
	}
	if in.Lineage == "" || in.Serial < 1 {
		return nil, errors.New("import state: it has no lineage or no serial")
	}
	// Through the ops, so that what is read is as good as what was done.
	s := New()
	s.Lineage, s.Serial, s.Session = in.Lineage, in.Serial, in.Session
	for l, ls := range in.Lanes {
		if ls == nil {
			return nil, fmt.Errorf("import state: lane %s is null", l)
		}
	}
	if err := s.Do(in.ops()...); err != nil {
		return nil, fmt.Errorf("import state: %w", err)
	}
	return s, nil
}

// Replace writes st in place of what is there. Lineage and serial must be
// those of the state that is there, or it would throw away what happened since
// st was exported; force does it all the same. Into a state that this session
// has made anything goes. The serial goes on from the greater of both, so that
// manifests take this session for the newest.
func (f *File) Replace(ctx context.Context, st *State, force bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.writable(); err != nil {
		return fmt.Errorf("replace state: %w", err)
	}
	before := f.st.Session.Serial - 1 // our session has begun with a segment of its own
	switch fresh := before == 0 && f.written == 1; {
	case fresh || force:
	case st.Lineage != f.st.Lineage:
		return fmt.Errorf("replace state: it is of another lineage (%s; here is %s)", st.Lineage, f.st.Lineage)
	case st.Serial != f.st.Serial && st.Serial != before:
		return fmt.Errorf("replace state: it has serial %d and here is %d: something happened since it was exported; pull again", st.Serial, before)
	}
	n := st.Clone()
	n.Serial = max(n.Serial, f.st.Serial)
	n.Session = Session{Holder: f.o.Holder, Serial: n.Serial + 1}
	return f.exchange(ctx, n)
}

// exchange makes n the state and writes it as the next segment.
func (f *File) exchange(ctx context.Context, n *State) error {
	old := f.st
	f.st = n
	if err := f.replace(ctx, n); err != nil {
		f.st = old
		return fmt.Errorf("replace state: %w", err)
	}
	return nil
}

// Rebuild makes a state anew from the manifests of all sinks, for Replace. Its
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
