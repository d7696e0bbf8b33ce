package graphsim

import (
	"encoding/base64"
	"strconv"
)

func (p *pen) appSummary(b []byte, k key) []byte {
	id, name := p.t.application(int(k.sec))
	h := mix(uint64(k.sec) ^ p.t.seed ^ uint64(p.view.at.sec/day))
	good := int64(p.t.o.Users) * int64(max(1, p.view.period)) * int64(1+h%5)
	bad := good / int64(7+h>>8%30)
	b = memberGUID(b, `{"id":`, id)
	b = quote(append(b, `,"appDisplayName":`...), name)
	b = memberInt(b, `,"successfulSignInCount":`, good)
	b = memberInt(b, `,"failedSignInCount":`, bad)
	b = append(b, `,"successPercentage":`...)
	return append(strconv.AppendFloat(b, float64(good*10000/(good+bad))/100, 'f', -1, 64), '}')
}

// appDetail appends how many sign-ins an application had on one day with one
// result.
func (p *pen) appDetail(b []byte, k key) []byte {
	id, name := p.t.application(int(k.n) / 3)
	h := p.t.hash(k, saltBody)
	b = memberGUID(b, `{"id":`, hidden(k.pack(), p.t.seed))
	b = memberGUID(b, `,"appId":`, id)
	b = quote(append(b, `,"appDisplayName":`...), name)
	b = memberTime(b, `,"aggregatedEventDateTime":`, instant{sec: k.sec * day})
	if k.n%3 == 0 {
		b = memberInt(b, `,"signInCount":`, int64(p.t.o.Users)*int64(1+h%4))
		return append(b, `,"status":{"errorCode":0,"failureReason":null,"additionalDetails":null}}`...)
	}
	f := &p.t.failures[k.n%3-1]
	b = memberInt(b, `,"signInCount":`, int64(1+h%50))
	b = memberInt(b, `,"status":{"errorCode":`, int64(f.code))
	b = append(append(b, `,"failureReason":`...), f.reason...)
	return append(b, `,"additionalDetails":null}}`...)
}

// activity appends when a service principal was last used, and how. One row in
// sixteen has a zone as no standard writes it.
func (p *pen) activity(b []byte, k key) []byte {
	t := p.t
	_, app, _ := t.principal(int(k.sec))
	b = append(b, `{"id":"`...)
	b = base64.StdEncoding.AppendEncode(b, []byte(app.String()))
	b = memberGUID(append(b, '"'), `,"appId":`, app)
	for i, name := range [...]string{"lastSignInActivity", "delegatedClientSignInActivity", "delegatedResourceSignInActivity",
		"applicationAuthenticationClientSignInActivity", "applicationAuthenticationResourceSignInActivity"} {
		b = append(append(append(b, `,"`...), name...), `":`...)
		h := mix(t.seed ^ uint64(k.sec)<<8 ^ uint64(i))
		if i > 0 && h%3 == 0 {
			b = append(b, `null`...)
			continue
		}
		b = p.lastUse(b, h, k.sec%16 == 7 && i == 0)
		b = append(b, '}')
	}
	return append(b, '}')
}

// lastUse appends the last sign-in before the view's instant, without the last
// bracket.
func (p *pen) lastUse(b []byte, h uint64, odd bool) []byte {
	last, ok := p.t.lastSignIn(feedWorkload, p.view.at.sec-int64(h>>8%3600))
	b = append(b, `{"lastSignInDateTime":`...)
	switch {
	case !ok:
		return append(b, `null,"lastSignInRequestId":null`...)
	case odd:
		b = append(b, '"')
		b = append(instant{sec: (last.sec - 8*3600) / day * day}.time().AppendFormat(b, "2006-01-02T15:04:05"), `-8:00"`...)
	default:
		b = last.when().append(b)
	}
	return memberGUID(b, `,"lastSignInRequestId":`, hidden(last.pack(), p.t.seed))
}

// lastSignIn returns a sign-in shortly before a second.
func (t *Tenant) lastSignIn(f feed, sec int64) (key, bool) {
	sec = min(sec, t.end-1)
	for s := sec; s > sec-2*day && s >= t.start; s-- {
		if n := t.count(f, s); n > 0 {
			return t.place(key{feed: f, sec: s, n: int32(n - 1)}, n), true
		}
	}
	return key{}, false
}

