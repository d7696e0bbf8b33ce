package main

import (
	"slices"

	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/sinks"
	"github.com/logpipe/logpipe/sources"
	"github.com/logpipe/logpipe/transforms"
)

// kinds is all that may be written in a pipeline file.
func kinds() catalog.Catalog {
	return slices.Concat(sources.Kinds(), transforms.Kinds(), sinks.Kinds())
}
