package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/expr"
)

// syntax is the top level of all files, by kind of block.
type syntax struct {
	program   []*hclsyntax.Block // logpipe
	variables []*hclsyntax.Block
	locals    []*hclsyntax.Attribute
	tenants   []*hclsyntax.Block
	parts     []*hclsyntax.Block // source, transform, sink
	moved     []*hclsyntax.Block
	removed   []*hclsyntax.Block
}

var blockTypes = []string{"logpipe", "variable", "locals", "tenant", "source", "transform", "sink", "moved", "removed"}

// notYet answers blocks of the language that this version does not have.
var notYet = map[string]string{
	"policy": "Policies are not part of this version. Remove the block.",
	"hold":   "Holds are not part of this version. Remove the block, and do not rely on it: nothing is held.",
	"run":    "Tests belong into a file whose name ends in .test.hcl.",
}

// collect sorts the blocks of all files and reports those that have no meaning.
func (d *decoder) collect() {
	for _, name := range d.files.names {
		body, ok := d.files.HCL[name].Body.(*hclsyntax.Body)
		if !ok {
			continue
		}
		for _, a := range attributes(body) {
			answer := fmt.Sprintf("A pipeline's files hold blocks. To name a value, write locals { %s = … }; to set a variable, use a file that ends in .vars.hcl.", a.Name)
			if slices.Contains(blockTypes, a.Name) {
				answer = fmt.Sprintf("%q is a block: write it without the equals sign.", a.Name)
			}
			d.fail(a.NameRange, "Unexpected attribute", answer)
		}
		for _, b := range body.Blocks {
			d.sort(b)
		}
	}
}

func (d *decoder) sort(b *hclsyntax.Block) {
	switch s := &d.syntax; b.Type {
	case "logpipe":
		if d.labels(b) {
			s.program = append(s.program, b)
		}
	case "variable":
		if d.labels(b, "NAME") {
			s.variables = append(s.variables, b)
		}
	case "locals":
		if !d.labels(b) {
			return
		}
		for _, inner := range b.Body.Blocks {
			d.fail(catalog.Header(inner), "Unexpected block", fmt.Sprintf("locals holds only name = value. To name an object, write %s = { … }.", inner.Type))
		}
		s.locals = append(s.locals, attributes(b.Body)...)
	case "tenant":
		if d.labels(b, "NAME") {
			s.tenants = append(s.tenants, b)
		}
	case "source", "transform", "sink":
		if d.labels(b, "KIND", "NAME") {
			s.parts = append(s.parts, b)
		}
	case "moved":
		if d.labels(b) {
			s.moved = append(s.moved, b)
		}
	case "removed":
		if d.labels(b) {
			s.removed = append(s.removed, b)
		}
	default:
		d.unknownBlock(b)
	}
}

func (d *decoder) unknownBlock(b *hclsyntax.Block) {
	if answer, ok := notYet[b.Type]; ok {
		d.fail(catalog.Header(b), "Block not available", answer)
		return
	}
	if answer, ok := catalog.Reserved(b.Type); ok {
		d.fail(catalog.Header(b), "Reserved name", answer)
		return
	}
	detail := fmt.Sprintf("There is no block %q.", b.Type)
	if near := expr.Suggest(b.Type, blockTypes); near != "" {
		detail += fmt.Sprintf(" Did you mean %q?", near)
	} else if c, ok := d.classOf(b.Type); ok {
		detail += fmt.Sprintf(" %q is a kind of %s: write %s %q \"NAME\" { … }.", b.Type, c, c, b.Type)
	} else {
		detail += " Known: " + strings.Join(blockTypes, ", ") + "."
	}
	d.fail(b.TypeRange, "Unknown block", detail)
}

// classOf finds the class that has a kind called name.
func (d *decoder) classOf(name string) (addr.Class, bool) {
	for _, c := range []addr.Class{addr.Source, addr.Transform, addr.Sink} {
		if _, ok := d.catalog.Kind(c, name); ok {
			return c, true
		}
	}
	return "", false
}

// labels checks that b has the labels that its type needs, each a name.
func (d *decoder) labels(b *hclsyntax.Block, want ...string) bool {
	if len(b.Labels) != len(want) {
		form := b.Type
		for _, w := range want {
			form += fmt.Sprintf(" \"%s\"", w)
		}
		d.fail(catalog.Header(b), "Wrong number of labels", fmt.Sprintf("Found %d. Write %s { … }.", len(b.Labels), form))
		return false
	}
	for i, l := range b.Labels {
		if _, err := addr.Parse("sink.x." + l); err != nil || !hclsyntax.ValidIdentifier(l) {
			d.fail(b.LabelRanges[i], "Invalid name", fmt.Sprintf("The label %q must begin with a letter or an underscore and hold only letters, digits, _ and -.", l))
			return false
		}
	}
	return true
}
