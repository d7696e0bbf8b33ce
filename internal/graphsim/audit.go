package graphsim

import (
	"strconv"
	"strings"
)

// audit is one sort of change to the directory.
type audit struct {
	name, category, operation, service string
	target, second                     string // types of the targets; second may be ""
	props                              []property
	people                             int    // in so many of ten a person did it, else an application
	detail                             string // additionalDetails, JSON text
}

// property is a property that was modified, and the forms of its values.
type property struct{ name, from, to string }

// properties reads name:old:new, separated by commas.
func properties(text string) []property {
	var out []property
	for one := range strings.SplitSeq(text, ",") {
		name, values, _ := strings.Cut(one, ":")
		from, to, _ := strings.Cut(values, ":")
		out = append(out, property{name, from, to})
	}
	return out
}

// The sorts of audit, the frequent ones first. The forms of old and new values
// are names of value.
func audits() []audit {
	const userAgent = `[{"key":"User-Agent","value":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36"}]`
	const userType = `[{"key":"UserType","value":"Member"}]`
	return []audit{
		{name: "Update user", category: "UserManagement", operation: "Update", service: "Core Directory", target: "User", people: 2, detail: userType,
			props: properties("LastDirSyncTime:times:times,Included Updated Properties:null:included,Action Client Name:null:sync,TargetId.UserType:null:member")},
		{name: "Update user", category: "UserManagement", operation: "Update", service: "Core Directory", target: "User", people: 4, detail: userType,
			props: properties("StrongAuthenticationMethod:strong0:strong,StrongAuthenticationUserDetails:null:phones,Included Updated Properties:null:included,TargetId.UserType:null:member")},
		{name: "Add member to group", category: "GroupManagement", operation: "Assign", service: "Core Directory", target: "User", second: "Group", people: 6,
			props: properties("Group.ObjectID:null:guid,Group.DisplayName:null:group,Group.WellKnownObjectName:null:null"), detail: userAgent},
		{name: "Update device", category: "Device", operation: "Update", service: "Core Directory", target: "Device", detail: `[{"key":"DeviceOSType","value":"Windows"},{"key":"DeviceTrustType","value":"AzureAd"}]`,
			props: properties("ApproximateLastLogonTimeStamp:times:times,DeviceOSVersion:list:list,Included Updated Properties:null:included,TargetId.DeviceTrustType:null:member")},
		{name: "Change user license", category: "UserManagement", operation: "Update", service: "Core Directory", target: "User", people: 5, props: properties("AssignedLicense:licences:licences,AssignedPlan:null:null,Included Updated Properties:null:included"), detail: `[]`},
		{name: "Remove member from group", category: "GroupManagement", operation: "Unassign", service: "Core Directory", target: "User", second: "Group", people: 6, props: properties("Group.ObjectID:guid:null,Group.DisplayName:group:null"), detail: `[]`},
		{name: "Add user", category: "UserManagement", operation: "Add", service: "Core Directory", target: "User", people: 7, detail: userType,
			props: properties("AccountEnabled:empty:bools,DisplayName:empty:names,GivenName:empty:given,Mail:empty:upns,MailNickname:empty:alias,Surname:empty:family,UserPrincipalName:empty:upns,UserType:empty:member,Included Updated Properties:null:included,TelephoneNumber:empty:phone")},
		{name: "Delete user", category: "UserManagement", operation: "Delete", service: "Core Directory", target: "User", people: 8, props: properties("Is Hard Deleted:null:hard"), detail: userAgent},
		{name: "Invite external user", category: "UserManagement", operation: "Invite", service: "Invited Users", target: "User", people: 10, detail: `[{"key":"oid","value":"x"},{"key":"invitedUserEmailAddress","value":"guest@litware.example"},{"key":"InvitationId","value":"x"}]`},
		{name: "User registered security info", category: "UserManagement", operation: "Update", service: "Authentication Methods", target: "User", people: 10, detail: `[]`},
		{name: "Reset password (self-service)", category: "UserManagement", operation: "Update", service: "Self-service Password Management", target: "User", people: 10, detail: `[{"key":"ServicePrincipalProvisioningType","value":"Unknown"}]`},
		{name: "Update application – Certificates and secrets management ", category: "ApplicationManagement", operation: "Update", service: "Core Directory", target: "Application", people: 9, detail: userAgent,
			props: properties("KeyDescription:keys:keys,Included Updated Properties:null:included")},
		{name: "Add app role assignment to service principal", category: "ApplicationManagement", operation: "Assign", service: "Core Directory", target: "ServicePrincipal", second: "ServicePrincipal", people: 9, detail: userAgent,
			props: properties("AppRole.Id:null:guid,AppRole.Value:null:role,AppRole.DisplayName:null:role,ServicePrincipal.DisplayName:null:plain")},
		{name: "Add eligible member to role in PIM completed (permanent)", category: "RoleManagement", operation: "Assign", service: "PIM", target: "Role", second: "User", people: 10, detail: `[{"key":"RoleDefinitionOriginId","value":"62e90394-69f5-4237-9190-012177145e10"},{"key":"Justification","value":"cover for Zoë <until Friday>"}]`},
		{name: "Update conditional access policy", category: "Policy", operation: "Update", service: "Conditional Access", target: "Policy", people: 10, detail: `[{"key":"Category","value":"Conditional Access"}]`, props: properties("ConditionalAccessPolicy:policy:policy")},
		{name: "GroupLifecyclePolicies_Get", category: "GroupManagement", operation: "Get", service: "Self-service Group Management", target: "", people: 8, detail: `[]`},
	}
}

