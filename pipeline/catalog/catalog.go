// Package catalog says what may be written on a block, as data, and how a
// component is made from what was written.
//
// A Kind is one row: a class and a name, a description of its body (Block,
// Attr, Nested) and a constructor. Everything that knows a kind's settings
// comes from that one row: decoding, its diagnostics, the reference of
// `logpipe schema`, the JSON for editors. A Catalog is a plain list, passed in;
// nothing registers itself.
//
// Decode turns a body into a Body: values that were evaluated and checked
// against the description, each with the place it was written at. A kind's
// constructor reads them through getters and adds only the checks that types
// cannot make. Three invariants make one mistake one diagnostic:
//
//   - a constructor runs even if an attribute failed; the getters then return
//     zero values (and, where they return diagnostics, the ones already known),
//     and what the constructor says about a failed or unknown attribute is
//     dropped;
//   - a diagnostic that was already reported is the same pointer and is
//     reported once;
//   - what is unknown because a variable has no value is never an error.
//
// A tenant is a block of the top level and no kind, but described the same way:
// TenantKind is its row, DecodeTenant makes an azure.Tenant from it, and an
// attribute of the form TenantRef takes one (Body.Tenant). Tenants are values of
// one capsule type of their own, so that no tenant is taken for what feeds
// records, and the other way round.
//
// hcl and its syntax tree are used directly, without gohcl (it panics on marked
// values and reports in map order) and without ext/dynblock (its wrapped
// expressions hide the tree that package expr compiles): dynamic blocks are
// expanded here. cty holds constants.
package catalog

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
)

// Kind is one kind of source, transform or sink: what `source "file"` means.
type Kind struct {
	Class addr.Class
	Name  string // the block's first label
	Doc   string // one or two sentences
	Body  Block
	// Exactly one of these is set, by class. It is called once per instance, in
	// graph order, with the schema that reaches the instance. It must do no I/O.
	// Error diagnostics mean that the component is not used.
	Source    func(a *Args) (pipeline.Source, hcl.Diagnostics)
	Transform func(a *Args) (pipeline.Transform, hcl.Diagnostics)
	Sink      func(a *Args) (pipeline.Sink, hcl.Diagnostics)
}

// Block describes the body of a block. `from`, `for_each` and `labels` belong
// to every kind and are not listed.
type Block struct {
	Doc    string
	Attrs  []Attr
	Blocks []Nested
}

// Form is how an attribute's expression is used.
type Form uint8

// The forms.
const (
	Constant     Form = iota // evaluated once, at decode; the same for all records
	Expression               // may read `record`; compiled
	Expressions              // an object written out, whose values may read `record`; compiled
	PathTemplate             // text that may read `slice`; rendered per slice into a *Template
	Syntax                   // kept as it was written, for whoever evaluates it later
	TenantRef                // a tenant: tenant.NAME, tenant.NAME["key"], each.value; read with Body.Tenant
)

func (f Form) String() string {
	return [...]string{"constant", "expression", "expressions", "template", "syntax", "tenant"}[f]
}

// Attr describes one attribute.
type Attr struct {
	Name     string
	Doc      string
	Form     Form
	Type     cty.Type // of a Constant; the zero Type is text
	Required bool
	Secret   bool     // accepts sensitive values; literals are blanked in snippets; only a hash enters fingerprints
	OneOf    []string // the texts that are allowed, for text and lists of text
	Default  string   // for the documentation: what holds when it is left out
	Shape    bool     // changes bytes between source and sink: enters the lane's shape
}

// Nested describes blocks inside a block.
type Nested struct {
	Name     string
	Doc      string
	Labels   []string // what each label means
	OneOf    []string // the first labels that are allowed, nil for any
	Min, Max int      // how many; Max 0 is no bound
	Block    Block
	Variants []Variant // instead of OneOf and Block: what the block holds goes by its first label
}

// Variant describes a nested block with one particular first label.
type Variant struct {
	Label string
	Doc   string
	Block Block
}

// Holds returns what a block with these labels may hold, nil if there is no
// such block.
func (n *Nested) Holds(labels []string) *Block {
	if n.Variants == nil {
		return &n.Block
	}
	for i := range n.Variants {
		if len(labels) > 0 && n.Variants[i].Label == labels[0] {
			return &n.Variants[i].Block
		}
	}
	return nil
}

// firstLabels lists the first labels that are allowed, nil for any.
func (n *Nested) firstLabels() []string {
	if n.Variants == nil {
		return n.OneOf
	}
	all := make([]string, len(n.Variants))
	for i, v := range n.Variants {
		all[i] = v.Label
	}
	return all
}

// Catalog is the list of kinds that a program knows.
type Catalog []Kind

// Kind returns the kind called name.
func (c Catalog) Kind(class addr.Class, name string) (*Kind, bool) {
	for i := range c {
		if c[i].Class == class && c[i].Name == name {
			return &c[i], true
		}
	}
	return nil, false
}

// Names returns the names of a class's kinds, sorted.
func (c Catalog) Names(class addr.Class) []string {
	var names []string
	for _, k := range c {
		if k.Class == class {
			names = append(names, k.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Attr returns the description of the attribute called name.
func (b *Block) Attr(name string) (*Attr, bool) {
	for i := range b.Attrs {
		if b.Attrs[i].Name == name {
			return &b.Attrs[i], true
		}
	}
	return nil, false
}

// Nested returns the description of the blocks called name.
func (b *Block) Nested(name string) (*Nested, bool) {
	for i := range b.Blocks {
		if b.Blocks[i].Name == name {
			return &b.Blocks[i], true
		}
	}
	return nil, false
}

// ctyType returns the type of a Constant.
func (a *Attr) ctyType() cty.Type {
	if a.Type == cty.NilType {
		return cty.String
	}
	return a.Type
}
