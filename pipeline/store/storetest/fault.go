package storetest

import (
	"context"
	"errors"
	"io"
	"iter"
	"sync"

	"github.com/logpipe/logpipe/pipeline/store"
)

// ErrFault is what a Fault answers.
var ErrFault = errors.New("fault")

// Plan says where stores fail. One plan may serve several stores, whose
// operations it counts together: Create, Write, Commit, Open, List and Delete.
type Plan struct {
	At    int  // the operation that fails, from 1; 0 is never
	After bool // it takes effect all the same: only its answer is lost
	Dies  bool // nothing works any more afterwards, as after kill -9

	mu sync.Mutex
	n  int
}

// Reached reports whether the failure has come.
func (p *Plan) Reached() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.At > 0 && p.n >= p.At
}

// step counts an operation and runs it as far as the plan allows.
func (p *Plan) step(do func() error) error {
	p.mu.Lock()
	p.n++
	n := p.n
	p.mu.Unlock()
	switch {
	case p.At == 0 || n < p.At || n > p.At && !p.Dies:
		return do()
	case n == p.At && p.After:
		return errors.Join(ErrFault, do())
	}
	return ErrFault
}

// Fault is a store that fails as its plan says. It gives no leases.
type Fault struct {
	Under store.Store
	Plan  *Plan
}

// Create begins an object.
func (f Fault) Create(ctx context.Context, name string, meta map[string]string) (w store.Writer, err error) {
	err = f.Plan.step(func() error { w, err = f.Under.Create(ctx, name, meta); return err })
	if err != nil {
		return nil, err
	}
	return faultWriter{w, f.Plan}, nil
}

type faultWriter struct {
	store.Writer
	plan *Plan
}

func (w faultWriter) Write(b []byte) (n int, err error) {
	err = w.plan.step(func() error { n, err = w.Writer.Write(b); return err })
	return n, err
}

func (w faultWriter) Commit(ctx context.Context) error {
	return w.plan.step(func() error { return w.Writer.Commit(ctx) })
}

// Open reads an object.
func (f Fault) Open(ctx context.Context, name string) (r io.ReadCloser, err error) {
	err = f.Plan.step(func() error { r, err = f.Under.Open(ctx, name); return err })
	return r, err
}

// List yields objects, or one error.
func (f Fault) List(ctx context.Context, prefix, after string) iter.Seq2[store.Info, error] {
	if err := f.Plan.step(func() error { return nil }); err != nil {
		return func(yield func(store.Info, error) bool) { yield(store.Info{}, err) }
	}
	return f.Under.List(ctx, prefix, after)
}

// Delete removes an object.
func (f Fault) Delete(ctx context.Context, name string) error {
	return f.Plan.step(func() error { return f.Under.Delete(ctx, name) })
}
