package graphsim

// provisioning appends what the provisioning service did to one account.
func (p *pen) provisioning(b []byte, k key) []byte {
	t := p.t
	d := dice(t.hash(k, saltBody))
	u := t.user(d.n(t.o.Users))
	sp, app, system := t.principal(d.skewed(5))
	action := [...]string{"update", "create", "update", "disable", "delete", "other"}[d.skewed(6)]
	failed := d.n(12) == 0
	status := pick(failed, "failure", [...]string{"success", "success", "success", "skipped", "warning"}[d.skewed(5)])
	job, cycle := random(uint64(sp[0])^t.seed), random(uint64(k.sec/2400)^t.seed)
	b = memberGUID(b, `{"id":`, hidden(k.pack(), t.seed))
	b = memberTime(b, `,"activityDateTime":`, k.when())
	b = memberGUID(b, `,"tenantId":`, t.id)
	b = append(append(b, `,"jobId":"scim.`...), t.id.String()...)
	b = append(job.append(append(b, '.')), '"')
	b = memberGUID(b, `,"cycleId":`, cycle)
	b = memberGUID(b, `,"changeId":`, random(t.hash(k, saltCorrelation)))
	b = p.enum(b, `,"provisioningAction":`, action, k)
	b = memberInt(b, `,"durationInMilliseconds":`, int64(60+d.skewed(9000)))
	b = provisioningStatus(b, status, failed)
	if p.view.beta {
		b = member(b, `,"action":`, action)
		b = append(member(b, `,"statusInfo":{"status":`, status), '}')
	}
	b = p.provisioningSteps(b, &u, system, status, action)
	b = p.provisionedProperties(b, &u, &d)
	b = memberGUID(b, `,"servicePrincipal":{"id":`, sp)
	b = append(quote(append(b, `,"displayName":`...), system), '}')
	b = memberGUID(b, `,"sourceSystem":{"id":`, t.id)
	b = append(b, `,"displayName":"Microsoft Entra ID","details":{}}`...)
	b = memberGUID(b, `,"targetSystem":{"id":`, random(uint64(app[0])))
	b = quote(append(b, `,"displayName":`...), system)
	b = memberGUID(b, `,"details":{"ApplicationId":`, app)
	b = memberGUID(b, `,"ServicePrincipalId":`, sp)
	b = append(quote(append(b, `,"ServicePrincipalDisplayName":`...), system), `}}`...)
	b = append(b, `,"initiatedBy":{"id":"","displayName":"Azure AD Provisioning Service","initiatorType":"system"}`...)
	b = memberGUID(b, `,"sourceIdentity":{"id":`, u.id)
	b = u.name(append(b, `,"displayName":`...))
	b = append(u.directoryUPN(append(b, `,"identityType":"User","details":{"odatatype":"User","userPrincipalName":"`...), t.name, false), '"')
	b = u.name(append(b, `,"DisplayName":`...))
	b = append(b, `}}`...)
	b = append(u.alias(append(b, `,"targetIdentity":{"id":"`...)), '"')
	b = u.name(append(b, `,"displayName":`...))
	return append(u.upn(append(b, `,"identityType":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","details":{"ReportableIdentifier":"`...)), `"}}}`...)
}

func provisioningStatus(b []byte, status string, failed bool) []byte {
	b = member(b, `,"provisioningStatusInfo":{"status":`, status)
	if !failed {
		return append(b, `,"errorInformation":null}`...)
	}
	return append(b, `,"errorInformation":{"errorCategory":"nonServiceFailure","errorCode":"SystemForCrossDomainIdentityManagementBadResponse","reason":"The target answered with status 409 (Conflict): another account has the same name. Remove it, or take this user out of the scope of provisioning.","additionalDetails":null,"recommendedAction":"https://learn.microsoft.com/entra"}}`...)
}

// provisioningSteps appends the steps; their descriptions name the account.
func (p *pen) provisioningSteps(b []byte, u *user, system, status, action string) []byte {
	step := func(name, kind, result string, describe func(b []byte) []byte) {
		b = member(b, `{"name":`, name)
		b = member(b, `,"provisioningStepType":`, kind)
		b = member(b, `,"status":`, result)
		p.scratch = describe(p.scratch[:0])
		b = quote(append(b, `,"description":`...), p.scratch)
	}
	upn := func(b []byte) []byte { return u.directoryUPN(b, p.t.name, false) }
	b = append(b, `,"provisioningSteps":[`...)
	step("EntryImport", "import", "success", func(b []byte) []byte {
		return append(upn(append(b, `Received User '`...)), `' change of type (Update) from Microsoft Entra ID`...)
	})
	b = append(append(upn(append(b, `,"details":{"accountEnabled":"True","userPrincipalName":"`...)), `","mailNickname":"`...), u.first.ascii...)
	b = append(b, `"}},`...)
	step("EntrySynchronizationScoping", "scoping", "success", func(b []byte) []byte {
		return append(upn(append(b, `Determine if User in scope by evaluating against each scoping filter: '`...)), `'`...)
	})
	b = append(b, `,"details":{"Active in the source system":"True","Assigned to the application":"True","User has the required role":"True","Scoping filter evaluation passed":"True","ScopeEvaluationResult":"{}"}},`...)
	step("EntrySynchronizationMatch", "matching", "success", func(b []byte) []byte {
		return append(append(append(upn(append(b, `Found User '`...)), `' in `...), system...), ` by userName; 1 match`...)
	})
	b = append(upn(append(b, `,"details":{"ReportableIdentifier":"`...)), `"}},`...)
	step("EntryExport", "export", pick(status == "failure", "failure", "success"), func(b []byte) []byte {
		b = upn(append(b, `User '`...))
		return append(append(append(append(append(b, `' was `...), pick(action == "other", "skippe", action)...), `d in `...), system...), '.')
	})
	b = append(u.alias(append(b, `,"details":{"ReportableIdentifier":"`...)), `"}}`...)
	return append(b, ']')
}

func (p *pen) provisionedProperties(b []byte, u *user, d *dice) []byte {
	b = u.name(append(b, `,"modifiedProperties":[{"displayName":"displayName","oldValue":null,"newValue":`...))
	b = append(u.upn(append(b, `},{"displayName":"userName","oldValue":null,"newValue":"`...)), `"}`...)
	if d.n(3) > 0 {
		b = append(b, `,{"displayName":"active","oldValue":"True","newValue":"`...)
		b = append(append(b, pick(d.n(9) == 0, "False", "True")...), `"}`...)
		b = append(u.upn(append(b, `,{"displayName":"emails[type eq \"work\"].value","oldValue":null,"newValue":"`...)), `"}`...)
		b = append(append(append(b, `,{"displayName":"name.familyName","oldValue":null,"newValue":"`...), u.last.text...), `"}`...)
		b = memberInt(b, `,{"displayName":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber","oldValue":null,"newValue":"`, int64(10_000+u.n))
		b = append(b, `"}`...)
	}
	return append(b, ']')
}
