package graph_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/internal/azure"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
	"github.com/logpipe/logpipe/sources/entra/graph"
	"github.com/logpipe/logpipe/sources/entra/paging"
)

func client(t *testing.T, h http.HandlerFunc, silence time.Duration) *graph.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	n := 0
	c, err := graph.New(graph.Options{Base: server.URL, Scope: server.URL + "/.default", Silence: silence,
		Credential: azure.StaticToken(func() string { n++; return fmt.Sprint("token", n) })})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// Every path of the catalogue leaves as it stands there, in its version, with
// its options encoded so that they arrive as they were.
func TestPaths(t *testing.T) {
	const filter = "a ge 2026-01-05T00:00:00Z and b eq 'O''Neil + Söhne' and c/any(t: t eq 'x')"
	for _, name := range logs.Names() {
		l, _ := logs.Get(name)
		if l.Path == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			var got []string
			c := client(t, func(w http.ResponseWriter, r *http.Request) {
				q := r.URL.Query()
				got = []string{r.URL.Path, q.Get("$filter"), q.Get("$orderby"), q.Get("$top")}
				fmt.Fprint(w, `{"value":[]}`)
			}, 0)
			err := c.Fetch(t.Context(), paging.Request{Version: l.Version, Path: l.Path, ID: "u/1", Filter: filter, Order: "createdDateTime", Top: 7}, drain)
			if err != nil {
				t.Fatal(err)
			}
			path := "/" + l.Version + strings.NewReplacer("{id}", "u/1", "{period}", "D7").Replace(l.Path)
			if diff := cmp.Diff([]string{path, filter, "createdDateTime", "7"}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func drain(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

var signIns = paging.Request{Version: "beta", Path: "/auditLogs/signIns"}

func TestClaimsChallenges(t *testing.T) {
	for name, c := range map[string]struct {
		header string
		want   string // tokens that came
		fails  bool
	}{
		"claims":        {`Bearer realm="", error="insufficient_claims", claims="eyJhIjoxfQ=="`, "token1 token2", false},
		"no quotes":     {`Bearer error="insufficient_claims", claims=eyJhIjoxfQ==`, "token1", true},
		"no base64":     {`Bearer claims="!!!"`, "token1", true},
		"nothing":       {``, "token1 token2", false},
		"another realm": {`Basic realm="x"`, "token1 token2", false},
	} {
		t.Run(name, func(t *testing.T) {
			var tokens []string
			cl := client(t, func(w http.ResponseWriter, r *http.Request) {
				tokens = append(tokens, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
				if len(tokens) == 1 {
					w.Header().Set("WWW-Authenticate", c.header)
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				fmt.Fprint(w, `{"value":[]}`)
			}, 0)
			err := cl.Fetch(t.Context(), signIns, drain)
			if got := strings.Join(tokens, " "); got != c.want || (err != nil) != c.fails {
				t.Errorf("tokens %q, error %v", got, err)
			}
		})
	}
}

func TestSilentBody(t *testing.T) {
	stop := make(chan struct{})
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"value":[`)
		w.(http.Flusher).Flush()
		<-stop
	}, 20*time.Millisecond)
	defer close(stop)
	err := c.Fetch(t.Context(), signIns, drain)
	if err == nil || !strings.Contains(err.Error(), "stopped in the middle") {
		t.Errorf("got %v", err)
	}
}

func TestWrongRequests(t *testing.T) {
	c := client(t, func(http.ResponseWriter, *http.Request) { t.Error("something was sent") }, 0)
	for name, r := range map[string]paging.Request{
		"version":      {Version: "v2.0", Path: "/auditLogs/signIns"},
		"placeholder":  {Version: "beta", Path: "/x/{id}/y"},
		"foreign link": {Version: "beta", Path: "/auditLogs/signIns", Next: "https://graph.microsoft.com.evil.example/"},
		"no link":      {Version: "beta", Path: "/auditLogs/signIns", Next: "::"},
		"file link":    {Version: "beta", Path: "/auditLogs/signIns", Next: "file:///etc/passwd"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.Fetch(t.Context(), r, drain)
			var lasting interface{ Permanent() bool }
			if !errors.As(err, &lasting) || !lasting.Permanent() {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := client(t, func(http.ResponseWriter, *http.Request) {}, 0)
	if err := c.Fetch(ctx, signIns, drain); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
