package graphsim

import (
	"cmp"
	"math"
	"slices"
)

// feed is one ordered kind of record, or a table, or a space of ids.
type feed uint8

const (
	feedInteractive feed = iota + 1
	feedNonInteractive
	feedWorkload // sign-ins of service principals
	feedManaged  // sign-ins of managed identities
	feedAudit
	feedProvisioning
	feedAttribute
	feedRisk
	feedWorkloadRisk

	tableRiskyUsers // rows; see table.go
	tableRiskyWorkloads
	tableHistory
	tableAppSummary
	tableAppDetail
	tableActivity
	tableCredential
	tableRegistration

	feedUsers // only ids
	feedDevices
	feedPolicies
	feedApps
	feedPrincipals
)

// perUserDay is how many records of a feed a user causes on an average day.
var perUserDay = map[feed]float64{
	feedInteractive: 9, feedNonInteractive: 60, feedWorkload: 20, feedManaged: 11,
	feedAudit: 3, feedProvisioning: 0.5, feedAttribute: 0.08, feedWorkloadRisk: 0.004,
}

// key names a record: the n-th of its feed in a second. In a table sec is the
// row.
type key struct {
	feed feed
	tick int32 // where in the second, by the same chance as everything else
	n    int32
	sec  int64
}

func (k key) when() instant { return instant{k.sec, k.tick} }

// pack puts what names a record into 64 bits: 5 of feed, 33 of second, 26 of
// number.
func pack(f feed, sec, n int64) uint64 {
	return uint64(f)<<59 | uint64(sec)&(1<<33-1)<<26 | uint64(n)&(1<<26-1)
}

func unpack(x uint64) (f feed, sec int64, n int32) {
	return feed(x >> 59), int64(x >> 26 & (1<<33 - 1)), int32(x & (1<<26 - 1))
}

func (k key) pack() uint64 { return pack(k.feed, k.sec, int64(k.n)) }

// hash returns a number that depends on the record and on what it is for.
func (t *Tenant) hash(k key, salt uint64) uint64 {
	return mix(mix(k.pack()^t.seed) ^ salt<<48 ^ salt)
}

// The salts of hash.
const (
	saltLate = iota + 1
	saltChanged
	saltUnknown
	saltEnum
	saltRisk
	saltBody
	saltTick
	saltCorrelation
)

const (
	day      = 24 * 60 * 60
	halfHour = 30 * 60
	week     = 7 * day
)

// shape is how busy the half hours of a week are, 1 on average, from Monday
// midnight UTC. People work by day and little at the weekend; workloads work
// always, with a bump at night.
func shape(people bool) [week / halfHour]float64 {
	var out [week / halfHour]float64
	sum := 0.0
	for i := range out {
		hour := float64(i%48) / 2
		v := 0.8 + 0.4*math.Exp(-(hour-2)*(hour-2)/2)
		if people {
			v = 0.12 + math.Exp(-(hour-9.5)*(hour-9.5)/12) + 0.7*math.Exp(-(hour-16)*(hour-16)/14)
			if i/48 >= 5 {
				v *= 0.2
			}
		}
		out[i] = v
		sum += v
	}
	for i := range out {
		out[i] *= float64(len(out)) / sum
	}
	return out
}

// mostPerSecond bounds the records of a feed in a second, so that each has an
// instant of its own.
const mostPerSecond = 100_000

// rates returns the expected records per second in each half hour of a week.
func (t *Tenant) rates(f feed) [week / halfHour]float64 {
	out := shape(f != feedWorkload && f != feedManaged && f != feedProvisioning && f != feedWorkloadRisk)
	for i := range out {
		out[i] = min(out[i]*perUserDay[f]*float64(t.o.Users)*t.o.Density/day, mostPerSecond)
	}
	return out
}

const mondayOffset = 4 * day // the first Monday of Unix time

// count returns how many records of a feed fall into a second, spray and risk
// left aside.
func (t *Tenant) count(f feed, sec int64) int {
	if sec < t.start || sec >= t.end {
		return 0
	}
	at := (sec - mondayOffset) % week / halfHour
	return int(t.rate[f][at] + unit(mix(uint64(sec)^t.seed^uint64(f)<<56)))
}

