package graphsim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/logpipe/logpipe/pipeline/record"
)

// cursor is where a chain of pages stands before a page. It never changes, so
// a page may be asked for again.
type cursor struct {
	q       *query
	at      position
	given   []key // what stands on the page first: repeated, or held back
	started bool
	empty   bool // the page before was an empty one
	number  int
	born    time.Time
}

// chains are the cursors behind skip tokens: state of the server, which
// forgets it.
type chains struct {
	mu    sync.Mutex
	n     uint64
	open  map[string]cursor
	order []string // the oldest first
}

// maxChains bounds the state. The oldest tokens die first.
const maxChains = 20_000

func (c *chains) put(seed uint64, cur cursor) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = map[string]cursor{}
	}
	c.n++
	g := random(mix(c.n) ^ seed)
	token := strings.TrimRight(strings.ReplaceAll(g.String(), "-", ""), "=") + "_" + strconv.Itoa(cur.number)
	c.open[token] = cur
	c.order = append(c.order, token)
	if len(c.order) > maxChains {
		delete(c.open, c.order[0])
		c.order = c.order[1:]
	}
	return token
}

func (c *chains) get(token string) (cursor, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cur, ok := c.open[token]
	return cur, ok
}

func (c *chains) kill(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, token)
}

// resume finds the cursor of a skip token.
func (t *Tenant) resume(token string, s *set, request uint64) (cursor, *problem) {
	if token == "" {
		return cursor{}, badRequest("Invalid Skip Token, skip token is null")
	}
	cur, ok := t.chains.get(token)
	if ok && t.strikes(deadSkipToken, t.o.Faults.DeadSkipToken, request) {
		t.chains.kill(token)
		ok = false
	}
	if !ok || cur.q.set != s || t.Now().Sub(cur.born) > t.o.SkipLife {
		return cursor{}, badRequest("Token not found: token is either invalid or expired")
	}
	return cur, nil
}

// serveSet answers with a page of a set, or with one record of it.
func (t *Tenant) serveSet(w http.ResponseWriter, r *http.Request, at resource, request uint64) *problem {
	p := t.pages.Get().(*pen)
	defer t.pages.Put(p)
	p.view = t.view(at.set, t.Now())
	p.view.beta = at.version == "beta"
	p.view.period = at.period
	p.view.known = strings.Contains(r.Header.Get("Prefer"), "include-unknown-enum-members")
	clear(p.seen)
	if at.id != "" {
		return t.serveOne(w, r, p, at)
	}
	asked := *at.set
	asked.version = at.version // what may be filtered by depends on it
	q, problem := t.parseQuery(&asked, r.URL.RawQuery)
	if problem != nil {
		return problem
	}
	q.set, q.user, q.period = at.set, at.user, at.period
	cur := cursor{q: q}
	if values := r.URL.Query(); values.Has("$skiptoken") {
		if cur, problem = t.resume(values.Get("$skiptoken"), at.set, request); problem != nil {
			return problem
		}
	}
	t.servePage(w, r, p, at, cur, request)
	return nil
}

// servePage writes one page.
func (t *Tenant) servePage(w http.ResponseWriter, r *http.Request, p *pen, at resource, cur cursor, request uint64) {
	next, more := t.collect(p, cur, request)
	body, end := t.writer(w, r)
	defer end()
	w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	w.Header().Set("OData-Version", "4.0")
	link := ""
	if more {
		link = nextLink(r, at, t.chains.put(t.seed, next))
	}
	cut := -1
	if len(p.keys) > 0 && t.strikes(cutBody, t.o.Faults.CutBody, request) {
		cut = int(mix(request) % uint64(len(p.keys)))
	}
	linkFirst := mix(request^t.seed)%4 != 0 // the service writes it before or behind the records
	b := t.pageHead(p, r, at, cur)
	if link != "" && linkFirst {
		b = quote(append(b, `"@odata.nextLink":`...), link)
		b = append(b, ',')
	}
	b = append(b, `"value":[`...)
	for i, k := range p.keys {
		if i > 0 {
			b = append(b, ',')
		}
		start := len(b)
		b = p.append(b, k)
		if cur.q.selected != nil {
			b = selectMembers(b, start, cur.q.selected)
		}
		if i == cut {
			b = append(b[:start+(len(b)-start)/2], `{"error":{"code":"UnknownError","message":"An error has occurred while streaming the response.","innerError":{"date":"2026-01-05T00:00:00"}}}`...)
			break
		}
		p.tally(k)
		if len(b) > 1<<16 {
			if _, err := body.Write(b); err != nil {
				break // the client is gone
			}
			b = b[:0]
		}
	}
	if cut < 0 {
		b = append(b, ']')
		switch {
		case link != "" && !linkFirst:
			b = quote(append(b, `,"@odata.nextLink":`...), link)
		case link == "" && t.strikes(nullNextLink, t.o.Faults.NullNextLink, request):
			b = append(b, `,"@odata.nextLink":null`...)
		}
		b = append(b, '}')
	}
	_, _ = body.Write(b) // the client is gone if this fails
	p.page = b[:0]
	t.countPage(p)
}

