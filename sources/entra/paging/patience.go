package paging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"
)

// patient is a Fetcher that waits for the budget and tries again what may well
// succeed: refusals for being too many, answers 5xx, broken connections, pages
// that broke off. The SDK's own retry handler knows three status codes and
// leaks a connection for each.
type patient struct {
	f      Fetcher
	budget Budget
	clock  Clock
	meter  *Meter
}

const (
	mostTries     = 4                // of a request that fails
	mostFlaps     = 4                // of one that is refused for want of a licence, while nothing was read yet
	mostDoubts    = 10               // of one that is refused although others were not
	mostThrottles = 40               // in a row
	leastWait     = time.Second      // also where the service says 0
	mostWait      = 15 * time.Minute // also where the service says more
)

// Fetch sends r until it succeeds or there is no point in going on. read may be
// called several times and begins anew each time.
func (p *patient) Fetch(ctx context.Context, r Request, read func(io.Reader) error) error {
	failures, flaps, throttles := 0, 0, 0
	proven := atomic.LoadInt64(&p.meter.Pages) > 0 // permission and licence are there
	for {
		if err := p.budget.Wait(ctx); err != nil {
			return err
		}
		atomic.AddInt64(&p.meter.Requests, 1)
		err := p.f.Fetch(ctx, r, read)
		if err == nil {
			atomic.AddInt64(&p.meter.Pages, 1)
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var own *ownError
		if errors.As(err, &own) {
			return own.error
		}
		var wait time.Duration
		switch fateOf(err, r).given(proven, err) {
		case throttled:
			p.throttle(err)
			if throttles++; throttles >= mostThrottles {
				return fmt.Errorf("%w; tried %d times: another program may use the same application, then give this one a budget { share } and ask again later", err, throttles)
			}
			continue // the budget waits
		case doubt:
			if flaps++; flaps >= mostFlaps && !proven || flaps >= mostDoubts {
				return err
			}
			wait = min(5*time.Second<<(flaps-1), time.Minute)
		case again:
			if failures++; failures >= mostTries {
				return &exhausted{err, failures}
			}
			wait = time.Second << failures
		default:
			return err
		}
		atomic.AddInt64(&p.meter.Retries, 1)
		if err := p.clock.Sleep(ctx, p.wait(err, wait)); err != nil {
			return err
		}
	}
}

// given turns a refusal into a doubt where the same service has answered before:
// tokens expire between two requests, and licences flap.
func (f fate) given(proven bool, err error) fate {
	var a *Answer
	if f == fatal && proven && errors.As(err, &a) && a.Status == http.StatusUnauthorized {
		return doubt
	}
	return f
}

func (p *patient) throttle(err error) {
	var a *Answer
	if !errors.As(err, &a) {
		return
	}
	atomic.AddInt64(&p.meter.Throttled, 1)
	after := time.Duration(0)
	if a.Told {
		after = min(max(a.After, leastWait), mostWait)
	}
	p.budget.Throttled(after, a.Scope)
}

// wait is how long to wait before the next try: what the service says, else
// usual with some chance, so that slices side by side do not come back as one.
func (p *patient) wait(err error, usual time.Duration) time.Duration {
	var a *Answer
	if errors.As(err, &a) && a.Told {
		return min(max(a.After, leastWait), mostWait)
	}
	return usual + rand.N(usual/2)
}

// exhausted is the failure of a request that was tried several times.
type exhausted struct {
	cause error
	tries int
}

func (e *exhausted) Error() string { return fmt.Sprintf("%v; tried %d times", e.cause, e.tries) }
func (e *exhausted) Unwrap() error { return e.cause }
