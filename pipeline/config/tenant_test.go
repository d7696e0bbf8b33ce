package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/internal/azure"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/config"
)

const tenants = `
variable "secret" {
  type      = string
  sensitive = true
  default   = "hunter2-5up3r"
}
tenant "corp" {
  id    = "AAAAAAAA-2222-3333-4444-555555555555"
  cloud = "usgov"
  auth "client_secret" {
    client_id = "22222222-3333-4444-5555-666666666666"
    secret    = var.secret
  }
  budget { share = 0.5 }
}
tenant "customers" {
  for_each = { contoso = "contoso.example.com", fabrikam = "fabrikam.example.com" }
  id       = each.value
  auth "client_certificate" {
    client_id        = "22222222-3333-4444-5555-666666666666"
    certificate_path = "certs/${each.key}.pem"
    password         = "hunter2-5up3r"
  }
}
tenant "demo" {
  simulate {
    seed = 7
    days = 3
    faults { cut_body = 0.25 }
  }
}
tenant "unused" { id = "unused.example.com" }
source "entra" "corp" {
  tenant = tenant.corp
  log    = "sign_ins"
}
source "entra" "customers" {
  for_each = tenant.customers
  tenant   = tenant.customers[each.key]
  log      = "sign_ins"
}
source "entra" "again" {
  for_each = { for name, t in tenant.customers : upper(name) => t }
  tenant   = each.value
  log      = "directory_audits"
}
source "entra" "demo" {
  tenant = true ? tenant.demo : tenant.corp
  log    = "sign_ins"
}
`

func source(t *testing.T, p *config.Pipeline, address string) (*config.Instance, *azure.Tenant) {
	t.Helper()
	a, err := addr.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	i, ok := p.Instance(a)
	if !ok {
		t.Fatal("no", address)
	}
	return i, i.Source.(stubEntra).tenant
}

