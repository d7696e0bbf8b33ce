package redact

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/transforms/redact/detect"
	"github.com/logpipe/logpipe/transforms/redact/pseudonym"
)

const keygen = "Make one with `logpipe keygen` and keep it in a sensitive variable."

// Kind describes `transform "redact"`.
func Kind() catalog.Kind {
	return catalog.Kind{
		Class: addr.Transform,
		Name:  "redact",
		Doc: "Takes personal values out of records: by rules for fields, by the class of all other fields, and by looking into texts. " +
			"A record to which a rule cannot be applied is rejected. Pseudonymised records are still personal data.",
		Body:      body(),
		Transform: decode,
	}
}

func body() catalog.Block {
	return catalog.Block{
		Attrs: []catalog.Attr{
			{Name: "key", Secret: true, Shape: true,
				Doc: "Secret of the pseudonyms, 32 random bytes in base64 or hex; it is called by its check value. Write a key block to give it a name."},
			{Name: "tenant", Shape: true, Default: `""`,
				Doc: "Whose identities these are, such as the tenant's id. Pseudonyms of different tenants do not join."},
			{Name: "recipient", Shape: true, Default: `""`,
				Doc: "For whom the records are. Pseudonyms of different recipients do not join."},
			{Name: "default", Shape: true, Default: "by_class", OneOf: []string{"by_class", "keep", "scan", "drop", "pseudonym", "mask"},
				Doc: "What happens to fields without a rule. by_class: identifiers pseudonym, quasi-identifiers coarsen, free text scan, names given by the customer drop, the rest keep. drop makes the rules a list of what is allowed."},
			{Name: "unknown", Shape: true, Default: "scan, and drop if default is drop", OneOf: []string{"scan", "drop", "keep"},
				Doc: "What happens to fields that no schema knows."},
			{Name: "sweep", Type: cty.Bool, Shape: true, Default: "true, but false if default and unknown are keep",
				Doc: "Whether values that a rule took out of sight are replaced wherever else they stand in the record."},
		},
		Blocks: []catalog.Nested{
			{Name: "key", Max: 1, Doc: "Key of the pseudonyms.", Block: catalog.Block{Attrs: []catalog.Attr{
				{Name: "id", Required: true, Shape: true, Doc: "Name of the key, such as 2026-11; it is stored with what was written, the secret never."},
				{Name: "secret", Required: true, Secret: true, Shape: true, Doc: "32 random bytes in base64 or hex."},
			}}},
			{Name: "scan", Max: 1, Doc: "What is looked for in texts that are scanned. Names of people have no form and are not found.", Block: catalog.Block{
				Attrs: []catalog.Attr{{Name: "types", Type: cty.List(cty.String), Shape: true, OneOf: detect.Names(), Default: "all but guid",
					Doc: "Types of value."}},
				Blocks: []catalog.Nested{{Name: "pattern", Labels: []string{"name"}, Doc: "A type of your own.", Block: catalog.Block{Attrs: []catalog.Attr{
					{Name: "regex", Required: true, Shape: true, Doc: "Regular expression in RE2 syntax, such as EMP-[0-9]{6}."}}}}},
			}},
			{Name: "rule", Labels: []string{"action"}, OneOf: actionNames[:], Doc: "What happens to some fields.", Block: catalog.Block{Attrs: []catalog.Attr{
				{Name: "fields", Type: cty.List(cty.String), Required: true, Shape: true,
					Doc: "Paths such as location.city, or targetResources[].displayName for every element of a list. keep, scan and coarsen on an object reach all that is in it."},
				{Name: "with", Shape: true, Doc: "Text that takes the value's place: required by replace; collapse puts null without it."},
				{Name: "ipv4_bits", Type: cty.Number, Shape: true, Default: "24", Doc: "Leading bits of an IPv4 address that truncate_ip and coarsen keep."},
				{Name: "ipv6_bits", Type: cty.Number, Shape: true, Default: "48", Doc: "Leading bits of an IPv6 address that truncate_ip and coarsen keep."},
				{Name: "time", Shape: true, Default: "hour", OneOf: []string{"hour", "day"}, Doc: "What coarsen keeps of a time."},
			}}},
		},
	}
}

// Bits of an IP address that stay unless a rule says otherwise: what one site
// commonly has.
const (
	siteV4 = 24
	siteV6 = 48
)

