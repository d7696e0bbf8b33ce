package azure

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// Secret is text that no format prints.
type Secret string

const blanked = "(secret)"

// String returns a placeholder.
func (Secret) String() string { return blanked }

// GoString returns a placeholder.
func (Secret) GoString() string { return blanked }

// Format writes a placeholder for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(blanked)) }

// MarshalText returns a placeholder, in JSON too.
func (Secret) MarshalText() ([]byte, error) { return []byte(blanked), nil }

// LogValue returns a placeholder.
func (Secret) LogValue() slog.Value { return slog.StringValue(blanked) }

// Auth says how one signs in to a tenant.
type Auth struct {
	Kind            string // one of AuthKinds; "" is default
	ClientID        string // application; of a managed identity: the one to use, "" the machine's own
	ClientSecret    Secret // client_secret
	Certificate     string // client_certificate: path of a PEM or PKCS #12 file
	CertificateData Secret // client_certificate: the file's content, instead of Certificate
	Password        Secret // of the certificate
	TokenFile       string // workload_identity: path of the federated token, "" AZURE_FEDERATED_TOKEN_FILE
	Audience        string // github_actions: "" api://AzureADTokenExchange
}

// The kinds of Auth.
const (
	AuthDefault           = "default"
	AuthWorkloadIdentity  = "workload_identity"
	AuthManagedIdentity   = "managed_identity"
	AuthGitHubActions     = "github_actions"
	AuthClientSecret      = "client_secret"
	AuthClientCertificate = "client_certificate"
	AuthAzureCLI          = "azure_cli"
	AuthDeviceCode        = "device_code"
)

// AuthKinds returns all kinds of Auth in the order of documentation.
func AuthKinds() []string {
	return []string{AuthDefault, AuthWorkloadIdentity, AuthManagedIdentity, AuthGitHubActions,
		AuthClientSecret, AuthClientCertificate, AuthAzureCLI, AuthDeviceCode}
}

// Delegated reports whether a person signs in: what may be read is then a
// matter of that person's roles too, and an empty answer proves nothing.
func (a Auth) Delegated() bool { return a.Kind == AuthAzureCLI || a.Kind == AuthDeviceCode }

// Check says what is missing, nil if nothing is. It looks at no file.
func (a Auth) Check() error {
	need := func(name string, has bool) error {
		if has {
			return nil
		}
		return fmt.Errorf("auth %q: %s is missing", a.Kind, name)
	}
	switch a.Kind {
	case "", AuthDefault, AuthWorkloadIdentity, AuthManagedIdentity, AuthAzureCLI, AuthDeviceCode:
		return nil
	case AuthGitHubActions:
		return need("client_id", a.ClientID != "")
	case AuthClientSecret:
		if err := need("client_id", a.ClientID != ""); err != nil {
			return err
		}
		return need("client_secret", a.ClientSecret != "")
	case AuthClientCertificate:
		if err := need("client_id", a.ClientID != ""); err != nil {
			return err
		}
		return need("certificate", a.Certificate != "" || a.CertificateData != "")
	}
	return fmt.Errorf("auth %q: there is no such kind; it is one of %s", a.Kind, strings.Join(AuthKinds(), ", "))
}

// String tells kind and application and no secret.
func (a Auth) String() string {
	kind := a.Kind
	if !slices.Contains(AuthKinds(), kind) {
		kind = AuthDefault
	}
	if a.ClientID == "" {
		return kind
	}
	return kind + " " + a.ClientID
}

// Format writes what String returns, for every verb.
func (a Auth) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(a.String())) }

// MarshalText returns what String returns, in JSON too.
func (a Auth) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// LogValue tells what String returns.
func (a Auth) LogValue() slog.Value { return slog.StringValue(a.String()) }
