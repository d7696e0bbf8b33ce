// Package config turns the files of a directory into a Pipeline, or says what
// is wrong in them and where.
//
// Load reads files, Decode makes the pipeline: pure, offline, and in two
// passes. Wiring evaluates for_each and from with blocks as values (one cty
// capsule type stands for everything that can feed, and one for tenants, which
// are made first) and gives instances and the graph. Settings then walks the graph in order, so that each constructor is
// given the schema that reaches it.
//
// All mistakes are reported at once, in the order of the files, and one mistake
// is one diagnostic: what depends on something wrong is decoded as if anything
// could be there (an unknown value, an open schema) and stays silent. Variables
// without a value are unknown with Options.Unknown and never cause an error.
//
// Diagnostics and secrets: values of sensitive variables and literals of secret
// attributes are never in a message, and Write blanks them in snippets. Decode
// attaches what must be blanked to each diagnostic, so that nobody who prints
// one can forget it.
//
// hcl parses and evaluates, cty holds values, ext/typeexpr reads the type of a
// variable. hclwrite formats.
package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/logpipe/logpipe/internal/azure"
	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/graph"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// Options says how to decode.
type Options struct {
	Unknown bool   // variables without a value are unknown instead of an error
	Version string // of the program, for required_version; "" accepts any
}

// Pipeline is what the files say.
type Pipeline struct {
	Dir       string
	State     StateSetting
	Tenants   []*azure.Tenant // by name, those that nothing refers to included
	Instances []*Instance     // what feeds stands before what it feeds; ties by address
	Scanner   *record.Scanner
	Moved     []Move
	Removed   []Removal
	Variables map[string]cty.Value // those that are not sensitive
	Hash      string               // sha256, hex, of the files and of Variables

	at map[addr.Instance]*Instance
}

// Instance is one running instance of a block.
type Instance struct {
	Addr  addr.Instance
	Range hcl.Range // the block's header
	Kind  *catalog.Kind
	From  []addr.Instance // what feeds it, sorted
	// One of them, by class. All are nil if the block is wrong.
	Source    pipeline.Source
	Transform pipeline.Transform
	Sink      pipeline.Sink
	Input     *schema.Schema    // what reaches it, open if nothing does; nil for a source
	Output    *schema.Schema    // what leaves it; nil for a sink
	ID, Time  record.Slot       // of a source: where its schema's id and time stand, if it has them
	Shape     string            // fingerprint of what this block does to bytes
	Identity  string            // of a source: log and tenants, for people too; "" if not known. Another identity is another source
	Labels    map[string]string // of a sink
	open      bool              // From is what may feed it: a variable without value decides
}

// Instance returns the instance at a.
func (p *Pipeline) Instance(a addr.Instance) (*Instance, bool) {
	i, ok := p.at[a]
	return i, ok
}

// take makes all the pipeline's instances.
func (p *Pipeline) take(all []*Instance) {
	p.Instances, p.at = all, make(map[addr.Instance]*Instance, len(all))
	for _, i := range all {
		p.at[i.Addr] = i
	}
}

// Graph returns which instance feeds which.
func (p *Pipeline) Graph() *graph.Graph {
	g := &graph.Graph{}
	for _, i := range p.Instances {
		name := i.Addr.Label
		if i.Addr.Keyed {
			name = i.Addr.String()[len(i.Addr.Class)+len(i.Addr.Kind)+2:]
		}
		g.Draw(i.Addr.String(), graph.Look{
			Lines: []string{string(i.Addr.Class) + "." + i.Addr.Kind, name},
			Group: string(i.Addr.Class), Last: i.Addr.Class == addr.Sink,
		})
		for _, f := range i.From {
			g.Connect(f.String(), i.Addr.String())
		}
	}
	return g
}

