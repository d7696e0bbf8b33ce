// Package sinks lists the kinds of sink that exist. A kind is a folder; to add
// one, write the folder and a line here.
package sinks

import (
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/sinks/local"
)

// Kinds returns every kind of sink.
func Kinds() []catalog.Kind {
	return []catalog.Kind{
		local.Kind(),
	}
}
