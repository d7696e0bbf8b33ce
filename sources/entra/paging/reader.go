package paging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/record"
)

// Source is what all readers of one stream share.
type Source struct {
	Fetcher   Fetcher
	Budget    Budget
	Clock     Clock
	Plan      *Plan
	Meter     *Meter
	MaxRecord int // bytes; a longer record is rejected
}

// Open returns a reader for one slice. users, if not nil, lists what to put for
// {id} in the path, one chain each; it is called once, at the first Read.
func (s *Source) Open(slice pipeline.Slice, users func(context.Context) ([]string, error)) *Reader {
	r := &Reader{s: s, slice: slice, plan: s.Plan, split: newSplitter(), handed: newHanded(), top: s.Plan.top, users: users, ids: []string{""},
		patient: patient{f: s.Fetcher, budget: s.Budget, clock: s.Clock, meter: s.Meter}}
	r.from, r.end = slice.Start, slice.End
	return r
}

// Reader reads one slice. It belongs to one goroutine.
type Reader struct {
	s       *Source
	slice   pipeline.Slice
	plan    *Plan
	patient patient
	split   *splitter
	handed  *handed
	users   func(context.Context) ([]string, error)
	ids     []string // what is left to put for {id}; "" where there is no such thing

	from, to time.Time // the range; from is also the ground
	end      time.Time // of the slice
	begun    bool      // there is a chain
	next     string    // its next page, "" for its first
	top      int       // records to ask for on a page
	heavy    bool      // a page was too long: top stays low
	span     time.Duration

	pages   int             // of the chain
	links   map[string]bool // of the chain, to find one that runs in a circle
	order   order           // of the chain
	records int64           // of the chain
	empty   int             // pages in a row without a record of the slice
	failed  int             // chains in a row that broke without a page
	total   struct{ pages int }
}

// order tells whether a chain came sorted.
type order struct {
	asked bool
	lost  bool
	high  time.Time
}

const (
	mostFailed = 12
	mostEmpty  = 2000
	leastSpan  = time.Second
	leastTop   = 3
)

// Read fills b with the records of the next page that has any.
func (r *Reader) Read(ctx context.Context, b *record.Batch) error {
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		done, err := r.begin(ctx)
		if err != nil {
			return err
		}
		if done {
			skipped := b.Skipped
			b.Reset("")
			b.Skipped = skipped
			return io.EOF
		}
		if err := r.step(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", r.origin(), err)
		}
		if b.Len() > 0 || len(b.Rejects()) > 0 {
			return nil
		}
	}
}

// Close ends the reader. Nothing is held open between two calls of Read.
func (r *Reader) Close() error { return nil }

// begin starts the next chain if there is none. done says that all were read.
func (r *Reader) begin(ctx context.Context) (done bool, err error) {
	if r.users != nil {
		if r.ids, err = r.users(ctx); err != nil {
			return false, err
		}
		r.users = nil
	}
	if r.begun {
		return false, nil
	}
	if len(r.ids) == 0 {
		return true, nil
	}
	if r.plan.field != "" && r.s.windowed() {
		if !r.from.Before(r.end) {
			return true, nil
		}
		r.to = r.plan.reach(r.from, r.end, r.top, r.sorts())
		if r.span > 0 && r.from.Add(r.span).Before(r.to) {
			r.to = r.from.Add(r.span)
		}
	}
	r.begun, r.next, r.pages, r.records = true, "", 0, 0
	r.links = map[string]bool{}
	r.order = order{asked: r.sorts()}
	r.handed.again()
	return false, nil
}

// windowed reports whether a range is part of the query. History is asked for
// by user.
func (s *Source) windowed() bool { return s.Plan.log.Filter != "" && !s.Plan.log.Snapshot }

func (r *Reader) sorts() bool {
	return r.s.windowed() && r.plan.request(r.from, r.end, 0).Order != ""
}

func (r *Reader) request() Request {
	from, to := r.from, r.to
	if !r.s.windowed() {
		from, to = time.Time{}, time.Time{}
	}
	q := r.plan.request(from, to, r.top)
	q.ID, q.Next = r.ids[0], r.next
	return q
}

