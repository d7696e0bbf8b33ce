package graph

import (
	"context"
	"fmt"
	"strings"

	kiota "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/auditlogs"
	"github.com/microsoftgraph/msgraph-sdk-go/identityprotection"
	"github.com/microsoftgraph/msgraph-sdk-go/reports"

	"github.com/logpipe/logpipe/sources/entra/paging"
)

// information builds a request: by the SDK's builder of the path if it has one,
// else (beta only) from a template of the same form. Builders are made anew for
// every request; v1.0 and beta differ in the adapter's base only.
func information(ctx context.Context, adapter kiota.RequestAdapter, r paging.Request) (*kiota.RequestInformation, error) {
	start := map[string]string{"baseurl": adapter.GetBaseUrl()}
	if r.Next != "" {
		start = map[string]string{"request-raw-url": r.Next}
	}
	info, err := build(ctx, adapter, r, start)
	if err != nil {
		return nil, err
	}
	if r.Next == "" {
		if r.Filter != "" {
			info.QueryParametersAny["%24filter"] = r.Filter
		}
		if r.Order != "" {
			info.QueryParametersAny["%24orderby"] = []string{r.Order}
		}
		if r.Top > 0 {
			info.QueryParametersAny["%24top"] = int32(r.Top)
		}
	}
	info.Headers.TryAdd("Accept", "application/json")
	// On every page: without it the service writes unknownFutureValue for
	// members that v1.0 had not when it was new.
	info.Headers.Add("Prefer", "include-unknown-enum-members")
	info.Headers.Add("x-ms-throttle-priority", "low")
	return info, nil
}

func build(ctx context.Context, adapter kiota.RequestAdapter, r paging.Request, start map[string]string) (*kiota.RequestInformation, error) {
	switch r.Path {
	case "/auditLogs/signIns":
		return auditlogs.NewSignInsRequestBuilderInternal(start, adapter).ToGetRequestInformation(ctx, nil)
	case "/auditLogs/directoryAudits":
		return auditlogs.NewDirectoryAuditsRequestBuilderInternal(start, adapter).ToGetRequestInformation(ctx, nil)
	case "/auditLogs/provisioning":
		return auditlogs.NewProvisioningRequestBuilderInternal(start, adapter).ToGetRequestInformation(ctx, nil)
	case "/identityProtection/riskDetections":
		return identityprotection.NewRiskDetectionsRequestBuilderInternal(start, adapter).ToGetRequestInformation(ctx, nil)
	case "/identityProtection/servicePrincipalRiskDetections":
		return identityprotection.NewServicePrincipalRiskDetectionsRequestBuilderInternal(start, adapter).ToGetRequestInformation(ctx, nil)
	case "/identityProtection/riskyUsers":
		return identityprotection.NewRiskyUsersRequestBuilderInternal(start, adapter).ToGetRequestInformation(ctx, nil)
	case "/identityProtection/riskyUsers/{id}/history":
		if r.Next == "" {
			start["riskyUser%2Did"] = r.ID
		}
		return identityprotection.NewRiskyUsersItemHistoryRequestBuilderInternal(start, adapter).ToGetRequestInformation(ctx, nil)
	case "/identityProtection/riskyServicePrincipals":
		return identityprotection.NewRiskyServicePrincipalsRequestBuilderInternal(start, adapter).ToGetRequestInformation(ctx, nil)
	case "/reports/authenticationMethods/userRegistrationDetails":
		return reports.NewAuthenticationMethodsUserRegistrationDetailsRequestBuilderInternal(start, adapter).ToGetRequestInformation(ctx, nil)
	}
	path := r.Path
	if strings.Contains(path, "{period}") {
		path = strings.ReplaceAll(path, "{period}", "D7")
	}
	if strings.ContainsAny(path, "{}") {
		return nil, fmt.Errorf("nothing to put into the path %s", r.Path)
	}
	return kiota.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(kiota.GET,
		"{+baseurl}"+path+"{?%24filter,%24orderby,%24top}", start), nil
}
