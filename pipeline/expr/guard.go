package expr

import (
	"errors"
	"fmt"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// guard puts a border around a function: what it would make is bounded before
// it is called, its panics are short errors, and what it says about sensitive
// arguments is only that it failed.
func guard(name string, f function.Function) function.Function {
	if name == "try" || name == "can" { // they take expressions, whose calls are guarded
		return f
	}
	g := guarded{name: name, f: f}
	spec := &function.Spec{Description: f.Description(), Type: g.typ, Impl: g.call}
	for _, p := range f.Params() {
		spec.Params = append(spec.Params, open(p))
	}
	if p := f.VarParam(); p != nil {
		q := open(*p)
		spec.VarParam = &q
	}
	return function.New(spec)
}

// open lets everything through: the function behind decides.
func open(p function.Parameter) function.Parameter {
	p.AllowNull, p.AllowUnknown, p.AllowDynamicType, p.AllowMarked = true, true, true, true
	return p
}

type guarded struct {
	name string
	f    function.Function
}

// typ is asked before every call, so that the bounds are checked here.
func (g guarded) typ(args []cty.Value) (t cty.Type, err error) {
	defer func() { err = g.said(args, err, recover()) }()
	if err := foresee(g.name, args); err != nil {
		return cty.NilType, err
	}
	return g.f.ReturnTypeForValues(g.sets(args))
}

func (g guarded) call(args []cty.Value, _ cty.Type) (v cty.Value, err error) {
	defer func() { err = g.said(args, err, recover()) }()
	if v, err = g.f.Call(g.sets(args)); err == nil {
		err = bounded(v)
	}
	return v, err
}

// sets gives what is of no known type the type that functions of sets need to
// see.
func (g guarded) sets(args []cty.Value) []cty.Value {
	if !strings.HasPrefix(g.name, "set") || g.name == "setproduct" {
		return args
	}
	typed := make([]cty.Value, len(args))
	for i, a := range args {
		if a.Type() == cty.DynamicPseudoType {
			_, marks := a.Unmark()
			a = cty.UnknownVal(cty.Set(cty.DynamicPseudoType)).WithMarks(marks)
		}
		typed[i] = a
	}
	return typed
}

// said is an error as it may be shown.
func (g guarded) said(args []cty.Value, err error, panicked any) error {
	var p function.PanicError
	switch {
	case panicked != nil || errors.As(err, &p):
		return fmt.Errorf("function %s failed for these arguments", g.name)
	case err == nil:
		return nil
	}
	for _, a := range args {
		if a.ContainsMarked() {
			return errors.New("an argument is sensitive, so it is not said what is wrong with it")
		}
	}
	return err
}
