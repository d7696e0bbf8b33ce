package dir_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/logpipe/logpipe/pipeline/store"
	"github.com/logpipe/logpipe/pipeline/store/dir"
	"github.com/logpipe/logpipe/pipeline/store/storetest"
)

func open(t *testing.T, root string, o dir.Options) *dir.Store {
	t.Helper()
	s, err := dir.Open(root, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		return open(t, filepath.Join(t.TempDir(), "not", "there", "yet"), dir.Options{})
	})
}

func TestLookingChangesNothing(t *testing.T) {
	root := filepath.Join(t.TempDir(), "new")
	s := open(t, root, dir.Options{})
	for range s.List(t.Context(), "", "") {
		t.Error("an empty store lists something")
	}
	if _, err := s.Open(t.Context(), "a"); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("open: %v", err)
	}
	if err := errors.Join(s.Delete(t.Context(), "a"), s.Sweep(t.Context(), time.Now())); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(root); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory was made: %v", err)
	}
}

func TestModes(t *testing.T) {
	root := filepath.Join(t.TempDir(), "s")
	s := open(t, root, dir.Options{})
	if err := store.Put(t.Context(), s, "a/b", []byte("x")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"": 0o700, "a": 0o700, "a/b": 0o600} {
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: %v, %v; want %v", name, info.Mode().Perm(), err, want)
		}
	}
}

func TestDeleteRemovesEmptyFolders(t *testing.T) {
	root := t.TempDir()
	s := open(t, root, dir.Options{})
	for _, n := range []string{"a/b/c", "a/d"} {
		if err := store.Put(t.Context(), s, n, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Delete(t.Context(), "a/b/c"); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(root, "a"))
	if err != nil || len(entries) != 1 || entries[0].Name() != "d" {
		t.Errorf("left in a: %v, %v; want d", entries, err)
	}
}

func TestNothingLeavesTheRoot(t *testing.T) {
	root, outside := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"link": outside, "file": filepath.Join(outside, "secret"), "up": filepath.Join("..", filepath.Base(outside)),
	} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Skipf("this system makes no symbolic links: %v", err)
		}
	}
	s := open(t, root, dir.Options{})
	for _, name := range []string{"link/new", "up/new", "link/secret"} {
		if err := store.Put(t.Context(), s, name, []byte("x")); err == nil {
			t.Errorf("create %s: no error", name)
		}
	}
	for _, name := range []string{"link/secret", "up/secret", "file"} {
		if r, err := s.Open(t.Context(), name); err == nil {
			r.Close()
			t.Errorf("open %s: no error", name)
		}
	}
	_ = s.Delete(t.Context(), "link/secret")
	for info := range s.List(t.Context(), "", "") {
		t.Errorf("listed %s", info.Name)
	}
	entries, err := os.ReadDir(outside)
	if err != nil || len(entries) != 1 {
		t.Errorf("outside holds %v, %v", entries, err)
	}
}

func TestReservedNames(t *testing.T) {
	s := open(t, t.TempDir(), dir.Options{})
	for _, name := range []string{".tmp-x", "a/.tmp-x/b", ".lease/state.json"} {
		if _, err := s.Create(t.Context(), name, nil); err == nil {
			t.Errorf("create %s: no error", name)
		}
	}
	if err := store.Put(t.Context(), s, "a/.lease/b", nil); err != nil {
		t.Errorf("only the top .lease is reserved: %v", err)
	}
}

