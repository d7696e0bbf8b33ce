package azure_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/internal/azure"
)

func TestSecretsAreNeverPrinted(t *testing.T) {
	const secret = "s3cr3t-value"
	auth := azure.Auth{Kind: azure.AuthClientSecret, ClientID: "app", ClientSecret: secret, Password: secret, CertificateData: secret}
	tenant := &azure.Tenant{Name: "tenant.corp", Auth: auth}
	var out strings.Builder
	for _, v := range []any{auth, &auth, auth.ClientSecret, tenant, []azure.Auth{auth}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		out.Write(b)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
	}
	if strings.Contains(out.String(), secret) || strings.Contains(out.String(), fmt.Sprintf("%x", secret)) {
		t.Errorf("the secret is in:\n%s", out.String())
	}
}

func TestAuthIsChecked(t *testing.T) {
	for name, c := range map[string]struct {
		auth azure.Auth
		want string
	}{
		"nothing":             {azure.Auth{}, ""},
		"unknown":             {azure.Auth{Kind: "magic"}, "there is no such kind"},
		"actions":             {azure.Auth{Kind: "github_actions"}, "client_id is missing"},
		"secret":              {azure.Auth{Kind: "client_secret", ClientID: "app"}, "client_secret is missing"},
		"certificate":         {azure.Auth{Kind: "client_certificate", ClientID: "app"}, "certificate is missing"},
		"managed":             {azure.Auth{Kind: "managed_identity"}, ""},
		"complete":            {azure.Auth{Kind: "client_secret", ClientID: "app", ClientSecret: "x"}, ""},
		"certificate is none": {azure.Auth{Kind: "client_certificate", ClientID: "app", CertificateData: "x"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.auth.Check()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestGuard(t *testing.T) {
	for name, c := range map[string]struct {
		url    string
		header string
		ok     bool
	}{
		"host":               {"https://graph.microsoft.com/v1.0", "Authorization", true},
		"port 443":           {"https://graph.microsoft.com:443/v1.0", "Authorization", true},
		"other port":         {"https://graph.microsoft.com:444/v1.0", "Authorization", false},
		"upper case":         {"https://GRAPH.microsoft.com/", "Authorization", true},
		"suffix":             {"https://logs.blob.core.windows.net/", "Authorization", true},
		"suffix alone":       {"https://blob.core.windows.net/", "Authorization", false},
		"looks like it":      {"https://graph.microsoft.com.evil.example/", "Authorization", false},
		"ends like it":       {"https://evilgraph.microsoft.com/", "Authorization", false},
		"ends like a suffix": {"https://evilblob.core.windows.net/", "Authorization", false},
		"plain":              {"http://graph.microsoft.com/", "Authorization", false},
		"this machine":       {"http://127.0.0.1:4000/", "Authorization", true},
		"other machine port": {"http://127.0.0.1:4001/", "Authorization", false},
		"no token":           {"https://evil.example/", "Accept", true},
		"second token":       {"https://evil.example/", "X-Ms-Authorization-Auxiliary", false},
		"name in address":    {"https://me:pw@evil.example/", "Accept", false},
	} {
		t.Run(name, func(t *testing.T) {
			sent := false
			g := azure.Guard(trip(func(*http.Request) (*http.Response, error) {
				sent = true
				return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(""))}, nil
			}), []string{"graph.microsoft.com", ".blob.core.windows.net", "127.0.0.1:4000"})
			r, err := http.NewRequest(http.MethodGet, c.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set(c.header, "Bearer t0ken")
			_, err = g.RoundTrip(r)
			var foreign *azure.ForeignHost
			if sent != c.ok || (err == nil) != c.ok || !c.ok && !errors.As(err, &foreign) {
				t.Errorf("sent %v, error %v", sent, err)
			}
			if err != nil && strings.Contains(err.Error(), "t0ken") {
				t.Error("the token is in the error")
			}
		})
	}
}

type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// tokenService answers like login.microsoftonline.com and remembers what it was
// asked.
type tokenService struct {
	forms  []url.Values
	status int
	answer string
}

func (s *tokenService) RoundTrip(r *http.Request) (*http.Response, error) {
	reply := func(status int, body string) (*http.Response, error) {
		return &http.Response{StatusCode: status, Status: http.StatusText(status), Request: r, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(strings.NewReader(body))}, nil
	}
	switch {
	case strings.Contains(r.URL.Path, "openid-configuration"):
		base := "https://" + r.URL.Host + "/contoso.example"
		return reply(200, fmt.Sprintf(`{"authorization_endpoint":"%s/authorize","token_endpoint":"%s/oauth2/v2.0/token","issuer":"%s/v2.0"}`, base, base, base))
	case strings.Contains(r.URL.Path, "discovery/instance"):
		return reply(200, `{"tenant_discovery_endpoint":"https://login.microsoftonline.com/contoso.example/v2.0/.well-known/openid-configuration","metadata":[{"preferred_network":"login.microsoftonline.com","preferred_cache":"login.windows.net","aliases":["login.microsoftonline.com","login.windows.net"]}]}`)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	s.forms = append(s.forms, form)
	if s.status != 0 {
		return reply(s.status, s.answer)
	}
	return reply(200, fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"access_token":"token-%d"}`, len(s.forms)))
}

func tenantWith(a azure.Auth) *azure.Tenant {
	cloud, _ := azure.CloudNamed("global")
	return &azure.Tenant{Name: "tenant.corp", ID: "contoso.example", Cloud: cloud, Auth: a}
}

var scope = policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}}

func TestTokensAreRememberedUntilRefused(t *testing.T) {
	service := &tokenService{}
	tokens, err := tenantWith(azure.Auth{Kind: "client_secret", ClientID: "app", ClientSecret: "x"}).Credential(t.Context(), &http.Client{Transport: service})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for range 2 {
		token, err := tokens.GetToken(t.Context(), scope)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, token.Token)
	}
	if !tokens.Refuse("token-1") {
		t.Error("there is no other token")
	}
	token, err := tokens.GetToken(t.Context(), scope)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"token-1", "token-1", "token-2"}, append(got, token.Token)); diff != "" {
		t.Error(diff)
	}
}

func TestSignInErrorsSayWhatToDo(t *testing.T) {
	for code, want := range map[string]string{
		"7000222": "the client secret has expired",
		"7000215": "use the secret's value, not its id",
		"700016":  "not registered in this tenant",
		"90002":   "the tenant does not exist in this cloud",
		"70021":   "repo:OWNER/NAME",
		"700024":  "clock",
		"123456":  "login.microsoftonline.com/error?code=123456",
	} {
		t.Run(code, func(t *testing.T) {
			service := &tokenService{status: 401, answer: `{"error":"invalid_client","error_description":"AADSTS` + code + `: Something is wrong. Trace ID: 1 Correlation ID: 2 Timestamp: 3","error_codes":[` + code + `]}`}
			tokens, err := tenantWith(azure.Auth{Kind: "client_secret", ClientID: "app", ClientSecret: "s3cr3t"}).Credential(t.Context(), &http.Client{Transport: service})
			if err != nil {
				t.Fatal(err)
			}
			_, err = tokens.GetToken(t.Context(), scope)
			if err == nil {
				t.Fatal("no error")
			}
			text := err.Error()
			if !strings.Contains(text, want) || !strings.HasPrefix(text, "sign in to tenant.corp with client_secret app: AADSTS"+code+": Something is wrong: ") ||
				strings.Contains(text, "Trace") || strings.Contains(text, "s3cr3t") || strings.Contains(text, "\n") {
				t.Errorf("got %s", text)
			}
		})
	}
}

func TestGitHubActions(t *testing.T) {
	var asked *http.Request
	runner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r
		fmt.Fprint(w, `{"value":"runners-assertion"}`)
	}))
	defer runner.Close()
	service := &tokenService{}
	tokens, err := tenantWith(azure.Auth{Kind: "github_actions", ClientID: "app"}).Credential(t.Context(), &http.Client{Transport: service})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("outside of Actions", func(t *testing.T) {
		t.Setenv("ACTIONS_ID_TOKEN_REQUEST_URL", "")
		_, err := tokens.GetToken(t.Context(), scope)
		if err == nil || !strings.Contains(err.Error(), "id-token: write") {
			t.Errorf("got %v", err)
		}
	})
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_URL", runner.URL+"/token?api-version=2")
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "runners-secret")
	token, err := tokens.GetToken(t.Context(), scope)
	if err != nil {
		t.Fatal(err)
	}
	if token.Token != "token-1" {
		t.Errorf("got %q", token.Token)
	}
	if q := asked.URL.Query(); q.Get("audience") != "api://AzureADTokenExchange" || q.Get("api-version") != "2" || asked.Header.Get("Authorization") != "Bearer runners-secret" {
		t.Errorf("the runner was asked %s", asked.URL)
	}
	if form := service.forms[0]; form.Get("client_assertion") != "runners-assertion" || form.Get("client_id") != "app" {
		t.Errorf("the token service was asked %v", form)
	}
}

func TestExplain(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"nothing":   {nil, ""},
		"authority": {x509.UnknownAuthorityError{}, "SSL_CERT_FILE"},
		"expired":   {x509.CertificateInvalidError{Reason: x509.Expired}, "clock of this machine"},
		"proxy":     {&net.OpError{Op: "proxyconnect", Err: errors.New("refused")}, "HTTPS_PROXY names cannot be used"},
		"password":  {errors.New("Proxy Authentication Required"), "NAME:PASSWORD"},
		"name":      {&net.DNSError{Err: "no such host", Name: "graph.example", IsNotFound: true}, "could not be resolved"},
		"refused":   {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, "nothing listens there"},
		"cancelled": {context.Canceled, "context canceled"},
		"address":   {&url.Error{Op: "Get", URL: "https://x/?$filter=secret", Err: syscall.ECONNREFUSED}, "nothing listens there"},
	} {
		t.Run(name, func(t *testing.T) {
			err := azure.Explain(c.err)
			if c.err == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "$filter") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestClouds(t *testing.T) {
	if diff := cmp.Diff([]string{"global", "usgov", "usgov_dod", "china"}, azure.CloudNames()); diff != "" {
		t.Error(diff)
	}
	for _, name := range azure.CloudNames() {
		c, ok := azure.CloudNamed(name)
		if !ok || !azure.Allowed(c.Graph, c.Hosts()) || c.Scope() != "https://"+c.Graph+"/.default" {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if _, ok := azure.CloudNamed("mars"); ok {
		t.Error("there is no cloud on mars")
	}
	for id, want := range map[string]bool{"contoso.onmicrosoft.com": true, "6f7a1c0e-5b7d-4f0e-8f67-2f3f6d1c9a10": true, "": false, "a/b": false, "../x": false, "a?b": false} {
		if azure.ValidID(id) != want {
			t.Errorf("ValidID(%q) is %v", id, !want)
		}
	}
}
