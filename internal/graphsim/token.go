package graphsim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

// tokens knows which tokens were given out and which of them are dead.
type tokens struct {
	mu     sync.Mutex
	serial uint64
	dead   map[uint64]string // why
}

// claims are what a token says. It is a JWT in shape only: nothing is signed.
type claims struct {
	Audience string   `json:"aud"`
	Issuer   string   `json:"iss"`
	Issued   int64    `json:"iat"`
	Expires  int64    `json:"exp"`
	App      string   `json:"appid"`
	Tenant   string   `json:"tid"`
	Roles    []string `json:"roles,omitempty"`
	Scopes   string   `json:"scp,omitempty"`
	Serial   uint64   `json:"sim"`
}

const (
	audience   = "https://graph.microsoft.com"
	defaultApp = "6f7a1c0e-5b7d-4f0e-8f67-2f3f6d1c9a10"
)

// Token returns a new bearer token that the handler accepts.
func (t *Tenant) Token() string { return t.tokenFor(defaultApp) }

func (t *Tenant) tokenFor(app string) string {
	t.tokens.mu.Lock()
	t.tokens.serial++
	serial := t.tokens.serial
	t.tokens.mu.Unlock()
	now := t.limits.rate.Clock()
	c := claims{Audience: audience, Issuer: "https://sts.windows.net/" + t.ID() + "/", Issued: now.Unix(), Expires: now.Add(t.life()).Unix(),
		App: app, Tenant: t.ID(), Serial: serial}
	if t.o.Delegated {
		c.Scopes = strings.Join(t.permissions(), " ")
	} else {
		c.Roles = t.permissions()
	}
	body, _ := json.Marshal(c) // of plain fields: cannot fail
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"typ":"JWT","alg":"none"}`)) + "." + encode(body) + "." + encode([]byte("simulated"))
}

func (t *Tenant) life() time.Duration {
	if t.o.TokenLife > 0 {
		return t.o.TokenLife
	}
	return time.Hour
}

// permissions returns what tokens carry.
func (t *Tenant) permissions() []string {
	if t.o.Permissions != nil {
		return t.o.Permissions
	}
	var all []string
	for _, name := range logs.Names() {
		l, _ := logs.Get(name)
		all = append(append(append(all, l.Application...), l.Delegated...), l.Helpful...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// authorize reads the token of a request.
func (t *Tenant) authorize(r *http.Request, request uint64) (claims, *problem) {
	var c claims
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || text == "" {
		return c, unauthorized("Access token is empty.")
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return c, unauthorized("IDX14100: JWT is not well formed, there are no dots (.).")
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(body, &c) != nil {
		return c, unauthorized("CompactToken parsing failed with error code: 80049217")
	}
	switch {
	case strings.TrimSuffix(c.Audience, "/") != audience:
		return c, unauthorized("Access token validation failure. Invalid audience.")
	case c.Tenant != t.ID():
		return c, unauthorized("Access token validation failure. Invalid tenant.")
	case t.limits.rate.Clock().Unix() >= c.Expires:
		return c, unauthorized("Lifetime validation failed, the token is expired.")
	}
	return c, t.mayDie(c.Serial, request)
}

// mayDie draws whether a token dies at a request, and refuses dead ones.
func (t *Tenant) mayDie(serial, request uint64) *problem {
	t.tokens.mu.Lock()
	why := t.tokens.dead[serial]
	t.tokens.mu.Unlock()
	if why == "" {
		switch {
		case t.strikes(expireTokens, t.o.Faults.ExpireTokens, request):
			why = expireTokens
		case t.strikes(challenge, t.o.Faults.ClaimsChallenge, request):
			why = challenge
		default:
			return nil
		}
		t.tokens.mu.Lock()
		if t.tokens.dead == nil || len(t.tokens.dead) > 10_000 {
			t.tokens.dead = map[uint64]string{}
		}
		t.tokens.dead[serial] = why
		t.tokens.mu.Unlock()
	}
	if why == expireTokens {
		return unauthorized("Lifetime validation failed, the token is expired.")
	}
	p := unauthorized("Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp")
	asked := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, t.limits.rate.Clock().Unix()))
	p.header["WWW-Authenticate"] = `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000", error="insufficient_claims", claims="` + asked + `"`
	return p
}

// grant answers the token endpoint.
func (t *Tenant) grant(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	refuse := func(status int, kind string, code int, text string) {
		t.counts.add("errors", 1)
		now := t.limits.rate.Clock().UTC()
		w.WriteHeader(status)
		id := random(uint64(code) ^ t.seed)
		_, _ = fmt.Fprintf(w, `{"error":%q,"error_description":"AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s","error_codes":[%d],"timestamp":%q,"trace_id":%q,"correlation_id":%q,"error_uri":"https://login.microsoftonline.com/error?code=%d"}`,
			kind, code, text, id, id, now.Format("2006-01-02 15:04:05Z"), code, now.Format("2006-01-02 15:04:05Z"), id.String(), id.String(), code)
	}
	if r.Method != http.MethodPost {
		refuse(http.StatusMethodNotAllowed, "invalid_request", 900561, "The endpoint only accepts POST requests.")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil || r.PostForm.Get("client_id") == "" {
		refuse(http.StatusBadRequest, "invalid_request", 900144, "The request body must contain the following parameter: 'client_id'.")
		return
	}
	if r.PostForm.Get("grant_type") != "client_credentials" {
		refuse(http.StatusBadRequest, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
		return
	}
	if t.o.Secret != "" && r.PostForm.Get("client_secret") != t.o.Secret {
		refuse(http.StatusUnauthorized, "invalid_client", 7000215, "Invalid client secret provided.")
		return
	}
	t.counts.add("tokens", 1)
	_, _ = fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":%d,"ext_expires_in":%d,"access_token":%q}`,
		int(t.life().Seconds()), int(t.life().Seconds()), t.tokenFor(r.PostForm.Get("client_id")))
}

// mayRead reports whether a token may read a set, as the service checks:
// permission, role of the person, licence of the tenant.
func (t *Tenant) mayRead(s *set, c claims) *problem {
	needs := s.log.Application
	has := c.Roles
	if t.o.Delegated || len(needs) == 0 {
		needs = s.log.Delegated
	}
	if t.o.Delegated {
		has = strings.Fields(c.Scopes)
	}
	for _, need := range needs {
		if slices.Contains(has, need) {
			continue
		}
		if s.family == identityProtection {
			return forbidden("Forbidden", "You cannot perform the requested operation, required scopes are missing in the token.")
		}
		return forbidden("Authentication_MSGraphPermissionMissing", "Calling principal does not have required MSGraph permissions "+need)
	}
	if t.o.Delegated && !slices.ContainsFunc(t.o.Roles, func(r string) bool { return slices.Contains(s.log.Roles, r) }) {
		return forbidden("UnauthorizedAccess", "User is not in the allowed roles")
	}
	return t.licensed(s)
}

// licensed checks the licence that a set takes.
func (t *Tenant) licensed(s *set) *problem {
	licence := s.log.Licence
	switch {
	case t.o.Licence == "P2", strings.HasPrefix(licence, "all editions"):
		return nil
	case s.family == identityProtection && (t.o.Licence == "free" || s.log.Name != "risk_detections"):
		return forbidden("Forbidden", "Your tenant is not licensed for this feature.")
	case t.o.Licence == "free":
		return notPremium()
	}
	return nil
}
