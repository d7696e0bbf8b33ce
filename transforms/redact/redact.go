// Package redact is `transform "redact"`: personal values leave a record as
// pseudonyms, coarsened, masked or not at all.
//
// Its words. A rule says what happens to fields (its action); a default says it
// for fields without a rule, by their class or all alike; unknown says it for
// fields that no schema knows. A value that a rule took out of sight is swept
// from the rest of the record, where it often stands once more. Scanning looks
// into texts, and into JSON inside of texts, for values that have a form:
// addresses, IP addresses, telephone numbers. Names have none and are not found.
//
// It fails closed. A rule that cannot be applied to a value (no IP address where
// one is to be truncated, an object where a text was expected) rejects the
// record; the reason names action and field, never the value. Fields are found
// whatever the case of their keys, duplicate keys all of them, and lists around
// them are looked through even where the schema knows of none.
//
// How it works. At decode the rules and the schema become one tree of nodes
// (compile.go) and, from it, the schema that leaves. A record is handled by a
// walk along that tree (walk.go), which is the definition; a stage remembers in
// which order keys come, so that most are compared once and not looked up. The
// walk notes on a tape what it changed and which texts are to be looked into.
// Once all values to be swept are known, these are (sweep.go, base64.go), and the
// detectors look into those that are scanned (scan.go, package detect). Where
// only rules with paths are in force and nothing else is to be looked at, the
// fields that the scan of the batch has found already are edited in place
// (fast.go), with the same result. All caches are of bounded size; once they are
// warm nothing allocates but patterns and the check of telephone numbers.
//
// What leaves no trace in clear: errors and counts name actions, fields and types
// only, and of a rejected record a hash under a key of its own is all that is
// given away (Conceal). What has been found how well is measured by the gold set
// in testdata, whose figures stand in docs/redaction.md.
//
// Pseudonymised records are still personal data for everyone who can tell whom
// they are about.
//
// golang.org/x/text/unicode/norm puts texts into the form in which values are
// looked for; the standard library has no normalisation.
package redact

import (
	"context"
	"fmt"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/transforms/redact/pseudonym"
)

var _ pipeline.Redaction = (*Redact)(nil)

// Redact is the transform. It is read-only and shared by all stages.
type Redact struct {
	addr   addr.Instance
	schema *schema.Schema // what leaves
	root   *node
	places int // of keys in the tree
	rules  []*rule
	fast   *fast // nil: every record is walked
	sweep  bool
	words  map[string]struct{} // that are not swept
	scans  scans
	key    pseudonym.Key
	domain *pseudonym.Domain // nil without a key
}

// Schema says what leaves.
func (t *Redact) Schema() *schema.Schema { return t.schema }

// Key returns the name and the check value of the key, "" if there is none: what
// may be stored to tell later whether a key is still the same.
func (t *Redact) Key() (id, check string) {
	if t.key.IsZero() {
		return "", ""
	}
	return t.key.ID(), t.key.Check()
}

// Conceal returns what stands for the hash of a rejected record: its HMAC under
// a key that is derived from the secret for this alone. ok is false without a
// key.
func (t *Redact) Conceal(sum [32]byte) (hidden [32]byte, ok bool) {
	if t.domain == nil {
		return hidden, false
	}
	return t.domain.Conceal(sum), true
}

// Open returns the stage for one slice.
func (t *Redact) Open(pipeline.Slice) pipeline.Stage { return newStage(t) }

// stage works on the batches of one slice.
type stage struct {
	*Redact
	former   pseudonym.Former
	maker    *pseudonym.Maker
	prefixes prefixer
	programs programs
	counts   []int64 // by number of the rule

	buf     []byte   // decoded text
	json    []byte   // result of one rule
	looked  int64    // bytes of texts that were looked into
	targets []target // of the fast way
	detector
	walker
}

func newStage(t *Redact) *stage {
	s := &stage{Redact: t, counts: make([]int64, len(t.rules))}
	if t.domain != nil {
		s.maker, s.prefixes = t.domain.Maker(), t.domain.Prefixes()
	}
	s.walker.s = s
	s.after = make([]uint16, t.places)
	if t.sweep {
		s.known = newKnown()
	}
	s.detected, s.swept = map[string]int64{}, map[string]int64{}
	return s
}

// Apply redacts every live record.
func (s *stage) Apply(ctx context.Context, b *record.Batch) error {
	for i := range b.Len() {
		if !b.Live(i) {
			continue
		}
		if s.fast != nil {
			if done, err := s.quick(b, i); err != nil {
				s.reject(b, i, err)
				continue
			} else if done {
				continue
			}
		}
		if err := s.record(b, i); err != nil {
			s.reject(b, i, err)
		}
	}
	return ctx.Err()
}

func (s *stage) reject(b *record.Batch, i int, err error) {
	b.Reject(i, fmt.Errorf("%s: %w", s.addr, err))
}

func (s *stage) Close() {}

// Counts returns how many values each rule changed or took out, by action and
// field, and how many each detector found. No value is among them.
func (s *stage) Counts() map[string]int64 {
	all := map[string]int64{}
	for i, n := range s.counts {
		if n > 0 {
			all[s.rules[i].name()] += n
		}
	}
	for name, n := range s.detected {
		all["scan "+name] += n
	}
	for name, n := range s.swept {
		all["sweep "+name] += n
	}
	return all
}
