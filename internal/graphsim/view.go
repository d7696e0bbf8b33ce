package graphsim

import (
	"iter"
	"math"
	"slices"
	"time"
)

// view is what decides how a record looks besides the record itself: who
// reads, how, and when.
type view struct {
	at       instant
	oldest   instant // what is older is gone
	beta     bool    // beta of the API
	known    bool    // enum members are not masked
	policies bool    // the reader may see conditional-access policies
	p2       bool    // risk is not hidden
	changed  bool    // the schema change has come
	period   int     // days that a report counts
}

// view returns the view of a reader at an instant who does as the catalogue
// says.
func (t *Tenant) view(s *set, at time.Time) view {
	v := view{at: instantOf(at), known: true, policies: t.seesPolicies(), p2: t.o.Licence == "P2"}
	v.beta = s.version == "beta"
	v.oldest = instant{sec: v.at.sec - t.retention(s)}
	v.changed = !t.o.Faults.SchemaChangeAt.IsZero() && !at.Before(t.o.Faults.SchemaChangeAt)
	return v
}

// retention returns for how many seconds the service keeps records of a set.
func (t *Tenant) retention(s *set) int64 {
	switch {
	case t.o.Licence == "free":
		return 7 * day
	case s.family == identityProtection && t.o.Licence == "P2":
		return 90 * day
	}
	return 30 * day
}

// seesPolicies reports whether appliedConditionalAccessPolicies is there.
func (t *Tenant) seesPolicies() bool {
	if t.o.Permissions == nil {
		return true
	}
	for _, p := range []string{"Policy.Read.ConditionalAccess", "Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"} {
		if slices.Contains(t.o.Permissions, p) {
			return true
		}
	}
	return false
}

// visible reports whether a record can be seen.
func (t *Tenant) visible(k key, v *view) bool {
	w := k.when()
	if w.before(v.oldest) || v.at.before(w) {
		return false
	}
	w.sec += t.delay(k)
	return !v.at.before(w)
}

// delay returns the seconds between a record's time and when it can be seen.
func (t *Tenant) delay(k key) int64 {
	if t.o.Faults.Late <= 0 {
		return 0
	}
	h := t.hash(k, saltLate)
	if unit(h) >= t.o.Faults.Late {
		return 0
	}
	return int64(120 * math.Exp2(8.5*unit(mix(h)))) // to 12 hours, most under one
}

// stage says how far a record that changes in place has come.
type stage uint8

const (
	fresh stage = iota // some of it is still missing
	whole              // as most records are
	moved              // and then its risk changed
)

// stage returns how a record stands at an instant, and whether it is one of
// those that change. Records that do not change are whole from the beginning.
func (t *Tenant) stage(k key, at instant) (s stage, changes bool) {
	if t.o.Faults.ChangeInPlace <= 0 {
		return whole, false
	}
	if k.feed == feedRisk {
		k, _ = t.signIn(k) // they move together
	}
	h := t.hash(k, saltChanged)
	if unit(h) >= t.o.Faults.ChangeInPlace {
		return whole, false
	}
	h = mix(h)
	switch age := at.sec - k.sec; {
	case age >= t.movedAfter(h):
		return moved, true
	case age >= 120+int64(h%780): // 2 to 15 minutes
		return whole, true
	}
	return fresh, true
}

// movedAfter returns after how many seconds risk moves: half an hour to 46
// hours.
func (t *Tenant) movedAfter(h uint64) int64 {
	return 1800 + int64(h>>16%(46*3600-1800))
}

// pen writes the records of one page. It has scratch of its own and is used by
// one goroutine at a time.
type pen struct {
	t       *Tenant
	view    view
	page    []byte
	record  []byte
	scratch []byte
	keys    []key
	seen    map[string]int64 // faults of data that were served
}

