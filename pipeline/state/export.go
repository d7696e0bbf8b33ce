package state

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
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
// st was exported; force does it all the same. Where this session is the first
// anything goes. The serial goes on from the greater of both, so that
// manifests take this session for the newest.
func (f *File) Replace(ctx context.Context, st *State, force bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.writable(); err != nil {
		return fmt.Errorf("replace state: %w", err)
	}
	before := f.st.Session.Serial - 1 // our session has begun with a segment of its own
	switch {
	case before == 0 && f.written <= 1 || force: // there was none
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
