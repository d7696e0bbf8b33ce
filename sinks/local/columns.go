package local

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/format"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// The texts that stand for the portal's columns. With the first, workloads'
// sign-ins have their own where the source tells them apart, as the portal does.
const (
	portal                  = "portal"
	portalServicePrincipals = "portal_service_principals"
)

// columns is what csv has columns for.
type columns struct {
	records   []format.Column
	workloads []format.Column // of slices that hold workloads' sign-ins; nil: the same
}

// decodeColumns reads columns: those that are named, the portal's, or all that
// the records are known to have.
func decodeColumns(a *catalog.Args) (columns, hcl.Diagnostics) {
	csv := a.Text("format") == format.CSV
	v := a.Value("columns")
	switch {
	case a.Has("columns") && !csv && a.Known("format"):
		return columns{}, a.Wrong("columns", "Columns without csv", "Only the format csv has columns. To keep fewer fields in jsonl, use transform \"select\".")
	case !csv || !a.Known("columns"):
		return columns{}, nil
	case !a.Has("columns"):
		return allColumns(a)
	case v.Type() == cty.String:
		return portalColumns(a, v.AsString())
	}
	return namedColumns(a, v)
}

func allColumns(a *catalog.Args) (columns, hcl.Diagnostics) {
	paths := format.LeafPaths(a.Input)
	if len(paths) == 0 {
		return columns{}, catalog.Fault(a.RangeOf("format"), "No columns",
			"Nothing is known of the records that reach this sink, so csv needs its columns named. Write columns = [\"a\", \"b.c\"], or give the source a log.")
	}
	return columns{records: format.Columns(a.Layout, paths)}, nil
}

// portalColumns are the portal's own, chosen by the log.
func portalColumns(a *catalog.Args, text string) (columns, hcl.Diagnostics) {
	if text != portal && text != portalServicePrincipals {
		return columns{}, a.Wrong("columns", "Unknown columns", fmt.Sprintf("%q is neither a list of paths nor the name of a set of columns. %s", text, meant(text)))
	}
	log := ""
	if a.Input != nil {
		log = a.Input.Log
	}
	cols, ok := format.Portal(a.Layout, log, text == portalServicePrincipals)
	if !ok {
		what := "the records that reach this sink belong to no known log, or to several"
		if log != "" {
			what = "the log of the records that reach this sink is " + log
		}
		return columns{}, a.Wrong("columns", "No portal columns",
			fmt.Sprintf("%q is known for %s, but %s. Name the columns in a list.", text, strings.Join(format.PortalLogs(text == portalServicePrincipals), " and "), what))
	}
	if !readable(a.Input, cols) {
		return columns{}, a.Wrong("columns", "Wrong shape for portal columns",
			"The portal's columns are made from fields of records in the shape graph, such as "+cols[0].Path.String()+", and the records that reach this sink do not have them. Name the columns in a list.")
	}
	out := columns{records: cols}
	if text == portal {
		out.workloads, _ = format.Portal(a.Layout, log, true)
	}
	return out, nil
}

// meant says what to write instead of text.
func meant(text string) string {
	if near := expr.Suggest(text, []string{portal, portalServicePrincipals}); near != "" {
		return fmt.Sprintf("Did you mean %q?", near)
	}
	sets := fmt.Sprintf("%q and %q are the columns of the Entra portal's own downloads", portal, portalServicePrincipals)
	if _, err := record.ParsePath(text); err == nil {
		return fmt.Sprintf("One column is a list, too: [%q]. %s.", text, sets)
	}
	return sets + "."
}

// readable reports whether records of a schema have anything for the columns.
func readable(in *schema.Schema, cols []format.Column) bool {
	if !in.Time.IsZero() && in.Time.String() != cols[0].Path.String() {
		return false // the time stands elsewhere: another shape
	}
	return slices.ContainsFunc(cols, func(c format.Column) bool {
		_, err := in.Lookup(c.Path)
		return !c.Path.IsZero() && err == nil
	})
}

// namedColumns are those of a list of paths.
func namedColumns(a *catalog.Args, v cty.Value) (columns, hcl.Diagnostics) {
	list, err := convert.Convert(v, cty.List(cty.String))
	if err != nil {
		return columns{}, a.Wrong("columns", "Wrong type", "The attribute \"columns\" takes a list of paths such as [\"id\", \"status.errorCode\"], or the text \"portal\".")
	}
	var diags hcl.Diagnostics
	var paths []record.Path
	seen := map[string]bool{}
	for _, it := range items(a, list) {
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
	if len(paths) == 0 && !diags.HasErrors() {
		diags = a.Wrong("columns", "No columns", "Name at least one column, or leave columns out for every field that the records are known to have.")
	}
	return columns{records: format.Columns(a.Layout, paths)}, diags
}

// items is the texts of the list, each with the place where it stands if the
// list is written out.
func items(a *catalog.Args, list cty.Value) []catalog.Item {
	written, _ := a.Syntax("columns").(*hclsyntax.TupleConsExpr)
	var all []catalog.Item
	for i, v := range list.AsValueSlice() {
		if v.IsNull() {
			continue
		}
		at := a.RangeOf("columns")
		if written != nil && len(written.Exprs) == list.LengthInt() {
			at = written.Exprs[i].Range()
		}
		all = append(all, catalog.Item{Text: v.AsString(), Range: at})
	}
	return all
}

func hasEach(p record.Path) bool {
	return slices.ContainsFunc(p.Steps(), func(s record.Step) bool { return s.Each })
}
