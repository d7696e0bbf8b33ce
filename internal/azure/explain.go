package azure

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"
	"syscall"
)

// Explain returns an error about a connection that says what to do, with err as
// its cause. Addresses lose their query: filters and paging tokens are nobody's
// business.
func Explain(err error) error {
	if err == nil {
		return nil
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if what := advice(err); what != "" {
		return &explained{what, err}
	}
	return err
}

type explained struct {
	advice string
	cause  error
}

func (e *explained) Error() string { return e.cause.Error() + ": " + e.advice }
func (e *explained) Unwrap() error { return e.cause }

// advice says what to do about a broken connection, "" if nobody knows.
func advice(err error) string {
	var (
		unknown  x509.UnknownAuthorityError
		invalid  x509.CertificateInvalidError
		hostname x509.HostnameError
		plain    tls.RecordHeaderError
		op       *net.OpError
		dns      *net.DNSError
		timeout  net.Error
	)
	switch {
	case errors.Is(err, context.Canceled):
		return ""
	case errors.As(err, &unknown):
		return "if a proxy opens TLS on the way, put its CA certificate into a file and name that file in SSL_CERT_FILE"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "check the clock of this machine first; if it is right, the certificate of the other side has expired"
	case errors.As(err, &hostname):
		return "the other side shows a certificate for another name: something between here and the service answers in its place"
	case errors.As(err, &plain):
		return "the other side does not speak TLS; if HTTPS_PROXY is set, its address most likely begins with http://"
	case strings.Contains(err.Error(), "Proxy Authentication Required"):
		return "the proxy wants a name and a password: HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT"
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return "the proxy that HTTPS_PROXY names cannot be used; check its address, or list the service's host in NO_PROXY"
	case errors.As(err, &dns):
		return "the name of the host could not be resolved: check the network and DNS, whether HTTPS_PROXY must be set, and the cloud of the tenant"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: check the network, a firewall, and whether HTTPS_PROXY must be set"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time: check the network and whether HTTPS_PROXY must be set"
	}
	return ""
}

// signIn is what to do about an answer of the token service, by its code.
var signIn = map[string]string{
	"50034":   "the account is not in this tenant",
	"50076":   "a second factor is required, which a program cannot give: sign in with an application instead",
	"53003":   "conditional access forbids it: ask for an exception for this application or place",
	"65001":   "nobody has consented to the application's permissions: an administrator must grant them",
	"90002":   "the tenant does not exist in this cloud: check the tenant's id and cloud",
	"700016":  "the application is not registered in this tenant: check client_id, the tenant's id and its cloud",
	"7000112": "the application is disabled in this tenant: enable its service principal",
	"7000215": "the client secret is wrong: use the secret's value, not its id",
	"7000222": "the client secret has expired: make a new one, or change to github_actions, workload_identity or a certificate",
	"70021":   "no federated credential of the application fits: its issuer, subject and audience must equal those of the token, for GitHub repo:OWNER/NAME:ref:refs/heads/BRANCH",
	"700211":  "no federated credential of the application has this issuer: add one",
	"700212":  "no federated credential of the application has this audience: it must be api://AzureADTokenExchange",
	"700213":  "no federated credential of the application has this subject: for GitHub repo:OWNER/NAME:ref:refs/heads/BRANCH, or :environment:NAME",
	"700024":  "the assertion is outside its time: check the clock of this machine",
	"700027":  "the certificate is not one of the application's, or its key does not fit: upload its public part to the application",
	"900023":  "the tenant's id is neither a GUID nor a domain",
	"900382":  "the application belongs to another cloud: check the tenant's cloud",
	"9002313": "the request was malformed: check client_id and the tenant's id",
}

var aadsts = regexp.MustCompile(`AADSTS(\d+): ?([^\r\n"]*)`)

// explainSignIn makes an error of azidentity short: its own repeat the whole
// answer.
func explainSignIn(tenant string, a Auth, err error) error {
	if m := aadsts.FindStringSubmatch(err.Error()); m != nil {
		text, _, _ := strings.Cut(m[2], " Trace ID")
		text = strings.TrimRight(strings.TrimSpace(strings.ReplaceAll(text, `\r\n`, " ")), ".")
		todo := signIn[m[1]]
		if todo == "" {
			todo = "see https://login.microsoftonline.com/error?code=" + m[1]
		}
		return &SignInError{Tenant: tenant, Auth: a.String(), Code: "AADSTS" + m[1], Text: text, Advice: todo, cause: err}
	}
	e := &SignInError{Tenant: tenant, Auth: a.String(), Text: firstLine(Explain(err)), cause: err}
	switch a.Kind {
	case AuthAzureCLI:
		e.Advice = "run az login first"
	case AuthManagedIdentity:
		e.Advice = "this machine must be an Azure resource with a managed identity"
	case AuthWorkloadIdentity:
		e.Advice = "the pod must be labelled azure.workload.identity/use and run under a service account with a client id"
	case "", AuthDefault:
		e.Advice = "name the way to sign in with an auth block, or set AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run az login"
	}
	return e
}

// firstLine keeps what says something of an error that goes on for pages.
func firstLine(err error) string {
	text := strings.TrimSpace(err.Error())
	line, _, _ := strings.Cut(text, "\n")
	if len(line) > 400 {
		line = strings.ToValidUTF8(line[:400], "") + "…"
	}
	return strings.TrimRight(line, ". ")
}

// SignInError says why there is no token for a tenant.
type SignInError struct {
	Tenant, Auth string
	Code         string // AADSTS…, "" if the token service said nothing
	Text         string
	Advice       string
	cause        error
}

func (e *SignInError) Error() string {
	text := fmt.Sprintf("sign in to %s with %s: ", e.Tenant, e.Auth)
	if e.Code != "" {
		text += e.Code + ": "
	}
	text += e.Text
	if e.Advice != "" {
		text += ": " + e.Advice
	}
	return text
}

// Unwrap returns the cause.
func (e *SignInError) Unwrap() error { return e.cause }

// Distrusted reports whether err is about certificates: trying again does not
// help.
func Distrusted(err error) bool {
	var (
		unknown  x509.UnknownAuthorityError
		invalid  x509.CertificateInvalidError
		hostname x509.HostnameError
		plain    tls.RecordHeaderError
	)
	return errors.As(err, &unknown) || errors.As(err, &invalid) || errors.As(err, &hostname) || errors.As(err, &plain)
}
