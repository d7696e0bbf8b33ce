// Package plan says what a run would do, as data.
//
// Look is the only step that touches the world: it asks sources for their
// slices and sinks for what they hold. Make is a function of its arguments,
// the clock included, and always says why: the same configuration, state and
// findings give the same Plan, byte for byte. A Plan is plain JSON that can be
// shown, saved and compared; it holds no secret and no value of a record.
//
// A saved plan is a check, never instructions: apply plans again, and Common
// keeps what stands in both plans unchanged.
//
// Two kinds of trouble are told apart. What is wrong with the configuration
// as seen from the state (a renamed block without moved, a source that became
// another) is hcl.Diagnostics with the block to paste. What is wrong with the
// world (an unreadable folder, a place that belongs to another pipeline) is a
// Problem of the block that has it; the rest of the plan goes on without it.
package plan

import (
	"time"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/state"
)

// FormatVersion is the version of a Plan as JSON.
const FormatVersion = "1.0"

// Plan is what a run would do.
type Plan struct {
	FormatVersion string    `json:"format_version"`
	Tool          string    `json:"tool"`
	Created       time.Time `json:"created"`
	Lineage       string    `json:"lineage"` // of the state it was made from, "" if there is none yet
	Serial        int64     `json:"serial"`
	Config        string    `json:"config"` // hash of the configuration
	Variables     []Setting `json:"variables,omitempty"`

	Recoveries []Recovery `json:"recoveries,omitempty"` // what an interrupted run left behind
	Moves      []Move     `json:"moves,omitempty"`
	Forgets    []Forget   `json:"forgets,omitempty"`
	Reads      []Read     `json:"reads,omitempty"` // in the order in which they will be carried out
	Sinks      []Sink     `json:"sinks,omitempty"` // every sink, in address order
	Flows      []Flow     `json:"personal_data,omitempty"`
	Problems   []Problem  `json:"problems,omitempty"`
	Notes      []Note     `json:"notes,omitempty"`
}

// Setting is a non-sensitive variable and its value as JSON text.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Read is one slice to read, and where its records go.
type Read struct {
	Source   addr.Instance   `json:"source"`
	Log      string          `json:"log,omitempty"`
	Stream   string          `json:"stream,omitempty"`
	Slice    string          `json:"slice"`
	Start    time.Time       `json:"start,omitzero"`
	End      time.Time       `json:"end,omitzero"`
	Revision int             `json:"revision"`
	Ground   []pipeline.Part `json:"ground,omitempty"`
	Prior    []pipeline.Part `json:"prior,omitempty"`  // ground of what is stored
	Seen     []Seen          `json:"seen,omitempty"`   // identities of what is stored
	Settles  time.Time       `json:"settles,omitzero"` // read from then on, it need not be read again
	Bytes    int64           `json:"bytes"`            // of its ground, 0 if not known
	Writes   []Write         `json:"writes"`           // in address order
	Why      string          `json:"why"`
}

// Seen is a set of identities of stored records.
type Seen struct {
	Name string `json:"name"`
	Sum  string `json:"sum,omitempty"` // sha256 of it, hex; "" if it was not written down
}

// Key names a read in a plan: the same slice may be read twice, for lanes with
// different histories.
func (r Read) Key() string {
	k := r.Slice
	for _, w := range r.Writes {
		k += "\x00" + w.Lane(r).String()
	}
	return k
}

// Window returns the slice that r reads.
func (r Read) Window() pipeline.Slice {
	return pipeline.Slice{Source: r.Source, Log: r.Log, Stream: r.Stream, Name: r.Slice,
		Start: r.Start, End: r.End, Ground: r.Ground, Prior: r.Prior}
}

// Write is one lane's part of a Read.
type Write struct {
	Sink     addr.Instance `json:"sink"`
	Attempt  int           `json:"attempt"`
	Shape    string        `json:"shape"`
	Names    []string      `json:"names,omitempty"` // objects, as far as the slice alone tells
	Complete bool          `json:"complete"`        // Names is all of them
}

// Lane returns the lane that w fills.
func (w Write) Lane(r Read) state.Lane {
	return state.Lane{Source: r.Source, Stream: r.Stream, Sink: w.Sink}
}

// Sink sums up one sink.
type Sink struct {
	Sink    addr.Instance `json:"sink"`
	Place   string        `json:"place,omitempty"`
	New     bool          `json:"new"`     // not used by this state before
	Writes  int           `json:"writes"`  // slices to write
	Objects int64         `json:"objects"` // stored so far
	Older   int64         `json:"older"`   // slices that keep an older shape
}

// Flow says which personal fields reach a sink in clear, by class, each list
// in schema order.
type Flow struct {
	Sink    addr.Instance       `json:"sink"`
	Clear   map[string][]string `json:"clear,omitempty"`   // class → paths
	Unknown bool                `json:"unknown,omitempty"` // fields that no schema knows reach it, too
}

// Recovery is an intent that an interrupted run left open.
type Recovery struct {
	Intent string     `json:"intent"`
	Lane   state.Lane `json:"lane"`
	Slice  string     `json:"slice"`
	Named  bool       `json:"named"` // its objects stand in the manifest: only the state is behind
	Why    string     `json:"why"`
}

// Move is a block that got another name.
type Move struct {
	From addr.Instance `json:"from"`
	To   addr.Instance `json:"to"`
}

// Forget is a block that a removed block ends.
type Forget struct {
	Addr addr.Instance `json:"addr"`
	Why  string        `json:"why"`
}

// Problem is something in the world that keeps a block from its work.
type Problem struct {
	Addr addr.Instance `json:"addr"`
	Text string        `json:"text"`
}

// Note is something a reader of the plan should know.
type Note struct {
	Addr  addr.Instance `json:"addr,omitzero"`
	Text  string        `json:"text"`
	Paste string        `json:"paste,omitempty"` // a block for the configuration that answers it
}

// Empty reports whether there is nothing to do. Problems and notes are not
// work.
func (p *Plan) Empty() bool {
	return len(p.Recoveries)+len(p.Moves)+len(p.Forgets)+len(p.Reads) == 0
}
