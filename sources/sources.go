// Package sources lists the kinds of source that exist. A kind is a folder; to
// add one, write the folder and a line here.
package sources

import (
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/sources/entra"
	"github.com/logpipe/logpipe/sources/file"
)

// Kinds returns every kind of source.
func Kinds() []catalog.Kind {
	return []catalog.Kind{
		entra.Kind(),
		file.Kind(),
	}
}
