package plan

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/config"
	"github.com/logpipe/logpipe/pipeline/state"
)

// adopt carries the moved and removed blocks into a copy of the state and
// answers for every address that the state knows and the configuration does
// not. What may be a rename is an error with the block to paste: a lane that
// started anew would store everything twice. What is simply gone is said in
// every plan until a removed block ends it.
func (pl *Plan) adopt(p *config.Pipeline, st *state.State) (*state.State, hcl.Diagnostics) {
	after := st.Clone()
	for _, m := range p.Moved {
		for _, from := range known(after) {
			to, ok := m.Apply(from)
			if !ok || isKnown(after, to) {
				continue
			}
			if after.Do(state.Move{From: from, To: to}) == nil {
				pl.Moves = append(pl.Moves, Move{From: from, To: to})
			}
		}
	}
	for _, r := range p.Removed {
		for _, a := range known(after) {
			if _, still := p.Instance(a); still || !covers(r, a) || r.Retention == "keep_enforcing" {
				continue
			}
			if after.Do(state.Forget{Addr: a}) == nil {
				pl.Forgets = append(pl.Forgets, Forget{Addr: a, Why: "a removed block ends it; its objects stay where they are"})
			}
		}
	}
	var diags hcl.Diagnostics
	for _, a := range known(after) {
		if _, still := p.Instance(a); still || kept(p, a) {
			continue
		}
		diags = append(diags, pl.missing(p, after, a)...)
	}
	return after, append(diags, another(p, after)...)
}

// Adoption returns the operations that bring the state to where the plan
// starts from.
func (pl *Plan) Adoption() []state.Op {
	var ops []state.Op
	for _, m := range pl.Moves {
		ops = append(ops, state.Move{From: m.From, To: m.To})
	}
	for _, f := range pl.Forgets {
		ops = append(ops, state.Forget{Addr: f.Addr})
	}
	return ops
}

// known lists the addresses that a state remembers, sorted.
func known(st *state.State) []addr.Instance {
	var as []addr.Instance
	for a := range st.Sources {
		as = append(as, a)
	}
	for a := range st.Sinks {
		as = append(as, a)
	}
	slices.SortFunc(as, addr.Instance.Compare)
	return as
}

func isKnown(st *state.State, a addr.Instance) bool {
	_, source := st.Sources[a]
	_, sink := st.Sinks[a]
	return source || sink
}

// covers reports whether r is about a: a block without key means all of its
// instances.
func covers(r config.Removal, a addr.Instance) bool {
	return a == r.From || !r.From.Keyed && a.Block == r.From.Block
}

func kept(p *config.Pipeline, a addr.Instance) bool {
	return slices.ContainsFunc(p.Removed, func(r config.Removal) bool { return covers(r, a) })
}

func (pl *Plan) missing(p *config.Pipeline, st *state.State, a addr.Instance) hcl.Diagnostics {
	removed := fmt.Sprintf("removed {\n  from      = %s\n  retention = \"forget\"\n}", a.Block)
	for _, in := range p.Instances {
		if in.Addr.Class != a.Class || in.Addr.Kind != a.Kind || isKnown(st, in.Addr) {
			continue
		}
		return hcl.Diagnostics{{
			Severity: hcl.DiagError,
			Summary:  "Block renamed or replaced",
			Detail: fmt.Sprintf("The state knows %s, which the configuration no longer has, and not %s, which is new. If it was renamed, say so, or everything would be stored a second time:\n\nmoved {\n  from = %s\n  to   = %s\n}\n\nIf it is gone and the other one new:\n\n%s",
				a, in.Addr, a, in.Addr, removed),
			Subject: in.Range.Ptr(),
		}}
	}
	text := "is no longer in the configuration. To end it:"
	if n := st.Sinks[a].Objects; n > 0 {
		text = fmt.Sprintf("is no longer in the configuration; its %d objects stay and no retention rule watches them. To end it:", n)
	}
	pl.Notes = append(pl.Notes, Note{Addr: a, Text: text, Paste: removed})
	return nil
}

// another refuses a source that became a different one under its old name: its
// lanes would be taken for done.
func another(p *config.Pipeline, st *state.State) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, in := range p.Instances {
		old, ok := st.Sources[in.Addr]
		if in.Source == nil || !ok {
			continue
		}
		was, is := old.Fingerprint, in.Identity
		if was == "" || is == "" { // an older state, or a tenant that is not known here
			was, is = logName(old.Log), logName(in.Source.Schema().Log)
		}
		if was == is {
			continue
		}
		diags = append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError,
			Summary:  "Source became another",
			Detail: fmt.Sprintf("%s reads %s, but what is stored under that name came from %s. A source keeps its log and tenant for good: give the new one a new label.",
				in.Addr, is, was),
			Subject: in.Range.Ptr(),
		})
	}
	return diags
}

func logName(log string) string {
	if log == "" {
		return "records without a log"
	}
	return fmt.Sprintf("log %q", log)
}
