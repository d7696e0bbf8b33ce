// Package pipeline is the floor that sources, transforms and sinks stand on:
// the contracts between them and the machine that runs them.
//
// A component implements one of Source, Transform or Sink and knows nothing
// else of the machine. The machine (config, plan, run) knows components only
// by these interfaces. Capabilities that few have are optional interfaces
// (Stored, Grounded), asked for once on the bare component.
//
// One goroutine owns an open slice: it calls Read, then Apply down the tree,
// then Write, by plain calls. Slices run side by side, so Source, Transform and
// Sink must be safe for concurrent use; Reader, Stage and Writer need not be.
package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/store"
)

// Env is what a component may borrow. It is filled by the program before the
// first Slices, Open or Look; constructors only keep it.
type Env struct {
	Dir   string // the pipeline's directory: relative paths start here
	Log   *slog.Logger
	Clock func() time.Time
	HTTP  *http.Client // sends tokens only to hosts that were approved
}

// Window is the stretch of time that a plan looks at. Start or End may be zero:
// open at that end.
type Window struct {
	Start, End time.Time
	// Known returns what is remembered of the ground called name, so that a
	// source need not read again what has not moved. It may be nil.
	Known func(name string) (Part, bool)
	// Holding returns every remembered slice whose ground has the part called
	// name, with Start, End and Ground as they were committed, so that a source
	// need not read a part again to tell which slices it holds. It may be nil.
	Holding func(name string) []Slice
	// Notice takes a sentence's predicate for whoever reads the plan, about what
	// is no error and may still not be meant: "has no file that matches …". It
	// may be nil and is not safe for concurrent use.
	Notice func(text string)
}

// Slice is one durable unit of a source's work: planned, committed, retried and
// handed to another machine as a whole.
type Slice struct {
	Source addr.Instance
	Log    string // catalogue name, "" if unknown
	Stream string // one ordered kind of record inside a log, "" if there is one
	Name   string // unique in a pipeline: label, key, stream, start and length, or the file
	Start  time.Time
	End    time.Time // half-open; Start and End are zero when a slice is a whole file
	// Settle is how old End must be before the slice is read at all, Revisit at
	// what ages of End it is read again, ascending; after the last it is settled.
	// Both are for sources whose past still changes and that cannot tell by
	// Ground whether it did.
	Settle  time.Duration
	Revisit []time.Duration
	Ground  []Part // what it will be read from, where that can be told; sorted by name
	Prior   []Part // the ground of the last committed revision; set by the machine
}

// Part is one piece of a slice's ground: a file. A slice whose ground changed
// is read again as a new revision.
type Part = manifest.Part

// Source reads records from somewhere.
type Source interface {
	// Schema says what its records contain; known before any I/O.
	Schema() *schema.Schema
	// Slices lists the durable units of work inside a window, sorted by start
	// and name. It may look at the world; it must not read records that it
	// could tell from w.Known.
	Slices(ctx context.Context, w Window) ([]Slice, error)
	// Open reads one slice from its beginning.
	Open(ctx context.Context, s Slice) (Reader, error)
}

// Reader yields the records of one slice.
type Reader interface {
	// Read fills b, which the caller has reset, with at least one record. io.EOF
	// ends the slice and may come with a last batch. Any other error means that
	// the slice was not read whole and nothing of it may be committed.
	Read(ctx context.Context, b *record.Batch) error
	Close() error
}

// Grounded is a Reader that can say what it has really read. It is asked after
// io.EOF.
type Grounded interface {
	Ground() []Part
}

// Transform changes or drops records.
type Transform interface {
	// Schema says what leaves. What reaches it was given at decode.
	Schema() *schema.Schema
	// Open returns the stage for one open slice. Stages run side by side and
	// own their scratch and caches.
	Open(s Slice) Stage
}

// Stage works on the batches of one slice.
type Stage interface {
	// Apply works on every live record of b. A record that cannot be handled is
	// rejected with b.Reject; an error means the batch and ends the slice for
	// everything behind this stage.
	Apply(ctx context.Context, b *record.Batch) error
	Close()
}

