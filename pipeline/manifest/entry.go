package manifest

import (
	"time"

	"github.com/logpipe/logpipe/pipeline/addr"
)

// Counts is where the records of a slice went. Read is the sum of the others:
// promise 1.
type Counts struct {
	Read      int64 `json:"read"`
	Outside   int64 `json:"outside"`   // outside the slice's window
	Duplicate int64 `json:"duplicate"` // same id and version already seen in this read
	Unchanged int64 `json:"unchanged"` // same id and version stored by an earlier revision
	Dropped   int64 `json:"dropped"`   // by a transform
	Rejected  int64 `json:"rejected"`
	Written   int64 `json:"written"`
}

// Balanced reports whether nothing was lost.
func (c Counts) Balanced() bool {
	return c.Read == c.Outside+c.Duplicate+c.Unchanged+c.Dropped+c.Rejected+c.Written
}

// Add returns the sum of two counts.
func (c Counts) Add(o Counts) Counts {
	c.Read += o.Read
	c.Outside += o.Outside
	c.Duplicate += o.Duplicate
	c.Unchanged += o.Unchanged
	c.Dropped += o.Dropped
	c.Rejected += o.Rejected
	c.Written += o.Written
	return c
}

// Object is one stored object of a slice.
type Object struct {
	Name    string `json:"name"` // in the sink's store
	Records int64  `json:"records"`
	Bytes   int64  `json:"bytes"`  // stored
	Plain   string `json:"plain"`  // sha256 of the bytes before compression, hex
	Stored  string `json:"stored"` // sha256 of the stored bytes, hex
}

// Key is a key that pseudonyms were made with. Check tells keys apart without
// telling the key.
type Key struct {
	ID    string `json:"id"`
	Check string `json:"check"`
}

// Part is one piece of what a slice was read from: a file.
type Part struct {
	Name     string    `json:"name"` // slash-separated, relative to the pipeline's directory
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified,omitzero"`
	Sum      string    `json:"sum,omitempty"` // hash of the content, "" until it was read
	// From and To bound the bytes of the part that hold records of the slice;
	// both zero means all of it.
	From int64 `json:"from,omitzero"`
	To   int64 `json:"to,omitzero"`
	// Of a part that holds records of several slices: Own is a hash of what the
	// slice has of it, All one of the Own of all its slices, and Rest says that
	// the slice also answers for the records that belong to none of them.
	Own  string `json:"own,omitempty"`
	All  string `json:"all,omitempty"`
	Rest bool   `json:"rest,omitzero"`
}

// Entry is one slice of one lane at one revision, stored by a sink. A slice
// without records has an entry without objects: that nothing was there is
// evidence too.
type Entry struct {
	Source   addr.Instance    `json:"source"`
	Log      string           `json:"log,omitempty"`      // of the source
	Identity string           `json:"identity,omitempty"` // of the source: what it reads, for a state that is made anew
	Stream   string           `json:"stream,omitempty"`
	Sink     addr.Instance    `json:"sink"`
	Slice    string           `json:"slice"`          // slice.name, unique in a pipeline
	Start    time.Time        `json:"start,omitzero"` // zero for a slice that is a whole file
	End      time.Time        `json:"end,omitzero"`
	Revision int              `json:"revision"` // 1 is the first read
	Attempt  int              `json:"attempt"`  // 1 is the first try
	Intent   string           `json:"intent"`
	Shape    string           `json:"shape"`
	Basis    time.Time        `json:"basis"`              // the time that retention counts from
	Ground   []Part           `json:"ground,omitempty"`   // with Seen and Settled, what a lost state is made from
	Seen     string           `json:"seen,omitempty"`     // identities of its records, in the sink's store
	SeenSum  string           `json:"seen_sum,omitempty"` // sha256 of them, hex
	Settled  bool             `json:"settled,omitzero"`
	Objects  []Object         `json:"objects,omitempty"`
	Rejects  *Object          `json:"rejects,omitempty"` // where the rejected records are described
	Counts   Counts           `json:"counts"`
	Rules    map[string]int64 `json:"rules,omitempty"` // how often each rule and detector changed something
	Keys     []Key            `json:"keys,omitempty"`  // of pseudonyms
	Coverage string           `json:"coverage"`        // read, read_empty (promise 8)
	Began    time.Time        `json:"began,omitzero"`  // of the read, by our clock
	At       time.Time        `json:"at"`              // of the commit, by our clock
	Tool     string           `json:"tool"`
}
