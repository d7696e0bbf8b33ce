// Package state is what survives between runs: which slices of which lane are
// done, which were being stored when a run ended, what sources and sinks are
// called. It is a cache of the manifests, which are the truth.
//
// A State is plain data. It changes by ops (OpenIntent, Finish, …), each a
// small struct, and by nothing else; State.Do is a function of the state and
// the ops.
//
// A File is a state in a store: a row of numbered segments, each created once,
// each holding ops and the hash of the segment before. Who creates segment N+1
// has written it. The lease is politeness, the number is the fence: a session
// begins with a segment of its own (Begin; in a new state its first change), so
// that a writer whose lease was taken finds its next number taken and can write nothing more (ErrLost). The
// serial of that segment is the session's epoch, by which manifests know an
// old writer.
//
// Commit costs the same however long the history is, because a commit writes
// its ops only. Opening stays cheap by two rules. When the ops since the last
// snapshot outweigh it, the next segment is a snapshot of the whole: each byte
// is paid for once more. And every 32nd segment (and 1,024th, …) since the
// snapshot repeats the ops of the 32 (1,024, …) up to it, so that opening
// skips them: at most 31 segments of each size are read. Segments before the
// last but one snapshot are deleted, a few at each Close.
//
// github.com/go-json-experiment/json is the coming encoding/json/v2: fast
// enough that a state of 100,000 slices opens in well under a second, and
// deterministic where asked.
package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/store"
)

const (
	segments  = "segments/"
	leaseName = "state"

	most        = 4 << 30   // bytes; no segment has more
	minSnapshot = 256 << 10 // bytes of ops that are worth one
	fan         = 32        // segments that one packs
)

// Options is how a state is opened.
type Options struct {
	Holder      store.Holder     // who we are; ID must be unlike any other's
	TTL         time.Duration    // of the lease; 0 is two minutes
	LockTimeout time.Duration    // how long to wait for a lease that another has
	Clock       func() time.Time // nil is time.Now
	ReadOnly    bool             // no lease, no session; Apply fails
	Lineage     func() string    // names a new state; called if there is none
}

// File is an open state. Its methods may be called side by side.
type File struct {
	s     store.Store
	row   store.Row
	o     Options
	lease store.Lease // nil if read-only or if the store has none

	mu      sync.Mutex
	st      *State
	last    Segment // its lines are dropped
	packs   []pack  // since the last snapshot, which is not among them
	ops     int64   // bytes in packs
	begins  []Op    // the session's first op, until the first segment of a new state takes it along
	snap    Segment // the last snapshot; Serial 0 if there is none
	size    int64   // bytes of its lines
	first   int64   // oldest number that exists
	written int     // segments in this session
	lost    error   // once set, nothing more is written
	expires time.Time
}

// pack is the ops of one or more segments up to and with number upto.
type pack struct {
	upto  int64
	sum   string // of segment upto
	lines []byte
}

// Open reads the state in s. Unless it is read-only it takes the lease,
// waiting for up to LockTimeout, and begins a session. The error is a
// *store.HeldError if another has the lease, and wraps ErrChain or ErrNewer,
// with the segment's name and what to do, if the state cannot be read.
func Open(ctx context.Context, s store.Store, o Options) (*File, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.TTL <= 0 {
		o.TTL = 2 * time.Minute
	}
	f := &File{s: s, o: o, row: store.Row{Store: s, Prefix: segments}, st: New()}
	if o.ReadOnly {
		return f, f.load(ctx)
	}
	if err := f.lock(ctx); err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	err := f.load(ctx)
	if err == nil {
		err = f.begin(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, f.release(ctx))
	}
	return f, nil
}

// lock takes the lease.
func (f *File) lock(ctx context.Context) error {
	leaser, ok := f.s.(store.Leaser)
	if !ok {
		return nil
	}
	const pause = time.Second
	for waited := time.Duration(0); ; waited += pause {
		f.expires = f.o.Clock().Add(f.o.TTL)
		lease, err := leaser.Lease(ctx, leaseName, f.o.Holder, f.o.TTL)
		if err == nil {
			f.lease = lease
			return nil
		}
		if !errors.Is(err, store.ErrHeld) || waited >= f.o.LockTimeout {
			return err
		}
		t := time.NewTimer(min(pause, f.o.LockTimeout-waited))
		select {
		case <-ctx.Done():
			t.Stop()
			return errors.Join(err, ctx.Err())
		case <-t.C:
		}
	}
}