// decode makes the transform of a block.
func decode(a *catalog.Args) (pipeline.Transform, hcl.Diagnostics) {
	in := a.Input
	if in == nil {
		in = schema.Open("")
	}
	p := readPolicy(a.Body)
	specs, diags := readRules(a.Body, in)
	key, keyDiags := readKey(a.Body)
	diags = append(diags, keyDiags...)

	found, scanDiags := readScans(a.Body)
	diags = append(diags, scanDiags...)

	c := &compiler{policy: p, in: in, specs: specs}
	root, out := c.compile()
	diags = append(diags, c.diags...)
	for _, r := range c.rules {
		if r.action.keyed() && !hasKey(a.Body) {
			diags = append(diags, missingKey(a.Body, r)...)
			break
		}
	}
	if diags.HasErrors() {
		return nil, diags
	}
	t := &Redact{addr: a.Addr, schema: out, root: root, rules: c.rules, key: key, scans: found, sweep: p.def != keep || p.byClass || p.unknown != keep}
	t.places = root.number(1)
	if a.Has("sweep") && a.Known("sweep") {
		t.sweep = a.Bool("sweep")
	}
	if !key.IsZero() {
		domain, err := key.Domain(a.Text("tenant"), a.Text("recipient"))
		if err != nil {
			return nil, append(diags, catalog.Fault(a.Range(), "Key cannot be used", err.Error())...)
		}
		t.domain = domain
	}
	if t.sweep {
		t.words = commonWords(in)
	} else {
		diags = append(diags, givenAway(a.Body, in, out)...)
		t.fast = newFast(root, a.Layout)
	}
	return t, diags
}

// pairs are fields of which one tells the other: a token's id is made of the
// bytes of its sign-in's id, an audit's id has the correlation id inside.
var pairs = [...][2]string{{"id", "uniqueTokenIdentifier"}, {"id", "correlationId"}, {"properties.id", "properties.uniqueTokenIdentifier"}, {"properties.id", "properties.correlationId"}, {"Id", "UniqueTokenIdentifier"}, {"Id", "CorrelationId"}}

// givenAway warns of pairs of which one stays as it is while the other does not,
// where no sweep takes care of that.
func givenAway(b catalog.Body, in, out *schema.Schema) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, pair := range pairs {
		if in.Log == "sign_ins" && strings.EqualFold(lastOf(pair[1]), "correlationId") {
			continue // of a sign-in it is an id of its own
		}
		a, inA, okA := clearIn(in, out, pair[0])
		c, inC, okC := clearIn(in, out, pair[1])
		if okA && okC && a != c && inA && inC {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "One field gives another away", Subject: b.Range().Ptr(),
				Detail: fmt.Sprintf("%q and %q can be told from each other, and only one of them stays in clear. Write a rule for both, or set sweep = true.", pair[0], pair[1])})
		}
	}
	return diags
}

// clearIn reports whether a field is in clear in out, and was in in; ok is false
// if the schema does not list it.
func clearIn(in, out *schema.Schema, path string) (after, before, ok bool) {
	p, err := record.ParsePath(path)
	if err != nil {
		return false, false, false
	}
	f, err := in.Lookup(p)
	if err != nil || f.Type == nil {
		return false, false, false
	}
	left, err := out.Lookup(p)
	return err == nil && left.Class >= schema.Online, f.Class >= schema.Online, true
}

