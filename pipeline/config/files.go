package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/logpipe/logpipe/pipeline/catalog"
)

// Files is a directory's configuration, parsed, and the values given for its
// variables.
type Files struct {
	Dir string
	// HCL holds every file that a diagnostic may point into, by the name that
	// diagnostics carry: the base name in the directory, or the path given.
	HCL   map[string]*hcl.File
	names []string // the pipeline's own files, sorted
	given []given  // values for variables; later wins
}

// LoadOptions says where values for variables come from.
type LoadOptions struct {
	VarFiles []string // -var-file; a relative path starts in the directory
	Vars     []string // -var, "name=value"
	Flags    []Flag   // both in the order of the command line; they come after the two lists
	Environ  []string // os.Environ(): LOGPIPE_VAR_name=value
}

// Flag is one -var-file or -var.
type Flag struct {
	File string // path of -var-file
	Var  string // "name=value" of -var, if File is ""
}

// given is one value for a variable and where it came from.
type given struct {
	name    string
	expr    hclsyntax.Expression // from a file
	text    string               // from the environment or -var
	from    string               // for people: "-var", "LOGPIPE_VAR_x", the file
	at      hcl.Range
	strict  bool // an undeclared name is an error (-var)
	ignored bool // an undeclared name is nothing (environment)
}

// Load reads the *.hcl files of dir, except *.test.hcl and hidden ones, and the
// values of variables: environment, then auto.vars.hcl and *.auto.vars.hcl by
// name, then the files and values given, in order; later wins.
func Load(dir string, o LoadOptions) (*Files, hcl.Diagnostics) {
	f := &Files{Dir: dir, HCL: map[string]*hcl.File{}}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return f, general("Cannot read the directory", describe(err)+". Name the pipeline's directory with -chdir=DIR.")
	}
	var diags hcl.Diagnostics
	var autos []string
	for _, e := range entries {
		name := e.Name()
		switch {
		case e.IsDir() || strings.HasPrefix(name, ".") || !strings.HasSuffix(name, ".hcl") || strings.HasSuffix(name, ".test.hcl"):
		case name == "auto.vars.hcl" || strings.HasSuffix(name, ".auto.vars.hcl"):
			autos = append(autos, name)
		case strings.HasSuffix(name, ".vars.hcl"):
		default:
			f.names = append(f.names, name)
			_, fd := f.parse(name)
			diags = append(diags, fd...)
		}
	}
	if len(f.names) == 0 {
		diags = append(diags, general("No pipeline here", fmt.Sprintf("The directory %q has no *.hcl files. Write one, or name another directory with -chdir=DIR.", dir))...)
	}
	diags = append(diags, f.loadValues(autos, o)...)
	sortInFiles(diags)
	return f, diags
}

// FromSource makes Files of one text, for tests and tools that have no
// directory. vars are "name=value".
func FromSource(dir, name string, src []byte, vars ...string) (*Files, hcl.Diagnostics) {
	f := &Files{Dir: dir, HCL: map[string]*hcl.File{}, names: []string{name}}
	_, diags := f.add(name, src)
	for _, v := range vars {
		diags = append(diags, f.assign(v, "-var", true)...)
	}
	sortInFiles(diags)
	return f, diags
}

func sortInFiles(diags hcl.Diagnostics) { catalog.Sort(diags) }

func (f *Files) loadValues(autos []string, o LoadOptions) hcl.Diagnostics {
	var diags hcl.Diagnostics
	environ := slices.Clone(o.Environ)
	slices.Sort(environ)
	for _, e := range environ {
		if pair, ok := strings.CutPrefix(e, "LOGPIPE_VAR_"); ok {
			name, text, _ := strings.Cut(pair, "=")
			f.given = append(f.given, given{name: name, text: text, from: "LOGPIPE_VAR_" + name, ignored: true})
		}
	}
	slices.Sort(autos)
	flags := make([]Flag, 0, len(autos)+len(o.VarFiles)+len(o.Vars)+len(o.Flags))
	for _, name := range slices.Concat(autos, o.VarFiles) {
		flags = append(flags, Flag{File: name})
	}
	for _, v := range o.Vars {
		flags = append(flags, Flag{Var: v})
	}
	for _, g := range append(flags, o.Flags...) {
		if g.File == "" {
			diags = append(diags, f.assign(g.Var, "-var", true)...)
			continue
		}
		diags = append(diags, f.valuesFile(g.File)...)
	}
	return diags
}

