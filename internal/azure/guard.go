package azure

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// ForeignHost is the error of a request that would have carried a token to a
// host that was not approved. Nothing was sent.
type ForeignHost struct {
	Host   string
	Scheme string
}

func (e *ForeignHost) Error() string {
	if e.Scheme != "" {
		return fmt.Sprintf("send a token to %s: refused, because %s is not encrypted", e.Host, e.Scheme)
	}
	return fmt.Sprintf("send a token to %s: refused, because the host does not belong to the tenant's cloud; if it should, approve it with -allow-host", e.Host)
}

// Guard returns a transport that refuses a request with a token for any host
// that is not allowed. An entry is a host, a host with its port, or a suffix
// that begins with a dot. Every hop of a redirect passes here too. Tokens go
// over TLS only, except to this machine.
func Guard(base http.RoundTripper, allowed []string) http.RoundTripper {
	return &guard{base, allowed}
}

type guard struct {
	base    http.RoundTripper
	allowed []string
}

func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if carriesToken(r) {
		if err := g.check(r); err != nil {
			if r.Body != nil {
				_ = r.Body.Close()
			}
			return nil, err
		}
	}
	return g.base.RoundTrip(r)
}

func carriesToken(r *http.Request) bool {
	return len(r.Header["Authorization"]) > 0 || len(r.Header["X-Ms-Authorization-Auxiliary"]) > 0 ||
		len(r.Header["Cookie"]) > 0 || r.URL.User != nil
}

func (g *guard) check(r *http.Request) error {
	host := r.URL.Hostname()
	if !Allowed(r.URL.Host, g.allowed) {
		return &ForeignHost{Host: r.URL.Host}
	}
	if r.URL.Scheme != "https" && !Local(host) {
		return &ForeignHost{Host: r.URL.Host, Scheme: r.URL.Scheme}
	}
	return nil
}

// Allowed reports whether host, with or without a port, is on the list. Of a
// host with a port other than 443 the port must be on the list too.
func Allowed(host string, allowed []string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, ":443"))
	for _, a := range allowed {
		a = strings.ToLower(a)
		switch {
		case a == "" || a == ".":
		case a[0] == '.':
			if len(host) > len(a) && strings.HasSuffix(host, a) {
				return true
			}
		case a == host:
			return true
		}
	}
	return false
}

// Local reports whether host is this machine.
func Local(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Transport returns a transport for requests to Azure: the proxy of the
// environment (HTTPS_PROXY, NO_PROXY) and the certificates of the system or of
// SSL_CERT_FILE are honoured, a connection is given up after half a minute, and
// the first byte of an answer after five: the service takes minutes for
// selective queries. The body may take as long as its reader.
func Transport() *http.Transport {
	t, ok := http.DefaultTransport.(*http.Transport)
	if ok {
		t = t.Clone()
	} else {
		t = &http.Transport{ForceAttemptHTTP2: true}
	}
	t.Proxy = http.ProxyFromEnvironment
	t.DialContext = (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	t.TLSHandshakeTimeout = 30 * time.Second
	t.ResponseHeaderTimeout = 5 * time.Minute
	t.MaxIdleConnsPerHost = 8
	t.ReadBufferSize = 64 << 10 // pages are megabytes
	return t
}
