package graphsim

import (
	"encoding/base64"
	"strconv"
)

// signIn is the chance of one sign-in of a user, drawn before it is written,
// so that every view of it agrees.
type signIn struct {
	k          key
	id         guid
	user       user
	place      int
	ip         []byte
	device     device
	app        int
	resource   int
	failure    *failure // nil: success
	protocol   string
	correlated guid
	session    guid
	policies   uint64
	mfa        int // of methods; 0: none
	detection  risk
	stage      stage
	changes    bool
	latency    int
}

// methods are second factors.
var methods = [...]struct{ name, detail string }{
	{"", "null"},
	{"Mobile app notification", `"Microsoft Authenticator"`},
	{"Previously satisfied", "null"},
	{"Text message", `"+XX XXXXXXXX21"`},
	{"FIDO2 security key", `"YubiKey 5 NFC"`},
	{"Windows Hello for Business", "null"},
	{"Mobile app verification code", `"+XX XXXXXXXX07"`},
}

func (p *pen) drawSignIn(k key) signIn {
	t := p.t
	d := dice(t.hash(k, saltBody))
	s := signIn{k: k, id: hidden(k.pack(), t.seed), detection: t.riskOf(k), policies: d.next(), latency: 40 + d.skewed(3000)}
	s.stage, s.changes = t.stage(k, p.view.at)
	s.user = t.signInUser(&d, k, s.detection)
	s.place = t.where(&s.user, k.sec/day)
	s.device = t.device(&s.user, d.skewed(3))
	s.app, s.resource = d.skewed(t.apps()), d.skewed(len(resources))
	s.protocol = [...]string{"oAuth2", "oAuth2", "none", "saml20", "deviceCode"}[d.skewed(5)]
	s.mfa = [...]int{0, 2, 1, 2, 5, 3, 4, 6}[d.skewed(8)]
	// The steps of one sign-in share a correlation: every second record has
	// that of the one before it in its second.
	s.correlated = random(t.hash(key{feed: k.feed, sec: k.sec, n: k.n &^ 1}, saltCorrelation))
	s.session = random(mix(t.seed ^ uint64(s.user.n)<<16 ^ uint64(k.sec/(8*3600))))
	fails := 0.12
	if k.feed == feedNonInteractive {
		fails = 0.04
	}
	if d.chance(fails) {
		s.failure = &t.failures[d.skewed(len(t.failures))]
	}
	h := d.next()
	p.scratch = t.address(p.scratch[:0], &s.user, s.place, h)
	if n, first := t.sprayed(k.sec); k.feed == feedInteractive && n > 0 && int(k.n) >= t.count(k.feed, k.sec) {
		s.spray(p, &d, first+int(k.n)-t.count(k.feed, k.sec))
	} else if s.detection != noRisk {
		s.place = int(h >> 32 % uint64(len(places)))
		p.scratch = attacker(p.scratch[:0], int64(h>>40%200))
	}
	s.ip = p.scratch
	return s
}

// signInUser draws who signs in: the people at risk if a detection points at
// the sign-in, else anybody who is likely awake.
func (t *Tenant) signInUser(d *dice, k key, r risk) user {
	if r != noRisk {
		return t.user(int(t.risky[d.n(len(t.risky))]))
	}
	var u user
	for range 2 {
		u = t.user(d.skewed(t.o.Users))
		hour := (k.sec/3600 + int64(places[u.home].zone)) % 24
		if hour >= 7 && hour < 21 {
			break
		}
	}
	return u
}

// spray makes s an attempt of a password spray against a user.
func (s *signIn) spray(p *pen, d *dice, victim int) {
	s.user = p.t.user(victim % p.t.o.Users)
	s.place, s.mfa, s.app, s.resource = 24, 0, 0, 1
	s.device = devices[5]
	s.failure = &p.t.failures[0] // wrong password
	switch d.n(40) {
	case 0:
		s.failure = &p.t.failures[7] // locked
	case 1:
		s.failure = nil
	}
	p.scratch = attacker(p.scratch[:0], int64(200+d.n(5)))
}

