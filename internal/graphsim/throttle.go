package graphsim

import (
	"math"
	"sync"
	"time"
)

// Rate says how requests are throttled. The zero value throttles nothing.
//
// The documented limits are 5 requests in 10 seconds of one application for
// reports, and 1 request a second of all applications of the tenant for
// identity protection. Refused requests count too.
type Rate struct {
	Throttle           bool
	Reports            float64          // in 10 seconds; 0: 5
	IdentityProtection float64          // in a second; 0: 1
	Shares             []float64        // of these limits, one after another, again and again; empty: 1
	Every              time.Duration    // how long a share lasts; 0: forever
	Sliding            bool             // windows slide; else they begin at whole multiples
	Clock              func() time.Time // for windows and tokens; nil: time.Now
	App                *AppLimit        // what an application may ask of all tenants; nil: any number
}

// AppLimit is the limit of an application over all tenants that share it: 122
// requests for reports in 10 seconds.
type AppLimit struct {
	mu      sync.Mutex
	buckets map[string]*bucket
}

const appRequests, appWindow = 122, 10 * time.Second

func (a *AppLimit) take(app string, now time.Time) (wait time.Duration, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.buckets == nil {
		a.buckets = map[string]*bucket{}
	}
	b := a.buckets[app]
	if b == nil {
		b = &bucket{}
		a.buckets[app] = b
	}
	return b.slide(now, appRequests, appWindow)
}

// limits counts requests by bucket.
type limits struct {
	mu      sync.Mutex
	rate    Rate
	begun   time.Time // first request
	buckets map[string]*bucket
}

// bucket is what has been asked in the window.
type bucket struct {
	start time.Time   // of a fixed window
	n     int         // requests in it
	log   []time.Time // requests in a sliding window
}

func (l *limits) init(r Rate) {
	if r.Reports <= 0 {
		r.Reports = 5
	}
	if r.IdentityProtection <= 0 {
		r.IdentityProtection = 1
	}
	if r.Clock == nil {
		r.Clock = time.Now
	}
	l.rate, l.buckets = r, map[string]*bucket{}
}

// allowed returns how many requests of a family a window takes at an instant,
// and how long it is.
func (l *limits) allowed(f family, at time.Time) (n int, window time.Duration) {
	limit, length := l.rate.Reports, 10*time.Second
	if f == identityProtection {
		limit, length = l.rate.IdentityProtection, time.Second
	}
	limit *= l.share(at)
	if limit <= 0 {
		return 0, length
	}
	whole := max(1, math.Floor(limit))
	return int(whole), time.Duration(float64(length) * whole / limit)
}

func (l *limits) share(at time.Time) float64 {
	s := l.rate.Shares
	if len(s) == 0 {
		return 1
	}
	if l.rate.Every <= 0 || l.begun.IsZero() {
		return s[0]
	}
	return s[int(max(0, at.Sub(l.begun))/l.rate.Every)%len(s)]
}

// take counts a request. If it is one too many, wait says when to come again.
func (l *limits) take(app string, f family) (wait time.Duration, ok bool) {
	if !l.rate.Throttle {
		return 0, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.rate.Clock()
	if l.begun.IsZero() {
		l.begun = now
	}
	name := string(f)
	if f == reports {
		name += " " + app
	}
	b := l.buckets[name]
	if b == nil {
		b = &bucket{}
		l.buckets[name] = b
	}
	if l.rate.App != nil && f == reports {
		if wait, ok := l.rate.App.take(app, now); !ok {
			return wait, false
		}
	}
	n, window := l.allowed(f, now)
	if l.rate.Sliding {
		return b.slide(now, n, window)
	}
	if now.Sub(b.start) >= window || b.start.IsZero() {
		b.start, b.n = now.Add(-(now.Sub(l.begun) % window)), 0
	}
	b.n++
	return b.start.Add(window).Sub(now), b.n <= n
}

func (b *bucket) slide(now time.Time, n int, window time.Duration) (time.Duration, bool) {
	for len(b.log) > 0 && now.Sub(b.log[0]) >= window {
		b.log = b.log[1:]
	}
	b.log = append(b.log, now)
	if len(b.log) <= n {
		return 0, true
	}
	b.log = b.log[len(b.log)-min(len(b.log), 2*n+2):] // a client that hammers does not wait forever
	return b.log[0].Add(window).Sub(now), false
}

// Allowance returns how many requests of a family ("reports" or
// "identity_protection") the service would have answered between two instants
// of Rate.Clock to a client that knew the limits.
func (t *Tenant) Allowance(f string, from, to time.Time) float64 {
	l := &t.limits
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := 0.0
	for from.Before(to) {
		next := to
		if every := l.rate.Every; every > 0 && !l.begun.IsZero() {
			next = l.begun.Add((from.Sub(l.begun)/every + 1) * every)
			if next.After(to) {
				next = to
			}
		}
		n, window := l.allowed(family(f), from)
		sum += float64(n) * float64(next.Sub(from)) / float64(window)
		from = next
	}
	return sum
}
