package catalog

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/internal/azure"
	"github.com/logpipe/logpipe/pipeline/expr"
)

// TenantType is the type of a tenant as a value.
var TenantType = cty.Capsule("tenant", reflect.TypeFor[azure.Tenant]())

// TenantValue is what a reference to t evaluates to; unknown for nil, which
// stands for a tenant that is wrong or depends on a variable without value.
func TenantValue(t *azure.Tenant) cty.Value {
	if t == nil {
		return cty.UnknownVal(TenantType)
	}
	return cty.CapsuleVal(TenantType, t)
}

// tenantOf is the tenant in a value, nil if there is none.
func tenantOf(v cty.Value) *azure.Tenant {
	if v == cty.NilVal || v.Type() != TenantType || v.IsNull() || !v.IsKnown() {
		return nil
	}
	t, _ := v.EncapsulatedValue().(*azure.Tenant)
	return t
}

// Identity says which tenant t is: sources of tenants with different
// identities read different logs. "" if it is not known. How one signs in does
// not enter.
func Identity(t *azure.Tenant) string {
	switch {
	case t == nil || t.ID == "":
		return ""
	case t.Simulate != nil:
		return fmt.Sprintf("tenant %s in %s, simulated with seed %d", t.ID, t.Cloud.Name, t.Simulate.Seed)
	}
	return fmt.Sprintf("tenant %s in %s", t.ID, t.Cloud.Name)
}

// Tenant returns the tenant that the attribute called name refers to. It is not
// ok if there is none, if it is wrong, or if it is not known which one it is or
// which cloud it is in. Where variables have no values its ID, and whatever of
// Auth depends on them, may be empty.
func (b Body) Tenant(name string) (t *azure.Tenant, ok bool) {
	if v := b.attr(name); v != nil && !v.failed {
		t = tenantOf(v.val)
	}
	return t, t != nil
}

// Identity says which tenants the block refers to, those of nested blocks
// included. "" if it refers to none; not ok if one of them is not known.
func (b Body) Identity() (text string, ok bool) {
	var all []string
	ok = b.identities(&all)
	return strings.Join(all, ", "), ok
}

func (b Body) identities(all *[]string) bool {
	if b.d == nil {
		return true
	}
	ok := true
	for i := range b.d.spec.Attrs {
		a := &b.d.spec.Attrs[i]
		if a.Form != TenantRef || !b.Has(a.Name) {
			continue
		}
		t, _ := b.Tenant(a.Name)
		id := Identity(t)
		*all, ok = append(*all, id), ok && id != ""
	}
	for i := range b.d.spec.Blocks {
		for _, inner := range b.d.blocks[b.d.spec.Blocks[i].Name] {
			ok = inner.identities(all) && ok
		}
	}
	return ok
}

// tenant evaluates a reference to a tenant.
func (v *value) tenant(e hclsyntax.Expression, a *Attr, s Scope) {
	look := s.Blocks
	if look == nil {
		look = func(e hclsyntax.Expression, _ map[string]cty.Value) (cty.Value, hcl.Diagnostics) {
			return Evaluate(e, s)
		}
	}
	val, diags := look(e, s.Values)
	if v.diags = diags; diags.HasErrors() {
		return
	}
	v.val = cty.UnknownVal(TenantType)
	switch {
	case val.ContainsMarked():
		v.diags = append(v.diags, Fault(v.rng, "Sensitive value not allowed",
			fmt.Sprintf("Which tenant is read or written is shown and stored, so %q cannot depend on a sensitive value.", a.Name))...)
	case val.IsNull():
		v.val = cty.NullVal(TenantType)
	case val.Type() == TenantType:
		v.val = val
	case val.Type() == cty.DynamicPseudoType && !val.IsKnown():
	default:
		v.diags = append(v.diags, Fault(v.rng, "Not a tenant", notTenant(e, a, val))...)
	}
}

