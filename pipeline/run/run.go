// Package run carries out a plan.
//
// A job is one slice read once for all the lanes that need it with the same
// history. Its batches go through the transforms as a tree: what two sinks
// share is done once, where they part each has its own view of the same bytes.
// Reading, working and writing overlap; records keep their order.
//
//	reader ─batch→ worker: scan, identify, transform ─views→ writer: encode, store
//
// A lane is committed in four steps: intent in the state, objects in the sink's
// store, entry in the sink's manifest, done in the state. The objects exist
// when the manifest names them. A crash between any two steps leaves an intent
// behind, which the next run settles before it reads anything. So does an
// object whose commit failed, because an error does not say that it is not
// there. An intent announces names under which nothing lies yet: what a
// recovery finds there is an orphan and may be deleted.
//
// A sink that fails, in a recovery too, takes its own lanes with it and nothing
// else. A source that fails takes the slice. What was not done is simply still
// to do: the next plan finds it.
//
// A record that reaches a sink by two ways is two records to it: stored, and
// counted in all six counts, once for each way.
package run

import (
	"context"
	"time"

	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/config"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/plan"
	"github.com/logpipe/logpipe/pipeline/state"
)

// Options is how a plan is carried out.
type Options struct {
	Parallelism int              // slices open side by side; 0 is 4
	Workers     int              // goroutines that work on one slice; 0 chooses by cores and slices
	Clock       func() time.Time // for the times that are written down
	Tool        string           // name and version, for the manifest
	// Stop, when closed, lets open slices finish and starts no more. Cancelling
	// the context aborts open slices instead.
	Stop <-chan struct{}
	// Event is told what happens, from several goroutines but one call at a
	// time. It may be nil.
	Event func(Event)
}

// EventKind is what an Event is about.
type EventKind string

// The events of a run, in the order in which a slice meets them.
const (
	Recovered EventKind = "recovered" // an interrupted slice was settled
	Started   EventKind = "started"   // a slice is being read
	Progress  EventKind = "progress"  // some more of it was read
	Committed EventKind = "committed" // one lane of it is stored and named
	Failed    EventKind = "failed"    // one lane of it, or all if Sink is zero, is not stored
	Warned    EventKind = "warning"   // something that costs neither data nor evidence
	Kept      EventKind = "left"      // not started: time was up or the run was stopped
)

// Event is one thing that happened.
type Event struct {
	Kind     EventKind         `json:"type"`
	At       time.Time         `json:"at"`
	Source   addr.Instance     `json:"source,omitzero"`
	Sink     addr.Instance     `json:"sink,omitzero"`
	Slice    string            `json:"slice,omitempty"`
	Revision int               `json:"revision,omitempty"`
	Counts   manifest.Counts   `json:"counts,omitzero"`
	Objects  []manifest.Object `json:"objects,omitempty"`
	Error    string            `json:"error,omitempty"`
	Detail   string            `json:"detail,omitempty"`
}

// Report is what a run did.
type Report struct {
	Lanes     []LaneReport `json:"lanes"` // in lane order
	Recovered int          `json:"recovered"`
	Slices    int          `json:"slices"` // read to the end
	Failures  []Failure    `json:"failures,omitempty"`
	Left      int          `json:"left"` // slices not started
	Stopped   bool         `json:"stopped,omitempty"`
	Lost      bool         `json:"lost,omitempty"` // the lease was taken: nothing more could be written
}

// LaneReport sums up one lane.
type LaneReport struct {
	Lane    state.Lane       `json:"lane"`
	Slices  int              `json:"slices"`
	Objects int              `json:"objects"`
	Bytes   int64            `json:"bytes"` // stored
	Counts  manifest.Counts  `json:"counts"`
	Rules   map[string]int64 `json:"rules,omitempty"` // what rules and detectors changed
}

// Failure is a slice, or one lane of it, that was not stored.
type Failure struct {
	Slice string        `json:"slice"`
	Sink  addr.Instance `json:"sink,omitzero"` // zero: the whole slice
	Err   error         `json:"-"`
	Error string        `json:"error"`
}

// Counts adds up all lanes.
func (r *Report) Counts() manifest.Counts {
	var c manifest.Counts
	for _, l := range r.Lanes {
		c = c.Add(l.Counts)
	}
	return c
}

// Apply carries out p, which was made for this pipeline and this state. The
// error is about the run as a whole (lease lost, context cancelled); what
// failed for a slice or a lane stands in the report.
func Apply(ctx context.Context, pipe *config.Pipeline, st *state.File, p *plan.Plan, stores *plan.Stores, o Options) (*Report, error) {
	return newRunner(pipe, st, p, stores, o).run(ctx)
}
