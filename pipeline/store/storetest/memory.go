package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/logpipe/logpipe/pipeline/store"
)

// Memory is a store in memory that gives leases, too.
type Memory struct {
	clock func() time.Time

	mu     sync.Mutex
	names  []string // sorted
	data   map[string]object
	leases map[string]store.Holder
}

type object struct {
	data []byte
	at   time.Time
}

// NewMemory returns an empty store. clock may be nil: time.Now.
func NewMemory(clock func() time.Time) *Memory {
	if clock == nil {
		clock = time.Now
	}
	return &Memory{clock: clock, data: map[string]object{}, leases: map[string]store.Holder{}}
}

// Set puts an object in place of what is there: what no Store can do, but a
// hand can.
func (m *Memory) Set(name string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(name, data)
}

func (m *Memory) set(name string, data []byte) {
	if i, found := slices.BinarySearch(m.names, name); !found {
		m.names = slices.Insert(m.names, i, name)
	}
	m.data[name] = object{data: data, at: m.clock()}
}

// Get returns an object's bytes, nil if there is none.
func (m *Memory) Get(name string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data[name].data
}

// Create begins an object.
func (m *Memory) Create(ctx context.Context, name string, _ map[string]string) (store.Writer, error) {
	if err := errors.Join(ctx.Err(), store.CheckName(name)); err != nil {
		return nil, err
	}
	return &memoryWriter{m: m, name: name}, nil
}

type memoryWriter struct {
	m     *Memory
	name  string
	b     bytes.Buffer
	ended bool
}

func (w *memoryWriter) Write(p []byte) (int, error) { return w.b.Write(p) }

func (w *memoryWriter) Commit(ctx context.Context) error {
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	_, taken := w.m.data[w.name]
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case w.ended:
		return fmt.Errorf("commit %s: it was ended before", w.name)
	case taken:
		return fmt.Errorf("commit %s: %w", w.name, store.ErrExists)
	}
	w.ended = true
	w.m.set(w.name, w.b.Bytes())
	return nil
}

func (w *memoryWriter) Abort() error { w.ended = true; return nil }

// Open reads an object.
func (m *Memory) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if err := errors.Join(ctx.Err(), store.CheckName(name)); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.data[name]
	if !ok {
		return nil, fmt.Errorf("open %s: %w", name, store.ErrNotExist)
	}
	return io.NopCloser(bytes.NewReader(o.data)), nil
}

// List yields the objects by name.
func (m *Memory) List(ctx context.Context, prefix, after string) iter.Seq2[store.Info, error] {
	return func(yield func(store.Info, error) bool) {
		for last := max(prefix, after); ; {
			if err := ctx.Err(); err != nil {
				yield(store.Info{}, err)
				return
			}
			info, ok := m.next(last, last == after)
			if !ok || !strings.HasPrefix(info.Name, prefix) || !yield(info, nil) {
				return
			}
			last, after = info.Name, info.Name
		}
	}
}

// next returns the first object at or, if past, behind name.
func (m *Memory) next(name string, past bool) (store.Info, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, found := slices.BinarySearch(m.names, name)
	if found && past {
		i++
	}
	if i == len(m.names) {
		return store.Info{}, false
	}
	n := m.names[i]
	return store.Info{Name: n, Size: int64(len(m.data[n].data)), Modified: m.data[n].at}, true
}

// Delete removes an object.
func (m *Memory) Delete(ctx context.Context, name string) error {
	if err := errors.Join(ctx.Err(), store.CheckName(name)); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if i, found := slices.BinarySearch(m.names, name); found {
		m.names = slices.Delete(m.names, i, i+1)
		delete(m.data, name)
	}
	return nil
}

// Lease takes a lease.
func (m *Memory) Lease(_ context.Context, name string, h store.Holder, ttl time.Duration) (store.Lease, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.leases[name]; ok && m.clock().Before(old.Expires) {
		return nil, &store.HeldError{Holder: old}
	}
	h.Expires = m.clock().Add(ttl)
	m.leases[name] = h
	return &memoryLease{m: m, name: name, id: h.ID, ttl: ttl}, nil
}

// Break removes a lease.
func (m *Memory) Break(_ context.Context, name, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.drop(name, id)
}

func (m *Memory) drop(name, id string) error {
	old, ok := m.leases[name]
	switch {
	case !ok:
		return fmt.Errorf("lease %s: %w no longer", name, store.ErrHeld)
	case old.ID != id:
		return &store.HeldError{Holder: old}
	}
	delete(m.leases, name)
	return nil
}

type memoryLease struct {
	m        *Memory
	name, id string
	ttl      time.Duration
}

func (l *memoryLease) Renew(context.Context) error {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	old := l.m.leases[l.name]
	if err := l.m.drop(l.name, l.id); err != nil {
		return err
	}
	old.Expires = l.m.clock().Add(l.ttl)
	l.m.leases[l.name] = old
	return nil
}

func (l *memoryLease) Release(context.Context) error {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if err := l.m.drop(l.name, l.id); !errors.Is(err, store.ErrHeld) {
		return err
	}
	return nil
}
