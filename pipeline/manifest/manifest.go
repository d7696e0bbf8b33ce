// Package manifest is what a sink has stored: the truth.
//
// An object exists when a manifest names it, not before. A manifest is a row
// of numbered segments in the sink's store, each created once and each holding
// the hash of the one before; a segment holds the entries of one commit, so
// that a slice's objects appear together. Who creates segment N+1 has written
// it: a writer that finds the number taken has lost its lease and names
// nothing.
//
// Words: an epoch is the serial of the state at which a writer's session
// began. It grows from session to session and never falls along the row, which
// is what lets Find stop early and Append refuse a writer that woke up late. A
// fence is a segment without entries, written by whoever takes over: the
// writer before it then finds its number taken. A claim says which sink of
// which state the place belongs to.
//
// On disk a segment is lines of JSON: a head, one line for each entry, and the
// hash of what stands before (store.Seal). Opening reads the last segment
// only, and appending writes one, however long the history is. Entries reads
// all of it and checks the chain. Check compares it with the head that the
// state remembers: a manifest that vanished, or was put back from an older copy,
// must not look like one that is new.
//
// github.com/go-json-experiment/json is the coming encoding/json/v2: it is
// deterministic where asked, refuses duplicate names and invalid UTF-8, and
// says where an error is.
package manifest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/logpipe/logpipe/pipeline/store"
)

// most is more than any segment has: an entry for every object of the largest
// slice.
const most = 1 << 30

// Head is a segment by which somebody knows a manifest: its number and the hash
// of its bytes, which stands for all before it.
type Head struct {
	Seq int64  `json:"seq"`
	Sum string `json:"sum"`
}

// Manifest is one sink's manifest, open. Its methods may be called side by
// side.
type Manifest struct {
	row store.Row

	mu    sync.Mutex
	head  Segment // its Entries are dropped; Seq 0 if there is none
	sum   string  // hash of the head's bytes
	dense bool    // the row was seen to have no gap
}

// Open finds the last segment under prefix and reads it.
func Open(ctx context.Context, s store.Store, prefix string) (*Manifest, error) {
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	m := &Manifest{row: store.Row{Store: s, Prefix: prefix}}
	first, last, err := m.row.Ends(ctx)
	if err != nil {
		return nil, fmt.Errorf("open manifest %s: %w", prefix, err)
	}
	if last == 0 {
		return m, nil
	}
	if first != 1 {
		return nil, m.missing(1)
	}
	m.head, m.sum, err = m.read(ctx, last)
	m.head.Entries, m.head.Lines = nil, nil
	return m, err
}

// Head returns the last segment; zero if there is none.
func (m *Manifest) Head() Head {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Head{Seq: m.head.Seq, Sum: m.sum}
}

// Check compares the manifest with the segment by which it is known: it must be
// there and lead to the head. Behind it may be more, which a crash kept from
// being known; that is read. Of what is before it only the names are looked at,
// once: Entries finds what was changed there. Seq 0 means that nothing is known.
// The error wraps ErrChain.
func (m *Manifest) Check(ctx context.Context, known Head) error {
	head := m.Head()
	switch {
	case known.Seq > head.Seq:
		return m.vanished(known.Seq, head.Seq)
	case known.Seq == head.Seq && known != head:
		return m.another(known.Seq)
	case known.Seq > 0 && known.Seq < head.Seq:
		if err := m.leads(ctx, known, head); err != nil {
			return err
		}
	}
	return m.gapless(ctx, head.Seq)
}

// leads checks the chain from known to head.
func (m *Manifest) leads(ctx context.Context, known, head Head) error {
	prev := ""
	for n := known.Seq; n <= head.Seq; n++ {
		seg, sum, err := m.read(ctx, n)
		switch {
		case err != nil:
			return err
		case n == known.Seq && sum != known.Sum:
			return m.another(n)
		case n > known.Seq && seg.Prev != prev:
			return m.broken(n)
		case n == head.Seq && sum != head.Sum:
			return m.broken(n + 1)
		}
		prev = sum
	}
	return nil
}

