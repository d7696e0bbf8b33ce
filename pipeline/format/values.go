package format

import "errors"

// Errors of items that cannot be delimited.
var (
	errCut    = errors.New("the text ends inside this record")
	errOpen   = errors.New("the text ends before its array is closed: records may be missing after this place")
	errBroken = errors.New("a string in this record has a line break")
)

// values is the splitter of Values. It follows quotes and brackets and nothing
// else of the grammar: whether a record is whole JSON is the scanner's matter.
type values struct {
	at    int   // text before it was looked at
	state state // where at is
	base  bool  // inside an array that is no member
	inner bool  // inside the array of a container
	found bool  // a container or an array was opened

	// of the open item
	start   int
	depth   int
	text    bool // inside a string
	escaped bool // behind a backslash
	breaks  bool
	indent  int // blanks in front of the line that the item begins on

	// of the line at stands on
	blanks int
	inside bool // something other than blanks was seen on it

	head head
	// of a broken item: the last line end, -1 before one
	lineEnd int
}

type state uint8

const (
	between state = iota // before a value
	object               // inside a bracketed value
	scalar               // inside a value without brackets
	opening              // behind the [ of what may be a container
	closing              // behind the ] of a container's array
	broken               // behind a line break in a string, looking for the next value
)

// head follows the members of an object that may be a container, as long as it
// may. Positions count from the item's start.
type head struct {
	may       bool
	key       [2]int // the last string at depth 1
	candidate bool   // behind the colon of value or records
}

func (v *values) from() int {
	if v.state == between || v.state == closing {
		return v.at
	}
	return v.start
}

func (v *values) rebase(n int) {
	v.at -= n
	v.start -= n
	v.lineEnd -= n
	if v.start >= 0 || v.state != object && v.state != opening {
		return
	}
	v.head = head{} // its keys are gone with the text
	v.state = object
}

func (v *values) next(text []byte) (item, bool) {
	for v.at < len(text) {
		c := text[v.at]
		var it item
		var ok bool
		switch v.state {
		case between:
			v.begin(c)
		case object:
			it, ok = v.within(text)
		case scalar:
			it, ok = v.bare(c)
		case opening:
			v.open(c)
		case closing:
			v.close(c)
		case broken:
			it, ok = v.resync(c)
		}
		if ok {
			return it, true
		}
	}
	return item{}, false
}

// last is called at the end of the text.
func (v *values) last(text []byte) (item, bool) {
	st := v.state
	v.state = between
	switch st {
	case scalar:
		return v.item(v.at), true
	case object, opening:
		v.base, v.inner = false, false // the cut says it all
		it := v.item(v.at)
		it.err = errCut
		return it, true
	case broken:
		v.base, v.inner = false, false
		it := v.item(v.at)
		it.err = errBroken
		return it, true
	}
	if v.base || v.inner {
		v.base, v.inner = false, false
		return item{start: v.at, end: v.at, err: errOpen}, true
	}
	return item{}, false
}

func (v *values) item(end int) item {
	return item{start: v.start, end: end, breaks: v.breaks}
}

// step moves past c and keeps count of the blanks at the line's begin.
func (v *values) step(c byte) {
	v.at++
	switch {
	case c == '\n':
		v.blanks, v.inside = 0, false
	case v.inside:
	case c == ' ' || c == '\t':
		v.blanks++
	case c != '\r':
		v.inside = true
	}
}

// begin looks for the first byte of a value.
func (v *values) begin(c byte) {
	array := v.base || v.inner
	switch c {
	case ' ', '\t', '\r', '\n', ',', 0x1e: // the last begins a record of RFC 7464
		v.step(c)
		return
	case ']':
		if v.inner {
			v.inner, v.state, v.depth, v.text, v.escaped = false, closing, 1, false, false
			v.step(c)
			return
		}
		if v.base {
			v.base = false
			v.step(c)
			return
		}
	case '[':
		if !array {
			v.base, v.found = true, true
			v.step(c)
			return
		}
	}
	v.start, v.depth, v.text, v.escaped, v.breaks = v.at, 0, false, false, false
	v.indent = v.blanks
	v.head = head{may: c == '{' && !v.inner}
	v.state = scalar
	if c == '{' || c == '[' {
		v.state = object
	}
}

