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
			{Name: "columns", Type: cty.DynamicPseudoType, Shape: true, Default: "every field that the records are known to have",
				Doc: "The columns of csv: a list of paths such as \"status.errorCode\", or \"portal\" for the columns and names of the Entra portal's own download of the log, or \"portal_service_principals\" for those of its download of service principal sign-ins."},
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
	cols, d := decodeColumns(a)
	if diags = append(diags, d...); diags.HasErrors() {
		return nil, diags
	}
	if !a.Known("format") || !a.Known("compression") || !a.Known("columns") {
		o, cols = format.Options{}, columns{} // there are variables without value: nothing is run
	}
	if s.encoding, s.workloads, d = encodings(a, o, cols); d.HasErrors() {
		return nil, append(diags, d...)
	}
	return s, diags
}

// encodings makes the encoding of records, and the one of workloads' records,
// which is the same unless their columns are others.
func encodings(a *catalog.Args, o format.Options, cols columns) (records, workloads *format.Encoding, diags hcl.Diagnostics) {
	o.Columns = cols.records
	records, err := format.NewEncoding(o)
	if workloads = records; err == nil && cols.workloads != nil {
		o.Columns = cols.workloads
		workloads, err = format.NewEncoding(o)
	}
	if err != nil {
		return nil, nil, catalog.Fault(a.Range(), "Wrong format", sentence(err))
	}
	return records, workloads, nil
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