// gapless finds a number up to last that is missing.
func (m *Manifest) gapless(ctx context.Context, last int64) error {
	m.mu.Lock()
	dense := m.dense
	m.mu.Unlock()
	if dense || last == 0 {
		return nil
	}
	want := int64(1)
	for n, err := range m.row.After(ctx, 0) {
		if err != nil {
			return fmt.Errorf("read manifest: %w", err)
		}
		if n != want || n == last {
			break
		}
		want++
	}
	if want < last {
		return m.missing(want)
	}
	m.mu.Lock()
	m.dense = true
	m.mu.Unlock()
	return nil
}

// Claim returns whose the place is, and false if it is nobody's yet.
func (m *Manifest) Claim() (Claim, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.head.Claim == nil {
		return Claim{}, false
	}
	return *m.head.Claim, true
}

// Allows returns an error that wraps ErrClaimed and says what to do unless the
// place is c's or nobody's.
func (m *Manifest) Allows(c Claim) error {
	have, ok := m.Claim()
	switch {
	case !ok || have == c:
		return nil
	case c.Lineage == "":
		return fmt.Errorf("%w: it belongs to %s of a state that is not here (lineage %s): restore that state, or run `logpipe state rebuild` to make it anew from the manifests, or give the sink another path",
			ErrClaimed, have.Sink, have.Lineage)
	case have.Lineage != c.Lineage:
		return fmt.Errorf("%w: it belongs to %s of another state (lineage %s, this one is %s): give the sink another path, or restore that state, or run `logpipe state rebuild` to make it anew from the manifests",
			ErrClaimed, have.Sink, have.Lineage, c.Lineage)
	default:
		return fmt.Errorf("%w: it belongs to %s, not to %s: give the sink another path, or write a moved block if it was renamed",
			ErrClaimed, have.Sink, c.Sink)
	}
}

// Take claims the place for c and writes nothing if it is c's already. The
// error wraps ErrClaimed if it is another's.
func (m *Manifest) Take(ctx context.Context, c Claim, epoch int64, writer string) error {
	if err := m.Allows(c); err != nil {
		return err
	}
	if _, ok := m.Claim(); ok {
		return nil
	}
	return m.Append(ctx, Segment{Epoch: epoch, Writer: writer, Claim: &c})
}

// Move makes the place of sink from that of sink to, within one lineage: the
// block was renamed. It writes nothing if that was done already.
func (m *Manifest) Move(ctx context.Context, from, to Claim, epoch int64, writer string) error {
	if m.Allows(to) == nil {
		return m.Take(ctx, to, epoch, writer)
	}
	if err := m.Allows(from); err != nil {
		return err
	}
	if from.Lineage != to.Lineage {
		return m.Allows(to)
	}
	return m.Append(ctx, Segment{Epoch: epoch, Writer: writer, Claim: &to})
}

// Fence takes the next number without naming anything, so that a writer of an
// earlier session that still has the old head finds it taken.
func (m *Manifest) Fence(ctx context.Context, epoch int64, writer string) error {
	return m.Append(ctx, Segment{Epoch: epoch, Writer: writer, Fence: true})
}

// Append writes seg as the next segment. The error wraps ErrLost if the number
// is taken or a later session has written; then nothing more can be appended.
// A fence on an unclaimed place writes nothing: nothing can be named there.
func (m *Manifest) Append(ctx context.Context, seg Segment) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if seg.Claim == nil {
		seg.Claim = m.head.Claim
	}
	if seg.Claim == nil {
		if seg.Fence {
			return nil
		}
		return fmt.Errorf("append to manifest %s: the place is not claimed yet", m.row.Prefix)
	}
	if seg.Epoch < m.head.Epoch {
		return fmt.Errorf("append to manifest %s: %w: session %d has written here and this one is %d; if the state was restored from an older copy, run `logpipe state rebuild`",
			m.row.Prefix, ErrLost, m.head.Epoch, seg.Epoch)
	}
	seg.Entries = slices.Clone(seg.Entries)
	for i := range seg.Entries {
		if err := seg.Entries[i].check(); err != nil {
			return fmt.Errorf("append to manifest %s: %w", m.row.Prefix, err)
		}
		seg.Entries[i].utc()
	}
	seg.Format, seg.Seq, seg.Prev, seg.Lines = Format, m.head.Seq+1, m.sum, nil
	sealed, sum, err := encode(&seg)
	if err == nil {
		_, _, err = Decode(sealed) // what cannot be read must not be written
	}
	if err != nil {
		return fmt.Errorf("append to manifest %s: %w", m.row.Prefix, err)
	}
	err = m.row.Create(ctx, seg.Seq, sealed)
	switch {
	case errors.Is(err, store.ErrExists):
		return fmt.Errorf("append to manifest: %w: segment %s is there", ErrLost, m.row.Name(seg.Seq))
	case err != nil:
		return fmt.Errorf("append to manifest: %w", err)
	}
	seg.Entries = nil
	m.head, m.sum = seg, sum
	return nil
}