// newSprays returns when the password spray of each week begins.
func (t *Tenant) newSprays() []int64 {
	var out []int64
	for begin := t.start; begin < t.end; begin += week {
		h := mix(t.seed ^ uint64(len(out)) ^ 's'<<56)
		days := min(7, max(1, (t.end-begin)/day))
		out = append(out, begin+int64(h%uint64(days))*day+3600+int64(h>>8%3)*3600)
	}
	return out
}

// sprayed returns how many attempts of a password spray fall into a second,
// and the number of the first of them. There is one spray a week, at night,
// against everybody.
func (t *Tenant) sprayed(sec int64) (n int, first int) {
	const length = 90 * 60
	w := (sec - t.start) / week
	if w < 0 || w >= int64(len(t.sprays)) || sec >= t.end {
		return 0, 0
	}
	i := sec - t.sprays[w]
	if i < 0 || i >= length {
		return 0, 0
	}
	users := int64(t.o.Users)
	first = int(i * users / length)
	return int((i+1)*users/length) - first, first
}

// keys appends the keys of a feed in a second, in the order of time.
func (t *Tenant) keys(dst []key, f feed, sec int64) []key {
	if f == feedRisk {
		return t.riskKeys(dst, sec)
	}
	n := t.count(f, sec)
	if f == feedInteractive {
		more, _ := t.sprayed(sec)
		n += more
	}
	for i := range n {
		dst = append(dst, t.place(key{feed: f, sec: sec, n: int32(i)}, n))
	}
	return dst
}

// place gives the i-th of n keys its place in the second. No two of a feed
// have the same; now and then one stands exactly on the second.
func (t *Tenant) place(k key, n int) key {
	h := t.hash(k, saltTick)
	width := uint64(ticksPerSecond / n)
	k.tick = int32(uint64(k.n) * width)
	if h%16 != 0 {
		k.tick += int32(h >> 8 % width)
	}
	return k
}

// find returns the key that pack made, if the record exists.
func (t *Tenant) find(x uint64) (key, bool) {
	f, sec, n := unpack(x)
	if f == 0 || f > feedWorkloadRisk {
		return key{}, false
	}
	for _, k := range t.keys(nil, f, sec) {
		if k.n == n {
			return k, true
		}
	}
	return key{}, false
}

// position is where a walk stands: the next record is the i-th of a second, in
// the direction of the walk.
type position struct {
	sec int64
	i   int
}

// walk calls yield for the keys of the feeds with from <= time < to, oldest
// first or newest first, from a position on. It stops when yield is false.
// Next is where the walk would go on behind the key. Records that cannot be
// seen yet are walked too, so that a position means the same at any instant.
func (t *Tenant) walk(feeds []feed, from, to instant, newest bool, at position, yield func(k key, next position) bool) {
	step := int64(1)
	if newest {
		step = -1
	}
	var keys []key
	for sec := at.sec; sec >= from.sec && sec <= to.sec; sec += step {
		keys = keys[:0]
		for _, f := range feeds {
			keys = t.keys(keys, f, sec)
		}
		if len(keys) > 1 {
			slices.SortFunc(keys, byTime)
		}
		for i := at.i; i < len(keys); i++ {
			k := keys[i]
			if newest {
				k = keys[len(keys)-1-i]
			}
			if w := k.when(); w.before(from) || !w.before(to) {
				continue
			}
			if !yield(k, position{sec, i + 1}) {
				return
			}
		}
		at.i = 0
	}
}

func byTime(a, b key) int {
	return cmp.Or(cmp.Compare(a.tick, b.tick), cmp.Compare(a.feed, b.feed), cmp.Compare(a.n, b.n))
}

// first returns where a walk over [from, to) begins.
func first(from, to instant, newest bool) position {
	if newest {
		return position{sec: to.sec}
	}
	return position{sec: from.sec}
}
