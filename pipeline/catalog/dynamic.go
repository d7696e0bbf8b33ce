package catalog

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// found is a nested block, written out or made by a dynamic block.
type found struct {
	body        *hclsyntax.Body
	header      hcl.Range
	labels      []string
	labelRanges []hcl.Range
	scope       Scope
}

// at is the place of the i-th label.
func (f *found) at(i int) hcl.Range {
	if i < len(f.labelRanges) {
		return f.labelRanges[i]
	}
	return f.header
}

// expand finds the blocks called name in body, in the order they were written.
// open says that their number is not known, because a for_each is not.
func expand(body *hclsyntax.Body, name string, s Scope) (all []found, open bool, diags hcl.Diagnostics) {
	s.Elsewhere = nil
	for _, b := range body.Blocks {
		switch {
		case b.Type == name:
			all = append(all, found{b.Body, Header(b), b.Labels, b.LabelRanges, s})
		case b.Type == "dynamic" && len(b.Labels) == 1 && b.Labels[0] == name:
			made, unknown, dd := generate(b, s)
			all, open, diags = append(all, made...), open || unknown || dd.HasErrors(), append(diags, dd...)
		}
	}
	return all, open, diags
}

// Header is the range of a block's type and labels.
func Header(b *hclsyntax.Block) hcl.Range {
	if n := len(b.LabelRanges); n > 0 {
		return hcl.RangeBetween(b.TypeRange, b.LabelRanges[n-1])
	}
	return b.TypeRange
}

// generate makes the blocks of one dynamic block.
func generate(b *hclsyntax.Block, s Scope) (all []found, unknown bool, diags hcl.Diagnostics) {
	form := Block{
		Attrs: []Attr{
			{Name: "for_each", Required: true, Doc: "A list, set, map or object: one block is made for each element."},
			{Name: "iterator"}, {Name: "labels"},
		},
		Blocks: []Nested{{Name: "content"}},
	}
	d := &decoded{spec: &form, header: Header(b)}
	meant := map[string]bool{}
	if diags = d.unexpected(b.Body, Scope{}, meant); diags.HasErrors() {
		return nil, true, diags
	}
	each, ok := b.Body.Attributes["for_each"]
	if !ok {
		return nil, true, Fault(d.header, "Missing attribute", `The attribute "for_each" is required. `+form.Attrs[0].Doc)
	}
	if len(b.Body.Blocks) != 1 {
		return nil, true, Fault(d.header, "Missing block", `A dynamic block has exactly one block "content", which holds what each block it makes will hold.`)
	}
	content := b.Body.Blocks[0].Body
	iterator, diags := iteratorName(b)
	if diags.HasErrors() {
		return nil, true, diags
	}
	val, diags := Evaluate(each.Expr, s)
	if diags.HasErrors() {
		return nil, true, diags
	}
	if val.IsMarked() {
		return nil, true, append(diags, Fault(each.Expr.Range(), "Sensitive value not allowed", "How many blocks there are is visible, so for_each cannot be sensitive.")...)
	}
	elements, unknown, ok := Elements(val)
	if !ok {
		return nil, true, append(diags, Fault(each.Expr.Range(), "Wrong type", fmt.Sprintf("for_each takes a list, set, map or object, but this is %s.", typeName(val.Type())))...)
	}
	for _, e := range elements {
		inner := s
		inner.Values = maps.Clone(s.Values)
		if inner.Values == nil {
			inner.Values = map[string]cty.Value{}
		}
		inner.Values[iterator] = cty.ObjectVal(map[string]cty.Value{"key": e[0], "value": e[1]})
		f := found{body: content, header: d.header, scope: inner}
		ld := f.dynamicLabels(b, inner)
		diags = append(diags, ld...)
		if !ld.HasErrors() {
			all = append(all, f)
		}
	}
	return all, unknown, diags
}

func iteratorName(b *hclsyntax.Block) (string, hcl.Diagnostics) {
	a, ok := b.Body.Attributes["iterator"]
	if !ok {
		return b.Labels[0], nil
	}
	if name := hcl.ExprAsKeyword(a.Expr); name != "" {
		return name, nil
	}
	return "", Fault(a.Expr.Range(), "Wrong form", "iterator takes a single name without quotes, by which the content refers to the element.")
}

func (f *found) dynamicLabels(b *hclsyntax.Block, s Scope) hcl.Diagnostics {
	a, ok := b.Body.Attributes["labels"]
	if !ok {
		return nil
	}
	val, diags := Evaluate(a.Expr, s)
	if diags.HasErrors() {
		return diags
	}
	list, err := convert.Convert(val, cty.List(cty.String))
	if err != nil || list.IsNull() || list.ContainsMarked() || !list.IsWhollyKnown() {
		return Fault(a.Expr.Range(), "Wrong type", "labels takes a list of texts that are known here and not sensitive.")
	}
	for _, it := range items(a.Expr, list) {
		f.labels = append(f.labels, it.Text)
		f.labelRanges = append(f.labelRanges, it.Range)
	}
	return nil
}

// Elements lists the keys and values of something that for_each goes over. If
// it is not known there is one element of unknown key and value.
func Elements(v cty.Value) (all [][2]cty.Value, unknown, ok bool) {
	ty := v.Type()
	switch {
	case ty == cty.DynamicPseudoType && !v.IsKnown():
		return [][2]cty.Value{{cty.DynamicVal, cty.DynamicVal}}, true, true
	case !ty.IsCollectionType() && !ty.IsTupleType() && !ty.IsObjectType(), v.IsNull():
		return nil, false, false
	case !v.IsKnown():
		element := cty.DynamicVal
		if ty.IsCollectionType() {
			element = cty.UnknownVal(ty.ElementType())
		}
		return [][2]cty.Value{{cty.DynamicVal, element}}, true, true
	}
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		if ty.IsSetType() {
			k = e
		}
		all = append(all, [2]cty.Value{k, e})
	}
	return slices.Clip(all), false, true
}