// pageHead begins a page.
func (t *Tenant) pageHead(p *pen, r *http.Request, at resource, cur cursor) []byte {
	b := append(p.page[:0], `{"@odata.context":`...)
	b = append(quote(b, base(r)+"/"+at.version+"/$metadata#"+at.path), ',')
	if cur.q.count && !cur.started {
		n := 0
		for range p.records(cur.q, position{}) {
			n++
		}
		b = append(memberInt(b, `"@odata.count":`, int64(n)), ',')
	}
	if at.set.allowed("$select") && cur.q.selected == nil && !cur.started && at.set.kind == "directoryAudit" {
		b = append(b, `"@microsoft.graph.tips":"Use $select to choose only the properties your app needs, as this can lead to performance improvements. For example: GET auditLogs/directoryAudits?$select=activityDateTime,activityDisplayName",`...)
	}
	return b
}

func (t *Tenant) countPage(p *pen) {
	t.counts.add("pages", 1)
	t.counts.add("records", int64(len(p.keys)))
	for name, n := range p.seen {
		t.counts.add(name, n)
	}
}

// collect puts the keys of a page into p.keys and returns the cursor behind
// it.
func (t *Tenant) collect(p *pen, cur cursor, request uint64) (next cursor, more bool) {
	p.keys = p.keys[:0]
	next = cur
	next.number, next.started, next.born = cur.number+1, true, t.Now()
	if !cur.empty && t.strikes(emptyPage, t.o.Faults.EmptyPages, request) {
		next.empty = true
		return next, true
	}
	next.empty, next.given = false, nil
	p.keys = append(p.keys, cur.given...)
	room := cur.q.top - len(p.keys)
	fresh := 0
	for k, behind := range p.records(cur.q, cur.at) {
		if fresh == room {
			more = true
			break
		}
		p.keys = append(p.keys, k)
		next.at = behind
		fresh++
	}
	t.disturb(p, &next, &more, fresh, request)
	return next, more
}

// disturb makes a page unstable, and the next begin with records of this one.
// On a page of few records there is no room for it.
func (t *Tenant) disturb(p *pen, next *cursor, more *bool, fresh int, request uint64) {
	if fresh < 2 || next.q.top < 8 {
		return
	}
	if t.strikes(unstable, t.o.Faults.UnstablePages, request) {
		last := len(p.keys) - 1
		next.given = append(next.given, p.keys[last])
		p.keys = p.keys[:last]
		d := dice(mix(request ^ t.seed))
		for i := len(p.keys) - 1; i > 0; i-- {
			j := d.n(i + 1)
			p.keys[i], p.keys[j] = p.keys[j], p.keys[i]
		}
		*more = true
	}
	if *more && t.strikes(duplicate, t.o.Faults.DuplicateAcrossPages, request) {
		next.given = append(next.given, p.keys[len(p.keys)-min(3, len(p.keys)):]...)
	}
}

// base is where the client finds the API.
func base(r *http.Request) string { return pick(r.TLS != nil, "https://", "http://") + r.Host }

// nextLink returns the absolute address of the next page.
func nextLink(r *http.Request, at resource, token string) string {
	var b strings.Builder
	b.WriteString(base(r) + "/" + at.version + "/" + (&url.URL{Path: at.path}).EscapedPath() + "?")
	values := r.URL.Query()
	for _, name := range sortedKeys(values) {
		if strings.HasPrefix(name, "$") && name != "$skiptoken" {
			b.WriteString(name + "=" + strings.ReplaceAll(url.QueryEscape(values.Get(name)), "+", "%20") + "&")
		}
	}
	b.WriteString("$skiptoken=" + token)
	return b.String()
}

// selectMembers cuts the record at b[start:] down to some of its members.
func selectMembers(b []byte, start int, names []string) []byte {
	raw := slices.Clone(b[start:])
	b = append(b[:start], '{')
	record.ValueOf(raw).Each(func(name []byte, v record.Value) bool {
		if slices.Contains(names, string(name)) {
			if b[len(b)-1] != '{' {
				b = append(b, ',')
			}
			b = append(append(quote(b, name), ':'), v.Raw()...)
		}
		return true
	})
	return append(b, '}')
}

// serveOne answers with one record by its id. The service does not always find
// a sign-in that it lists.
func (t *Tenant) serveOne(w http.ResponseWriter, r *http.Request, p *pen, at resource) *problem {
	missing := &problem{status: http.StatusNotFound, code: "ResourceNotFound", message: "Resource '" + at.id + "' does not exist or one of its queried reference-property objects are not present."}
	k, ok := t.oneKey(p, at)
	if !ok || at.set.kind == "signIn" && t.hash(k, 'o')%8 == 0 {
		return missing
	}
	w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	b := append(quote([]byte(`{"@odata.context":`), base(r)+"/"+at.version+"/$metadata#"+strings.TrimSuffix(at.path, "/"+at.id)+"/$entity"), ',')
	record := p.append(nil, k)
	_, _ = w.Write(append(b, record[1:]...)) // the client is gone if this fails
	return nil
}

func (t *Tenant) oneKey(p *pen, at resource) (key, bool) {
	if at.set.table == 0 {
		k, ok := t.byID(at.set, at.id)
		return k, ok && t.visible(k, &p.view)
	}
	q := &query{set: at.set, clauses: []clause{{path: []string{"id"}, op: "eq", form: 's', text: at.id}}}
	for k := range p.records(q, position{}) {
		return k, true
	}
	return key{}, false
}
