package dir

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/logpipe/logpipe/pipeline/store"
)

// List yields the objects in the order of their whole names. It reads one
// folder at a time and only those that can hold an answer, and asks for the
// size of what it yields only.
func (s *Store) List(ctx context.Context, prefix, after string) iter.Seq2[store.Info, error] {
	return func(yield func(store.Info, error) bool) {
		r, err := s.dir()
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			yield(store.Info{}, err)
			return
		}
		w := walk{ctx: ctx, r: r, prefix: prefix, after: after, yield: yield}
		w.folder("")
	}
}

type walk struct {
	ctx           context.Context
	r             *os.Root
	prefix, after string
	yield         func(store.Info, error) bool
}

// folder walks the folder whose name with its slash is d; "" is the root. It
// reports whether to go on.
func (w *walk) folder(d string) bool {
	entries, err := readFolder(w.r, d)
	if err != nil {
		return w.fail(fmt.Errorf("list %q: %w", d, err))
	}
	for _, e := range entries {
		if err := w.ctx.Err(); err != nil {
			return w.fail(fmt.Errorf("list %q: %w", d, err))
		}
		if !w.entry(d+sortName(e), e) {
			return false
		}
	}
	return true
}

func (w *walk) entry(name string, e fs.DirEntry) bool {
	switch {
	case strings.HasPrefix(e.Name(), temp) || name == leaseDir+"/":
		return true
	case e.IsDir():
		may := strings.HasPrefix(name, w.prefix) || strings.HasPrefix(w.prefix, name)
		past := w.after >= name && !strings.HasPrefix(w.after, name)
		return !may || past || w.folder(name)
	case !e.Type().IsRegular() || !strings.HasPrefix(name, w.prefix) || name <= w.after:
		return true
	}
	info, err := e.Info()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true // deleted while we looked
	case err != nil:
		return w.fail(fmt.Errorf("list %s: %w", name, err))
	}
	return w.yield(store.Info{Name: name, Size: info.Size(), Modified: info.ModTime()}, nil)
}

func (w *walk) fail(err error) bool {
	w.yield(store.Info{}, err)
	return false
}

// readFolder returns what lies in d in the order of whole names; a folder that
// has just vanished is empty.
func readFolder(r *os.Root, d string) ([]fs.DirEntry, error) {
	f, err := r.Open(local(path.Join(".", d)))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			return nil, nil
		}
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(sortName(a), sortName(b)) })
	return entries, nil
}

// sortName is the name by which an entry sorts among whole object names: "a.x"
// comes before "a/b".
func sortName(e fs.DirEntry) string {
	if e.IsDir() {
		return e.Name() + "/"
	}
	return e.Name()
}

// Sweep removes unfinished files that were last written before olderThan: what
// killed writers left behind. A folder that cannot be read does not keep it from
// the others.
func (s *Store) Sweep(ctx context.Context, olderThan time.Time) error {
	r, err := s.dir()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return sweep(ctx, r, "", olderThan)
}

func sweep(ctx context.Context, r *os.Root, d string, olderThan time.Time) error {
	entries, err := readFolder(r, d)
	if err != nil {
		return fmt.Errorf("sweep %q: %w", d, err)
	}
	for _, e := range entries {
		if e := ctx.Err(); e != nil {
			return fmt.Errorf("sweep %q: %w", d, e)
		}
		switch {
		case e.IsDir():
			err = cmp.Or(err, sweep(ctx, r, d+e.Name()+"/", olderThan))
		case e.Type().IsRegular() && isTemp(e.Name()):
			err = cmp.Or(err, sweepFile(r, d+e.Name(), e, olderThan))
		}
	}
	return err
}

// isTemp reports whether createTemp made a name: the folder may be shared with
// people who like dots, too.
func isTemp(name string) bool {
	id, ok := strings.CutPrefix(name, temp)
	return ok && len(id) == tempLength && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '2' || r > '7')
	})
}

func sweepFile(r *os.Root, name string, e fs.DirEntry, olderThan time.Time) error {
	info, err := e.Info()
	if err == nil && info.ModTime().Before(olderThan) {
		err = r.Remove(local(name))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("sweep %s: %w", name, err)
	}
	return nil
}
