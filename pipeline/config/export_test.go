package config

// For the test that shallow never waves through what the tokens would refuse.
var Shallow = shallow

// The bounds themselves.
const (
	MaxDepth = maxDepth
	MaxChain = maxChain
)