// Find looks for the entry of an intent whose id NewIntent made, from the head
// backwards as far as the session that opened it. Fence first: then the answer
// is final.
func (m *Manifest) Find(ctx context.Context, intent string) (e Entry, named bool, err error) {
	head := m.Head()
	prev := head.Sum
	for n := head.Seq; n > 0; n-- {
		seg, sum, err := m.read(ctx, n)
		if err != nil {
			return Entry{}, false, err
		}
		if sum != prev {
			return Entry{}, false, m.broken(n + 1)
		}
		prev = seg.Prev
		for _, e := range seg.Entries {
			if e.Intent == intent {
				return e, true, nil
			}
		}
		if seg.Epoch < EpochOf(intent) {
			break
		}
	}
	return Entry{}, false, nil
}

// Entries yields all entries from the first on, checking the chain. An error
// ends the sequence.
func (m *Manifest) Entries(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for seg, err := range m.Tail(ctx, 0) {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			for _, e := range seg.Entries {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// Tail yields the segments after number after up to the head, checking the
// chain among them and up to the head. The error wraps ErrChain if a segment
// is missing, cut or changed, and ends the sequence.
func (m *Manifest) Tail(ctx context.Context, after int64) iter.Seq2[Segment, error] {
	return func(yield func(Segment, error) bool) {
		head := m.Head()
		prev := ""
		for n := after + 1; n <= head.Seq; n++ {
			seg, s, err := m.read(ctx, n)
			switch {
			case err != nil:
			case seg.Prev != prev && (n > after+1 || n == 1):
				err = m.broken(n)
			case n == head.Seq && s != head.Sum:
				err = m.broken(n + 1)
			}
			if !yield(seg, err) || err != nil {
				return
			}
			prev = s
		}
	}
}

// read returns segment n and its hash.
func (m *Manifest) read(ctx context.Context, n int64) (Segment, string, error) {
	b, err := m.row.Read(ctx, n, most)
	if errors.Is(err, store.ErrNotExist) {
		return Segment{}, "", m.missing(n)
	}
	if err != nil {
		return Segment{}, "", fmt.Errorf("read manifest: %w", err)
	}
	seg, sum, err := Decode(b)
	if err == nil && seg.Seq != n {
		err = fmt.Errorf("%w: it is number %d", ErrChain, seg.Seq)
	}
	if err != nil {
		return Segment{}, "", fmt.Errorf("manifest segment %s: %w%s", m.row.Name(n), err, advice(err))
	}
	return seg, sum, nil
}

func advice(err error) string {
	if errors.Is(err, ErrChain) {
		return "; restore the file from a backup: without it nobody can tell what the sink holds"
	}
	return ""
}

func (m *Manifest) missing(n int64) error {
	err := fmt.Errorf("%w: it is missing although later ones are there", ErrChain)
	return fmt.Errorf("manifest segment %s: %w%s", m.row.Name(n), err, advice(err))
}

func (m *Manifest) vanished(n, last int64) error {
	there := "no segment is there"
	if last > 0 {
		there = fmt.Sprintf("segment %d is the last that is there", last)
	}
	err := fmt.Errorf("%w: it is missing: it was written, and %s", ErrChain, there)
	return fmt.Errorf("manifest segment %s: %w", m.row.Name(n), err)
}

func (m *Manifest) another(n int64) error {
	err := fmt.Errorf("%w: it is another than the one that was written: its hash differs from the one that the state remembers", ErrChain)
	return fmt.Errorf("manifest segment %s: %w", m.row.Name(n), err)
}

func (m *Manifest) broken(n int64) error {
	err := fmt.Errorf("%w: it was changed after segment %d was written, which holds its hash", ErrChain, n)
	return fmt.Errorf("manifest segment %s: %w%s", m.row.Name(n-1), err, advice(err))
}

func (c Claim) String() string { return fmt.Sprintf("%s (lineage %s)", c.Sink, c.Lineage) }
