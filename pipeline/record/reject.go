package record

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"slices"
)

// Reject says why one record goes no further. Raw is nil where the source
// could not hold the record (too long, undecodable) or may not show it.
type Reject struct {
	Index  int    // number in the batch, -1 for what never became a record
	Origin string // file or request the record came from
	Offset int64  // byte offset in Origin after decompression, -1 if unknown
	Length int64
	Hash   [32]byte // SHA-256 of the record's bytes as read
	Raw    []byte   // bytes as read; valid until the batch is reset
	Err    error
}

// ErrNotWhole is wrapped by every error about the structure of a record.
var ErrNotWhole = errors.New("not a whole JSON object")

var errNoReason = errors.New("rejected without a reason")

// rejected is a reject whose bytes have not been looked at yet.
type rejected struct {
	rec   int // number of the record; for a raw one, of the record that follows
	raw   bool
	given Reject // raw ones, as the reader gave it
	err   error
}

// RejectRaw notes what never became a record, such as a line that is too long.
// Origin is filled in if empty; Index becomes -1.
func (b *Batch) RejectRaw(r Reject) {
	r.Index = -1
	r.Origin = cmp.Or(r.Origin, b.origin)
	if r.Err == nil {
		r.Err = errNoReason
	}
	b.rejected = append(b.rejected, rejected{rec: len(b.recs), raw: true, given: r})
}

// Reject takes record i out of the batch because of err, which must not be nil
// and must not hold a value of the record. The first reason stays; a record
// that was dropped stays dropped.
func (b *Batch) Reject(i int, err error) {
	r := &b.recs[i]
	if r.status != live {
		return
	}
	r.status = rejectedStatus
	if err == nil {
		err = errNoReason
	}
	b.rejected = append(b.rejected, rejected{rec: i, err: err})
}

// Rejects returns all rejects so far in the order of the records. The bytes are
// those that came in, whatever edits were made; they are hashed here.
func (b *Batch) Rejects() []Reject {
	if len(b.rejected) == 0 {
		return nil
	}
	slices.SortStableFunc(b.rejected, func(x, y rejected) int {
		if x.rec != y.rec {
			return x.rec - y.rec
		}
		// What a reader rejected stood before the record that it added next.
		switch {
		case x.raw == y.raw:
			return 0
		case x.raw:
			return -1
		}
		return 1
	})
	out := make([]Reject, len(b.rejected))
	for i, r := range b.rejected {
		if r.raw {
			out[i] = r.given
			continue
		}
		raw := b.recs[r.rec].read.bytes()
		out[i] = Reject{
			Index:  r.rec,
			Origin: b.origin,
			Offset: b.recs[r.rec].off,
			Length: int64(len(raw)),
			Hash:   sha256.Sum256(raw),
			Raw:    raw,
			Err:    r.err,
		}
	}
	return out
}

// TakeRejects returns what Rejects does and forgets it, so that the next call
// tells only what was rejected since. The records stay rejected.
func (b *Batch) TakeRejects() []Reject {
	out := b.Rejects()
	b.rejected = b.rejected[:0]
	return out
}
