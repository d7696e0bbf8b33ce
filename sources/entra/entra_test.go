package entra_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/logpipe/logpipe/internal/azure"
	"github.com/logpipe/logpipe/internal/graphsim"
	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
	"github.com/logpipe/logpipe/sources/entra"
)

var start = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

// instant waits no time.
type instant struct {
	mu     sync.Mutex
	waited time.Duration
}

func (i *instant) Now() time.Time { return start }

func (i *instant) Sleep(ctx context.Context, d time.Duration) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.waited += d
	return context.Cause(ctx)
}

// patient allows every request and counts refusals.
type patient struct {
	mu        sync.Mutex
	throttled []time.Duration
}

func (p *patient) Wait(ctx context.Context) error { return context.Cause(ctx) }

func (p *patient) Throttled(after time.Duration, _ string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.throttled = append(p.throttled, after)
}

// served is a source on a simulated tenant.
type served struct {
	*entra.Source
	sim    *graphsim.Tenant
	budget *patient
	clock  *instant
}

func serve(t *testing.T, so graphsim.Options, o entra.Options) *served {
	t.Helper()
	if so.Start.IsZero() {
		so.Start = start
	}
	sim := graphsim.New(so)
	server, err := sim.Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	tenant := &azure.Tenant{Name: "tenant.demo", Simulate: &azure.Simulate{Start: so.Start, Days: so.Days}}
	if _, err := tenant.Loopback(t.Context(), func(context.Context) (azure.Served, error) {
		return azure.Served{URL: server.URL, Token: sim.Token}, nil
	}); err != nil {
		t.Fatal(err)
	}
	s := &served{sim: sim, budget: &patient{}, clock: &instant{}}
	o.Addr = addr.Instance{Block: addr.Block{Class: addr.Source, Kind: "entra", Label: "x"}}
	o.Budget, o.Clock = s.budget, s.clock
	if o.Window.Start.IsZero() {
		o.Window.Start = so.Start
	}
	if s.Source, err = entra.New(tenant, o); err != nil {
		t.Fatal(err)
	}
	return s
}

// version is a record as it was read: id and bytes.
type reading struct {
	times   map[string]int    // by bytes
	newest  map[string]string // by id
	outside int64
}

func read(ctx context.Context, s pipeline.Source, slices []pipeline.Slice) (*reading, error) {
	out := &reading{times: map[string]int{}, newest: map[string]string{}}
	for _, sl := range slices {
		r, err := s.Open(ctx, sl)
		if err != nil {
			return out, err
		}
		b := record.NewBatch(new(record.Layout).Compile())
		for {
			b.Reset("")
			err := r.Read(ctx, b)
			for i := range b.Len() {
				raw := string(b.Bytes(i))
				out.times[raw]++
				out.newest[id(raw)] = raw
			}
			out.outside += b.Skipped.Outside
			if err == io.EOF {
				break
			}
			if err != nil {
				return out, errors.Join(err, r.Close())
			}
		}
		if err := r.Close(); err != nil {
			return out, err
		}
	}
	return out, nil
}

