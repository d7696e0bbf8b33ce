package paging

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// sight looks at the records of one page.
type sight struct {
	r       *Reader
	b       *record.Batch
	order   order
	records int64
	text    []byte
}

// take hands a record over, or counts why not.
func (s *sight) take(raw []byte, off int64) error {
	s.records++
	if s.r.plan.field != "" {
		if t, ok := s.time(raw); ok {
			s.order.see(t)
			if t.Before(s.r.slice.Start) || !t.Before(s.r.slice.End) {
				s.b.Skipped.Outside++
				return nil
			}
		}
	}
	if !s.r.handed.fresh(raw) {
		return nil
	}
	if s.r.s.MaxRecord > 0 && len(raw) > s.r.s.MaxRecord {
		s.b.RejectRaw(record.Reject{Offset: off, Length: int64(len(raw)), Hash: sha256.Sum256(raw),
			Err: fmt.Errorf("the record is longer than max_record, %d bytes", s.r.s.MaxRecord)})
		return nil
	}
	s.b.Append(raw, off)
	return nil
}

// time reads the time that slices are of. A record without one is handed over:
// the service has said that it belongs to the slice. The member stands near the
// begin, so this costs little.
func (s *sight) time(raw []byte) (t time.Time, ok bool) {
	record.ValueOf(raw).Each(func(key []byte, v record.Value) bool {
		if string(key) != s.r.plan.field {
			return true
		}
		text, plain := v.Text()
		if !plain {
			var err error
			if s.text, err = v.AppendText(s.text[:0]); err != nil {
				return true
			}
			text = s.text
		}
		var err error
		t, err = schema.ParseTime(text)
		ok = err == nil
		return !ok
	})
	return t, ok
}

// see notes the time of the next record.
func (o *order) see(t time.Time) {
	if t.Before(o.high) {
		o.lost = true
		return
	}
	o.high = t
}

// handed knows the records of a slice that were handed over, how often each, so
// that a chain that goes over the same ground again hands over only what is
// new. It knows them by 128 bits of a hash of their bytes.
type handed struct {
	known map[xxh3.Uint128]count
	chain uint32
	trial []xxh3.Uint128 // met on the page that is being read
	given []xxh3.Uint128 // of those, handed over
}

type count struct {
	handed uint32
	chain  uint32 // that met was counted in
	met    uint32
}

func newHanded() *handed { return &handed{known: map[xxh3.Uint128]count{}} }

// again says that a new chain begins.
func (h *handed) again() { h.chain++ }

// fresh reports whether a record of the page must be handed over: it was met
// more often in this chain than it was handed over in all.
func (h *handed) fresh(raw []byte) bool {
	key := xxh3.Hash128(raw)
	c := h.known[key]
	if c.chain != h.chain {
		c.chain, c.met = h.chain, 0
	}
	c.met++
	h.known[key] = c
	h.trial = append(h.trial, key)
	if c.met <= c.handed {
		return false
	}
	h.given = append(h.given, key)
	return true
}

// commit takes the page: what was fresh is handed over.
func (h *handed) commit() {
	for _, key := range h.given {
		c := h.known[key]
		c.handed++
		h.known[key] = c
	}
	h.trial, h.given = h.trial[:0], h.given[:0]
}

// forgetTrial takes back what was met on a page that failed.
func (h *handed) forgetTrial() {
	for _, key := range h.trial {
		c := h.known[key]
		if c.met--; c.met == 0 && c.handed == 0 {
			delete(h.known, key)
			continue
		}
		h.known[key] = c
	}
	h.trial, h.given = h.trial[:0], h.given[:0]
}
