package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/logpipe/logpipe/pipeline/config"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/plan"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/state"
	"github.com/logpipe/logpipe/pipeline/store"
)

// identity is 128 bits of a hash of a record's id and version. Two of a hundred
// million records share one by chance with a probability below 10^-22.
type identity [16]byte

// identities is which versions of which records a slice has, so that one
// version is stored once however often it is read. It costs about 32 bytes of
// memory for each record of the largest open slice.
type identities struct {
	slot   record.Slot
	hasher *record.Hasher
	known  map[identity]bool // true: stored by an earlier revision
	text   []byte
	packed []byte
	sum    string // sha256 of packed, hex
}

// identities loads what earlier revisions of the slice stored. Sources whose
// records have no id have none: such records are never taken for duplicates.
func (j *job) identities(ctx context.Context) (*identities, error) {
	sch := j.source.Source.Schema()
	if sch == nil || sch.ID.IsZero() {
		return nil, nil
	}
	ids := &identities{slot: j.source.ID, hasher: record.NewCanon(sch.Volatile(), sch.Sets()).Hasher(), known: map[identity]bool{}}
	for _, set := range j.read.Seen {
		b, err := j.loadSeen(ctx, set)
		if err != nil {
			return nil, err
		}
		for chunk := range slices.Chunk(b, len(identity{})) {
			ids.known[identity(chunk)] = true
		}
	}
	return ids, nil
}

// sift drops the records of b that are stored already (same) or that this read
// has met before (doubled).
func (s *identities) sift(b *record.Batch) (same, doubled int64) {
	for i := range b.Len() {
		if !b.Live(i) {
			continue
		}
		key, ok, err := s.identify(b, i)
		if err != nil {
			b.Reject(i, err)
			continue
		}
		if !ok {
			continue
		}
		earlier, met := s.known[key]
		switch {
		case !met:
			s.known[key] = false
			continue
		case earlier:
			same++
		default:
			doubled++
		}
		b.Drop(i)
	}
	return same, doubled
}

func (s *identities) identify(b *record.Batch, i int) (key identity, ok bool, err error) {
	v := b.Value(i, s.slot)
	if v.Kind() != record.String && v.Kind() != record.Number {
		return key, false, nil
	}
	if v.Kind() == record.String {
		if s.text, err = v.AppendText(s.text[:0]); err != nil {
			return key, false, fmt.Errorf("id: %w", err)
		}
	} else {
		s.text = append(s.text[:0], v.Raw()...)
	}
	if len(s.text) == 0 {
		return key, false, nil
	}
	version, err := s.hasher.Sum(b.Bytes(i))
	if err != nil {
		return key, false, err
	}
	s.text = append(s.text, 0)
	s.text = append(s.text, version[:]...)
	sum := sha256.Sum256(s.text)
	return identity(sum[:16]), true, nil
}

// loadSeen reads one set of identities. All lanes of a job have the same, each
// in its own sink's store, so any sink that still has it will do.
func (j *job) loadSeen(ctx context.Context, set plan.Seen) ([]byte, error) {
	err := errors.New("no sink has them")
	var again []string
	for i, l := range j.lanes {
		b, e := j.fetchSeen(ctx, l.sink, set)
		if e == nil {
			return b, nil
		}
		if err = fmt.Errorf("%w; %w", err, e); i == 0 {
			err = e
		}
		again = append(again, fmt.Sprintf("-replace='%s'", l.sink.Addr))
	}
	return nil, fmt.Errorf("read which of its records are stored: %w; bring the file back as it was, or apply with %s: then everything that is in that sink is stored again, as a further revision",
		err, strings.Join(again, " "))
}

func (j *job) fetchSeen(ctx context.Context, sink *config.Instance, set plan.Seen) ([]byte, error) {
	st, prefix, err := j.r.stores.Store(ctx, sink)
	if err != nil {
		return nil, err
	}
	name := seenName(prefix, set.Name)
	r, err := st.Open(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sink.Addr, err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: read %s: %w", sink.Addr, name, err)
	case len(b)%len(identity{}) != 0 || set.Sum != "" && sum(b) != set.Sum:
		return nil, fmt.Errorf("%s: %s was changed after it was written: its %d bytes do not have the hash that the manifest says", sink.Addr, name, len(b))
	}
	return b, nil
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func seenName(prefix, name string) string { return prefix + "seen/" + name }

// keepIdentities stores what the slice has now in the sink's store, under the
// name that the lane's intent announced. A slice that does not change any more
// needs no memory, and is asked for none.
func (j *job) keepIdentities(ctx context.Context, l *lane) (name, hash string, err error) {
	if j.ids == nil {
		return "", "", nil
	}
	st, prefix, err := j.r.stores.Store(ctx, l.sink)
	if err != nil {
		return "", "", err
	}
	b, hash := j.ids.bytes()
	if err := store.Put(ctx, st, seenName(prefix, l.intent.Seen), b); err != nil {
		return "", "", fmt.Errorf("keep which records are stored: %w", err)
	}
	return l.intent.Seen, hash, nil
}

// finish makes the state remember an entry and removes the sets of identities
// that it replaces. Several slices lean on one set after the slices became
// shorter: the last of them removes it. What stays costs space and nothing
// else, so a failure is only told.
func (r *runner) finish(ctx context.Context, sink *config.Instance, in state.Intent, e manifest.Entry) error {
	var old []string
	r.st.View(func(s *state.State) {
		for _, d := range s.Lane(in.Lane).Over(e.Slice, e.Start, e.End) {
			if d.Seen != "" && !slices.Contains(old, d.Seen) {
				old = append(old, d.Seen)
			}
		}
	})
	m, err := r.stores.Manifest(ctx, sink)
	if err != nil {
		return err
	}
	done := plan.Finish(in.ID, e)
	done.Head = m.Head()
	if err := r.st.Apply(ctx, done); err != nil || len(old) == 0 {
		return err
	}
	r.st.View(func(s *state.State) {
		for _, d := range s.Lane(in.Lane).Done {
			old = slices.DeleteFunc(old, func(name string) bool { return name == d.Seen })
		}
	})
	st, prefix, err := r.stores.Store(ctx, sink)
	if err != nil {
		return nil
	}
	for _, name := range old {
		if err := st.Delete(ctx, seenName(prefix, name)); err != nil {
			r.event(Event{Kind: Warned, Sink: sink.Addr, Slice: e.Slice, Error: err.Error()})
		}
	}
	return nil
}

// bytes returns the set as it is stored, 16 bytes each, in no order, and its
// hash.
func (s *identities) bytes() (packed []byte, hash string) {
	if s.packed == nil {
		s.packed = make([]byte, 0, len(s.known)*len(identity{}))
		for key := range s.known {
			s.packed = append(s.packed, key[:]...)
		}
		s.sum = sum(s.packed)
	}
	return s.packed, s.sum
}
