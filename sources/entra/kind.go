package entra

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

// Kind describes `source "entra"`.
func Kind() catalog.Kind {
	return catalog.Kind{
		Name:  "entra",
		Class: addr.Source,
		Doc:   "Reads a log of Microsoft Entra ID from Microsoft Graph.",
		Body: catalog.Block{
			Attrs: []catalog.Attr{
				{Name: "tenant", Form: catalog.TenantRef, Required: true,
					Doc: "The tenant to read, such as tenant.corp."},
				{Name: "log", Required: true, OneOf: served(),
					Doc: "The log to read. logpipe schema -log=NAME tells its fields, permissions and licence."},
				{Name: "events", Type: cty.List(cty.String), OneOf: streams(),
					Doc: "Which streams of sign_ins to read, each for itself. Without it all four."},
				{Name: "page_size", Type: cty.Number,
					Doc: "Records to ask for in one request; fewer make requests quicker and more of them. Without it as many as the service gives."},
				{Name: "max_record", Type: cty.Number, Default: "33554432",
					Doc: "The longest record in bytes; a longer one is rejected."},
			},
			Blocks: []catalog.Nested{{
				Name: "window", Max: 1,
				Doc: "Which time to read, in slices on a fixed UTC grid. A log that only tells how things are now is read once in each slice, and has no settle and no revisit.",
				Block: catalog.Block{Attrs: []catalog.Attr{
					{Name: "start", Doc: "Records before this instant are not read."},
					{Name: "lookback", Default: "30d", Doc: "How far back to begin where there is no start. Entra keeps most logs for 30 days."},
					{Name: "slice", Default: "1h, or 1d for a log that only tells how things are now", Doc: "The length of a slice, such as \"1h\"."},
					{Name: "settle", Default: "15m", Doc: "How old the end of a slice must be before it is read: records arrive late."},
					{Name: "revisit", Type: cty.List(cty.String), Default: `["2h", "48h"] for sign-ins and risk, ["2h"] for the others`,
						Doc: "At what ages of its end a slice is read again, for what came later or changed. Each costs a full read. An empty list reads once."},
				}},
			}},
		},
		Source: decode,
	}
}

// served lists the logs that Graph serves.
func served() []string {
	return slices.DeleteFunc(logs.Names(), func(name string) bool {
		l, _ := logs.Get(name)
		return l.Path == ""
	})
}

// streams lists the streams of all logs.
func streams() []string {
	var out []string
	for _, name := range logs.Names() {
		l, _ := logs.Get(name)
		out = append(out, l.Streams...)
	}
	return out
}

func decode(a *catalog.Args) (pipeline.Source, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	add := func(d hcl.Diagnostics) { diags = append(diags, d...) }
	tenant, known := a.Tenant("tenant")
	o := Options{Addr: a.Addr, Log: a.Text("log"), Streams: a.Texts("events"), Env: a.Env}
	log, ok := logs.Get(o.Log)
	if ok {
		add(checkEvents(a, log))
		if known && log.Cloud(tenant.Cloud.Name) == "no" {
			add(a.Wrong("log", "Not served in this cloud", fmt.Sprintf("Microsoft Graph does not serve %s in the cloud %q.", log.Name, tenant.Cloud.Name)))
		}
	}
	most := int64(1000)
	if log.MaxPage > 0 {
		most = int64(log.MaxPage)
	}
	size, d := a.IntRange("page_size", 0, 1, most)
	add(d)
	o.PageSize = int(size)
	record, d := a.IntRange("max_record", defaultMaxRecord, 1<<10, 1<<27)
	add(d)
	o.MaxRecord = int(record)
	o.Window = usual(log)
	if w, ok := a.Block("window"); ok {
		add(decodeWindow(w, log, &o.Window))
	}
	if diags.HasErrors() || !ok || !known {
		return nil, diags
	}
	s, err := New(tenant, o)
	if err != nil {
		return nil, append(diags, a.Wrong("log", "Cannot be read", err.Error())...)
	}
	return s, diags
}

