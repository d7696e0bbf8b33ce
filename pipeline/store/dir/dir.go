// Package dir is a store in a directory.
//
// An object is a file of the same name under the root. It comes into being in
// one step: a temporary file in the same folder is written and synced, linked
// to its name, and the folder is synced. Linking fails if the name is taken,
// however many writers race; renaming would replace. A file under its own name
// is therefore always whole, and a crash leaves at most files that begin with
// ".tmp-", which List does not show and Sweep removes.
//
// Everything goes through os.Root: no name and no symbolic link leads out of
// the directory. Files are 0600, folders 0700. The root is made by the first
// Create; before, the store reads as empty, so that looking changes nothing.
//
// Leases are files, too (lease.go). On a file system that several machines
// share they are as good as its locks; the fence does not depend on them.
package dir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/logpipe/logpipe/pipeline/store"
)

const (
	temp = ".tmp-"

	tempLength = 26 // of rand.Text, which follows temp
	leaseDir   = ".lease"
)

// Options are the settings of a Store; the zero value is ready.
type Options struct {
	Clock func() time.Time // for leases; nil is time.Now
}

// Store is a store.Store and a store.Leaser on a directory.
type Store struct {
	path  string
	clock func() time.Time

	mu     sync.Mutex
	root   *os.Root        // nil until the directory is seen to exist
	synced map[string]bool // folders that survive a crash, as far as this process knows
}

// Open returns the store on the directory root, which need not exist yet.
func Open(root string, o Options) (*Store, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", root, err)
	}
	s := &Store{path: abs, clock: o.Clock, synced: map[string]bool{}}
	if s.clock == nil {
		s.clock = time.Now
	}
	if _, err := s.dir(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return s, nil
}

// Close gives back the directory's file handle. Nothing may be running.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.root == nil {
		return nil
	}
	err := s.root.Close()
	s.root = nil
	return err
}

// dir returns the root; the error wraps fs.ErrNotExist if there is none yet.
func (s *Store) dir() (*os.Root, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.root != nil {
		return s.root, nil
	}
	r, err := os.OpenRoot(s.path)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", s.path, err)
	}
	s.root = r
	return r, nil
}

// made returns the root and makes it if there is none.
func (s *Store) made() (*os.Root, error) {
	r, err := s.dir()
	if !errors.Is(err, fs.ErrNotExist) {
		return r, err
	}
	if err := makeRoot(s.path); err != nil {
		return nil, fmt.Errorf("make store: %w", err)
	}
	return s.dir()
}

// makeRoot is os.MkdirAll that survives a crash.
func makeRoot(p string) error {
	err := os.Mkdir(p, 0o700)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeRoot(filepath.Dir(p)); err != nil {
			return err
		}
		err = os.Mkdir(p, 0o700)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	parent, err := os.Open(filepath.Dir(p))
	if err != nil {
		return nil // a parent that may not be read cannot be synced either
	}
	defer parent.Close()
	return syncDir(parent)
}

// checkName refuses what List would not show.
func checkName(name string) error {
	if err := store.CheckName(name); err != nil {
		return err
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, temp) {
			return fmt.Errorf("object name %q has a part that begins with %s, which is for unfinished files", name, temp)
		}
	}
	if first, _, _ := strings.Cut(name, "/"); first == leaseDir {
		return fmt.Errorf("object name %q begins with %s, which is for leases", name, leaseDir)
	}
	return nil
}

// Open reads an object.
func (s *Store) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if err := errors.Join(ctx.Err(), checkName(name)); err != nil {
		return nil, err
	}
	r, err := s.dir()
	if err == nil {
		var f *os.File
		if f, err = openRegular(r, name); err == nil {
			return f, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, fmt.Errorf("open %s: %w", name, store.ErrNotExist)
	}
	return nil, fmt.Errorf("open %s: %w", name, err)
}

// openRegular opens a file that is one: a pipe would block, and a link was not
// put there by us.
func openRegular(r *os.Root, name string) (*os.File, error) {
	info, err := r.Lstat(local(name))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: there is a %s of this name", fs.ErrNotExist, kindOf(info.Mode()))
	}
	return r.Open(local(name))
}

func kindOf(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "folder"
	case m&fs.ModeSymlink != 0:
		return "symbolic link"
	default:
		return "special file"
	}
}

// Delete removes an object and the folders that it leaves empty.
func (s *Store) Delete(ctx context.Context, name string) error {
	if err := errors.Join(ctx.Err(), checkName(name)); err != nil {
		return err
	}
	r, err := s.dir()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := r.Lstat(local(name))
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || err == nil && info.IsDir():
		return nil
	case err != nil:
		return fmt.Errorf("delete %s: %w", name, err)
	}
	if err := r.Remove(local(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete %s: %w", name, err)
	}
	return s.tidy(r, path.Dir(name))
}

// tidy removes folder d and its parents as far as they are empty, and makes
// the removal last. A Create that comes between makes its folder again.
func (s *Store) tidy(r *os.Root, d string) error {
	for d != "." && r.Remove(local(d)) == nil {
		s.forget(d)
		d = path.Dir(d)
	}
	if err := syncFolder(r, d); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("sync folder %s: %w", d, err)
	}
	return nil
}

// ensure makes folder d and sees to it that it survives a crash. Another
// process may have made it a moment ago without having synced it yet, hence
// one sync for each folder that this process has not met.
func (s *Store) ensure(r *os.Root, d string) error {
	if d == "." || s.isSynced(d) {
		return nil
	}
	if err := s.ensure(r, path.Dir(d)); err != nil {
		return err
	}
	if err := r.Mkdir(local(d), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := syncFolder(r, path.Dir(d)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.synced) > 4096 {
		clear(s.synced)
	}
	s.synced[d] = true
	return nil
}

func (s *Store) isSynced(d string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.synced[d]
}

// forget drops d and its parents from what is known.
func (s *Store) forget(d string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ; d != "."; d = path.Dir(d) {
		delete(s.synced, d)
	}
}

func syncFolder(r *os.Root, d string) error {
	f, err := r.Open(local(d))
	if err != nil {
		return err
	}
	defer f.Close()
	return syncDir(f)
}

// local turns a name into a path of this operating system.
func local(name string) string { return filepath.FromSlash(name) }