// Shape is a hash over the fingerprints of a lane's blocks, from its source to
// its sink: it changes when the bytes that the lane stores may change.
func (p *Pipeline) Shape(path []addr.Instance) string {
	h := sha256.New()
	for _, a := range path {
		if i, ok := p.Instance(a); ok {
			fmt.Fprintln(h, i.Shape)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}

// decoder holds what is shared while one pipeline is decoded.
type decoder struct {
	files     *Files
	catalog   catalog.Catalog
	env       *pipeline.Env
	opt       Options
	functions map[string]function.Function
	layout    *record.Layout
	diags     hcl.Diagnostics
	values    map[string]cty.Value // var and local
	variables map[string]*variable
	blocks    map[addr.Block]*block
	tenants   []*block // as they stand in the files
	order     []*block // sources, transforms and sinks, likewise
	syntax    syntax
	only      bool // only what says where state lives is wanted
}

// Decode makes the pipeline. It does no I/O and starts nothing; env may still
// be empty. The pipeline is nil if there are errors.
func Decode(f *Files, c catalog.Catalog, env *pipeline.Env, o Options) (*Pipeline, hcl.Diagnostics) {
	d := newDecoder(f, c, env, o)
	d.collect()
	d.decodeVariables()
	d.decodeLocals()
	d.declareTenants()
	p := &Pipeline{Dir: f.Dir, State: d.decodeProgram(), Tenants: d.knownTenants()}
	d.declare()
	d.wire()
	p.take(d.settings())
	p.Moved, p.Removed = d.decodeMoved(p), d.decodeRemoved(p)
	d.checkPlaces()
	p.Variables = d.plainVariables()
	p.Hash = d.hash(p)
	diags := d.report()
	if diags.HasErrors() {
		return nil, diags
	}
	p.Scanner = d.layout.Compile()
	return p, diags
}

// DecodeState evaluates only what says where state lives: commands on state
// need no more, and work while the rest of the files is broken.
func DecodeState(f *Files, c catalog.Catalog, o Options) (StateSetting, hcl.Diagnostics) {
	o.Unknown = true
	d := newDecoder(f, c, &pipeline.Env{Dir: f.Dir}, o)
	d.collect()
	d.diags, d.only = nil, true // other blocks are not looked at
	d.decodeVariables()
	d.decodeLocals()
	if slices.ContainsFunc(d.syntax.program, mentionsTenant) {
		d.declareTenants()
	}
	state := d.decodeProgram()
	return state, d.report()
}

func newDecoder(f *Files, c catalog.Catalog, env *pipeline.Env, o Options) *decoder {
	if env == nil {
		env = &pipeline.Env{Dir: f.Dir}
	}
	return &decoder{
		files: f, catalog: c, env: env, opt: o,
		functions: expr.Functions(f.Dir),
		layout:    &record.Layout{},
		values:    map[string]cty.Value{},
		variables: map[string]*variable{},
		blocks:    map[addr.Block]*block{},
	}
}

// fail notes one error.
func (d *decoder) fail(at hcl.Range, summary, detail string) {
	d.diags = append(d.diags, catalog.Fault(at, summary, detail)...)
}

// warn notes one warning.
func (d *decoder) warn(at hcl.Range, summary, detail string) {
	d.diags = append(d.diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: summary, Detail: detail, Subject: &at})
}

// scope is what the attributes of the pipeline's own blocks may refer to.
func (d *decoder) scope() catalog.Scope {
	return catalog.Scope{Scope: expr.Scope{Values: d.values, Functions: d.functions}, Blocks: d.blocksAsValues(nil)}
}

// report sorts what was found, keeps each once, and takes secrets out.
func (d *decoder) report() hcl.Diagnostics {
	if len(d.diags) == 0 {
		return nil
	}
	catalog.Sort(d.diags)
	hide := d.secrets()
	type key struct {
		at              hcl.Range
		summary, detail string
		severity        hcl.DiagnosticSeverity
	}
	seen := map[key]bool{}
	var all hcl.Diagnostics
	for _, g := range d.diags {
		k := key{summary: g.Summary, detail: g.Detail, severity: g.Severity}
		if g.Subject != nil {
			k.at = *g.Subject
		}
		if seen[k] {
			continue
		}
		seen[k] = true
		all = append(all, hide.scrub(g))
	}
	return all
}

func (d *decoder) hash(p *Pipeline) string {
	h := sha256.New()
	for _, name := range d.files.names {
		src := d.files.HCL[name].Bytes
		fmt.Fprintf(h, "%q %d\n", name, len(src))
		h.Write(src)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Variables)) {
		writeValue(h, name, p.Variables[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

func writeValue(w io.Writer, name string, v cty.Value) {
	text := []byte("unknown")
	if v.IsWhollyKnown() {
		if b, err := ctyjson.Marshal(v, cty.DynamicPseudoType); err == nil {
			text = b
		}
	}
	fmt.Fprintf(w, "%q=%s\n", name, text)
}
