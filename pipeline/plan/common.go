package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// Common returns what stands in both the shown plan and the one that was made
// now, unchanged, and a line for every read that was left out because the world
// or the state moved since. Nothing is added: what only the new plan has waits
// for the next one. Recoveries, moves and forgets are those of now: they follow
// from the configuration, which is the same, and have to come before any read.
// It refuses when the state or the configuration is another.
func Common(shown, now *Plan) (*Plan, []string, error) {
	switch {
	case shown.FormatVersion != now.FormatVersion:
		return nil, nil, fmt.Errorf("the plan file has format version %q, this program writes %q: plan again", shown.FormatVersion, now.FormatVersion)
	case shown.Lineage != "" && shown.Lineage != now.Lineage: // "": there was no state yet
		return nil, nil, fmt.Errorf("the plan was made for another state (lineage %q, now %q): plan again", shown.Lineage, now.Lineage)
	case shown.Config != now.Config:
		return nil, nil, fmt.Errorf("the configuration or its variables changed since the plan was made: plan again")
	}
	was := map[string]string{}
	for _, r := range shown.Reads {
		was[r.Key()] = fingerprint(r)
	}
	both := *now
	both.Reads = nil
	var left []string
	for _, r := range now.Reads {
		switch fp, ok := was[r.Key()]; {
		case !ok:
			left = append(left, "slice "+r.Slice+" is not in the plan that was shown")
		case fp != fingerprint(r):
			left = append(left, "slice "+r.Slice+" is not as it was when the plan was shown")
		default:
			both.Reads = append(both.Reads, r)
		}
		delete(was, r.Key())
	}
	for k := range was {
		name, _, _ := strings.Cut(k, "\x00")
		left = append(left, "slice "+name+" no longer has to be read")
	}
	slices.Sort(left)
	return &both, left, nil
}

// fingerprint is what must be the same for a read to be the same.
func fingerprint(r Read) string {
	r.Why = ""
	b, err := json.Marshal(r)
	if err != nil {
		return err.Error() // a Read is plain data: cannot happen
	}
	return string(b)
}

func valueText(v cty.Value) string {
	b, err := ctyjson.Marshal(v, v.Type())
	if err != nil {
		return "null"
	}
	return string(b)
}
