// Package store is named objects somewhere: a directory, a blob container.
// Sinks keep their objects in one, and so do the manifest and the state.
//
// The contract is small enough for both a file system and an object service.
// Names are slash-separated relative paths without empty, "." or ".." parts
// (see CheckName). An object is created once and never changed: Create fails
// with ErrExists for a name that is taken, however many writers race, and
// after Commit returns the bytes survive a crash of the machine. Until then
// nothing is visible under the name. That one promise carries the commit
// protocol: whoever creates segment N+1 has written it.
//
// Row is that promise put to use: numbered objects in a row. Seal and Unseal
// frame what stands in them, so that a cut or edited one is known from itself.
//
// Implementations: store/dir, store/blob. storetest.Run checks one against
// this page.
package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
)

// Errors that callers branch on; implementations wrap them.
var (
	ErrExists   = errors.New("object exists")
	ErrNotExist = errors.New("object does not exist")
	ErrHeld     = errors.New("lease is held")
)

// Store holds objects. All methods may be called side by side.
type Store interface {
	// Create begins a new object. meta travels with the object where the
	// service can hold it and may be nil. The name is taken when Commit
	// succeeds, not before.
	Create(ctx context.Context, name string, meta map[string]string) (Writer, error)
	// Open reads an object; the error wraps ErrNotExist if there is none.
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	// List yields the objects whose names start with prefix, sorted by name
	// and greater than after ("" for all). An error ends the sequence.
	List(ctx context.Context, prefix, after string) iter.Seq2[Info, error]
	// Delete removes an object; one that is not there is no error.
	Delete(ctx context.Context, name string) error
}

// Writer is one object being written. Exactly one of Commit and Abort ends it;
// Abort after Commit does nothing.
type Writer interface {
	io.Writer
	// Commit makes the object durable and visible, or fails with ErrExists.
	Commit(ctx context.Context) error
	// Abort leaves nothing behind.
	Abort() error
}

// Info is what a listing tells of an object.
type Info struct {
	Name     string
	Size     int64
	Modified time.Time
}

// Leaser gives out a lease: politeness between writers, never a fence. The
// fence is the numbered segment.
type Leaser interface {
	// Lease takes the lease called name for holder, or fails with an error
	// that wraps ErrHeld and is a *HeldError. A lease whose time is over may
	// be taken by anyone.
	Lease(ctx context.Context, name string, holder Holder, ttl time.Duration) (Lease, error)
	// Break removes the lease called name if it carries id.
	Break(ctx context.Context, name, id string) error
}

// Lease is held until Release or until its time is over without Renew.
type Lease interface {
	Renew(ctx context.Context) error // fails with ErrHeld once somebody else has it
	Release(ctx context.Context) error
}

// Holder says who has a lease, for the message to the one who has to wait.
type Holder struct {
	ID      string    `json:"id"` // random, what force-unlock takes
	Who     string    `json:"who"`
	Command string    `json:"command"`
	Since   time.Time `json:"since,omitzero"`
	Expires time.Time `json:"expires,omitzero"`
}

// HeldError is returned for a lease that another has.
type HeldError struct{ Holder Holder }

func (e *HeldError) Error() string {
	return fmt.Sprintf("lease is held by %s (%s) since %s, id %s",
		e.Holder.Who, e.Holder.Command, e.Holder.Since.UTC().Format(time.RFC3339), e.Holder.ID)
}

// Is makes errors.Is(err, ErrHeld) true.
func (e *HeldError) Is(target error) bool { return target == ErrHeld }

// CheckName says why name cannot be the name of an object, or nil.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("object name is empty")
	case len(name) > 1024:
		return fmt.Errorf("object name has %d bytes; 1,024 is the most", len(name))
	case strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/"):
		return fmt.Errorf("object name %q must not begin or end with /", name)
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }):
		return fmt.Errorf("object name %q holds a control character or a backslash", name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return fmt.Errorf("object name %q has the part %q", name, part)
		}
		if len(part) > 240 {
			return fmt.Errorf("object name %q has a part of %d bytes; 240 is the most", name, len(part))
		}
	}
	return nil
}
