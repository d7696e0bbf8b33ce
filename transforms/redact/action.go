package redact

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/logpipe/logpipe/pipeline/record"
)

// action is what is done with a value.
type action uint8

const (
	keep       action = iota // leave it, whatever stands in it
	pseudonymy               // replace by a keyed pseudonym that joins
	mask                     // replace letters and digits by asterisks
	replace                  // replace by a fixed text
	drop                     // take the member or element out
	collapse                 // replace what may be large by null or a fixed text
	truncateIP               // keep the network part of an IP address
	prefixIP                 // map an IP address, shared prefixes stay shared
	coarsen                  // keep what many people have in common
	scan                     // look for personal values inside
)

var actionNames = [...]string{"keep", "pseudonym", "mask", "replace", "drop", "collapse", "truncate_ip", "prefix_ip", "coarsen", "scan"}

func (a action) String() string { return actionNames[a] }

func parseAction(name string) (action, bool) {
	for i, n := range actionNames {
		if n == name {
			return action(i), true
		}
	}
	return 0, false
}

// whole reports whether a works on a value whatever its form, so that nothing
// inside it is looked at.
func (a action) whole() bool { return a == drop || a == replace || a == collapse }

// reaching reports whether a on an object or list means all that is in it.
func (a action) reaching() bool { return a == keep || a == scan || a == coarsen }

// keyed reports whether a needs a key.
func (a action) keyed() bool { return a == pseudonymy || a == prefixIP }

// clears reports whether a takes a value out of sight that may stand elsewhere
// in the record too.
func (a action) clears() bool { return a != keep && a != scan }

// spec is one field of a rule block.
type spec struct {
	action action
	path   record.Path
	at     hcl.Range // where the field is named
	with   []byte    // JSON of replace and collapse
	v4, v6 int       // bits that truncate_ip keeps
	day    bool      // coarsen times to the day, not the hour
}

// rule is what a compiled pipeline does with one field.
type rule struct {
	spec
	number  int    // its place among the stage's counts
	field   string // as reports name it
	given   bool   // by a rule block, not by default
	coarser coarser
}

// fault says that a rule cannot be applied to a value, without the value.
func (r *rule) fault(problem string) error {
	return fmt.Errorf("redact: cannot apply %s to %s: %s", r.action, r.field, problem)
}

// name is how the rule is counted.
func (r *rule) name() string { return r.action.String() + " " + r.field }
