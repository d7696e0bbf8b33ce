package azure

import (
	"slices"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
)

// Cloud is a family of hosts. Tokens of one cloud mean nothing in another.
type Cloud struct {
	Name    string // as it stands in a pipeline file
	Login   string // host that gives tokens
	Graph   string // host of Microsoft Graph
	Storage string // suffix of blob storage accounts
	Monitor string // suffix of the Logs Ingestion API
	Query   string // host of the Log Analytics query API
	Manage  string // host of Azure Resource Manager
}

// clouds are the clouds that exist, by documentation. Hosts of others come
// from the command line only.
var clouds = [...]Cloud{
	{"global", "login.microsoftonline.com", "graph.microsoft.com",
		".blob.core.windows.net", ".ingest.monitor.azure.com", "api.loganalytics.io", "management.azure.com"},
	{"usgov", "login.microsoftonline.us", "graph.microsoft.us",
		".blob.core.usgovcloudapi.net", ".ingest.monitor.azure.us", "api.loganalytics.us", "management.usgovcloudapi.net"},
	{"usgov_dod", "login.microsoftonline.us", "dod-graph.microsoft.us",
		".blob.core.usgovcloudapi.net", ".ingest.monitor.azure.us", "api.loganalytics.us", "management.usgovcloudapi.net"},
	{"china", "login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn",
		".blob.core.chinacloudapi.cn", ".ingest.monitor.azure.cn", "api.loganalytics.azure.cn", "management.chinacloudapi.cn"},
}

// CloudNamed returns the cloud of that name.
func CloudNamed(name string) (Cloud, bool) {
	i := slices.IndexFunc(clouds[:], func(c Cloud) bool { return c.Name == name })
	if i < 0 {
		return Cloud{}, false
	}
	return clouds[i], true
}

// CloudNames returns the names of the clouds in the order of documentation.
func CloudNames() []string {
	names := make([]string, len(clouds))
	for i, c := range clouds {
		names[i] = c.Name
	}
	return names
}

// Scope is what a token for Graph is asked for with.
func (c Cloud) Scope() string { return "https://" + c.Graph + "/.default" }

// Hosts returns where tokens of this cloud may be sent: whole hosts, and
// suffixes that begin with a dot.
func (c Cloud) Hosts() []string {
	return []string{c.Graph, c.Manage, c.Query, c.Storage, c.Monitor}
}

// configuration is the cloud as azidentity wants it.
func (c Cloud) configuration() cloud.Configuration {
	return cloud.Configuration{ActiveDirectoryAuthorityHost: "https://" + c.Login + "/"}
}
