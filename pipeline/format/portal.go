package format

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/logpipe/logpipe/pipeline/record"
)

// PortalLogs lists the logs for which Portal knows the columns, by catalogue
// name.
func PortalLogs(workloads bool) []string {
	if workloads {
		return []string{"sign_ins"}
	}
	return []string{"sign_ins", "directory_audits"}
}

// Portal returns the columns of the CSV file that the Entra portal downloads
// for a log, in its order and under its names; ok is false if they are not
// known. Of sign-ins the portal makes one file for users and another, narrower
// one for workloads; other logs have no workloads. The columns read records of the Graph shape; the first is
// the time. What a record does not have is an empty cell. docs/formats.md has
// the mapping.
func Portal(l *record.Layout, log string, workloads bool) (cols []Column, ok bool) {
	switch {
	case log == "sign_ins" && workloads:
		return portalColumns(l, portalWorkloads), true
	case log == "sign_ins":
		return portalColumns(l, portalUsers), true
	case log == "directory_audits" && !workloads:
		cols = portalColumns(l, portalAudits)
		return append(cols, Column{cells: newTargets(l)}, Column{cells: newDetails(l)}), true
	}
	return nil, false
}

// The columns, one a line: the portal's name, quoted because spaces at its end
// and inside count, then where its value stands. a|b is a, or b where a is null
// or missing; a+b are the texts that there are, with a comma between; what
// stands in brackets is made by the function of that name.
const (
	portalUsers = `
"Date (UTC)" createdDateTime
"Request ID" id
"User agent" userAgent
"Correlation ID" correlationId
"User ID" userId
"User" userDisplayName
"Username" userPrincipalName
"User type" userType
"Cross tenant access type" crossTenantAccessType
"Incoming token type" incomingTokenType
"Authentication Protocol" authenticationProtocol
"Unique token identifier" uniqueTokenIdentifier
"Original transfer method" originalTransferMethod
"Client credential type" clientCredentialType
"Token Protection - Sign In Session" tokenProtectionStatusDetails.signInSessionStatus
"Token Protection - Sign In Session StatusCode" tokenProtectionStatusDetails.signInSessionStatusCode
"Application" appDisplayName
"Application ID " appId
"App owner tenant ID" appOwnerTenantId
"Resource" resourceDisplayName
"Resource ID " resourceId
"Resource tenant ID" resourceTenantId
"Resource owner tenant ID" resourceOwnerTenantId
"Home tenant ID" homeTenantId
"Home tenant name" homeTenantName
"IP address" ipAddress
"Location" location.city+location.state+location.countryOrRegion
"Status" status(status.errorCode)
"Sign-in error code" status.errorCode
"Failure reason" status.failureReason
"Client app" clientAppUsed
"Device ID" deviceDetail.deviceId
"Browser" deviceDetail.browser
"Operating System" deviceDetail.operatingSystem
"Compliant" deviceDetail.isCompliant
"Managed" deviceDetail.isManaged
"Join Type" deviceDetail.trustType
"Multifactor authentication result" status.additionalDetails
"Multifactor authentication auth method" mfaDetail.authMethod
"Multifactor authentication auth detail" mfaDetail.authDetail
"Authentication requirement" authenticationRequirement
"Sign-in identifier" signInIdentifier
"Session ID" sessionId
"IP address (seen by resource)" ipAddressFromResourceProvider
"Through Global Secure Access" isThroughGlobalSecureAccess
"Global Secure Access IP address" globalSecureAccessIpAddress
"Autonomous system  number" autonomousSystemNumber
"Flagged for review" flaggedForReview
"Token issuer type" tokenIssuerType
"Incoming token type" incomingTokenType
"Token issuer name" tokenIssuerName
"Latency" processingTimeInMilliseconds
"Conditional Access" conditionalAccessStatus
"Managed Identity type" managedServiceIdentity.msiType
"Associated Resource Id" managedServiceIdentity.associatedResourceId
"Federated Token Id" managedServiceIdentity.federatedTokenId
"Federated Token Issuer" managedServiceIdentity.federatedTokenIssuer`

	portalWorkloads = `
"Date (UTC)" createdDateTime
"Request ID" id
"Correlation ID" correlationId
"Service principal ID" servicePrincipalId
"Service principal name" servicePrincipalName
"Credential key ID" servicePrincipalCredentialKeyId
"Credential thumbprint" servicePrincipalCredentialThumbprint
"Application" appDisplayName
"Application ID" appId
"App owner tenant ID" appOwnerTenantId
"Resource" resourceDisplayName
"Resource ID" resourceId
"Resource tenant ID" resourceTenantId
"Resource owner tenant ID" resourceOwnerTenantId
"Home tenant ID" homeTenantId
"Home tenant name" homeTenantName
"IP address" ipAddress
"Location" location.city+location.state+location.countryOrRegion
"Status" status(status.errorCode)
"Sign-in error code" status.errorCode
"Failure reason" status.failureReason
"Conditional Access" conditionalAccessStatus`

	portalAudits = `
"Date (UTC)" activityDateTime
"CorrelationId" correlationId
"Service" loggedByService
"Category" category
"Activity" activityDisplayName
"Result" result
"ResultReason" resultReason
"User Agent" userAgent
"ActorType" actor(initiatedBy.user initiatedBy.app)
"ActorDisplayName" initiatedBy.user.displayName|initiatedBy.app.displayName
"ActorObjectId" initiatedBy.user.id
"ActorUserPrincipalName" initiatedBy.user.userPrincipalName
"IPAddress" initiatedBy.user.ipAddress
"ActorHomeTenantId" initiatedBy.user.homeTenantId
"ActorHomeTenantName" initiatedBy.user.homeTenantName
"ActorServicePrincipalId" initiatedBy.app.servicePrincipalId
"ActorServicePrincipalName" initiatedBy.app.servicePrincipalName`
)