func TestTenants(t *testing.T) {
	p := decode(t, tenants)
	var names []string
	for _, tn := range p.Tenants {
		names = append(names, tn.Name)
	}
	want := []string{"tenant.corp", `tenant.customers["contoso"]`, `tenant.customers["fabrikam"]`, "tenant.demo", "tenant.unused"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	for address, want := range map[string]struct{ tenant, identity string }{
		"source.entra.corp":                  {"tenant.corp", `log "sign_ins", tenant aaaaaaaa-2222-3333-4444-555555555555 in usgov`},
		`source.entra.customers["contoso"]`:  {`tenant.customers["contoso"]`, `log "sign_ins", tenant contoso.example.com in global`},
		`source.entra.customers["fabrikam"]`: {`tenant.customers["fabrikam"]`, `log "sign_ins", tenant fabrikam.example.com in global`},
		`source.entra.again["CONTOSO"]`:      {`tenant.customers["contoso"]`, `log "directory_audits", tenant contoso.example.com in global`},
		"source.entra.demo":                  {"tenant.demo", `log "sign_ins", tenant 5eed0000-0000-4000-8000-000000000007 in global, simulated with seed 7`},
	} {
		i, tn := source(t, p, address)
		if tn.Name != want.tenant || i.Identity != want.identity {
			t.Errorf("%s: %s, %s", address, tn.Name, i.Identity)
		}
	}
	_, corp := source(t, p, "source.entra.corp")
	if corp.Auth.Kind != azure.AuthClientSecret || string(corp.Auth.ClientSecret) != "hunter2-5up3r" || corp.Budget != 0.5 || corp.Cloud.Login != "login.microsoftonline.us" {
		t.Error("corp:", corp.Auth, corp.Budget, corp.Cloud)
	}
	_, fabrikam := source(t, p, `source.entra.customers["fabrikam"]`)
	if !strings.HasSuffix(fabrikam.Auth.Certificate, "/certs/fabrikam.pem") || !strings.HasPrefix(fabrikam.Auth.Certificate, p.Dir) || string(fabrikam.Auth.Password) != "hunter2-5up3r" {
		t.Error("certificate:", fabrikam.Auth.Certificate)
	}
	_, demo := source(t, p, "source.entra.demo")
	wantSim := &azure.Simulate{Seed: 7, Users: 100, Start: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Days: 3, Faults: map[string]float64{"cut_body": 0.25}}
	if diff := cmp.Diff(wantSim, demo.Simulate); diff != "" {
		t.Error(diff)
	}
	if p.Tenants[4].Auth.Kind != azure.AuthDefault {
		t.Error("without auth:", p.Tenants[4].Auth)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v", corp.Auth, corp.Auth, corp.Auth), p.Hash} {
		if strings.Contains(text, "hunter2") {
			t.Error("shows a secret:", text)
		}
	}
}

// TestEachOfMixedObjects: objects may hold a tenant beside constants.
func TestEachOfMixedObjects(t *testing.T) {
	const src = tenants + `
source "entra" "mixed" {
  for_each = { a = { tenant = tenant.corp, log = "sign_ins" }, b = { tenant = tenant.demo, log = "directory_audits" } }
  tenant   = each.value.tenant
  log      = each.value.log
}
sink "local" "mixed" {
  for_each = { for k, s in source.entra.mixed : k => { feed = s, dir = "out/${k}" } }
  from     = each.value.feed
  path     = "${each.value.dir}/${slice.name}"
}
`
	p := decode(t, src)
	if i, tn := source(t, p, `source.entra.mixed["b"]`); tn.Name != "tenant.demo" || i.Source.Schema().Log != "directory_audits" {
		t.Error(tn.Name)
	}
	for from, to := range map[string]string{"= each.value.log": "= each.value.tenant", "${each.value.dir}": "${each.value.feed}"} {
		if _, diags := try(t, strings.Replace(src, from, to, 1), config.Options{}); len(diags) != 1 || !strings.Contains(diags[0].Detail, "Blocks can be used in from") {
			t.Errorf("%s: %v", to, diags)
		}
	}
}

// TestIdentity says what makes a source another one, and what does not.
func TestIdentity(t *testing.T) {
	base := func(t *testing.T, src, address string) string {
		i, _ := source(t, decode(t, src), address)
		return i.Identity
	}
	tests := []struct {
		name, from, to, address string
		same                    bool
	}{
		{"case of the id", "AAAAAAAA", "aaaaaaaa", "source.entra.corp", true},
		{"secret", "hunter2", "another", "source.entra.corp", true},
		{"budget", "0.5", "0.6", "source.entra.corp", true},
		{"name of the tenant", "corp", "main", "source.entra.main", true},
		{"days", "days = 3", "days = 30", "source.entra.demo", true},
		{"id", "AAAAAAAA", "BBBBBBBB", "source.entra.corp", false},
		{"cloud", `"usgov"`, `"usgov_dod"`, "source.entra.corp", false},
		{"seed", "seed = 7", "seed = 8", "source.entra.demo", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := strings.Replace(tt.address, "main", "corp", 1)
			src := strings.ReplaceAll(tenants, tt.from, tt.to)
			if same := base(t, tenants, before) == base(t, src, tt.address); same != tt.same {
				t.Errorf("same identity: %v, want %v", same, tt.same)
			}
		})
	}
	const real = "tenant \"t\" {\n id = \"a.b\"\n}\nsource \"entra\" \"s\" {\n tenant = tenant.t\n log = \"sign_ins\"\n}\n"
	if base(t, real, "source.entra.s") == base(t, strings.Replace(real, "\n}", "\n simulate {}\n}", 1), "source.entra.s") {
		t.Error("simulated records pass for real ones")
	}
}

// TestTenantsUnknown validates without any value: what is not known is silent,
// and what is known is checked all the same.
func TestTenantsUnknown(t *testing.T) {
	const src = `
variable "id" { type = string }
variable "cloud" { type = string }
variable "names" { type = set(string) }
variable "pick" { type = bool }
variable "share" { type = number }
variable "n" { type = number }
variable "secret" {
  type      = string
  sensitive = true
}
tenant "corp" {
  id    = var.id
  cloud = "china"
  auth "client_secret" {
    client_id = var.id
    secret    = var.secret
  }
  budget { share = var.share }
}
tenant "where" {
  id    = "where.example.com"
  cloud = var.cloud
}
tenant "many" {
  for_each = var.names
  id       = each.key
}
tenant "demo" {
  simulate {
    seed  = var.n
    users = var.n
    faults { late = var.n }
  }
}
source "entra" "where" {
  tenant = tenant.where
  log    = "sign_ins"
}
source "entra" "many" {
  for_each = tenant.many
  tenant   = tenant.many[each.key]
  log      = "sign_ins"
}
source "entra" "picked" {
  tenant = var.pick ? tenant.corp : tenant.where
  log    = "sign_ins"
}
source "entra" "demo" {
  tenant = tenant.demo
  log    = "sign_ins"
}
source "entra" "value" {
  for_each = tenant.many
  tenant   = each.value
  log      = "sign_ins"
}
`
	p, diags := try(t, src, config.Options{Unknown: true})
	if len(diags) != 0 {
		t.Fatal(diags)
	}
	for _, i := range p.Instances {
		if i.Identity != "" {
			t.Errorf("%s has the identity %q", i.Addr, i.Identity)
		}
	}
	_, diags = try(t, src+"source \"entra\" \"known\" {\n tenant = tenant.corp\n log = \"sign_ins\"\n}\n", config.Options{Unknown: true})
	if len(diags) != 1 || diags[0].Summary != "Log not available" {
		t.Error("a cloud that is known is not checked:", diags)
	}
}

