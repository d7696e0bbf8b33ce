package config_test

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/internal/azure"
	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/store"
)

// The tests' own kinds: small, and without I/O.

func text(name string, c schema.Class) schema.Field {
	return schema.Field{Name: name, Type: &schema.Type{Kind: schema.String}, Class: c}
}

func signIns() *schema.Schema {
	number := &schema.Type{Kind: schema.Int}
	detail := &schema.Type{Kind: schema.Object, Fields: []schema.Field{text("step", schema.None), text("result", schema.None)}}
	return &schema.Schema{
		Log: "sign_ins", ID: record.PathOf(record.Step{Key: "id"}), Unknown: schema.FreeText,
		Record: &schema.Type{Kind: schema.Object, Fields: []schema.Field{
			text("id", schema.None), text("userPrincipalName", schema.Direct), text("appDisplayName", schema.Given),
			{Name: "status", Type: &schema.Type{Kind: schema.Object, Fields: []schema.Field{{Name: "errorCode", Type: number}, text("failureReason", schema.FreeText)}}},
			{Name: "steps", Type: &schema.Type{Kind: schema.List, Elem: detail}},
		}},
	}
}

type stubSource struct{ schema *schema.Schema }

func (s stubSource) Schema() *schema.Schema { return s.schema }
func (s stubSource) Slices(context.Context, pipeline.Window) ([]pipeline.Slice, error) {
	return nil, nil
}
func (s stubSource) Open(context.Context, pipeline.Slice) (pipeline.Reader, error) {
	return nil, io.EOF
}

type stubEntra struct {
	stubSource
	tenant *azure.Tenant
}

type stubTransform struct{ schema *schema.Schema }

func (t stubTransform) Schema() *schema.Schema             { return t.schema }
func (t stubTransform) Open(pipeline.Slice) pipeline.Stage { return nil }

type stubSink struct{ place string }

func (s stubSink) Names(pipeline.Opening) ([]string, bool, error) { return nil, true, nil }
func (s stubSink) Open(context.Context, pipeline.Opening) (pipeline.Writer, error) {
	return nil, errors.New("stub")
}
func (s stubSink) Store(context.Context) (store.Store, error) { return nil, errors.New("stub") }
func (s stubSink) Place() string                              { return s.place }

