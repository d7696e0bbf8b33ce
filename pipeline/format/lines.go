package format

import "bytes"

// A splitter finds the items of a text that arrives in pieces. Positions are
// indexes into the text it is shown, which always continues what it saw before;
// an item that was too long to keep has a negative start.
type splitter interface {
	// next returns the next item that ends inside text.
	next(text []byte) (item, bool)
	// last returns what the end of the text makes of what is still open. It is
	// called until it has nothing more.
	last(text []byte) (item, bool)
	// from is where text has to be shown from the next time: the start of the
	// open item.
	from() int
	// rebase forgets the first n bytes of text.
	rebase(n int)
}

// item is one record or, with err, one reject: text[start:end].
type item struct {
	start, end int
	breaks     bool // has line breaks outside strings
	err        error
}

// lines is the splitter of Lines.
type lines struct{ start, at int }

func (l *lines) next(text []byte) (item, bool) {
	for {
		k := bytes.IndexByte(text[l.at:], '\n')
		if k < 0 {
			l.at = len(text)
			return item{}, false
		}
		start, end := l.start, l.at+k
		l.start, l.at = end+1, end+1
		if it := line(text, start, end); it.start < it.end {
			return it, true
		}
	}
}

func (l *lines) last(text []byte) (item, bool) {
	start := l.start
	l.start, l.at = len(text), len(text)
	it := line(text, start, len(text))
	return it, it.start < it.end
}

func (l *lines) from() int { return l.start }

func (l *lines) rebase(n int) { l.start -= n; l.at -= n }

// line is text[start:end] without \r at its end, empty if it is blank.
func line(text []byte, start, end int) item {
	if end > max(start, 0) && text[end-1] == '\r' {
		end--
	}
	if start >= 0 && blank(text[start:end]) {
		return item{}
	}
	return item{start: start, end: end}
}

func blank(b []byte) bool {
	for _, c := range b {
		if c != ' ' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}