func (r *Reader) origin() string {
	return r.plan.log.Version + r.plan.log.Path
}

// step reads one page into b and goes on to the next, or mends what is broken.
func (r *Reader) step(ctx context.Context, b *record.Batch) error {
	q := r.request()
	skipped := b.Skipped
	var p page
	var seen *sight
	err := r.patient.Fetch(ctx, q, func(body io.Reader) error {
		b.Reset(r.origin() + "#" + strconv.Itoa(r.total.pages+1))
		b.Skipped = skipped
		r.handed.forgetTrial()
		seen = &sight{r: r, b: b, order: r.order}
		var err error
		p, err = r.split.split(body, seen.take)
		return err
	})
	if err == nil && p.next != "" && r.links[p.next] {
		err = errCircle
	}
	if err != nil {
		b.Reset("")
		b.Skipped = skipped
		r.handed.forgetTrial()
		return r.mend(err, q)
	}
	r.advance(p, seen, b)
	if r.empty > mostEmpty {
		return fmt.Errorf("%d pages in a row without a record of the slice: the service does not seem to heed the filter", r.empty)
	}
	return nil
}

var errCircle = errors.New("the service links a page that was read already")

// advance takes a page that was read whole.
func (r *Reader) advance(p page, seen *sight, b *record.Batch) {
	r.handed.commit()
	r.order = seen.order
	r.pages++
	r.total.pages++
	r.records += seen.records
	atomic.AddInt64(&r.s.Meter.Records, seen.records)
	if r.empty++; b.Len() > 0 {
		r.empty = 0
		r.failed = 0
	}
	if r.next = p.next; r.next == "" {
		r.finish()
		return
	}
	r.links[r.next] = true
	if r.pages >= longChain {
		if ground := r.ground(); ground.After(r.from) {
			r.from, r.begun = ground, false
		}
	}
}

// finish ends a chain that was read to its end.
func (r *Reader) finish() {
	r.begun, r.failed = false, 0
	if !r.s.windowed() {
		r.ids = r.ids[1:]
		return
	}
	r.plan.learn(r.records, r.to.Sub(r.from))
	if !r.heavy {
		r.top = r.plan.top
	}
	r.from = r.to
	if r.span > 0 {
		r.span *= 2
	}
}

// ground is from where nothing is missing: the last whole second that was
// handed over if the service kept its order, else the begin of the range. A
// service that compares whole seconds may have more of the last one.
func (r *Reader) ground() time.Time {
	if !r.order.asked || r.order.lost || r.order.high.IsZero() {
		return r.from
	}
	return later(r.from, r.order.high.Truncate(time.Second))
}

// mend decides how to go on after a request that failed for good.
func (r *Reader) mend(err error, q Request) error {
	what := fateOf(err, q)
	if errors.Is(err, errCircle) {
		what = broken
	}
	switch what {
	case without:
		var a *Answer
		if errors.As(err, &a); r.plan.drop(optionOf(a)) {
			r.begun = false
			return nil
		}
		return explain(err, r.plan.log)
	case smaller:
		if r.heavy = true; !r.shrink() {
			return fmt.Errorf("%w: over %d MiB for %d records", err, MaxPage>>20, r.top)
		}
	case broken, again:
		if r.failed++; r.failed > mostFailed {
			return explain(err, r.plan.log)
		}
		if what == again {
			r.shrink()
		}
	default:
		return explain(err, r.plan.log)
	}
	atomic.AddInt64(&r.s.Meter.Restarts, 1)
	if ground := r.ground(); ground.After(r.from) {
		r.from = ground
	} else if r.failed > 1 {
		r.halve()
	}
	r.begun = false
	return nil
}

// shrink asks for fewer records on a page. It is false if there are no fewer.
func (r *Reader) shrink() bool {
	if r.top == 0 {
		r.top = max(r.plan.log.Page, 1000)
	}
	if r.top <= leastTop {
		return false
	}
	r.top = max(r.top/2, leastTop)
	return true
}

// halve makes the ranges shorter.
func (r *Reader) halve() {
	if !r.s.windowed() {
		return
	}
	span := r.to.Sub(r.from) / 2
	r.span = max(span.Truncate(time.Second), leastSpan)
}
