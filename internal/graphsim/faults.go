package graphsim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Faults says what goes wrong and how often. A number is a chance in [0, 1]:
// of a record for faults of data, of a request or page for faults of
// transport. The zero value is a service without faults. Chance comes from the
// seed and the number of the request, so one client that asks one thing after
// another meets the same faults again.
type Faults struct {
	// Faults of data: part of Truth.

	Late              float64   // a record is seen 2 minutes to 12 hours after its time
	ChangeInPlace     float64   // authenticationDetails fill in after minutes, risk moves after hours
	UnknownProperties float64   // a record has members that no schema knows
	UnknownEnums      float64   // an enum has a member that no schema knows
	SchemaChangeAt    time.Time // from this instant of Clock on, every record has a new member, old records too

	// Faults of transport.

	DuplicateAcrossPages float64 // the last records of a page stand on the next page too
	UnstablePages        float64 // records of a page are out of order, and its last comes on the next page
	EmptyPages           float64 // a page without records and with a nextLink
	NullNextLink         float64 // the last page has "@odata.nextLink": null
	CutBody              float64 // 200 with a body that ends inside a record, an error object glued on
	DeadSkipToken        float64 // a skip token is not known any more, and stays so
	ServerErrors         float64 // 500, 502, 503 and 504, some as HTML
	Timeouts             float64 // the connection ends without an answer, after Hang; needs a real server
	Hang                 time.Duration
	TooMany              float64 // 429, besides what Rate asks for
	ExpireTokens         float64 // 401, and the token is dead from then on
	ClaimsChallenge      float64 // 401 that asks for a token with claims
	FlapForbidden        float64 // 403 as for a tenant without licence

	TooManyWithoutRetryAfter bool // answers 429 never say how long to wait
	RetryAfterDate           bool // they say it as a date
}

// The names of faults, as in Counted and ParseFaults.
const (
	late          = "late"
	changeInPlace = "change_in_place"
	unknownProps  = "unknown_properties"
	unknownEnums  = "unknown_enums"
	schemaChange  = "schema_change"
	duplicate     = "duplicate_across_pages"
	unstable      = "unstable_pages"
	emptyPage     = "empty_pages"
	nullNextLink  = "null_next_link"
	cutBody       = "cut_body"
	deadSkipToken = "dead_skip_token"
	serverErrors  = "server_errors"
	timeouts      = "timeouts"
	tooMany       = "too_many"
	expireTokens  = "expire_tokens"
	challenge     = "claims_challenge"
	flapForbidden = "flap_forbidden"
)

// chances lists the faults that are a chance, by name.
func (f *Faults) chances() map[string]*float64 {
	return map[string]*float64{
		late: &f.Late, changeInPlace: &f.ChangeInPlace, unknownProps: &f.UnknownProperties, unknownEnums: &f.UnknownEnums,
		duplicate: &f.DuplicateAcrossPages, unstable: &f.UnstablePages, emptyPage: &f.EmptyPages, nullNextLink: &f.NullNextLink,
		cutBody: &f.CutBody, deadSkipToken: &f.DeadSkipToken, serverErrors: &f.ServerErrors, timeouts: &f.Timeouts,
		tooMany: &f.TooMany, expireTokens: &f.ExpireTokens, challenge: &f.ClaimsChallenge, flapForbidden: &f.FlapForbidden,
	}
}

// switches lists the faults that are on or off, by name.
func (f *Faults) switches() map[string]*bool {
	return map[string]*bool{"too_many_without_retry_after": &f.TooManyWithoutRetryAfter, "retry_after_date": &f.RetryAfterDate}
}

// The two names of ParseFaults that are numbers of another kind.
const (
	schemaChangeAfter = "schema_change_after" // days from the tenant's start
	hangSeconds       = "hang_seconds"
)

// FaultNames returns the names that ParseFaults knows, sorted.
func FaultNames() []string {
	var f Faults
	names := slices.AppendSeq(slices.Collect(maps.Keys(f.chances())), maps.Keys(f.switches()))
	names = append(names, schemaChangeAfter, hangSeconds)
	slices.Sort(names)
	return names
}

// ParseFaults makes Faults of numbers by name, as a block writes them: chances
// in [0, 1], 0 or 1 for switches, schema_change_after in days from start,
// hang_seconds.
func ParseFaults(numbers map[string]float64, start time.Time) (Faults, error) {
	var f Faults
	chances, switches := f.chances(), f.switches()
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		n := numbers[name]
		switch chance, on := chances[name], switches[name]; {
		case n < 0 || n != n:
			return f, fmt.Errorf("fault %s: %v is negative or not a number", name, n)
		case name == schemaChangeAfter:
			f.SchemaChangeAt = start.Add(time.Duration(n * float64(24*time.Hour)))
		case name == hangSeconds:
			f.Hang = time.Duration(n * float64(time.Second))
		case chance == nil && on == nil:
			return f, fmt.Errorf("fault %q: not known; the faults are %s", name, strings.Join(FaultNames(), ", "))
		case n > 1:
			return f, fmt.Errorf("fault %s: %v is not a chance: write a number from 0 to 1", name, n)
		case chance != nil:
			*chance = n
		default:
			*on = n != 0
		}
	}
	return f, nil
}

// strikes draws whether a fault of transport happens to a request, and counts
// it if so.
func (t *Tenant) strikes(fault string, chance float64, request uint64) bool {
	if chance <= 0 {
		return false
	}
	salt := uint64(0)
	for _, c := range []byte(fault) {
		salt = salt*131 + uint64(c)
	}
	if unit(mix(mix(request^t.seed)^salt)) >= chance {
		return false
	}
	t.counts.add(fault, 1)
	return true
}

// counters counts by name.
type counters struct {
	mu sync.Mutex
	n  map[string]int64
}

func (c *counters) add(name string, n int64) {
	if n == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int64{}
	}
	c.n[name] += n
}

func (c *counters) all() map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := maps.Clone(c.n)
	if out == nil {
		out = map[string]int64{}
	}
	return out
}
