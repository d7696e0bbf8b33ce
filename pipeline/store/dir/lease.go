package dir

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/logpipe/logpipe/pipeline/store"
)

// A lease is the file .lease/NAME.json that holds its store.Holder. It is
// read, judged and written under a lock on .lease/NAME.lock, which the
// operating system lets go when its process ends. Without locks (a network
// file system that has none) the first taking is still exclusive, because the
// file is linked into place.

// Lease takes the lease called name for holder, for ttl from now.
func (s *Store) Lease(ctx context.Context, name string, holder store.Holder, ttl time.Duration) (store.Lease, error) {
	l := &lease{s: s, name: name, holder: holder, ttl: ttl}
	err := l.locked(ctx, true, func(r *os.Root) error {
		now := s.clock()
		old, err := readHolder(r, name)
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		case err == nil && now.Before(old.Expires):
			return &store.HeldError{Holder: old}
		}
		return l.write(r, err == nil, now)
	})
	if err != nil {
		return nil, fmt.Errorf("take lease %s: %w", name, err)
	}
	return l, nil
}

// Held returns who has the lease called name now, and false if nobody has.
func (s *Store) Held(ctx context.Context, name string) (store.Holder, bool, error) {
	if err := errors.Join(ctx.Err(), checkName(name)); err != nil {
		return store.Holder{}, false, err
	}
	r, err := s.dir()
	var h store.Holder
	if err == nil {
		h, err = readHolder(r, name)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return store.Holder{}, false, nil
	case err != nil:
		return store.Holder{}, false, fmt.Errorf("read lease %s: %w", name, err)
	}
	return h, s.clock().Before(h.Expires), nil
}

// Break removes the lease called name if it carries id.
func (s *Store) Break(ctx context.Context, name, id string) error {
	l := &lease{s: s, name: name, holder: store.Holder{ID: id}}
	if err := l.locked(ctx, false, l.remove); err != nil {
		return fmt.Errorf("break lease %s: %w", name, err)
	}
	return nil
}

type lease struct {
	s      *Store
	name   string
	holder store.Holder
	ttl    time.Duration
}

// Renew makes the lease last for its time from now. One that is over but that
// nobody took is still ours.
func (l *lease) Renew(ctx context.Context) error {
	err := l.locked(ctx, false, func(r *os.Root) error {
		if err := l.mine(r); err != nil {
			return err
		}
		return l.write(r, true, l.s.clock())
	})
	if err != nil {
		return fmt.Errorf("renew lease %s: %w", l.name, err)
	}
	return nil
}

// Release gives the lease back; one that is no longer ours is left alone.
func (l *lease) Release(ctx context.Context) error {
	err := l.locked(ctx, false, l.remove)
	if err != nil && !errors.Is(err, store.ErrHeld) {
		return fmt.Errorf("release lease %s: %w", l.name, err)
	}
	return nil
}

// locked runs f under the lock of the lease.
func (l *lease) locked(ctx context.Context, make bool, f func(*os.Root) error) error {
	if err := errors.Join(ctx.Err(), checkName(l.name)); err != nil {
		return err
	}
	r, err := l.s.dir()
	if make {
		r, err = l.s.made()
	}
	if err == nil && make {
		err = l.s.ensure(r, leaseDir)
	}
	if err != nil {
		return err
	}
	lock, err := r.OpenFile(local(lockName(l.name)), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close() // lets go of the lock
	if err := lockFile(ctx, lock); err != nil {
		return err
	}
	return f(r)
}

// mine fails unless the lease is ours.
func (l *lease) mine(r *os.Root) error {
	h, err := readHolder(r, l.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w no longer: it was released or broken", store.ErrHeld)
	case err != nil:
		return err
	case h.ID != l.holder.ID:
		return &store.HeldError{Holder: h}
	}
	return nil
}

func (l *lease) remove(r *os.Root) error {
	if err := l.mine(r); err != nil {
		return err
	}
	return r.Remove(local(leaseName(l.name)))
}

// write puts the holder's file in place: linked when there must be none,
// renamed over the old one otherwise, so that a reader sees a whole one.
func (l *lease) write(r *os.Root, replace bool, now time.Time) error {
	l.holder.Expires = now.Add(l.ttl)
	b, err := json.MarshalIndent(l.holder, "", "  ")
	if err != nil {
		return err
	}
	f, t, err := l.s.createTemp(r, leaseDir)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	switch {
	case err != nil:
	case replace:
		err = r.Rename(local(t), local(leaseName(l.name)))
	default:
		err = r.Link(local(t), local(leaseName(l.name)))
	}
	if err != nil || !replace {
		err = errors.Join(err, r.Remove(local(t)))
	}
	return err
}

func readHolder(r *os.Root, name string) (store.Holder, error) {
	f, err := openRegular(r, leaseName(name))
	if err != nil {
		return store.Holder{}, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return store.Holder{}, err
	}
	var h store.Holder
	if err := json.Unmarshal(b, &h); err != nil {
		return store.Holder{}, fmt.Errorf("file %s does not say who holds the lease: %w; if nothing is running, remove it", leaseName(name), err)
	}
	return h, nil
}

func leaseName(name string) string { return leaseDir + "/" + name + ".json" }
func lockName(name string) string  { return leaseDir + "/" + name + ".lock" }