// within goes on inside a bracketed value, up to its end or the end of text.
func (v *values) within(text []byte) (item, bool) {
	for v.at < len(text) {
		c := text[v.at]
		if v.text {
			if it, ok := v.inString(text); ok || v.state != object {
				return it, ok
			}
			continue
		}
		v.step(c)
		switch c {
		case '"':
			v.text = true
			if v.head.may && v.depth == 1 {
				v.head.key[0] = v.at - v.start
			}
		case '{', '[':
			v.depth++
			if v.head.candidate && c == '[' && v.depth == 2 {
				v.head.candidate = false
				v.state = opening
				return item{}, false
			}
		case '}', ']':
			if v.depth--; v.depth <= 0 {
				v.state = between
				return v.item(v.at), true
			}
		case '\n', '\r':
			v.breaks = true
			continue
		case ' ', '\t':
			continue
		}
		if v.head.may {
			v.member(text, c)
		}
	}
	return item{}, false
}

// member follows the head of a possible container; c was just passed outside
// strings.
func (v *values) member(text []byte, c byte) {
	h := &v.head
	if h.candidate { // value or records, but no array
		*h = head{}
		return
	}
	if c != ':' || v.depth != 1 {
		return
	}
	from, to := v.start+h.key[0], v.start+h.key[1]
	if v.start < 0 || from > to || to > len(text) {
		h.may = false
		return
	}
	switch key := text[from:to]; {
	case string(key) == "value" || string(key) == "records":
		h.candidate = true
	case len(key) > 0 && key[0] == '@', string(key) == "nextLink", string(key) == "count", string(key) == "odata.metadata":
	default:
		h.may = false
	}
}

// inString goes on inside a string of a bracketed value.
func (v *values) inString(text []byte) (item, bool) {
	i := v.at
	for ; i < len(text); i++ {
		c := text[i]
		if c > '\\' || c != '"' && c != '\\' && c != '\n' && !v.escaped {
			v.escaped = false
			continue
		}
		switch {
		case c == '\n': // no JSON string has one: the quotes do not match
			v.at = i
			v.state, v.lineEnd = broken, i
			return item{}, false
		case v.escaped:
			v.escaped = false
		case c == '\\':
			v.escaped = true
		case c == '"':
			v.text = false
			if v.head.may && v.depth == 1 {
				v.head.key[1] = i - v.start
			}
			v.inside = true
			v.at = i + 1
			return item{}, false
		}
	}
	v.at = i
	return item{}, false
}

// bare goes on inside a value without brackets. It ends with its line, or with
// the comma or bracket behind it.
func (v *values) bare(c byte) (item, bool) {
	array := v.base || v.inner
	switch {
	case c == '\n' || !v.text && array && (c == ',' || c == ']'):
		v.state = between
		return v.item(v.at), true
	case v.escaped:
		v.escaped = false
	case c == '\\':
		v.escaped = v.text
	case c == '"':
		v.text = !v.text
	}
	v.step(c)
	return item{}, false
}

// open decides whether the array whose [ was just passed is a container's.
func (v *values) open(c byte) {
	switch c {
	case ' ', '\t', '\r', '\n':
		v.breaks = v.breaks || c == '\n' || c == '\r'
		v.step(c)
	case '{', ']':
		v.inner, v.found, v.state = true, true, between
	default:
		v.head.may = false
		v.state = object
	}
}

// close passes what a container has behind its array.
func (v *values) close(c byte) {
	switch {
	case v.escaped:
		v.escaped = false
	case v.text:
		v.escaped = c == '\\'
		v.text = c != '"'
	case c == '"':
		v.text = true
	case c == '{' || c == '[':
		v.depth++
	case c == '}' || c == ']':
		if v.depth--; v.depth <= 0 {
			v.state = between
		}
	}
	v.step(c)
}

// resync looks for a line that begins a value no deeper than the broken one
// stood; the broken one ends in front of it.
func (v *values) resync(c byte) (item, bool) {
	if c == '\n' {
		v.lineEnd = v.at
	}
	fresh := !v.inside
	v.step(c)
	if c == '\n' || c == ' ' || c == '\t' || c == '\r' || !fresh {
		return item{}, false
	}
	if c == ',' { // comma first: the value is behind it
		v.inside = false
		v.blanks++
		return item{}, false
	}
	if v.blanks > v.indent || c != '{' && (c != ']' || !v.base && !v.inner) {
		return item{}, false
	}
	v.state, v.at, v.inside = between, v.at-1, false
	it := v.item(max(v.lineEnd, 0)) // before 0 where a long one was not kept
	it.err = errBroken
	return it, true
}
