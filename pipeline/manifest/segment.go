package manifest

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/store"
)

// Format is the version of the segments that this package writes, and the
// newest that it reads.
const Format = 1

// Errors that callers branch on.
var (
	// ErrLost means that somebody else has written the next segment: this
	// writer's lease was taken and it may name nothing more.
	ErrLost = errors.New("another writer has taken over")
	// ErrChain means that a segment is missing, cut or changed.
	ErrChain = errors.New("the chain is broken")
	// ErrNewer means that a newer logpipe has written here.
	ErrNewer = errors.New("written by a newer logpipe")
	// ErrClaimed means that the place belongs to another pipeline or sink.
	ErrClaimed = errors.New("the place is claimed")
)

// Claim says whose a place is: it belongs to one sink of one state.
type Claim struct {
	Lineage string        `json:"lineage"`
	Sink    addr.Instance `json:"sink"`
}

// Segment is one commit to a manifest. Whoever appends fills in Epoch, Writer
// and Entries; the rest is the manifest's.
type Segment struct {
	Format int    `json:"format_version"`
	Seq    int64  `json:"seq"`
	Prev   string `json:"prev,omitempty"` // sha256 of the bytes of the segment before, hex; "" for the first
	Epoch  int64  `json:"epoch"`          // serial of the state at which the writer's session began; never falls
	Writer string `json:"writer"`         // id of the lease's holder
	Claim  *Claim `json:"claim"`          // in force from here on; every segment has it
	Fence  bool   `json:"fence,omitzero"` // written only to take the number
	// Removed is for tombstones; kept as it stands, because deletion is not
	// written by this version.
	Removed jsontext.Value `json:"removed,omitempty"`

	Entries []Entry          `json:"-"`
	Lines   []jsontext.Value `json:"-"` // the entries as they stand in the segment, with fields that this version does not know
}

// NewIntent returns a new id for an intent of the session that began at epoch.
// Find reads the epoch from it to know where to stop.
func NewIntent(epoch int64) string {
	return "s" + strconv.FormatInt(epoch, 10) + "-" + strings.ToLower(rand.Text())
}

// EpochOf returns the epoch of the session that opened an intent: 0, from where
// Find has to look through everything, for an id that NewIntent did not make.
func EpochOf(intent string) int64 {
	digits, _, ok := strings.Cut(strings.TrimPrefix(intent, "s"), "-")
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || intent[0] != 's' {
		return 0
	}
	return n
}

// encode writes a segment: its head, a line for each entry, the seal.
func encode(s *Segment) (sealed []byte, sum string, err error) {
	head, err := json.Marshal(s, json.Deterministic(true))
	if err != nil {
		return nil, "", fmt.Errorf("encode segment %d: %w", s.Seq, err)
	}
	body := append(head, '\n')
	for i := range s.Entries {
		line, err := json.Marshal(&s.Entries[i], json.Deterministic(true))
		if err != nil {
			return nil, "", fmt.Errorf("encode entry of slice %q: %w", s.Entries[i].Slice, err)
		}
		body = append(append(body, line...), '\n')
	}
	sealed, sum = store.Seal(body)
	return sealed, sum, nil
}

// Decode reads one segment from its bytes; sum is what the next one's Prev
// must be. The error says which line and why, and wraps ErrChain or ErrNewer.
func Decode(sealed []byte) (s Segment, sum string, err error) {
	body, sum, err := store.Unseal(sealed)
	if err != nil {
		if newer(sealed) {
			return s, "", fmt.Errorf("%w: upgrade", ErrNewer)
		}
		return s, "", fmt.Errorf("%w: %w", ErrChain, err)
	}
	if newer(body) {
		return s, "", fmt.Errorf("%w: upgrade", ErrNewer)
	}
	for n, rest := 1, body; len(rest) > 0; n++ {
		line, tail, ok := bytes.Cut(rest, []byte("\n"))
		if !ok {
			return s, "", fmt.Errorf("%w: line %d does not end", ErrChain, n)
		}
		rest = tail
		if n == 1 {
			err = json.Unmarshal(line, &s)
		} else {
			s.Entries = append(s.Entries, Entry{})
			s.Lines = append(s.Lines, line)
			err = json.Unmarshal(line, &s.Entries[n-2])
		}
		if err != nil {
			return s, "", fmt.Errorf("%w: line %d: %w", ErrChain, n, err)
		}
	}
	switch {
	case s.Format < 1:
		return s, "", fmt.Errorf("%w: line 1 has no format_version", ErrChain)
	case s.Seq < 1 || s.Claim == nil || s.Claim.Lineage == "":
		return s, "", fmt.Errorf("%w: line 1 lacks its number or its claim", ErrChain)
	}
	return s, sum, nil
}

// newer reports whether the first line says that it is of a newer format,
// whatever else stands there.
func newer(b []byte) bool {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	var head struct {
		Format int `json:"format_version"`
	}
	return json.Unmarshal(line, &head) == nil && head.Format > Format
}

// check refuses what must never stand in a manifest.
func (e *Entry) check() error {
	switch {
	case e.Slice == "" || e.Intent == "":
		return fmt.Errorf("entry of slice %q, intent %q: both must be named", e.Slice, e.Intent)
	case e.Source.Class != addr.Source || e.Sink.Class != addr.Sink:
		return fmt.Errorf("entry of slice %q: it does not lead from a source to a sink: %s, %s", e.Slice, e.Source, e.Sink)
	case e.Revision < 1 || e.Attempt < 1:
		return fmt.Errorf("entry of slice %q: revision %d and attempt %d must be 1 or more", e.Slice, e.Revision, e.Attempt)
	case !e.Counts.Balanced():
		return fmt.Errorf("entry of slice %q: its counts do not add up: %+v", e.Slice, e.Counts)
	}
	return nil
}

// utc makes equal times equal bytes.
func (e *Entry) utc() {
	for _, t := range []*time.Time{&e.Start, &e.End, &e.Basis, &e.At} {
		*t = t.UTC()
	}
}
