package paging_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
	"github.com/logpipe/logpipe/sources/entra/paging"
)

const (
	sorted   = "directory_audits" // by activityDateTime
	unsorted = "service_principal_risk_detections"
)

func source(name string, pageSize int, s *service) (*paging.Source, string) {
	l, _ := logs.Get(name)
	o := &open{}
	return &paging.Source{Fetcher: s, Budget: o, Clock: o, Plan: paging.NewPlan(l, "", pageSize), Meter: &paging.Meter{}}, l.Filter
}

// read reads [start, start+span) and counts each record.
func read(t *testing.T, s *paging.Source, from time.Time, span time.Duration) (map[string]int, int64) {
	t.Helper()
	got, outside, err := tryRead(t, s, from, span)
	if err != nil {
		t.Fatal(err)
	}
	return got, outside
}

func tryRead(t *testing.T, s *paging.Source, from time.Time, span time.Duration) (map[string]int, int64, error) {
	t.Helper()
	r := s.Open(pipeline.Slice{Name: "x", Start: from, End: from.Add(span)}, nil)
	defer r.Close()
	b := record.NewBatch(new(record.Layout).Compile())
	got := map[string]int{}
	outside := int64(0)
	for {
		b.Reset("")
		err := r.Read(t.Context(), b)
		for i := range b.Len() {
			got[string(b.Bytes(i))]++
		}
		outside += b.Skipped.Outside
		if err == io.EOF {
			return got, outside, nil
		}
		if err != nil {
			return got, outside, err
		}
	}
}

func once(rows []row) map[string]int {
	want := map[string]int{}
	for _, r := range rows {
		want[r.raw]++
	}
	return want
}

func dead(r paging.Request) error {
	if r.Next == "" {
		return nil
	}
	return &paging.Answer{Status: http.StatusBadRequest, Code: "UnknownError", Message: "Token not found: token is either invalid or expired"}
}

// A long slice of a service that sorts costs hardly more requests than it has
// pages, although no chain is longer than 32.
func TestLongChainsEndOnPurpose(t *testing.T) {
	s := &service{page: 100, rows: log(20_000, time.Hour, "activityDateTime", 1)}
	src, _ := source(sorted, 100, s)
	got, _ := read(t, src, start, time.Hour)
	if diff := cmp.Diff(once(s.rows), got); diff != "" {
		t.Error(diff)
	}
	if s.queries < 5 || s.queries > 10 {
		t.Errorf("%d queries for 200 pages", s.queries)
	}
	if full := float64(len(s.rows)) / float64(100*len(s.requests)); full < 0.95 {
		t.Errorf("%d requests: pages are %.0f %% full", len(s.requests), 100*full)
	}
}

// A service that does not sort is asked for ranges of 20 to 40 pages once it is
// known how dense the records lie.
func TestRangesByDensity(t *testing.T) {
	s := &service{page: 100, scatter: true, rows: log(40_000, 2*time.Hour, "detectedDateTime", 2)}
	src, _ := source(unsorted, 100, s)
	read(t, src, start, time.Hour)
	before, queries := len(s.requests), s.queries
	got, _ := read(t, src, start.Add(time.Hour), time.Hour)
	pages, chains := len(s.requests)-before, s.queries-queries
	if n := pages / chains; n < 20 || n > 40 {
		t.Errorf("%d pages in %d chains", pages, chains)
	}
	if n := len(got); n < 19_000 {
		t.Errorf("%d records", n)
	}
	if full := float64(len(got)) / float64(100*pages); full < 0.95 {
		t.Errorf("pages are %.0f %% full", 100*full)
	}
}

// Whichever link dies, and for however long a chain, nothing is missing and
// nothing comes twice.
func TestDeadLinks(t *testing.T) {
	for _, name := range []string{sorted, unsorted} {
		for _, coarse := range []bool{false, true} {
			for every := 1; every <= 6; every++ {
				t.Run(fmt.Sprintf("%s, coarse %v, after %d pages", name, coarse, every), func(t *testing.T) {
					l, _ := logs.Get(name)
					links := 0
					s := &service{page: 10, coarse: coarse, scatter: name == unsorted, rows: log(400, time.Hour, l.Filter, uint64(every))}
					s.fault = func(_ int, r paging.Request) error {
						if r.Next == "" {
							links = 0
							return nil
						}
						if links++; links >= every {
							return dead(r)
						}
						return nil
					}
					src, _ := source(name, 10, s)
					got, _ := read(t, src, start, time.Hour)
					if diff := cmp.Diff(once(s.rows), got); diff != "" {
						t.Error(diff)
					}
				})
			}
		}
	}
}

