package config

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/logpipe/logpipe/pipeline/catalog"
)

// StateSetting says where state lives.
type StateSetting struct {
	Kind  string // "local"
	Path  string // of a local state, relative to the pipeline's directory
	Range hcl.Range
}

var programForm = catalog.Block{
	Doc: "Settings of the program itself.",
	Attrs: []catalog.Attr{
		{Name: "required_version", Doc: "The versions of logpipe that may run this pipeline, such as \">= 0.1\"."},
	},
	Blocks: []catalog.Nested{{
		Name: "state", Labels: []string{"local"}, Max: 1,
		Doc: "Where state lives.",
		Block: catalog.Block{Attrs: []catalog.Attr{
			{Name: "path", Required: true, Doc: "The directory of the state, relative to the pipeline's."},
		}},
	}},
}

// decodeProgram reads the logpipe block.
func (d *decoder) decodeProgram() StateSetting {
	setting := StateSetting{Kind: "local", Path: ".logpipe/state"}
	for i, b := range d.syntax.program {
		if i > 0 {
			d.fail(catalog.Header(b), "Duplicate block", fmt.Sprintf("A pipeline has one logpipe block; the first is at %s. Merge the two.", place(d.syntax.program[0].TypeRange)))
			continue
		}
		body, diags := catalog.Decode(b.Body, catalog.Header(b), nil, &programForm, d.scope())
		d.diags = append(d.diags, diags...)
		d.checkVersion(body)
		for _, s := range body.Blocks("state") {
			setting.Range = s.Range()
			d.decodeState(s, &setting)
		}
	}
	return setting
}

func (d *decoder) decodeState(s catalog.Body, setting *StateSetting) {
	if kind := s.Label(0); kind != "local" {
		d.fail(s.Range(), "Unknown state", fmt.Sprintf("This version keeps state in a directory only, not in %q. Write state \"local\" { path = \"…\" }.", kind))
		return
	}
	if !s.Known("path") && s.Has("path") && d.only && !d.diags.HasErrors() {
		d.diags = append(d.diags, s.Wrong("path", "Variable without value", "Where state lives depends on a variable that has no value. Give it with -var, -var-file or LOGPIPE_VAR_name.")...)
	}
	if !s.Has("path") || !s.Known("path") {
		return
	}
	if setting.Path = s.Text("path"); setting.Path == "" {
		d.diags = append(d.diags, s.Wrong("path", "Invalid path", "The path of the state is empty. Write a directory, such as \".logpipe/state\".")...)
	}
}

func (d *decoder) checkVersion(body catalog.Body) {
	text := body.Text("required_version")
	if text == "" {
		return
	}
	ok, err := allows(text, d.opt.Version)
	switch {
	case err != nil:
		d.diags = append(d.diags, body.Wrong("required_version", "Invalid version", fmt.Sprintf("%v. Write constraints such as \">= 0.1, < 2.0\" or \"~> 0.3\".", err))...)
	case !ok:
		d.diags = append(d.diags, body.Wrong("required_version", "Wrong version of logpipe", fmt.Sprintf("This is logpipe %s, but the pipeline wants %s. Install a version that fits, or change required_version.", d.opt.Version, text))...)
	}
}

// allows reports whether version meets all of the constraints. A version that
// is no release ("" or "dev") meets any.
func allows(constraints, version string) (bool, error) {
	version, _, _ = strings.Cut(strings.TrimPrefix(version, "v"), "-")
	have, _, err := numbers(version)
	release := err == nil
	ok := true
	for c := range strings.SplitSeq(constraints, ",") {
		c = strings.TrimSpace(c)
		op := c[:len(c)-len(strings.TrimLeft(c, "=!<>~"))]
		want, n, err := numbers(strings.TrimSpace(c[len(op):]))
		if err != nil {
			return false, err
		}
		if !release {
			have = want
		}
		order := compareVersions(have, want)
		switch op {
		case "", "=":
			ok = ok && order == 0
		case "!=":
			ok = ok && (order != 0 || !release)
		case ">":
			ok = ok && (order > 0 || !release)
		case ">=":
			ok = ok && order >= 0
		case "<":
			ok = ok && (order < 0 || !release)
		case "<=":
			ok = ok && order <= 0
		case "~>":
			limit := want
			if n < 2 {
				n = 2
			}
			limit[n-2]++
			for i := n - 1; i < len(limit); i++ {
				limit[i] = 0
			}
			ok = ok && order >= 0 && compareVersions(have, limit) < 0
		default:
			return false, fmt.Errorf("%q is no comparison", op)
		}
	}
	return ok, nil
}

// numbers reads "1", "1.2" or "1.2.3" and says how many parts there were.
func numbers(text string) (v [3]int, n int, err error) {
	parts := strings.Split(text, ".")
	if len(parts) > len(v) {
		return v, 0, fmt.Errorf("%q is no version", text)
	}
	for i, p := range parts {
		if v[i], err = strconv.Atoi(p); err != nil || v[i] < 0 || v[i] > 1<<30 {
			return v, 0, fmt.Errorf("%q is no version", text)
		}
	}
	return v, len(parts), nil
}

func compareVersions(a, b [3]int) int {
	for i := range a {
		if a[i] != b[i] {
			return a[i] - b[i]
		}
	}
	return 0
}