// notTenant says what stands where a tenant belongs, and what to write.
func notTenant(e hclsyntax.Expression, a *Attr, val cty.Value) string {
	ty := val.Type()
	written := "tenant.NAME"
	if t, diags := hcl.AbsTraversalForExpr(e); !diags.HasErrors() && t.RootName() == string(tenantClass) && len(t) > 1 {
		if name, ok := stepName(t[1]); ok {
			written = string(tenantClass) + "." + name
		}
	}
	switch {
	case ty.IsCapsuleType():
		return fmt.Sprintf("This block feeds records, and %q takes a tenant: where to sign in. Write %s = tenant.NAME.", a.Name, a.Name)
	case ty.IsObjectType() && written != "tenant.NAME":
		return fmt.Sprintf("%s has for_each, so this names all of its tenants at once. Write %s[each.key] for one, in a block that has for_each = %s.", written, written, written)
	case ty == cty.String && val.IsKnown() && hclsyntax.ValidIdentifier(strings.TrimPrefix(val.AsString(), "tenant.")):
		return fmt.Sprintf("%q takes a tenant, not text. Write tenant.%s without quotes.", a.Name, strings.TrimPrefix(val.AsString(), "tenant."))
	}
	return fmt.Sprintf("%q takes a tenant such as tenant.NAME, but this is %s. Declare one: tenant \"NAME\" { … }", a.Name, typeName(ty))
}

// DecodeTenant makes a tenant from its block. name is its address, such as
// tenant.corp; relative paths start in dir. The tenant is nil if it is wrong or
// its cloud is not known; what depends on variables without value is empty.
func DecodeTenant(b *hclsyntax.Block, name, dir string, s Scope) (*azure.Tenant, hcl.Diagnostics) {
	s.Elsewhere = Shared(tenantClass)
	spec := &TenantKind().Body
	spec.Attrs[0].Required = !mentionsSimulate(b.Body, spec)
	body, diags := Decode(b.Body, Header(b), nil, spec, s)
	whole := !diags.HasErrors()
	t := &azure.Tenant{Name: name, ID: strings.ToLower(body.Text("id"))}
	cloud := body.Text("cloud")
	if !body.Has("cloud") {
		cloud = azure.CloudNames()[0]
	}
	t.Cloud, _ = azure.CloudNamed(cloud)
	t.Auth.Kind = azure.AuthDefault
	if auth, ok := body.Block("auth"); ok {
		t.Auth = decodeAuth(auth, dir)
		diags = append(diags, checkAuth(auth, whole)...)
	}
	var more [2]hcl.Diagnostics
	if budget, ok := body.Block("budget"); ok {
		t.Budget, more[0] = share(budget)
	}
	if sim, ok := body.Block("simulate"); ok {
		t.Simulate, more[1] = decodeSimulate(sim)
	}
	diags = append(append(append(diags, more[0]...), more[1]...), checkID(t, body, whole)...)
	if Sort(diags); diags.HasErrors() || !body.Known("cloud") {
		return nil, diags
	}
	return t, diags
}

// mentionsSimulate reports whether a block, written out, dynamic or misspelt,
// means simulate: no id is missed then.
func mentionsSimulate(body *hclsyntax.Body, spec *Block) bool {
	names := make([]string, len(spec.Blocks))
	for i, n := range spec.Blocks {
		names[i] = n.Name
	}
	for _, b := range body.Blocks {
		name := b.Type
		if name == "dynamic" && len(b.Labels) == 1 {
			name = b.Labels[0]
		}
		if name == "simulate" || expr.Suggest(name, names) == "simulate" {
			return true
		}
	}
	return false
}

// checkID checks the id of t, and invents one for a simulated tenant. whole
// says that nothing is wrong so far: otherwise an id that is missing may be
// what was meant by something else.
func checkID(t *azure.Tenant, body Body, whole bool) hcl.Diagnostics {
	switch {
	case !body.Known("id"):
	case t.ID == "" && !body.Has("id") && t.Simulate != nil:
		if sim, _ := body.Block("simulate"); sim.Known("seed") {
			t.ID = inventedID(t.Simulate.Seed)
		}
	case !body.Has("id") && !whole:
	case !body.Has("id"):
		return Fault(body.Range(), "Missing attribute", "The attribute \"id\" is required for a tenant that is not simulated: its GUID, or one of its verified domains.")
	case t.ID == "common" || t.ID == "organizations" || t.ID == "consumers":
		return body.Wrong("id", "Not a tenant's id", fmt.Sprintf("%q stands for many tenants. Write the GUID of one, or one of its verified domains.", t.ID))
	case !azure.ValidID(t.ID):
		return body.Wrong("id", "Not a tenant's id", fmt.Sprintf("%q is neither a GUID, such as \"11111111-2222-3333-4444-555555555555\", nor a domain, such as \"contoso.onmicrosoft.com\".", body.Text("id")))
	}
	return nil
}

