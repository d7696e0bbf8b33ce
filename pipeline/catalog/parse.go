package catalog

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// Shared names the attributes that every block of a class has and that config
// decodes itself.
func Shared(class addr.Class) []string {
	switch class {
	case addr.Transform:
		return []string{"for_each", "from"}
	case addr.Sink:
		return []string{"for_each", "from", "labels"}
	}
	return []string{"for_each"}
}

// Parse reads the text of one block's body and returns what the constructor of
// k would get for it: a pipeline of one block, so that a kind can be tested on
// its own. values are the constants (var, local, each), and tenant, an object
// of TenantValue; dir is where file() looks and what Env says.
func Parse(k *Kind, body, dir string, in *schema.Schema, values map[string]cty.Value) (*Args, hcl.Diagnostics) {
	file, diags := hclsyntax.ParseConfig([]byte(body), "body.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	a := &Args{
		Addr:   addr.Block{Class: k.Class, Kind: k.Name, Label: "this"}.Only(),
		Input:  in,
		Layout: &record.Layout{},
		Env:    &pipeline.Env{Dir: dir},
	}
	s := Scope{
		Scope:     expr.Scope{Values: values, Functions: expr.Functions(dir), Record: in, Layout: a.Layout},
		Elsewhere: Shared(k.Class),
	}
	header := hcl.Range{Filename: "body.hcl", Start: hcl.InitialPos, End: hcl.InitialPos}
	a.Body, diags = Decode(file.Body.(*hclsyntax.Body), header, nil, &k.Body, s)
	return a, diags
}
