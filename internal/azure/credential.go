package azure

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// Tokens gives tokens for one tenant. It is safe for concurrent use.
type Tokens struct {
	name string // of the tenant, for errors
	auth Auth
	make func() (azcore.TokenCredential, error)

	mu   sync.Mutex
	cred azcore.TokenCredential
	last string // the token that was given last
}

// Credential returns what gives tokens for the tenant. It reads a certificate
// if there is one; no request is sent before the first GetToken. hc is used for
// all of them.
func (t *Tenant) Credential(_ context.Context, hc *http.Client) (*Tokens, error) {
	if err := t.Auth.Check(); err != nil {
		return nil, fmt.Errorf("sign in to %s: %w", t.Name, err)
	}
	tokens := &Tokens{name: t.Name, auth: t.Auth, make: func() (azcore.TokenCredential, error) { return t.credential(hc) }}
	cred, err := tokens.make()
	if err != nil {
		return nil, explainSignIn(t.Name, t.Auth, err)
	}
	tokens.cred = cred
	return tokens, nil
}

// StaticToken returns a credential whose tokens come from fn: for a server on
// this machine, which needs no sign-in. A token is kept until it is refused or
// one with claims is asked for.
func StaticToken(fn func() string) *Tokens {
	make := func() (azcore.TokenCredential, error) { return &static{fn: fn}, nil }
	return &Tokens{name: "the simulated tenant", make: make, cred: &static{fn: fn}}
}

type static struct {
	fn    func() string
	mu    sync.Mutex
	token string
}

func (s *static) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == "" || o.Claims != "" {
		s.token = s.fn()
	}
	return azcore.AccessToken{Token: s.token, ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// GetToken implements azcore.TokenCredential. Its errors say what to do.
func (t *Tokens) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	t.mu.Lock()
	cred := t.cred
	t.mu.Unlock()
	token, err := cred.GetToken(ctx, o)
	if err != nil {
		if ctx.Err() != nil {
			return token, context.Cause(ctx)
		}
		return token, explainSignIn(t.name, t.auth, err)
	}
	t.mu.Lock()
	t.last = token.Token
	t.mu.Unlock()
	return token, nil
}

// Refuse says that a service did not accept token, so that the next GetToken
// fetches another one instead of the one that is remembered. A token that was
// replaced meanwhile changes nothing. It is false if there can be no other:
// somebody would have to sign in again.
func (t *Tokens) Refuse(token string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if token != t.last {
		return true
	}
	if t.auth.Kind == AuthDeviceCode {
		return false
	}
	cred, err := t.make()
	if err != nil {
		return false
	}
	t.cred = cred
	return true
}

func (t *Tenant) credential(hc *http.Client) (azcore.TokenCredential, error) {
	a := t.Auth
	o := azcore.ClientOptions{Cloud: t.Cloud.configuration(), Transport: hc,
		Telemetry: policy.TelemetryOptions{ApplicationID: "logpipe"}}
	switch a.Kind {
	case AuthWorkloadIdentity:
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: o, ClientID: a.ClientID, TenantID: t.ID, TokenFilePath: a.TokenFile})
	case AuthManagedIdentity:
		mo := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: o}
		if a.ClientID != "" {
			mo.ID = azidentity.ClientID(a.ClientID)
		}
		return azidentity.NewManagedIdentityCredential(mo)
	case AuthGitHubActions:
		runner := &runner{client: hc, getenv: os.Getenv, audience: a.Audience}
		return azidentity.NewClientAssertionCredential(t.ID, a.ClientID, runner.assertion,
			&azidentity.ClientAssertionCredentialOptions{ClientOptions: o})
	case AuthClientSecret:
		return azidentity.NewClientSecretCredential(t.ID, a.ClientID, string(a.ClientSecret),
			&azidentity.ClientSecretCredentialOptions{ClientOptions: o})
	case AuthClientCertificate:
		return t.certificate(o)
	case AuthAzureCLI:
		return azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: t.ID})
	case AuthDeviceCode:
		return azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
			ClientOptions: o, ClientID: a.ClientID, TenantID: t.ID, UserPrompt: prompt})
	}
	return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: o, TenantID: t.ID})
}

func (t *Tenant) certificate(o azcore.ClientOptions) (azcore.TokenCredential, error) {
	data := []byte(t.Auth.CertificateData)
	if len(data) == 0 {
		var err error
		if data, err = os.ReadFile(t.Auth.Certificate); err != nil {
			return nil, fmt.Errorf("read the certificate: %w", err)
		}
	}
	certs, key, err := azidentity.ParseCertificates(data, []byte(t.Auth.Password))
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w: it must be PEM or PKCS #12 and hold the private key", err)
	}
	return azidentity.NewClientCertificateCredential(t.ID, t.Auth.ClientID, certs, key,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: o})
}

// prompt shows the code to whoever sits in front of the terminal.
func prompt(_ context.Context, m azidentity.DeviceCodeMessage) error {
	_, err := fmt.Fprintln(os.Stderr, m.Message)
	return err
}