// attributeAudits are the sorts of the log of custom security attributes.
func attributeAudits() []audit {
	return []audit{
		{name: "Update attribute values assigned to a user", category: "AttributeManagement", operation: "Assign", service: "Core Directory", target: "User", people: 10, detail: `[{"key":"User-Agent","value":"Mozilla/5.0 (Windows NT 10.0; Win64; x64)"}]`,
			props: properties("Project.Name:null:project,Project.CostCentre:null:centre,Person.Badge:null:plain")},
		{name: "Add custom security attribute definition in an attribute set", category: "AttributeManagement", operation: "Add", service: "Core Directory", target: "Directory", people: 10, detail: `[]`, props: properties("AttributeName:null:attribute,DataType:null:type")},
	}
}

func (p *pen) audit(b []byte, k key) []byte {
	h := dice(p.t.hash(k, saltBody))
	return p.change(b, k, &p.t.audits[h.skewed(len(p.t.audits))], "Directory")
}

func (p *pen) attributeAudit(b []byte, k key) []byte {
	h := dice(p.t.hash(k, saltBody))
	return p.change(b, k, &p.t.attributes[h.skewed(len(p.t.attributes))], "Directory")
}

// change appends an audit. Changes of one second share a correlation two by
// two, and the id holds it.
func (p *pen) change(b []byte, k key, a *audit, prefix string) []byte {
	t := p.t
	d := dice(t.hash(k, saltBody+100))
	actor, object := t.user(d.skewed(t.o.Users)), t.user(d.n(t.o.Users))
	byUser := d.n(10) < a.people
	failed := d.n(60) == 0
	b = append(append(b, `{"id":"`...), prefix...)
	b = t.auditID(b, k)
	b = append(b, `"`...)
	b = member(b, `,"category":`, a.category)
	b = memberGUID(b, `,"correlationId":`, t.auditCorrelation(k))
	b = p.enum(b, `,"result":`, pick(failed, "failure", "success"), k)
	b = member(b, `,"resultReason":`, pick(failed, "Microsoft.Online.Workflows.ObjectAlreadyExistsException", ""))
	b = quote(append(b, `,"activityDisplayName":`...), a.name)
	b = memberTime(b, `,"activityDateTime":`, k.when())
	b = member(b, `,"loggedByService":`, a.service)
	b = member(b, `,"operationType":`, a.operation)
	if p.view.beta {
		b = append(b, `,"userAgent":null`...)
	}
	b = p.initiator(b, &d, byUser, &actor)
	b = append(b, `,"targetResources":[`...)
	if a.target != "" {
		b = p.target(b, &d, a.target, a.props, &object, a.name == "Delete user")
	}
	if a.second != "" {
		b = append(b, ',')
		b = p.target(b, &d, a.second, nil, &object, false)
	}
	b = append(append(b, `],"additionalDetails":`...), a.detail...)
	return append(b, '}')
}

