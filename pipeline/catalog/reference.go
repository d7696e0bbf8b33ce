package catalog

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// reserved answers names that Terraform users will try, or that a later version
// may need.
var reserved = map[string]string{
	"count":       "There is no count. Use for_each with a set or map and refer to each.key; instances then keep their names when one is removed.",
	"depends_on":  "There is no depends_on. Records flow along from, and that alone decides the order.",
	"lifecycle":   "There is no lifecycle block. A rename is a moved block, an end is a removed block, and deletion is decided by retention.",
	"provider":    "There are no providers. All kinds are part of the program; remove this.",
	"provisioner": "There are no provisioners; remove this.",
	"connection":  "There are no connections; remove this.",
	"resource":    "There are no resources. What is read is a source, what changes records is a transform, what stores them is a sink.",
	"data":        "There are no data sources. Pass values in with variable blocks.",
	"output":      "There are no outputs. `logpipe show -json` tells what is stored.",
	"check":       "There are no check blocks. Write a *.test.hcl file with run blocks.",
	"import":      "There is no import. `logpipe state rebuild` reads back what a sink's manifest names.",
	"module":      "There are no modules yet. Use for_each for many of a kind, or a directory of its own for each pipeline.",
	"terraform":   "The block for the program's own settings is called logpipe here.",
}

// misplaced answers attributes that only other blocks have.
var misplaced = map[string]string{
	"from":     "Only transforms and sinks are fed; a source reads from outside.",
	"labels":   "Only sinks have labels.",
	"for_each": "It belongs to the whole block: tenant, source, transform or sink.",
	"tenant":   "Only kinds that sign in to a cloud take a tenant.",
}

// Reserved says what to do instead of a name that has no meaning.
func Reserved(name string) (answer string, ok bool) {
	answer, ok = reserved[name]
	return answer, ok
}

// elsewhere answers references that mean something in another place.
var elsewhere = map[string]string{
	"source":    "Blocks can be referred to only in from and for_each.",
	"transform": "Blocks can be referred to only in from and for_each.",
	"sink":      "Blocks can be referred to only in from and for_each.",
	"tenant":    "A tenant can be referred to only in for_each and by an attribute that takes one, such as tenant = tenant.NAME.",
	"record":    "This attribute is evaluated once, before any record is read, so it cannot depend on a record.",
	"slice":     "This attribute is evaluated once, before any slice is known. Only paths may refer to slice.",
	"each":      "each has a meaning only in a block that has for_each.",
	"data":      "There are no data sources: use a variable.",
	"module":    "There are no modules yet: use another directory with its own pipeline.",
	"count":     "There is no count: use for_each and each.key.",
	"path":      "Paths are relative to the pipeline's directory; leave path.module out.",
	"terraform": "There are no workspaces: use a variable.",
	"self":      "There is no self.",
	"var":       "Variables cannot be used here, only plain values.",
	"local":     "Local values cannot be used here, only plain values and variables.",
}

// CheckReferences reports what e refers to and values does not have. Looking
// before evaluating gives every wrong name at once, with its place and the
// nearest right one.
func CheckReferences(e hclsyntax.Expression, values map[string]cty.Value) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, t := range e.Variables() {
		diags = append(diags, checkReference(t, values)...)
	}
	Sort(diags)
	return diags
}

func checkReference(t hcl.Traversal, values map[string]cty.Value) hcl.Diagnostics {
	root := t.RootName()
	object, ok := values[root]
	if !ok {
		return Fault(t.SourceRange(), "Unknown reference", unknownRoot(root, values))
	}
	if len(t) < 2 && (root == "var" || root == "local") {
		return Fault(t.SourceRange(), "Incomplete reference", fmt.Sprintf("Refer to one value: %s.NAME.", root))
	}
	if len(t) < 2 || !object.Type().IsObjectType() {
		return nil
	}
	name, ok := stepName(t[1])
	if ok && root == "each" && name == "value" && len(t) > 2 && object.Type().HasAttribute(name) {
		return checkMember(t, object.Type().AttributeType(name))
	}
	if !ok || object.Type().HasAttribute(name) {
		return nil
	}
	at := hcl.RangeBetween(t[0].SourceRange(), t[1].SourceRange())
	known := slices.Sorted(maps.Keys(object.Type().AttributeTypes()))
	switch root {
	case "var":
		return Fault(at, "Unknown variable", fmt.Sprintf("No variable %q is declared. %s", name, orElse(suggest(name, known, nil), fmt.Sprintf("Declare it: variable %q { type = string }", name))))
	case "local":
		return Fault(at, "Unknown local value", fmt.Sprintf("No local value %q is declared. %s", name, orElse(suggest(name, known, nil), "Declare it in a locals block.")))
	case "each":
		if name == "value" {
			return Fault(at, "Block used as a value", "each.value is a block here. It can be used in from and by attributes that take a tenant; elsewhere use each.key.")
		}
	}
	return Fault(at, "Unknown reference", fmt.Sprintf("%s has no %q. %s", root, name, hintOrList(name, known)))
}

// checkMember checks the member that each.value.NAME selects. Blocks in an
// object are not among its members where constants are meant.
func checkMember(t hcl.Traversal, ty cty.Type) hcl.Diagnostics {
	name, ok := stepName(t[2])
	if !ok || !ty.IsObjectType() || ty.HasAttribute(name) {
		return nil
	}
	return Fault(hcl.RangeBetween(t[0].SourceRange(), t[2].SourceRange()), "Unknown reference",
		fmt.Sprintf("each.value has no %q that can be used here. %s Blocks can be used in from and by attributes that take a tenant.",
			name, hintOrList(name, slices.Sorted(maps.Keys(ty.AttributeTypes())))))
}

func unknownRoot(root string, values map[string]cty.Value) string {
	if answer, ok := elsewhere[root]; ok {
		return answer
	}
	known := slices.Sorted(maps.Keys(values))
	if hint := suggest(root, known, nil); hint != "" {
		return fmt.Sprintf("Nothing is called %q. %s", root, hint)
	}
	return fmt.Sprintf("Nothing is called %q. If text is meant, put it in quotes: %q.", root, root)
}

// stepName is the name that one step of a traversal selects.
func stepName(t hcl.Traverser) (string, bool) {
	switch t := t.(type) {
	case hcl.TraverseAttr:
		return t.Name, true
	case hcl.TraverseIndex:
		if k := t.Key; k.Type() == cty.String && k.IsKnown() && !k.IsNull() && !k.IsMarked() {
			return k.AsString(), true
		}
	}
	return "", false
}

func orElse(text, otherwise string) string {
	if text != "" {
		return text
	}
	return otherwise
}
