package expr

import (
	"errors"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

var errLength = errors.New("length() cannot take this")

func listFunctions() map[string]function.Function {
	return map[string]function.Function{
		"anytrue": truths(true),
		"alltrue": truths(false),
		"index":   indexOf(),
		"length":  length(),
		"one":     one(),
		"sum":     sum(),
	}
}

// truths is anytrue, or alltrue where false settles the answer. Null counts as
// false.
func truths(settles bool) function.Function {
	return function.New(&function.Spec{
		Params: params(cty.List(cty.Bool), "list"),
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			unknown := false
			for _, e := range args[0].Elements() {
				switch {
				case !e.IsKnown():
					unknown = true
				case (!e.IsNull() && e.True()) == settles:
					return cty.BoolVal(settles), nil
				}
			}
			if unknown {
				return cty.UnknownVal(cty.Bool), nil
			}
			return cty.BoolVal(!settles), nil
		},
	})
}

// indexOf is Terraform's index: the number of the first element that is equal.
func indexOf() function.Function {
	return function.New(&function.Spec{
		Params: params(cty.DynamicPseudoType, "list", "value"),
		Type: func(args []cty.Value) (cty.Type, error) {
			if t := args[0].Type(); t != cty.DynamicPseudoType && !t.IsListType() && !t.IsTupleType() {
				return cty.NilType, function.NewArgErrorf(0, "a list is required")
			}
			return cty.Number, nil
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if !args[0].IsWhollyKnown() || !args[1].IsWhollyKnown() {
				return cty.UnknownVal(cty.Number), nil
			}
			for i, e := range args[0].Elements() {
				if eq := e.Equals(args[1]); eq.IsKnown() && eq.True() {
					return i, nil
				}
			}
			return cty.NilVal, errors.New("no element of the list is equal to the value")
		},
	})
}

// length counts the letters of a text as well.
func length() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowDynamicType: true, AllowUnknown: true}},
		Type: func(args []cty.Value) (cty.Type, error) {
			t := args[0].Type()
			if t == cty.String || t == cty.DynamicPseudoType || t.IsTupleType() || t.IsObjectType() || t.IsCollectionType() {
				return cty.Number, nil
			}
			return cty.NilType, function.NewArgErrorf(0, "text, a list or an object is required")
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v := args[0]
			switch t := v.Type(); {
			case t == cty.DynamicPseudoType:
				return cty.UnknownVal(cty.Number), nil
			case t == cty.String:
				return stdlib.Strlen(v)
			case t.IsTupleType():
				return cty.NumberIntVal(int64(len(t.TupleElementTypes()))), nil
			case t.IsObjectType():
				return cty.NumberIntVal(int64(len(t.AttributeTypes()))), nil
			}
			return v.Length(), nil
		},
	})
}

// one is the element of a list of one, null for an empty list.
func one() function.Function {
	return function.New(&function.Spec{
		Params: params(cty.DynamicPseudoType, "list"),
		Type: func(args []cty.Value) (cty.Type, error) {
			switch t := args[0].Type(); {
			case t.IsListType() || t.IsSetType():
				return t.ElementType(), nil
			case t.IsTupleType() && len(t.TupleElementTypes()) == 1:
				return t.TupleElementTypes()[0], nil
			case t.IsTupleType(), t == cty.DynamicPseudoType:
				return cty.DynamicPseudoType, nil
			}
			return cty.NilType, function.NewArgErrorf(0, "a list is required")
		},
		Impl: func(args []cty.Value, t cty.Type) (cty.Value, error) {
			if !args[0].IsKnown() {
				return cty.UnknownVal(t), nil
			}
			switch args[0].LengthInt() {
			case 0:
				return cty.NullVal(t), nil
			case 1:
				for _, e := range args[0].Elements() {
					return e, nil
				}
			}
			return cty.NilVal, function.NewArgErrorf(0, "the list has more than one element")
		},
	})
}

// sum adds up; a list with null in it has no sum.
func sum() function.Function {
	return function.New(&function.Spec{
		Params: params(cty.DynamicPseudoType, "list"),
		Type:   function.StaticReturnType(cty.Number),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if !args[0].IsWhollyKnown() {
				return cty.UnknownVal(cty.Number), nil
			}
			if !args[0].CanIterateElements() || args[0].LengthInt() == 0 {
				return cty.NilVal, function.NewArgErrorf(0, "a list of at least one number is required")
			}
			total := cty.Zero
			for _, e := range args[0].Elements() {
				n, err := convert.Convert(e, cty.Number)
				switch {
				case err != nil:
					return cty.NilVal, function.NewArgErrorf(0, "all elements must be numbers")
				case n.IsNull():
					return cty.NilVal, function.NewArgErrorf(0, "no element may be null")
				}
				if total, err = stdlib.Add(total, n); err != nil {
					return cty.NilVal, err
				}
			}
			return total, nil
		},
	})
}
