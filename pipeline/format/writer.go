package format

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/logpipe/logpipe/pipeline/record"
)

// Writer writes one object. What it is given to write to, it does not close.
//
//	records → buf → (sum plain) → packer → (sum stored) → out
type Writer struct {
	e      *Encoding
	buf    []byte
	packer packer // nil without compression
	out    stored
	plain  hash.Hash // of the text; nil without compression: then it is out.hash
	text   []byte    // scratch for one CSV value
	sums   Sums
	err    error
}

// Sums is what became of an object.
type Sums struct {
	Records     int64
	PlainBytes  int64
	StoredBytes int64
	Plain       [32]byte // SHA-256 of the text
	Stored      [32]byte // SHA-256 of what was stored
}

// packer is a compressor that can be used again.
type packer interface {
	io.WriteCloser
	Reset(io.Writer)
}

// stored counts and hashes what leaves.
type stored struct {
	w    io.Writer
	hash hash.Hash
	n    int64
}

func (s *stored) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.hash.Write(p[:n])
	s.n += int64(n)
	return n, err
}

// flushSize is how much text is gathered before it is hashed and packed.
const flushSize = 256 << 10

// NewWriter begins an object. Close must be called, after an error too.
func (e *Encoding) NewWriter(out io.Writer) (*Writer, error) {
	w, _ := e.writers.Get().(*Writer)
	if w == nil {
		var err error
		if w, err = e.build(); err != nil {
			return nil, err
		}
	}
	w.out.w, w.out.n = out, 0
	w.out.hash.Reset()
	if w.packer != nil {
		w.packer.Reset(&w.out)
		w.plain.Reset()
	}
	w.buf, w.sums, w.err = w.buf[:0], Sums{}, nil
	if e.o.Format == CSV {
		w.buf = appendHeader(w.buf, e.o.Columns)
	}
	return w, nil
}

func (e *Encoding) build() (*Writer, error) {
	w := &Writer{e: e, out: stored{hash: sha256.New()}}
	var err error
	switch e.o.Compression {
	case Gzip:
		level := e.o.Level
		if level == 0 {
			level = gzip.DefaultCompression
		}
		w.packer, err = gzip.NewWriterLevel(nil, level)
	case Zstd:
		level := e.level
		if e.o.Level == 0 {
			level = zstd.SpeedDefault
		}
		// One goroutine per slice is the rule of the house, and concurrent blocks
		// would differ from run to run.
		w.packer, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1))
	}
	if err != nil {
		return nil, fmt.Errorf("set up %s: %w", e.o.Compression, err)
	}
	if w.packer != nil {
		w.plain = sha256.New()
	}
	return w, nil
}

// Write writes the live records of b and keeps nothing of them. A record that
// the format cannot hold is rejected in b.
func (w *Writer) Write(b *record.Batch) error {
	if w.err != nil {
		return w.err
	}
	for i := range b.Len() {
		if !b.Live(i) {
			continue
		}
		if w.e.o.Format == CSV {
			n := len(w.buf)
			var err error
			if w.buf, err = w.appendRow(w.buf, b, i); err != nil {
				w.buf = w.buf[:n]
				b.Reject(i, err)
				continue
			}
		} else {
			w.buf = append(append(w.buf, b.Bytes(i)...), '\n')
		}
		w.sums.Records++
		if len(w.buf) >= flushSize {
			w.flush()
		}
	}
	return w.err
}

func (w *Writer) flush() {
	if w.err != nil || len(w.buf) == 0 {
		return
	}
	w.sums.PlainBytes += int64(len(w.buf))
	if w.packer == nil {
		_, w.err = w.out.Write(w.buf)
	} else {
		w.plain.Write(w.buf)
		_, w.err = w.packer.Write(w.buf)
	}
	w.buf = w.buf[:0]
}

// Records returns how many records were written.
func (w *Writer) Records() int64 { return w.sums.Records }

var errClosed = errors.New("object is closed")

// Close ends the object and says what became of it. The Writer must not be
// used afterwards.
func (w *Writer) Close() (Sums, error) {
	if w.err == errClosed {
		return Sums{}, errClosed
	}
	w.flush()
	if w.packer != nil {
		if err := w.packer.Close(); w.err == nil {
			w.err = err
		}
	}
	s, err := w.sums, w.err
	s.StoredBytes = w.out.n
	w.out.hash.Sum(s.Stored[:0])
	s.Plain = s.Stored
	if w.plain != nil {
		w.plain.Sum(s.Plain[:0])
	}
	w.err, w.out.w = errClosed, nil
	if cap(w.buf) <= 4*flushSize { // one huge record is no reason to keep its room
		w.e.writers.Put(w)
	}
	return s, err
}
