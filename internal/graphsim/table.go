package graphsim

import (
	"cmp"
	"slices"

	"github.com/logpipe/logpipe/pipeline/record"
)

// rows calls yield for the rows of a table from a position on, as they stand
// at the view's instant, in the order that the query asks for.
func (t *Tenant) rows(q *query, v *view, at position, yield func(key, position) bool) {
	keys := t.rowKeys(q, v)
	if q.orderBy != "" {
		t.sortRows(keys, q, v)
	}
	for i := at.i; i < len(keys); i++ {
		if !yield(keys[i], position{i: i + 1}) {
			return
		}
	}
}

// rowKeys returns the rows of a table: a few bytes for each.
func (t *Tenant) rowKeys(q *query, v *view) []key {
	f := q.set.table
	var keys []key
	add := func(n int, ok bool) {
		if ok {
			keys = append(keys, key{feed: f, sec: int64(n)})
		}
	}
	switch f {
	case tableRiskyUsers:
		for _, n := range t.risky {
			_, ok := t.riskAt(int64(n), v.at)
			add(int(n), ok)
		}
	case tableRiskyWorkloads:
		for n := range principals(t.o.Users) {
			_, ok := t.riskAt(int64(n)|1<<32, v.at)
			add(n, ok && mix(uint64(n)^t.seed)%6 == 0)
		}
	case tableHistory:
		for i := range t.riskEvents(int64(q.user), v.at) {
			keys = append(keys, key{feed: f, sec: int64(q.user), n: int32(i)})
		}
		if q.newest {
			slices.Reverse(keys)
		}
	case tableAppSummary:
		for n := range t.apps() {
			add(n, true)
		}
	case tableAppDetail:
		from, to := max(t.start, v.oldest.sec)/day, min(t.end-1, v.at.sec-day)/day
		for d := from; d <= to; d++ {
			for n := range t.apps() * 3 {
				keys = append(keys, key{feed: f, sec: d, n: int32(n)})
			}
		}
	case tableActivity, tableCredential:
		for n := range principals(t.o.Users) {
			add(n, true)
		}
	case tableRegistration:
		for n := range t.o.Users {
			add(n, true)
		}
	}
	return keys
}

// sortRows sorts by the text of a property.
func (t *Tenant) sortRows(keys []key, q *query, v *view) {
	p := &pen{t: t, view: *v}
	type row struct {
		key  key
		text string
	}
	rows := make([]row, len(keys))
	for i, k := range keys {
		p.record = p.append(p.record[:0], k)
		text, _ := at(record.ValueOf(p.record), []string{q.orderBy}).Text()
		rows[i] = row{k, string(text)}
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		if q.newest {
			a, b = b, a
		}
		return cmp.Compare(a.text, b.text)
	})
	for i, r := range rows {
		keys[i] = r.key
	}
}

// row appends a row of a table.
func (p *pen) row(b []byte, k key) []byte {
	switch k.feed {
	case tableRiskyUsers:
		e, _ := p.t.riskAt(k.sec, p.view.at)
		return append(p.riskyUser(b, k, e, ""), '}')
	case tableHistory:
		return p.riskHistory(b, k)
	case tableRiskyWorkloads:
		return p.riskyWorkload(b, k)
	case tableAppSummary:
		return p.appSummary(b, k)
	case tableAppDetail:
		return p.appDetail(b, k)
	case tableActivity:
		return p.activity(b, k)
	case tableCredential:
		return p.credential(b, k)
	case tableRegistration:
		return p.registration(b, k)
	}
	return append(b, `{}`...)
}

// riskEvent is one move of somebody's risk.
type riskEvent struct {
	when  instant
	level string
	state string
	detail,
	cause string
	admin bool
}

// episode is the length of the grid on which risk begins and ends.
const episode = 9 * day

// riskEvents returns how the risk of somebody moved until an instant, oldest
// first. Every nine days it may begin, and it ends within two.
func (t *Tenant) riskEvents(who int64, at instant) []riskEvent {
	var out []riskEvent
	for e := t.start/episode - 3; e*episode <= at.sec; e++ {
		h := mix(t.seed ^ uint64(who)<<24 ^ uint64(e) ^ 'e'<<56)
		if h%2 == 0 {
			continue
		}
		begin := riskEvent{when: instant{e*episode + int64(h>>8%(7*day)), int32(h >> 20 % ticksPerSecond)}, level: [...]string{"low", "medium", "high"}[h>>4%3],
			state: "atRisk", detail: "none", cause: offlineEvents[h>>6%3]}
		ending := endings[h>>40%uint64(len(endings))]
		end := riskEvent{when: begin.when.plus(3600+int64(h>>30%(40*3600)), int32(h>>12%ticksPerSecond)), level: pick(ending.state == "confirmedCompromised", "high", "none"),
			state: ending.state, detail: ending.detail, admin: ending.state != "remediated"}
		for _, ev := range []riskEvent{begin, end} {
			if !at.before(ev.when) {
				out = append(out, ev)
			}
		}
	}
	return out
}

