package entra_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/internal/azure"
	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/sources/entra"
)

// against returns a source whose Graph is h, and its budget.
func against(t *testing.T, o entra.Options, h http.HandlerFunc) (*entra.Source, *httptest.Server, *patient) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	budget := &patient{}
	return sourceAt(t, o, server.URL, budget), server, budget
}

func sourceAt(t *testing.T, o entra.Options, url string, budget *patient) *entra.Source {
	t.Helper()
	tenant := &azure.Tenant{Name: "tenant.corp", Simulate: &azure.Simulate{Start: start, Days: 1}}
	tokens := atomic.Int64{}
	if _, err := tenant.Loopback(t.Context(), func(context.Context) (azure.Served, error) {
		return azure.Served{URL: url, Token: func() string { return fmt.Sprint("secret-token-", tokens.Add(1)) }}, nil
	}); err != nil {
		t.Fatal(err)
	}
	o.Addr = addr.Instance{Block: addr.Block{Class: addr.Source, Kind: "entra", Label: "x"}}
	o.Budget, o.Clock, o.Window = budget, &instant{}, entra.Window{Start: start, Slice: 24 * time.Hour}
	if o.Log == "sign_ins" && o.Streams == nil {
		o.Streams = []string{"interactive_user"}
	}
	s, err := entra.New(tenant, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func first(t *testing.T, s *entra.Source) []pipeline.Slice {
	t.Helper()
	all, err := s.Slices(t.Context(), pipeline.Window{})
	if err != nil || len(all) == 0 {
		t.Fatal(err, len(all))
	}
	return all[:1]
}

// graphError writes an error as Graph does.
func graphError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("request-id", "11111111-2222-3333-4444-555555555555")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"code":%q,"message":%q,"innerError":{"date":"2026-01-05T00:00:00"}}}`, code, message)
}

func TestErrorsSayWhatToDo(t *testing.T) {
	answer := func(status int, code, message string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { graphError(w, status, code, message) }
	}
	body := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
	}
	for name, c := range map[string]struct {
		log      string
		h        http.HandlerFunc
		want     []string
		coverage string
	}{
		"permission": {"sign_ins", answer(403, "Authentication_MSGraphPermissionMissing", "Calling principal does not have required MSGraph permissions AuditLog.Read.All"),
			[]string{"403 Forbidden", "grant the application AuditLog.Read.All", "Reports Reader", "request-id 11111111"}, "no_permission"},
		"attribute permission": {"custom_security_attribute_audits", answer(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
			[]string{"CustomSecAttributeAuditLogs.Read.All", "Attribute Log Reader"}, "no_permission"},
		"role": {"sign_ins", answer(403, "UnknownError", "User isn't in the allowed roles"),
			[]string{"one of the roles Reports Reader, Security Reader"}, "no_permission"},
		"licence": {"sign_ins", answer(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Neither tenant is B2C or tenant doesn't have premium license"),
			[]string{"sign_ins needs Entra ID P1 or P2"}, "unlicensed"},
		"licence P2": {"risk_detections", answer(403, "Forbidden", "Your tenant is not licensed for this feature."),
			[]string{"risk_detections needs Entra ID P2"}, "unlicensed"},
		"token": {"sign_ins", answer(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid."),
			[]string{"refused twice", "cloud", "clock"}, "no_permission"},
		"cloud": {"sign_ins", answer(400, "BadRequest", "Resource not found for the segment 'signIns'."),
			[]string{"this cloud does not serve sign_ins"}, "failed"},
		"not found": {"risky_users", answer(404, "ResourceNotFound", "no such thing"),
			[]string{"this cloud does not serve risky_users"}, "failed"},
		"filter": {"sign_ins", answer(400, "BadRequest", "Invalid filter clause"),
			[]string{"400 Bad Request", "the filter on createdDateTime"}, "failed"},
		"redirect": {"sign_ins", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusFound)
		},
			[]string{"302 Found", "a redirect is not followed"}, "failed"},
		"gateway": {"sign_ins", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(502)
			fmt.Fprint(w, "<html>bad gateway</html>")
		}, []string{"502 Bad Gateway", "tried 4 times"}, ""},
		"a portal answers": {"sign_ins", body("<html>please log in</html>"), []string{"broke off or is no page", "not JSON", "tried 4 times"}, ""},
		"no records":       {"sign_ins", body(`{"hello":"world"}`), []string{"no records member"}, ""},
		"error inside 200": {"sign_ins", body(`{"value":[{"id":"1"}],"error":{"code":"UnknownError","message":"it broke"}}`), []string{"UnknownError: it broke"}, ""},
		"foreign link": {"sign_ins", body(`{"value":[],"@odata.nextLink":"https://evil.example/beta/auditLogs/signIns?$skiptoken=x"}`),
			[]string{"links a next page on another host, evil.example"}, ""},
		"throttled for ever": {"sign_ins", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			graphError(w, 429, "UnknownError", "This request is throttled.")
		}, []string{"429 Too Many Requests", "budget { share }"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, _ := against(t, entra.Options{Log: c.log}, c.h)
			_, err := read(t.Context(), s, first(t, s))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in: %v", want, err)
				}
			}
			for _, secret := range []string{"secret-token", "skiptoken=", "createdDateTime ge"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q in: %v", secret, err)
				}
			}
			var covered interface{ Coverage() string }
			got := ""
			if errors.As(err, &covered) {
				got = covered.Coverage()
			}
			if got != c.coverage {
				t.Errorf("coverage %q, want %q", got, c.coverage)
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	s, server, _ := against(t, entra.Options{Log: "sign_ins"}, nil)
	server.Close()
	_, err := read(t.Context(), s, first(t, s))
	if err == nil || !strings.Contains(err.Error(), "nothing listens there") || strings.Contains(err.Error(), "filter") {
		t.Errorf("got %v", err)
	}
}

func TestCertificateOfNobody(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	s := sourceAt(t, entra.Options{Log: "sign_ins"}, server.URL, &patient{})
	_, err := read(t.Context(), s, first(t, s))
	if err == nil || !strings.Contains(err.Error(), "SSL_CERT_FILE") {
		t.Errorf("got %v", err)
	}
	if m := s.Meter(); m.Requests != 1 {
		t.Errorf("%d requests: a certificate does not become right by asking again", m.Requests)
	}
}

func TestRetryAfter(t *testing.T) {
	for name, c := range map[string]struct {
		header string
		want   time.Duration
	}{
		"seconds":  {"7", 7 * time.Second},
		"fraction": {"1.5", 1500 * time.Millisecond},
		"zero":     {"0", time.Second},
		"nothing":  {"", 0},
		"nonsense": {"soon", 0},
		"days":     {"864000", 15 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			s, _, budget := against(t, entra.Options{Log: "sign_ins"}, func(w http.ResponseWriter, _ *http.Request) {
				if asked++; asked == 1 {
					if c.header != "" {
						w.Header().Set("Retry-After", c.header)
					}
					graphError(w, 429, "UnknownError", "This request is throttled.")
					return
				}
				fmt.Fprint(w, `{"value":[]}`)
			})
			if _, err := read(t.Context(), s, first(t, s)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]time.Duration{c.want}, budget.throttled); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What every request carries, on further pages too.
func TestHeaders(t *testing.T) {
	var seen []http.Header
	var queries []string
	s, server, _ := against(t, entra.Options{Log: "sign_ins"}, nil)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Clone())
		queries = append(queries, r.URL.Path+" "+r.URL.Query().Get("$filter")+" "+r.URL.Query().Get("$orderby")+" "+r.URL.Query().Get("$top")+r.URL.Query().Get("$skiptoken"))
		if len(seen) == 1 {
			fmt.Fprintf(w, `{"value":[],"@odata.nextLink":"%s/beta/auditLogs/signIns?$skiptoken=a%%2Bb~c"}`, server.URL)
			return
		}
		fmt.Fprint(w, `{"@odata.nextLink":null,"value":[]}`)
	})
	if _, err := read(t.Context(), s, first(t, s)); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"/beta/auditLogs/signIns createdDateTime ge 2026-01-05T00:00:00Z and createdDateTime lt 2026-01-06T00:00:00Z and signInEventTypes/any(t: t eq 'interactiveUser') createdDateTime 1000",
		"/beta/auditLogs/signIns   a+b~c",
	}
	if diff := cmp.Diff(want, queries); diff != "" {
		t.Error(diff)
	}
	for i, h := range seen {
		for name, want := range map[string]string{"Prefer": "include-unknown-enum-members", "X-Ms-Throttle-Priority": "low", "Authorization": "Bearer secret-token-1"} {
			if h.Get(name) != want {
				t.Errorf("request %d: %s is %q", i, name, h.Get(name))
			}
		}
	}
}

// A token goes to Graph and to nobody else: not with a link, not with a
// redirect.
func TestTokensStay(t *testing.T) {
	stolen := atomic.Int64{}
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stolen.Add(1)
		fmt.Fprint(w, `{"value":[]}`)
	}))
	defer thief.Close()
	for name, h := range map[string]http.HandlerFunc{
		"link": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"value":[],"@odata.nextLink":"%s/beta/auditLogs/signIns?$skiptoken=x"}`, thief.URL)
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
		},
		"link with a name": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"value":[],"@odata.nextLink":"http://me@%s/beta/auditLogs/signIns"}`, r.Host)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, _ := against(t, entra.Options{Log: "sign_ins"}, h)
			if _, err := read(t.Context(), s, first(t, s)); err == nil {
				t.Error("no error")
			}
			if stolen.Load() > 0 {
				t.Error("another host was asked")
			}
		})
	}
}

// Two hundred retried requests leave no connection and no goroutine behind.
func TestNothingLeaks(t *testing.T) {
	open := atomic.Int64{}
	asked := atomic.Int64{}
	big := strings.Repeat("x", 300<<10)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n := asked.Add(1); {
		case n%2 == 1:
			w.WriteHeader(503)
			fmt.Fprint(w, big)
		case n < 400:
			fmt.Fprintf(w, `{"value":[],"@odata.nextLink":"http://%s/beta/auditLogs/signIns?$skiptoken=%d"}`, r.Host, n)
		default:
			fmt.Fprint(w, `{"value":[]}`)
		}
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	server.Start()
	defer server.Close()
	s := sourceAt(t, entra.Options{Log: "sign_ins"}, server.URL, &patient{})
	before := runtime.NumGoroutine()
	if _, err := read(t.Context(), s, first(t, s)); err != nil {
		t.Fatal(err)
	}
	if m := s.Meter(); m.Retries != 200 {
		t.Errorf("%d retries, want 200", m.Retries)
	}
	if n := open.Load(); n > 4 {
		t.Errorf("%d connections are open", n)
	}
	if n := runtime.NumGoroutine() - before; n > 12 {
		t.Errorf("%d goroutines are left", n)
	}
}

func TestCancelledWhileReading(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("lease lost")
	s, _, _ := against(t, entra.Options{Log: "sign_ins"}, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"value":[`)
		w.(http.Flusher).Flush()
		cancel(why)
		fmt.Fprint(w, `{}`)
		w.(http.Flusher).Flush()
		<-ctx.Done()
	})
	_, err := read(ctx, s, first(t, s))
	if !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}

