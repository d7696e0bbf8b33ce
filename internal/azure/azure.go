// Package azure is what a tenant is to this program: which cloud it is in, how
// one signs in to it, which hosts its tokens may go to, and how many requests
// may be sent on its behalf.
//
// # Words
//
//	cloud       a family of hosts that trusts its own tokens only
//	tenant      one Entra directory, plain data made from configuration
//	credential  gives tokens for a tenant; Tokens also gives a fresh one after a refusal
//	guard       a transport that refuses, before anything is sent, to carry a token to a foreign host
//	limiter     the requests that may still be sent: buckets that nest, per app,
//	            per app and tenant, per family of resources
//
// # Invariants
//
// A secret is never printed: Secret and Auth blank themselves in every format,
// and nothing here puts a token into an error. Making a Tenant does no I/O;
// only GetToken and Loopback do. Limits belong to an app and a tenant, not to a
// source, so one Limiter is shared by all sources of a process.
//
// azidentity is the one library that knows how every kind of Azure credential
// is exchanged for a token, caching and claims challenges included; this is the
// only folder that imports it. azcore has its interfaces.
package azure

import (
	"context"
	"fmt"
	"regexp"
	"sync"
	"time"
)

// Tenant is one Entra tenant and how to reach it.
type Tenant struct {
	Name     string // address, such as tenant.corp
	ID       string // GUID or a verified domain
	Cloud    Cloud
	Auth     Auth
	Budget   float64 // share of the API's limits that this program may use, in (0, 1]; 0 is 1
	Simulate *Simulate
	Limiter  *Limiter // shared by all tenants of a process; nil: by the sources of this one only

	// Base is the address of Graph where it is not the cloud's own, such as
	// http://127.0.0.1:4000: a simulated tenant, or a host that was allowed on
	// the command line. It never comes from a pipeline file.
	Base string

	mu     sync.Mutex
	served *Served
}

// Simulate describes a tenant that is served in this process.
type Simulate struct {
	Seed   uint64
	Users  int
	Start  time.Time
	Days   int
	Faults map[string]float64
}

// Served is a tenant on this machine: its address, and what gives a token that
// it accepts now.
type Served struct {
	URL   string
	Token func() string
}

// Loopback returns where a simulated tenant is served. serve is called by the
// first caller only; all sources of the tenant share the server.
func (t *Tenant) Loopback(ctx context.Context, serve func(context.Context) (Served, error)) (Served, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.served == nil {
		s, err := serve(ctx)
		if err != nil {
			return Served{}, fmt.Errorf("serve the simulated %s: %w", t.Name, err)
		}
		t.served = &s
	}
	return *t.served, nil
}

// Limits returns the limiter that all sources of the tenant share.
func (t *Tenant) Limits() *Limiter {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.Limiter == nil {
		t.Limiter = NewLimiter()
	}
	return t.Limiter
}

// Graph returns the address of Microsoft Graph without version or slash at the
// end.
func (t *Tenant) Graph() string {
	if t.Base != "" {
		return t.Base
	}
	return "https://" + t.Cloud.Graph
}

// Share returns the share of the limits that may be used, in (0, 1].
func (t *Tenant) Share() float64 {
	if t.Budget > 0 && t.Budget <= 1 {
		return t.Budget
	}
	return 1
}

var tenantID = regexp.MustCompile(`^[0-9A-Za-z](?:[0-9A-Za-z.-]{0,252}[0-9A-Za-z])?$`)

// ValidID reports whether id can be a tenant: a GUID or a domain.
func ValidID(id string) bool { return tenantID.MatchString(id) }
