package record

// hit is one place where a wanted field was found.
type hit struct {
	at   Span
	prev int32 // earlier hit of the same slot in the same record + 1, 0 if none
}

// found holds the fields found in the records of a batch: for each scanned
// record one row of table, with the last hit of every slot.
type found struct {
	table []int32 // number of the last hit + 1, 0 if missing
	hits  []hit
}

func (f *found) reset() {
	f.table = f.table[:0]
	f.hits = f.hits[:0]
}

// row adds an empty row for n slots and returns where it begins.
func (f *found) row(n int) int {
	at := len(f.table)
	if at+n > cap(f.table) {
		t := make([]int32, at, 2*cap(f.table)+16*n)
		copy(t, f.table)
		f.table = t
	}
	f.table = f.table[:at+n]
	clear(f.table[at:])
	return at
}

// finder is the scratch of one scan.
type finder struct {
	s     *Scanner
	found *found
	row   int // of the record being scanned
	first int // its first hit
	key   []byte
	stack [MaxDepth + 1]level
	index index
}

// restart forgets what was found in the current record so far.
func (f *finder) restart() {
	f.found.hits = f.found.hits[:f.first]
	clear(f.found.table[f.row : f.row+f.s.slots])
}

// scan finds the wanted fields of p[slack:slack+n] into a new row of to, and
// checks that it is whole. p has slack readable bytes on both sides.
func (f *finder) scan(p []byte, n int, to *found) (row int, err error) {
	f.found, f.first = to, len(to.hits)
	f.row = to.row(f.s.slots)
	if n <= fastLimit && f.fast(p, n) {
		return f.row, nil
	}
	if err := f.careful(p[slack : slack+n]); err != nil {
		f.restart()
		return f.row, err
	}
	return f.row, nil
}

// leaf notes a value that is known from start to end.
func (f *finder) leaf(want uint32, start, end int) {
	for _, s := range f.s.targets[want].slots {
		f.add(s, Span{int32(start), int32(end)})
	}
}

func (f *finder) add(s Slot, at Span) {
	last := &f.found.table[f.row+int(s)]
	f.found.hits = append(f.found.hits, hit{at, *last})
	*last = int32(len(f.found.hits))
}

// open notes an object or array that begins at start and returns its level.
func (f *finder) open(c byte, start int, want uint32) level {
	l := level{hit: -1, array: c == '['}
	if want == 0 {
		return l
	}
	t := &f.s.targets[want]
	if len(t.slots) > 0 {
		l.hit = int32(len(f.found.hits))
		f.leaf(want, start, -len(t.slots)) // close fills in the end
	}
	if l.array {
		l.element = t.element
	} else {
		l.node = t.object
	}
	return l
}

// close sets the end of the hits that opened with l.
func (f *finder) close(l *level, end int) {
	if l.hit < 0 {
		return
	}
	h := f.found.hits[l.hit:]
	for i := range -int(h[0].at.End) {
		h[i].at.End = int32(end)
	}
}