func TestSweep(t *testing.T) {
	root := t.TempDir()
	s := open(t, root, dir.Options{})
	if err := store.Put(t.Context(), s, "a/whole", nil); err != nil {
		t.Fatal(err)
	}
	const made, late = ".tmp-ABCDEFGHIJKLMNOPQRSTUVWX27", ".tmp-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for name, age := range map[string]time.Duration{"a/" + made: 2 * time.Hour, made: 2 * time.Hour, "a/" + late: 0, "a/.tmp-of-somebody": 2 * time.Hour, "a/whole": 3 * time.Hour} {
		p := filepath.Join(root, name)
		if f, err := os.OpenFile(p, os.O_CREATE, 0o600); err != nil {
			t.Fatal(err)
		} else if err := errors.Join(f.Close(), os.Chtimes(p, time.Time{}, time.Now().Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Sweep(t.Context(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"a/" + made: false, made: false, "a/" + late: true, "a/.tmp-of-somebody": true, "a/whole": true} {
		if _, err := os.Stat(filepath.Join(root, name)); (err == nil) != want {
			t.Errorf("%s: %v, want it there: %v", name, err, want)
		}
	}
}

func TestUnreadableFolder(t *testing.T) {
	root := t.TempDir()
	s := open(t, root, dir.Options{})
	if err := store.Put(t.Context(), s, "a/b", nil); err != nil {
		t.Fatal(err)
	}
	a := filepath.Join(root, "a")
	if err := os.Chmod(a, 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(a, 0o700)
	if f, err := os.Open(a); err == nil {
		f.Close()
		t.Skip("this user may read everything")
	}
	for _, err := range s.List(t.Context(), "", "") {
		if err == nil || !strings.Contains(err.Error(), `"a/"`) {
			t.Errorf("list: %v, want an error that names the folder", err)
		}
	}
	if _, err := s.Open(t.Context(), "a/b"); err == nil || errors.Is(err, store.ErrNotExist) {
		t.Errorf("open: %v, want that it may not be read", err)
	}
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestExpiredLease(t *testing.T) {
	c := &clock{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	root := t.TempDir()
	// Two stores on one directory are two processes.
	one, two := open(t, root, dir.Options{Clock: c.Now}), open(t, root, dir.Options{Clock: c.Now})
	anna, err := one.Lease(t.Context(), "state", store.Holder{ID: "1", Who: "anna"}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	c.add(50 * time.Second)
	if err := anna.Renew(t.Context()); err != nil {
		t.Fatalf("renew in time: %v", err)
	}
	c.add(50 * time.Second)
	if _, err := two.Lease(t.Context(), "state", store.Holder{ID: "2", Who: "ben"}, time.Minute); !errors.Is(err, store.ErrHeld) {
		t.Fatalf("a renewed lease: %v, want ErrHeld", err)
	}
	c.add(20 * time.Second)
	if err := anna.Renew(t.Context()); err != nil {
		t.Fatalf("renew late, but nobody took it: %v", err)
	}
	c.add(2 * time.Minute)
	ben, err := two.Lease(t.Context(), "state", store.Holder{ID: "2", Who: "ben"}, time.Minute)
	if err != nil {
		t.Fatalf("an expired lease: %v", err)
	}
	var held *store.HeldError
	if err := anna.Renew(t.Context()); !errors.As(err, &held) || held.Holder.Who != "ben" {
		t.Errorf("renew a lease that was taken: %v, want a HeldError that names ben", err)
	}
	if err := anna.Release(t.Context()); err != nil {
		t.Errorf("release a lease that was taken: %v", err)
	}
	if err := ben.Renew(t.Context()); err != nil {
		t.Errorf("the lease of the taker is gone: %v", err)
	}
}

func TestTakeOverIsExclusive(t *testing.T) {
	c := &clock{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	root := t.TempDir()
	for round := range 5 {
		var mu sync.Mutex
		won := 0
		var wg sync.WaitGroup
		for i := range 8 {
			s := open(t, root, dir.Options{Clock: c.Now})
			wg.Go(func() {
				_, err := s.Lease(t.Context(), "state", store.Holder{ID: fmt.Sprint(round, "-", i)}, time.Minute)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !errors.Is(err, store.ErrHeld) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Fatalf("%d took over, want 1", won)
		}
		c.add(time.Hour)
	}
}

func TestDamagedLease(t *testing.T) {
	root := t.TempDir()
	s := open(t, root, dir.Options{})
	if _, err := s.Lease(t.Context(), "state", store.Holder{ID: "1"}, time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, ".lease", "state.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := s.Lease(t.Context(), "state", store.Holder{ID: "2"}, time.Minute)
	if err == nil || !strings.Contains(err.Error(), ".lease/state.json") {
		t.Errorf("got %v, want an error that names the file", err)
	}
}

func BenchmarkPut(b *testing.B) {
	s, err := dir.Open(b.TempDir(), dir.Options{})
	if err != nil {
		b.Fatal(err)
	}
	data := make([]byte, 600)
	n := 0
	for b.Loop() {
		n++
		if err := store.Put(context.Background(), s, fmt.Sprintf("a/%d", n), data); err != nil {
			b.Fatal(err)
		}
	}
}
