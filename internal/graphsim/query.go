package graphsim

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// query is what a request asks of a set.
type query struct {
	set      *set
	user     int // whose history
	period   int // days of a report
	feeds    []feed
	from, to instant // of the main time; zero: no bound
	newest   bool
	pinned   []key // if a filter on id names them
	clauses  []clause
	top      int
	selected []string
	orderBy  string // of a table
	count    bool
}

// window returns the seconds to walk: what is asked for, of what exists.
func (q *query) window(v *view, t *Tenant) (from, to instant) {
	from, to = instant{sec: max(t.start, v.oldest.sec)}, instant{sec: v.at.sec + 1}
	if end := t.end + 2*day; to.sec > end { // detections come after the last sign-in
		to = instant{sec: end}
	}
	if q.from != (instant{}) && from.before(q.from) {
		from = q.from
	}
	if q.to != (instant{}) && q.to.before(to) {
		to = q.to
	}
	return from, to
}

// narrow bounds the main time: from <= time < to, where zero is no bound.
func (q *query) narrow(from, to instant) {
	if from != (instant{}) && (q.from == (instant{}) || q.from.before(from)) {
		q.from = from
	}
	if to != (instant{}) && (q.to == (instant{}) || to.before(q.to)) {
		q.to = to
	}
}

// parseQuery reads the query options of a request.
func (t *Tenant) parseQuery(s *set, raw string) (*query, *problem) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, badRequest("The query specified in the URI is not valid. " + err.Error())
	}
	q := &query{set: s, feeds: s.feeds, newest: true, top: s.page, period: 7}
	for _, name := range sortedKeys(values) {
		if !strings.HasPrefix(name, "$") {
			continue // without $ an option is ignored, silently
		}
		if len(values[name]) > 1 {
			return nil, badRequest("Query option '" + name + "' was specified more than once, but it must be specified at most once.")
		}
		if p := t.option(q, name, values[name][0]); p != nil {
			return nil, p
		}
	}
	return q, nil
}

// option reads one query option.
func (t *Tenant) option(q *query, name, value string) *problem {
	s := q.set
	switch name {
	case "$filter":
		return t.filter(q, value)
	case "$top":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return badRequest("Invalid value '" + value + "' for $top query option found. The $top query option requires a non-negative integer value.")
		}
		if n > s.max {
			return badRequest("The limit of '" + strconv.Itoa(s.max) + "' for Top query has been exceeded. The value from the incoming request is '" + value + "'.")
		}
		q.top = n
	case "$orderby":
		return q.order(value)
	case "$select":
		if !s.allowed(name) {
			return notAllowed("Select")
		}
		for f := range strings.SplitSeq(value, ",") {
			q.selected = append(q.selected, strings.TrimSpace(f))
		}
	case "$count":
		if !s.allowed(name) {
			return notAllowed("Count")
		}
		q.count = value == "true"
	case "$skiptoken":
		// read by the caller
	default:
		return notAllowed(strings.ToUpper(name[1:min(2, len(name))]) + name[min(2, len(name)):])
	}
	return nil
}

// order reads $orderby: one property, asc or desc.
func (q *query) order(value string) *problem {
	words := strings.Fields(value)
	if len(words) == 0 || len(words) > 2 || len(words) == 2 && words[1] != "asc" && words[1] != "desc" {
		return badRequest("Syntax error at position " + strconv.Itoa(len(value)) + " in '" + value + "'.")
	}
	if !slices.Contains(q.set.order, words[0]) && !q.set.allowed("$orderby") {
		if len(q.set.order) == 0 {
			return notAllowed("OrderBy")
		}
		return badRequest("Ordering by '" + words[0] + "' is not supported. Supported: " + strings.Join(q.set.order, ", ") + ".")
	}
	q.newest = len(words) == 2 && words[1] == "desc"
	q.orderBy = words[0]
	return nil
}

// clause is a condition on the bytes of a record.
type clause struct {
	path    []string
	any     bool // path leads to a list, inner to a member of its elements
	inner   []string
	op      string
	text    string // what to compare with
	form    byte   // of the literal: s text, t time, n number, b true, false or null
	at      time.Time
	caseful bool
}