// attacker appends one of the addresses that attacks come from.
func attacker(b []byte, n int64) []byte {
	return strconv.AppendInt(append(b, "192.0.2."...), n, 10)
}

// userSignIn appends a sign-in of a user, interactive or not.
func (p *pen) userSignIn(b []byte, k key) []byte {
	s := p.drawSignIn(k)
	b = p.signInHead(b, &s)
	if p.view.beta {
		b = p.signInBeta(b, &s)
	}
	b = p.signInRisk(b, &s)
	b = s.status(b)
	b = s.deviceDetail(b, p.view.beta)
	b = location(append(b, `,"location":`...), s.place, true)
	if p.view.policies {
		b = p.appliedPolicies(append(b, `,"appliedConditionalAccessPolicies":`...), &s)
	}
	if p.view.beta {
		b = p.signInSteps(b, &s)
	}
	return append(b, '}')
}

// signInHead appends what v1.0 has too: who signed in where, from where.
func (p *pen) signInHead(b []byte, s *signIn) []byte {
	t, u := p.t, &s.user
	b = memberGUID(b, `{"id":`, s.id)
	b = memberTime(b, `,"createdDateTime":`, s.k.when())
	b = u.name(append(b, `,"userDisplayName":`...))
	b = append(u.upn(append(b, `,"userPrincipalName":"`...)), '"')
	b = memberGUID(b, `,"userId":`, u.id)
	id, name := t.application(s.app)
	b = memberGUID(b, `,"appId":`, id)
	b = quote(append(b, `,"appDisplayName":`...), name)
	b = quote(append(b, `,"ipAddress":`...), s.ip)
	client := s.device.client
	if s.k.n%37 == 36 {
		client = "IMAP4"
	}
	b = member(b, `,"clientAppUsed":`, client)
	b = quote(append(b, `,"userAgent":`...), s.device.agent)
	b = memberGUID(b, `,"correlationId":`, s.correlated)
	b = member(b, `,"conditionalAccessStatus":`, p.conditionalAccess(s))
	b = memberBool(b, `,"isInteractive":`, s.k.feed == feedInteractive)
	b = member(b, `,"resourceDisplayName":`, resources[s.resource].name)
	b = member(b, `,"resourceId":`, resources[s.resource].id)
	b = memberGUID(b, `,"resourceTenantId":`, t.id)
	b = memberGUID(b, `,"homeTenantId":`, t.homeTenant(u))
	return append(b, `,"servicePrincipalId":"","servicePrincipalName":null`...)
}

// homeTenant returns the tenant that a user comes from.
func (t *Tenant) homeTenant(u *user) guid {
	if !u.guest {
		return t.id
	}
	h := uint64(0)
	for _, c := range []byte(u.mail) {
		h = h*131 + uint64(c)
	}
	return random(h)
}

// signInBeta appends the plain members that only beta has.
func (p *pen) signInBeta(b []byte, s *signIn) []byte {
	u := &s.user
	b = member(b, `,"userType":`, pick(u.guest, "guest", "member"))
	if s.k.feed == feedInteractive {
		b = append(u.upn(append(b, `,"signInIdentifier":"`...)), '"')
		b = memberGUID(b, `,"originalRequestId":`, s.id)
	}
	if s.k.feed == feedInteractive && s.id[15]%16 == 0 { // somebody typed a name of old
		b = append(u.alias(append(b, `,"alternateSignInName":"`...)), `@old.`...)
		b = append(append(b, u.mail...), '"')
	}
	b = append(b, `,"signInEventTypes":["`...)
	b = append(b, pick(s.k.feed == feedInteractive, "interactiveUser", "nonInteractiveUser")...)
	b = append(b, `"]`...)
	b = memberGUID(b, `,"sessionId":`, s.session)
	b = member(b, `,"uniqueTokenIdentifier":`, "")
	b = append(s.id.token(b[:len(b)-1]), '"')
	b = member(b, `,"homeTenantName":`, pick(u.guest, "", p.t.name))
	b = member(b, `,"crossTenantAccessType":`, pick(u.guest, "b2bCollaboration", "none"))
	b = member(b, `,"authenticationProtocol":`, s.protocol)
	b = append(b, `,"incomingTokenType":`...)
	if s.k.feed == feedNonInteractive {
		b = p.evolved(b, "refreshToken")
	} else {
		b = append(b, pick(s.device.registered, `"primaryRefreshToken"`, `"none"`)...)
	}
	b = member(b, `,"originalTransferMethod":`, pick(s.protocol == "deviceCode", "deviceCodeFlow", "none"))
	b = append(b, `,"tokenIssuerName":"","tokenIssuerType":"AzureAD"`...)
	b = memberInt(b, `,"processingTimeInMilliseconds":`, int64(s.latency))
	b = memberInt(b, `,"autonomousSystemNumber":`, int64(places[s.place].network))
	b = append(b, `,"flaggedForReview":false,"isTenantRestricted":false`...)
	if s.device.managed {
		b = append(b, `,"signInTokenProtectionStatus":"unbound"`...)
	}
	return member(b, `,"authenticationRequirement":`, pick(s.mfa > 0 || s.failure != nil && s.failure.second, "multiFactorAuthentication", "singleFactorAuthentication"))
}

