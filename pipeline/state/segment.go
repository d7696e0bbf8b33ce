package state

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/store"
)

// How values become JSON: the same bytes for the same value, and a duration as
// text, for which JSON has no form of its own. Never changed; variables because
// the package json caches in them what it finds out about types.
var (
	encoding = json.JoinOptions(json.Deterministic(true), json.WithMarshalers(json.MarshalToFunc(writeDuration)))
	decoding = json.WithUnmarshalers(json.UnmarshalFromFunc(readDuration))
)

func writeDuration(e *jsontext.Encoder, d time.Duration) error {
	return e.WriteToken(jsontext.String(d.String()))
}

func readDuration(d *jsontext.Decoder, p *time.Duration) error {
	t, err := d.ReadToken()
	if err != nil {
		return err
	}
	if t.Kind() != '"' {
		return errors.New("a duration is text such as 1h0m0s")
	}
	*p, err = time.ParseDuration(t.String())
	return err
}

// Errors that callers branch on; they are those of a manifest.
var (
	// ErrLost means that another writer has written the next segment: nothing
	// more can be written to state or manifests.
	ErrLost = manifest.ErrLost
	// ErrChain means that a segment is missing, cut or changed.
	ErrChain = manifest.ErrChain
	// ErrNewer means that a newer logpipe has written here.
	ErrNewer = manifest.ErrNewer
)

// head is the first line of a segment. Its ops lead from segment Since to this
// one; 0 is the empty state, so that such a segment is a snapshot. Usually
// Since is the segment before; now and then a segment repeats the ops of
// several before it, so that opening reads few segments of many.
type head struct {
	Format   int       `json:"format_version"`
	Lineage  string    `json:"lineage"`
	Serial   int64     `json:"serial"`
	Prev     string    `json:"prev,omitempty"` // sha256 of the bytes of the segment before, hex
	Since    int64     `json:"since"`
	SinceSum string    `json:"since_sum,omitempty"` // sha256 of the bytes of segment Since, if that is not the one before
	Earlier  int64     `json:"earlier,omitzero"`    // in a snapshot: the snapshot before it
	Session  Session   `json:"session,omitzero"`    // in a snapshot
	Writer   string    `json:"writer"`
	At       time.Time `json:"at"`
}

// Segment is one segment as read from its bytes.
type Segment struct {
	head
	lines []byte // the ops, as they stand
	sum   string
}

// Decode reads one segment from its bytes. The error says what is damaged, and
// wraps ErrChain or ErrNewer. The ops are read by Ops.
func Decode(sealed []byte) (Segment, error) {
	body, sum, err := store.Unseal(sealed)
	if err != nil {
		body = sealed // the head may still tell that it is not for us
	}
	first, rest, _ := bytes.Cut(body, []byte("\n"))
	var f struct {
		Format int `json:"format_version"`
	}
	switch e := json.Unmarshal(first, &f); {
	case e == nil && f.Format > Format:
		return Segment{}, fmt.Errorf("%w (format %d, this one reads %d): upgrade", ErrNewer, f.Format, Format)
	case err != nil:
		return Segment{}, fmt.Errorf("%w: %w", ErrChain, err)
	case e != nil:
		return Segment{}, fmt.Errorf("%w: line 1: %w", ErrChain, e)
	}
	s := Segment{lines: rest, sum: sum}
	if err := json.Unmarshal(first, &s.head); err != nil {
		return Segment{}, fmt.Errorf("%w: line 1: %w", ErrChain, err)
	}
	if s.Format < 1 || s.Serial < 1 || s.Lineage == "" || s.Since < 0 || s.Since >= s.Serial {
		return Segment{}, fmt.Errorf("%w: line 1 lacks its format_version, serial, lineage or since", ErrChain)
	}
	return s, nil
}

// Ops reads the ops of the segment.
func (s Segment) Ops() ([]Op, error) {
	var ops []Op
	for n, rest := 2, s.lines; len(rest) > 0; n++ {
		text, tail, ok := bytes.Cut(rest, []byte("\n"))
		if !ok {
			return nil, fmt.Errorf("%w: line %d does not end", ErrChain, n)
		}
		op, err := parseOp(text)
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrChain, n, err)
		}
		ops, rest = append(ops, op), tail
	}
	return ops, nil
}

// replay applies the segment to st, which must be at Since.
func (s Segment) replay(st *State) error {
	ops, err := s.Ops()
	if err != nil {
		return err
	}
	if s.Since == 0 {
		st.Session = s.Session
	}
	for i, op := range ops {
		if err := st.Do(op); err != nil {
			return fmt.Errorf("%w: line %d does not fit what stands before it: %w", ErrChain, i+2, err)
		}
	}
	st.Lineage, st.Serial = s.Lineage, s.Serial
	return nil
}

// encode seals a segment.
func encode(h head, lines []byte) (Segment, []byte, error) {
	first, err := json.Marshal(&h, encoding)
	if err != nil {
		return Segment{}, nil, fmt.Errorf("encode segment %d: %w", h.Serial, err)
	}
	body := make([]byte, 0, len(first)+len(lines)+128)
	body = append(append(append(body, first...), '\n'), lines...)
	sealed, sum := store.Seal(body)
	return Segment{head: h, sum: sum}, sealed, nil
}

// advice says what to do about a damaged segment.
func advice(err error) string {
	if errors.Is(err, ErrChain) {
		return "; restore it from a backup, or run `logpipe state rebuild -force` to make the state anew from the manifests"
	}
	return ""
}
