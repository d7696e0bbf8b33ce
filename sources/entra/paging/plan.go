package paging

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

// Plan is how one stream of one log is asked for. It is shared by all slices of
// the stream and learns from them how dense the records lie and which options
// the service knows.
type Plan struct {
	log   logs.Log
	event string // member of signInEventTypes, "" for none
	field string // the time that slices are of, "" for a snapshot
	top   int

	mu      sync.Mutex
	density float64 // records a second, 0 if nothing is known
	noOrder bool
	noTop   bool
}

// The length of a chain in pages. A service that sorts is asked anew after
// longChain, because a link may die and because that costs only the rows of one
// second; one that does not sort is asked for ranges of about goodChain.
const (
	longChain = 32
	goodChain = 30
)

// NewPlan returns how to ask for a stream of a log; stream is "" for a log that
// has none. pageSize is the number of records to ask for on a page, 0 for as
// many as the service gives.
func NewPlan(log logs.Log, stream string, pageSize int) *Plan {
	p := &Plan{log: log, top: log.MaxPage}
	if s, ok := log.Stream(stream); ok {
		p.event = s.Event
	}
	if !log.Snapshot {
		p.field = log.Filter
		if p.field == "" {
			p.field = log.Time
		}
	}
	if pageSize > 0 && (log.MaxPage == 0 || pageSize < log.MaxPage) {
		p.top = pageSize
	}
	return p
}

// request returns the first page of a range. Bounds that the service cannot
// express are widened: what lies outside is dropped by the reader.
func (p *Plan) request(from, to time.Time, top int) Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := Request{Version: p.log.Version, Path: p.log.Path, Top: top}
	if p.noTop {
		r.Top = 0
	}
	if p.field != "" && p.log.Order == p.field && !p.noOrder {
		r.Order = p.field
	}
	var clauses []string
	if p.field != "" && !from.IsZero() {
		clauses = append(clauses, p.lower(from), p.upper(to))
	}
	if p.event != "" {
		clauses = append(clauses, "signInEventTypes/any(t: t eq '"+p.event+"')")
	}
	r.Filter = strings.Join(clauses, " and ")
	return r
}

func (p *Plan) knows(operator string) bool {
	return len(p.log.Operators) == 0 || slices.Contains(p.log.Operators, operator)
}

func (p *Plan) lower(t time.Time) string {
	t = t.UTC().Truncate(time.Second)
	if p.knows("ge") {
		return p.field + " ge " + t.Format(time.RFC3339)
	}
	return p.field + " gt " + t.Add(-time.Second).Format(time.RFC3339)
}

func (p *Plan) upper(t time.Time) string {
	if whole := t.UTC().Truncate(time.Second); whole.Before(t) {
		t = whole.Add(time.Second)
	}
	if p.knows("lt") {
		return p.field + " lt " + t.UTC().Format(time.RFC3339)
	}
	return p.field + " le " + t.UTC().Format(time.RFC3339)
}

// reach returns the end of the next range that begins at from: all of the rest
// for a service that sorts, else about as much as makes a good chain.
func (p *Plan) reach(from, end time.Time, top int, sorted bool) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if sorted || p.density <= 0 {
		return end
	}
	if top <= 0 {
		top = max(p.log.Page, 100)
	}
	rest := end.Sub(from)
	seconds := min(max(float64(goodChain*top)/p.density, 1), rest.Seconds()+1)
	span := time.Duration(seconds) * time.Second
	if rest <= span+span/3 {
		return end
	}
	// Ranges of equal length, so that none ends in a page with a few records.
	n := (rest + span - 1) / span
	return later(from.Add((rest / n).Truncate(time.Second)), from.Add(time.Second))
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// learn takes how many records a range had.
func (p *Plan) learn(records int64, span time.Duration) {
	if span <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := float64(records) / span.Seconds()
	if p.density == 0 {
		p.density = now
		return
	}
	p.density = 0.7*p.density + 0.3*now
}

// drop remembers that the service does not know an option. It is false if the
// option was not used.
func (p *Plan) drop(option string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch option {
	case "orderby":
		was := p.noOrder
		p.noOrder = true
		return !was
	case "top":
		was := p.noTop
		p.noTop = true
		return !was
	}
	return false
}
