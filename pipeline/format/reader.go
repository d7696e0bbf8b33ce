package format

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io"

	"github.com/logpipe/logpipe/pipeline/record"
)

// DefaultMaxRecord is the longest record that is read unless told otherwise.
const DefaultMaxRecord = 32 << 20

// chunk is how much text a batch is filled with at a time.
const chunk = 256 << 10

// ReadOptions says how to read; the zero value is ready.
type ReadOptions struct {
	MaxRecord int    // bytes; 0 is DefaultMaxRecord
	Limits    Limits // of compressed text
	// Lines says that r stands at the begin of a line of plain text, at Offset:
	// nothing is looked for.
	Lines  bool
	Offset int64
	// Unchanged is how many bytes of text were read by an earlier revision.
	// Records that end there or before are counted in Batch.Skipped and not
	// added.
	Unchanged int64
}

// Reader fills batches with the records of one stream.
type Reader struct {
	src   io.Reader // the stream, then the text inside
	text  *Text     // nil until it was looked at, and for Lines from the middle
	o     ReadOptions
	form  Form
	split splitter
	tail  []byte // the open item, as far as it was read
	off   int64  // of the first byte of tail, in the text
	long  *long  // the open item, if it is too long to keep
	ended bool
	err   error
}

// long is an item that is over the limit: only its length and hash are kept.
// A \r at the end of what was added is kept back, because it belongs to the item
// only if something follows.
type long struct {
	off, n int64
	hash   hash.Hash
	cr     bool
	text   bool // something other than blanks was added
}

// NewReader returns a reader of r. Nothing is read before the first Read.
func NewReader(r io.Reader, o ReadOptions) *Reader {
	if o.MaxRecord <= 0 {
		o.MaxRecord = DefaultMaxRecord
	}
	rd := &Reader{src: r, o: o}
	if o.Lines {
		rd.off, rd.split = o.Offset, &lines{}
		rd.form = Form{Encoding: "utf-8", Layout: Lines}
	}
	return rd
}

// Form returns what was found; it is known after the first Read.
func (r *Reader) Form() Form { return r.form }

// Close frees the decoder. It does not close the stream.
func (r *Reader) Close() error {
	if r.text != nil {
		r.text.Close()
	}
	return nil
}

// Read puts the next records into b, which is empty. It may return without
// any, having gone on inside one that is too long or over unchanged ones; b then
// has to be reset before the next call, or it keeps the text that was passed.
// io.EOF ends the text and comes with the last records; any other error means
// that the text was not read whole.
func (r *Reader) Read(b *record.Batch) error {
	if r.err != nil {
		return r.err
	}
	r.err = r.read(b)
	return r.err
}

func (r *Reader) read(b *record.Batch) error {
	if r.text == nil && r.split == nil {
		if err := r.open(); err != nil {
			return err
		}
	}
	base := len(b.Fill())
	copy(b.Space(len(r.tail)), r.tail)
	b.Filled(len(r.tail))
	for {
		if err := r.fill(b); err != nil {
			return err
		}
		text := b.Fill()[base:]
		if r.split == nil {
			r.choose(text)
		}
		got := r.take(b, text, base, r.split.next)
		if r.ended {
			r.take(b, text, base, r.split.last)
			return io.EOF
		}
		if from := r.split.from(); r.long == nil && got == 0 && len(text)-from <= r.o.MaxRecord && from == 0 {
			continue // the item is longer than what was read: it grows where it is
		}
		r.carry(text)
		return nil
	}
}

func (r *Reader) open() (err error) {
	r.text, err = OpenText(r.src, r.o.Limits)
	if err != nil {
		return err
	}
	r.src, r.form, r.off = r.text, r.text.form, r.text.mark
	return nil
}

func (r *Reader) choose(text []byte) {
	r.form.Layout = detect(text)
	r.split = &lines{}
	if r.form.Layout == Values {
		r.split = &values{}
	}
}

// fill reads about a chunk. Decoders give little at a time.
func (r *Reader) fill(b *record.Batch) error {
	for n, empty := 0, 0; n < chunk && !r.ended; {
		k, err := r.src.Read(b.Space(chunk)[:chunk-n])
		b.Filled(k)
		n += k
		if empty++; k > 0 {
			empty = 0
		}
		if empty > 100 {
			return io.ErrNoProgress
		}
		if err == io.EOF {
			r.ended = true
		} else if err != nil {
			return err
		}
	}
	return nil
}

// take adds every item that find gives and returns how many there were.
func (r *Reader) take(b *record.Batch, text []byte, base int, find func([]byte) (item, bool)) int {
	n := 0
	for {
		it, ok := find(text)
		if !ok {
			return n
		}
		n++
		off, end := r.off+int64(it.start), r.off+int64(it.end)
		switch {
		case end <= r.o.Unchanged:
			r.long = nil
			b.Skipped.Unchanged++
		case r.long != nil:
			r.long.add(text[:it.end])
			if r.long.text {
				b.RejectRaw(r.long.reject(b.Origin(), r.o.MaxRecord))
			}
			r.long = nil
		case it.end-it.start > r.o.MaxRecord:
			l := newLong(off)
			l.add(text[it.start:it.end])
			b.RejectRaw(l.reject(b.Origin(), r.o.MaxRecord))
		case it.err != nil:
			raw := text[it.start:it.end]
			b.RejectRaw(record.Reject{Index: -1, Origin: b.Origin(), Offset: off, Length: int64(len(raw)),
				Hash: sha256.Sum256(raw), Raw: raw, Err: fmt.Errorf("%w: %w", record.ErrNotWhole, it.err)})
		default:
			if it.breaks {
				it.end = it.start + joinLines(text[it.start:it.end])
			}
			b.Add(base+it.start, base+it.end, off)
		}
	}
}

// carry keeps the open item for the next batch, or only its hash.
func (r *Reader) carry(text []byte) {
	from := r.split.from()
	switch {
	case r.long != nil:
		r.long.add(text)
		from = len(text)
		r.tail = r.tail[:0]
	case len(text)-from > r.o.MaxRecord:
		r.long = newLong(r.off + int64(from))
		r.long.add(text[from:])
		from = len(text)
		r.tail = r.tail[:0]
	default:
		r.tail = append(r.tail[:0], text[from:]...)
	}
	r.off += int64(from)
	r.split.rebase(from)
}

// joinLines takes the line breaks out of b that are outside strings and returns
// the length of what is left.
func joinLines(b []byte) int {
	w := 0
	text, escaped := false, false
	for _, c := range b {
		switch {
		case escaped:
			escaped = false
		case text:
			escaped = c == '\\'
			text = c != '"'
		case c == '"':
			text = true
		case c == '\n' || c == '\r':
			continue
		}
		b[w] = c
		w++
	}
	return w
}

func newLong(off int64) *long { return &long{off: off, hash: sha256.New()} }

func (l *long) add(b []byte) {
	if len(b) == 0 {
		return
	}
	l.text = l.text || !blank(b)
	if l.cr {
		l.write([]byte{'\r'})
	}
	if l.cr = b[len(b)-1] == '\r'; l.cr {
		b = b[:len(b)-1]
	}
	l.write(b)
}

func (l *long) write(b []byte) {
	l.hash.Write(b)
	l.n += int64(len(b))
}

func (l *long) reject(origin string, most int) record.Reject {
	r := record.Reject{Index: -1, Origin: origin, Offset: l.off, Length: l.n,
		Err: fmt.Errorf("record of %d bytes is over the limit of %d (max_record)", l.n, most)}
	l.hash.Sum(r.Hash[:0])
	return r
}
