package redact

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/logpipe/logpipe/pipeline/record"
)

const (
	deepest = 1000 // objects and lists in each other, as in a record
	nested  = 12   // JSON in text in JSON; each level doubles the backslashes
)

var (
	errDeep   = errors.New("redact: nested deeper than 1000")
	errNested = errors.New("redact: JSON in texts is nested deeper than 12")
	errJSON   = errors.New("redact: not whole JSON")
)

// walker carries a record along the tree. It works in two passes: the first
// applies the rules and notes on a tape, in order, what it changed and which
// texts are to be looked into; the second, once every value to be swept is
// known, looks into these.
type walker struct {
	s     *stage
	docs  []*doc
	key   []byte   // of the member on the way, as it stands in the record
	after []uint16 // by place of a key: which key of its node came next last time, + 1
	used  int      // of docs, by the present record
	texts int      // on the tapes, waiting for the second pass
	sweeper
}

// doc is one JSON document: the record, or one that stands in a text of it.
type doc struct {
	raw     []byte
	tape    []entry
	arena   []byte // JSON texts of the tape
	out     []byte
	text    []byte // raw of a text that holds JSON
	waiting []waiting
}

// entry is something on the way through a document.
type entry struct {
	start, end int // in raw; of a removed member from its key on
	kind       entryKind
	from, to   int  // in arena: what replaces it
	value      int  // where the value begins, if not at start
	scan       bool // not only sweep
	rule       *rule
	doc        *doc   // of a text that holds JSON
	name       string // of the field that a text stands in
	key        []byte // what the record calls it
}

type entryKind uint8

const (
	text      entryKind = iota // to be looked into
	inner                      // text that holds JSON, in doc
	changedTo                  // arena[from:to]
	takenOut
	done // looked into, nothing found
)

// waiting is a value whose sibling must be seen first.
type waiting struct {
	entry int
	node  *node
}

// record redacts record i by walking it.
func (s *stage) record(b *record.Batch, i int) error {
	s.used, s.texts, s.walker.key = 0, 0, nil
	d := s.newDoc(b.Bytes(i))
	if err := s.document(d, s.root, 0); err != nil {
		return err
	}
	if s.texts > 0 {
		s.prepare(s.docs[:s.used])
		for _, d := range s.docs[:s.used] {
			if err := s.lookInto(d); err != nil {
				return err
			}
		}
	}
	if d.touched() {
		b.Rewrite(i, s.splice(d))
	}
	return nil
}

func (w *walker) newDoc(raw []byte) *doc {
	if w.used == len(w.docs) {
		w.docs = append(w.docs, &doc{})
	}
	d := w.docs[w.used]
	w.used++
	d.raw, d.tape, d.arena, d.waiting = raw, d.tape[:0], d.arena[:0], d.waiting[:0]
	return d
}

// document walks all of d.
func (w *walker) document(d *doc, n *node, level int) error {
	end, err := w.value(d, skipSpace(d.raw, 0), n, 0, level)
	if err == nil && skipSpace(d.raw, end) != len(d.raw) {
		err = errJSON
	}
	return err
}

// value walks the value at d.raw[i] and returns its end.
func (w *walker) value(d *doc, i int, n *node, depth, level int) (int, error) {
	if i >= len(d.raw) {
		return 0, errJSON
	}
	if n.rule != nil && n.rule.action.whole() {
		return w.whole(d, i, n.rule)
	}
	if d.raw[i] == '[' {
		if depth == deepest {
			return 0, errDeep
		}
		return w.list(d, i, n.element(), depth+1, level)
	}
	if n.elem != nil { // a list was expected: this is taken for one of its elements
		return w.value(d, i, n.elem, depth, level)
	}
	if d.raw[i] == '{' {
		switch {
		case depth == deepest:
			return 0, errDeep
		case n.other == nil:
			return 0, n.rule.fault("it is an object")
		}
		key := w.key
		end, err := w.object(d, i, n, depth+1, level)
		w.key = key
		return end, err
	}
	if d.raw[i] == '"' {
		end := stringEnd(d.raw, i)
		if end < 0 {
			return 0, errJSON
		}
		if n.rule == nil && !n.box && (n.fixed || !w.s.sweep) {
			return end, nil
		}
		return end, w.str(d, i, end, n, level)
	}
	end := scalarEnd(d.raw, i)
	if end < 0 {
		return 0, errJSON
	}
	return end, w.plain(d, i, end, n)
}

