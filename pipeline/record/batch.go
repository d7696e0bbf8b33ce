package record

import "errors"

// Slot is the number of a path in a Layout.
type Slot int32

// Layout collects the paths that the expressions and rules of one pipeline
// read, while it is decoded. The zero value is ready. Asking for the same path
// twice gives the same slot.
type Layout struct {
	paths []Path
	slots map[string]Slot
	fold  []bool
}

// Slot returns the slot of p, whose keys must be spelled as in p.
func (l *Layout) Slot(p Path) Slot { return l.add(p, false) }

// FoldSlot returns the slot of p for keys in any case (ASCII letters): what a
// redaction asks for, because the services themselves mix type and Type.
func (l *Layout) FoldSlot(p Path) Slot { return l.add(p, true) }

func (l *Layout) add(p Path, fold bool) Slot {
	k := p.String()
	if fold {
		k = "\x00" + k
	}
	if s, ok := l.slots[k]; ok {
		return s
	}
	if l.slots == nil {
		l.slots = map[string]Slot{}
	}
	s := Slot(len(l.paths))
	l.slots[k] = s
	l.paths = append(l.paths, p)
	l.fold = append(l.fold, fold)
	return s
}

// Len returns the number of slots.
func (l *Layout) Len() int { return len(l.paths) }

// Path returns the path of slot s.
func (l *Layout) Path(s Slot) Path { return l.paths[s] }

// Span is a stretch of the bytes of one record: [Start, End) counted from the
// record's first byte. It is good until the record is edited and read again.
type Span struct{ Start, End int32 }

// Reject says why one record goes no further. Raw is nil where the source
// could not hold the record (too long, undecodable) or may not show it.
type Reject struct {
	Index  int    // number in the batch, -1 for what never became a record
	Origin string // file or request the record came from
	Offset int64  // byte offset in Origin after decompression, -1 if unknown
	Length int64
	Hash   [32]byte // SHA-256 of the record's bytes as read
	Raw    []byte   // bytes as read; valid until the batch is reset
	Err    error
}

// ErrNotWhole is wrapped by every error about the structure of a record.
var ErrNotWhole = errors.New("not a whole JSON object")