// Redaction is a Transform behind which clear values must not be found again.
// It is asked when the machine opens a slice.
type Redaction interface {
	// Key returns the id of the key that pseudonyms are made with and its check
	// value, which tells keys apart without telling the key; both are "" if
	// there is none. They are written into the manifest.
	Key() (id, check string)
	// Conceal returns what stands for the SHA-256 of a rejected record where
	// its sink's readers can see it: a keyed hash, so that nobody can try out
	// records. ok is false if there is no key; then no hash is written.
	Conceal(sum [32]byte) (hidden [32]byte, ok bool)
}

// Counted is a Stage that counts what its rules did. It is asked once, before
// Close; names of rules never hold a value of a record.
type Counted interface {
	Counts() map[string]int64
}

// Sink stores records somewhere.
type Sink interface {
	// Names returns the names of the objects that Open would write, as far as
	// the slice alone tells; complete is false if records decide over more. The
	// plan shows them, refuses collisions, and writes them down before anything
	// is stored, so that what a crash leaves can be found. o.Intent is not set.
	// An error is one of the configuration.
	Names(o Opening) (names []string, complete bool, err error)
	// Open begins one attempt to store one slice.
	Open(ctx context.Context, o Opening) (Writer, error)
}

// Opening is what a sink needs to know to store a slice.
type Opening struct {
	Slice    Slice
	Revision int    // 1 is the first; written into names from 2 on, as .r2
	Attempt  int    // 1 is the first; written into names from 2 on, as .a2
	Intent   string // travels with every object
}

// Writer stores the records of one slice. Exactly one of Commit and Abort ends
// it; Abort after Commit deletes nothing.
type Writer interface {
	// Write stores the live records of b. It keeps nothing of b.
	Write(ctx context.Context, b *record.Batch) error
	// Commit makes the objects durable. They are not named yet: the machine
	// writes the manifest. No records is no object.
	Commit(ctx context.Context) ([]manifest.Object, error)
	// Abort removes what was written.
	Abort() error
}

// Stored is a Sink that keeps its objects in a store of its own, in which the
// manifest and the rejects then live too. Prefix is the name under which all of
// it lies ("" or ending in /): claimed by one sink.
type Stored interface {
	Store(ctx context.Context) (s store.Store, err error)
	Place() string // a stable text for the claimed place: two sinks with overlapping places are refused
}

// SliceName returns the name of a slice on the time grid, unique in a pipeline:
// label, key, stream, start and length.
func SliceName(source addr.Instance, stream string, start, end time.Time) string {
	name := source.Label
	if source.Keyed {
		name += "-" + Slug(source.Key)
	}
	if stream != "" {
		name += "-" + stream
	}
	return name + "-" + SliceStamp(start, end)
}

// SliceStamp is the part of a slice's name that tells its time: its start, and
// its length in the largest unit that divides it.
func SliceStamp(start, end time.Time) string {
	d := end.Sub(start)
	length := d.String()
	switch {
	case d%(24*time.Hour) == 0:
		length = strconv.Itoa(int(d/(24*time.Hour))) + "d"
	case d%time.Hour == 0:
		length = strconv.Itoa(int(d/time.Hour)) + "h"
	case d%time.Minute == 0:
		length = strconv.Itoa(int(d/time.Minute)) + "m"
	}
	return start.UTC().Format("20060102T150405Z") + "-" + length
}

// Slug turns any text into a file name that no other text has: what is not a
// letter, digit, dot, dash or underscore of ASCII becomes a dash, and where that
// changed anything eight hex digits of the text's hash follow.
func Slug(text string) string {
	b := []byte(text)
	for i, c := range b {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' && i > 0 {
			continue
		}
		b[i] = '-'
	}
	const most = 120
	if string(b) == text && len(b) > 0 && len(b) <= most {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return string(b[:min(len(b), most)]) + "-" + hex.EncodeToString(sum[:4])
}