var kinds = catalog.Catalog{
	{
		Class: addr.Source, Name: "file", Doc: "Reads files.",
		Body: catalog.Block{
			Attrs: []catalog.Attr{
				{Name: "paths", Type: cty.List(cty.String), Required: true, Doc: "The files to read, as patterns."},
				{Name: "log", OneOf: []string{"sign_ins", "directory_audits"}, Doc: "The log that the records belong to."},
				{Name: "token", Secret: true, Doc: "A secret."},
			},
			Blocks: []catalog.Nested{{Name: "window", Max: 1, Doc: "How time is cut.", Block: catalog.Block{Attrs: []catalog.Attr{
				{Name: "start", Doc: "Where it begins."}, {Name: "slice", Required: true, Doc: "The length of a slice."},
			}}}},
		},
		Source: newSource,
	},
	{
		Class: addr.Source, Name: "entra", Doc: "Reads a log of a tenant.",
		Body: catalog.Block{Attrs: []catalog.Attr{
			{Name: "tenant", Form: catalog.TenantRef, Required: true, Doc: "The tenant to read."},
			{Name: "log", Required: true, OneOf: []string{"sign_ins", "directory_audits"}, Doc: "The log to read."},
		}},
		Source: newEntra,
	},
	{
		Class: addr.Transform, Name: "filter", Doc: "Keeps the records that meet a condition.",
		Body: catalog.Block{Attrs: []catalog.Attr{
			{Name: "condition", Form: catalog.Expression, Required: true, Shape: true, Doc: "True for records that go on."},
		}},
		Transform: func(a *catalog.Args) (pipeline.Transform, hcl.Diagnostics) {
			_, diags := a.Program("condition")
			return stubTransform{a.Input}, diags
		},
	},
	{
		Class: addr.Transform, Name: "select", Doc: "Keeps some fields.",
		Body: catalog.Block{
			Attrs: []catalog.Attr{{Name: "keep", Type: cty.List(cty.String), Required: true, Shape: true, Doc: "The fields that stay."}},
			Blocks: []catalog.Nested{{Name: "rule", Labels: []string{"action"}, OneOf: []string{"drop", "mask"}, Doc: "What to do with fields.",
				Block: catalog.Block{Attrs: []catalog.Attr{{Name: "fields", Type: cty.List(cty.String), Required: true, Shape: true, Doc: "The fields."}}}}},
		},
		Transform: newSelect,
	},
	{
		Class: addr.Transform, Name: "set", Doc: "Sets fields.",
		Body: catalog.Block{Attrs: []catalog.Attr{{Name: "fields", Form: catalog.Expressions, Required: true, Shape: true, Doc: "What to set."}}},
		Transform: func(a *catalog.Args) (pipeline.Transform, hcl.Diagnostics) {
			programs, diags := a.Programs("fields")
			out := a.Input
			for _, p := range programs {
				out = out.With(record.PathOf(record.Step{Key: p.Name}), schema.Field{Name: p.Name, Type: p.Program.Type(), Class: p.Program.Class()})
			}
			return stubTransform{out}, diags
		},
	},
	{
		Class: addr.Sink, Name: "local", Doc: "Stores objects in a directory.",
		Body: catalog.Block{Attrs: []catalog.Attr{
			{Name: "path", Form: catalog.PathTemplate, Required: true, Doc: "The name of an object."},
			{Name: "format", OneOf: []string{"jsonl", "csv"}, Shape: true, Default: "jsonl", Doc: "How records are written."},
			{Name: "age", Doc: "How long objects are kept."},
		}},
		Sink: newSink,
	},
}

func newSource(a *catalog.Args) (pipeline.Source, hcl.Diagnostics) {
	s := schema.Open("")
	if a.Text("log") == "sign_ins" {
		s = signIns()
	}
	var diags hcl.Diagnostics
	if len(a.Texts("paths")) == 0 {
		diags = append(diags, a.Wrong("paths", "No files", "Name at least one file.")...)
	}
	if w, ok := a.Block("window"); ok {
		_, dd := w.Duration("slice")
		_, td := w.Time("start")
		diags = append(append(diags, dd...), td...)
	}
	return stubSource{s}, diags
}

// newEntra is strict: it must not be called with a tenant that is not whole.
func newEntra(a *catalog.Args) (pipeline.Source, hcl.Diagnostics) {
	s := signIns()
	s.Log = a.Text("log")
	t, ok := a.Tenant("tenant")
	switch {
	case !ok:
		return stubSource{s}, a.Wrong("tenant", "No tenant", "This must never be seen.")
	case t.Cloud.Graph == "":
		return nil, a.Wrong("tenant", "No cloud", "This must never be seen.")
	case t.Cloud.Name == "china" && s.Log == "sign_ins":
		return nil, a.Wrong("log", "Log not available", "The cloud china does not have it.")
	}
	return stubEntra{stubSource{s}, t}, nil
}

func newSelect(a *catalog.Args) (pipeline.Transform, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	var keep []record.Path
	for _, it := range a.Items("keep") {
		p, _, pd := catalog.CheckPath(a.Input, it)
		diags = append(diags, pd...)
		if !pd.HasErrors() {
			keep = append(keep, p)
		}
	}
	return stubTransform{a.Input.Only(keep...)}, diags
}

func newSink(a *catalog.Args) (pipeline.Sink, hcl.Diagnostics) {
	t, diags := a.Template("path")
	_, ad := a.Duration("age")
	if diags = append(diags, ad...); diags.HasErrors() {
		return nil, diags
	}
	place := ""
	if t != nil {
		place, _, _ = cutLast(t.Prefix())
	}
	return stubSink{place}, diags
}

func cutLast(path string) (dir, base string, ok bool) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return ".", path, false
	}
	return path[:i], path[i+1:], true
}
