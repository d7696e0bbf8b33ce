package logs_test

import (
	"strings"
	"testing"

	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

// personal is what documentation and records show to be about a person, by
// log and shape: every path, or every field in it behind .*, has a class. It is
// written from the redaction catalogue, not from the data files.
var personal = []struct {
	log   string
	shape logs.Shape
	paths string
}{
	{"sign_ins", logs.Graph, `userPrincipalName userDisplayName userId signInIdentifier alternateSignInName ipAddress
		ipAddressFromResourceProvider globalSecureAccessIpAddress location.city location.state location.geoCoordinates.*
		deviceDetail.deviceId deviceDetail.displayName deviceDetail.browserId deviceDetail.operatingSystem deviceDetail.browser
		userAgent sessionId clientSessionId uniqueTokenIdentifier correlationId originalRequestId id
		authenticationAppDeviceDetails.deviceId authenticationAppDeviceDetails.operatingSystem
		authenticationDetails[].authenticationMethodDetail mfaDetail.authDetail authenticationProcessingDetails[].value
		status.additionalDetails status.failureReason homeTenantName homeTenantId autonomousSystemNumber
		appliedConditionalAccessPolicies[].displayName networkLocationDetails[].networkNames[] privateLinkDetails.policyName
		appliedEventListeners[].* appId appDisplayName resourceId resourceDisplayName resourceServicePrincipalId
		servicePrincipalId servicePrincipalName servicePrincipalCredentialKeyId servicePrincipalCredentialThumbprint
		federatedCredentialId managedServiceIdentity.associatedResourceId managedServiceIdentity.federatedTokenId
		managedServiceIdentity.federatedTokenIssuer azureResourceId agent.parentAppId agent.agentSubjectParentId`},
	{"directory_audits", logs.Graph, `initiatedBy.user.id initiatedBy.user.displayName initiatedBy.user.userPrincipalName
		initiatedBy.user.ipAddress initiatedBy.user.homeTenantName initiatedBy.linkableIdentifiers.deviceId
		initiatedBy.linkableIdentifiers.sessionId initiatedBy.linkableIdentifiers.tokenDetails.uniqueTokenIdentifier
		initiatedBy.app.* performedBy.appId performedBy.blueprintId targetResources[].id targetResources[].displayName
		targetResources[].userPrincipalName targetResources[].modifiedProperties[].oldValue
		targetResources[].modifiedProperties[].newValue additionalDetails[].value userAgent resultReason correlationId id`},
	{"custom_security_attribute_audits", logs.Graph, `initiatedBy.user.id initiatedBy.user.displayName
		initiatedBy.user.userPrincipalName initiatedBy.user.ipAddress initiatedBy.user.homeTenantName initiatedBy.app.*
		targetResources[].id targetResources[].displayName targetResources[].userPrincipalName
		targetResources[].modifiedProperties[].oldValue targetResources[].modifiedProperties[].newValue
		additionalDetails[].value userAgent resultReason correlationId`},
	{"provisioning", logs.Graph, `initiatedBy.id initiatedBy.displayName sourceIdentity.id sourceIdentity.displayName
		sourceIdentity.details.anything targetIdentity.id targetIdentity.displayName targetIdentity.details.anything
		modifiedProperties[].oldValue modifiedProperties[].newValue provisioningSteps[].description
		provisioningSteps[].details.anything provisioningStatusInfo.errorInformation.reason
		provisioningStatusInfo.errorInformation.additionalDetails servicePrincipal.* sourceSystem.* targetSystem.*`},
	{"risk_detections", logs.Graph, `id userId userDisplayName userPrincipalName ipAddress location.* requestId correlationId
		additionalInfo`},
	{"service_principal_risk_detections", logs.Graph, `servicePrincipalId servicePrincipalDisplayName appId keyIds[]
		ipAddress location.* requestId correlationId additionalInfo`},
	{"risky_users", logs.Graph, `id userDisplayName userPrincipalName`},
	{"risky_user_history", logs.Graph, `id userId userDisplayName userPrincipalName initiatedBy`},
	{"risky_service_principals", logs.Graph, `id appId displayName`},
	{"application_sign_in_summary", logs.Graph, `id appDisplayName`},
	{"application_sign_in_detailed_summary", logs.Graph, `id appId appDisplayName status.failureReason status.additionalDetails`},
	{"service_principal_sign_in_activity", logs.Graph, `id appId lastSignInActivity.lastSignInRequestId
		delegatedClientSignInActivity.lastNonInteractiveSignInRequestId`},
	{"app_credential_sign_in_activity", logs.Graph, `id keyId appId appObjectId servicePrincipalObjectId resourceId
		signInActivity.lastSignInRequestId`},
	{"user_registration_details", logs.Graph, `id userPrincipalName userDisplayName`},
	{"microsoft_graph_activity", logs.Diagnostic, `properties.userId properties.ipAddress properties.userAgent
		properties.requestUri properties.deviceId properties.sessionId properties.signInActivityId properties.uniqueTokenId
		properties.servicePrincipalId properties.C_DeviceId properties.c_Sid properties.appId callerIpAddress identity location
		correlationId resultDescription`},
	{"sign_ins", logs.Diagnostic, `callerIpAddress identity location correlationId resultDescription
		properties.userPrincipalName properties.location.city properties.userAdministrativeUnits properties.unknown`},
	{"provisioning", logs.Diagnostic, `properties.initiatedBy.Id properties.initiatedBy.Name properties.sourceIdentity.Id
		properties.sourceIdentity.Name properties.targetIdentity.Name`},
	{"sign_ins", logs.LogAnalytics, `Identity IPAddress ResultDescription CorrelationId UserPrincipalName UserDisplayName
		UserId AlternateSignInName DeviceDetail.displayName AuthenticationDetails MfaDetail NetworkLocationDetails
		LocationDetails.city Status.failureReason`},
	{"directory_audits", logs.LogAnalytics, `Identity InitiatedBy.user.userPrincipalName AdditionalDetails
		TargetResources[].userPrincipalName`},
	{"microsoft_graph_activity", logs.LogAnalytics, `UserId IPAddress UserAgent RequestUri SignInActivityId UniqueTokenId`},
}

func TestPersonalFieldsHaveAClass(t *testing.T) {
	for _, p := range personal {
		s := lookup(t, p.log, p.shape)
		for _, text := range strings.Fields(p.paths) {
			if inside, ok := strings.CutSuffix(text, ".*"); ok {
				outer, n := path(t, inside), 0
				for _, l := range s.Leaves() {
					if l.Path.Within(outer) {
						n++
						if l.Class == schema.None {
							t.Errorf("%s, %s: %s has no class", p.log, p.shape, l.Path)
						}
					}
				}
				if n == 0 {
					t.Errorf("%s, %s: nothing is in %s", p.log, p.shape, inside)
				}
				continue
			}
			f, err := s.Lookup(path(t, text))
			if text == "properties.unknown" {
				if err == nil {
					t.Error("a field that nobody knows is known")
				}
				continue
			}
			if err != nil || f.Class == schema.None {
				t.Errorf("%s, %s: %s has no class: %v", p.log, p.shape, text, err)
			}
		}
	}
}

// TestClasses holds fields that are easily tagged wrong to their class.
func TestClasses(t *testing.T) {
	tests := []struct {
		log, path string
		want      schema.Class
	}{
		{"sign_ins", "location.city", schema.Quasi},
		{"sign_ins", "location.state", schema.Quasi},
		{"sign_ins", "location.geoCoordinates.latitude", schema.Quasi},
		{"sign_ins", "location.countryOrRegion", schema.None},
		{"sign_ins", "autonomousSystemNumber", schema.Quasi},
		{"sign_ins", "deviceDetail.operatingSystem", schema.Quasi},
		{"sign_ins", "deviceDetail.browser", schema.Quasi},
		{"sign_ins", "deviceDetail.displayName", schema.Given},
		{"sign_ins", "userAgent", schema.Quasi},
		{"sign_ins", "appliedConditionalAccessPolicies[].displayName", schema.Given},
		{"sign_ins", "networkLocationDetails[].networkNames[]", schema.Given},
		{"sign_ins", "status.errorCode", schema.None},
		{"sign_ins", "status.failureReason", schema.FreeText},
		{"sign_ins", "status", schema.FreeText},
		{"sign_ins", "mfaDetail.authDetail", schema.Direct},
		{"sign_ins", "mfaDetail.authMethod", schema.None},
		{"sign_ins", "ipAddress", schema.Online},
		{"sign_ins", "appId", schema.Workload},
		{"directory_audits", "targetResources[].modifiedProperties[].displayName", schema.None},
		{"directory_audits", "initiatedBy.user.more", schema.FreeText},
		{"provisioning", "targetIdentity.details", schema.FreeText},
		{"provisioning", "targetIdentity.details.userName", schema.FreeText},
		{"provisioning", "targetSystem.details.ApplicationId", schema.Workload},
	}
	for _, test := range tests {
		f, err := lookup(t, test.log, logs.Graph).Lookup(path(t, test.path))
		if err != nil || f.Class != test.want {
			t.Errorf("%s, %s: got %s, want %s: %v", test.log, test.path, f.Class, test.want, err)
		}
	}
}

func TestJSONTextAndBags(t *testing.T) {
	tests := []struct {
		log, path string
		kind      schema.Kind
	}{
		{"directory_audits", "targetResources[].modifiedProperties[].oldValue", schema.JSON},
		{"directory_audits", "targetResources[].modifiedProperties[].newValue", schema.JSON},
		{"provisioning", "modifiedProperties[].newValue", schema.JSON},
		{"risk_detections", "additionalInfo", schema.JSON},
		{"service_principal_risk_detections", "additionalInfo", schema.JSON},
		{"provisioning", "provisioningSteps[].details", schema.Object},
		{"provisioning", "provisioningSteps[].details.any thing", schema.Any},
	}
	for _, test := range tests {
		f, err := lookup(t, test.log, logs.Graph).Lookup(path(t, test.path))
		kind := schema.Any
		if f.Type != nil {
			kind = f.Type.Kind
		}
		if err != nil || kind != test.kind {
			t.Errorf("%s, %s: got %s, want %s: %v", test.log, test.path, kind, test.kind, err)
		}
	}
}
