package graphsim

import "strconv"

// conditionalAccess returns conditionalAccessStatus.
func (p *pen) conditionalAccess(s *signIn) string {
	switch {
	case s.failure != nil && s.failure.code == 53003:
		return "failure"
	case len(p.t.policies) > 0 && s.k.feed == feedInteractive && p.outcome(s, 0) == "success":
		return "success"
	}
	return "notApplied"
}

// outcome returns the result of the tenant's n-th policy on a sign-in.
func (p *pen) outcome(s *signIn, n int) string {
	c := &p.t.policies[n]
	hit := s.policies>>(8*n)&0xff%uint64(c.applies) == 0
	switch {
	case c.state == 1:
		return "notEnabled"
	case c.state == 2:
		return pick(hit, "reportOnlySuccess", "reportOnlyNotApplied")
	case !hit:
		return "notApplied"
	case s.failure != nil && s.failure.code == 53003:
		return "failure"
	}
	return "success"
}

// appliedPolicies appends every policy of the tenant: disabled ones too, as
// the service lists them on each interactive sign-in.
func (p *pen) appliedPolicies(b []byte, s *signIn) []byte {
	if s.k.feed != feedInteractive && s.policies>>56%8 != 0 {
		return append(b, `[]`...)
	}
	b = append(b, '[')
	for n := range p.t.policies {
		c := &p.t.policies[n]
		if n > 0 {
			b = append(b, ',')
		}
		b = append(b, c.head...)
		result := p.outcome(s, n)
		if c.state == 2 && !p.view.known {
			result = "unknownFutureValue"
		}
		b = append(b, result...)
		if p.view.beta {
			b = append(b, c.beta...)
		} else {
			b = append(b, c.tail...)
		}
	}
	return append(b, ']')
}

// signInSteps appends how the sign-in went: what fills in later is missing
// while it is fresh.
func (p *pen) signInSteps(b []byte, s *signIn) []byte {
	b = append(b, `,"mfaDetail":`...)
	if s.mfa == 3 || s.mfa == 6 {
		b = append(append(b, `{"authMethod":"Text message","authDetail":`...), methods[s.mfa].detail...)
		b = append(b, '}')
	} else {
		b = append(b, `null`...)
	}
	b = append(b, `,"authenticationMethodsUsed":[],"sessionLifetimePolicies":[`...)
	if s.mfa == 2 {
		b = append(b, `{"expirationRequirement":"rememberMultifactorAuthenticationOnTrustedDevices","detail":"Remember MFA"}`...)
	}
	b = append(b, `],"authenticationProcessingDetails":[`...)
	if s.k.feed == feedNonInteractive {
		b = append(b, `{"key":"Legacy TLS (TLS 1.0, 1.1, 3DES)","value":"False"},{"key":"Oauth Scope Info","value":"[\"Mail.ReadWrite\",\"User.Read\"]"}`...)
	} else {
		b = append(b, `{"key":"Login Hint Present","value":"True"}`...)
		b = quote(append(b, `,{"key":"IP Addresses Involved in Auth Flow","value":`...), s.ip)
		b = append(b, `},{"key":"Is CAE Token","value":"False"}`...)
	}
	b = append(b, `],"networkLocationDetails":`...)
	if s.place == s.user.home && s.policies>>60 < 6 {
		b = append(append(b, `[{"networkType":"namedNetwork","networkNames":["`...), places[s.place].city...)
		b = append(b, ` office","HQ & branches"]}]`...)
	} else {
		b = append(b, `[]`...)
	}
	b = append(b, `,"authenticationRequirementPolicies":`...)
	if s.mfa > 0 && s.k.feed == feedInteractive {
		b = append(b, `[{"requirementProvider":"multiConditionalAccess","detail":"Conditional Access"}]`...)
	} else {
		b = append(b, `[]`...)
	}
	b = append(b, `,"authenticationDetails":`...)
	if s.stage == fresh && s.changes {
		return append(b, `[]`...)
	}
	return p.authenticationSteps(b, s)
}

// authenticationSteps appends the factors in their order.
func (p *pen) authenticationSteps(b []byte, s *signIn) []byte {
	if s.k.feed == feedNonInteractive && s.mfa != 2 {
		return append(b, `[]`...)
	}
	wrong := s.failure != nil && !s.failure.second
	b = memberTime(b, `[{"authenticationStepDateTime":`, instant{sec: s.k.sec})
	b = append(b, `,"authenticationMethod":"Password","authenticationMethodDetail":"Password in the cloud"`...)
	b = memberBool(b, `,"succeeded":`, !wrong)
	b = member(b, `,"authenticationStepResultDetail":`, pick(wrong, "Invalid username or password or Invalid on-premise username or password.", "Correct password"))
	b = append(b, `,"authenticationStepRequirement":"Primary authentication"}`...)
	if s.mfa > 0 && !wrong {
		m := methods[s.mfa]
		b = memberTime(b, `,{"authenticationStepDateTime":`, instant{sec: s.k.sec + 7})
		b = member(b, `,"authenticationMethod":`, m.name)
		b = append(append(b, `,"authenticationMethodDetail":`...), m.detail...)
		b = memberBool(b, `,"succeeded":`, s.failure == nil)
		b = member(b, `,"authenticationStepResultDetail":`, pick(s.failure == nil, "MFA completed in Azure AD", "MFA denied; user declined the authentication"))
		b = append(b, `,"authenticationStepRequirement":"Multifactor authentication"}`...)
	}
	return append(b, ']')
}