// whole applies a rule that does not look inside.
func (w *walker) whole(d *doc, i int, r *rule) (int, error) {
	end := valueEnd(d.raw, i)
	if end < 0 {
		return 0, errJSON
	}
	return end, w.apply(d, i, end, r, false)
}

func (w *walker) object(d *doc, i int, n *node, depth, level int) (int, error) {
	raw, first := d.raw, len(d.waiting)
	phone := false
	var label []byte // of a pair of key and value
	i = skipSpace(raw, i+1)
	if i < len(raw) && raw[i] == '}' {
		return i + 1, nil
	}
	for place := n.first; ; {
		keyAt := i
		m, keyEnd, next, err := w.member(d, keyAt, n, place)
		if err != nil {
			return 0, err
		}
		place, i = next, skipSpace(raw, keyEnd)
		if i >= len(raw) || raw[i] != ':' {
			return 0, errJSON
		}
		i = skipSpace(raw, i+1)
		before := len(d.tape)
		w.key = raw[keyAt+1 : keyEnd-1]
		if label != nil && valueName(w.key) {
			w.key = label
		}
		end, err := w.value(d, i, m, depth, level)
		if err != nil {
			return 0, err
		}
		if raw[i] == '"' && labelName(raw[keyAt+1:keyEnd-1]) {
			label = raw[i+1 : end-1]
		}
		switch {
		case len(d.tape) > before && d.tape[before].kind == takenOut && d.tape[before].start == i && d.tape[before].end == end:
			d.tape[before].start, d.tape[before].value = keyAt, i
		case n.phoneKey != nil && m == n.phoneKey:
			phone = saysPhone(record.ValueOf(raw[i:end]))
		}
		if i = skipSpace(raw, end); i >= len(raw) {
			return 0, errJSON
		}
		if raw[i] == '}' {
			if len(d.waiting) == first {
				return i + 1, nil
			}
			return i + 1, w.settle(d, first, phone)
		}
		if raw[i] != ',' {
			return 0, errJSON
		}
		i = skipSpace(raw, i+1)
	}
}

// labelName and valueName tell pairs such as {"Key": "clientIp", "Value": "…"}.
func labelName(key []byte) bool {
	return len(key) == 3 && sameFold("key", key) || len(key) == 4 && sameFold("name", key) || len(key) == 11 && sameFold("displayname", key)
}

func valueName(key []byte) bool {
	return len(key) == 5 && sameFold("value", key) || len(key) == 8 && (sameFold("newvalue", key) || sameFold("oldvalue", key))
}

// member finds the node of the member whose key begins with its quote at
// raw[at], and the key's end. place is that of the key before it, next its own:
// records of one log have their members in one order, so that the key that came
// there last time is tried first.
func (w *walker) member(d *doc, at int, n *node, place int) (m *node, end, next int, err error) {
	if k := w.after[place]; k > 0 {
		if e := &n.keys.list[k-1]; len(d.raw)-at > len(e.colon) && string(d.raw[at:at+len(e.colon)]) == e.colon {
			return e.node, at + len(e.colon) - 1, n.first + int(k), nil
		}
	}
	if end = stringEnd(d.raw, at); end < 0 {
		return nil, 0, 0, errJSON
	}
	i, err := w.lookUp(d, at, end, n)
	if i < 0 || err != nil {
		return n.other, end, place, err
	}
	w.after[place] = uint16(i + 1)
	return n.keys.list[i].node, end, n.first + i + 1, nil
}

// lookUp returns the place in n's list of the key that, quotes included, is
// raw[at:end], -1 if nobody listed it: then it may itself be personal.
func (w *walker) lookUp(d *doc, at, end int, n *node) (int, error) {
	key := d.raw[at+1 : end-1]
	if bytes.IndexByte(key, '\\') >= 0 {
		t, err := record.ValueOf(d.raw[at:end]).AppendText(w.s.buf[:0])
		w.s.buf = t[:0]
		if err != nil {
			return -1, fmt.Errorf("redact: the key at byte %d: %w", at, err)
		}
		key = t
	}
	if i := n.keys.find(key); i >= 0 {
		return i, nil
	}
	m := n.other
	if scans := m.rule != nil && m.rule.action == scan; (scans || w.s.sweep && m.rule == nil && !m.fixed) && len(key) >= shortest {
		w.wait(d, entry{start: at, end: end, kind: text, scan: scans, rule: m.rule, name: m.name})
	}
	return -1, nil
}

