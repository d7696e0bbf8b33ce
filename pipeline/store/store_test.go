package store_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/logpipe/logpipe/pipeline/store"
)

func TestCheckName(t *testing.T) {
	for _, name := range []string{"a", "a/b.jsonl", ".logpipe/manifest/000000000/000000000001.jsonl", "ünï cödé", "a..b/...", strings.Repeat("a", 240)} {
		if err := store.CheckName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", "a\x00", "a\x1b[31m", "a\x7f", `a\b`,
		strings.Repeat("a", 241), strings.Repeat("a/", 512) + "a"} {
		if err := store.CheckName(name); err == nil {
			t.Errorf("%q: no error", name)
		}
	}
}

func TestRowNamesSortAsNumbers(t *testing.T) {
	r := store.Row{Prefix: "m/"}
	last := ""
	for _, n := range []int64{1, 2, 10, 999, 1000, 1001, 9999, 10_000, 999_999, 1_000_000, 123_456_789_012} {
		if name := r.Name(n); name <= last || store.CheckName(name) != nil {
			t.Errorf("%d: %q does not sort behind %q", n, name, last)
		} else {
			last = name
		}
	}
}

func TestSeal(t *testing.T) {
	body := []byte("{\"a\":1}\n{\"b\":2}\n")
	sealed, sum := store.Seal(bytes.Clone(body))
	got, again, err := store.Unseal(sealed)
	if err != nil || !bytes.Equal(got, body) || again != sum {
		t.Fatalf("unseal: %q, %s, %v; want %q, %s", got, again, err, body, sum)
	}
	for i := range sealed {
		if _, _, err := store.Unseal(sealed[:i]); err == nil {
			t.Errorf("cut to %d bytes: no error", i)
		}
		b := bytes.Clone(sealed)
		b[i] ^= 1
		if _, _, err := store.Unseal(b); err == nil {
			t.Errorf("byte %d changed: no error", i)
		}
	}
	if _, _, err := store.Unseal(append(bytes.Clone(sealed), '\n')); err == nil {
		t.Error("a byte behind the seal: no error")
	}
}

func TestHeldError(t *testing.T) {
	err := &store.HeldError{Holder: store.Holder{ID: "7f3a", Who: "anna@ci", Command: "apply", Since: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}}
	for _, w := range []string{"anna@ci", "apply", "2026-11-23T12:00:00Z", "7f3a"} {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}