func TestFaultsAtRandom(t *testing.T) {
	for seed := range uint64(60) {
		for _, name := range []string{sorted, unsorted} {
			rng := rand.New(rand.NewPCG(seed, 7))
			l, _ := logs.Get(name)
			s := &service{page: 5 + rng.IntN(30), coarse: rng.IntN(2) == 0, scatter: name == unsorted || rng.IntN(3) == 0, noOrder: rng.IntN(4) == 0,
				rows: log(rng.IntN(1500), time.Hour, l.Filter, seed)}
			s.cut = func(int) bool { return rng.IntN(8) == 0 }
			s.twice = func(int) bool { return rng.IntN(5) == 0 }
			s.fault = func(_ int, r paging.Request) error {
				switch rng.IntN(24) {
				case 0, 1:
					return dead(r)
				case 2:
					return errReset
				case 3:
					return &paging.Answer{Status: 503, Told: true, After: 3 * time.Second}
				case 4:
					return &paging.Answer{Status: 429}
				}
				return nil
			}
			src, _ := source(name, s.page, s)
			got, _, err := tryRead(t, src, start, time.Hour)
			if err != nil {
				t.Errorf("seed %d, %s: %v", seed, name, err)
				continue
			}
			want := once(s.rows)
			for raw := range want {
				if got[raw] == 0 {
					t.Errorf("seed %d, %s: missing %s", seed, name, raw)
					break
				}
			}
			if len(got) != len(want) {
				t.Errorf("seed %d, %s: %d records, want %d", seed, name, len(got), len(want))
			}
		}
	}
}

// A record that a service really has twice is handed over twice, also when a
// chain breaks between the two.
func TestTwinsAreNotRepeats(t *testing.T) {
	twin := `{"x":1,"detectedDateTime":"2026-01-05T00:00:05Z"}`
	s := &service{page: 2, rows: []row{{start, twin}, {start, `{"x":2,"detectedDateTime":"2026-01-05T00:00:06Z"}`}, {start, twin}, {start, twin}}}
	broke := false
	s.fault = func(_ int, r paging.Request) error {
		if r.Next != "" && !broke {
			broke = true
			return dead(r)
		}
		return nil
	}
	src, _ := source(unsorted, 2, s)
	got, _ := read(t, src, start, time.Hour)
	if diff := cmp.Diff(once(s.rows), got); diff != "" {
		t.Error(diff)
	}
}

func TestOptionsThatAreNotKnown(t *testing.T) {
	s := &service{page: 10, noOrder: true, rows: log(95, time.Hour, "activityDateTime", 1)}
	src, _ := source(sorted, 10, s)
	for range 2 {
		got, _ := read(t, src, start, time.Hour)
		if diff := cmp.Diff(once(s.rows), got); diff != "" {
			t.Error(diff)
		}
	}
	refused := 0
	for _, r := range s.requests {
		if r.Order != "" {
			refused++
		}
	}
	if refused != 1 {
		t.Errorf("the option was tried %d times", refused)
	}
}

// A service that has too much to say is asked for less, first on a page, then
// at a time.
func TestSlowServiceIsAskedForLess(t *testing.T) {
	for _, name := range []string{sorted, unsorted} {
		t.Run(name, func(t *testing.T) {
			l, _ := logs.Get(name)
			s := &service{page: 100, scatter: name == unsorted, rows: log(3000, time.Hour, l.Filter, 1)}
			least := 1 << 30
			s.fault = func(_ int, r paging.Request) error {
				if r.Next == "" && r.Top > 0 {
					least = min(least, r.Top)
					from, until, _, _ := s.query(r)
					if r.Top > 30 || until.Sub(from) > 20*time.Minute && name == unsorted {
						return &paging.Answer{Status: 504}
					}
				}
				return nil
			}
			src, _ := source(name, 100, s)
			got, _ := read(t, src, start, time.Hour)
			if diff := cmp.Diff(once(s.rows), got); diff != "" {
				t.Error(diff)
			}
			if least < 3 {
				t.Errorf("asked for %d records", least)
			}
		})
	}
}

func TestGivesUp(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(int, paging.Request) error
		rows  int
		want  string
	}{
		"always broken":  {func(int, paging.Request) error { return errReset }, 10, "connection reset; tried 4 times"},
		"always refused": {func(int, paging.Request) error { return &paging.Answer{Status: 429} }, 10, "429"},
		"no permission":  {func(int, paging.Request) error { return &paging.Answer{Status: 403} }, 10, "grant the application"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{page: 5, rows: log(c.rows, time.Hour, "activityDateTime", 1), fault: c.fault}
			src, _ := source(sorted, 5, s)
			_, _, err := tryRead(t, src, start, time.Hour)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
			if len(s.requests) > 60 {
				t.Errorf("%d requests before giving up", len(s.requests))
			}
		})
	}
}