func (w *walker) wait(d *doc, e entry) {
	d.tape = append(d.tape, e)
	w.texts++
}

// settle applies the rules that had to wait for the end of an object.
func (w *walker) settle(d *doc, first int, phone bool) error {
	for _, p := range d.waiting[first:] {
		e := &d.tape[p.entry]
		if err := w.resolve(d, e, p.node.rule, phone); err != nil {
			return err
		}
	}
	d.waiting = d.waiting[:first]
	return nil
}

func (w *walker) list(d *doc, i int, n *node, depth, level int) (int, error) {
	raw := d.raw
	i = skipSpace(raw, i+1)
	if i < len(raw) && raw[i] == ']' {
		return i + 1, nil
	}
	for {
		end, err := w.value(d, i, n, depth, level)
		if err != nil {
			return 0, err
		}
		if i = skipSpace(raw, end); i >= len(raw) {
			return 0, errJSON
		}
		if raw[i] == ']' {
			return i + 1, nil
		}
		if raw[i] != ',' {
			return 0, errJSON
		}
		i = skipSpace(raw, i+1)
	}
}

// str walks a string.
func (w *walker) str(d *doc, i, end int, n *node, level int) error {
	switch {
	case n.rule != nil && n.rule.action != scan:
		if n.phoneAt != "" {
			d.waiting = append(d.waiting, waiting{len(d.tape), n})
			d.tape = append(d.tape, entry{start: i, end: end, kind: done})
			return nil
		}
		return w.apply(d, i, end, n.rule, false)
	case n.box:
		return w.boxed(d, i, end, n, level)
	case n.rule == nil && (n.fixed || !w.s.sweep):
		return nil
	}
	return w.look(d, i, end, n, level)
}

// boxed walks a string that stands where the schema has an object: some tables
// write objects as text.
func (w *walker) boxed(d *doc, i, end int, n *node, level int) error {
	if !n.busy && !w.s.sweep && n.other.rule == nil {
		return nil
	}
	found, err := w.json(d, i, end, n, level, n.strict)
	if found || err != nil {
		return err
	}
	if n.strict {
		t, problem := w.s.text(record.ValueOf(d.raw[i:end]))
		if problem != "" || !w.s.former.IsPlaceholder(t) {
			return fmt.Errorf("redact: a rule reaches into %s, where a text stands that is no JSON", n.name)
		}
		return nil
	}
	if r := n.other.rule; r != nil && r.action != scan {
		return w.apply(d, i, end, r, false)
	} else if r == nil && !w.s.sweep {
		return nil
	}
	return w.look(d, i, end, n.other, level)
}

// look notes a text for the second pass, as JSON if it is such.
func (w *walker) look(d *doc, i, end int, n *node, level int) error {
	scans := n.rule != nil
	if end-i-2 < shortest {
		return nil
	}
	if found, err := w.json(d, i, end, n, level, scans); found || err != nil {
		return err
	}
	w.wait(d, entry{start: i, end: end, kind: text, scan: scans, rule: n.rule, name: n.name, key: w.key})
	return nil
}

// json walks the JSON that a text holds along n; false if it holds none. If must
// is set, a text that begins as JSON and is cut off is an error.
func (w *walker) json(d *doc, i, end int, n *node, level int, must bool) (bool, error) {
	c := d.raw[i+1]
	if c != '{' && c != '[' && c != '\\' && c != ' ' {
		return false, nil
	}
	v := record.ValueOf(d.raw[i:end])
	in := w.newDoc(nil)
	t, err := v.AppendText(in.text[:0])
	in.text, in.raw = t, t
	if err != nil {
		w.used--
		if must {
			return false, fmt.Errorf("redact: the text at byte %d: %w", i, err)
		}
		return false, nil
	}
	if !mayBeJSON(t) {
		w.used--
		return false, nil
	}
	if level == nested {
		return false, errNested
	}
	used, texts := w.used, w.texts
	if err := w.document(in, n, level+1); err != nil {
		if !errors.Is(err, errJSON) {
			return false, err
		}
		w.used, w.texts = used-1, texts
		if must && begunJSON(t) {
			return false, errors.New("redact: JSON in a text is cut off or broken")
		}
		return false, nil
	}
	d.tape = append(d.tape, entry{start: i, end: end, kind: inner, doc: in})
	return true, nil
}

