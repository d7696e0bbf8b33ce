package main

// signIn has the members of a Graph sign-in in the service's order.
type signIn struct {
	ID                           string           `json:"id"`
	CreatedDateTime              string           `json:"createdDateTime"`
	UserDisplayName              string           `json:"userDisplayName"`
	UserPrincipalName            string           `json:"userPrincipalName"`
	UserID                       string           `json:"userId"`
	AppID                        string           `json:"appId"`
	AppDisplayName               string           `json:"appDisplayName"`
	AuthenticationRequirement    string           `json:"authenticationRequirement"`
	IPAddress                    string           `json:"ipAddress"`
	ClientAppUsed                string           `json:"clientAppUsed"`
	UserAgent                    string           `json:"userAgent"`
	CorrelationID                string           `json:"correlationId"`
	ConditionalAccessStatus      string           `json:"conditionalAccessStatus"`
	OriginalRequestID            string           `json:"originalRequestId"`
	IsInteractive                bool             `json:"isInteractive"`
	TokenIssuerName              string           `json:"tokenIssuerName"`
	TokenIssuerType              string           `json:"tokenIssuerType"`
	ProcessingTimeInMilliseconds int              `json:"processingTimeInMilliseconds"`
	RiskDetail                   string           `json:"riskDetail"`
	RiskLevelAggregated          string           `json:"riskLevelAggregated"`
	RiskLevelDuringSignIn        string           `json:"riskLevelDuringSignIn"`
	RiskState                    string           `json:"riskState"`
	RiskEventTypesV2             []string         `json:"riskEventTypes_v2"`
	ResourceDisplayName          string           `json:"resourceDisplayName"`
	ResourceID                   string           `json:"resourceId"`
	ResourceTenantID             string           `json:"resourceTenantId"`
	HomeTenantID                 string           `json:"homeTenantId"`
	UserType                     string           `json:"userType"`
	CrossTenantAccessType        string           `json:"crossTenantAccessType"`
	SignInIdentifier             string           `json:"signInIdentifier"`
	SignInEventTypes             []string         `json:"signInEventTypes"`
	ServicePrincipalID           string           `json:"servicePrincipalId"`
	AutonomousSystemNumber       int              `json:"autonomousSystemNumber"`
	UniqueTokenIdentifier        string           `json:"uniqueTokenIdentifier"`
	MFADetail                    *struct{}        `json:"mfaDetail"`
	Status                       status           `json:"status"`
	DeviceDetail                 device           `json:"deviceDetail"`
	Location                     location         `json:"location"`
	AppliedPolicies              []policy         `json:"appliedConditionalAccessPolicies"`
	ProcessingDetails            []keyValue       `json:"authenticationProcessingDetails"`
	NetworkLocationDetails       []networkDetail  `json:"networkLocationDetails"`
	AuthenticationDetails        []authentication `json:"authenticationDetails"`
}

type status struct {
	ErrorCode         int    `json:"errorCode"`
	FailureReason     string `json:"failureReason"`
	AdditionalDetails string `json:"additionalDetails"`
}

type device struct {
	DeviceID        string `json:"deviceId"`
	DisplayName     string `json:"displayName"`
	OperatingSystem string `json:"operatingSystem"`
	Browser         string `json:"browser"`
	IsCompliant     *bool  `json:"isCompliant"`
	IsManaged       *bool  `json:"isManaged"`
	TrustType       string `json:"trustType"`
}

type location struct {
	City            string      `json:"city"`
	State           string      `json:"state"`
	CountryOrRegion string      `json:"countryOrRegion"`
	GeoCoordinates  coordinates `json:"geoCoordinates"`
}

type coordinates struct {
	Altitude  *float64 `json:"altitude"`
	Latitude  float64  `json:"latitude"`
	Longitude float64  `json:"longitude"`
}

type policy struct {
	ID                     string   `json:"id"`
	DisplayName            string   `json:"displayName"`
	EnforcedGrantControls  []string `json:"enforcedGrantControls"`
	EnforcedSession        []string `json:"enforcedSessionControls"`
	Result                 string   `json:"result"`
	ConditionsSatisfied    string   `json:"conditionsSatisfied"`
	ConditionsNotSatisfied string   `json:"conditionsNotSatisfied"`
}

type keyValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type networkDetail struct {
	NetworkType  string   `json:"networkType"`
	NetworkNames []string `json:"networkNames"`
}

type authentication struct {
	StepDateTime    string `json:"authenticationStepDateTime"`
	Method          string `json:"authenticationMethod"`
	MethodDetail    string `json:"authenticationMethodDetail"`
	Succeeded       bool   `json:"succeeded"`
	ResultDetail    string `json:"authenticationStepResultDetail"`
	StepRequirement string `json:"authenticationStepRequirement"`
}