// circle links its only page for ever.
type circle struct{ n int }

func (c *circle) Fetch(_ context.Context, _ paging.Request, read func(io.Reader) error) error {
	c.n++
	return read(strings.NewReader(`{"value":[],"@odata.nextLink":"https://x/1"}`))
}

func TestLinksInACircle(t *testing.T) {
	l, _ := logs.Get(sorted)
	c, o := &circle{}, &open{}
	src := &paging.Source{Fetcher: c, Budget: o, Clock: o, Plan: paging.NewPlan(l, "", 5), Meter: &paging.Meter{}}
	_, _, err := tryRead(t, src, start, time.Hour)
	if err == nil || !strings.Contains(err.Error(), "links a page that was read already") {
		t.Errorf("got %v", err)
	}
	if c.n > 100 {
		t.Errorf("%d requests before giving up", c.n)
	}
}

func TestRecordsOutsideAreCounted(t *testing.T) {
	s := &service{page: 10, coarse: true, rows: log(200, 2*time.Minute, "activityDateTime", 5)}
	src, _ := source(sorted, 10, s)
	got, outside := read(t, src, start.Add(30*time.Second), time.Minute)
	inside := 0
	for _, r := range s.rows {
		if !r.at.Before(start.Add(30*time.Second)) && r.at.Before(start.Add(90*time.Second)) {
			inside++
		}
	}
	if len(got) != inside || outside == 0 {
		t.Errorf("%d records, want %d; %d outside", len(got), inside, outside)
	}
}

func TestFilters(t *testing.T) {
	for name, c := range map[string]struct{ log, stream, want, order string }{
		"sign-ins":            {"sign_ins", "managed_identity", "createdDateTime ge 2026-01-05T00:00:00Z and createdDateTime lt 2026-01-05T01:00:00Z and signInEventTypes/any(t: t eq 'managedIdentity')", "createdDateTime"},
		"audits":              {"directory_audits", "", "activityDateTime ge 2026-01-05T00:00:00Z and activityDateTime lt 2026-01-05T01:00:00Z", "activityDateTime"},
		"no lt":               {"custom_security_attribute_audits", "", "activityDateTime ge 2026-01-05T00:00:00Z and activityDateTime le 2026-01-05T01:00:00Z", "activityDateTime"},
		"no ge":               {"provisioning", "", "activityDateTime gt 2026-01-04T23:59:59Z and activityDateTime lt 2026-01-05T01:00:00Z", "activityDateTime"},
		"a snapshot has none": {"risky_users", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := logs.Get(c.log)
			o := &open{}
			var got paging.Request
			src := &paging.Source{Budget: o, Clock: o, Plan: paging.NewPlan(l, c.stream, 0), Meter: &paging.Meter{}, Fetcher: fetcher(func(r paging.Request) string {
				got = r
				return `{"value":[]}`
			})}
			read(t, src, start, time.Hour)
			if diff := cmp.Diff(paging.Request{Version: l.Version, Path: l.Path, Filter: c.want, Order: c.order, Top: l.MaxPage}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

type fetcher func(paging.Request) string

func (f fetcher) Fetch(_ context.Context, r paging.Request, read func(io.Reader) error) error {
	return read(strings.NewReader(f(r)))
}

func TestPagesThatAreNone(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":            "",
		"cut in a record":    `{"value":[{"id":"1`,
		"cut behind one":     `{"value":[{"id":"1"}`,
		"cut before the end": `{"value":[{"id":"1"}]`,
		"glued":              `{"value":[{"id":"1"}]}{"error":{"code":"x"}}`,
		"glued in a record":  `{"value":[{"id":"1"{"error":{"code":"x"}}`,
		"array":              `[{"id":"1"}]`,
		"text":               `"value"`,
		"no records":         `{"@odata.context":"x"}`,
		"records are null":   `{"value":null}`,
		"bad number":         `{"value":[{"id":01}]}`,
		"error inside":       `{"value":[],"error":{"code":"x","message":"m"}}`,
		"HTML":               `<html></html>`,
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := logs.Get(sorted)
			o := &open{}
			asked := 0
			src := &paging.Source{Budget: o, Clock: o, Plan: paging.NewPlan(l, "", 0), Meter: &paging.Meter{}, Fetcher: fetcher(func(paging.Request) string {
				if asked++; asked == 1 {
					return body
				}
				return `{"value":[{"id":"1"},{"id":"2"}]}`
			})}
			got, _ := read(t, src, start, time.Hour)
			if diff := cmp.Diff(map[string]int{`{"id":"1"}`: 1, `{"id":"2"}`: 1}, got); diff != "" {
				t.Error(diff)
			}
			if asked != 2 {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}