// append writes the record of a key.
func (p *pen) append(b []byte, k key) []byte {
	start := len(b)
	switch k.feed {
	case feedInteractive, feedNonInteractive:
		b = p.userSignIn(b, k)
	case feedWorkload, feedManaged:
		b = p.workloadSignIn(b, k)
	case feedAudit:
		b = p.audit(b, k)
	case feedAttribute:
		b = p.attributeAudit(b, k)
	case feedProvisioning:
		b = p.provisioning(b, k)
	case feedRisk:
		b = p.riskDetection(b, k)
	case feedWorkloadRisk:
		b = p.workloadDetection(b, k)
	default:
		b = p.row(b, k)
	}
	return p.strange(b, start, k)
}

// strange adds to a record what no schema knows.
func (p *pen) strange(b []byte, start int, k key) []byte {
	f := &p.t.o.Faults
	if f.UnknownProperties > 0 && unit(p.t.hash(k, saltUnknown)) < f.UnknownProperties {
		h := p.t.hash(k, saltUnknown+100)
		b = append(b[:len(b)-1], `,"riskInsights":{"model":"r7 <beta>","score":0.`...)
		b = append(b, '1'+byte(h%9))
		b = append(b, `,"evidence":["\u00e9t\u00e9 \/ 夏",9007199254740993,null,{"@odata.type":"#microsoft.graph.evidence"}]}}`...)
	}
	if p.view.changed {
		b = append(b[:len(b)-1], `,"dataBoundary":"none"}`...)
	}
	return b
}

// enum appends an enum's value in quotes: value, or for some records with the
// fault of unknown members one that no schema knows.
func (p *pen) enum(b []byte, name, value string, k key) []byte {
	if p.inventsEnum(k) {
		return p.evolved(append(b, name...), value+"Assisted")
	}
	return member(b, name, value)
}

func (p *pen) inventsEnum(k key) bool {
	f := p.t.o.Faults.UnknownEnums
	return f > 0 && unit(p.t.hash(k, saltEnum)) < f
}

// evolved appends, in quotes, a member that was added to an enum after its
// first version: readers see it only if they ask for such members.
func (p *pen) evolved(b []byte, value string) []byte {
	if !p.view.known {
		value = "unknownFutureValue"
	}
	return append(append(append(b, '"'), value...), '"')
}

// tally notes which faults of data a served record shows.
func (p *pen) tally(k key) {
	if p.seen == nil {
		p.seen = map[string]int64{}
	}
	f := &p.t.o.Faults
	if p.t.delay(k) > 0 {
		p.seen[late]++
	}
	if f.ChangeInPlace > 0 {
		if _, changes := p.t.stage(k, p.view.at); changes {
			p.seen[changeInPlace]++
		}
	}
	if f.UnknownProperties > 0 && unit(p.t.hash(k, saltUnknown)) < f.UnknownProperties {
		p.seen[unknownProps]++
	}
	if p.inventsEnum(k) {
		p.seen[unknownEnums]++
	}
	if p.view.changed {
		p.seen[schemaChange]++
	}
}

// records returns the records that a query finds from a position on, and
// where it would go on behind each.
func (p *pen) records(q *query, at position) iter.Seq2[key, position] {
	return func(yield func(key, position) bool) {
		keep := func(k key, next position) bool {
			if !p.matches(q, k) {
				return true
			}
			return yield(k, next)
		}
		switch {
		case q.pinned != nil:
			for i := at.i; i < len(q.pinned); i++ {
				k := q.pinned[i]
				if from, to := q.window(&p.view, p.t); k.when().before(from) || !k.when().before(to) {
					continue
				}
				if slices.Contains(q.feeds, k.feed) && !keep(k, position{i: i + 1}) {
					return
				}
			}
		case q.set.table != 0:
			p.t.rows(q, &p.view, at, keep)
		default:
			from, to := q.window(&p.view, p.t)
			if at == (position{}) {
				at = first(from, to, q.newest)
			}
			p.t.walk(q.feeds, from, to, q.newest, at, keep)
		}
	}
}

// matches reports whether a record can be seen and fits the clauses of a
// query that its key does not answer.
func (p *pen) matches(q *query, k key) bool {
	if q.set.table == 0 && !p.t.visible(k, &p.view) {
		return false
	}
	if len(q.clauses) == 0 {
		return true
	}
	p.record = p.append(p.record[:0], k)
	return q.holds(p.record)
}
