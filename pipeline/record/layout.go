package record

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