func lastOf(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

func readPolicy(b catalog.Body) policy {
	p := policy{byClass: true, unknown: scan, v4: siteV4, v6: siteV6}
	if d := b.Text("default"); d != "" && d != "by_class" {
		p.byClass = false
		p.def, _ = parseAction(d)
	}
	if p.def == drop {
		p.unknown = drop
	}
	if u, ok := parseAction(b.Text("unknown")); ok {
		p.unknown = u
	}
	return p
}

func hasKey(b catalog.Body) bool {
	_, block := b.Block("key")
	return block || b.Has("key")
}

func missingKey(b catalog.Body, r *rule) hcl.Diagnostics {
	at, what := r.at, r.field
	if !r.given {
		at = b.RangeOf("default")
	}
	return catalog.Fault(at, "Missing key",
		fmt.Sprintf("%s of %q needs a key: key { id = \"…\"  secret = var.… }. %s", r.action, what, keygen))
}

// readKey reads the key block or attribute; a value that is not known yet is no
// key and no error.
func readKey(b catalog.Body) (pseudonym.Key, hcl.Diagnostics) {
	block, ok := b.Block("key")
	switch {
	case ok && b.Has("key"):
		return pseudonym.Key{}, catalog.Fault(b.RangeOf("key"), "Two keys", "Write the key as a block or as an attribute, not both.")
	case !ok && (!b.Has("key") || !b.Known("key")), ok && !(block.Known("secret") && block.Known("id")):
		return pseudonym.Key{}, nil
	}
	id, secret, at := "", b.Text("key"), b.RangeOf("key")
	if ok {
		id, secret, at = block.Text("id"), block.Text("secret"), block.RangeOf("secret")
		if id == "" {
			return pseudonym.Key{}, catalog.Fault(block.RangeOf("id"), "Key without a name", "Give the key a name that changes with the secret, such as the month from which it is used.")
		}
	}
	key, err := pseudonym.ParseKey(id, secret)
	if err != nil {
		return pseudonym.Key{}, catalog.Fault(at, "Weak or broken key", fmt.Sprintf("The key cannot be used: %v. %s", err, keygen))
	}
	return key, nil
}

// readScans reads what scanning looks for.
func readScans(b catalog.Body) (scans, hcl.Diagnostics) {
	out := scans{types: detect.Default}
	block, ok := b.Block("scan")
	if !ok {
		return out, nil
	}
	if block.Has("types") {
		out.types = 0
		for _, name := range block.Texts("types") {
			set, _ := detect.Parse(name)
			out.types |= set
		}
	}
	var diags hcl.Diagnostics
	for _, p := range block.Blocks("pattern") {
		re, err := regexp.Compile(p.Text("regex"))
		switch {
		case !plainName(p.Label(0)):
			diags = append(diags, catalog.Fault(p.Range(), "Not a name", "The name of a pattern stands in the place of what it finds: use letters, digits and underscores.")...)
		case err != nil:
			diags = append(diags, p.Wrong("regex", "Not a regular expression", err.Error())...)
		case re.MatchString(""):
			diags = append(diags, p.Wrong("regex", "Pattern matches nothing", "The expression also matches the empty text. Say what at least must be there.")...)
		default:
			out.patterns = append(out.patterns, pattern{p.Label(0), re})
		}
	}
	return out, diags
}

func plainName(s string) bool {
	for _, c := range []byte(s) {
		if c != '_' && c-'0' >= 10 && c|0x20-'a' >= 26 {
			return false
		}
	}
	return s != ""
}

// readRules reads the rule blocks into one spec per field.
func readRules(b catalog.Body, in *schema.Schema) (map[string]*spec, hcl.Diagnostics) {
	specs := map[string]*spec{}
	var order []*spec
	var diags hcl.Diagnostics
	for _, rule := range b.Blocks("rule") {
		model, d := readRule(rule)
		diags = append(diags, d...)
		for _, item := range rule.Items("fields") {
			path, _, d := catalog.CheckPath(in, item)
			if diags = append(diags, d...); d.HasErrors() {
				continue
			}
			s := model
			s.path, s.at = path, item.Range
			name := foldASCII(path.String())
			if twin := specs[name]; twin != nil {
				diags = append(diags, catalog.Fault(s.at, "Two rules for one field",
					fmt.Sprintf("%q already has the rule %q in line %d. Keep one of them.", path, twin.action, twin.at.Start.Line))...)
				continue
			}
			specs[name] = &s
			order = append(order, &s)
		}
	}
	return specs, append(diags, unreachable(order)...)
}

// unreachable reports rules inside of what another rule takes away as a whole.
func unreachable(all []*spec) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, in := range all {
		for _, out := range all {
			if in != out && out.action.whole() && foldPath(in.path).Within(foldPath(out.path)) {
				diags = append(diags, catalog.Fault(in.at, "Rule without effect",
					fmt.Sprintf("%q lies in %q, of which %s leaves nothing. Remove one of the two rules.", in.path, out.path, out.action))...)
			}
		}
	}
	return diags
}

func foldPath(p record.Path) record.Path {
	steps := append([]record.Step(nil), p.Steps()...)
	for i := range steps {
		steps[i].Key = foldASCII(steps[i].Key)
	}
	return record.PathOf(steps...)
}

// readRule reads what a rule block says besides its fields.
func readRule(b catalog.Body) (spec, hcl.Diagnostics) {
	s := spec{v4: siteV4, v6: siteV6, day: b.Text("time") == "day"}
	s.action, _ = parseAction(b.Label(0))
	var diags hcl.Diagnostics
	only := func(name string, fits ...action) {
		for _, a := range fits {
			if s.action == a {
				return
			}
		}
		if b.Has(name) {
			diags = append(diags, catalog.Fault(b.RangeOf(name), "Attribute without effect",
				fmt.Sprintf("%q means nothing to the action %q. Remove it.", name, s.action))...)
		}
	}
	only("with", replace, collapse)
	only("ipv4_bits", truncateIP, coarsen)
	only("ipv6_bits", truncateIP, coarsen)
	only("time", coarsen)
	v4, d := b.IntRange("ipv4_bits", siteV4, 0, 32)
	diags = append(diags, d...)
	v6, d := b.IntRange("ipv6_bits", siteV6, 0, 128)
	diags = append(diags, d...)
	s.v4, s.v6 = int(v4), int(v6)
	switch {
	case b.Has("with"):
		s.with = record.AppendString(nil, bytes.ToValidUTF8([]byte(b.Text("with")), []byte("\ufffd")))
	case s.action == replace:
		diags = append(diags, catalog.Fault(b.Range(), "Missing attribute", `Say what takes the place of the values: with = "…".`)...)
	default:
		s.with = []byte("null")
	}
	return s, diags
}
