package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/logpipe/logpipe/internal/escape"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/run"
)

// runView shows what a run does while it does it: a line for each thing that
// happened, and on a terminal one more line that is rewritten. With events it
// prints JSON instead.
type runView struct {
	p      *program
	events *stream
	open   map[string]int64 // slices being read, and records so far
	left   int
	drawn  time.Time
	status bool // the rewritten line is on the screen
}

func newRunView(p *program, events *stream) *runView {
	if events == nil {
		fmt.Fprintln(p.out)
	}
	return &runView{p: p, events: events, open: map[string]int64{}}
}

// event is called one event at a time.
func (v *runView) event(e run.Event) {
	if v.events != nil {
		if e.Kind != run.Progress {
			v.events.emit(string(e.Kind), e)
		}
		return
	}
	slice := escape.Terminal(e.Slice)
	if e.Revision > 1 {
		slice += fmt.Sprintf(" (revision %d)", e.Revision)
	}
	switch e.Kind {
	case run.Started:
		v.open[e.Slice] = 0
		v.line(e.Source, "Reading %s...", slice)
	case run.Progress:
		v.open[e.Slice] = e.Counts.Read
		v.redraw()
	case run.Committed:
		delete(v.open, e.Slice)
		v.line(e.Sink, "Stored %s %s", slice, v.p.paint(faint, "["+storedText(e)+"]"))
	case run.Failed:
		delete(v.open, e.Slice)
		at := e.Sink
		if at.Class == "" {
			at = e.Source
		}
		v.line(at, "%s %s: %s", v.p.paint(red, "Failed"), slice, escape.Terminal(e.Error))
	case run.Recovered:
		v.line(e.Sink, "Recovered %s: %s", slice, escape.Terminal(e.Detail))
	case run.Kept:
		const most = 5 // the number of all stands in the end
		if v.left++; v.left <= most {
			v.line(e.Source, "Left %s", slice)
		}
	}
}

func storedText(e run.Event) string {
	var bytes int64
	for _, o := range e.Objects {
		bytes += o.Bytes
	}
	text := fmt.Sprintf("%s, %s", plural(e.Counts.Written, "record", "records"), size(bytes))
	if e.Counts.Rejected > 0 {
		text += fmt.Sprintf(", %s rejected", thousands(e.Counts.Rejected))
	}
	return text
}

func (v *runView) line(at addr.Instance, format string, args ...any) {
	v.clear()
	fmt.Fprintf(v.p.out, "%s: %s\n", v.p.paint(bold, escape.Terminal(at.String())), fmt.Sprintf(format, args...))
}

// redraw shows how far open slices are, a few times a second.
func (v *runView) redraw() {
	now := v.p.clock()
	if !v.p.live || now.Sub(v.drawn) < 200*time.Millisecond {
		return
	}
	v.drawn = now
	var records int64
	for _, n := range v.open {
		records += n
	}
	v.status = true
	fmt.Fprintf(v.p.out, "\r\x1b[K%s", v.p.paint(faint, fmt.Sprintf("  %s open, %s read so far", plural(int64(len(v.open)), "slice", "slices"), plural(records, "record", "records"))))
}

func (v *runView) clear() {
	if v.status {
		fmt.Fprint(v.p.out, "\r\x1b[K")
		v.status = false
	}
}

// end prints what the run came to.
func (v *runView) end(r *run.Report) code {
	if r == nil {
		return done
	}
	if v.events != nil {
		v.events.emit("apply_summary", r)
		return v.p.finish(v.events)
	}
	v.clear()
	var b strings.Builder
	b.WriteString("\n")
	countTable(&b, r)
	if len(r.Failures) > 0 {
		fmt.Fprintf(&b, "%s %s stored; the next run tries again.\n", v.p.paint(red, "Not all done:"),
			plural(int64(len(r.Failures)), "slice was not", "slices were not"))
	}
	if r.Left > 0 {
		fmt.Fprintf(&b, "%s; the next run reads them.\n", plural(int64(r.Left), "slice is left", "slices are left"))
	}
	if n := rejects(r); n > 0 {
		fmt.Fprintf(&b, "%s rejected: where and why stands in .logpipe/rejects of each sink.\n", plural(n, "record was", "records were"))
	}
	shade := green
	if len(r.Failures) > 0 || r.Lost {
		shade = bold
	}
	b.WriteString("\n" + v.p.paint(shade, reportSummary(r)) + "\n")
	return v.p.print([]byte(b.String()))
}

// countTable shows for each lane where its records went: the first column is
// the sum of the others.
func countTable(b *strings.Builder, r *run.Report) {
	if len(r.Lanes) == 0 {
		return
	}
	wide := 4
	for _, l := range r.Lanes {
		wide = max(wide, len([]rune(escape.Terminal(l.Lane.String()))))
	}
	fmt.Fprintf(b, "%-*s", wide, "lane")
	for _, head := range []string{"read", "outside", "duplicate", "unchanged", "dropped", "rejected", "written"} {
		fmt.Fprintf(b, " %*s", max(9, len(head)), head)
	}
	b.WriteString("\n")
	for _, l := range r.Lanes {
		name := escape.Terminal(l.Lane.String())
		b.WriteString(name + strings.Repeat(" ", wide-len([]rune(name))))
		for _, n := range counts(l.Counts) {
			fmt.Fprintf(b, " %9s", thousands(n))
		}
		b.WriteString("\n")
	}
}

// rejects is how many records were rejected. What a source could not make a
// record of is rejected by every lane; it counts once, so the largest lane of a
// source speaks for it.
func rejects(r *run.Report) (n int64) {
	most := map[addr.Instance]int64{}
	for _, l := range r.Lanes {
		s := l.Lane.Source
		most[s] = max(most[s], l.Counts.Rejected)
	}
	for _, m := range most {
		n += m
	}
	return n
}

func counts(c manifest.Counts) []int64 {
	return []int64{c.Read, c.Outside, c.Duplicate, c.Unchanged, c.Dropped, c.Rejected, c.Written}
}

// reportSummary is a report in one line.
func reportSummary(r *run.Report) string {
	var objects int
	var bytes int64
	for _, l := range r.Lanes {
		objects += l.Objects
		bytes += l.Bytes
	}
	head := "Apply complete!"
	switch {
	case r.Lost:
		head = "Apply stopped: the state was taken by another run."
	case len(r.Failures) > 0:
		head = "Apply ended with errors."
	case r.Left > 0:
		head = "Apply stopped before the end."
	}
	text := fmt.Sprintf("%s %s read, %s stored, %s.", head,
		plural(int64(r.Slices), "slice", "slices"), plural(int64(objects), "object", "objects"), size(bytes))
	if r.Recovered > 0 {
		text += " " + plural(int64(r.Recovered), "interrupted slice", "interrupted slices") + " recovered."
	}
	return text
}

func addressText(a addr.Instance) string {
	if a.Class == "" {
		return ""
	}
	return a.String()
}
