// Package transforms lists the kinds of transform that exist. A kind is a
// folder; to add one, write the folder and a line here.
package transforms

import (
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/transforms/filter"
	"github.com/logpipe/logpipe/transforms/redact"
	selects "github.com/logpipe/logpipe/transforms/select"
	"github.com/logpipe/logpipe/transforms/set"
)

// Kinds returns every kind of transform.
func Kinds() []catalog.Kind {
	return []catalog.Kind{
		filter.Kind(),
		redact.Kind(),
		selects.Kind(),
		set.Kind(),
	}
}
