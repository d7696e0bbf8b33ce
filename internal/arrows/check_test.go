package arrows

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// checker holds one walk over a tree of Go files.
type checker struct {
	module string
	house  []room
	comps  []string
	doors  []door
	found  []string
}

// check reads every Go file below root and returns what is wrong, one line
// each, in file order. Folders that begin with a dot or an underscore, testdata
// and modules of their own are left out, as the go command does.
func check(root fs.FS, c checker) ([]string, error) {
	mod, err := fs.ReadFile(root, "go.mod")
	if err != nil {
		return nil, fmt.Errorf("read the module's path: %w", err)
	}
	c.module = modulePath(string(mod))
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && skipped(root, name):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		return c.file(root, name)
	})
	return c.found, err
}

func modulePath(mod string) string {
	for line := range strings.Lines(mod) {
		if p, ok := strings.CutPrefix(line, "module "); ok {
			return strings.TrimSpace(p)
		}
	}
	return ""
}

func skipped(root fs.FS, dir string) bool {
	base := path.Base(dir)
	if base[0] == '.' || base[0] == '_' || base == "testdata" || base == "node_modules" {
		return true
	}
	_, err := fs.Stat(root, path.Join(dir, "go.mod"))
	return err == nil
}

func (c *checker) file(root fs.FS, name string) error {
	src, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, name, src, parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("parse: %w", err)
	}
	from := path.Dir(name)
	test := strings.HasSuffix(name, "_test.go")
	here, ok := c.room(from)
	if !ok {
		c.say(name, "package %s is in no row of the house; add it to the table in internal/arrows with its floor", from)
		return nil
	}
	for _, spec := range f.Imports {
		to, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("%s: import %s: %w", name, spec.Path.Value, err)
		}
		if local, ok := strings.CutPrefix(to, c.module+"/"); ok {
			c.arrow(name, from, here, local, test)
		} else {
			c.foreign(name, from, here, to, test)
		}
	}
	c.declarations(files, f, name, test)
	return nil
}

// arrow checks an import of another package of this module.
func (c *checker) arrow(file, from string, here room, to string, test bool) {
	there, ok := c.room(to)
	switch {
	case to == from: // an external test of its own package
	case !ok:
		c.say(file, "%s imports %s, which is in no row of the house; add it to the table in internal/arrows", from, to)
	case there.suite && !test:
		c.say(file, "%s imports %s outside of tests: a suite checks a contract and is no part of the program", from, to)
	case sameComponent(from, to) && here.floor == componentFloor:
	case there.lent && test && there.floor == here.floor:
	case there.floor >= here.floor:
		c.say(file, "%s (floor %d) imports %s (floor %d): arrows point down only", from, here.floor, to, there.floor)
	case here.floor == componentFloor && !slices.Contains(c.comps, to):
		c.say(file, "%s imports %s: a component knows the contracts, never the machine that runs it", from, to)
	case here.floor == componentFloor+1 && to != "pipeline/catalog" && !strings.HasPrefix(to, from+"/"):
		c.say(file, "%s imports %s: a list of kinds knows its kinds and the catalog, nothing else", from, to)
	}
}

// foreign checks an import from outside of this module.
func (c *checker) foreign(file, from string, here room, to string, test bool) {
	if first, _, _ := strings.Cut(to, "/"); !strings.Contains(first, ".") {
		return // standard library
	}
	if here.floor == 0 && !test {
		c.say(file, "%s imports %s: floor 0 is built on the standard library only", from, to)
		return
	}
	for _, d := range c.doors {
		if to != d.prefix && !strings.HasPrefix(to, strings.TrimSuffix(d.prefix, "/")+"/") {
			continue
		}
		if d.tests && test || slices.ContainsFunc(d.rooms, func(r string) bool { return within(from, r) }) {
			return
		}
		where := "no room"
		if len(d.rooms) > 0 {
			where = strings.Join(d.rooms, ", ")
		}
		c.say(file, "%s imports %s, which belongs to %s only: %s", from, to, where, d.why)
		return
	}
}

// declarations checks what a file must not declare or call.
func (c *checker) declarations(files *token.FileSet, f *ast.File, name string, test bool) {
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if fn.Recv == nil && fn.Name.Name == "init" {
			c.say(at(files, fn, name), "func init runs unasked: list the part where it is used instead")
		}
		if test || fn.Recv == nil && fn.Name.Name == "main" && f.Name.Name == "main" || fn.Body == nil {
			continue
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && endsProcess(call) {
				c.say(at(files, call, name), "only func main ends the process: return an error or an exit code")
			}
			return true
		})
	}
}

func at(files *token.FileSet, n ast.Node, name string) string {
	return fmt.Sprintf("%s:%d", name, files.Position(n.Pos()).Line)
}

func endsProcess(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := sel.X.(*ast.Ident)
	return ok && (pkg.Name == "os" && sel.Sel.Name == "Exit" || pkg.Name == "log" && strings.HasPrefix(sel.Sel.Name, "Fatal"))
}

func (c *checker) say(where, format string, args ...any) {
	c.found = append(c.found, where+": "+fmt.Sprintf(format, args...))
}

func (c *checker) room(pkg string) (room, bool) {
	i := slices.IndexFunc(c.house, func(r room) bool { return within(pkg, r.path) })
	if i < 0 {
		return room{}, false
	}
	return c.house[i], true
}

// within reports whether pkg is the room, or below it if the room ends in /*.
func within(pkg, room string) bool {
	if folder, ok := strings.CutSuffix(room, "*"); ok {
		return strings.HasPrefix(pkg, folder)
	}
	return pkg == room
}

// sameComponent reports whether two packages lie below one kind's folder.
func sameComponent(a, b string) bool {
	return component(a) == component(b)
}

func component(pkg string) string {
	parts := strings.SplitN(pkg, "/", 3)
	return strings.Join(parts[:min(2, len(parts))], "/")
}

// duplicates returns the rows that stand twice in a table.
func duplicates(rows []room) []string {
	paths := make([]string, len(rows))
	for i, r := range rows {
		paths[i] = r.path
	}
	slices.SortFunc(paths, cmp.Compare)
	var twice []string
	for i := 1; i < len(paths); i++ {
		if paths[i] == paths[i-1] {
			twice = append(twice, paths[i])
		}
	}
	return twice
}
