package file

import (
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/format"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

// Kind describes `source "file"`.
func Kind() catalog.Kind {
	return catalog.Kind{
		Name:  "file",
		Class: addr.Source,
		Doc:   "Reads records from files: JSON Lines, or containers and arrays of records, plain or packed with gzip or zstd.",
		Body: catalog.Block{
			Attrs: []catalog.Attr{
				{Name: "paths", Type: cty.List(cty.String), Required: true,
					Doc: "Files to read, relative to the pipeline's directory. * and ? stand for any characters of a name, ** for any folders; neither matches names that begin with a dot."},
				{Name: "log", OneOf: logs.Names(),
					Doc: "The log that the records belong to, which tells their fields, id and time. Without it a record is any JSON object."},
				{Name: "shape", OneOf: []string{shapeAuto, string(logs.Graph), string(logs.Diagnostic), string(logs.LogAnalytics)}, Default: shapeAuto,
					Doc: "The form that the records come in. auto looks at each record; fields are then checked as those of the graph shape, with the others known besides."},
				{Name: "max_record", Type: cty.Number, Default: "33554432",
					Doc: "The longest record in bytes; a longer one is rejected."},
			},
			Blocks: []catalog.Nested{{
				Name: "window", Max: 1,
				Doc: "Divides the records by time into slices on a fixed UTC grid. Without it every file is one slice.",
				Block: catalog.Block{Attrs: []catalog.Attr{
					{Name: "slice", Required: true, Doc: "The length of a slice, such as \"1h\" or \"1d\"."},
					{Name: "start", Doc: "Records before this instant are not read. Without it the window is open at that end."},
					{Name: "end", Doc: "Records from this instant on are not read. Without it the window is open at that end."},
				}},
			}},
		},
		Source: decode,
	}
}

func decode(a *catalog.Args) (pipeline.Source, hcl.Diagnostics) {
	s := &Source{addr: a.Addr, env: a.Env, log: a.Text("log")}
	diags := s.decodePaths(a.Items("paths"))
	if len(a.Items("paths")) == 0 && a.Known("paths") {
		diags = append(diags, a.Wrong("paths", "No paths", "Name at least one file or pattern to read, such as \"exports/*.jsonl\".")...)
	}
	most, d := a.IntRange("max_record", format.DefaultMaxRecord, 1<<10, 1<<30)
	diags = append(diags, d...)
	s.maxRecord = int(most)

	if s.shapes, d = shapesOf(a, s.log); d.HasErrors() {
		return nil, append(diags, d...)
	}
	if w, ok := a.Block("window"); ok {
		diags = append(diags, s.decodeWindow(a, w)...)
	}
	if diags.HasErrors() {
		return nil, diags
	}
	return s, diags
}

func (s *Source) decodePaths(items []catalog.Item) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, it := range items {
		if it.Text == "" {
			diags = append(diags, catalog.Fault(it.Range, "Empty path", "A path must name a file or a pattern, such as \"exports/*.jsonl\".")...)
			continue
		}
		if _, err := path.Match(it.Text, ""); err != nil {
			diags = append(diags, catalog.Fault(it.Range, "Not a pattern", fmt.Sprintf("%q is no pattern: a [ must be closed by ]. Write \\[ for the character itself.", it.Text))...)
			continue
		}
		s.paths = append(s.paths, it.Text)
	}
	slices.Sort(s.paths)
	s.paths = slices.Compact(s.paths)
	return diags
}

func (s *Source) decodeWindow(a *catalog.Args, w catalog.Body) hcl.Diagnostics {
	var diags hcl.Diagnostics
	at := func(d hcl.Diagnostics) { diags = append(diags, d...) }
	length, d := w.Duration("slice")
	at(d)
	if length > 0 && length < time.Minute {
		at(w.Wrong("slice", "Slice is too short", "A slice is at least one minute (\"1m\") long; each becomes objects of its own."))
	}
	start, d := w.Time("start")
	at(d)
	end, d := w.Time("end")
	at(d)
	if !start.IsZero() && !end.IsZero() && !start.Before(end) {
		at(w.Wrong("end", "Window ends before it starts", fmt.Sprintf("The end %s must lie after the start %s.", end.Format(time.RFC3339), start.Format(time.RFC3339))))
	}
	if !start.IsZero() && !schema.Plausible(start) {
		at(w.Wrong("start", "Window starts too early or too late", "A window starts in 1970 at the earliest and ends with 9998. Leave start out for one that is open at that end."))
	}
	if !end.IsZero() && !schema.Plausible(end.Add(-1)) {
		at(w.Wrong("end", "Window ends too early or too late", "A window starts in 1970 at the earliest and ends with 9998. Leave end out for one that is open at that end."))
	}
	switch {
	case !a.Known("log"):
	case s.log == "":
		at(catalog.Fault(w.Range(), "Window without a log", "Slices need the time of a record, and only a log tells where that stands. Name the log, such as log = \"sign_ins\", or leave the window out: every file is then one slice."))
	case !s.shapes.timed():
		at(catalog.Fault(w.Range(), "Log without a time", fmt.Sprintf("Records of %s have no time that tells them apart, so they cannot be divided by time. Leave the window out: every file is then one slice.", s.log)))
	}
	s.grid = grid{length: int64(length / time.Second), start: start, end: end}
	return diags
}
