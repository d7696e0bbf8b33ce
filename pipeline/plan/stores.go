package plan

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/config"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/store"
)

// Stores finds the store and the manifest of each sink, and opens each once. A
// sink without a store of its own (a service) keeps its manifest and its
// rejects beside the state.
type Stores struct {
	fallback store.Store // the state's; nil if there is no state yet

	mu        sync.Mutex
	stores    map[addr.Instance]store.Store
	manifests map[addr.Instance]*manifest.Manifest
}

// NewStores returns the stores of a pipeline whose state lives in fallback.
func NewStores(fallback store.Store) *Stores {
	return &Stores{fallback: fallback, stores: map[addr.Instance]store.Store{}, manifests: map[addr.Instance]*manifest.Manifest{}}
}

// Store returns the store in which a sink's manifest and rejects live, and the
// prefix of their names.
func (s *Stores) Store(ctx context.Context, in *config.Instance) (store.Store, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open(ctx, in)
}

func (s *Stores) open(ctx context.Context, in *config.Instance) (store.Store, string, error) {
	stored, own := in.Sink.(pipeline.Stored)
	if !own {
		if s.fallback == nil {
			return nil, "", fmt.Errorf("open the manifest of %s: there is no state yet", in.Addr)
		}
		return s.fallback, "sinks/" + pipeline.Slug(in.Addr.String()) + "/", nil
	}
	if st, ok := s.stores[in.Addr]; ok {
		return st, ".logpipe/", nil
	}
	st, err := stored.Store(ctx)
	if err != nil {
		return nil, "", err
	}
	s.stores[in.Addr] = st
	return st, ".logpipe/", nil
}

// Manifest returns the manifest of a sink.
func (s *Stores) Manifest(ctx context.Context, in *config.Instance) (*manifest.Manifest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m, ok := s.manifests[in.Addr]; ok {
		return m, nil
	}
	st, prefix, err := s.open(ctx, in)
	if err != nil {
		return nil, err
	}
	m, err := manifest.Open(ctx, st, prefix+"manifest")
	if err != nil {
		return nil, fmt.Errorf("open the manifest of %s: %w%s", in.Addr, err, lostForGood(in, err))
	}
	s.manifests[in.Addr] = m
	return m, nil
}

// Known returns the manifest of a sink if it leads on from the head that the
// state knows. One that vanished would look like one that is new, and everything
// would be stored again.
func (s *Stores) Known(ctx context.Context, in *config.Instance, head manifest.Head) (*manifest.Manifest, error) {
	m, err := s.Manifest(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := m.Check(ctx, head); err != nil {
		return nil, fmt.Errorf("check the manifest of %s: %w%s", in.Addr, err, lostForGood(in, err))
	}
	return m, nil
}

// Sweep removes what killed writers left unfinished in the stores that were
// opened, the state's among them, if it was last written before olderThan.
func (s *Stores) Sweep(ctx context.Context, olderThan time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []store.Store{s.fallback}
	for _, st := range s.stores {
		all = append(all, st)
	}
	var errs []error
	for _, st := range all {
		if st, ok := st.(interface {
			Sweep(context.Context, time.Time) error
		}); ok {
			errs = append(errs, st.Sweep(ctx, olderThan))
		}
	}
	return errors.Join(errs...)
}

// lostForGood is what to do about a manifest that nobody can bring back.
func lostForGood(in *config.Instance, err error) string {
	if !errors.Is(err, manifest.ErrChain) {
		return ""
	}
	where := "its place"
	if stored, ok := in.Sink.(pipeline.Stored); ok {
		where = fmt.Sprintf("%q", stored.Place())
	}
	return fmt.Sprintf("; bring %s back as it was (is it mounted? is there a backup?); if it is lost for good, move away what is left of it and run `logpipe state rm '%s'`: then whatever its sources still have is stored again", where, in.Addr)
}
