package state

import (
	"maps"
	"time"

	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/store"
)

// Format is the version of the segments and of the exported state that this
// package writes, and the newest that it reads.
const Format = 1

// Intent is a slice that is being stored. It is written before the first
// object and goes away with Finish or Abandon; one that stays open is what a
// crash left behind.
type Intent struct {
	ID       string    `json:"id"` // of manifest.NewIntent
	Lane     Lane      `json:"lane"`
	Slice    string    `json:"slice"`
	Start    time.Time `json:"start,omitzero"`
	End      time.Time `json:"end,omitzero"`
	Revision int       `json:"revision"`
	Attempt  int       `json:"attempt"`
	Shape    string    `json:"shape,omitempty"`
	Names    []string  `json:"names,omitempty"` // of the objects, as far as known beforehand
	Seen     string    `json:"seen,omitempty"`  // of the identities, in the sink's store
	Opened   time.Time `json:"opened"`
}

// Identity says what a source is, so that another one under its name is seen.
type Identity struct {
	Kind        string `json:"kind"`
	Log         string `json:"log,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
}

// SinkMemory is a destination that was used.
type SinkMemory struct {
	Kind    string `json:"kind"`
	Place   string `json:"place,omitempty"`
	Objects int64  `json:"objects"` // stored so far
	// Head is the last segment of its manifest that is known. A manifest that
	// does not lead on from it is not the one that was written.
	Head manifest.Head `json:"head,omitzero"`
}

// Session is the last writer: who holds or held the lease.
type Session struct {
	Holder store.Holder `json:"holder"`
	Serial int64        `json:"serial"` // of the segment with which it began: its epoch
}

// State is what survives between runs, as plain data. Marshalled with
// json.Deterministic it is the same bytes for the same state.
type State struct {
	Format  int                          `json:"format_version"`
	Lineage string                       `json:"lineage"` // "" if there is no state yet
	Serial  int64                        `json:"serial"`  // number of the last segment, 0 if there is none
	Session Session                      `json:"session,omitzero"`
	Sources map[addr.Instance]Identity   `json:"sources,omitempty"`
	Sinks   map[addr.Instance]SinkMemory `json:"sinks,omitempty"`
	Lanes   map[Lane]*LaneState          `json:"lanes,omitempty"`
	Intents map[string]Intent            `json:"intents,omitempty"` // by id
}

// New returns an empty state.
func New() *State {
	return &State{
		Format:  Format,
		Sources: map[addr.Instance]Identity{},
		Sinks:   map[addr.Instance]SinkMemory{},
		Lanes:   map[Lane]*LaneState{},
		Intents: map[string]Intent{},
	}
}

// Clone returns a copy that changes no more with s. What is never changed in
// place (Done, the slices of an Intent) is shared.
func (s *State) Clone() *State {
	c := *s
	c.Sources, c.Sinks, c.Intents = maps.Clone(s.Sources), maps.Clone(s.Sinks), maps.Clone(s.Intents)
	c.Lanes = make(map[Lane]*LaneState, len(s.Lanes))
	for k, l := range s.Lanes {
		c.Lanes[k] = l.clone()
	}
	return &c
}

// Lane returns what is remembered of l; nil, which is an empty LaneState, if
// that is nothing.
func (s *State) Lane(l Lane) *LaneState { return s.Lanes[l] }

// lane returns the LaneState to write to, and what takes it away again if it
// is new.
func (s *State) lane(l Lane) (ls *LaneState, undo func()) {
	if ls := s.Lanes[l]; ls != nil {
		return ls, func() {}
	}
	ls = &LaneState{}
	s.Lanes[l] = ls
	return ls, func() { delete(s.Lanes, l) }
}