func portalColumns(l *record.Layout, table string) []Column {
	var cols []Column
	for row := range strings.Lines(strings.TrimSpace(table)) {
		row = strings.TrimSpace(row)
		quoted, _ := strconv.QuotedPrefix(row)
		name, _ := strconv.Unquote(quoted)
		cols = append(cols, portalColumn(l, name, strings.TrimSpace(row[len(quoted):])))
	}
	return cols
}

func portalColumn(l *record.Layout, name, from string) Column {
	slots := func(sep string) []record.Slot {
		var all []record.Slot
		for text := range strings.SplitSeq(from, sep) {
			all = append(all, l.Slot(dotted(text)))
		}
		return all
	}
	made, arguments, _ := strings.Cut(from, "(")
	arguments = strings.TrimSuffix(arguments, ")")
	switch {
	case made == "status":
		return Column{Name: name, cells: status(l.Slot(dotted(arguments)))}
	case made == "actor":
		user, app, _ := strings.Cut(arguments, " ")
		return Column{Name: name, cells: actor{l.Slot(dotted(user)), l.Slot(dotted(app))}}
	case strings.Contains(from, "|"):
		return Column{Name: name, cells: either(slots("|"))}
	case strings.Contains(from, "+"):
		return Column{Name: name, cells: joined(slots("+"))}
	}
	p := dotted(from)
	return Column{Name: name, Path: p, Slot: l.Slot(p)}
}

// dotted is the path of names with dots between.
func dotted(text string) record.Path {
	var steps []record.Step
	for key := range strings.SplitSeq(text, ".") {
		steps = append(steps, record.Step{Key: key})
	}
	return record.PathOf(steps...)
}

// status says how a sign-in ended, by its error code. The portal also says
// Interrupted for some codes; which, Microsoft does not publish.
type status record.Slot

func (c status) header() []string { return nil }

func (c status) append(w *Writer, dst []byte, b *record.Batch, i int) ([]byte, error) {
	v := b.Value(i, record.Slot(c))
	switch {
	case v.IsNull():
		return dst, nil
	case string(v.Raw()) == "0":
		return append(dst, "Success"...), nil
	}
	return append(dst, "Failure"...), nil
}

// actor says what acted.
type actor struct{ user, app record.Slot }

func (c actor) header() []string { return nil }

func (c actor) append(w *Writer, dst []byte, b *record.Batch, i int) ([]byte, error) {
	switch {
	case b.Value(i, c.user).Kind() == record.Object:
		return append(dst, "User"...), nil
	case b.Value(i, c.app).Kind() == record.Object:
		return append(dst, "Application"...), nil
	}
	return dst, nil
}

// either is the first value that there is.
type either []record.Slot

func (c either) header() []string { return nil }

