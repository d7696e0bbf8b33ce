package graphsim

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Server is a tenant on a loopback port.
type Server struct {
	URL  string // http://127.0.0.1:port
	http *http.Server
	done chan error
}

// Serve serves the tenant on 127.0.0.1 at a free port, until Close or until
// the context ends.
func (t *Tenant) Serve(ctx context.Context) (*Server, error) {
	return t.ServeAt(ctx, "127.0.0.1:0")
}

// ServeAt is Serve at an address of choice, host:port.
func (t *Tenant) ServeAt(ctx context.Context, address string) (*Server, error) {
	var l net.ListenConfig
	listener, err := l.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serve simulated tenant: %w", err)
	}
	s := &Server{URL: "http://" + listener.Addr().String(), done: make(chan error, 1),
		http: &http.Server{Handler: t.Handler(), ReadHeaderTimeout: time.Minute}}
	go func() { s.done <- s.http.Serve(listener) }()
	context.AfterFunc(ctx, func() { _ = s.http.Close() })
	return s, nil
}

// Close ends the server and all connections to it.
func (s *Server) Close() error {
	err := s.http.Close()
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	s.done <- http.ErrServerClosed // for the next Close
	return err
}

// Handler returns the tenant's API: /v1.0/… and /beta/… for the logs, and POST
// /{tenant}/oauth2/v2.0/token.
func (t *Tenant) Handler() http.Handler { return http.HandlerFunc(t.serve) }

