package expr

import (
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// Scope is what an expression may refer to.
type Scope struct {
	// Values are the constants by the first part of their name: var, local,
	// each. They may be unknown, and marked by Sensitive, at any depth.
	Values map[string]cty.Value
	// Functions are those of the function Functions.
	Functions map[string]function.Function
	// Record is what `record` is here; nil where there is no record.
	Record *schema.Schema
	// Layout is where the paths that are read are registered; nil where there
	// is no record.
	Layout *record.Layout
}

// sensitivity is a type of its own, so that no other package has its mark.
type sensitivity struct{}

// Sensitive marks a value that must not leave: it may be compared with and be
// the key of hmac, and not become part of a result.
func Sensitive(v cty.Value) cty.Value { return v.Mark(sensitivity{}) }

// IsSensitive reports whether v or anything in it is marked.
func IsSensitive(v cty.Value) bool {
	_, marks := v.UnmarkDeep()
	_, ok := marks[sensitivity{}]
	return ok
}
