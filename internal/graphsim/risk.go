package graphsim

import "slices"

// risk says whether a detection points at a sign-in.
type risk uint8

const (
	noRisk   risk = iota
	realtime      // detected while the user signs in, seen minutes later
	offline       // detected hours later
)

// detectedAfter is how many seconds a detection comes after its sign-in. It is
// the same for all of a sort, so that detections come in the order of their
// sign-ins and can be found without looking far.
var detectedAfter = [...]int64{0, 133, 33425}

// riskOf returns whether a detection points at the sign-in.
func (t *Tenant) riskOf(k key) risk {
	if k.feed != feedInteractive {
		return noRisk
	}
	p := unit(t.hash(k, saltRisk))
	if int(k.n) >= t.count(k.feed, k.sec) { // of a spray
		return pick(p < 0.02, offline, noRisk)
	}
	switch {
	case p < 0.003:
		return realtime
	case p < 0.005:
		return offline
	}
	return noRisk
}

// riskKeys appends the detections made in a second: those of the sign-ins that
// lie as long ago as a detection of its sort takes.
func (t *Tenant) riskKeys(dst []key, sec int64) []key {
	start := len(dst)
	for r := realtime; r <= offline; r++ {
		then := sec - detectedAfter[r]
		if then < t.start {
			continue
		}
		n := t.count(feedInteractive, then)
		sprayed, _ := t.sprayed(then)
		for i := range n + sprayed {
			if s := (key{feed: feedInteractive, sec: then, n: int32(i)}); t.riskOf(s) == r {
				k := key{feed: feedRisk, sec: sec, n: s.n<<2 | int32(r)}
				k.tick = int32(t.hash(k, saltTick) % ticksPerSecond)
				dst = append(dst, k)
			}
		}
	}
	slices.SortFunc(dst[start:], byTime)
	return dst
}

// signIn returns the sign-in that a detection points at.
func (t *Tenant) signIn(k key) (key, risk) {
	r := risk(k.n & 3)
	s, _ := t.find(pack(feedInteractive, k.sec-detectedAfter[r], int64(k.n>>2)))
	return s, r
}

// riskFields are what a sign-in and its detection say of the risk.
type riskFields struct{ state, level, during, detail, event string }

var (
	realtimeEvents = [...]string{"unfamiliarFeatures", "anonymizedIPAddress", "unfamiliarFeatures"}
	offlineEvents  = [...]string{"unlikelyTravel", "leakedCredentials", "unlikelyTravel"}
	// endings are how risk ends.
	endings = [...]riskFields{
		{state: "remediated", detail: "userPassedMFADrivenByRiskBasedPolicy"},
		{state: "remediated", detail: "userPerformedSecuredPasswordReset"},
		{state: "dismissed", detail: "adminDismissedAllRiskForUser"},
		{state: "confirmedCompromised", detail: "adminConfirmedSigninCompromised"},
		{state: "dismissed", detail: "m365DAdminDismissedDetection"},
	}
)

// riskFields returns the risk of a sign-in at the pen's instant.
func (p *pen) riskFields(s *signIn) riskFields {
	r := p.riskNow(s)
	if !p.view.p2 {
		r.level, r.during, r.detail = "hidden", "hidden", "hidden"
		if r.event != "" {
			r.event = "generic"
		}
	}
	if r.detail == "m365DAdminDismissedDetection" && !p.view.known {
		r.detail = "unknownFutureValue"
	}
	return r
}

func (p *pen) riskNow(s *signIn) riskFields {
	none := riskFields{"none", "none", "none", "none", ""}
	done := s.stage == moved || !s.changes
	h := p.t.hash(s.k, saltRisk+100)
	r := none
	switch s.detection {
	case noRisk:
		if s.changes && done {
			return riskFields{"dismissed", "low", "none", "aiConfirmedSigninSafe", "unfamiliarFeatures"}
		}
		return none
	case realtime:
		r = riskFields{"atRisk", "medium", "medium", "none", realtimeEvents[h%3]}
	case offline:
		if s.changes && p.view.at.sec < s.k.sec+detectedAfter[offline] {
			return none
		}
		r = riskFields{"atRisk", "high", "none", "none", offlineEvents[h%3]}
		if int(s.k.n) >= p.t.count(s.k.feed, s.k.sec) {
			r.event = "passwordSpray"
		}
	}
	if done {
		end := endings[h>>8%uint64(len(endings))]
		r.state, r.detail = end.state, end.detail
	}
	return r
}

