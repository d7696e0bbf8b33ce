package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strconv"
	"strings"
)

// Row is a row of numbered objects, each created once: the shape that a
// manifest and a state share. Number 1 is the first, although the oldest may
// have been deleted. Names sort as numbers do, in folders of 1,000, so that
// neither a directory nor a listing grows without bound.
type Row struct {
	Store  Store
	Prefix string // "" or ending in /
}

const rowExt = ".jsonl"

// Name returns the name of number n.
func (r Row) Name(n int64) string {
	return fmt.Sprintf("%s%09d/%012d%s", r.Prefix, n/1000, n, rowExt)
}

// number reads back what Name wrote; anything else that lies under the prefix
// is not of the row.
func (r Row) number(name string) (int64, bool) {
	_, file, ok := strings.Cut(strings.TrimPrefix(name, r.Prefix), "/")
	if !ok {
		return 0, false
	}
	digits, ok := strings.CutSuffix(file, rowExt)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil && n > 0 && r.Name(n) == name
}

// After yields the numbers greater than n that exist, in order.
func (r Row) After(ctx context.Context, n int64) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		after := ""
		if n > 0 {
			after = r.Name(n)
		}
		for info, err := range r.Store.List(ctx, r.Prefix, after) {
			if err != nil {
				yield(0, fmt.Errorf("list %s: %w", r.Prefix, err))
				return
			}
			if i, ok := r.number(info.Name); ok && !yield(i, nil) {
				return
			}
		}
	}
}

// Ends returns the first and the last number, both 0 for an empty row. It asks
// for a few names only, however long the row is: whether something follows a
// number is a question that doubling and halving answer.
func (r Row) Ends(ctx context.Context) (first, last int64, err error) {
	if first, err = r.next(ctx, 0); err != nil || first == 0 {
		return 0, 0, err
	}
	last = first
	for step := int64(1); step > 0; {
		n, err := r.next(ctx, last+step-1)
		switch {
		case err != nil:
			return 0, 0, err
		case n > 0:
			last, step = n, step*2
		default:
			step /= 2
		}
	}
	return first, last, nil
}

func (r Row) next(ctx context.Context, n int64) (int64, error) {
	for i, err := range r.After(ctx, n) {
		return i, err
	}
	return 0, nil
}

// Read returns the bytes of number n; more than limit is an error.
func (r Row) Read(ctx context.Context, n, limit int64) ([]byte, error) {
	f, err := r.Store.Open(ctx, r.Name(n))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", r.Name(n), err)
	}
	defer f.Close()
	var b bytes.Buffer
	if file, ok := f.(interface{ Stat() (fs.FileInfo, error) }); ok {
		// A snapshot is large; growing towards it would copy it several times.
		if info, err := file.Stat(); err == nil && info.Size() < limit {
			b.Grow(int(info.Size()) + bytes.MinRead)
		}
	}
	if _, err := b.ReadFrom(io.LimitReader(f, limit+1)); err != nil {
		return nil, fmt.Errorf("read %s: %w", r.Name(n), err)
	}
	if int64(b.Len()) > limit {
		return nil, fmt.Errorf("read %s: it has more than %d bytes, which no segment has", r.Name(n), limit)
	}
	return b.Bytes(), nil
}

// Create writes number n, or fails with ErrExists if somebody else did. When
// the answer to a write was lost, the number is read back: bytes that are ours
// mean that we wrote it, because no two writers write the same.
func (r Row) Create(ctx context.Context, n int64, data []byte) error {
	err := Put(ctx, r.Store, r.Name(n), data)
	if err == nil {
		return nil
	}
	if b, e := r.Read(context.WithoutCancel(ctx), n, int64(len(data))); e == nil && bytes.Equal(b, data) {
		return nil
	}
	return err
}

// Delete removes number n.
func (r Row) Delete(ctx context.Context, n int64) error { return r.Store.Delete(ctx, r.Name(n)) }

// Put creates an object from bytes.
func Put(ctx context.Context, s Store, name string, data []byte) error {
	w, err := s.Create(ctx, name, nil)
	if err != nil {
		return fmt.Errorf("create %s: %w", name, err)
	}
	if _, err := w.Write(data); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), w.Abort())
	}
	if err := w.Commit(ctx); err != nil {
		return fmt.Errorf("commit %s: %w", name, err)
	}
	return nil
}

// A sealed segment is lines of JSON, the last of which holds the hash of all
// that stands before it. A cut or edited segment is then known from itself,
// although nothing follows it yet whose hash would tell.
const (
	sealHead = `{"sha256":"`
	sealTail = "\"}\n"
	sealLen  = len(sealHead) + 2*sha256.Size + len(sealTail)
)

// Seal ends a segment. sum is the hash of the sealed bytes, for the segment
// that follows. It may append to body's array.
func Seal(body []byte) (sealed []byte, sum string) {
	h := sha256.New()
	h.Write(body)
	n := len(body)
	sealed = append(body, sealHead...)
	sealed = hex.AppendEncode(sealed, h.Sum(nil))
	sealed = append(sealed, sealTail...)
	h.Write(sealed[n:])
	return sealed, hex.EncodeToString(h.Sum(nil))
}

// Unseal returns the body of a sealed segment and the hash of its sealed
// bytes. The error says where it is damaged.
func Unseal(sealed []byte) (body []byte, sum string, err error) {
	n := len(sealed) - sealLen
	if n < 0 || !bytes.HasPrefix(sealed[n:], []byte(sealHead)) || !bytes.HasSuffix(sealed, []byte(sealTail)) {
		return nil, "", fmt.Errorf("it is cut or damaged: %d bytes that do not end in its hash", len(sealed))
	}
	h := sha256.New()
	h.Write(sealed[:n])
	var want [2 * sha256.Size]byte
	hex.Encode(want[:], h.Sum(nil))
	if !bytes.Equal(want[:], sealed[n+len(sealHead):len(sealed)-len(sealTail)]) {
		return nil, "", fmt.Errorf("it was changed after it was written: its %d bytes do not have the hash that ends it", n)
	}
	h.Write(sealed[n:])
	return sealed[:n], hex.EncodeToString(h.Sum(nil)), nil
}