// auditCorrelation returns the correlationId, which holds the key but for the
// last bit of its number.
func (t *Tenant) auditCorrelation(k key) guid {
	return hidden(pack(k.feed, k.sec, int64(k.n&^1)), t.seed+saltCorrelation)
}

// auditID appends what follows the name of the service in an id.
func (t *Tenant) auditID(b []byte, k key) []byte {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	h := t.hash(k, saltCorrelation)
	b = t.auditCorrelation(k).append(append(b, '_'))
	b = append(b, '_')
	for range 5 {
		b = append(b, letters[h%36])
		h /= 36
	}
	b = strconv.AppendUint(append(b, '_'), 1_000_000+h%7_000_000, 10)
	return append(b, '0'+byte(k.n&1))
}

// findAudit returns the key in an id that auditID made.
func (t *Tenant) findAudit(id string) (key, bool) {
	parts := strings.Split(id, "_")
	if len(parts) != 4 {
		return key{}, false
	}
	g, ok := parseGUID(parts[1])
	if !ok {
		return key{}, false
	}
	x, ok := reveal(g, t.seed+saltCorrelation)
	if !ok {
		return key{}, false
	}
	for _, odd := range []uint64{0, 1} {
		if k, ok := t.find(x | odd); ok && string(t.auditID([]byte(parts[0]), k)) == id {
			return k, true
		}
	}
	return key{}, false
}

// initiator appends who did it: a person, or an application.
func (p *pen) initiator(b []byte, d *dice, byUser bool, u *user) []byte {
	if !byUser {
		sp, app, name := p.t.principal(d.skewed(len(ownApps)))
		if d.n(3) > 0 {
			return append(memberGUID(b, `,"initiatedBy":{"user":null,"app":{"appId":null,"displayName":"Microsoft Azure AD Connect","servicePrincipalName":null,"servicePrincipalId":`, sp), `}}`...)
		}
		b = memberGUID(b, `,"initiatedBy":{"user":null,"app":{"appId":`, app)
		b = quote(append(b, `,"displayName":`...), name)
		return append(memberGUID(b, `,"servicePrincipalName":null,"servicePrincipalId":`, sp), `}}`...)
	}
	b = memberGUID(b, `,"initiatedBy":{"app":null,"user":{"id":`, u.id)
	if d.n(3) == 0 {
		b = u.name(append(b, `,"displayName":`...))
	} else {
		b = append(b, `,"displayName":null`...)
	}
	b = append(u.directoryUPN(append(b, `,"userPrincipalName":"`...), p.t.name, false), '"')
	p.scratch = p.t.address(p.scratch[:0], u, u.home, d.next())
	b = quote(append(b, `,"ipAddress":`...), p.scratch)
	if d.n(3) == 0 { // not in the documented type, but sent
		b = append(b, `,"userType":null,"homeTenantId":null,"homeTenantName":null`...)
	}
	return append(b, `}}`...)
}