// riskDetection appends a detection about a user.
func (p *pen) riskDetection(b []byte, k key) []byte {
	sk, kind := p.t.signIn(k)
	s := p.drawSignIn(sk)
	r := p.riskFields(&s)
	detected := k.when()
	updated := detected.plus(2, detected.tick/3)
	if s.changes {
		updated = detected
		if s.stage == moved {
			end := sk.sec + p.t.movedAfter(mix(p.t.hash(sk, saltChanged)))
			updated = instant{max(end, detected.sec+60), detected.tick / 3}
		}
	}
	b = p.detectionID(b, k)
	b = memberGUID(b, `,"requestId":`, s.id)
	b = memberGUID(b, `,"correlationId":`, s.correlated)
	b = member(b, `,"riskEventType":`, r.event)
	if p.view.beta {
		b = member(b, `,"riskType":`, pick(r.event == "passwordSpray", "unknownFutureValue", r.event))
	}
	b = member(b, `,"riskState":`, r.state)
	b = member(b, `,"riskLevel":`, r.level)
	b = p.enum(b, `,"riskDetail":`, r.detail, k)
	b = append(b, `,"source":"IdentityProtection"`...)
	b = member(b, `,"detectionTimingType":`, pick(kind == realtime, "realtime", "offline"))
	b = append(b, `,"activity":"signin","tokenIssuerType":"AzureAD"`...)
	b = quote(append(b, `,"ipAddress":`...), s.ip)
	b = memberTime(b, `,"activityDateTime":`, sk.when())
	b = memberTime(b, `,"detectedDateTime":`, detected)
	b = memberTime(b, `,"lastUpdatedDateTime":`, updated)
	b = memberGUID(b, `,"userId":`, s.user.id)
	b = s.user.name(append(b, `,"userDisplayName":`...))
	b = append(s.user.upn(append(b, `,"userPrincipalName":"`...)), '"')
	info := []byte(`[{"Key":"alertUrl","Value":null}`)
	if kind == offline {
		info = memberTime(info, `,{"Key":"lastActivityTimeInUtc","Value":`, sk.when())
	} else {
		info = quote(append(info, `,{"Key":"userAgent","Value":`...), s.device.agent)
	}
	b = quote(append(b, `,"additionalInfo":`...), append(info, `}]`...))
	if p.view.beta {
		b = append(b, `,"mitreTechniqueId":null`...)
	}
	return append(location(append(b, `,"location":`...), s.place, false), '}')
}

// detectionID appends 64 hexadecimal digits that hold the key.
func (p *pen) detectionID(b []byte, k key) []byte {
	b = append(b, `{"id":"`...)
	x := mix(k.pack() ^ p.t.seed)
	for range 4 {
		for shift := 60; shift >= 0; shift -= 4 {
			b = append(b, hexDigits[x>>shift&15])
		}
		x = mix(x + golden)
	}
	return append(b, '"')
}

// findDetection returns the key in an id that detectionID made.
func (t *Tenant) findDetection(id string) (key, bool) {
	if len(id) != 64 {
		return key{}, false
	}
	var x uint64
	for i := range 16 {
		d := fromHex(id[i])
		if d < 0 {
			return key{}, false
		}
		x = x<<4 | uint64(d)
	}
	return t.find(unmix(x) ^ t.seed)
}

// workloadDetection appends a detection about a service principal.
func (p *pen) workloadDetection(b []byte, k key) []byte {
	t := p.t
	d := dice(t.hash(k, saltBody))
	sp, app, name := t.principal(d.n(principals(t.o.Users)))
	stage, changes := t.stage(k, p.view.at)
	when := k.when()
	updated := when
	r := riskFields{state: "atRisk", level: "high", detail: "none"}
	if stage == moved || !changes {
		r.state, r.detail = "dismissed", "adminDismissedAllRiskForServicePrincipal"
		updated = when.plus(5, when.tick)
		if changes {
			updated = when.plus(t.movedAfter(mix(t.hash(k, saltChanged))), when.tick)
		}
	}
	b = p.detectionID(b, k)
	b = append(b, `,"requestId":null,"correlationId":null`...)
	b = member(b, `,"riskEventType":`, [...]string{"investigationsThreatIntelligence", "leakedCredentials", "suspiciousAPITraffic"}[d.n(3)])
	b = member(b, `,"riskState":`, r.state)
	b = member(b, `,"riskLevel":`, r.level)
	b = p.enum(b, `,"riskDetail":`, r.detail, k)
	b = append(b, `,"source":"IdentityProtection","detectionTimingType":"offline","activity":"servicePrincipal","tokenIssuerType":"AzureAD","ipAddress":null,"location":null`...)
	b = memberTime(b, `,"activityDateTime":`, instant{sec: k.sec / day * day})
	b = memberTime(b, `,"detectedDateTime":`, when)
	b = memberTime(b, `,"lastUpdatedDateTime":`, updated)
	if d.n(16) == 0 { // as the service was seen to write it
		b = append(b[:len(b)-1], `)"`...)
	}
	b = memberGUID(b, `,"servicePrincipalId":`, sp)
	b = quote(append(b, `,"servicePrincipalDisplayName":`...), name)
	b = memberGUID(b, `,"appId":`, app)
	b = memberGUID(b, `,"keyIds":[`, random(d.next()))
	b = append(b, `],"additionalInfo":"[{\"Key\":\"alertUrl\",\"Value\":null},{\"Key\":\"mitreTechniques\",\"Value\":\"T1078.004\"}]"`...)
	if p.view.beta {
		b = append(b, `,"mitreTechniqueId":"T1078.004"`...)
	}
	return append(b, '}')
}
