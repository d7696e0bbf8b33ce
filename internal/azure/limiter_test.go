package azure_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logpipe/logpipe/internal/azure"
)

// service grants n requests in any stretch of ten seconds, or in stretches that
// begin on the clock.
type service struct {
	mu      sync.Mutex
	grant   func(time.Time) int
	fixed   bool
	granted []time.Time
}

func (s *service) ask(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := now.Add(-10 * time.Second)
	if s.fixed {
		from = now.Truncate(10 * time.Second).Add(-1)
	}
	n := 0
	for i := len(s.granted) - 1; i >= 0 && s.granted[i].After(from); i-- {
		n++
	}
	if n >= s.grant(now) {
		return false
	}
	s.granted = append(s.granted, now)
	return true
}

// between counts what was granted in [from, to).
func (s *service) between(from, to time.Time) int {
	n := 0
	for _, t := range s.granted {
		if !t.Before(from) && t.Before(to) {
			n++
		}
	}
	return n
}

func corp() *azure.Tenant {
	cloud, _ := azure.CloudNamed("global")
	return &azure.Tenant{Name: "tenant.corp", ID: "contoso.example", Cloud: cloud, Auth: azure.Auth{ClientID: "app"}}
}

func TestDocumentedLimitIsNeverExceeded(t *testing.T) {
	for name, c := range map[string]struct {
		family string
		share  float64
		n      int // in ten seconds
		least  int // in an hour
	}{
		"reports":             {azure.Reports, 0, 5, 1760},
		"half of reports":     {azure.Reports, 0.5, 3, 880},
		"a tenth of reports":  {azure.Reports, 0.1, 1, 176},
		"identity protection": {azure.IdentityProtection, 0, 5, 1760},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tenant := corp()
				tenant.Budget = c.share
				b := azure.NewLimiter().Budget(tenant, c.family)
				s := &service{grant: func(time.Time) int { return c.n }}
				start := time.Now()
				refused := 0
				for time.Since(start) < time.Hour {
					if err := b.Wait(t.Context()); err != nil {
						t.Fatal(err)
					}
					if !s.ask(time.Now()) {
						refused++
					}
				}
				if refused > 0 || len(s.granted) < c.least {
					t.Errorf("%d granted (want at least %d), %d refused (want none)", len(s.granted), c.least, refused)
				}
			})
		})
	}
}

func TestBucketsNest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := azure.NewLimiter()
		s := &service{grant: func(time.Time) int { return 122 }}
		var wg sync.WaitGroup
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		refused := 0
		for i := range 40 { // forty tenants want 200 requests in ten seconds
			tenant := corp()
			tenant.ID = fmt.Sprint("tenant", i)
			wg.Go(func() {
				b := l.Budget(tenant, azure.Reports)
				for b.Wait(ctx) == nil {
					if !s.ask(time.Now()) {
						refused++
					}
				}
			})
		}
		wg.Wait()
		if refused > 0 || len(s.granted) < 7000 {
			t.Errorf("%d granted (want at least 7000 of 7320), %d refused (want none)", len(s.granted), refused)
		}
	})
}

// A service that grants 60 % and all of the documented rate in turn, 20 minutes
// each: nine tenths of what it grants are used within five minutes of a change,
// and fewer than two of a hundred requests are refused.
func TestAdapts(t *testing.T) {
	for _, fixed := range []bool{false, true} {
		for _, latency := range []time.Duration{800 * time.Millisecond, 4 * time.Second} {
			for _, after := range []string{"seconds", "none"} {
				t.Run(fmt.Sprintf("fixed %v, latency %s, retry after %s", fixed, latency, after), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { adapts(t, fixed, latency, after) })
				})
			}
		}
	}
}

