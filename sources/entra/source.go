// Package entra is `source "entra"`: the logs of Microsoft Entra ID, read from
// Microsoft Graph.
//
// One source is one log of one tenant, and one lane per stream of it. Slices lie
// on a grid from the epoch in UTC and are listed once they have ended; how long
// after that they are read, and read again, is said by settle and revisit. A log
// that only tells how things are now is read once in each slice, by the first
// run inside it.
//
// What is where: the catalogue (pipeline/schema/logs) knows the logs, package
// paging reads a slice and mends what breaks, package graph sends the requests
// through the official SDK, internal/azure knows tenants, tokens and the budget
// of requests, which all sources of a process share. This package puts them
// together. Simulated tenants (internal/graphsim) are read the same way, over
// HTTP on loopback.
package entra

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/logpipe/logpipe/internal/azure"
	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
	"github.com/logpipe/logpipe/sources/entra/graph"
	"github.com/logpipe/logpipe/sources/entra/paging"
)

// Options is what may be said of a source besides its tenant. The zero value of
// a field that is not marked is the documented default.
type Options struct {
	Addr      addr.Instance
	Log       string   // catalogue name; needed
	Streams   []string // nil: all that the log has
	Window    Window
	PageSize  int // 0: as many records as the service gives
	MaxRecord int // bytes; 0: 32 MiB
	Env       *pipeline.Env
	Clock     paging.Clock      // how to wait; nil: the machine's, with Env.Clock
	Budget    paging.Budget     // nil: the tenant's
	Transport http.RoundTripper // below the guard; nil: Env.HTTP's, else azure.Transport
}

// Source is one `source "entra"`.
type Source struct {
	o      Options
	tenant *azure.Tenant
	log    logs.Log
	schema *schema.Schema
	plans  map[string]*paging.Plan // by stream
	moved  *paging.Plan            // risky users, to ask for the history of
	meter  paging.Meter

	mu    sync.Mutex
	ready *ready
}

// ready is what the first Open made.
type ready struct {
	client *graph.Client
	budget paging.Budget
}

const defaultMaxRecord = 32 << 20

// New returns a source. It does no I/O.
func New(t *azure.Tenant, o Options) (*Source, error) {
	log, ok := logs.Get(o.Log)
	if !ok || log.Path == "" {
		return nil, fmt.Errorf("log %q: Graph does not serve it", o.Log)
	}
	sch, ok := logs.Lookup(o.Log, logs.Graph)
	if !ok {
		return nil, fmt.Errorf("log %q: it has no schema as Graph writes it", o.Log)
	}
	if t == nil {
		return nil, errors.New("a source needs a tenant")
	}
	if changing[log.Name] {
		log.Filter = "lastUpdatedDateTime"
	}
	if o.MaxRecord <= 0 {
		o.MaxRecord = defaultMaxRecord
	}
	if len(o.Streams) == 0 {
		o.Streams = log.Streams
	}
	if len(o.Streams) == 0 {
		o.Streams = []string{""}
	}
	s := &Source{o: o, tenant: t, log: log, schema: sch, plans: map[string]*paging.Plan{}}
	for _, stream := range o.Streams {
		if _, ok := log.Stream(stream); !ok && stream != "" {
			return nil, fmt.Errorf("log %q has no stream %q", o.Log, stream)
		}
		s.plans[stream] = paging.NewPlan(log, stream, o.PageSize)
	}
	if log.Name == history {
		users, _ := logs.Get("risky_users")
		users.Snapshot = false // those whose risk moved
		users.Operators = []string{"ge", "lt"}
		s.moved = paging.NewPlan(users, "", 0)
	}
	s.o.Window = s.o.Window.complete(log)
	return s, nil
}

const history = "risky_user_history"

// changing lists the logs whose records change for weeks: they stand in the
// slice of their last change, so that a change of an old record is a record of
// a new slice and none is missed.
var changing = map[string]bool{"risk_detections": true, "service_principal_risk_detections": true}

// Schema says what the records contain.
func (s *Source) Schema() *schema.Schema { return s.schema }

// Meter tells what was asked of the service so far.
func (s *Source) Meter() paging.Meter { return s.meter.Now() }

// Open reads one slice of one stream.
func (s *Source) Open(ctx context.Context, sl pipeline.Slice) (pipeline.Reader, error) {
	plan := s.plans[sl.Stream]
	if plan == nil {
		return nil, fmt.Errorf("open slice %q: the source has no stream %q: plan again", sl.Name, sl.Stream)
	}
	r, err := s.prepare(ctx)
	if err != nil {
		return nil, fmt.Errorf("open slice %q: %w", sl.Name, err)
	}
	from := s.pages(r, plan)
	if s.moved == nil {
		return from.Open(sl, nil), nil
	}
	return from.Open(sl, func(ctx context.Context) ([]string, error) {
		// Whoever moved again since does not stand in the slice any more.
		until := sl
		until.End = later(s.now(), sl.End)
		return s.pages(r, s.moved).IDs(ctx, until)
	}), nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (s *Source) pages(r *ready, plan *paging.Plan) *paging.Source {
	return &paging.Source{Fetcher: r.client, Budget: r.budget, Clock: s.clock(), Plan: plan, Meter: &s.meter, MaxRecord: s.o.MaxRecord}
}

// prepare signs in and makes the client, once. What fails is tried again by the
// next Open.
func (s *Source) prepare(ctx context.Context) (*ready, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready != nil {
		return s.ready, nil
	}
	o := graph.Options{Base: s.tenant.Graph(), Scope: s.tenant.Cloud.Scope(), Now: s.now, Transport: s.transport()}
	if s.tenant.Simulate != nil {
		at, err := s.tenant.Loopback(ctx, s.serve)
		if err != nil {
			return nil, err
		}
		o.Base, o.Scope, o.Credential = at.URL, at.URL+"/.default", azure.StaticToken(at.Token)
	} else {
		cred, err := s.tenant.Credential(ctx, &http.Client{Transport: o.Transport, Timeout: 2 * time.Minute})
		if err != nil {
			return nil, err
		}
		o.Credential = cred
	}
	client, err := graph.New(o)
	if err != nil {
		return nil, err
	}
	s.ready = &ready{client: client, budget: s.o.Budget}
	if s.ready.budget == nil {
		s.ready.budget = s.tenant.Limits().Budget(s.tenant, s.log.Budget)
	}
	return s.ready, nil
}

// transport returns what requests leave through, below the guard.
func (s *Source) transport() http.RoundTripper {
	switch {
	case s.o.Transport != nil:
		return s.o.Transport
	case s.o.Env != nil && s.o.Env.HTTP != nil && s.o.Env.HTTP.Transport != nil:
		return s.o.Env.HTTP.Transport
	}
	return azure.Transport()
}

func (s *Source) now() time.Time {
	if s.o.Env != nil && s.o.Env.Clock != nil {
		return s.o.Env.Clock()
	}
	return time.Now()
}

func (s *Source) clock() paging.Clock {
	if s.o.Clock != nil {
		return s.o.Clock
	}
	return machine{s.now}
}

// machine waits as time really goes.
type machine struct{ now func() time.Time }

func (m machine) Now() time.Time { return m.now() }

func (m machine) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
