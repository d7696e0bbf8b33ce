package expr

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// maxFile is the most that file and templatefile read.
const maxFile = 16 << 20

// reading are the functions that read files. Their arguments must be constant:
// no record chooses a file.
var reading = []string{"file", "fileexists", "templatefile"}

func fileFunctions(dir string) map[string]function.Function {
	return map[string]function.Function{
		"file": ofTexts(cty.String, func(s []string) (cty.Value, error) {
			text, err := readInside(dir, s[0])
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			return cty.StringVal(text), nil
		}, "path"),
		"fileexists": ofTexts(cty.Bool, func(s []string) (cty.Value, error) {
			ok, err := existsInside(dir, s[0])
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			return cty.BoolVal(ok), nil
		}, "path"),
		"templatefile": templateFile(dir),
	}
}

// inside calls fn with the directory opened so that neither .. nor a link
// leaves it.
func inside(dir, path string, fn func(r *os.Root, rel string) error) error {
	rel := filepath.Clean(filepath.FromSlash(path))
	if filepath.IsAbs(rel) || !filepath.IsLocal(rel) {
		return fmt.Errorf("read file %q: only files inside the pipeline's directory can be read; write a path relative to it", path)
	}
	if dir == "" {
		dir = "."
	}
	r, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("read file %q: %w", path, err)
	}
	defer func() { _ = r.Close() }()
	return fn(r, rel)
}

func readInside(dir, path string) (text string, err error) {
	err = inside(dir, path, func(r *os.Root, rel string) error {
		f, err := r.Open(rel)
		if err != nil {
			return fmt.Errorf("read file %q: %w", path, err)
		}
		defer func() { _ = f.Close() }()
		b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
		switch {
		case err != nil:
			return fmt.Errorf("read file %q: %w", path, err)
		case len(b) > maxFile:
			return fmt.Errorf("read file %q: it is larger than %d MiB", path, maxFile>>20)
		case !utf8.Valid(b):
			return fmt.Errorf("read file %q: it is no UTF-8 text", path)
		}
		text = string(b)
		return nil
	})
	return text, err
}

func existsInside(dir, path string) (exists bool, err error) {
	err = inside(dir, path, func(r *os.Root, rel string) error {
		info, err := r.Stat(rel)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look for file %q: %w", path, err)
		}
		exists = info.Mode().IsRegular()
		return nil
	})
	return exists, err
}

// templateFile renders a file as a template with the members of an object as
// variables. A template may call the functions that read no file.
func templateFile(dir string) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}, {Name: "vars", Type: cty.DynamicPseudoType}},
		Type:   function.StaticReturnType(cty.DynamicPseudoType),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			path, vars := args[0].AsString(), args[1]
			if t := vars.Type(); !t.IsObjectType() && !t.IsMapType() {
				return cty.NilVal, function.NewArgErrorf(1, "an object with the template's variables is required")
			}
			src, err := readInside(dir, path)
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			t, diags := hclsyntax.ParseTemplate([]byte(src), path, hcl.InitialPos)
			if diags.HasErrors() {
				return cty.NilVal, function.NewArgError(0, diags)
			}
			funcs := Functions(dir)
			for _, name := range reading {
				delete(funcs, name)
			}
			v, diags := Evaluate(t, &hcl.EvalContext{Variables: vars.AsValueMap(), Functions: funcs})
			if diags.HasErrors() {
				return cty.NilVal, function.NewArgError(0, diags)
			}
			return v, nil
		},
	})
}