// TestOneTenantMistake: what refers to a wrong tenant stays silent.
func TestOneTenantMistake(t *testing.T) {
	const behind = "source \"entra\" \"s\" {\n tenant = tenant.t\n log = \"sign_ins\"\n}\n" +
		"transform \"filter\" \"f\" {\n from = source.entra.s\n condition = record.status.errorCode == 0\n}\n"
	const many = "source \"entra\" \"s\" {\n for_each = tenant.t\n tenant = tenant.t[each.key]\n log = \"sign_ins\"\n}\n"
	tests := []struct{ name, src string }{
		{"cloud", "tenant \"t\" {\n id = \"a.b\"\n cloud = \"mars\"\n}\n" + behind},
		{"no id", "tenant \"t\" {}\n" + behind},
		{"id misspelt", "tenant \"t\" {\n idd = \"a.b\"\n}\n" + behind},
		{"id null", "tenant \"t\" {\n id = null\n}\n" + behind},
		{"id empty", "tenant \"t\" {\n id = \"\"\n}\n" + behind},
		{"simulate misspelt", "tenant \"t\" {\n simulat {}\n}\n" + behind},
		{"simulate that makes nothing", "tenant \"t\" {\n dynamic \"simulate\" {\n for_each = []\n content {}\n }\n}\n" + behind},
		{"auth twice", "tenant \"t\" {\n id = \"a.b\"\n auth \"default\" {}\n auth \"azure_cli\" {}\n}\n" + behind},
		{"auth without label", "tenant \"t\" {\n id = \"a.b\"\n auth {}\n}\n" + behind},
		{"certificate missing", "tenant \"t\" {\n id = \"a.b\"\n auth \"client_certificate\" { client_id = \"c\" }\n}\n" + behind},
		{"certificate twice", "tenant \"t\" {\n id = \"a.b\"\n auth \"client_certificate\" {\n client_id = \"c\"\n certificate_path = \"p\"\n certificate = \"c\"\n }\n}\n" + behind},
		{"certificate misspelt", "tenant \"t\" {\n id = \"a.b\"\n auth \"client_certificate\" {\n client_id = \"c\"\n certificate_pth = \"p\"\n }\n}\n" + behind},
		{"secret empty", "tenant \"t\" {\n id = \"a.b\"\n auth \"client_secret\" {\n client_id = \"c\"\n secret = \"\"\n }\n}\n" + behind},
		{"attribute of another auth", "tenant \"t\" {\n id = \"a.b\"\n auth \"azure_cli\" { client_id = \"c\" }\n}\n" + behind},
		{"share zero", "tenant \"t\" {\n id = \"a.b\"\n budget { share = 0 }\n}\n" + behind},
		{"share missing", "tenant \"t\" {\n id = \"a.b\"\n budget {}\n}\n" + behind},
		{"seed with a fraction", "tenant \"t\" {\n simulate { seed = 1.5 }\n}\n" + behind},
		{"host", "tenant \"t\" {\n id = \"a.b\"\n login_host = \"login.example.com\"\n}\n" + behind},
		{"for_each", "tenant \"t\" {\n for_each = [\"a\"]\n id = each.key\n}\n" + many},
		{"sensitive keys", "variable \"k\" {\n sensitive = true\n default = \"x\"\n}\ntenant \"t\" {\n for_each = toset([var.k])\n id = each.key\n}\n" + many},
		{"in every instance", "tenant \"t\" {\n for_each = toset([\"a\", \"b\"])\n id = each.ky\n}\n" + many},
		{"reference in every instance", "tenant \"t\" {\n for_each = toset([\"a\", \"b\"])\n id = each.key\n}\n" + strings.Replace(many, "tenant.t[each.key]", "tenant.x[each.key]", 1)},
		{"never declared", behind},
		{"block misspelt", "tennant \"t\" {\n id = \"a.b\"\n}\nsource \"file\" \"s\" { paths = [\"x\"] }\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, diags := try(t, tt.src, config.Options{})
			if len(diags) != 1 || !diags.HasErrors() {
				t.Errorf("%d diagnostics for one mistake:", len(diags))
				for _, d := range diags {
					t.Errorf("%v", d)
				}
			}
		})
	}
}