// assign takes one "name=value".
func (f *Files) assign(text, from string, strict bool) hcl.Diagnostics {
	name, value, ok := strings.Cut(text, "=")
	name = strings.TrimSpace(name)
	if !ok || !hclsyntax.ValidIdentifier(name) {
		return general("Invalid "+from, "Write it as -var=name=value. The value is not shown here, because it may be secret.")
	}
	f.given = append(f.given, given{name: name, text: value, from: from, strict: strict})
	return nil
}

// valuesFile takes the attributes of a *.vars.hcl file.
func (f *Files) valuesFile(name string) hcl.Diagnostics {
	body, diags := f.parse(name)
	if body == nil {
		return unshown(diags)
	}
	for _, b := range body.Blocks {
		diags = append(diags, catalog.Fault(catalog.Header(b), "Unexpected block", "A file of values holds only name = value. Blocks belong in the pipeline's own files.")...)
	}
	for _, a := range attributes(body) {
		f.given = append(f.given, given{name: a.Name, expr: a.Expr, from: name, at: a.NameRange})
	}
	return diags
}

// attributes lists the attributes of a body in the order of the file.
func attributes(body *hclsyntax.Body) []*hclsyntax.Attribute {
	all := make([]*hclsyntax.Attribute, 0, len(body.Attributes))
	for _, a := range body.Attributes {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b *hclsyntax.Attribute) int {
		return cmp.Compare(a.NameRange.Start.Byte, b.NameRange.Start.Byte)
	})
	return all
}

func (f *Files) parse(name string) (*hclsyntax.Body, hcl.Diagnostics) {
	src, err := f.read(name)
	if err != nil {
		return nil, general("Cannot read a file", capital(err.Error())+".")
	}
	return f.add(name, src)
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// unshown keeps the lines that diagnostics are about from being shown, because
// a value of a sensitive variable may stand there without quotes.
func unshown(diags hcl.Diagnostics) hcl.Diagnostics {
	for _, d := range diags {
		if d.Subject != nil {
			d.Extra = &secrets{ranges: []hcl.Range{{Filename: d.Subject.Filename, End: hcl.Pos{Byte: maxFile}}}}
		}
	}
	return diags
}

// add parses one file and keeps it for snippets even if it is wrong.
func (f *Files) add(name string, src []byte) (*hclsyntax.Body, hcl.Diagnostics) {
	f.HCL[name] = &hcl.File{Bytes: src, Body: &hclsyntax.Body{}}
	if diags := tooDeep(src, name); diags != nil {
		return nil, diags
	}
	file, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	if file == nil {
		return nil, diags
	}
	f.HCL[name] = file
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		return nil, diags
	}
	if diags.HasErrors() {
		return nil, firstPerLine(diags)
	}
	return body, diags
}

// firstPerLine keeps the first syntax error of each line: the others are the
// parser finding its way back.
func firstPerLine(diags hcl.Diagnostics) hcl.Diagnostics {
	seen := map[int]bool{}
	return slices.DeleteFunc(diags, func(d *hcl.Diagnostic) bool {
		if d.Subject == nil {
			return false
		}
		again := seen[d.Subject.Start.Line]
		seen[d.Subject.Start.Line] = true
		return again
	})
}

// general is an error without a place.
func general(summary, detail string) hcl.Diagnostics {
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: detail}}
}

// describe says what the system said, with the path.
func describe(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Sprintf("%q: %v", p.Path, p.Err)
	}
	return err.Error()
}