// mayBeJSON reports whether t looks like an object, a list or a quoted text.
func mayBeJSON(t []byte) bool {
	t = bytes.TrimSpace(t)
	if len(t) < 2 {
		return false
	}
	switch a, z := t[0], t[len(t)-1]; a {
	case '{', '[':
		return z == a+2 || begunJSON(t)
	case '"':
		return z == '"'
	}
	return false
}

// begunJSON reports whether t can hardly be anything but JSON, whole or not.
func begunJSON(t []byte) bool {
	t = bytes.TrimSpace(t)
	for len(t) > 0 && t[0] == '[' {
		t = bytes.TrimLeft(t[1:], " \t\r\n")
	}
	if len(t) > 0 && t[0] == '{' {
		t = bytes.TrimLeft(t[1:], " \t\r\n")
	}
	return len(t) > 0 && t[0] == '"' && bytes.IndexByte(t[1:], '"') != 0
}

// plain walks a number, true, false or null.
func (w *walker) plain(d *doc, i, end int, n *node) error {
	c := d.raw[i]
	number := c == '-' || c-'0' < 10
	switch r := n.rule; {
	case r == nil || r.action == scan:
		if number && end-i >= shortest && !n.fixed && !n.box && (r != nil || w.s.sweep) {
			w.wait(d, entry{start: i, end: end, kind: text, scan: r != nil, rule: r, name: n.name, key: w.key})
		}
		return nil
	case !r.given && !number && r.action != coarsen:
		return nil // by default truth values stay
	default:
		return w.apply(d, i, end, r, false)
	}
}

// apply applies a rule to the value raw[i:end] and notes what came of it.
func (w *walker) apply(d *doc, i, end int, r *rule, phone bool) error {
	d.tape = append(d.tape, entry{start: i, end: end, kind: done})
	return w.resolve(d, &d.tape[len(d.tape)-1], r, phone)
}

func (w *walker) resolve(d *doc, e *entry, r *rule, phone bool) error {
	e.rule, e.value = r, e.start
	what, err := w.s.apply(r, record.ValueOf(d.raw[e.start:e.end]), phone)
	switch what {
	case changed:
		e.kind, e.from = changedTo, len(d.arena)
		d.arena = append(d.arena, w.s.json...)
		e.to = len(d.arena)
	case removed:
		e.kind = takenOut
	}
	return err
}

// lookInto is the second pass over one document.
func (w *walker) lookInto(d *doc) error {
	for k := range d.tape {
		e := &d.tape[k]
		if e.kind != text {
			continue
		}
		e.kind, e.from = done, len(d.arena)
		found, err := w.s.rewrite(d, e)
		if err != nil {
			return err
		}
		if found {
			e.kind, e.to = changedTo, len(d.arena)
		}
	}
	return nil
}

// touched reports whether anything in d is to be written anew.
func (d *doc) touched() bool {
	for k := range d.tape {
		switch e := &d.tape[k]; e.kind {
		case changedTo, takenOut:
			return true
		case inner:
			if e.doc.touched() {
				return true
			}
		}
	}
	return false
}

// splice returns d as its tape says.
func (w *walker) splice(d *doc) []byte {
	out, copied := d.out[:0], 0
	for k := range d.tape {
		e := &d.tape[k]
		if e.kind == done || e.kind == inner && !e.doc.touched() {
			continue
		}
		out = append(out, d.raw[copied:e.start]...)
		copied = e.end
		switch e.kind {
		case changedTo:
			out = append(out, d.arena[e.from:e.to]...)
		case inner:
			out = record.AppendString(out, w.splice(e.doc))
		case takenOut:
			out, copied = dropComma(out, d.raw, copied)
		}
	}
	d.out = append(out, d.raw[copied:]...)
	return d.out
}

// dropComma takes out one comma with a child that was left out: the one before
// it, or the one behind it if no other child is left before it.
func dropComma(out, raw []byte, next int) ([]byte, int) {
	n := len(out)
	for n > 0 && isSpace(out[n-1]) {
		n--
	}
	if n > 0 && out[n-1] == ',' {
		return out[:n-1], next
	}
	if j := skipSpace(raw, next); j < len(raw) && raw[j] == ',' {
		return out, j + 1
	}
	return out, next
}