func (f *File) release(ctx context.Context) error {
	if f.lease == nil {
		return nil
	}
	l := f.lease
	f.lease = nil
	return l.Release(context.WithoutCancel(ctx))
}

// begin writes the fence of this session. A new state is written with its first
// change only: there is nobody to be fenced off, and a run that comes to nothing
// must not leave a state that was never used.
func (f *File) begin(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	begin := Begin{Holder: f.o.Holder, Serial: f.st.Serial + 1}
	if f.st.Lineage == "" {
		if f.o.Lineage == nil {
			return errors.New("open state: there is none yet, and nothing to name a new one")
		}
		f.st.Lineage = f.o.Lineage()
		f.st.Session = Session(begin)
		f.begins = []Op{begin}
		return nil
	}
	if err := f.apply(ctx, []Op{begin}); err != nil {
		return fmt.Errorf("begin session: %w", err)
	}
	return nil
}

// State returns a copy of the state as it stands.
func (f *File) State() *State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.st.Clone()
}

// View calls see with the state itself, which see must neither keep nor
// change. Apply waits meanwhile.
func (f *File) View(see func(*State)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	see(f.st)
}

// Running returns who is writing to the state now, as far as the store can tell:
// the session that began last still has the lease. What it has open is not
// interrupted.
func (f *File) Running(ctx context.Context) (store.Holder, bool) {
	s, ok := f.s.(interface {
		Held(ctx context.Context, name string) (store.Holder, bool, error)
	})
	if !ok {
		return store.Holder{}, false
	}
	h, held, err := s.Held(ctx, leaseName)
	f.mu.Lock()
	defer f.mu.Unlock()
	return h, err == nil && held && h.ID == f.st.Session.Holder.ID && h.ID != f.o.Holder.ID
}

// New reports whether there is no state yet: nothing was written.
func (f *File) New() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.st.Serial == 0
}

// Holder returns who we are.
func (f *File) Holder() store.Holder { return f.o.Holder }

// Epoch returns the serial with which this session began.
func (f *File) Epoch() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.st.Session.Serial
}

// NewIntent returns an id for an intent of this session.
func (f *File) NewIntent() string { return manifest.NewIntent(f.Epoch()) }

// Apply writes ops as one segment; then they are done and survive a crash. An
// error means that none of them is. It wraps ErrLost if somebody else wrote,
// and then every later Apply fails, too.
func (f *File) Apply(ctx context.Context, ops ...Op) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.writable()
	if err == nil && f.due() {
		err = f.snapshot(ctx)
	}
	if err == nil {
		err = f.apply(ctx, ops)
	}
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return nil
}

func (f *File) writable() error {
	if f.o.ReadOnly {
		return errors.New("it was opened for reading")
	}
	return f.lost
}

// apply does ops, writes them, and takes them back if they could not be
// written. They are done as they will be read.
func (f *File) apply(ctx context.Context, ops []Op) error {
	var lines []byte
	var err error
	ops = append(slices.Clone(f.begins), ops...)
	for i, op := range ops {
		start := len(lines)
		if lines, err = appendOp(lines, op); err != nil {
			return err
		}
		if ops[i], err = parseOp(lines[start : len(lines)-1]); err != nil {
			return fmt.Errorf("encode %T: %w", op, err)
		}
	}
	undo, err := f.st.do(ops)
	if err == nil {
		err = f.write(ctx, lines)
	}
	if err != nil {
		for _, u := range slices.Backward(undo) {
			u()
		}
	}
	return err
}

// write creates the next segment from the lines of its ops.
func (f *File) write(ctx context.Context, lines []byte) error {
	h := f.head()
	own := pack{upto: h.Serial, lines: lines}
	keep := len(f.packs)
	if h.Since > 0 {
		if since, sum := f.reach(h.Serial); since < h.Since {
			h.Since, h.SinceSum = since, sum
			keep, _ = slices.BinarySearchFunc(f.packs, since+1, func(p pack, n int64) int { return int(p.upto - n) })
			own.lines = nil
			for _, p := range f.packs[keep:] {
				own.lines = append(own.lines, p.lines...)
			}
			own.lines = append(own.lines, lines...)
		}
	}
	seg, err := f.create(ctx, h, own.lines)
	if err != nil {
		return err
	}
	if h.Since == 0 { // the first of all stands for a snapshot
		f.snap, f.size = seg, int64(len(lines))
		return nil
	}
	own.sum = seg.sum
	f.packs = append(f.packs[:keep], own)
	f.ops += int64(len(lines))
	return nil
}

