// Package storetest checks that a store keeps the promises of package store,
// and has two stores for tests of what is built on them: Memory, which forgets,
// and Fault, which fails or dies where it is told to.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/logpipe/logpipe/pipeline/store"
)

// Run checks a store against the page of package store. open returns a new,
// empty one each time; what it needs to clean up it registers with t.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, store.Store)
	}{
		{"reads back what was written", readsBack},
		{"nothing is visible before Commit", invisible},
		{"a name is created once", createdOnce},
		{"one of 32 racing creators wins", race},
		{"Abort leaves nothing", abort},
		{"an object that is not there", notThere},
		{"List sorts and filters", list},
		{"List of many folders", listFolders},
		{"bad names are refused", badNames},
		{"a cancelled context stops", cancelled},
		{"creators and deleters of one folder", folderRace},
		{"a lease has one holder", leases},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func put(t *testing.T, s store.Store, name, content string) {
	t.Helper()
	if err := store.Put(t.Context(), s, name, []byte(content)); err != nil {
		t.Fatalf("put %s: %v", name, err)
	}
}

func get(t *testing.T, s store.Store, name string) string {
	t.Helper()
	r, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatalf("open %s: %v", name, err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	return string(b)
}

func names(t *testing.T, s store.Store, prefix, after string) []string {
	t.Helper()
	var got []string
	for info, err := range s.List(t.Context(), prefix, after) {
		if err != nil {
			t.Fatalf("list %q after %q: %v", prefix, after, err)
		}
		got = append(got, info.Name)
	}
	return got
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

func readsBack(t *testing.T, s store.Store) {
	big := strings.Repeat("0123456789abcdef", 1<<16)
	for name, content := range map[string]string{"a": "one", "b/c/d.jsonl": "", "b/big": big, "ünï/ cödé": "x", "b/c/.hidden": "h"} {
		put(t, s, name, content)
		if got := get(t, s, name); got != content {
			t.Errorf("%s: got %d bytes, want %d", name, len(got), len(content))
		}
	}
	for info, err := range s.List(t.Context(), "b/big", "") {
		if err != nil || info.Size != int64(len(big)) || info.Modified.IsZero() {
			t.Errorf("list says %+v, %v; want %d bytes and a time", info, err, len(big))
		}
	}
}

func invisible(t *testing.T, s store.Store) {
	w, err := s.Create(t.Context(), "a/b", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), "a/b"); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("open before commit: %v, want ErrNotExist", err)
	}
	same(t, "list before commit", names(t, s, "", ""), nil)
	if err := w.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Abort(); err != nil {
		t.Errorf("abort after commit: %v", err)
	}
	if got := get(t, s, "a/b"); got != "half" {
		t.Errorf("after commit and abort: %q", got)
	}
}

func createdOnce(t *testing.T, s store.Store) {
	late, err := s.Create(t.Context(), "x", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := late.Write([]byte("late")); err != nil {
		t.Fatal(err)
	}
	put(t, s, "x", "first")
	if err := late.Commit(t.Context()); !errors.Is(err, store.ErrExists) {
		t.Errorf("second commit: %v, want ErrExists", err)
	}
	if err := store.Put(t.Context(), s, "x", []byte("third")); !errors.Is(err, store.ErrExists) {
		t.Errorf("third writer: %v, want ErrExists", err)
	}
	if got := get(t, s, "x"); got != "first" {
		t.Errorf("content is %q, want that of the first", got)
	}
	same(t, "list", names(t, s, "", ""), []string{"x"})
}

func race(t *testing.T, s store.Store) {
	for round := range 8 {
		name := fmt.Sprintf("seg/%d", round)
		won := make([]bool, 32)
		var wg sync.WaitGroup
		for i := range won {
			wg.Go(func() {
				err := store.Put(t.Context(), s, name, fmt.Appendf(nil, "writer %d", i))
				won[i] = err == nil
				if err != nil && !errors.Is(err, store.ErrExists) {
					t.Errorf("writer %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		winner := slices.Index(won, true)
		if winner < 0 || slices.Contains(won[winner+1:], true) {
			t.Fatalf("winners: %v, want one", won)
		}
		if got, want := get(t, s, name), fmt.Sprintf("writer %d", winner); got != want {
			t.Errorf("content is %q, want %q", got, want)
		}
	}
}

func abort(t *testing.T, s store.Store) {
	w, err := s.Create(t.Context(), "a/b", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("never")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Abort(), w.Abort()); err != nil {
		t.Errorf("abort twice: %v", err)
	}
	same(t, "list", names(t, s, "", ""), nil)
	put(t, s, "a/b", "then")
}

func notThere(t *testing.T, s store.Store) {
	put(t, s, "a/b", "x")
	for _, name := range []string{"b", "a", "a/b/c", "a/c"} {
		if _, err := s.Open(t.Context(), name); !errors.Is(err, store.ErrNotExist) {
			t.Errorf("open %s: %v, want ErrNotExist", name, err)
		}
		if err := s.Delete(t.Context(), name); err != nil {
			t.Errorf("delete %s: %v", name, err)
		}
	}
	for range 2 {
		if err := s.Delete(t.Context(), "a/b"); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
	same(t, "list", names(t, s, "", ""), nil)
	put(t, s, "a/b", "again")
}

func list(t *testing.T, s store.Store) {
	all := []string{"a", "a.x", "a/1", "a/2/x", "a/20", "a0", "b/1"}
	for _, n := range []int{3, 6, 0, 2, 5, 1, 4} {
		// Not every store can hold both a and a/1.
		if all[n] != "a" {
			put(t, s, all[n], all[n])
		}
	}
	all = all[1:]
	for _, prefix := range []string{"", "a", "a/", "a/2", "a/2/", "b", "c", "a.x"} {
		for _, after := range append([]string{"", "Z", "a/", "a/2", "z"}, all...) {
			var want []string
			for _, n := range all {
				if strings.HasPrefix(n, prefix) && n > after {
					want = append(want, n)
				}
			}
			same(t, fmt.Sprintf("list %q after %q", prefix, after), names(t, s, prefix, after), want)
		}
	}
	for range s.List(t.Context(), "", "") {
		break // must not go on
	}
}

func listFolders(t *testing.T, s store.Store) {
	r := store.Row{Store: s, Prefix: "row/"}
	for _, n := range []int64{1, 2, 999, 1000, 1001, 2500, 1234567} {
		if err := r.Create(t.Context(), n, []byte("x")); err != nil {
			t.Fatal(err)
		}
		if first, last, err := r.Ends(t.Context()); err != nil || first != 1 || last != n {
			t.Errorf("ends: %d, %d, %v; want 1, %d", first, last, err, n)
		}
	}
	var got []int64
	for n, err := range r.After(t.Context(), 2) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, n)
	}
	if want := []int64{999, 1000, 1001, 2500, 1234567}; !slices.Equal(got, want) {
		t.Errorf("after 2: %v, want %v", got, want)
	}
}

func badNames(t *testing.T, s store.Store) {
	for _, name := range []string{"", "/a", "a/", "a//b", ".", "..", "a/../b", "../a", "a/./b", "a\x00b", "a\nb", `a\b`,
		strings.Repeat("a", 241), strings.Repeat("a/", 600) + "a"} {
		if w, err := s.Create(t.Context(), name, nil); err == nil {
			w.Abort()
			t.Errorf("create %q: no error", name)
		}
		if r, err := s.Open(t.Context(), name); err == nil {
			r.Close()
			t.Errorf("open %q: no error", name)
		}
		if err := s.Delete(t.Context(), name); err == nil {
			t.Errorf("delete %q: no error", name)
		}
	}
	same(t, "list", names(t, s, "", ""), nil)
}

func cancelled(t *testing.T, s store.Store) {
	put(t, s, "a", "x")
	ctx, cancel := context.WithCancel(t.Context())
	w, err := s.Create(ctx, "b", nil)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := w.Commit(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("commit: %v, want context.Canceled", err)
	}
	for _, err := range s.List(ctx, "", "") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("list: %v, want context.Canceled", err)
		}
	}
	same(t, "list", names(t, s, "", ""), []string{"a"})
}

func folderRace(t *testing.T, s store.Store) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				name := fmt.Sprintf("d/e/%d-%d", i, j)
				if err := store.Put(t.Context(), s, name, nil); err != nil {
					t.Errorf("put: %v", err)
				}
				if err := s.Delete(t.Context(), name); err != nil {
					t.Errorf("delete: %v", err)
				}
			}
		})
	}
	wg.Wait()
	same(t, "list", names(t, s, "", ""), nil)
}

