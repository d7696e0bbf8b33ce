package dir

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/logpipe/logpipe/pipeline/store"
)

const bufferSize = 64 << 10

// writer is one object on its way. It is not for use by several goroutines.
type writer struct {
	s    *Store
	r    *os.Root
	name string
	temp string
	f    *os.File // nil once ended
	buf  *bufio.Writer
}

// Create begins an object. meta is not kept: a file has nowhere to put it.
func (s *Store) Create(ctx context.Context, name string, _ map[string]string) (store.Writer, error) {
	if err := errors.Join(ctx.Err(), checkName(name)); err != nil {
		return nil, err
	}
	r, err := s.made()
	if err != nil {
		return nil, err
	}
	if _, err := r.Lstat(local(name)); err == nil {
		return nil, fmt.Errorf("create %s: %w", name, store.ErrExists)
	}
	f, t, err := s.createTemp(r, path.Dir(name))
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", name, err)
	}
	return &writer{s: s, r: r, name: name, temp: t, f: f, buf: bufio.NewWriterSize(f, bufferSize)}, nil
}

// createTemp opens a new unfinished file in folder d. A folder may vanish
// between its making and the opening when a Delete empties it; then it is made
// again.
func (s *Store) createTemp(r *os.Root, d string) (f *os.File, name string, err error) {
	for range 10 {
		if err = s.ensure(r, d); err == nil {
			name = path.Join(d, temp+rand.Text())
			if f, err = r.OpenFile(local(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
				return f, name, nil
			}
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, "", err
		}
		s.forget(d)
	}
	return nil, "", err
}

func (w *writer) Write(p []byte) (int, error) {
	if w.f == nil {
		return 0, fmt.Errorf("write %s: %w", w.name, fs.ErrClosed)
	}
	return w.buf.Write(p)
}

// Commit makes the object durable and visible. After an error nothing is left
// behind, except that when the last sync fails the object may stand there
// although it may not survive a crash.
func (w *writer) Commit(ctx context.Context) error {
	if w.f == nil {
		return fmt.Errorf("commit %s: %w", w.name, fs.ErrClosed)
	}
	if err := errors.Join(ctx.Err(), w.buf.Flush(), w.f.Sync()); err != nil {
		return errors.Join(fmt.Errorf("commit %s: %w", w.name, err), w.Abort())
	}
	err := w.f.Close()
	w.f = nil
	if err == nil {
		err = w.r.Link(local(w.temp), local(w.name))
	}
	_ = w.r.Remove(local(w.temp)) // what stays is swept
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("commit %s: %w", w.name, store.ErrExists)
	case errors.Is(err, errors.ErrUnsupported) || isNoLink(err):
		return fmt.Errorf("commit %s: the file system of %s has no hard links, without which an object cannot be created exactly once; use another file system: %w", w.name, w.s.path, err)
	case err != nil:
		return fmt.Errorf("commit %s: %w", w.name, err)
	}
	if err := syncFolder(w.r, path.Dir(w.name)); err != nil {
		return fmt.Errorf("commit %s: sync its folder: %w", w.name, err)
	}
	return nil
}

// Abort removes what was written.
func (w *writer) Abort() error {
	if w.f == nil {
		return nil
	}
	err := w.f.Close()
	w.f = nil
	if e := w.r.Remove(local(w.temp)); !errors.Is(e, fs.ErrNotExist) {
		err = errors.Join(err, e)
	}
	if err != nil {
		return fmt.Errorf("abort %s: %w", w.name, err)
	}
	return nil
}