func id(raw string) string {
	_, rest, _ := strings.Cut(raw, `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

// truth is what a reader without faults would have.
func (s *served) truth(log string, streams []string, from, to time.Time) map[string]string {
	want := map[string]string{}
	l, _ := logs.Get(log)
	field := cmp.Or(l.Filter, l.Time)
	if strings.HasSuffix(log, "risk_detections") {
		field = "lastUpdatedDateTime"
	}
	if l.Snapshot {
		field = ""
	}
	if len(streams) == 0 {
		streams = []string{""}
	}
	for _, stream := range streams {
		for raw := range s.sim.TruthBy(log, stream, field, from, to, s.sim.Now()) {
			want[id(string(raw))] = string(raw)
		}
	}
	return want
}

func compare(t *testing.T, got *reading, want map[string]string) {
	t.Helper()
	missing, other, extra := 0, 0, 0
	for id, raw := range want {
		switch have, ok := got.newest[id]; {
		case !ok:
			missing++
		case have != raw:
			other++
			if other == 1 {
				t.Logf("got  %s\nwant %s", have, raw)
			}
		}
	}
	for id := range got.newest {
		if _, ok := want[id]; !ok {
			extra++
		}
	}
	if missing+other+extra > 0 {
		t.Errorf("of %d records %d are missing, %d differ and %d are there that should not be", len(want), missing, other, extra)
	}
	if len(want) == 0 {
		t.Error("there is nothing to compare")
	}
}

func TestReadsEveryLog(t *testing.T) {
	for _, name := range logs.Names() {
		l, _ := logs.Get(name)
		if l.Path == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			users := 100
			if name == "risky_user_history" {
				users = 400
			}
			s := serve(t, graphsim.Options{Seed: 3, Users: users, Days: 2}, entra.Options{Log: name, Window: entra.Window{Slice: 12 * time.Hour}})
			all, err := s.Slices(t.Context(), pipeline.Window{})
			if err != nil {
				t.Fatal(err)
			}
			if l.Snapshot {
				all = all[:1]
			}
			got, err := read(t.Context(), s, all)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d slices, %d records, %+v", len(all), len(got.newest), s.Meter())
			compare(t, got, s.truth(name, l.Streams, start, start.Add(48*time.Hour)))
			for raw, n := range got.times {
				if n > 1 {
					t.Fatalf("%d times: %.60s", n, raw)
				}
			}
		})
	}
}

func TestFaults(t *testing.T) {
	type faults = graphsim.Faults
	table := map[string]faults{
		"duplicates":      {DuplicateAcrossPages: 0.5},
		"unstable":        {UnstablePages: 0.5},
		"empty pages":     {EmptyPages: 0.5},
		"null link":       {NullNextLink: 1},
		"cut":             {CutBody: 0.3},
		"dead skip token": {DeadSkipToken: 0.3},
		"server errors":   {ServerErrors: 0.4},
		"timeouts":        {Timeouts: 0.3},
		"too many":        {TooMany: 0.4},
		"expired":         {ExpireTokens: 0.3},
		"claims":          {ClaimsChallenge: 0.3},
		"flapping":        {FlapForbidden: 0.1},
		"unknown":         {UnknownProperties: 0.5, UnknownEnums: 0.5},
	}
	table["all together"] = faults{DuplicateAcrossPages: 0.2, UnstablePages: 0.2, EmptyPages: 0.2, NullNextLink: 1, CutBody: 0.1, DeadSkipToken: 0.1,
		ServerErrors: 0.1, Timeouts: 0.1, TooMany: 0.1, ExpireTokens: 0.1, ClaimsChallenge: 0.1, FlapForbidden: 0.05, UnknownProperties: 0.2, UnknownEnums: 0.2, Late: 0.2, ChangeInPlace: 0.3}
	for name, f := range table {
		for _, log := range []string{"sign_ins", "risk_detections", "risky_user_history"} {
			t.Run(name+"/"+log, func(t *testing.T) {
				t.Parallel()
				page := 40
				if strings.HasPrefix(log, "risk") {
					page = 3
				}
				s := serve(t, graphsim.Options{Seed: 11, Users: 80, Days: 1, Faults: f}, entra.Options{Log: log, PageSize: page, Window: entra.Window{Slice: 6 * time.Hour}})
				all, err := s.Slices(t.Context(), pipeline.Window{})
				if err != nil {
					t.Fatal(err)
				}
				if l, _ := logs.Get(log); l.Snapshot {
					all = all[:1]
				}
				got, err := read(t.Context(), s, all)
				if err != nil {
					t.Fatal(err)
				}
				l, _ := logs.Get(log)
				t.Logf("%d records, %+v, %v", len(got.newest), s.Meter(), fmt.Sprint(s.sim.Counted()))
				compare(t, got, s.truth(log, l.Streams, start, start.Add(24*time.Hour)))
			})
		}
	}
}
