package paging_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/logpipe/logpipe/sources/entra/paging"
)

var start = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

type row struct {
	at  time.Time
	raw string
}

// service is a log in memory with the manners of Graph.
type service struct {
	rows    []row // ascending
	page    int   // records on a page unless asked
	coarse  bool  // compares whole seconds
	scatter bool  // does not heed $orderby
	noOrder bool  // does not know $orderby
	fault   func(n int, r paging.Request) error
	cut     func(n int) bool // the n-th request's body breaks off
	twice   func(n int) bool // the page begins with the last row of the one before

	requests []paging.Request
	queries  int
	returned int
}

var errReset = errors.New("connection reset")

func (s *service) Fetch(_ context.Context, r paging.Request, read func(io.Reader) error) error {
	s.requests = append(s.requests, r)
	n := len(s.requests)
	if r.Next == "" {
		s.queries++
	}
	if s.fault != nil {
		if err := s.fault(n, r); err != nil {
			return err
		}
	}
	if s.noOrder && r.Order != "" {
		return &paging.Answer{Status: http.StatusBadRequest, Code: "BadRequest", Message: "Query option 'OrderBy' is not allowed."}
	}
	from, until, at, top := s.query(r)
	if top <= 0 {
		top = s.page
	}
	rows := s.match(from, until)
	begin := at
	if at > 0 && s.twice != nil && s.twice(n) {
		begin--
	}
	end := min(at+top, len(rows))
	var b strings.Builder
	b.WriteString(`{"value":[`)
	for i, row := range rows[min(begin, end):end] {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(row.raw)
		s.returned++
	}
	b.WriteString(`]`)
	if end < len(rows) {
		fmt.Fprintf(&b, `,"@odata.nextLink":"%d %d %d %d"`, from.Unix(), until.Unix(), end, top)
	}
	b.WriteString(`}`)
	text := b.String()
	if s.cut != nil && s.cut(n) {
		text = text[:len(text)*2/3] + `{"error":{"code":"UnknownError"}}`
	}
	return read(strings.NewReader(text))
}

// query reads the bounds of a request out of its filter or link.
func (s *service) query(r paging.Request) (from, until time.Time, at, top int) {
	if r.Next != "" {
		var a, b int64
		_, _ = fmt.Sscan(r.Next, &a, &b, &at, &top)
		return time.Unix(a, 0), time.Unix(b, 0), at, top
	}
	words := strings.Fields(r.Filter)
	from, _ = time.Parse(time.RFC3339, words[2])
	until, _ = time.Parse(time.RFC3339, words[6])
	return from, until, 0, r.Top
}

func (s *service) match(from, until time.Time) []row {
	var out []row
	for _, row := range s.rows {
		at := row.at
		if s.coarse {
			at = at.Truncate(time.Second)
		}
		if !at.Before(from) && at.Before(until) || s.coarse && at.Equal(until) {
			out = append(out, row)
		}
	}
	if s.scatter {
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	}
	return out
}

// log makes n rows over a span, ids in order.
func log(n int, span time.Duration, field string, seed uint64) []row {
	rng := rand.New(rand.NewPCG(seed, 0))
	times := make([]time.Duration, n)
	for i := range times {
		times[i] = time.Duration(rng.Int64N(int64(span))).Truncate(100 * time.Nanosecond)
	}
	slices.Sort(times)
	rows := make([]row, n)
	for i, d := range times {
		at := start.Add(d)
		rows[i] = row{at, `{"id":"` + strconv.Itoa(i) + `","` + field + `":"` + at.Format("2006-01-02T15:04:05.9999999Z") + `"}`}
	}
	return rows
}

// open allows everything and waits no time.
type open struct{ throttled int }

func (*open) Wait(ctx context.Context) error                   { return context.Cause(ctx) }
func (o *open) Throttled(time.Duration, string)                { o.throttled++ }
func (*open) Now() time.Time                                   { return start }
func (*open) Sleep(ctx context.Context, _ time.Duration) error { return context.Cause(ctx) }
