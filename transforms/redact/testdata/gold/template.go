package main

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"unicode"
)

// An item is one line of the set.
type item struct {
	ID     string `json:"id"`
	Log    string `json:"log"`
	Field  string `json:"field"`
	Family string `json:"family"`
	Script string `json:"script"`
	Text   string `json:"text"`
	Spans  []span `json:"spans"`
}

// A span is a half-open range of bytes of an item's text.
type span struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Type  string `json:"type"`
}

// A piece is a run of text, with a type where it is a value to be found.
type piece struct {
	text, typ string
}

type template struct {
	log, field, family, script, body string
	count                            int
}

var families = map[string]string{"F": "free_text", "J": "json_text", "U": "uri", "K": "key_value"}

// Instances of a template that says no number: more where nothing may be
// found, so that about 30 % of the set is such.
const (
	countWithValues    = 11
	countWithoutValues = 13
)

// parseTemplates reads lines "log | field | family | script[*count] | body".
// A line that starts with # is a comment.
func parseTemplates(text string) ([]template, error) {
	var out []template
	for n, line := range strings.Split(text, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.SplitN(line, " | ", 5)
		if len(f) != 5 || families[f[2]] == "" {
			return nil, fmt.Errorf("line %d: want log | field | F, J, U or K | script | body", n+1)
		}
		t := template{log: f[0], field: f[1], family: families[f[2]], script: f[3], body: f[4]}
		if s, c, ok := strings.Cut(f[3], "*"); ok {
			t.script = s
			if _, err := fmt.Sscan(c, &t.count); err != nil {
				return nil, fmt.Errorf("line %d: count: %w", n+1, err)
			}
		}
		out = append(out, t)
	}
	return out, nil
}

func makeItems(h half) ([]item, error) {
	templates, err := parseTemplates(h.templates)
	if err != nil {
		return nil, fmt.Errorf("%s.templates: %w", h.name, err)
	}
	var items []item
	seen := map[string]bool{}
	for _, t := range templates {
		want, tries := t.count, 0
		for i := 0; want == 0 || i < want; {
			it, err := instance(h.name, t, h.world, tries)
			if err != nil {
				return nil, fmt.Errorf("%s.templates: %q: %w", h.name, t.body, err)
			}
			if want == 0 {
				want = defaultCount(it)
			}
			if tries++; tries > 20*want {
				break
			}
			if key := it.Field + "\x00" + it.Text; seen[key] {
				continue
			} else {
				seen[key] = true
			}
			it.ID = fmt.Sprintf("%s-%04d", h.name, len(items)+1)
			items = append(items, it)
			i++
		}
	}
	return items, nil
}

func defaultCount(it item) int {
	if negative(it) {
		return countWithoutValues
	}
	return countWithValues
}

// negative says that nothing in the item must be found unless guids are asked for.
func negative(it item) bool {
	for _, s := range it.Spans {
		if s.Type != "guid" {
			return false
		}
	}
	return true
}

// instance fills a template once.
func instance(half string, t template, w *world, n int) (item, error) {
	seed := fnv.New64a()
	fmt.Fprint(seed, half, t.log, t.field, t.body)
	r := rand.New(rand.NewPCG(seed.Sum64(), uint64(n)))
	d := &draw{w: w, r: r, family: t.family, people: w.pick(r, t.script, t.family), mode: escapes(r.IntN(5))}
	body := strings.NewReplacer("⏎", "\n", "⇥", "\t").Replace(t.body)
	pieces, rest, err := d.expand(body)
	if err != nil {
		return item{}, err
	}
	if rest != "" {
		return item{}, fmt.Errorf("a ⟧ that opens nowhere")
	}
	it := item{Log: t.log, Field: t.field, Family: t.family, Script: t.script, Spans: []span{}}
	var b strings.Builder
	for _, p := range pieces {
		if p.typ != "" {
			it.Spans = append(it.Spans, span{b.Len(), b.Len() + len(p.text), p.typ})
		}
		b.WriteString(p.text)
	}
	it.Text = b.String()
	if t.script == "Latn" {
		it.Script = scriptOf(d.shown, it.Text)
	}
	return it, nil
}

// scriptOf is the script of the person whose name or native address the text
// shows, Latin where the text has none but Latin letters.
func scriptOf(shown, text string) string {
	if shown == "" {
		return "Latn"
	}
	for _, c := range text {
		if unicode.IsLetter(c) && !unicode.Is(unicode.Latin, c) {
			return shown
		}
	}
	return "Latn"
}

// expand fills slots ⟪…⟫ and encodes ⟦…⟧ as a JSON string, to any depth. It
// ends at the text's end or at the ⟧ that closes an outer one, and returns
// what is left from there on.
func (d *draw) expand(s string) (out []piece, rest string, err error) {
	for s != "" {
		i := strings.IndexAny(s, "⟪⟦⟧")
		if i < 0 {
			return append(out, piece{text: s}), "", nil
		}
		out = append(out, piece{text: s[:i]})
		s = s[i:]
		switch {
		case strings.HasPrefix(s, "⟧"):
			return out, s, nil
		case strings.HasPrefix(s, "⟦"):
			inner, after, err := d.expand(s[len("⟦"):])
			if err != nil {
				return nil, "", err
			}
			if !strings.HasPrefix(after, "⟧") {
				return nil, "", fmt.Errorf("a ⟦ that closes nowhere")
			}
			out = append(out, piece{text: `"`})
			for _, p := range inner {
				out = append(out, piece{d.mode.json(p.text), p.typ})
			}
			out = append(out, piece{text: `"`})
			s = after[len("⟧"):]
		default:
			slot, after, ok := strings.Cut(s[len("⟪"):], "⟫")
			if !ok {
				return nil, "", fmt.Errorf("a ⟪ that closes nowhere")
			}
			p, err := d.slot(slot)
			if err != nil {
				return nil, "", err
			}
			out = append(out, p)
			s = after
		}
	}
	return out, "", nil
}
