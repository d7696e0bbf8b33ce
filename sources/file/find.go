package file

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/logpipe/logpipe/pipeline"
)

// find returns every file that the paths name, once each, sorted by name, with
// its size and time. What cannot be looked at is an error, never passed over:
// a folder without permission would read as one without logs. What lies where a
// sink stores is not found. notice, if any, is told of that, of files outside of
// the pipeline's directory and of every path that names none.
func (s *Source) find(ctx context.Context, notice func(string)) ([]pipeline.Part, error) {
	found := map[string]pipeline.Part{}
	at, err := newPlaces(s.env.Dir)
	if err != nil {
		return nil, fmt.Errorf("find files: %w", err)
	}
	for _, pattern := range s.paths {
		f := finder{ctx: ctx, base: s.env.Dir, found: found, places: at}
		clean := filepath.ToSlash(pattern)
		root, rest := "", path.Clean(clean)
		if strings.HasPrefix(clean, "/") {
			root, rest = "/", strings.TrimPrefix(rest, "/")
		} else if vol := filepath.VolumeName(pattern); vol != "" {
			root = filepath.ToSlash(vol) + "/"
			rest = strings.TrimPrefix(rest, root)
		} else if err := at.ownPlace(rest); err != nil {
			return nil, fmt.Errorf("find %q: %w", pattern, err)
		}
		if err := f.expand(root, strings.Split(rest, "/")); err != nil {
			return nil, fmt.Errorf("find %q: %w", pattern, err)
		}
		if f.hits == 0 && notice != nil {
			notice(fmt.Sprintf("has no file that matches %q: check the path, unless its first file is still to come", pattern))
		}
	}
	parts := make([]pipeline.Part, 0, len(found))
	for _, p := range found {
		parts = append(parts, p)
	}
	slices.SortFunc(parts, func(a, b pipeline.Part) int { return strings.Compare(a.Name, b.Name) })
	at.tell(notice)
	return parts, named(parts)
}

// named is an error about names that a manifest, which is JSON, cannot hold.
func named(parts []pipeline.Part) error {
	var bad []string
	for _, p := range parts {
		if !utf8.ValidString(p.Name) {
			bad = append(bad, p.Name)
		}
	}
	switch len(bad) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("the name of the file %s is not UTF-8, so it cannot be written down: rename the file", few(bad))
	}
	return fmt.Errorf("the names of the files %s are not UTF-8, so they cannot be written down: rename the files", few(bad))
}

// finder walks down one pattern. Names are slash-separated and relative to
// base, or absolute where the pattern is.
type finder struct {
	ctx   context.Context
	base  string
	found map[string]pipeline.Part
	hits  int // files, and those that a sink's place hides
	*places
}

// resolve turns a name into a path of the operating system.
func resolve(base, name string) string {
	p := filepath.FromSlash(name)
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(base, p)
}

// expand looks for what is left of the pattern, parts, below the folder dir.
func (f *finder) expand(dir string, parts []string) error {
	if err := f.ctx.Err(); err != nil {
		return err
	}
	part, rest := parts[0], parts[1:]
	switch {
	case part == "**":
		return f.below(dir, parts)
	case !strings.ContainsAny(part, `*?[\`):
		next := path.Join(dir, part)
		if len(rest) > 0 {
			return f.expand(next, rest)
		}
		return f.add(next, true)
	}
	entries, err := f.list(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if hidden(e.Name(), part) {
			continue
		}
		if ok, err := path.Match(part, e.Name()); err != nil || !ok {
			if err != nil {
				return err
			}
			continue
		}
		next := path.Join(dir, e.Name())
		if len(rest) == 0 {
			err = f.add(next, false)
		} else if f.folder(next, e) {
			err = f.expand(next, rest)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// below matches parts, which begin with **, in dir and in every folder below.
// Links to folders are not followed there: they may lead round in circles.
func (f *finder) below(dir string, parts []string) error {
	rest := parts[1:]
	if len(rest) == 0 {
		rest = []string{"*"}
	}
	if err := f.expand(dir, rest); err != nil {
		return err
	}
	entries, err := f.list(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() && !hidden(e.Name(), "") {
			if err := f.below(path.Join(dir, e.Name()), parts); err != nil {
				return err
			}
		}
	}
	return nil
}

// list reads a folder; one that is not there is empty.
func (f *finder) list(dir string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(resolve(f.base, dir))
	if gone(err) {
		return nil, nil
	}
	return entries, err
}

func (f *finder) folder(name string, e fs.DirEntry) bool {
	if e.IsDir() {
		return true
	}
	info, err := os.Stat(resolve(f.base, name))
	return e.Type()&fs.ModeSymlink != 0 && err == nil && info.IsDir()
}

// add notes one file. A name without wildcards that is not there is no match;
// one that a listing has just shown has vanished since, which is the same.
func (f *finder) add(name string, exact bool) error {
	at := resolve(f.base, name)
	info, err := os.Lstat(at)
	link := err == nil && info.Mode()&fs.ModeSymlink != 0
	if link {
		info, err = os.Stat(at)
	}
	switch {
	case gone(err):
		return nil
	case err != nil:
		return err
	case info.IsDir() && !exact:
		return nil
	case info.IsDir():
		return fmt.Errorf("%s is a folder: write %s/* for the files in it", name, name)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no regular file", name)
	}
	folder, err := f.holding(at, link)
	if gone(err) {
		return nil
	} else if err != nil {
		return err
	}
	f.hits++
	if f.allows(name, folder) {
		f.found[name] = pipeline.Part{Name: name, Size: info.Size(), Modified: writable(info.ModTime())}
	}
	return nil
}

// writable returns a file's time, or the nearest that a manifest can hold.
func writable(t time.Time) time.Time {
	switch {
	case t.Year() < 0:
		return time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	case t.Year() > 9998:
		return latest()
	}
	return t.UTC()
}

// hidden reports whether name begins with a dot that pattern does not ask for.
func hidden(name, pattern string) bool {
	return strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".")
}
