package format

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Limits bounds what a compressed file may unpack to. A zero field means its
// default; plain files have no bounds.
type Limits struct {
	MaxText int64 // bytes of unpacked text; 256 GiB
	// MaxRatio is how many times larger than the packed bytes read so far the
	// text may be, once it has more than Floor bytes; 300 and 64 MiB. Logs pack 10
	// to 100 times, a bomb 1,000 times and more.
	MaxRatio int64
	Floor    int64
}

func (l Limits) withDefaults() Limits {
	if l.MaxText <= 0 {
		l.MaxText = 256 << 30
	}
	if l.MaxRatio <= 0 {
		l.MaxRatio = 300
	}
	if l.Floor <= 0 {
		l.Floor = 64 << 20
	}
	return l
}

// ErrBomb is wrapped by the error about text that outgrows its Limits.
var ErrBomb = errors.New("compressed data unpacks to far more than logs do")

// Form is what was found by looking at content.
type Form struct {
	Compression string // "", "gzip", "zstd"
	Encoding    string // "utf-8", "utf-16le", "utf-16be"
	Layout      Layout
}

// Plain reports whether offsets are positions in the file and lines can be
// read from the middle.
func (f Form) Plain() bool {
	return f.Compression == "" && f.Encoding == "utf-8" && f.Layout == Lines
}

// Text is the UTF-8 text inside a stream: unpacked and without a byte order
// mark. Close frees its decoder and not the stream.
type Text struct {
	form   Form
	mark   int64 // bytes of the UTF-8 byte order mark that was skipped
	r      io.Reader
	packed *counter
	limits Limits
	n      int64 // bytes of unpacked text, before transcoding
	free   func()
}

// OpenText looks at the first bytes of r and returns the text inside.
func OpenText(r io.Reader, l Limits) (*Text, error) {
	t := &Text{form: Form{Encoding: "utf-8"}, packed: &counter{r: r}, limits: l.withDefaults(), free: func() {}}
	if err := t.unpack(); err != nil {
		t.free()
		return nil, err
	}
	if err := t.decode(); err != nil {
		t.free()
		return nil, err
	}
	return t, nil
}

// Form returns what was found; its Layout is not known to a Text.
func (t *Text) Form() Form { return t.form }

// Read reads text.
func (t *Text) Read(p []byte) (int, error) { return t.r.Read(p) }

// Close frees the decoder.
func (t *Text) Close() { t.free() }

// maxWindow is how far back a zstd frame may refer, and so what its decoder
// keeps: as much as the zstd program reads without being told to take more.
const maxWindow = 128 << 20

// peekSize is enough for every magic number.
const peekSize = 64

func (t *Text) unpack() error {
	head := bufio.NewReaderSize(t.packed, peekSize)
	first, err := head.Peek(peekSize)
	if err != nil && err != io.EOF {
		return err
	}
	switch kind := magic(first); kind {
	case "":
		// Plain text goes past the little buffer with reads of any size.
		t.r = io.MultiReader(bytes.NewReader(bytes.Clone(first)), t.packed)
		return nil
	case "gzip":
		t.form.Compression = kind
		z, err := newGzipText(io.MultiReader(bytes.NewReader(bytes.Clone(first)), t.packed))
		if err != nil {
			return unpackError(kind, err)
		}
		t.r = &unpacked{t: t, r: z}
	case "zstd":
		t.form.Compression = kind
		z, err := zstd.NewReader(io.MultiReader(bytes.NewReader(bytes.Clone(first)), t.packed),
			zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return unpackError(kind, err)
		}
		t.free = z.Close
		t.r = &unpacked{t: t, r: z}
	default:
		return fmt.Errorf("this is %s, which is not read: unpack or convert it to JSON Lines first", kind)
	}
	return nil
}