// target appends a targetResource.
func (p *pen) target(b []byte, d *dice, kind string, props []property, u *user, deleted bool) []byte {
	t := p.t
	b = append(b, `{"id":`...)
	switch kind {
	case "User":
		b = append(u.id.append(append(b, '"')), `","displayName":`...)
		if d.n(2) == 0 {
			b = u.name(b)
		} else {
			b = append(b, `null`...)
		}
		b = append(u.directoryUPN(append(b, `,"type":"User","userPrincipalName":"`...), t.name, deleted), '"')
	case "Group":
		b = append(random(d.next()).append(append(b, '"')), `","displayName":`...)
		b = append(append(append(b, `"Team `...), u.first.text...), '"')
		b = append(b, `,"type":"Group","userPrincipalName":null,"groupType":"unifiedGroups"`...)
	case "Device":
		b = append(random(d.next()).append(append(b, '"')), `","displayName":`...)
		v := device{name: "NB"}
		b = append(v.deviceName(b, u), `,"type":"Device"`...)
	default:
		b = append(random(d.next()).append(append(b, '"')), `","displayName":`...)
		b = member(quote(b, ownApps[d.n(len(ownApps))]), `,"type":`, kind)
		b = append(b, `,"userPrincipalName":null,"groupType":null`...)
	}
	b = append(b, `,"modifiedProperties":[`...)
	for i, prop := range props {
		b = append(b, ","[:min(i, 1)]...)
		b = member(b, `{"displayName":`, prop.name)
		b = p.value(append(b, `,"oldValue":`...), prop.from, u, d)
		b = append(p.value(append(b, `,"newValue":`...), prop.to, u, d), '}')
	}
	return append(b, `]}`...)
}

// value appends the old or new value of a property: JSON text in a string,
// plain text, or null.
func (p *pen) value(b []byte, form string, u *user, d *dice) []byte {
	in := p.scratch[:0]
	switch form {
	case "null":
		return append(b, `null`...)
	case "plain":
		return append(b, `"DirectorySync"`...)
	case "times":
		in = append(instant{sec: p.t.start + int64(d.n(6*day))}.append(append(in, '[')), ']')
	case "included":
		in = append(in, `"DisplayName, Department, OtherMails"`...)
	case "sync":
		in = append(in, `"DirectorySync"`...)
	case "member":
		in = append(in, `"Member"`...)
	case "hard":
		in = append(in, `"False"`...)
	case "empty":
		in = append(in, `[]`...)
	case "bools":
		in = append(in, `[true]`...)
	case "guid":
		in = append(random(d.next()).append(append(in, '"')), '"')
	case "group":
		in = append(append(append(in, `"Team `...), u.first.text...), '"')
	case "names":
		in = append(u.name(append(in, '[')), ']')
	case "given":
		in = append(append(append(in, `["`...), u.first.text...), `"]`...)
	case "family":
		in = append(append(append(in, `["`...), u.last.text...), `"]`...)
	case "alias":
		in = append(u.alias(append(in, `["`...)), `"]`...)
	case "upns":
		in = append(u.directoryUPN(append(in, `["`...), p.t.name, false), `"]`...)
	case "phone":
		in = append(strconv.AppendInt(append(in, `["+1 555 01`...), int64(10+d.n(89)), 10), `"]`...)
	case "phones":
		in = strconv.AppendInt(append(in, `[{"PhoneNumber":"+1 55501`...), int64(10+d.n(89)), 10)
		in = u.upn(append(in, `","AlternatePhoneNumber":null,"Email":"`...))
		in = append(in, `","VoiceOnlyPhoneNumber":null}]`...)
	default:
		in = append(in, longValues[form]...)
	}
	b = quote(b, in)
	p.scratch = in
	return b
}

// longValues are forms of value that are the same for everybody.
var longValues = map[string]string{
	"project":   `["Apollo \"north\""]`,
	"centre":    `["4711"]`,
	"attribute": `"Badge"`,
	"type":      `"String"`,
	"strong0":   `[]`,
	"strong":    `[{"MethodType":6,"Default":true},{"MethodType":7,"Default":false},{"MethodType":0,"Default":false}]`,
	"list":      `["10.0.26100.4351"]`,
	"role":      `"Mail.Read"`,
	"licences":  `["[SkuName=ENTERPRISEPREMIUM, AccountId=0, SkuId=c7df2760-2c81-4ef7-b578-5b5392b571df, DisabledPlans=[]]"]`,
	"keys":      `["[KeyIdentifier=8c1f8d3e-0d5e-4d3a-9a3b-0f0e5c1a2b3c,KeyType=Password,KeyUsage=Verify,DisplayName=deploy \"prod\"]"]`,
	"policy":    `{"displayName":"CA001: Require MFA for admins","state":"enabled","conditions":{"users":{"includeUsers":["All"],"excludeUsers":[]}},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}`,
}
