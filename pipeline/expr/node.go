package expr

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/zclconf/go-cty/cty"
)

// node is one node of a compiled expression: what the passes know about it and
// the closures that run it.
type node struct {
	eval  func(*Machine) value
	test  func(*Machine) bool // the value as a condition
	match func(*Machine) bool // whether it has a value and no error, where that is cheaper; may be nil

	rng       hcl.Range
	print     string       // canonical text
	typ       *schema.Type // nil is any
	class     schema.Class // highest class of what it reads
	con       *constant    // set if it reads no record and could be computed
	sensitive bool         // depends on a value that must not leave
	unknown   bool         // depends on a constant that is not known yet
	varying   bool         // depends on the record or on the end of the slice
	loops     uint64       // loop variables that it depends on, a bit for each
	bad       bool         // a diagnostic was given; what depends on it gives no more
	ref       *ref         // a part of the record that may be extended by .x and [i]
	slot      *record.Slot // set if its value is just what stands in a slot

	// member makes a node for .name where that is cheaper than to make the
	// object first.
	member func(name string, at hcl.Range) *node
}

// constant is a node's value where it is the same for all records.
type constant struct {
	cty cty.Value // with marks, maybe unknown
	v   value     // what runs; null if unknown
}

// ref is a part of the record, or of what a loop variable stands for.
type ref struct {
	loop  int         // number of the loop variable it starts at; -1 for the record
	steps []step      // from there
	path  record.Path // from the record, as the schema has it; zero for the record itself
	known bool        // path is set
	exact bool        // path names just this and not something around it
	label string      // as it is written
	used  bool
}

type step struct {
	key     string
	index   int64
	isIndex bool
}

// category is what the checks tell apart, as HCL does.
type category uint8

const (
	anySort category = iota
	nullSort
	textSort
	numberSort
	boolSort
	listSort
	objectSort
)

func (n *node) sort() category {
	if n.con != nil && !n.unknown && n.con.v.kind == nothing {
		return nullSort
	}
	return sortOf(n.typ)
}

func sortOf(t *schema.Type) category {
	if t == nil {
		return anySort
	}
	switch t.Kind {
	case schema.String, schema.Time, schema.Enum, schema.JSON:
		return textSort
	case schema.Int, schema.Float:
		return numberSort
	case schema.Bool:
		return boolSort
	case schema.List:
		return listSort
	case schema.Object:
		return objectSort
	default:
		return anySort
	}
}

// isConvertible reports whether n is a constant text that HCL takes for a bool.
func (n *node) isConvertible() bool {
	if n.con == nil || n.unknown {
		return n.unknown
	}
	m := &Machine{}
	m.holds(n.con.v)
	return m.err == nil
}

// The types of results.
var (
	textType   = &schema.Type{Kind: schema.String}
	boolType   = &schema.Type{Kind: schema.Bool}
	intType    = &schema.Type{Kind: schema.Int}
	numberType = &schema.Type{Kind: schema.Float}
)

func listOf(elem *schema.Type) *schema.Type { return &schema.Type{Kind: schema.List, Elem: elem} }

// typeOf returns the schema type of a cty type.
func typeOf(t cty.Type) *schema.Type {
	switch {
	case t == cty.String:
		return textType
	case t == cty.Bool:
		return boolType
	case t == cty.Number:
		return numberType
	case t.IsListType() || t.IsSetType():
		return listOf(typeOf(t.ElementType()))
	case t.IsTupleType():
		return listOf(commonCty(t.TupleElementTypes()))
	case t.IsMapType():
		return &schema.Type{Kind: schema.Object, Open: true}
	case t.IsObjectType():
		o := &schema.Type{Kind: schema.Object}
		for _, name := range sortedKeys(t.AttributeTypes()) {
			o.Fields = append(o.Fields, schema.Field{Name: name, Type: typeOf(t.AttributeType(name))})
		}
		return o
	default:
		return nil
	}
}

func commonCty(types []cty.Type) *schema.Type {
	var common *schema.Type
	for i, t := range types {
		s := typeOf(t)
		if i == 0 {
			common = s
		}
		common = commonType(common, s)
	}
	return common
}

// commonType returns the type of a value that is of one of two types: any
// where they differ.
func commonType(a, b *schema.Type) *schema.Type {
	switch {
	case a == nil || b == nil:
		return nil
	case a == b:
		return a
	case a.Kind != b.Kind:
		switch s := sortOf(a); {
		case s != sortOf(b):
			return nil
		case s == textSort:
			return textType
		default:
			return numberType
		}
	case a.Kind == schema.List:
		return listOf(commonType(a.Elem, b.Elem))
	case a.Kind == schema.Object:
		return commonObject(a, b)
	case a.Kind == schema.Enum:
		return textType
	default:
		return a
	}
}

// commonObject is open, so that no member of either is taken for a mistake.
func commonObject(a, b *schema.Type) *schema.Type {
	o := &schema.Type{Kind: schema.Object, Open: true}
	for _, f := range a.Fields {
		if g, ok := b.Member(f.Name); ok {
			o.Fields = append(o.Fields, schema.Field{Name: f.Name, Type: commonType(f.Type, g.Type), Class: max(f.Class, g.Class)})
		}
	}
	return o
}

// ctyOf returns a value of type t that is not known, for the type checks of
// cty's functions.
func ctyOf(t *schema.Type) cty.Value {
	switch sortOf(t) {
	case textSort:
		return cty.UnknownVal(cty.String)
	case numberSort:
		return cty.UnknownVal(cty.Number)
	case boolSort:
		return cty.UnknownVal(cty.Bool)
	default:
		return cty.DynamicVal
	}
}

// article names a type in a sentence.
func article(t *schema.Type) string {
	if t == nil {
		return "of any type"
	}
	switch t.Kind {
	case schema.String:
		return "text"
	case schema.Bool:
		return "a bool"
	case schema.Int, schema.Float:
		return "a number"
	case schema.Time:
		return "a time"
	case schema.Enum:
		return "text"
	case schema.JSON:
		return "text that holds JSON"
	case schema.Object:
		return "an object"
	case schema.List:
		return "a list"
	default:
		return "of any type"
	}
}
