package record

import (
	"fmt"
	"strings"
)

// Step is one step of a Path: the member Key of an object and then, if Each
// is set, every element of the array found there.
type Step struct {
	Key  string
	Each bool
}

// Path says where a field stands in a record. It is immutable and compared
// by its text, which ParsePath reads back.
type Path struct {
	steps []Step
	text  string
}

// PathOf builds a path from its steps. The steps are kept, not copied.
func PathOf(steps ...Step) Path {
	var b strings.Builder
	for i, s := range steps {
		if plainKey(s.Key) {
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s.Key)
		} else {
			b.WriteString(`["`)
			b.WriteString(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s.Key))
			b.WriteString(`"]`)
		}
		if s.Each {
			b.WriteString("[]")
		}
	}
	return Path{steps: steps, text: b.String()}
}

// ParsePath reads a.b, a[].b and a["x.y"].b. An array directly inside an
// array cannot be named.
func ParsePath(text string) (Path, error) {
	var steps []Step
	s := text
	for s != "" {
		switch {
		case strings.HasPrefix(s, "[]"):
			if len(steps) == 0 || steps[len(steps)-1].Each {
				return Path{}, fmt.Errorf("path %q: [] must follow a field name", text)
			}
			steps[len(steps)-1].Each = true
			s = s[2:]
		case strings.HasPrefix(s, `["`):
			key, rest, ok := quotedKey(s[2:])
			if !ok {
				return Path{}, fmt.Errorf(`path %q: a quoted name must end in "]`, text)
			}
			steps = append(steps, Step{Key: key})
			s = rest
		default:
			if len(steps) > 0 {
				if s[0] != '.' {
					return Path{}, fmt.Errorf("path %q: expected . or [ before %q", text, s)
				}
				s = s[1:]
			}
			n := strings.IndexAny(s, ".[")
			if n < 0 {
				n = len(s)
			}
			if n == 0 {
				return Path{}, fmt.Errorf("path %q: a field name is empty", text)
			}
			steps = append(steps, Step{Key: s[:n]})
			s = s[n:]
		}
	}
	if len(steps) == 0 {
		return Path{}, fmt.Errorf("path is empty")
	}
	return PathOf(steps...), nil
}

func quotedKey(s string) (key, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			rest, ok = strings.CutPrefix(s[i+1:], "]")
			return b.String(), rest, ok
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}

func plainKey(k string) bool { return k != "" && !strings.ContainsAny(k, ".[]\"\\ \t\r\n") }

// Steps returns the steps of p; the caller must not change them.
func (p Path) Steps() []Step { return p.steps }

func (p Path) String() string { return p.text }

// IsZero reports whether p names nothing.
func (p Path) IsZero() bool { return len(p.steps) == 0 }

// Join returns the path that continues p by s.
func (p Path) Join(s ...Step) Path {
	return PathOf(append(append(make([]Step, 0, len(p.steps)+len(s)), p.steps...), s...)...)
}

// Within reports whether p is outer itself or lies inside it.
func (p Path) Within(outer Path) bool {
	if len(p.steps) < len(outer.steps) {
		return false
	}
	for i, s := range outer.steps {
		last := i == len(outer.steps)-1
		if p.steps[i].Key != s.Key || p.steps[i].Each != s.Each && !(last && !s.Each) {
			return false
		}
	}
	return true
}

// Overlaps reports whether one of p and q contains the other, so that a
// change of one may be seen in the other.
func (p Path) Overlaps(q Path) bool { return p.Within(q) || q.Within(p) }
