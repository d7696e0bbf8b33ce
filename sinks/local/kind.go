package local

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/format"
	"github.com/logpipe/logpipe/pipeline/record"
)

// Kind describes `sink "local"`.
func Kind() catalog.Kind {
	return catalog.Kind{
		Class: addr.Sink,
		Name:  "local",
		Doc:   "Writes files into a folder, one for every slice that has records.",
		Body: catalog.Block{Attrs: []catalog.Attr{
			{Name: "path", Form: catalog.PathTemplate, Required: true,
				Doc: "Where files are written, relative to the pipeline's directory. It begins with a constant folder, which belongs to this sink alone; the extension is added unless it is written."},
			{Name: "format", OneOf: format.Formats(), Default: format.JSONL, Shape: true,
				Doc: "jsonl: one record a line, as it is. csv: one column for every column or known field."},
			{Name: "compression", OneOf: format.Compressions(), Default: format.None, Shape: true,
				Doc: "How files are packed."},
			{Name: "compression_level", Type: cty.Number, Shape: true,
				Doc: "From 1, fast, to 9 for gzip (default 6) or 22 for zstd (default 3)."},
			{Name: "columns", Type: cty.List(cty.String), Shape: true, Default: "every field that the records are known to have",
				Doc: "The columns of csv, as paths such as \"status.errorCode\"."},
		}},
		Sink: decode,
	}
}

func decode(a *catalog.Args) (pipeline.Sink, hcl.Diagnostics) {
	s := &sink{addr: a.Addr, env: a.Env}
	var diags, d hcl.Diagnostics
	if s.path, d = a.Template("path"); s.path != nil && a.Known("path") {
		s.root, d = root(a)
	}
	diags = append(diags, d...)

	o := format.Options{Format: a.Text("format"), Compression: a.Text("compression")}
	most, d := a.IntRange("compression_level", 0, 1, 22)
	diags = append(diags, d...)
	o.Level = int(most)
	if err := format.CheckLevel(o.Compression, o.Level); err != nil && a.Known("compression") {
		diags = append(diags, a.Wrong("compression_level", "Wrong compression level", sentence(err))...)
		o.Level = 0
	}
	o.Columns, d = columns(a)
	if diags = append(diags, d...); diags.HasErrors() {
		return nil, diags
	}
	if !a.Known("format") || !a.Known("compression") || !a.Known("columns") {
		o = format.Options{} // there are variables without value: nothing is run
	}
	var err error
	if s.encoding, err = format.NewEncoding(o); err != nil {
		return nil, append(diags, catalog.Fault(a.Range(), "Wrong format", sentence(err))...)
	}
	return s, diags
}

// root is the constant folder that the path begins with.
func root(a *catalog.Args) (string, hcl.Diagnostics) {
	t, diags := a.Template("path")
	prefix := t.Prefix()
	i := strings.LastIndexByte(prefix, '/')
	at := path.Clean(prefix[:max(i, 0)])
	if i <= 0 || at == "." || at == "/" {
		return "", append(diags, a.Wrong("path", "Path without a folder of its own",
			"A path must begin with a constant folder, which then belongs to this sink: its manifest and rejects lie there, too. Write, for instance, \"out/${slice.name}\".")...)
	}
	if slices.Contains(strings.Split(at, "/"), machinery) {
		return "", append(diags, a.Wrong("path", "Path among the machinery",
			fmt.Sprintf("Folders called %s are for the state, manifests and rejects. Choose another folder.", machinery))...)
	}
	if strings.Contains(prefix, `\`) {
		return "", append(diags, a.Wrong("path", "Backslash in a path", "Folders are separated by / on every system.")...)
	}
	return at, diags
}

// columns are those that are named, or all that the records are known to have.
func columns(a *catalog.Args) ([]format.Column, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	csv := a.Text("format") == format.CSV
	switch {
	case a.Has("columns") && !csv && a.Known("format"):
		return nil, a.Wrong("columns", "Columns without csv", "Only the format csv has columns. To keep fewer fields in jsonl, use transform \"select\".")
	case !csv:
		return nil, nil
	case !a.Has("columns"):
		paths := format.LeafPaths(a.Input)
		if len(paths) == 0 {
			diags = catalog.Fault(a.RangeOf("format"), "No columns",
				"Nothing is known of the records that reach this sink, so csv needs its columns named. Write columns = [\"a\", \"b.c\"], or give the source a log.")
		}
		return format.Columns(a.Layout, paths), diags
	}
	var paths []record.Path
	seen := map[string]bool{}
	for _, it := range a.Items("columns") {
		p, _, d := catalog.CheckPath(a.Input, it)
		diags = append(diags, d...)
		switch {
		case d.HasErrors():
		case seen[p.String()]:
			diags = append(diags, catalog.Fault(it.Range, "Column stands twice", fmt.Sprintf("%q is a column already.", p))...)
		case hasEach(p):
			diags = append(diags, catalog.Fault(it.Range, "List in a column",
				fmt.Sprintf("%q goes through a list, but a column has one value. Name the list itself; it is written as JSON text.", p))...)
		default:
			seen[p.String()] = true
			paths = append(paths, p)
		}
	}
	if len(paths) == 0 && a.Known("columns") && !diags.HasErrors() {
		diags = a.Wrong("columns", "No columns", "Name at least one column, or leave columns out for every field that the records are known to have.")
	}
	return format.Columns(a.Layout, paths), diags
}

func hasEach(p record.Path) bool {
	for _, s := range p.Steps() {
		if s.Each {
			return true
		}
	}
	return false
}

func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// place is where the root lies.
func (s *sink) place() string {
	if p := filepath.FromSlash(s.root); filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(s.env.Dir, filepath.FromSlash(s.root))
}
