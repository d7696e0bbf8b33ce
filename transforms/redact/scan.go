package redact

import (
	"regexp"

	"github.com/logpipe/logpipe/transforms/redact/detect"
)

// scans says what is looked for in texts that are scanned.
type scans struct {
	types    detect.Set
	patterns []pattern
}

// pattern is a type of value that a pipeline brings along.
type pattern struct {
	name string
	re   *regexp.Regexp // RE2: linear in the text
}

// detector is the stage's own part of scanning.
type detector struct {
	finder   detect.Finder
	key      flat
	puts     []byte
	detected map[string]int64 // by type or pattern
	swept    map[string]int64 // by field
}

// detect adds to the hits what the detectors find in src, whose flat form has
// been made.
func (s *stage) detect(src []byte, e *entry) {
	w := &s.sweeper
	s.puts = s.puts[:0]
	if w.flat.has&(hasDigit|hasAt|hasSlash|hasWide) != 0 { // nothing else anchors a value
		s.detector.key.set(e.key)
		t := detect.Text{Flat: w.flat.text, Key: s.detector.key.text, Src: src, Pos: w.flat.pos}
		s.found(&w.flat, t, s.scans.types)
	}
	for _, p := range s.scans.patterns {
		for _, at := range p.re.FindAllIndex(src, -1) {
			if at[0] == at[1] {
				continue
			}
			s.detected[p.name]++
			w.hits = append(w.hits, hit{at[0], at[1], s.stand(p.name, src[at[0]:at[1]], false)})
		}
	}
}

// found adds what the finder finds in f.
func (s *stage) found(f *flat, t detect.Text, types detect.Set) {
	for _, h := range s.finder.Find(t, types) {
		value := f.text[h.Start:h.End]
		if s.former.IsPlaceholder(value) {
			continue
		}
		s.detected[h.Type.String()]++
		s.sweeper.hits = append(s.sweeper.hits, hit{f.at(h.Start), f.at(h.End), s.put(h.Type, value)})
	}
}

// put returns what takes the place of a value: a pseudonym of what is an
// identifier, if there is a key, and nothing but its type of what is a secret.
func (s *stage) put(t detect.Type, value []byte) []byte {
	switch t {
	case detect.Credential, detect.Card, detect.IBAN, detect.SSN:
		return s.label(t.String())
	}
	return s.stand(t.String(), value, t == detect.Phone)
}

func (s *stage) stand(name string, value []byte, phone bool) []byte {
	if s.maker != nil {
		from := len(s.puts)
		var ok bool
		if s.puts, ok = s.maker.Append(s.puts, value, phone); ok {
			return s.puts[from:len(s.puts):len(s.puts)]
		}
	}
	return s.label(name)
}

func (s *stage) label(name string) []byte {
	from := len(s.puts)
	s.puts = append(append(append(s.puts, '['), name...), ']')
	return s.puts[from:len(s.puts):len(s.puts)]
}