func (p *pen) credential(b []byte, k key) []byte {
	t := p.t
	sp, app, _ := t.principal(int(k.sec))
	h := mix(t.seed ^ uint64(k.sec) ^ 'c'<<48)
	keyID := random(h)
	created := instant{sec: t.start - int64(h%(300*day))}
	b = append(b, `{"id":"`...)
	b = base64.StdEncoding.AppendEncode(b, append(keyID.append(nil), "|application"...))
	b = memberGUID(append(b, '"'), `,"keyId":`, keyID)
	b = member(b, `,"keyType":`, pick(h>>16%3 == 0, "certificate", "clientSecret"))
	b = append(b, `,"keyUsage":"sign"`...)
	b = memberGUID(b, `,"appId":`, app)
	b = memberGUID(b, `,"appObjectId":`, random(h+1))
	b = memberGUID(b, `,"servicePrincipalObjectId":`, sp)
	b = member(b, `,"resourceId":`, resources[h>>20%uint64(len(resources))].id)
	b = append(b, `,"credentialOrigin":"application"`...)
	b = memberTime(b, `,"createdDateTime":`, created)
	b = memberTime(b, `,"expirationDateTime":`, created.plus(365*day, 0))
	b = p.lastUse(append(b, `,"signInActivity":`...), h, false)
	return append(b, `}}`...)
}

func (p *pen) registration(b []byte, k key) []byte {
	t := p.t
	u := t.user(int(k.sec))
	h := t.hashUser(u.n, 'm')
	has := h%10 < 8
	// The service looks at a user again every five days.
	const round = 5 * day
	updated := instant{sec: (p.view.at.sec-int64(h>>8%round))/round*round + int64(h>>8%round), tick: int32(h >> 30 % ticksPerSecond)}
	b = memberGUID(b, `{"id":`, u.id)
	b = append(u.directoryUPN(append(b, `,"userPrincipalName":"`...), t.name, false), '"')
	b = u.name(append(b, `,"userDisplayName":`...))
	b = member(b, `,"userType":`, pick(u.guest, "guest", "member"))
	b = memberBool(b, `,"isAdmin":`, u.admin)
	b = memberBool(b, `,"isSsprRegistered":`, has)
	b = memberBool(b, `,"isSsprEnabled":`, !u.guest)
	b = memberBool(b, `,"isSsprCapable":`, has && !u.guest)
	b = memberBool(b, `,"isMfaRegistered":`, has)
	b = memberBool(b, `,"isMfaCapable":`, has)
	b = memberBool(b, `,"isPasswordlessCapable":`, h>>4%8 == 0)
	b = memberTime(b, `,"lastUpdatedDateTime":`, updated)
	methods := `[]`
	if has {
		methods = [...]string{`["microsoftAuthenticatorPush","softwareOneTimePasscode"]`, `["mobilePhone","email"]`, `["microsoftAuthenticatorPush","mobilePhone","windowsHelloForBusiness"]`, `["fido2SecurityKey"]`}[h>>5%4]
	}
	b = append(append(b, `,"methodsRegistered":`...), methods...)
	b = append(append(b, `,"isSystemPreferredAuthenticationMethodEnabled":true,"systemPreferredAuthenticationMethods":`...), pick(has, `["PhoneAppNotification"]`, `[]`)...)
	b = p.enum(b, `,"userPreferredMethodForSecondaryAuthentication":`, pick(has, "push", "none"), k)
	if p.view.beta {
		b = member(b, `,"defaultMfaMethod":`, pick(has, "microsoftAuthenticatorPush", "none"))
	}
	return append(b, '}')
}

// historyQueries returns one query for each user whose history is asked for.
func (t *Tenant) historyQueries(q query, user string) []*query {
	if user != "" {
		n, ok := t.findUser(user)
		if !ok {
			return nil
		}
		q.user = n
		return []*query{&q}
	}
	out := make([]*query, len(t.risky))
	for i, n := range t.risky {
		one := q
		one.user = int(n)
		out[i] = &one
	}
	return out
}