// riskAt returns the last move of somebody's risk.
func (t *Tenant) riskAt(who int64, at instant) (riskEvent, bool) {
	all := t.riskEvents(who, at)
	if len(all) == 0 {
		return riskEvent{}, false
	}
	return all[len(all)-1], true
}

// riskyUser appends a riskyUser without its last bracket. Behind names what
// stands behind the user's id in the id.
func (p *pen) riskyUser(b []byte, k key, e riskEvent, behind string) []byte {
	u := p.t.user(int(k.sec))
	b = append(u.id.append(append(b, `{"id":"`...)), behind...)
	b = memberBool(append(b, '"'), `,"isDeleted":`, u.deleted)
	b = memberBool(b, `,"isProcessing":`, mix(uint64(p.view.at.sec/60)^uint64(k.sec))%25 == 0)
	b = member(b, `,"riskLevel":`, e.level)
	b = member(b, `,"riskState":`, e.state)
	b = p.riskDetail(b, e.detail, k)
	b = memberTime(b, `,"riskLastUpdatedDateTime":`, e.when)
	b = u.name(append(b, `,"userDisplayName":`...))
	b = append(b, `,"userPrincipalName":"`...)
	if u.deleted {
		return append(u.directoryUPN(b, p.t.name, true), '"')
	}
	return append(u.upn(b), '"')
}

func (p *pen) riskDetail(b []byte, detail string, k key) []byte {
	if detail == "m365DAdminDismissedDetection" && !p.inventsEnum(k) {
		return p.evolved(append(b, `,"riskDetail":`...), detail)
	}
	return p.enum(b, `,"riskDetail":`, detail, k)
}

// riskHistory appends an item of a user's history. The latest has the user's
// id, the others digits behind it.
func (p *pen) riskHistory(b []byte, k key) []byte {
	all := p.t.riskEvents(k.sec, p.view.at)
	if int(k.n) >= len(all) {
		return append(b, `{}`...)
	}
	e := all[k.n]
	behind := ""
	if int(k.n) < len(all)-1 {
		const ticksToUnix = 621_355_968_000_000_000
		behind = string(memberInt(nil, "", ticksToUnix+e.when.sec*ticksPerSecond+int64(e.when.tick)))
	}
	b = p.riskyUser(b, k, e, behind)
	b = memberGUID(b, `,"userId":`, hidden(pack(feedUsers, k.sec, 0), p.t.seed))
	if e.admin {
		b = memberGUID(b, `,"initiatedBy":`, hidden(pack(feedUsers, 0, 0), p.t.seed))
		b = p.riskDetailIn(b, e.detail)
		return append(b, `,"riskEventTypes":[]}}`...)
	}
	b = append(b, `,"initiatedBy":null`...)
	b = p.riskDetailIn(b, e.detail)
	if e.cause == "" {
		return append(b, `,"riskEventTypes":[]}}`...)
	}
	return append(member(b, `,"riskEventTypes":[`, e.cause), `]}}`...)
}

func (p *pen) riskDetailIn(b []byte, detail string) []byte {
	b = append(b, `,"activity":{"detail":`...)
	switch detail {
	case "none":
		return append(b, `null`...)
	case "m365DAdminDismissedDetection":
		return p.evolved(b, detail)
	}
	return append(append(append(b, '"'), detail...), '"')
}

func (p *pen) riskyWorkload(b []byte, k key) []byte {
	sp, app, name := p.t.principal(int(k.sec))
	e, _ := p.t.riskAt(k.sec|1<<32, p.view.at)
	b = memberGUID(b, `{"id":`, sp)
	b = append(b, `,"isEnabled":true`...)
	b = memberBool(b, `,"isProcessing":`, mix(uint64(p.view.at.sec/60)^uint64(k.sec))%25 == 0)
	b = memberTime(b, `,"riskLastUpdatedDateTime":`, e.when)
	b = member(b, `,"riskLevel":`, e.level)
	b = member(b, `,"riskState":`, e.state)
	b = p.enum(b, `,"riskDetail":`, pick(e.state == "atRisk", "none", "adminDismissedAllRiskForServicePrincipal"), k)
	b = quote(append(b, `,"displayName":`...), name)
	b = memberGUID(b, `,"appId":`, app)
	return append(b, `,"servicePrincipalType":"Application"}`...)
}