// workloadSignIn appends a sign-in of a service principal or a managed
// identity.
func (p *pen) workloadSignIn(b []byte, k key) []byte {
	t := p.t
	d := dice(t.hash(k, saltBody))
	spID, appID, name := t.principal(d.skewed(principals(t.o.Users)))
	resource := resources[d.skewed(len(resources))]
	at, fails, credential := d.n(len(places)), d.chance(0.03), hidden(pack(feedApps, int64(d.n(64)), 1), t.seed)
	managed := k.feed == feedManaged
	id := hidden(k.pack(), t.seed)
	s := signIn{k: k, id: id}
	s.stage, s.changes = t.stage(k, p.view.at)

	b = memberGUID(b, `{"id":`, id)
	b = memberTime(b, `,"createdDateTime":`, k.when())
	b = append(b, `,"userDisplayName":null,"userPrincipalName":null,"userId":""`...)
	b = memberGUID(b, `,"appId":`, appID)
	b = quote(append(b, `,"appDisplayName":`...), name)
	b = memberGUID(b, `,"servicePrincipalId":`, spID)
	b = quote(append(b, `,"servicePrincipalName":`...), name)
	if managed {
		b = append(b, `,"ipAddress":"","clientAppUsed":null,"userAgent":null`...)
	} else {
		b = strconv.AppendInt(append(b, `,"ipAddress":"203.0.113.`...), int64(200+at), 10)
		b = append(b, `","clientAppUsed":null,"userAgent":null`...)
	}
	b = memberGUID(b, `,"correlationId":`, random(t.hash(k, saltCorrelation)))
	b = append(b, `,"conditionalAccessStatus":"notApplied","isInteractive":false`...)
	b = member(b, `,"resourceDisplayName":`, resource.name)
	b = member(b, `,"resourceId":`, resource.id)
	b = memberGUID(b, `,"resourceTenantId":`, t.id)
	if p.view.beta {
		b = p.workloadBeta(b, &s, credential, name)
	}
	b = p.signInRisk(b, &s)
	if fails && !managed {
		b = append(b, `,"status":{"errorCode":7000215,"failureReason":"Invalid client secret is provided.","additionalDetails":null}`...)
	} else {
		b = append(b, `,"status":{"errorCode":0,"failureReason":null,"additionalDetails":null}`...)
	}
	b = append(b, `,"deviceDetail":{"deviceId":"","displayName":null,"operatingSystem":"","browser":"","isCompliant":null}`...)
	if managed {
		b = append(b, `,"location":{"city":"","state":"","countryOrRegion":"","geoCoordinates":{}}`...)
	} else {
		b = location(append(b, `,"location":`...), at, true)
	}
	if p.view.policies {
		b = append(b, `,"appliedConditionalAccessPolicies":[]`...)
	}
	if p.view.beta && !(s.changes && s.stage == fresh) {
		b = append(b, `,"authenticationProcessingDetails":[{"key":"Azure AD App Authentication Library","value":"Family: MSAL Library: MSAL.NetCore 4.66.1.0 Platform: .NET 8.0"}]`...)
	}
	return append(b, '}')
}

// workloadBeta appends the members that only beta has.
func (p *pen) workloadBeta(b []byte, s *signIn, credential guid, name string) []byte {
	t := p.t
	managed := s.k.feed == feedManaged
	b = append(member(b, `,"signInEventTypes":[`, pick(managed, "managedIdentity", "servicePrincipal")), ']')
	b = member(b, `,"uniqueTokenIdentifier":`, "")
	b = append(s.id.token(b[:len(b)-1]), '"')
	b = memberGUID(b, `,"appOwnerTenantId":`, t.id)
	b = append(b, `,"crossTenantAccessType":"none","incomingTokenType":"none","tokenIssuerType":"AzureAD","processingTimeInMilliseconds":0,"flaggedForReview":false`...)
	b = memberGUID(b, `,"resourceServicePrincipalId":`, random(uint64(s.k.n%8)+t.seed))
	if managed {
		b = append(b, `,"clientCredentialType":"managedIdentity","managedServiceIdentity":{"msiType":"userAssigned","associatedResourceId":`...)
		p.scratch = append(append(p.scratch[:0], `/subscriptions/`...), t.id.String()...)
		p.scratch = append(append(p.scratch, `/resourcegroups/rg-prod/providers/Microsoft.ManagedIdentity/userAssignedIdentities/`...), name...)
		return append(quote(b, p.scratch), `,"federatedTokenId":null,"federatedTokenIssuer":null}`...)
	}
	b = append(b, `,"clientCredentialType":"clientSecret"`...)
	b = memberGUID(b, `,"servicePrincipalCredentialKeyId":`, credential)
	return append(b, `,"autonomousSystemNumber":8075,"servicePrincipalCredentialThumbprint":"","agent":{"agentType":"notAgentic","parentAppId":null}`...)
}
