package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/logpipe/logpipe/internal/escape"
	"github.com/logpipe/logpipe/pipeline/plan"
	"github.com/logpipe/logpipe/pipeline/run"
)

// planMarkdown is a plan as Markdown, for a pull request or a job's page.
func planMarkdown(pl *plan.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n", escape.Markdown(summary(pl)))
	if len(pl.Reads) > 0 {
		b.WriteString("\n| source | slices | window | why |\n|---|--:|---|---|\n")
		for why, n := range counted(pl.Reads, func(r plan.Read) string { return r.Source.String() + "\x00" + r.Why }) {
			source, why, _ := strings.Cut(why, "\x00")
			var of []plan.Read
			for _, r := range pl.Reads {
				if r.Source.String() == source && r.Why == why {
					of = append(of, r)
				}
			}
			fmt.Fprintf(&b, "| %s | %d | %s | %s |\n", escape.Code(source), n, escape.Markdown(window(of)), escape.Markdown(why))
		}
	}
	if len(pl.Sinks) > 0 {
		b.WriteString("\n| sink | objects to write | stored | personal data |\n|---|--:|--:|---|\n")
		for _, s := range pl.Sinks {
			names, complete := objects(pl, s)
			n := thousands(int64(len(names)))
			if !complete {
				n += " or more"
			}
			flow := ""
			if j := slices.IndexFunc(pl.Flows, func(f plan.Flow) bool { return f.Sink == s.Sink }); j >= 0 {
				flow = flowText(pl.Flows[j])
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", escape.Code(s.Sink.String()), n, thousands(s.Objects), escape.Markdown(flow))
		}
	}
	bullets(&b, pl)
	return b.String()
}

func bullets(b *strings.Builder, pl *plan.Plan) {
	var lines []string
	for _, r := range pl.Recoveries {
		lines = append(lines, fmt.Sprintf("recover %s of %s: %s", escape.Code(r.Slice), escape.Code(r.Lane.Sink.String()), escape.Markdown(r.Why)))
	}
	for _, m := range pl.Moves {
		lines = append(lines, fmt.Sprintf("move %s to %s", escape.Code(m.From.String()), escape.Code(m.To.String())))
	}
	for _, f := range pl.Forgets {
		lines = append(lines, fmt.Sprintf("forget %s: %s", escape.Code(f.Addr.String()), escape.Markdown(f.Why)))
	}
	for _, s := range pl.Sinks {
		if s.New && s.Writes > 0 {
			lines = append(lines, fmt.Sprintf("new destination: %s %s", escape.Code(s.Sink.String()), escape.Code(s.Place)))
		}
		if s.Older > 0 {
			lines = append(lines, fmt.Sprintf("%s: %s an older shape", escape.Code(s.Sink.String()), plural(s.Older, "slice keeps", "slices keep")))
		}
	}
	for _, n := range pl.Notes {
		lines = append(lines, escape.Code(n.Addr.String())+" "+escape.Markdown(n.Text))
	}
	for _, p := range pl.Problems {
		lines = append(lines, fmt.Sprintf("**problem**: %s: %s", escape.Code(p.Addr.String()), escape.Markdown(p.Text)))
	}
	if len(lines) > 0 {
		b.WriteString("\n- " + strings.Join(lines, "\n- ") + "\n")
	}
}

// reportMarkdown is what a run did, as Markdown.
func reportMarkdown(r *run.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n", escape.Markdown(reportSummary(r)))
	if len(r.Lanes) > 0 {
		b.WriteString("\n| lane | slices | read | outside | duplicate | unchanged | dropped | rejected | written |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
		for _, l := range r.Lanes {
			fmt.Fprintf(&b, "| %s | %d |", escape.Code(l.Lane.String()), l.Slices)
			for _, n := range counts(l.Counts) {
				fmt.Fprintf(&b, " %s |", thousands(n))
			}
			b.WriteString("\n")
		}
	}
	for _, f := range r.Failures {
		fmt.Fprintf(&b, "\n- **failed**: slice %s %s: %s", escape.Code(f.Slice), escape.Code(addressText(f.Sink)), escape.Markdown(f.Error))
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
