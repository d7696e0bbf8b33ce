package file

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/zeebo/xxh3"

	"github.com/logpipe/logpipe/pipeline"
)

// sumPrefix names the hash in sums that are remembered.
const sumPrefix = "xxh3:"

// summer reads through and keeps count and hash of what was read.
type summer struct {
	r    io.Reader
	hash *xxh3.Hasher128
	n    int64
}

func newSummer(r io.Reader) *summer { return &summer{r: r, hash: xxh3.New128()} }

func (s *summer) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	_, _ = s.hash.Write(p[:n]) // a hash takes everything
	s.n += int64(n)
	return n, err
}

func (s *summer) sum() string {
	b := s.hash.Sum128().Bytes()
	return sumPrefix + hex.EncodeToString(b[:])
}

// sumFile hashes the first size bytes of a file.
func (s *Source) sumFile(ctx context.Context, p pipeline.Part) (string, error) {
	f, err := os.Open(resolve(s.env.Dir, p.Name))
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := newSummer(io.LimitReader(f, p.Size))
	if _, err := drain(ctx, h); err != nil {
		return "", fmt.Errorf("read %s: %w", p.Name, err)
	}
	return h.sum(), nil
}

// drain reads r to its end and returns how much there was.
func drain(ctx context.Context, r io.Reader) (n int64, err error) {
	buf := make([]byte, 256<<10)
	for {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		k, err := r.Read(buf)
		n += int64(k)
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// tally is a hash of a set of items: the sum of their hashes. It is the same in
// whatever pieces and order they are read, and it can be compared after each.
type tally struct{ hi, lo, n uint64 }

func (t *tally) add(item []byte) { t.put(xxh3.Hash128(item)) }

func (t *tally) put(h xxh3.Uint128) {
	lo := t.lo + h.Lo
	carry := uint64(0)
	if lo < t.lo {
		carry = 1
	}
	t.lo, t.hi = lo, t.hi+h.Hi+carry
	t.n++
}

func (t *tally) String() string { return fmt.Sprintf("%s%016x%016x-%d", sumPrefix, t.hi, t.lo, t.n) }
