package graphsim_test

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/internal/graphsim"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

// reader reads the API as a careful client does.
type reader struct {
	t      *testing.T
	tenant *graphsim.Tenant
	host   string
	token  string
	prefer bool
}

func newReader(t *testing.T, o graphsim.Options) *reader {
	t.Helper()
	tenant := graphsim.New(o)
	s := httptest.NewServer(tenant.Handler())
	t.Cleanup(s.Close)
	return &reader{t: t, tenant: tenant, host: s.URL, token: tenant.Token(), prefer: true}
}

// page is what one answer held.
type page struct {
	Status   int
	Context  string            `json:"@odata.context"`
	Tips     string            `json:"@microsoft.graph.tips"`
	Count    *int              `json:"@odata.count"`
	NextLink *string           `json:"@odata.nextLink"`
	Value    []json.RawMessage `json:"value"`
	Error    *struct {
		Code, Message string
		InnerError    map[string]string
	}
	header http.Header
	body   string
	broken error // of parsing
}

func (r *reader) get(link string) page {
	r.t.Helper()
	p, err := r.try(link)
	if err != nil {
		r.t.Fatalf("GET %s: %v", link, err)
	}
	return p
}

func (r *reader) try(link string) (page, error) {
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, link, nil)
	if err != nil {
		return page{}, err
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	if r.prefer {
		req.Header.Set("Prefer", "include-unknown-enum-members")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return page{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return page{}, err
	}
	p := page{}
	p.broken = json.Unmarshal(body, &p)
	p.Status, p.header, p.body = resp.StatusCode, resp.Header, string(body)
	return p, nil
}

// link makes an address; options come in pairs.
func (r *reader) link(path string, options ...string) string {
	var b strings.Builder
	b.WriteString(r.host + "/" + path)
	for i := 0; i+1 < len(options); i += 2 {
		b.WriteString(string("?&"[min(i, 1)]) + options[i] + "=" + url.QueryEscape(options[i+1]))
	}
	return b.String()
}

// chain reads all pages from a link on. Every answer must be whole.
func (r *reader) chain(link string) (records []string, pages int) {
	r.t.Helper()
	for {
		p := r.get(link)
		if p.Status != 200 || p.broken != nil {
			r.t.Fatalf("GET %s: status %d, %v: %.300s", link, p.Status, p.broken, p.body)
		}
		pages++
		for _, raw := range p.Value {
			records = append(records, string(raw))
		}
		if p.NextLink == nil {
			return records, pages
		}
		if link = *p.NextLink; !strings.HasPrefix(link, r.host) {
			r.t.Fatalf("nextLink is not an absolute address of this host: %q", link)
		}
	}
}

func collect(seq iter.Seq[[]byte]) []string {
	var out []string
	for raw := range seq {
		out = append(out, string(raw))
	}
	return out
}

var (
	start  = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	small  = graphsim.Options{Seed: 7, Users: 40, Start: start, Days: 3}
	inside = func(a, b time.Time, field string) string {
		return fmt.Sprintf("%s ge %s and %s lt %s", field, a.Format(time.RFC3339Nano), field, b.Format(time.RFC3339Nano))
	}
)

// TestChainEqualsTruth reads every log by pages and compares with Truth.
func TestChainEqualsTruth(t *testing.T) {
	usual, large := newReader(t, small), newReader(t, graphsim.Options{Seed: 3, Users: 900, Start: start, Days: 3})
	everyStream(func(l logs.Log, stream string) {
		t.Run(strings.TrimSuffix(l.Name+"/"+stream, "/"), func(t *testing.T) {
			r, from, to := usual, start.Add(5*time.Hour), start.Add(2*24*time.Hour+17*time.Minute)
			if strings.Contains(l.Name, "risk") { // they are rare
				r, from = large, start.AddDate(0, 0, -20)
			}
			r.t = t
			var got []string
			pages := 0
			for _, link := range r.links(l, stream, from, to) {
				records, n := r.chain(link)
				if l.Order == "" && (!l.Snapshot || l.Name == "risky_user_history") {
					slices.Reverse(records) // newest first
				}
				got, pages = append(got, records...), pages+n
			}
			want := collect(r.tenant.Truth(l.Name, stream, from, to, r.tenant.Now()))
			if len(want) == 0 {
				t.Fatal("no records: the test shows nothing")
			}
			same(t, want, got)
			t.Logf("%d records on %d pages", len(got), pages)
		})
	})
}

// same fails with the first difference: a whole diff of thousands of records
// takes a minute and nobody reads it.
func same(t *testing.T, want, got []string) {
	t.Helper()
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			t.Fatalf("record %d of %d (-want +got):\n%s", i, len(want), cmp.Diff(want[i], got[i]))
		}
	}
	if len(want) != len(got) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
}

// links returns what a careful client asks to read a window of a stream,
// oldest first where the log can be sorted.
func (r *reader) links(l logs.Log, stream string, from, to time.Time) []string {
	path := strings.ReplaceAll(l.Version+l.Path, "{period}", "D7")
	switch {
	case strings.Contains(path, "{id}"):
		var out []string
		for raw := range r.tenant.Truth("risky_users", "", from, to, r.tenant.Now()) {
			var u struct{ ID string }
			if err := json.Unmarshal(raw, &u); err != nil {
				r.t.Fatal(err)
			}
			out = append(out, r.link(strings.ReplaceAll(path, "{id}", u.ID), "$filter", inside(from, to, "riskLastUpdatedDateTime")))
		}
		return out
	case l.Snapshot || l.Filter == "":
		return []string{r.link(path)}
	}
	filter := inside(from, to, l.Filter)
	if l.Name == "provisioning" {
		filter = fmt.Sprintf("activityDateTime gt %s and activityDateTime lt %s", from.Add(-100*time.Nanosecond).Format(time.RFC3339Nano), to.Format(time.RFC3339Nano))
	}
	if s, ok := l.Stream(stream); ok {
		filter += " and signInEventTypes/any(t: t eq '" + s.Event + "')"
	}
	options := []string{"$filter", filter, "$top", "50"}
	if l.Order != "" {
		options = append(options, "$orderby", l.Order+" asc")
	}
	return []string{r.link(path, options...)}
}