func adapts(t *testing.T, fixed bool, latency time.Duration, after string) {
	const change, rounds = 20 * time.Minute, 9
	start := time.Now()
	grants := func(now time.Time) int {
		if int(now.Sub(start)/change)%2 == 0 {
			return 3
		}
		return 5
	}
	s := &service{grant: grants, fixed: fixed}
	b := azure.NewLimiter().Budget(corp(), azure.Reports)
	var mu sync.Mutex
	asked, refused := 0, 0
	ctx, cancel := context.WithTimeout(t.Context(), rounds*change)
	defer cancel()
	var wg sync.WaitGroup
	for range 8 { // slices side by side
		wg.Go(func() {
			for b.Wait(ctx) == nil {
				ok := s.ask(time.Now())
				mu.Lock()
				asked++
				if !ok {
					refused++
				}
				mu.Unlock()
				if ok {
					time.Sleep(latency)
					continue
				}
				time.Sleep(100 * time.Millisecond)
				if after == "none" {
					b.Throttled(0, "")
				} else {
					b.Throttled(10*time.Second, "")
				}
			}
		})
	}
	wg.Wait()
	for i := range rounds {
		from, to := start.Add(time.Duration(i)*change+5*time.Minute), start.Add(time.Duration(i+1)*change)
		granted := float64(s.between(from, to))
		could := to.Sub(from).Seconds() / 10 * float64(grants(from))
		t.Logf("round %d: %.0f of %.0f, %.1f %%", i, granted, could, 100*granted/could)
		if granted < 0.9*could {
			t.Errorf("round %d: %.0f requests of %.0f", i, granted, could)
		}
	}
	t.Logf("%d asked, %d refused, %.2f %%", asked, refused, 100*float64(refused)/float64(asked))
	if refused*100 >= asked*2 {
		t.Errorf("%d of %d were refused: %.2f %%", refused, asked, 100*float64(refused)/float64(asked))
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := azure.NewLimiter().Budget(corp(), azure.Reports)
		if err := b.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		b.Throttled(90*time.Second, "")
		if err := b.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited < 90*time.Second {
			t.Errorf("the next request left after %s", waited)
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := azure.NewLimiter().Budget(corp(), azure.IdentityProtection)
		ctx, cancel := context.WithCancelCause(t.Context())
		if err := b.Wait(ctx); err != nil {
			t.Fatal(err)
		}
		why := errors.New("lease lost")
		done := make(chan error)
		for range 2 { // one holds the turn, one waits for it
			go func() { done <- b.Wait(ctx) }()
		}
		synctest.Wait()
		cancel(why)
		for range 2 {
			if err := <-done; !errors.Is(err, why) {
				t.Errorf("got %v", err)
			}
		}
	})
}

// What one run learned the next one begins with.
func TestLearnedIsTaught(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := azure.NewLimiter()
		b := l.Budget(corp(), azure.Reports)
		for range 3 {
			if err := b.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if len(l.Learned()) > 0 {
			t.Error("nothing was refused, and something was learned")
		}
		b.Throttled(time.Second, "")
		learned := l.Learned()
		if len(learned) != 1 {
			t.Fatalf("learned %v", learned)
		}
		next := azure.NewLimiter()
		next.Teach(learned)
		if rate := next.Budget(corp(), azure.Reports).Rate(); rate >= 0.25 || rate < 0.15 {
			t.Errorf("the next run begins at %.2f requests a second, learned were %v", rate, learned)
		}
		next.Teach(map[string]float64{"global/app/contoso.example/reports": 99})
	})
}

// A refusal that blames the application over all tenants slows all of them.
func TestScopeOfARefusal(t *testing.T) {
	for scope, both := range map[string]bool{"": false, "Tenant_Application/ReadLimit/app/tenant": false, "Application/ReadLimit/app": true} {
		t.Run(scope, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := azure.NewLimiter()
				one, other := corp(), corp()
				other.ID = "fabrikam.example"
				a, b := l.Budget(one, azure.Reports), l.Budget(other, azure.Reports)
				if err := a.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				a.Throttled(time.Minute, scope)
				start := time.Now()
				if err := b.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				if waited := time.Since(start) >= time.Minute; waited != both {
					t.Errorf("the other tenant waited %s", time.Since(start))
				}
			})
		})
	}
}
