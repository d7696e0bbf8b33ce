package file

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// places tells where files really lie, behind links: outside of the pipeline's
// directory, or where a sink stores. It looks at every folder once.
type places struct {
	base    string            // the pipeline's directory, without links
	folders map[string]string // a folder as it is named → without links
	sinks   map[string]string // a folder without links → the place of the sink that it lies in, or ""
	met     []string          // places of sinks that were passed over
	outside map[string]bool   // names of files that lie outside
}

func newPlaces(dir string) (*places, error) {
	p := &places{folders: map[string]string{}, sinks: map[string]string{}, outside: map[string]bool{}}
	var err error
	p.base, err = p.real(filepath.Clean(dir))
	return p, err
}

// real returns the path of the folder that dir names, without links and
// absolute.
func (p *places) real(dir string) (string, error) {
	if at, ok := p.folders[dir]; ok {
		return at, nil
	}
	at, err := filepath.EvalSymlinks(dir)
	if err == nil {
		at, err = filepath.Abs(at)
	}
	if err != nil {
		return "", err
	}
	p.folders[dir] = at
	return at, nil
}

// holding returns the folder without links in which the file at path lies.
func (p *places) holding(path string, link bool) (string, error) {
	if !link {
		return p.real(filepath.Dir(path))
	}
	at, err := filepath.EvalSymlinks(path)
	if err == nil {
		at, err = filepath.Abs(at)
	}
	return filepath.Dir(at), err
}

// sink returns the place of the sink that dir, a folder without links, lies in:
// the nearest folder that holds a manifest. The pipeline's directory and what it
// lies in are none: they hold more than a sink's objects.
func (p *places) sink(dir string) string {
	if at, ok := p.sinks[dir]; ok {
		return at
	}
	at := ""
	switch parent := filepath.Dir(dir); {
	case within(dir, p.base):
	case stores(dir):
		at = dir
	case parent != dir:
		at = p.sink(parent)
	}
	p.sinks[dir] = at
	return at
}

// stores reports whether a sink has dir for its place.
func stores(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, ".logpipe", "manifest"))
	return err == nil && info.IsDir()
}

// within reports whether path is dir or lies in it; both are without links.
func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// allows reports whether the file name, which lies in the folder at, may be
// read, and remembers what there is to say about it.
func (p *places) allows(name, at string) bool {
	if place := p.sink(at); place != "" {
		if rel, err := filepath.Rel(p.base, place); err == nil && filepath.IsLocal(rel) {
			place = rel
		}
		if place = filepath.ToSlash(place); !slices.Contains(p.met, place) {
			p.met = append(p.met, place)
		}
		return false
	}
	if !within(p.base, at) {
		p.outside[name] = true
	}
	return true
}

// tell says what whoever reads the plan may not know.
func (p *places) tell(notice func(string)) {
	if notice == nil {
		return
	}
	if len(p.met) > 0 {
		slices.Sort(p.met)
		notice(fmt.Sprintf("does not read what lies in %s: a sink stores there (it has .logpipe/manifest), and a pipeline that reads what it wrote never ends", few(p.met)))
	}
	if len(p.outside) > 0 {
		notice("reads outside of the pipeline's directory: " + few(slices.Sorted(maps.Keys(p.outside))))
	}
}

// ownPlace is an error if pattern ranges over the pipeline's directory while a
// sink stores right there: the sink's objects are told from others by nothing.
func (p *places) ownPlace(pattern string) error {
	first, _, _ := strings.Cut(pattern, "/")
	if !strings.ContainsAny(first, `*?[\`) || !stores(p.base) {
		return nil
	}
	return errors.New("a sink stores in the pipeline's directory itself, and what it writes there would be read again: give the sink a folder of its own, such as path = \"out/…\", or name a folder to read from")
}

// few lists names, at most three of them.
func few(names []string) string {
	const most = 3
	var shown []string
	for _, n := range names[:min(len(names), most)] {
		if q := strconv.Quote(n); q != `"`+n+`"` {
			n = q // a name may have line ends and worse
		}
		shown = append(shown, n)
	}
	list := strings.Join(shown, ", ")
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", list, more)
	}
	return list
}

// gone reports whether an error says that a file is not there.
func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) }
