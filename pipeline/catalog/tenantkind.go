package catalog

import (
	"slices"

	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/internal/azure"
	"github.com/logpipe/logpipe/pipeline/addr"
)

// tenantClass stands where kinds have source, transform or sink.
const tenantClass addr.Class = "tenant"

// What holds for a simulated tenant that does not say otherwise.
const (
	simulatedSeed  = 1
	simulatedUsers = 100
	simulatedStart = "2026-11-01T00:00:00Z"
	simulatedDays  = 7
)

// TenantKind describes the block `tenant "NAME"` in the form of a kind, for
// references and editors. It has no name and no constructor.
func TenantKind() *Kind {
	return &Kind{
		Class: tenantClass,
		Doc:   "An Entra tenant and how to sign in to it: a real one, or one that is simulated in this process. Refer to it as tenant.NAME, or tenant.NAME[\"key\"] if it has for_each.",
		Body: Block{
			Attrs: []Attr{
				{Name: "id", Required: true,
					Doc: "The tenant's GUID, or one of its verified domains. It becomes part of what a source is: another id is another source. A simulated tenant needs none and has an invented one that follows from its seed."},
				{Name: "cloud", OneOf: azure.CloudNames(), Default: "global",
					Doc: "The cloud that the tenant is in. Tokens are sent to this cloud's own hosts only."},
			},
			Blocks: []Nested{
				{Name: "auth", Labels: []string{"kind"}, Max: 1, Variants: authVariants(),
					Doc: "How to sign in. Without it: as with auth \"default\". A simulated tenant ignores it."},
				{Name: "budget", Max: 1,
					Doc: "How much of the API's limits this program may use.",
					Block: Block{Attrs: []Attr{{Name: "share", Type: cty.Number, Required: true,
						Doc: "The part of the limits to use, greater than 0 and at most 1. Less than 1 leaves room for another program that uses the same app registration."}}}},
				{Name: "simulate", Max: 1, Block: simulateBlock(),
					Doc: "Serves a whole invented tenant in this process instead of asking a real one: the same HTTP, the same paging, the same faults. The same settings give the same records."},
			},
		},
	}
}

// authVariants says what each kind of auth takes.
func authVariants() []Variant {
	clientID := Attr{Name: "client_id", Required: true, Doc: "The application's (client) id, a GUID."}
	own := func(doc string) Attr { return Attr{Name: "client_id", Doc: doc} }
	return []Variant{
		{Label: azure.AuthDefault, Doc: "Whatever the machine offers, in Azure's usual order: the environment's AZURE_… variables, workload identity, managed identity, the signed-in az."},
		{Label: azure.AuthWorkloadIdentity, Doc: "A federated token that the platform writes into a file, as in Kubernetes.",
			Block: Block{Attrs: []Attr{
				own("The application's id. Without it: AZURE_CLIENT_ID of the environment."),
				{Name: "token_file", Doc: "The path of the federated token, relative to the pipeline's directory. Without it: AZURE_FEDERATED_TOKEN_FILE of the environment."},
			}}},
		{Label: azure.AuthManagedIdentity, Doc: "The identity of the Azure machine that this runs on.",
			Block: Block{Attrs: []Attr{own("The client id of a user-assigned identity. Without it: the machine's own identity.")}}},
		{Label: azure.AuthGitHubActions, Doc: "The token of a GitHub Actions job that has the permission id-token: write.",
			Block: Block{Attrs: []Attr{clientID,
				{Name: "audience", Default: "api://AzureADTokenExchange", Doc: "The audience of the federated credential."}}}},
		{Label: azure.AuthClientSecret, Doc: "A client secret of an application.",
			Block: Block{Attrs: []Attr{clientID,
				{Name: "secret", Required: true, Secret: true, Doc: "The client secret. Give it with a sensitive variable."}}}},
		{Label: azure.AuthClientCertificate, Doc: "A certificate of an application.",
			Block: Block{Attrs: []Attr{clientID,
				{Name: "certificate_path", Doc: "The path of a PEM or PKCS #12 file with the certificate and its private key, relative to the pipeline's directory."},
				{Name: "certificate", Secret: true, Doc: "The same as PEM text, instead of certificate_path. Give it with a sensitive variable."},
				{Name: "password", Secret: true, Doc: "The password of the certificate's file."}}}},
		{Label: azure.AuthAzureCLI, Doc: "Whoever is signed in with az login. For people, not for schedules."},
		{Label: azure.AuthDeviceCode, Doc: "A person signs in with a code in a browser. For people, not for schedules.",
			Block: Block{Attrs: []Attr{own("The application's id. Without it: the Azure CLI's.")}}},
	}
}