// holds reports whether a record fits all clauses.
func (q *query) holds(raw []byte) bool {
	for i := range q.clauses {
		c := &q.clauses[i]
		v := at(record.ValueOf(raw), c.path)
		if !c.any {
			if !c.fits(v) {
				return false
			}
			continue
		}
		found := false
		v.Each(func(_ []byte, e record.Value) bool {
			found = c.fits(at(e, c.inner))
			return !found
		})
		if !found {
			return false
		}
	}
	return true
}

// at returns the value that a path of members leads to.
func at(v record.Value, path []string) record.Value {
	for _, name := range path {
		var next record.Value
		v.Each(func(key []byte, m record.Value) bool {
			if string(key) == name {
				next = m
				return false
			}
			return true
		})
		v = next
	}
	return v
}

func (c *clause) fits(v record.Value) bool {
	if c.form == 'b' && c.text == "null" {
		return v.IsNull() == (c.op == "eq")
	}
	if v.IsNull() {
		return c.op == "ne"
	}
	if c.form == 'n' || c.form == 'b' {
		return (string(v.Raw()) == c.text) == (c.op == "eq")
	}
	text, ok := v.Text()
	if !ok {
		return false
	}
	if c.form == 't' {
		when, err := schema.ParseTime(text)
		return err == nil && c.compares(when)
	}
	return c.compareText(string(text))
}

func (c *clause) compareText(text string) bool {
	want := c.text
	if !c.caseful {
		text, want = strings.ToLower(text), strings.ToLower(want)
	}
	switch c.op {
	case "eq":
		return text == want
	case "ne":
		return text != want
	case "startswith":
		return strings.HasPrefix(text, want)
	default:
		return strings.Contains(text, want)
	}
}

// compares compares times. The service compares less precisely than it
// writes: gt also gives what equals the bound.
func (c *clause) compares(when time.Time) bool {
	switch c.op {
	case "eq":
		return when.Equal(c.at)
	case "ge":
		return !when.Before(c.at)
	case "gt":
		return !when.Before(c.at.Truncate(time.Millisecond))
	case "lt":
		return when.Before(c.at)
	default:
		return !when.After(c.at)
	}
}

// truthQueries returns the queries that together give a stream of a log.
func (t *Tenant) truthQueries(log, stream string) []*query {
	s, ok := t.logSet(log)
	if !ok {
		return nil
	}
	q := query{set: s, feeds: s.feeds, top: s.page, period: 7}
	switch {
	case s.table == tableHistory:
		return t.historyQueries(q, stream)
	case len(s.log.Parts) == 0:
		return []*query{&q}
	}
	var out []*query
	for _, part := range s.log.Parts {
		if stream == "" || part.Name == stream {
			one := q
			one.feeds = []feed{streamFeeds[part.Event]}
			out = append(out, &one)
		}
	}
	return out
}

// bound makes q a query for records whose field lies in [from, to), oldest
// first.
func (q *query) bound(field string, from, to time.Time) {
	q.newest = false
	if field == "" {
		return
	}
	path := strings.Split(field, "/")
	if field == q.set.main {
		q.narrow(ceil(from), ceil(to))
		return
	}
	q.widen(field, from, to)
	q.clauses = append(q.clauses, clause{path: path, op: "ge", form: 't', at: from}, clause{path: path, op: "lt", form: 't', at: to})
}

// widen bounds the main time of events by a window of another of their times.
func (q *query) widen(field string, from, to time.Time) {
	l, ok := q.set.lags[field]
	if !ok {
		return
	}
	var a, b instant
	if !from.IsZero() {
		a = instant{sec: from.Unix() - l.ahead - 1}
	}
	if !to.IsZero() {
		b = instant{sec: to.Unix() + l.behind + 1}
	}
	q.narrow(a, b)
}

// ceil returns the first instant that is not before a time.
func ceil(at time.Time) instant {
	i := instantOf(at)
	if at.Nanosecond()%100 != 0 {
		i = i.next()
	}
	return i
}

func (i instant) next() instant {
	if i.tick++; i.tick == ticksPerSecond {
		return instant{sec: i.sec + 1}
	}
	return i
}
