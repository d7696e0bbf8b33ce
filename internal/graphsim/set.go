package graphsim

import (
	"slices"
	"strings"

	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

// family is the budget that requests for a set are counted against.
type family string

const (
	reports            family = "reports"
	identityProtection family = "identity_protection"
)

// set is what one path of the API lists.
type set struct {
	log     logs.Log
	path    string // below the version; {id} is a user's id
	kind    string // name of the entity type
	version string // in which the catalogue reads the log
	both    bool   // v1.0 has it too
	page    int    // records on a page unless $top says otherwise
	max     int    // of $top; 0: the set has no $top
	family  family

	feeds []feed // of an event set
	table feed   // of a table
	main  string // the time that events are sorted by

	filters map[string]string // property to its operators
	caseful bool              // text in filters is compared exactly
	order   []string          // properties of $orderby
	options string            // besides $filter, $top and $skiptoken
	lags    map[string]lag
}

// lag bounds another time of an event: its main time lies at most behind
// seconds after and ahead seconds before that time.
type lag struct{ behind, ahead int64 }

const (
	times    = "eq ge gt le lt"
	textEq   = "eq"
	textHead = "eq startswith"
)

// newSets returns the sets by path.
func (t *Tenant) newSets() map[string]*set {
	signIns := map[string]string{"createdDateTime": times, "signInEventTypes/any": "eq ne", "status/errorCode": textEq, "isInteractive": textEq}
	for _, name := range strings.Fields("id appId userId correlationId resourceId resourceDisplayName clientAppUsed conditionalAccessStatus riskState riskDetail riskLevelAggregated riskLevelDuringSignIn servicePrincipalId originalRequestId uniqueTokenIdentifier userType crossTenantAccessType authenticationRequirement") {
		signIns[name] = textEq
	}
	for _, name := range strings.Fields("appDisplayName ipAddress userDisplayName userPrincipalName servicePrincipalName location/city location/state location/countryOrRegion deviceDetail/browser deviceDetail/operatingSystem") {
		signIns[name] = textHead
	}
	audits := map[string]string{"activityDateTime": times, "id": textEq, "correlationId": textEq, "category": textEq, "loggedByService": textEq, "result": textEq, "activityDisplayName": textHead,
		"initiatedBy/user/id": textEq, "initiatedBy/user/displayName": textEq, "initiatedBy/user/userPrincipalName": textHead,
		"initiatedBy/app/appId": textEq, "initiatedBy/app/displayName": textEq, "targetResources/any/id": textEq, "targetResources/any/displayName": textHead}
	risks := map[string]string{"detectedDateTime": times, "activityDateTime": times, "lastUpdatedDateTime": times, "id": textEq, "userId": textEq, "userPrincipalName": textEq,
		"riskLevel": textEq, "riskState": textEq, "riskDetail": textEq, "riskEventType": textEq, "requestId": textEq, "correlationId": textEq, "servicePrincipalId": textEq, "appId": textEq, "ipAddress": textEq}
	users := map[string]string{"riskLastUpdatedDateTime": times, "id": textEq, "riskLevel": textEq, "riskState": textEq, "riskDetail": textEq, "userPrincipalName": textEq, "isDeleted": textEq, "appId": textEq, "isProcessing": textEq}
	registration := map[string]string{"id": textEq, "userPrincipalName": textHead, "userDisplayName": textHead, "userType": textEq, "isAdmin": textEq, "isMfaCapable": textEq, "isMfaRegistered": textEq, "lastUpdatedDateTime": times}
	provisioning := map[string]string{"activityDateTime": "eq gt lt", "id": textEq, "jobId": "eq contains", "cycleId": textEq, "changeId": textEq, "tenantId": textEq, "provisioningAction": textEq,
		"sourceIdentity/displayName": "eq contains", "targetIdentity/displayName": "eq contains", "servicePrincipal/id": textEq, "provisioningStatusInfo/status": textEq}
	lags := map[string]lag{"lastUpdatedDateTime": {behind: 0, ahead: 50 * 3600}, "activityDateTime": {behind: 2 * day, ahead: 0}}
	all := []set{
		{log: named("sign_ins"), kind: "signIn", both: true, page: 1000, max: 1000, feeds: []feed{feedInteractive}, main: "createdDateTime", filters: signIns, order: []string{"createdDateTime"}},
		{log: named("directory_audits"), kind: "directoryAudit", both: true, page: 1000, max: 1000, feeds: []feed{feedAudit}, main: "activityDateTime", filters: audits, order: []string{"activityDateTime"}, options: "$select"},
		{log: named("provisioning"), kind: "provisioningObjectSummary", both: true, page: 1000, max: 1000, feeds: []feed{feedProvisioning}, main: "activityDateTime", filters: provisioning, caseful: true, order: []string{"activityDateTime"}},
		{log: named("custom_security_attribute_audits"), kind: "customSecurityAttributeAudit", page: 100, max: 100, feeds: []feed{feedAttribute}, main: "activityDateTime", filters: audits, order: []string{"activityDateTime"}},
		{log: named("risk_detections"), kind: "riskDetection", both: true, page: 20, max: 500, feeds: []feed{feedRisk}, main: "detectedDateTime", filters: risks, options: "$select", lags: lags},
		{log: named("service_principal_risk_detections"), kind: "servicePrincipalRiskDetection", both: true, page: 20, max: 500, feeds: []feed{feedWorkloadRisk}, main: "detectedDateTime", filters: risks, options: "$select", lags: lags},
		{log: named("risky_users"), kind: "riskyUser", both: true, page: 20, max: 500, table: tableRiskyUsers, filters: users, options: "$select $count"},
		{log: named("risky_user_history"), kind: "riskyUserHistoryItem", both: true, page: 20, max: 500, table: tableHistory, filters: users, options: "$select"},
		{log: named("risky_service_principals"), kind: "riskyServicePrincipal", both: true, page: 20, max: 500, table: tableRiskyWorkloads, filters: users, options: "$select $count"},
		{log: named("application_sign_in_summary"), kind: "applicationSignInSummary", page: 1000, max: 1000, table: tableAppSummary, filters: map[string]string{"id": textEq}},
		{log: named("application_sign_in_detailed_summary"), kind: "applicationSignInDetailedSummary", page: 1000, max: 1000, table: tableAppDetail, filters: map[string]string{"aggregatedEventDateTime": times, "appId": textEq, "appDisplayName": textEq}},
		{log: named("service_principal_sign_in_activity"), kind: "servicePrincipalSignInActivity", page: 1000, max: 1000, table: tableActivity, filters: map[string]string{"appId": textEq}, options: "$orderby"},
		{log: named("app_credential_sign_in_activity"), kind: "appCredentialSignInActivity", page: 1000, max: 1000, table: tableCredential, filters: map[string]string{"keyId": textEq, "appId": textEq}, options: "$orderby"},
		{log: named("user_registration_details"), kind: "userRegistrationDetails", both: true, page: 1000, max: 1000, table: tableRegistration, filters: registration, order: []string{"lastUpdatedDateTime"}},
	}
	out := map[string]*set{}
	for i := range all {
		s := &all[i]
		s.path, s.version, s.family = strings.TrimPrefix(s.log.Path, "/"), s.log.Version, family(s.log.Budget)
		if !slices.Contains(t.o.Absent, s.log.Name) {
			out[s.path] = s
		}
	}
	return out
}

func named(name string) logs.Log {
	l, _ := logs.Get(name)
	return l
}

// logSet returns the set of a log.
func (t *Tenant) logSet(log string) (*set, bool) {
	l, ok := logs.Get(log)
	if !ok {
		return nil, false
	}
	s, ok := t.sets[strings.TrimPrefix(l.Path, "/")]
	return s, ok
}

// allowed reports whether a set has a query option.
func (s *set) allowed(option string) bool {
	return slices.Contains(strings.Fields(s.options), option)
}

// streamFeeds are the feeds of sign-ins by their event type.
var streamFeeds = map[string]feed{
	"interactiveUser": feedInteractive, "nonInteractiveUser": feedNonInteractive,
	"servicePrincipal": feedWorkload, "managedIdentity": feedManaged,
}
