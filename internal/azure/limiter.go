package azure

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Limiter keeps all sources of a process together below the limits of the API.
// Buckets nest: a request of the reports family takes from its app's bucket over
// all tenants and from the bucket of app, tenant and family. The zero Limiter
// is not usable; see NewLimiter.
type Limiter struct {
	mu      sync.Mutex
	buckets map[string]*bucket
	taught  map[string]float64 // by an earlier run
}

// NewLimiter returns a limiter that has seen no request.
func NewLimiter() *Limiter { return &Limiter{buckets: map[string]*bucket{}} }

// The families of resources that the API counts together.
const (
	Reports            = "reports"
	IdentityProtection = "identity_protection"
)

// quota is n requests in any stretch of length per.
type quota struct {
	n   int
	per time.Duration
}

func (q quota) rate() float64 { return float64(q.n) / q.per.Seconds() }

// scale returns the share of q that one program may use: spread evenly, because
// the others do not know of its bursts.
func (q quota) scale(share float64) quota {
	if share >= 1 {
		return q
	}
	return quota{1, time.Duration(float64(time.Second) / (q.rate() * share))}
}

// The limits that Microsoft documents. Identity Protection counts all apps of a
// tenant together, so half is left to the others.
var (
	perApp         = quota{122, 10 * time.Second}
	perFamily      = quota{5, 10 * time.Second}
	perProtection  = quota{1, 2 * time.Second}
	unlimited      = quota{1 << 20, time.Second}
	safety         = 1.02 // a request that overtakes another on the way must not cost a refusal
	mostRemembered = 1 << 12
)

// Budget is what one source may send: a place in the limiter's buckets. It is
// safe for concurrent use.
type Budget struct {
	l       *Limiter
	own     *bucket
	buckets []*bucket // own first
}

// Budget returns the budget of a tenant for a family. A tenant on this machine
// has none but what its refusals teach.
func (l *Limiter) Budget(t *Tenant, family string) *Budget {
	l.mu.Lock()
	defer l.mu.Unlock()
	app := strings.Join([]string{t.Cloud.Name, t.Auth.ClientID}, "/")
	if t.Auth.ClientID == "" {
		app += t.Auth.Kind + "/" + t.ID // who that is, only the token service knows
	}
	key := strings.Join([]string{app, t.ID, t.Name, family}, "/")
	if t.Auth.ClientID != "" && t.ID != "" {
		key = strings.Join([]string{app, t.ID, family}, "/")
	}
	b := &Budget{l: l}
	switch {
	case t.Simulate != nil:
		b.buckets = []*bucket{l.bucket(key, unlimited)}
	case family == IdentityProtection:
		b.buckets = []*bucket{l.bucket(key, perProtection.scale(t.Share()))}
	default:
		b.buckets = []*bucket{l.bucket(key, perFamily.scale(t.Share())), l.bucket(app, perApp.scale(t.Share()))}
	}
	b.own = b.buckets[0]
	return b
}

func (l *Limiter) bucket(key string, q quota) *bucket {
	b := l.buckets[key]
	if b == nil {
		b = newBucket(q)
		l.buckets[key] = b
		if rate := l.taught[key]; rate > 0 && rate < b.limit {
			b.learn(rate, time.Now())
		}
	}
	return b
}

// Wait returns when one request may be sent, or with the context's cause. Who
// waits longest goes first.
func (b *Budget) Wait(ctx context.Context) error {
	select {
	case b.own.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-b.own.turn }()
	for {
		d := b.take(time.Now())
		if d <= 0 {
			return nil
		}
		timer := time.NewTimer(d)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}

// take sends a request off if all buckets allow it, else it returns how long to
// wait before asking again.
func (b *Budget) take(now time.Time) time.Duration {
	b.l.mu.Lock()
	defer b.l.mu.Unlock()
	var wait time.Duration
	for _, k := range b.buckets {
		wait = max(wait, k.free(now).Sub(now))
	}
	if wait > 0 {
		return wait
	}
	for _, k := range b.buckets {
		k.send(now)
	}
	return 0
}

// Throttled says that the service refused a request for being one too many, and
// for how long it wants to see none: after, 0 if it did not say. scope is its
// x-ms-throttle-scope, which may blame the app over all tenants.
func (b *Budget) Throttled(after time.Duration, scope string) {
	b.l.mu.Lock()
	defer b.l.mu.Unlock()
	blamed := b.own
	if where, _, ok := strings.Cut(scope, "/"); ok && where == "Application" && len(b.buckets) > 1 {
		blamed = b.buckets[1]
	}
	blamed.refuse(time.Now(), after)
}

// Rate returns how many requests a second the budget allows now.
func (b *Budget) Rate() float64 {
	b.l.mu.Lock()
	defer b.l.mu.Unlock()
	rate := b.own.rate(time.Now())
	for _, k := range b.buckets {
		rate = min(rate, k.rate(time.Now()))
	}
	return rate
}

// Learned returns the rates that refusals have taught, in requests a second, by
// bucket: to be kept for the next run. Keys hold the ids of app and tenant and
// nothing secret.
func (l *Limiter) Learned() map[string]float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]float64{}
	for _, key := range slices.Sorted(maps.Keys(l.buckets)) {
		if b := l.buckets[key]; b.taught {
			out[key] = b.goal
		}
	}
	return out
}

// Teach takes what an earlier run learned, before the first Budget is made.
// Rates above the documented ones mean nothing.
func (l *Limiter) Teach(learned map[string]float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taught = maps.Clone(learned)
}
