package catalog

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline/addr"
)

// shared describes the attributes that config decodes for every kind.
func shared(class addr.Class) []Attr {
	all := []Attr{{
		Name: "for_each", Type: cty.DynamicPseudoType,
		Doc: "A map, an object or a set of texts: one instance is made for each key, in which each.key and each.value have a meaning.",
	}}
	if class == addr.Transform || class == addr.Sink {
		all = append(all, Attr{Name: "from", Type: cty.DynamicPseudoType, Required: true,
			Doc: "What feeds it: source.KIND.NAME, transform.KIND.NAME, one instance of such (…[\"key\"], …[each.key]), or a list."})
	}
	if class == addr.Sink {
		all = append(all, Attr{Name: "labels", Type: cty.Map(cty.String), Doc: "Names of your own, which policies may ask for."})
	}
	return all
}

// WriteText writes the reference of a kind for people.
func (k *Kind) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	head := string(k.Class)
	if k.Name != "" { // a tenant has one label
		head += fmt.Sprintf(" %q", k.Name)
	}
	fmt.Fprintf(b, "%s \"NAME\"\n\n", head)
	writeDoc(b, "", k.Doc)
	writeDoc(b, "", k.Body.Doc)
	body := k.Body
	body.Attrs = slices.Concat(shared(k.Class), k.Body.Attrs)
	writeBody(b, "  ", &body)
	return b.Flush()
}

func writeBody(w io.Writer, indent string, body *Block) {
	for i := range body.Attrs {
		a := &body.Attrs[i]
		fmt.Fprintf(w, "%s%s = %s\n", indent, a.Name, strings.Join(traits(a), ", "))
		writeDoc(w, indent+"    ", a.Doc)
	}
	for i := range body.Blocks {
		n := &body.Blocks[i]
		head := n.Name
		for _, l := range n.Labels {
			head += fmt.Sprintf(" %q", strings.ToUpper(l))
		}
		fmt.Fprintf(w, "%s%s { … }  %s\n", indent, head, howMany(n))
		writeDoc(w, indent+"    ", n.Doc)
		writeDoc(w, indent+"    ", n.Block.Doc)
		if len(n.OneOf) > 0 {
			writeDoc(w, indent+"    ", fmt.Sprintf("%s: %s.", strings.ToUpper(n.Labels[0]), strings.Join(n.OneOf, ", ")))
		}
		writeBody(w, indent+"    ", &n.Block)
		for j := range n.Variants {
			v := &n.Variants[j]
			fmt.Fprintf(w, "%s    %s %q\n", indent, n.Name, v.Label)
			writeDoc(w, indent+"        ", v.Doc)
			writeBody(w, indent+"        ", &v.Block)
		}
	}
}

// traits says what an attribute takes, in few words.
func traits(a *Attr) []string {
	var t []string
	switch a.Form {
	case Expression:
		t = append(t, "expression over record")
	case Expressions:
		t = append(t, "object of expressions over record")
	case PathTemplate:
		t = append(t, "text that may hold ${slice.…}")
	case TenantRef:
		t = append(t, "tenant")
	default:
		t = append(t, strings.TrimPrefix(strings.TrimPrefix(typeName(a.ctyType()), "a "), "an "))
	}
	if len(a.OneOf) > 0 {
		t[0] += " (" + strings.Join(a.OneOf, " | ") + ")"
	}
	if a.Required {
		t = append(t, "required")
	}
	if a.Default != "" {
		t = append(t, "default "+a.Default)
	}
	if a.Secret {
		t = append(t, "secret")
	}
	return t
}

func howMany(n *Nested) string {
	switch {
	case n.Min > 0 && n.Max == n.Min:
		return fmt.Sprintf("exactly %d", n.Min)
	case n.Min > 0 && n.Max > 0:
		return fmt.Sprintf("%d to %d", n.Min, n.Max)
	case n.Min > 0:
		return fmt.Sprintf("at least %d", n.Min)
	case n.Max > 0:
		return fmt.Sprintf("at most %d", n.Max)
	}
	return "any number"
}

