package graphsim

import (
	"compress/gzip"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

// Options say which tenant to make. The zero value is a tenant of 100 users
// and seven days without faults.
type Options struct {
	Seed    uint64
	Users   int              // 0: 100; at most 10 million
	Start   time.Time        // first instant with records, from 1971 to 2199; zero: 2026-01-05 (a Monday)
	Days    int              // with records; 0: 7; at most 3,660
	Density float64          // times as many records per user as usual; 0: 1
	Clock   func() time.Time // now, for the tenant: records after it do not exist yet; nil: Start and Days
	Faults  Faults
	Rate    Rate
	Latency time.Duration // every answer waits so long
	Plain   bool          // answers are not compressed, whatever the client takes

	Permissions []string // that a token carries; nil: all that any log asks for
	Delegated   bool     // a person signed in: Permissions are scopes, and Roles count
	Roles       []string // of that person
	Licence     string   // P2 (default), P1 or free
	Absent      []string // logs that this cloud does not serve
	Secret      string   // of the client, for the token endpoint; "": any
	TokenLife   time.Duration
	SkipLife    time.Duration // of a skip token, by Clock; 0: 30 minutes
}

// Tenant is a simulated tenant. Its methods may be called by any number of
// goroutines.
type Tenant struct {
	o          Options
	seed       uint64
	id         guid
	domain     string                                         // of mail addresses
	name       string                                         // of the organisation
	start, end int64                                          // records exist in [start, end)
	rate       [feedWorkloadRisk + 1][week / halfHour]float64 // records a second
	failures   []failure
	policies   []policy
	risky      []int32 // users at risk
	sprays     []int64 // when the password spray of each week begins
	audits     []audit
	attributes []audit         // of the log of custom security attributes
	sets       map[string]*set // by path below the version

	counts   counters
	limits   limits
	tokens   tokens
	chains   chains
	requests atomic.Uint64
	pages    sync.Pool // *pen
	zips     sync.Pool // *gzip.Writer
}

var organisations = [...]string{"fabrikam", "contoso", "adatum", "woodgrove"}

// New makes a tenant. The same options make the same records.
func New(o Options) *Tenant {
	if o.Users <= 0 {
		o.Users = 100
	}
	if o.Days <= 0 {
		o.Days = 7
	}
	if o.Density <= 0 {
		o.Density = 1
	}
	o.Users, o.Days = min(o.Users, 10_000_000), min(o.Days, 3660)
	if y := o.Start.UTC().Year(); y < 1971 || y > 2199 {
		o.Start = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	}
	if o.Licence == "" {
		o.Licence = "P2"
	}
	if o.SkipLife <= 0 {
		o.SkipLife = 30 * time.Minute
	}
	t := &Tenant{o: o, seed: mix(o.Seed ^ golden), start: o.Start.Unix()}
	t.end = t.start + int64(o.Days)*day
	t.id = random(t.seed)
	t.name = organisations[t.seed%uint64(len(organisations))]
	t.domain = t.name + ".example"
	for f := range perUserDay {
		t.rate[f] = t.rates(f)
	}
	t.sprays = t.newSprays()
	t.failures = failures()
	t.policies = t.newPolicies()
	t.audits, t.attributes = audits(), attributeAudits()
	for n := range o.Users {
		if t.hashUser(n, 'r')%25 == 0 {
			t.risky = append(t.risky, int32(n))
		}
	}
	if len(t.risky) == 0 {
		t.risky = []int32{0}
	}
	t.sets = t.newSets()
	t.limits.init(o.Rate)
	t.pages.New = func() any { return &pen{t: t} }
	t.zips.New = func() any {
		z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
		return z
	}
	return t
}

func (t *Tenant) hashUser(n int, salt uint64) uint64 { return mix(mix(t.seed^salt<<40) ^ uint64(n)) }

// ID returns the tenant's id, a GUID.
func (t *Tenant) ID() string { return t.id.String() }

// Now returns the tenant's time.
func (t *Tenant) Now() time.Time {
	if t.o.Clock != nil {
		return t.o.Clock()
	}
	return time.Unix(t.end, 0).UTC()
}

// Counted returns how often what happened: requests, pages, records, throttled
// (answers 429), errors, and for every fault how often it was served, by the
// name that ParseFaults knows.
func (t *Tenant) Counted() map[string]int64 { return t.counts.all() }

// Truth returns the records of a log in the order of time, as a reader without
// faults of transport would have them at an instant: who asks for the log as
// the catalogue says, on every page with Prefer:
// include-unknown-enum-members. They are those whose time (as the catalogue
// has it) is in [start, end).
//
// An empty stream means all streams. A snapshot has all its rows, whatever
// start and end. Of risky_user_history the stream is the id of a user, and
// empty means everybody at risk. The bytes of a record are valid until the
// next one.
func (t *Tenant) Truth(log, stream string, start, end, at time.Time) iter.Seq[[]byte] {
	l, _ := logs.Get(log)
	field := l.Time
	if l.Snapshot {
		field = ""
	}
	return t.TruthBy(log, stream, field, start, end, at)
}

// TruthBy is Truth for a window over another time of the record, such as
// lastUpdatedDateTime. An empty field means all records.
func (t *Tenant) TruthBy(log, stream, field string, start, end, at time.Time) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, q := range t.truthQueries(log, stream) {
			q.bound(field, start, end)
			p := &pen{t: t, view: t.view(q.set, at)}
			p.view.period = q.period
			var raw []byte
			for k := range p.records(q, position{}) {
				raw = p.append(raw[:0], k)
				if !yield(raw) {
					return
				}
			}
		}
	}
}
