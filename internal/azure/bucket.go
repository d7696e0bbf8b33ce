package azure

import (
	"math"
	"time"
)

// bucket is one limit and what the service has taught about it.
//
// Until the service refuses a request, the documented quota is used as it
// comes: requests leave at once until the stretch is full. A refusal teaches
// the rate that the service really grants: what it did not refuse in the
// stretch before. From then on requests are spread evenly, a little below that rate,
// climb back to it slowly, and, when long enough nobody was refused, faster and
// faster, so that a service that recovers is used again within minutes while
// one that does not is probed rarely.
type bucket struct {
	turn  chan struct{} // held by who is next
	quota quota
	limit float64 // documented rate, requests a second

	sent    []time.Time // of the last stretch, oldest first
	refused []time.Time // likewise
	pause   time.Time   // nothing leaves before

	taught bool      // refused at least once: spread evenly
	goal   float64   // the rate that the service seems to grant
	low    float64   // the rate right after the last cut
	cut    time.Time // when that was
	streak int       // refusals without a stretch of quiet between them
}

const (
	caution = 0.93              // of the rate that is granted, right after a refusal
	harder  = 0.88              // of the rate, if a refusal follows soon after one
	climb   = 230 * time.Second // back to the rate that was granted
	faster  = 0.004             // growth a second when that went well
	soon    = 20 * time.Second
	leastQ  = 1.0 / 120 // of a request a second: two minutes between two
	longest = 10 * time.Minute
)

func newBucket(q quota) *bucket {
	return &bucket{turn: make(chan struct{}, 1), quota: q, limit: q.rate() / safety}
}

// rate is how many requests a second are allowed at an instant.
func (b *bucket) rate(now time.Time) float64 {
	if !b.taught {
		return b.limit
	}
	age := now.Sub(b.cut)
	if age < climb {
		return b.low + (b.goal-b.low)*max(age.Seconds(), 0)/climb.Seconds()
	}
	return min(b.limit, b.goal*math.Exp(faster*(age-climb).Seconds()))
}

// free returns when the next request may leave.
func (b *bucket) free(now time.Time) time.Time {
	at := b.pause
	if n := len(b.sent); n >= b.quota.n {
		at = later(at, b.sent[n-b.quota.n].Add(time.Duration(float64(b.quota.per)*safety)))
	}
	if n := len(b.sent); n > 0 && b.taught {
		at = later(at, b.sent[n-1].Add(time.Duration(float64(time.Second)/b.rate(now))))
	}
	return at
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (b *bucket) send(now time.Time) {
	b.sent = remember(b.sent, now, max(b.quota.n, 8))
}

// remember keeps the last n instants.
func remember(all []time.Time, now time.Time, n int) []time.Time {
	n = min(n, mostRemembered)
	if len(all) >= 2*n {
		all = append(all[:0], all[len(all)-n+1:]...)
	}
	return append(all, now)
}

// refuse learns from a request that was one too many.
func (b *bucket) refuse(now time.Time, after time.Duration) {
	if after <= 0 {
		after = b.guess()
	}
	b.pause = later(b.pause, now.Add(min(after, longest)))
	b.refused = remember(b.refused, now, max(b.quota.n, 8))
	rate := b.rate(now)
	granted := b.granted(now)
	if b.taught {
		granted += 1 / b.quota.per.Seconds() // spread evenly, one may lie just outside the stretch
	}
	granted = min(rate, granted)
	if b.taught && now.Sub(b.cut) < b.quota.per/2 { // it left before the last cut
		b.goal = max(min(b.goal, granted), b.goal*harder)
		b.low = b.goal * caution
		return
	}
	if b.taught && now.Sub(b.cut) < soon {
		granted = min(granted, rate*harder)
		b.streak++
	} else {
		b.streak = 0
	}
	b.learn(granted, now)
}

// learn takes the rate that the service seems to grant.
func (b *bucket) learn(rate float64, now time.Time) {
	b.taught, b.cut = true, now
	b.goal = max(rate, leastQ)
	b.low = max(b.goal*caution, leastQ)
}

// granted is the rate at which requests left lately and were not refused.
func (b *bucket) granted(now time.Time) float64 {
	from := now.Add(-b.quota.per)
	n := since(b.sent, from) - since(b.refused, from)
	return max(float64(n)/b.quota.per.Seconds(), leastQ)
}

func since(all []time.Time, from time.Time) int {
	n := 0
	for i := len(all) - 1; i >= 0 && all[i].After(from); i-- {
		n++
	}
	return n
}

// guess is how long to keep quiet when the service does not say.
func (b *bucket) guess() time.Duration {
	return min(b.quota.per<<min(b.streak, 5), 5*time.Minute)
}
