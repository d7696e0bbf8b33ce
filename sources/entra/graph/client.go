// Package graph sends the requests of package paging through the official Graph
// SDK and hands out the bodies as they come.
//
// The SDK gives its typed request builders, which know the paths and encode the
// options, and kiota's adapter with authentication, claims challenges
// (continuous access evaluation) included, and middleware. Its generated models
// are never used: they cut fractions of seconds, lose nulls and enum members
// that they do not know, turn one risk event type into another, and need fifty
// times as long. A response handler takes the body before the adapter does.
//
// What the import costs: github.com/microsoftgraph/msgraph-sdk-go/models is one
// package of 591,464 lines. Compiling it cold takes about 80 CPU seconds and
// 4.6 GB; the linker drops nearly all of it (26 KB stay in the program). The
// root package of the SDK would cost three times that, so it is not imported,
// and only this package imports any of it. Tests of all that can go wrong on the
// way live in paging and know nothing of the SDK.
//
// Four habits of the SDK are worked around here. The default client ends a
// request after 100 seconds, body included: ours has no such limit, but gives up
// a connection that is silent. The default middleware comes in a random order
// and its retry handler leaks a connection per retry: the list is built by hand
// and has none; paging tries again. A builder that is used twice goes to the
// first page silently: every request has a fresh one. A claims challenge
// without quotes panics in kiota: a panic becomes an error.
package graph

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	kiota "github.com/microsoft/kiota-abstractions-go"
	khttp "github.com/microsoft/kiota-http-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/microsoftgraph/msgraph-sdk-go-core/authentication"

	"github.com/logpipe/logpipe/internal/azure"
	"github.com/logpipe/logpipe/sources/entra/paging"
)

// Credential gives tokens, and another one when one was refused.
type Credential interface {
	azcore.TokenCredential
	Refuse(token string) bool
}

// Options says where and how to reach Graph.
type Options struct {
	Base       string // https://graph.microsoft.com, without version
	Scope      string
	Credential Credential
	Transport  http.RoundTripper // nil: azure.Transport
	Now        func() time.Time  // for Retry-After that is a date; nil: time.Now
	Silence    time.Duration     // how long a body may say nothing; 0: two minutes
}

// Client fetches pages. It is safe for concurrent use.
type Client struct {
	base       *url.URL
	credential Credential
	now        func() time.Time
	silence    time.Duration
	transport  http.RoundTripper
	adapters   map[string]*core.GraphRequestAdapterBase // by version: an adapter overwrites the base of every request
}

// New returns a client. It sends nothing.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.Base)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("the address of Graph, %q, is none", o.Base)
	}
	c := &Client{base: base, credential: o.Credential, now: o.Now, silence: o.Silence, transport: o.Transport,
		adapters: map[string]*core.GraphRequestAdapterBase{}}
	if c.now == nil {
		c.now = time.Now
	}
	if c.silence <= 0 {
		c.silence = 2 * time.Minute
	}
	if c.transport == nil {
		c.transport = azure.Transport()
	}
	provider, err := authentication.NewAzureIdentityAuthenticationProviderWithScopesAndValidHosts(
		o.Credential, []string{o.Scope}, []string{base.Hostname()})
	if err != nil {
		return nil, fmt.Errorf("prepare signing in: %w", err)
	}
	for _, version := range []string{"v1.0", "beta"} {
		a, err := core.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
			provider, core.GraphClientOptions{}, nil, nil, httpClient(azure.Guard(c.transport, []string{base.Host})))
		if err != nil {
			return nil, fmt.Errorf("prepare requests: %w", err)
		}
		a.SetBaseUrl(strings.TrimSuffix(o.Base, "/") + "/" + version)
		c.adapters[version] = a
	}
	return c, nil
}

// httpClient has the SDK's middleware in an order of our own, without its
// retries, its limit of time and its redirects.
func httpClient(guarded http.RoundTripper) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: khttp.NewCustomTransportWithParentTransport(guarded,
			core.NewGraphTelemetryHandler(&core.GraphClientOptions{}),
			khttp.NewParametersNameDecodingHandler(),
			khttp.NewUserAgentHandler()),
	}
}

// Close ends the connections that are idle.
func (c *Client) Close() {
	if t, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// Fetch implements paging.Fetcher. A token that is refused is replaced once.
func (c *Client) Fetch(ctx context.Context, r paging.Request, read func(io.Reader) error) error {
	token, err := c.fetch(ctx, r, read)
	var a *paging.Answer
	if errors.As(err, &a) && a.Status == http.StatusUnauthorized && token != "" && c.credential.Refuse(token) {
		_, err = c.fetch(ctx, r, read)
	}
	return err
}

// fetch sends r once and returns the token that it went with.
func (c *Client) fetch(ctx context.Context, r paging.Request, read func(io.Reader) error) (token string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the Graph SDK failed on an answer: %v", p)
		}
	}()
	adapter := c.adapters[r.Version]
	if adapter == nil {
		return "", &lasting{fmt.Errorf("there is no version %q of Graph", r.Version)}
	}
	if err := c.checkLink(r.Next); err != nil {
		return "", &lasting{err}
	}
	ctx, watch := watched(ctx, c.silence)
	defer watch.stop()
	info, err := information(ctx, adapter, r)
	if err != nil {
		return "", &lasting{fmt.Errorf("prepare the request: %w", err)}
	}
	var inner error
	handler := kiota.NewRequestHandlerOption()
	handler.SetResponseHandler(func(response any, _ kiota.ErrorMappings) (any, error) {
		resp := response.(*http.Response)
		token = strings.TrimPrefix(resp.Request.Header.Get("Authorization"), "Bearer ")
		inner = c.take(resp, watch, read)
		return nil, inner
	})
	info.AddRequestOptions([]kiota.RequestOption{handler.(kiota.RequestOption)})
	_, err = adapter.SendPrimitive(ctx, info, "[]byte", nil)
	switch {
	case err == nil:
		return token, nil
	case inner != nil:
		return token, watch.explain(inner)
	}
	return token, watch.explain(describe(err))
}

// take reads a response to its end, so that the connection can be used again.
func (c *Client) take(resp *http.Response, w *watch, read func(io.Reader) error) error {
	body := w.watch(resp.Body)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return paging.ReadAnswer(resp.StatusCode, resp.Header, body, c.now())
	}
	if err := read(body); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, io.LimitReader(body, 1<<20))
	return err
}

// checkLink refuses a link to another host: the token would go there, and if not
// the token, then the filter.
func (c *Client) checkLink(link string) error {
	if link == "" {
		return nil
	}
	u, err := url.Parse(link)
	if err != nil {
		return errors.New("the service links a next page with an address that is none")
	}
	if !strings.EqualFold(u.Host, c.base.Host) || u.Scheme != c.base.Scheme || u.User != nil {
		return fmt.Errorf("the service links a next page on another host, %s: %w", u.Host, &azure.ForeignHost{Host: u.Host})
	}
	return nil
}

// lasting is a failure that more tries do not mend.
type lasting struct{ error }

func (*lasting) Permanent() bool { return true }
func (l *lasting) Unwrap() error { return l.error }

// describe makes an error of the adapter say what to do, and tells those that
// last.
func describe(err error) error {
	var (
		signIn  *azure.SignInError
		foreign *azure.ForeignHost
	)
	if errors.As(err, &signIn) || errors.As(err, &foreign) || azure.Distrusted(err) {
		return &lasting{azure.Explain(err)}
	}
	return azure.Explain(err)
}