func writeDoc(w io.Writer, indent, doc string) {
	if doc == "" {
		return
	}
	line := indent
	for _, word := range strings.Fields(doc) {
		if len(line)+1+len(word) > 88 && line != indent {
			fmt.Fprintln(w, line)
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	fmt.Fprintln(w, line)
	if indent == "" {
		fmt.Fprintln(w)
	}
}

// KindJSON is a kind for programs: editors, completion, documentation.
type KindJSON struct {
	Class addr.Class `json:"class"`
	Name  string     `json:"name"`
	Doc   string     `json:"doc,omitempty"`
	Body  BlockJSON  `json:"body"`
}

// BlockJSON is the body of a block.
type BlockJSON struct {
	Doc        string       `json:"doc,omitempty"`
	Attributes []AttrJSON   `json:"attributes,omitempty"`
	Blocks     []NestedJSON `json:"blocks,omitempty"`
}

// AttrJSON is one attribute. Type is written as in a variable block.
type AttrJSON struct {
	Name     string   `json:"name"`
	Form     string   `json:"form"` // constant, expression, expressions, template, tenant
	Type     string   `json:"type,omitempty"`
	Doc      string   `json:"doc,omitempty"`
	Required bool     `json:"required,omitempty"`
	Secret   bool     `json:"secret,omitempty"`
	Shape    bool     `json:"shape,omitempty"`
	OneOf    []string `json:"one_of,omitempty"`
	Default  string   `json:"default,omitempty"`
}

// NestedJSON is a block inside a block. Max 0 is no bound.
type NestedJSON struct {
	Name   string    `json:"name"`
	Doc    string    `json:"doc,omitempty"`
	Labels []string  `json:"labels,omitempty"`
	OneOf  []string  `json:"one_of,omitempty"`
	Min    int       `json:"min,omitempty"`
	Max    int       `json:"max,omitempty"`
	Block  BlockJSON `json:"block"`
	// Variants, if there are any, say what the block holds by its first label;
	// Block is empty then.
	Variants []VariantJSON `json:"variants,omitempty"`
}

// VariantJSON is what a nested block holds under one first label.
type VariantJSON struct {
	Label string    `json:"label"`
	Doc   string    `json:"doc,omitempty"`
	Block BlockJSON `json:"block"`
}

// MarshalJSON writes the catalog as a list of KindJSON, in its own order.
func (c Catalog) MarshalJSON() ([]byte, error) {
	all := make([]KindJSON, len(c))
	for i := range c {
		all[i] = c[i].JSON()
	}
	return json.Marshal(all)
}

// JSON describes the kind for programs.
func (k *Kind) JSON() KindJSON {
	body := k.Body
	body.Attrs = slices.Concat(shared(k.Class), k.Body.Attrs)
	return KindJSON{Class: k.Class, Name: k.Name, Doc: k.Doc, Body: body.json()}
}

func (b *Block) json() BlockJSON {
	j := BlockJSON{Doc: b.Doc}
	for i := range b.Attrs {
		a := &b.Attrs[i]
		aj := AttrJSON{Name: a.Name, Form: a.Form.String(), Doc: a.Doc, Required: a.Required,
			Secret: a.Secret, Shape: a.Shape, OneOf: a.OneOf, Default: a.Default}
		if a.Form == Constant {
			aj.Type = typeexpr.TypeString(a.ctyType())
		}
		j.Attributes = append(j.Attributes, aj)
	}
	for i := range b.Blocks {
		n := &b.Blocks[i]
		nj := NestedJSON{Name: n.Name, Doc: n.Doc, Labels: n.Labels, OneOf: n.firstLabels(),
			Min: n.Min, Max: n.Max, Block: n.Block.json()}
		for j := range n.Variants {
			v := &n.Variants[j]
			nj.Variants = append(nj.Variants, VariantJSON{Label: v.Label, Doc: v.Doc, Block: v.Block.json()})
		}
		j.Blocks = append(j.Blocks, nj)
	}
	return j
}