func (t *Tenant) serve(w http.ResponseWriter, r *http.Request) {
	n := t.requests.Add(1)
	t.counts.add("requests", 1)
	if !wait(r.Context(), t.o.Latency) {
		return
	}
	if strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token") {
		t.grant(w, r)
		return
	}
	id := random(t.seed ^ n<<1)
	client := id
	if g, ok := parseGUID(r.Header.Get("client-request-id")); ok {
		client = g
	}
	h := w.Header()
	h.Set("request-id", id.String())
	h.Set("client-request-id", client.String())
	h.Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"Nowhere","Slice":"E","Ring":"5","ScaleUnit":"000","RoleInstance":"SIM0"}}`)
	if t.strikes(timeouts, t.o.Faults.Timeouts, n) {
		wait(r.Context(), t.o.Faults.Hang)
		panic(http.ErrAbortHandler) // net/http's way to end a connection without an answer
	}
	if p := t.answer(w, r, n); p != nil {
		t.counts.add("errors", 1)
		p.write(w, instantOf(t.Now()), id, client)
	}
}

// wait waits, and reports whether the request is still wanted.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// answer checks a request in the order in which the service does, and serves
// it.
func (t *Tenant) answer(w http.ResponseWriter, r *http.Request, n uint64) *problem {
	if t.strikes(serverErrors, t.o.Faults.ServerErrors, n) {
		return t.serverError(n)
	}
	c, p := t.authorize(r, n)
	if p != nil {
		return p
	}
	if r.Method != http.MethodGet {
		return &problem{status: http.StatusMethodNotAllowed, code: "BadRequest", message: "The request method '" + r.Method + "' is not supported for this resource."}
	}
	version, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	at, p := t.resolve(version, path)
	if p != nil {
		return p
	}
	if p := t.throttle(c.App, at.set.family, n); p != nil {
		return p
	}
	if t.strikes(flapForbidden, t.o.Faults.FlapForbidden, n) {
		return notPremium()
	}
	if p := t.mayRead(at.set, c); p != nil {
		return p
	}
	return t.serveSet(w, r, at, n)
}

func (t *Tenant) serverError(n uint64) *problem {
	p := &problem{status: []int{500, 502, 503, 504}[mix(n^t.seed)%4], code: "UnknownError", message: "", header: map[string]string{}}
	switch p.status {
	case 500:
		p.code, p.message = "generalException", "General exception while processing"
	case 502:
		p.html = true
	case 503:
		p.code, p.message = "ServiceNotAvailable", "The service is unavailable."
		if mix(n)%2 == 0 {
			p.header["Retry-After"] = "1"
		}
	}
	return p
}

// throttle answers 429 where the limits or a fault ask for it.
func (t *Tenant) throttle(app string, f family, n uint64) *problem {
	wait, ok := t.limits.take(app, f)
	if ok {
		if !t.strikes(tooMany, t.o.Faults.TooMany, n) {
			return nil
		}
		wait = time.Second
	}
	t.counts.add("throttled", 1)
	p := &problem{status: http.StatusTooManyRequests, code: "UnknownError", header: map[string]string{},
		message: "This request is throttled. Please try again after the value specified in the Retry-After header. CorrelationId: " + random(n).String()}
	if f == identityProtection {
		p.code, p.message = "TooManyRequests", "Too many requests"
	}
	seconds := int(math.Ceil(wait.Seconds()))
	switch {
	case f == identityProtection || t.o.Faults.TooManyWithoutRetryAfter:
	case t.o.Faults.RetryAfterDate:
		p.header["Retry-After"] = t.limits.rate.Clock().Add(time.Duration(seconds) * time.Second).UTC().Format(http.TimeFormat)
	default:
		p.header["Retry-After"] = strconv.Itoa(max(1, seconds))
	}
	p.header["x-ms-throttle-scope"] = "Tenant_Application/ReadWrite/" + app + "/" + t.ID()
	return p
}

// resource is what a path of the API names.
type resource struct {
	set     *set
	version string
	path    string // as asked for
	user    int    // whose history
	period  int    // days of a report
	id      string // of one record
}

// resolve finds what a path names.
func (t *Tenant) resolve(version, path string) (resource, *problem) {
	at := resource{version: version, path: path, period: 7}
	if version != "v1.0" && version != "beta" {
		return at, badRequest("Invalid version: " + version)
	}
	last := path[strings.LastIndexByte(path, '/')+1:]
	unknown := badRequest("Resource not found for the segment '" + last + "'.")
	parts := strings.Split(path, "/")
	switch {
	case len(parts) == 4 && parts[1] == "riskyUsers" && parts[3] == "history":
		user, ok := t.findUser(parts[2])
		if at.set = t.sets["identityProtection/riskyUsers/{id}/history"]; at.set != nil && !ok {
			return at, &problem{status: http.StatusNotFound, code: "ResourceNotFound", message: "Resource '" + parts[2] + "' does not exist or one of its queried reference-property objects are not present."}
		}
		at.user = user
	case strings.HasPrefix(path, "reports/getAzureADApplicationSignInSummary("):
		period, ok := map[string]int{"period='D7')": 7, "period='D30')": 30}[strings.TrimPrefix(path, "reports/getAzureADApplicationSignInSummary(")]
		if !ok {
			return at, badRequest("Invalid period: use 'D7' or 'D30'.")
		}
		at.period, at.set = period, t.sets["reports/getAzureADApplicationSignInSummary(period='{period}')"]
	case t.sets[path] != nil:
		at.set = t.sets[path]
	case len(parts) == 3:
		at.set, at.id = t.sets[parts[0]+"/"+parts[1]], parts[2]
		unknown = badRequest("Resource not found for the segment '" + parts[1] + "'.")
	}
	if at.set == nil || version == "v1.0" && !at.set.both {
		return at, unknown
	}
	return at, nil
}

// writer returns where the body of an answer goes, compressed if the client
// takes it.
func (t *Tenant) writer(w http.ResponseWriter, r *http.Request) (io.Writer, func()) {
	if t.o.Plain || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		return w, func() {}
	}
	w.Header().Set("Content-Encoding", "gzip")
	z := t.zips.Get().(*gzip.Writer)
	z.Reset(w)
	return z, func() {
		_ = z.Close() // the client is gone if this fails
		t.zips.Put(z)
	}
}
