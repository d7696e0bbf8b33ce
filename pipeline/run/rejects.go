package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"strconv"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/store"
)

// rejects writes what was rejected on the way to one lane beside its manifest,
// one JSON object a line: reason, place, length and hash, never the bytes. A
// rejected record may be whole where the sink's own records were narrowed, and
// the place says where to find it.
type rejects struct {
	store  store.Store
	name   string
	behind []pipeline.Redaction // on the way to the lane

	w       store.Writer
	sum     hash.Hash
	bytes   int64
	records int64
}

func rejectsName(prefix, slice string, revision, attempt int) string {
	name := prefix + "rejects/" + pipeline.Slug(slice)
	if revision > 1 {
		name += ".r" + strconv.Itoa(revision)
	}
	if attempt > 1 {
		name += ".a" + strconv.Itoa(attempt)
	}
	return name + ".jsonl"
}

// rejectLine is the form of one line.
type rejectLine struct {
	Reason string `json:"reason"`
	Origin string `json:"origin,omitempty"`
	Offset int64  `json:"offset"` // in the origin after decompression, -1 if not known
	Length int64  `json:"length"`
	SHA256 string `json:"sha256,omitempty"`
	HMAC   string `json:"hmac,omitempty"` // of the SHA-256, behind a redaction
}

func (r *rejects) write(ctx context.Context, rs []record.Reject) error {
	for _, rej := range rs {
		if r.w == nil {
			w, err := r.store.Create(ctx, r.name, nil)
			if err != nil {
				return fmt.Errorf("write rejects: %w", err)
			}
			r.w, r.sum = w, sha256.New()
		}
		line := rejectLine{Reason: rej.Err.Error(), Origin: rej.Origin, Offset: rej.Offset, Length: rej.Length}
		r.identify(&line, rej.Hash)
		b, err := json.Marshal(line)
		if err != nil {
			return fmt.Errorf("write rejects: %w", err)
		}
		b = append(b, '\n')
		if _, err := r.w.Write(b); err != nil {
			return fmt.Errorf("write rejects: %w", err)
		}
		r.sum.Write(b)
		r.bytes += int64(len(b))
		r.records++
	}
	return nil
}

// identify writes down the hash of the record, keyed by every redaction on the
// way to the lane. One without a key leaves none: a plain hash would let readers
// of the sink try out records.
func (r *rejects) identify(line *rejectLine, sum [32]byte) {
	if sum == ([32]byte{}) {
		return
	}
	if len(r.behind) == 0 {
		line.SHA256 = hex.EncodeToString(sum[:])
		return
	}
	for _, red := range r.behind {
		var ok bool
		if sum, ok = red.Conceal(sum); !ok {
			return
		}
	}
	line.HMAC = hex.EncodeToString(sum[:])
}

// commit makes the rejects durable; nil if there were none.
func (r *rejects) commit(ctx context.Context) (*manifest.Object, error) {
	if r.w == nil {
		return nil, nil
	}
	if err := r.w.Commit(ctx); err != nil {
		return nil, fmt.Errorf("store rejects: %w", err)
	}
	sum := hex.EncodeToString(r.sum.Sum(nil))
	return &manifest.Object{Name: r.name, Records: r.records, Bytes: r.bytes, Plain: sum, Stored: sum}, nil
}

func (r *rejects) abort() error {
	if r.w == nil {
		return nil
	}
	return r.w.Abort()
}