func checkEvents(a *catalog.Args, log logs.Log) hcl.Diagnostics {
	var diags hcl.Diagnostics
	seen := map[string]bool{}
	for _, it := range a.Items("events") {
		_, ok := log.Stream(it.Text)
		switch {
		case len(log.Streams) == 0:
			return a.Wrong("events", "Log without streams", fmt.Sprintf("%s has one kind of record only. Leave events out.", log.Name))
		case !ok:
			diags = append(diags, catalog.Fault(it.Range, "No such stream", fmt.Sprintf("%s has the streams %s.", log.Name, strings.Join(log.Streams, ", ")))...)
		case seen[it.Text]:
			diags = append(diags, catalog.Fault(it.Range, "Stream named twice", fmt.Sprintf("%q stands in the list already.", it.Text))...)
		}
		seen[it.Text] = true
	}
	if a.Has("events") && a.Known("events") && len(a.Items("events")) == 0 {
		return a.Wrong("events", "No streams", "Name at least one, or leave events out to read all of them.")
	}
	return diags
}

// usual is the window of a log unless the block says otherwise.
func usual(log logs.Log) Window {
	w := Window{Settle: 15 * time.Minute, Revisit: []time.Duration{2 * hour}}
	if log.Name == "sign_ins" || log.Budget == "identity_protection" {
		w.Revisit = append(w.Revisit, 48*hour)
	}
	return w
}

func decodeWindow(b catalog.Body, log logs.Log, w *Window) hcl.Diagnostics {
	var diags hcl.Diagnostics
	add := func(d hcl.Diagnostics) { diags = append(diags, d...) }
	var d hcl.Diagnostics
	w.Start, d = b.Time("start")
	add(d)
	w.Lookback, d = b.Duration("lookback")
	add(d)
	if b.Has("start") && b.Has("lookback") {
		add(b.Wrong("lookback", "Two begins", "A window begins at a fixed start or a lookback before now. Leave one of them out."))
	}
	w.Slice, d = b.Duration("slice")
	add(d)
	if w.Slice > 0 && w.Slice < time.Minute {
		add(b.Wrong("slice", "Slice is too short", "A slice is at least one minute (\"1m\") long; each becomes objects of its own."))
	}
	if w.Lookback > 0 && w.Slice > 0 && w.Lookback < w.Slice {
		add(b.Wrong("lookback", "Shorter than a slice", "Only slices that have ended and lie inside the window are read, and no slice fits into this one."))
	}
	if log.Snapshot {
		for _, name := range []string{"settle", "revisit"} {
			if b.Has(name) {
				add(b.Wrong(name, "Nothing to wait for", fmt.Sprintf("%s tells how things are now and is read once in each slice. Leave %s out.", log.Name, name)))
			}
		}
		return diags
	}
	if b.Has("settle") {
		if w.Settle = 0; b.Text("settle") != "0s" {
			w.Settle, d = b.Duration("settle")
			add(d)
		}
	}
	if b.Has("revisit") {
		w.Revisit, d = revisits(b, w.Settle)
		add(d)
	}
	return diags
}

// revisits reads the ages, which must ascend from settle.
func revisits(b catalog.Body, settle time.Duration) ([]time.Duration, hcl.Diagnostics) {
	var out []time.Duration
	var diags hcl.Diagnostics
	last := settle
	for _, it := range b.Items("revisit") {
		age, ok := catalog.ParseDuration(it.Text)
		switch {
		case !ok:
			diags = append(diags, catalog.Fault(it.Range, "Not a duration", fmt.Sprintf("%q is no length of time. Write a whole number and one of s, m, h, d, w, such as \"2h\".", it.Text))...)
			continue
		case age <= last:
			diags = append(diags, catalog.Fault(it.Range, "Not later than before", fmt.Sprintf("Ages ascend, and the first is longer than settle: %q is not longer than %s.", it.Text, last))...)
			continue
		}
		last = age
		out = append(out, age)
	}
	return out, diags
}
