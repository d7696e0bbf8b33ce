package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/posener/complete"

	"github.com/logpipe/logpipe/internal/escape"
	"github.com/logpipe/logpipe/pipeline/config"
)

type fmtOptions struct {
	check, diff, recursive, write, list bool
}

func fmtCommand() command {
	return command{
		name: "fmt", synopsis: "Rewrite files to the canonical style", usage: "[options] [FILE|DIR|-]...",
		doc: `Rewrites pipeline files (*.hcl, tests and variable files included) to the
canonical style and lists the files that changed. Without arguments it takes
the current directory; a single dash reads standard input and writes the
result to standard output.`,
		codes: []code{unformed}, args: complete.PredictFiles("*.hcl"),
		setup: func(p *program, f *flags) func([]string) code {
			var o fmtOptions
			f.BoolVar(&o.check, "check", false, "Change nothing; end with 3 if a file is not in canonical style.")
			f.BoolVar(&o.diff, "diff", false, "Show what differs.")
			f.BoolVar(&o.recursive, "recursive", false, "Take subdirectories too.")
			f.BoolVar(&o.write, "write", true, "Change no file, only list them.")
			f.BoolVar(&o.list, "list", true, "Do not list the files that differ.")
			return func(args []string) code { return p.fmt(o, args) }
		},
	}
}

func (p *program) fmt(o fmtOptions, args []string) code {
	if slices.Contains(args, "-") {
		if len(args) > 1 {
			return p.usage("fmt", errors.New("a dash for standard input stands alone"))
		}
		return p.fmtStdin(o)
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	o.write = o.write && !o.check
	result := done
	for _, arg := range args {
		names, err := p.hclFiles(arg, o.recursive)
		if err != nil {
			return p.fail(err)
		}
		for _, name := range names {
			result = worst(result, p.fmtFile(o, name))
		}
	}
	return result
}

func (p *program) fmtStdin(o fmtOptions) code {
	src, err := io.ReadAll(p.in)
	if err != nil {
		return p.fail(fmt.Errorf("read standard input: %w", err))
	}
	formatted, ok := p.formatted(src, "<stdin>")
	switch {
	case !ok:
		return failed
	case o.check && !bytes.Equal(src, formatted):
		return unformed
	case o.check:
		return done
	case o.diff:
		return p.print([]byte(escape.Lines(unified("<stdin>", src, formatted))))
	}
	return p.print(formatted)
}

// fmtFile formats one file, named relative to the program's directory.
func (p *program) fmtFile(o fmtOptions, name string) code {
	path := p.path(name)
	src, err := config.ReadFile(filepath.Dir(path), filepath.Base(path))
	if err != nil {
		return p.fail(err)
	}
	formatted, ok := p.formatted(src, name)
	if !ok {
		return failed
	}
	if bytes.Equal(src, formatted) {
		return done
	}
	if o.list {
		fmt.Fprintln(p.out, escape.Terminal(filepath.ToSlash(name)))
	}
	if o.diff {
		fmt.Fprint(p.out, escape.Lines(unified(filepath.ToSlash(name), src, formatted)))
	}
	if o.write {
		if err := replace(p.path(name), formatted); err != nil {
			return p.fail(fmt.Errorf("write %s: %w", name, err))
		}
	}
	if o.check {
		return unformed
	}
	return done
}

func (p *program) formatted(src []byte, name string) ([]byte, bool) {
	out, diags := config.Format(src, name)
	if len(diags) > 0 {
		p.writeDiags(map[string]*hcl.File{name: {Bytes: src, Body: hcl.EmptyBody()}}, diags)
	}
	return out, !diags.HasErrors()
}

// hclFiles lists the pipeline files that an argument of fmt means.
func (p *program) hclFiles(arg string, recursive bool) ([]string, error) {
	info, err := os.Stat(p.path(arg))
	if err != nil {
		return nil, fmt.Errorf("format %s: %w", arg, cause(err))
	}
	if !info.IsDir() {
		if filepath.Ext(arg) != ".hcl" {
			return nil, fmt.Errorf("format %s: only .hcl files can be formatted", arg)
		}
		return []string{arg}, nil
	}
	var names []string
	err = filepath.WalkDir(p.path(arg), func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(d.Name(), ".") && name != p.path(arg)
		switch {
		case d.IsDir() && name != p.path(arg) && (!recursive || hidden):
			return fs.SkipDir
		case d.IsDir() || hidden || filepath.Ext(name) != ".hcl":
			return nil
		}
		rel, err := filepath.Rel(p.path(arg), name)
		names = append(names, filepath.Join(arg, rel))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("format %s: %w", arg, err)
	}
	return names, nil
}

// replace writes a file whole or not at all, keeping its permissions. It does
// not write through a link.
func replace(name string, content []byte) error {
	info, err := os.Lstat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is a link; format the file that it leads to")
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".fmt-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone after the rename
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(info.Mode().Perm()), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// cause drops the operation and the path of a file error, for messages that
// name both already.
func cause(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