// inventedID has the form of a GUID, and begins so that people see what it is.
func inventedID(seed uint64) string {
	return fmt.Sprintf("5eed0000-%04x-4000-8000-%012x", seed>>48, seed&(1<<48-1))
}

// decodeAuth reads one auth block.
func decodeAuth(b Body, dir string) azure.Auth {
	return azure.Auth{
		Kind:            b.Label(0),
		ClientID:        b.Text("client_id"),
		ClientSecret:    azure.Secret(b.Text("secret")),
		Certificate:     inDir(dir, b.Text("certificate_path")),
		CertificateData: azure.Secret(b.Text("certificate")),
		Password:        azure.Secret(b.Text("password")),
		TokenFile:       inDir(dir, b.Text("token_file")),
		Audience:        b.Text("audience"),
	}
}

// checkAuth checks what its description cannot say.
func checkAuth(b Body, whole bool) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, name := range []string{"client_id", "secret", "certificate_path", "certificate", "token_file", "audience"} {
		if b.Has(name) && b.Known(name) && strings.TrimSpace(b.Text(name)) == "" {
			diags = append(diags, Fault(b.RangeOf(name), "Empty value", fmt.Sprintf("%q is empty.", name))...)
		}
	}
	if whole && b.Label(0) == azure.AuthClientCertificate && b.Has("certificate_path") == b.Has("certificate") {
		diags = append(diags, Fault(b.Range(), "Where is the certificate?", "Write exactly one of certificate_path, the file with the certificate and its private key, and certificate, the same as text.")...)
	}
	return diags
}

// inDir is a path that starts in dir unless it is absolute or empty.
func inDir(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// share reads the budget: 0 if it is not known.
func share(b Body) (float64, hcl.Diagnostics) {
	if !b.Has("share") || !b.Known("share") {
		return 0, nil
	}
	v := b.Float("share")
	if v > 0 && v <= 1 {
		return v, nil
	}
	detail := "share is a part of the limits: greater than 0 and at most 1, such as 0.5 for half of them."
	if v > 1 && v <= 100 {
		detail = fmt.Sprintf("share is a part of the limits: greater than 0 and at most 1. For %g percent of them write %g.", v, v/100)
	}
	return 0, b.Wrong("share", "Number out of range", detail)
}

// decodeSimulate reads the settings of a simulated tenant.
func decodeSimulate(b Body) (*azure.Simulate, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	whole := func(name string, absent, min, max int64) int64 {
		n, nd := b.IntRange(name, absent, min, max)
		diags = append(diags, nd...)
		return n
	}
	s := &azure.Simulate{
		Seed:  uint64(whole("seed", simulatedSeed, 0, 1<<62)),
		Users: int(whole("users", simulatedUsers, 1, 100_000)),
		Days:  int(whole("days", simulatedDays, 1, 3660)),
	}
	start, sd := b.Time("start")
	diags = append(diags, sd...)
	if s.Start = start; !b.Has("start") {
		s.Start, _ = time.Parse(time.RFC3339, simulatedStart)
	}
	faults, ok := b.Block("faults")
	if !ok {
		return s, diags
	}
	s.Faults = map[string]float64{}
	for _, f := range allFaults {
		if !faults.Has(f.name) || !faults.Known(f.name) {
			continue
		}
		n := faults.Float(f.name)
		switch {
		case n >= 0 && n <= f.most:
			s.Faults[f.name] = n
		case f.most == 1:
			diags = append(diags, faults.Wrong(f.name, "Not a probability", fmt.Sprintf("%q is how often it happens: from 0, never, to 1, always.", f.name))...)
		default:
			diags = append(diags, faults.Wrong(f.name, "Number out of range", fmt.Sprintf("%q must be a number from 0 to %g.", f.name, f.most))...)
		}
	}
	return s, diags
}

// Float returns a number, rounded to what a float64 can hold.
func (b Body) Float(name string) float64 {
	v := b.Value(name)
	if v.Type() != cty.Number || !v.IsKnown() || v.IsNull() {
		return 0
	}
	f, _ := v.AsBigFloat().Float64()
	return f
}
