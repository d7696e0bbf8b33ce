// Package arrows is a test and no code. It reads the import lines of every
// package of this module, test files included, and fails when an arrow points
// up.
//
// The tables in this file are the design: which floor a package stands on,
// what components may know of the machine, which folder may use which SDK. A
// new package is one line here. The checker beside it reads files with
// go/parser only, so it needs no build and no network, and its own test
// breaks every rule once in a tree that exists only in memory.
package arrows

// room is a package, or with /* all packages below a folder, and its floor. A
// package imports packages of lower floors only; below one /* folder it may
// import itself.
type room struct {
	path  string
	floor int
	suite bool // checks of a contract: only tests import it
	lent  bool // tests of the same floor may import it
}

// house is the table of floors. The first row that fits decides.
var house = []room{
	{path: "pipeline/record", floor: 0},
	{path: "pipeline/addr", floor: 0},
	{path: "pipeline/graph", floor: 0},
	{path: "pipeline/store", floor: 0},
	{path: "internal/escape", floor: 0},
	{path: "examples/quickstart/generate", floor: 0},
	{path: "bench/signins", floor: 0},

	{path: "pipeline/schema", floor: 1},
	{path: "pipeline/manifest", floor: 1},
	{path: "internal/azure", floor: 1},
	{path: "pipeline/store/dir", floor: 1, lent: true}, // the store that tests can have anywhere
	{path: "pipeline/store/blob", floor: 1},
	{path: "pipeline/store/storetest", floor: 1, suite: true, lent: true},

	{path: "pipeline/format", floor: 2},
	{path: "pipeline/retention", floor: 2},
	{path: "pipeline/schema/logs", floor: 2},

	{path: "internal/graphsim", floor: 3}, // it serves the logs that the catalogue lists
	{path: "pipeline", floor: 3},
	{path: "pipeline/expr", floor: 3}, // above the logs, whose error codes it explains

	{path: "pipeline/catalog", floor: 4},
	{path: "pipeline/state", floor: 4},
	{path: "pipeline/pipelinetest", floor: 4, suite: true, lent: true},

	{path: "pipeline/config", floor: 5},
	{path: "pipeline/plan", floor: 6},
	{path: "pipeline/policy", floor: 7},
	{path: "pipeline/run", floor: 8},
	{path: "pipeline/scenario", floor: 9},

	{path: "sources/*", floor: componentFloor},
	{path: "transforms/*", floor: componentFloor},
	{path: "sinks/*", floor: componentFloor},

	{path: "sources", floor: 11},
	{path: "transforms", floor: 11},
	{path: "sinks", floor: 11},

	{path: "cmd/logpipe", floor: 12},
	{path: "bench", floor: 13},
	{path: "bench/*", floor: 13},
	{path: "internal/arrows", floor: 13},
}

const componentFloor = 10

// toComponents is what sources, transforms and sinks may know. Floors alone
// would let a sink import run.
var toComponents = []string{
	"pipeline",
	"pipeline/record",
	"pipeline/addr",
	"pipeline/schema",
	"pipeline/schema/logs",
	"pipeline/expr",
	"pipeline/format",
	"pipeline/store",
	"pipeline/store/dir",
	"pipeline/store/blob",
	"pipeline/manifest",
	"pipeline/retention",
	"pipeline/catalog",
	"pipeline/pipelinetest",
	"pipeline/store/storetest",
	"internal/azure",
	"internal/graphsim",
	"internal/escape",
}

// door is a family of foreign packages and the only rooms that may use it.
type door struct {
	prefix string
	rooms  []string
	why    string
	tests  bool // test files of any room may use it
}

// doors lists the foreign packages that have a place. The first row that fits
// decides; rows end in the family, so that a new SDK module needs a row.
var doors = []door{
	{"github.com/Azure/azure-sdk-for-go/sdk/azidentity", []string{"internal/azure"},
		"one folder knows how a tenant is signed in to", false},
	{"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob", []string{"pipeline/store/blob"},
		"one folder speaks to blob storage", false},
	{"github.com/Azure/azure-sdk-for-go/sdk/azcore", []string{"internal/azure", "pipeline/store/blob", "sources/*", "sinks/*"},
		"requests to Azure are made by rooms that have an Azure service", false},
	{"github.com/Azure/", nil,
		"an Azure SDK module is used by the one room that needs it", false},
	{"github.com/microsoftgraph/", []string{"sources/entra/graph"},
		"the Graph SDK costs minutes to compile, so only one room and the program reach it", false},
	{"github.com/microsoft/kiota", []string{"sources/entra/graph"},
		"it is the Graph SDK's own machinery", false},

	{"github.com/hashicorp/cli", []string{"cmd/logpipe"},
		"only the program has a command line", false},
	{"github.com/posener/complete", []string{"cmd/logpipe"},
		"only the program has a command line", false},
	{"github.com/mattn/go-isatty", []string{"cmd/logpipe"},
		"only the program has a terminal", false},
	{"github.com/hashicorp/hcl/v2/gohcl", nil,
		"gohcl panics on marked values and reports in map order", false},
	{"github.com/hashicorp/hcl/v2", []string{"pipeline/expr", "pipeline/catalog", "pipeline/config", "pipeline/plan",
		"pipeline/policy", "pipeline/scenario", "sources/*", "transforms/*", "sinks/*", "sources", "transforms", "sinks", "cmd/logpipe", "bench/*"},
		"text of configuration stops at decode; below there are types", true},
	{"github.com/klauspost/compress", []string{"pipeline/format", "bench", "bench/*"},
		"compression is a matter of formats", true},
	{"github.com/stretchr/testify", nil,
		"tests use plain testing and go-cmp", false},
}