// simulateBlock describes the settings of a simulated tenant.
func simulateBlock() Block {
	faults := Block{}
	for _, f := range allFaults {
		a := Attr{Name: f.name, Type: cty.Number, Default: "0", Doc: f.doc}
		if f.most != 1 {
			a.Default = ""
		}
		faults.Attrs = append(faults.Attrs, a)
	}
	return Block{
		Attrs: []Attr{
			{Name: "seed", Type: cty.Number, Default: "1", Doc: "A whole number. Another seed is another tenant with other people and records."},
			{Name: "users", Type: cty.Number, Default: "100", Doc: "How many people it has, 1 to 100000."},
			{Name: "start", Default: simulatedStart, Doc: "When its records begin, in RFC 3339."},
			{Name: "days", Type: cty.Number, Default: "7", Doc: "For how many days it has records, 1 to 3660."},
		},
		Blocks: []Nested{{Name: "faults", Max: 1, Block: faults,
			Doc: "How often the service misbehaves: probabilities from 0 to 1, where nothing else is said."}},
	}
}

// fault is one number that `faults` takes.
type fault struct {
	name string
	most float64 // 1 for probabilities
	doc  string
}

// allFaults lists the faults that a simulated tenant can have.
var allFaults = [...]fault{
	{"late", 1, "A record is seen 2 minutes to 12 hours after its time."},
	{"change_in_place", 1, "A record changes after it was first seen: details fill in, risk moves."},
	{"unknown_properties", 1, "A record has members that no schema knows."},
	{"unknown_enums", 1, "An enumeration has a member that no schema knows."},
	{"schema_change_after", 3660, "Days from the start, after which every record has a new member, old records too. Without it: never."},
	{"duplicate_across_pages", 1, "The last records of a page stand on the next page too."},
	{"unstable_pages", 1, "Records of a page are out of order, and its last comes on the next page."},
	{"empty_pages", 1, "A page has no records and a link to the next one."},
	{"null_next_link", 1, "The last page has a link to the next one that is null."},
	{"cut_body", 1, "An answer with status 200 ends inside a record."},
	{"dead_skip_token", 1, "The token of a page is not known any more, and stays so."},
	{"server_errors", 1, "An answer is 500, 502, 503 or 504."},
	{"timeouts", 1, "The connection ends without an answer."},
	{"hang_seconds", 3600, "How long a connection hangs before it ends without an answer."},
	{"too_many", 1, "An answer is 429: too many requests."},
	{"too_many_without_retry_after", 1, "1: answers 429 never say how long to wait."},
	{"retry_after_date", 1, "1: answers 429 say as a date how long to wait."},
	{"expire_tokens", 1, "An answer is 401, and the token is dead from then on."},
	{"claims_challenge", 1, "An answer is 401 that asks for a token with claims."},
	{"flap_forbidden", 1, "An answer is 403, as for a tenant without licence."},
}

// FaultNames lists the faults that `simulate` takes, sorted.
func FaultNames() []string {
	names := make([]string, len(allFaults))
	for i, f := range allFaults {
		names[i] = f.name
	}
	slices.Sort(names)
	return names
}