// token appends how a token's identifier gives its request's id away: base64
// of the GUID in the order in which Windows keeps it.
func (g guid) token(b []byte) []byte {
	le := [16]byte{g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]}
	return base64.RawURLEncoding.AppendEncode(b, le[:])
}

// signInRisk appends what is known of the sign-in's risk at the stage.
func (p *pen) signInRisk(b []byte, s *signIn) []byte {
	r := p.riskFields(s)
	b = p.enum(b, `,"riskDetail":`, r.detail, s.k)
	b = member(b, `,"riskLevelAggregated":`, r.level)
	b = member(b, `,"riskLevelDuringSignIn":`, r.during)
	b = member(b, `,"riskState":`, r.state)
	types := "[]"
	if r.event != "" {
		types = `["` + r.event + `"]`
	}
	if !p.view.beta {
		older := types
		if r.event == "passwordSpray" {
			older = `["generic"]` // the enum of old has no such member
		}
		b = append(append(b, `,"riskEventTypes":`...), older...)
	}
	return append(append(b, `,"riskEventTypes_v2":`...), types...)
}

func (s *signIn) status(b []byte) []byte {
	if s.failure == nil {
		return append(b, `,"status":{"errorCode":0,"failureReason":null,"additionalDetails":null}`...)
	}
	b = memberInt(b, `,"status":{"errorCode":`, int64(s.failure.code))
	b = append(append(b, `,"failureReason":`...), s.failure.reason...)
	b = append(append(b, `,"additionalDetails":`...), s.failure.detail...)
	return append(b, '}')
}

func (s *signIn) deviceDetail(b []byte, beta bool) []byte {
	v := &s.device
	if !v.registered {
		b = append(b, `,"deviceDetail":{"deviceId":"","displayName":null`...)
	} else {
		b = memberGUID(b, `,"deviceDetail":{"deviceId":`, v.id)
		b = v.deviceName(append(b, `,"displayName":`...), &s.user)
	}
	b = member(b, `,"operatingSystem":`, v.system)
	b = member(b, `,"browser":`, v.browser)
	if !v.registered {
		return append(b, `,"isCompliant":null,"isManaged":null,"trustType":null}`...)
	}
	b = memberBool(b, `,"isCompliant":`, v.managed)
	b = memberBool(b, `,"isManaged":`, v.managed)
	return append(member(b, `,"trustType":`, v.trust), '}')
}

// location appends a place.
func location(b []byte, at int, coordinates bool) []byte {
	c := &places[at]
	b = member(b, `{"city":`, c.city)
	b = member(b, `,"state":`, c.state)
	b = member(b, `,"countryOrRegion":`, c.country)
	if !coordinates {
		return append(b, `,"geoCoordinates":null}`...)
	}
	b = append(append(b, `,"geoCoordinates":{"altitude":null,"latitude":`...), c.latitude...)
	b = append(append(b, `,"longitude":`...), c.longitude...)
	return append(b, `}}`...)
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}