func leases(t *testing.T, s store.Store) {
	l, ok := s.(store.Leaser)
	if !ok {
		t.Skip("this store gives no leases")
	}
	anna := store.Holder{ID: "1", Who: "anna@ci", Command: "apply"}
	ben := store.Holder{ID: "2", Who: "ben@laptop", Command: "apply"}
	held, err := l.Lease(t.Context(), "state", anna, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.Lease(t.Context(), "state", ben, time.Hour)
	var h *store.HeldError
	if !errors.As(err, &h) || !errors.Is(err, store.ErrHeld) || h.Holder.Who != "anna@ci" || h.Holder.ID != "1" {
		t.Errorf("a held lease: %v, want a HeldError that names anna", err)
	}
	if _, err := l.Lease(t.Context(), "other", ben, time.Hour); err != nil {
		t.Errorf("another lease: %v", err)
	}
	if err := held.Renew(t.Context()); err != nil {
		t.Errorf("renew: %v", err)
	}
	if err := l.Break(t.Context(), "state", "7"); err == nil {
		t.Error("break with a wrong id: no error")
	}
	if err := l.Break(t.Context(), "state", "1"); err != nil {
		t.Errorf("break: %v", err)
	}
	if err := held.Renew(t.Context()); !errors.Is(err, store.ErrHeld) {
		t.Errorf("renew a broken lease: %v, want ErrHeld", err)
	}
	if err := held.Release(t.Context()); err != nil {
		t.Errorf("release a broken lease: %v", err)
	}
	got := leaseRace(t, l)
	if err := got.Release(t.Context()); err != nil {
		t.Errorf("release: %v", err)
	}
	if _, err := l.Lease(t.Context(), "state", ben, time.Hour); err != nil {
		t.Errorf("a released lease: %v", err)
	}
	same(t, "leases among the objects", names(t, s, "", ""), nil)
}

// leaseRace lets 16 race for a lease and returns that of the one who got it.
func leaseRace(t *testing.T, l store.Leaser) store.Lease {
	t.Helper()
	got := make(chan store.Lease, 16)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			lease, err := l.Lease(t.Context(), "state", store.Holder{ID: fmt.Sprint("r", i)}, time.Hour)
			if err == nil {
				got <- lease
			} else if !errors.Is(err, store.ErrHeld) {
				t.Errorf("racer %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if len(got) != 1 {
		t.Fatalf("%d racers got the lease, want 1", len(got))
	}
	return <-got
}
