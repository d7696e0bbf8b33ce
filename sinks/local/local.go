// Package local is `sink "local"`: files in a folder.
//
// The constant part of the path up to its last slash is the root. All that the
// sink writes lies below it, the manifest and the rejects in .logpipe included,
// and no name leads out: a name with empty or dotted parts, or one inside
// .logpipe, is refused when the plan asks for it. Files are 0600 and are created
// once, whole, by store/dir: see there.
//
// A name is the path, .r2 for the second revision, .a2 for the second attempt,
// then the extension of format and compression. If the path already ends in
// that extension it is not written twice. A slice without records makes no
// file.
package local

import (
	"context"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/format"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/store"
	"github.com/logpipe/logpipe/pipeline/store/dir"
)

// machinery is the folder in the root that is no sink's to name.
const machinery = ".logpipe"

type sink struct {
	addr      addr.Instance
	env       *pipeline.Env
	path      *catalog.Template
	root      string // slash-separated
	encoding  *format.Encoding
	workloads *format.Encoding // of slices with workloads' sign-ins

	mu    sync.Mutex
	store *dir.Store // nil until it is asked for
}

// Names returns the one name that there is.
func (s *sink) Names(o pipeline.Opening) ([]string, bool, error) {
	name, err := s.name(o)
	if err != nil {
		return nil, false, err
	}
	return []string{name}, true, nil
}

// name returns an object's name in the root.
func (s *sink) name(o pipeline.Opening) (string, error) {
	text, err := s.path.Render(o.Slice)
	if err != nil {
		return "", err
	}
	// The root was cleaned, what follows it must not need to be: a part that
	// came out empty or as dots would move the file elsewhere.
	i := strings.LastIndexByte(s.path.Prefix(), '/')
	if i < 0 || len(text) <= i {
		return "", fmt.Errorf("path %q has no folder", text)
	}
	name := text[i+1:]
	ext := s.encoding.Extension()
	base := strings.TrimSuffix(name, ext)
	if last := path.Base(base); base == "" || strings.HasSuffix(base, "/") || last == "." {
		return "", fmt.Errorf("path %q ends without a file name: put ${slice.name} at its end", text)
	}
	if o.Revision > 1 {
		base += fmt.Sprintf(".r%d", o.Revision)
	}
	if o.Attempt > 1 {
		base += fmt.Sprintf(".a%d", o.Attempt)
	}
	name = base + ext
	if err := store.CheckName(name); err != nil {
		return "", fmt.Errorf("path %q cannot be written: %w; change the path so that every part of it has a name", text, err)
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") {
			return "", fmt.Errorf("path %q has the part %q: names that begin with a dot are kept for unfinished files and the manifest (%s); put something in front of the dot", text, part, machinery)
		}
	}
	return name, nil
}

// Store returns the store on the root. The folder is made when the first object
// is.
func (s *sink) Store(context.Context) (store.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store == nil {
		st, err := dir.Open(s.place(), dir.Options{Clock: s.env.Clock})
		if err != nil {
			return nil, err
		}
		s.store = st
	}
	return s.store, nil
}

// Place is the root as it is written: what two sinks must not share.
func (s *sink) Place() string { return s.root }

// Open begins to store a slice. No file is made before its first record.
func (s *sink) Open(ctx context.Context, o pipeline.Opening) (pipeline.Writer, error) {
	name, err := s.name(o)
	if err != nil {
		return nil, fmt.Errorf("open slice %q: %w", o.Slice.Name, err)
	}
	st, err := s.Store(ctx)
	if err != nil {
		return nil, fmt.Errorf("open slice %q: %w", o.Slice.Name, err)
	}
	encoding := s.encoding
	if o.Slice.Stream == "service_principal" || o.Slice.Stream == "managed_identity" {
		encoding = s.workloads
	}
	return &writer{encoding: encoding, store: st, name: name, intent: o.Intent}, nil
}

// writer stores one slice as one file.
type writer struct {
	encoding *format.Encoding
	store    store.Store
	name     string
	intent   string
	object   store.Writer   // nil before the first record
	text     *format.Writer // nil before the first record and once closed
	ended    bool
}

// Write stores the live records of b; one that the format cannot hold is
// rejected in b.
func (w *writer) Write(ctx context.Context, b *record.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if w.ended {
		return fmt.Errorf("write %s: it was ended already", w.name)
	}
	if w.text == nil {
		if b.LiveCount() == 0 {
			return nil
		}
		if err := w.begin(ctx); err != nil {
			return err
		}
	}
	if err := w.text.Write(b); err != nil {
		return fmt.Errorf("write %s: %w", w.name, err)
	}
	return nil
}

func (w *writer) begin(ctx context.Context) (err error) {
	w.object, err = w.store.Create(ctx, w.name, map[string]string{"intent": w.intent})
	if err != nil {
		return err
	}
	w.text, err = w.encoding.NewWriter(w.object)
	return err
}

// Commit makes the file durable. There is none if no record was written.
func (w *writer) Commit(ctx context.Context) ([]manifest.Object, error) {
	if w.ended {
		return nil, fmt.Errorf("commit %s: it was ended already", w.name)
	}
	if w.text == nil || w.text.Records() == 0 {
		return nil, w.Abort()
	}
	sums, err := w.text.Close()
	w.text = nil
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", w.name, err)
	}
	if err := w.object.Commit(ctx); err != nil {
		return nil, err
	}
	w.ended = true
	return []manifest.Object{{
		Name:    w.name,
		Records: sums.Records,
		Bytes:   sums.StoredBytes,
		Plain:   hex.EncodeToString(sums.Plain[:]),
		Stored:  hex.EncodeToString(sums.Stored[:]),
	}}, nil
}

// Abort removes what was written. After Commit it does nothing.
func (w *writer) Abort() error {
	if w.ended {
		return nil
	}
	w.ended = true
	if w.text != nil {
		_, _ = w.text.Close() // what it says no longer matters
		w.text = nil
	}
	if w.object == nil {
		return nil
	}
	return w.object.Abort()
}