func (c either) append(w *Writer, dst []byte, b *record.Batch, i int) ([]byte, error) {
	for _, s := range c {
		if v := b.Value(i, s); !v.IsNull() {
			return w.appendValue(dst, v)
		}
	}
	return dst, nil
}

// joined is all texts that are not empty, with a comma and a space between.
type joined []record.Slot

func (c joined) header() []string { return nil }

func (c joined) append(w *Writer, dst []byte, b *record.Batch, i int) ([]byte, error) {
	w.text = w.text[:0]
	for _, s := range c {
		v := b.Value(i, s)
		if v.Kind() != record.String || len(v.Raw()) == 2 {
			continue
		}
		if len(w.text) > 0 {
			w.text = append(w.text, ", "...)
		}
		var err error
		if w.text, err = v.AppendText(w.text); err != nil {
			return dst, err
		}
	}
	if len(w.text) == 0 {
		return dst, nil
	}
	return appendCell(dst, w.text), nil
}

// How many elements of a list have columns. A list that is longer is cut, as
// the portal cuts it: five properties are its own number.
const (
	portalTargets    = 3
	portalProperties = 5
	portalDetails    = 8
)

// targets is the columns of the resources that an audit record is about.
type targets struct {
	slot  record.Slot
	names []string
}

func newTargets(l *record.Layout) targets {
	t := targets{slot: l.Slot(dotted("targetResources"))}
	for n := 1; n <= portalTargets; n++ {
		target := fmt.Sprintf("Target%d", n)
		t.names = append(t.names, target+"Type", target+"DisplayName", target+"ObjectId", target+"UserPrincipalName")
		for k := 1; k <= portalProperties; k++ {
			property := fmt.Sprintf("%sModifiedProperty%d", target, k)
			t.names = append(t.names, property+"Name", property+"OldValue", property+"NewValue")
		}
	}
	return t
}

func (t targets) header() []string { return t.names }

func (t targets) append(w *Writer, dst []byte, b *record.Batch, i int) ([]byte, error) {
	var own [4]record.Value
	var property [3]record.Value
	for n, target := range elements(b.Value(i, t.slot), portalTargets) {
		if n > 0 {
			dst = append(dst, ',')
		}
		members(target, own[:], "type", "displayName", "id", "userPrincipalName")
		var err error
		if dst, err = w.appendValues(dst, own[:]); err != nil {
			return dst, err
		}
		for _, p := range elements(member(target, "modifiedProperties"), portalProperties) {
			members(p, property[:], "displayName", "oldValue", "newValue")
			if dst, err = w.appendValues(append(dst, ','), property[:]); err != nil {
				return dst, err
			}
		}
	}
	return dst, nil
}

// details is the columns of an audit record's additional details.
type details struct {
	slot  record.Slot
	names []string
}

func newDetails(l *record.Layout) details {
	d := details{slot: l.Slot(dotted("additionalDetails"))}
	for n := 1; n <= portalDetails; n++ {
		d.names = append(d.names, fmt.Sprintf("AdditionalDetail%dKey", n), fmt.Sprintf("AdditionalDetail%dValue", n))
	}
	return d
}

func (d details) header() []string { return d.names }

func (d details) append(w *Writer, dst []byte, b *record.Batch, i int) ([]byte, error) {
	var pair [2]record.Value
	for n, detail := range elements(b.Value(i, d.slot), portalDetails) {
		if n > 0 {
			dst = append(dst, ',')
		}
		members(detail, pair[:], "key", "value")
		var err error
		if dst, err = w.appendValues(dst, pair[:]); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// elements returns the first n elements of a list, missing ones where it has
// fewer.
func elements(list record.Value, n int) []record.Value {
	out := make([]record.Value, n)
	if list.Kind() != record.Array {
		return out
	}
	i := 0
	list.Each(func(_ []byte, v record.Value) bool {
		out[i] = v
		i++
		return i < n
	})
	return out
}

func member(object record.Value, key string) record.Value {
	var v [1]record.Value
	members(object, v[:], key)
	return v[0]
}

// members finds members of an object by name; case does not matter, because the
// service mixes type and Type in one list. Of several the last one counts.
func members(object record.Value, into []record.Value, keys ...string) {
	clear(into)
	if object.Kind() != record.Object {
		return
	}
	object.Each(func(key []byte, v record.Value) bool {
		for i, k := range keys {
			if bytes.EqualFold(key, []byte(k)) {
				into[i] = v
			}
		}
		return true
	})
}