func TestTenantSecretsStayHidden(t *testing.T) {
	const secret = "hunter2-5up3r"
	for name, src := range map[string]string{
		"literal":              `tenant "t" { auth "client_secret" { secret = ["` + secret + `"] }` + "\n}",
		"beside a mistake":     "tenant \"t\" {\n auth \"client_secret\" { secret = \"" + secret + "\", client = 1 }\n}",
		"misspelt":             "tenant \"t\" {\n auth \"client_secret\" {\n scret = \"" + secret + "\"\n }\n}",
		"misspelt auth":        `tenant "t" { auth "client_secrt" { secret = "` + secret + "\" }\n}",
		"dynamic":              "tenant \"t\" {\n dynamic \"auth\" {\n for_each = [1]\n labels = [\"client_secret\"]\n content { secret = [\"" + secret + "\"] }\n }\n}",
		"no label":             `tenant { auth "client_secret" { secret = "` + secret + "\" }\n}",
		"source without label": `source "file" { token = "` + secret + "\" }\n",
		"variable":             "variable \"s\" {\n sensitive = true\n default = \"" + secret + "\"\n}\ntenant \"t\" {\n id = var.s\n}",
		"wrong password":       "tenant \"t\" {\n id = \"a.b\"\n auth \"client_certificate\" {\n password = { p = \"" + secret + "\" }\n }\n}",
	} {
		t.Run(name, func(t *testing.T) {
			f, diags := config.FromSource(t.TempDir(), "main.hcl", []byte(src))
			if !diags.HasErrors() {
				_, diags = config.Decode(f, kinds, nil, config.Options{})
			}
			var b bytes.Buffer
			if err := config.Write(&b, f.HCL, diags, config.DiagOptions{}); err != nil || !diags.HasErrors() {
				t.Fatal("no error", err)
			}
			text, err := json.Marshal(config.DiagsJSON(diags))
			if shown := b.String() + string(text); err != nil || strings.Contains(shown, "hunter2") {
				t.Errorf("shows the secret: %v\n%s", err, shown)
			}
		})
	}
}

// TestStateMayUseTenants: what says where state lives is evaluated alone, with
// the tenants it refers to and no others.
func TestStateMayUseTenants(t *testing.T) {
	for name, tt := range map[string]struct {
		path   string
		errors int
	}{
		"no reference":  {`"x"`, 0},
		"not as a text": {`"${tenant.good}"`, 2}, // and the mistake in the other tenant
	} {
		f, diags := config.FromSource(t.TempDir(), "main.hcl", []byte("logpipe {\n state \"local\" { path = "+tt.path+" }\n}\ntenant \"good\" { id = \"a.b\" }\ntenant \"bad\" { cloud = \"x\" }\n"))
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		if _, diags = config.DecodeState(f, kinds, config.Options{}); len(diags) < tt.errors || tt.errors == 0 && len(diags) > 0 {
			t.Errorf("%s: %v", name, diags)
		}
	}
}

// TestTenantReference: every attribute of a tenant says what it is.
func TestTenantReference(t *testing.T) {
	var check func(where string, b catalog.Block)
	check = func(where string, b catalog.Block) {
		for _, a := range b.Attrs {
			if a.Doc == "" {
				t.Errorf("%s.%s says nothing", where, a.Name)
			}
		}
		for _, n := range b.Blocks {
			if n.Doc == "" {
				t.Errorf("%s.%s says nothing", where, n.Name)
			}
			check(where+"."+n.Name, n.Block)
			for _, v := range n.Variants {
				if v.Doc == "" {
					t.Errorf("%s.%s %q says nothing", where, n.Name, v.Label)
				}
				check(where+"."+n.Name+"."+v.Label, v.Block)
			}
		}
	}
	k := catalog.TenantKind()
	check("tenant", k.Body)
	var b bytes.Buffer
	if err := k.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	j, err := json.Marshal(k.JSON())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"tenant \"NAME\"\n", "for_each", "auth \"client_secret\"", "secret = text, required, secret", "cut_body = number, default 0"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the reference lacks %q:\n%s", want, b.String())
		}
	}
	if !strings.Contains(string(j), `"label":"client_secret"`) || strings.Contains(string(j), `"name":"host`) {
		t.Error(string(j))
	}
	for _, n := range k.Body.Blocks {
		if n.Name == "auth" && len(n.Variants) != len(azure.AuthKinds()) {
			t.Error("not every kind of auth is described")
		}
	}
}