// decode finds the encoding of what is now text.
func (t *Text) decode() error {
	first := make([]byte, peekSize)
	n, err := io.ReadFull(t.r, first)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	first = first[:n]
	if kind := magic(first); t.form.Compression != "" && kind != "" {
		return fmt.Errorf("%s inside %s is not read: unpack it first", kind, t.form.Compression)
	}
	rest := func(skip int) io.Reader {
		if err != nil { // the text was shorter than the look at it
			return bytes.NewReader(first[skip:])
		}
		return io.MultiReader(bytes.NewReader(first[skip:]), t.r)
	}
	switch {
	case bytes.HasPrefix(first, []byte("\xef\xbb\xbf")):
		t.mark, t.r = 3, rest(3)
	case bytes.HasPrefix(first, []byte("\xff\xfe")):
		t.form.Encoding, t.r = "utf-16le", newUTF16(rest(2), false)
	case bytes.HasPrefix(first, []byte("\xfe\xff")):
		t.form.Encoding, t.r = "utf-16be", newUTF16(rest(2), true)
	case len(first) >= 4 && first[0] != 0 && first[1] == 0 && first[2] != 0 && first[3] == 0:
		t.form.Encoding, t.r = "utf-16le", newUTF16(rest(0), false)
	case len(first) >= 4 && first[0] == 0 && first[1] != 0 && first[2] == 0 && first[3] != 0:
		t.form.Encoding, t.r = "utf-16be", newUTF16(rest(0), true)
	default:
		t.r = rest(0)
	}
	return nil
}

// magic names what the first bytes say the content is, "" for text.
func magic(b []byte) string {
	for _, m := range []struct{ prefix, kind string }{
		{"\x1f\x8b", "gzip"},
		{"\x28\xb5\x2f\xfd", "zstd"},
		{"PK\x03\x04", "a zip archive"},
		{"PAR1", "Parquet"},
		{"BZh", "bzip2"},
		{"\xfd7zXZ\x00", "xz"},
		{"7z\xbc\xaf\x27\x1c", "a 7z archive"},
	} {
		if bytes.HasPrefix(b, []byte(m.prefix)) {
			return m.kind
		}
	}
	if len(b) >= 4 && b[0]&0xf0 == 0x50 && string(b[1:4]) == "\x2a\x4d\x18" {
		return "zstd" // a skippable frame in front
	}
	return ""
}

// unpacked is a decompressor whose output is held to the limits.
type unpacked struct {
	t *Text
	r io.Reader
}

func (u *unpacked) Read(p []byte) (n int, err error) {
	// Decoders of hostile bytes have had panics; they end here.
	defer func() {
		if v := recover(); v != nil {
			n, err = 0, fmt.Errorf("%s decoder failed: %v", u.t.form.Compression, v)
		}
	}()
	n, err = u.r.Read(p)
	t := u.t
	t.n += int64(n)
	switch {
	case t.n > t.limits.MaxText:
		return 0, fmt.Errorf("%w: over %d bytes of text; unpack the file yourself if you trust it", ErrBomb, t.limits.MaxText)
	case t.n > t.limits.Floor && t.n/t.limits.MaxRatio > t.packed.n:
		return 0, fmt.Errorf("%w: %d bytes of text from %d, over %d times; unpack the file yourself if you trust it",
			ErrBomb, t.n, t.packed.n, t.limits.MaxRatio)
	case err != nil && err != io.EOF:
		return n, unpackError(t.form.Compression, err)
	}
	return n, err
}

func unpackError(kind string, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("%s data breaks off before its end: %w", kind, io.ErrUnexpectedEOF)
	}
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		return fmt.Errorf("zstd data needs a window of more than %d MiB: pack it again with a smaller one (zstd --long=27 or less)", maxWindow>>20)
	}
	return fmt.Errorf("%s data is damaged: %w", kind, err)
}

// counter counts the packed bytes.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// Offset is where the text begins: behind the byte order mark.
func (t *Text) Offset() int64 { return t.mark }
