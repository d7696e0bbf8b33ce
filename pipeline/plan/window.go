package plan

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/logpipe/logpipe/pipeline/config"
	"github.com/logpipe/logpipe/pipeline/state"
)

// regrouped refuses a source that got or lost its window while something of it
// is stored: whole files and slices of time cannot be compared, so all of it
// would be stored a second time.
func regrouped(p *config.Pipeline, st *state.State, f *Found) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, in := range p.Instances {
		if in.Source == nil || len(f.Slices[in.Addr]) == 0 {
			continue
		}
		now := f.Slices[in.Addr][0].End.IsZero()
		for lane, ls := range st.Lanes {
			if lane.Source != in.Addr || len(ls.Done) == 0 || ls.Done[0].End.IsZero() == now {
				continue
			}
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError,
				Summary:  "Window added or removed",
				Detail: fmt.Sprintf("What is stored of %s was cut into %s, and now it would be cut into %s. The two cannot be compared, so everything would be stored a second time. Take the change back, or give the new source a new label and end the old one with a removed block.",
					in.Addr, cuts(!now), cuts(now)),
				Subject: in.Range.Ptr(),
			})
			break
		}
	}
	return diags
}

func cuts(whole bool) string {
	if whole {
		return "whole files"
	}
	return "slices of time"
}