// head returns the head of the next segment.
func (f *File) head() head {
	return head{Format: Format, Lineage: f.st.Lineage, Serial: f.st.Serial + 1, Prev: f.last.sum,
		Since: f.st.Serial, Writer: f.o.Holder.ID, At: f.o.Clock().UTC()}
}

// reach returns from where segment n should repeat the ops: the largest power
// of fan that divides its distance from the snapshot says how far back.
func (f *File) reach(n int64) (since int64, sum string) {
	distance := n - f.snap.Serial
	span := int64(1)
	for distance%(span*fan) == 0 {
		span *= fan
	}
	since = n - span
	if since == f.snap.Serial {
		return since, f.snap.sum
	}
	i, ok := slices.BinarySearchFunc(f.packs, since, func(p pack, n int64) int { return int(p.upto - n) })
	if !ok {
		return n - 1, ""
	}
	return since, f.packs[i].sum
}

// create writes a segment and moves on to it.
func (f *File) create(ctx context.Context, h head, lines []byte) (Segment, error) {
	seg, sealed, err := encode(h, lines)
	if err != nil {
		return seg, err
	}
	if err := f.row.Create(ctx, h.Serial, sealed); err != nil {
		if errors.Is(err, store.ErrExists) {
			f.lost = fmt.Errorf("%w: segment %s is there", ErrLost, f.row.Name(h.Serial))
			return seg, f.lost
		}
		return seg, err
	}
	f.last = seg
	f.begins = nil
	f.st.Serial = h.Serial
	f.first = max(f.first, 1)
	f.written++
	return seg, nil
}

// due reports whether the ops since the last snapshot outweigh it.
func (f *File) due() bool { return f.ops >= max(f.size, minSnapshot) }

// snapshot writes the whole state as the next segment.
func (f *File) snapshot(ctx context.Context) error {
	return f.replace(ctx, f.st)
}

// replace writes st as the next segment, in place of what was.
func (f *File) replace(ctx context.Context, st *State) error {
	var lines []byte
	var err error
	for _, op := range st.ops() {
		if lines, err = appendOp(lines, op); err != nil {
			return err
		}
	}
	h := f.head()
	h.Since, h.Earlier, h.Session = 0, f.snap.Serial, st.Session
	seg, err := f.create(ctx, h, lines)
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	f.snap, f.size, f.packs, f.ops = seg, int64(len(lines)), nil, 0
	return nil
}

// RenewEvery returns how often Renew wants to be called.
func (f *File) RenewEvery() time.Duration { return f.o.TTL / 3 }

// Renew makes the lease last longer. It fails with ErrLost once somebody else
// has it.
func (f *File) Renew(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.renew(ctx)
}

func (f *File) renew(ctx context.Context) error {
	if f.lease == nil || f.lost != nil {
		return f.lost
	}
	now := f.o.Clock()
	err := f.lease.Renew(ctx)
	switch {
	case err == nil:
		f.expires = now.Add(f.o.TTL)
	case errors.Is(err, store.ErrHeld):
		f.lost = fmt.Errorf("%w: %w", ErrLost, err)
		return f.lost
	}
	return err
}

// Check fails with ErrLost if it is known that we may not write. If the
// lease's time is over it is renewed first, which finds out.
func (f *File) Check(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lease != nil && f.lost == nil && !f.o.Clock().Before(f.expires) {
		return f.renew(ctx)
	}
	return f.lost
}

// Close writes a snapshot if one is due, deletes some segments that nobody
// needs any more, and gives the lease back.
func (f *File) Close(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.o.ReadOnly {
		return nil
	}
	var err error
	if f.lost == nil {
		if f.due() {
			err = f.snapshot(ctx)
		}
		f.prune(ctx)
	}
	if e := f.release(ctx); e != nil {
		err = errors.Join(err, e)
	}
	if f.lost == nil {
		f.lost = errors.New("it was closed")
	}
	if err != nil {
		return fmt.Errorf("close state: %w", err)
	}
	return nil
}

// prune deletes the oldest segments that stand before the last but one
// snapshot: as many as this session wrote, twice, so that they become fewer
// without any run waiting for long. Whatever cannot be deleted stays.
func (f *File) prune(ctx context.Context) {
	for range 2*f.written + 8 {
		if f.first == 0 || f.first >= f.snap.Earlier || f.row.Delete(ctx, f.first) != nil {
			return
		}
		f.first++
	}
}
