package catalog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/internal/azure"
	"github.com/logpipe/logpipe/internal/graphsim"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
)

// TestTenantReferences parses one block on its own, as the tests of kinds do.
func TestTenantReferences(t *testing.T) {
	k := catalog.Kind{Class: addr.Source, Name: "stub", Body: catalog.Block{
		Attrs:  []catalog.Attr{{Name: "tenant", Form: catalog.TenantRef, Shape: true}},
		Blocks: []catalog.Nested{{Name: "inner", Block: catalog.Block{Attrs: []catalog.Attr{{Name: "tenant", Form: catalog.TenantRef, Required: true}}}}},
	}}
	global, _ := azure.CloudNamed("global")
	corp := &azure.Tenant{Name: "tenant.corp", ID: "corp.example.com", Cloud: global}
	noID := &azure.Tenant{Name: "tenant.later", Cloud: global}
	values := map[string]cty.Value{
		"tenant": cty.ObjectVal(map[string]cty.Value{
			"corp": catalog.TenantValue(corp), "later": catalog.TenantValue(noID), "wrong": catalog.TenantValue(nil),
			"many": cty.ObjectVal(map[string]cty.Value{"a": catalog.TenantValue(corp)}),
		}),
		"pick": cty.UnknownVal(cty.Bool),
	}
	tests := []struct {
		name, body string
		want       *azure.Tenant
		identity   string
		known      bool // which tenants they are
		errors     int
	}{
		{"absent", "", nil, "", true, 0},
		{"null", "tenant = null", nil, "", true, 0},
		{"one", "tenant = tenant.corp", corp, "tenant corp.example.com in global", true, 0},
		{"of a key", `tenant = tenant.many["a"]`, corp, "tenant corp.example.com in global", true, 0},
		{"without id", "tenant = tenant.later", noID, "", false, 0},
		{"wrong elsewhere", "tenant = tenant.wrong", nil, "", false, 0},
		{"not decided", "tenant = pick ? tenant.corp : tenant.later", nil, "", false, 0},
		{"nested", "tenant = tenant.corp\ninner {\n tenant = tenant.corp\n}", corp, "tenant corp.example.com in global, tenant corp.example.com in global", true, 0},
		{"nested null", "inner {\n tenant = null\n}", nil, "", false, 1},
		{"text", `tenant = "corp"`, nil, "", false, 1},
		{"all of many", "tenant = tenant.many", nil, "", false, 1},
		{"nearest name", "tenant = tenant.crop", nil, "", false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, diags := catalog.Parse(&k, tt.body, t.TempDir(), nil, values)
			if len(diags) != tt.errors {
				t.Fatal(diags)
			}
			got, ok := a.Tenant("tenant")
			identity, known := a.Identity()
			if got != tt.want || ok != (tt.want != nil) || known != tt.known || known && identity != tt.identity {
				t.Errorf("tenant %v, identity %q, %v", got, identity, known)
			}
		})
	}
	one, _ := catalog.Parse(&k, "tenant = tenant.corp", t.TempDir(), nil, values)
	none, _ := catalog.Parse(&k, "", t.TempDir(), nil, values)
	if one.Fingerprint() == none.Fingerprint() {
		t.Error("a tenant that shapes bytes does not enter the fingerprint")
	}
}

// TestIdentityOfTenants: one signs in as one likes, the tenant stays the same.
func TestIdentityOfTenants(t *testing.T) {
	global, _ := azure.CloudNamed("global")
	china, _ := azure.CloudNamed("china")
	base := azure.Tenant{ID: "a.b", Cloud: global}
	want := catalog.Identity(&base)
	for name, tt := range map[string]struct {
		tenant *azure.Tenant
		same   bool
	}{
		"auth":      {&azure.Tenant{ID: "a.b", Cloud: global, Auth: azure.Auth{Kind: azure.AuthAzureCLI, ClientID: "c"}}, true},
		"name":      {&azure.Tenant{Name: "tenant.x", ID: "a.b", Cloud: global, Budget: 0.5}, true},
		"id":        {&azure.Tenant{ID: "a.c", Cloud: global}, false},
		"cloud":     {&azure.Tenant{ID: "a.b", Cloud: china}, false},
		"simulated": {&azure.Tenant{ID: "a.b", Cloud: global, Simulate: &azure.Simulate{}}, false},
	} {
		if got := catalog.Identity(tt.tenant); (got == want) != tt.same {
			t.Errorf("%s: %q and %q", name, got, want)
		}
	}
	if catalog.Identity(nil) != "" || catalog.Identity(&azure.Tenant{Cloud: global}) != "" {
		t.Error("nobody has an identity")
	}
	if diff := cmp.Diff(graphsim.FaultNames(), catalog.FaultNames()); diff != "" {
		t.Error("the faults of the simulator and those that may be written differ:", diff)
	}
}