// Bytes arrive as they were sent: numbers, escapes, order, unknown members.
func TestBytesStay(t *testing.T) {
	odd := `{"id":"1","createdDateTime":"2026-01-05T00:00:00.1234567Z","n":1.10,"big":9007199254740993,"e":1e3,"u":"\u00e9\/","x":null,"id2":[{}, {"a":1}],"totallyNew":{"deep":["\ud83d\ude00"]}}`
	s, _, _ := against(t, entra.Options{Log: "sign_ins"}, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"value":[%s,{"id":"2",%s"createdDateTime":"2026-01-05T00:00:01Z"},{"id":"3","createdDateTime":"2026-01-06T00:00:00Z"},{"id":"4"}]}`, odd, "\r\n  ")
	})
	got, err := read(t.Context(), s, first(t, s))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"1": odd, "2": `{"id":"2",  "createdDateTime":"2026-01-05T00:00:01Z"}`, "4": `{"id":"4"}`}
	if diff := cmp.Diff(want, got.newest); diff != "" {
		t.Error(diff)
	}
	if got.outside != 1 {
		t.Errorf("%d outside, want 1", got.outside)
	}
}

func TestLongRecordIsRejected(t *testing.T) {
	s, _, _ := against(t, entra.Options{Log: "sign_ins", MaxRecord: 1 << 10}, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"value":[{"id":"1"},{"id":"2","x":"%s"}]}`, strings.Repeat("x", 2000))
	})
	r, err := s.Open(t.Context(), first(t, s)[0])
	if err != nil {
		t.Fatal(err)
	}
	b := record.NewBatch(new(record.Layout).Compile())
	if err := r.Read(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	rejects := b.Rejects()
	if b.Len() != 1 || len(rejects) != 1 || rejects[0].Length < 2000 || !strings.Contains(rejects[0].Err.Error(), "max_record") {
		t.Errorf("%d records, rejects %+v", b.Len(), rejects)
	}
}
