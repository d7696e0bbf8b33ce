package record_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/logpipe/logpipe/pipeline/record"
)

// jsonWhole is the definition of whole by another's hand: an object by
// jsontext's grammar in which escapes are not looked at.
func jsonWhole(in []byte) bool {
	d := jsontext.NewDecoder(bytes.NewReader(withoutEscapes(in)), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if d.PeekKind() != '{' {
		return false
	}
	for {
		_, err := d.ReadToken()
		if err != nil {
			return errors.Is(err, io.EOF) && d.StackDepth() == 0
		}
		if d.StackDepth() > record.MaxDepth {
			return false
		}
		if d.StackDepth() == 0 {
			rest := withoutEscapes(in)[d.InputOffset():]
			return len(bytes.Trim(rest, " \t\r\n")) == 0
		}
	}
}

// withoutEscapes replaces each backslash and what it escapes by two letters,
// which are as wrong outside strings as a backslash is.
func withoutEscapes(in []byte) []byte {
	out := bytes.Clone(in)
	for i := 0; i+1 < len(out); i++ {
		if out[i] == '\\' && out[i+1] >= 0x20 {
			out[i], out[i+1] = 'a', 'a'
			i++
		}
	}
	return out
}

// model finds the values at steps in a value by reading it with jsontext. It
// returns false if jsontext does not read it, as with broken escapes.
func model(raw []byte, steps []record.Step, found *[]string) bool {
	if len(steps) == 0 {
		*found = append(*found, string(raw))
		return true
	}
	d := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if d.PeekKind() != '{' {
		return true
	}
	if _, err := d.ReadToken(); err != nil {
		return false
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return false
		}
		key := name.String()
		v, err := d.ReadValue()
		if err != nil {
			return false
		}
		if key != steps[0].Key {
			continue
		}
		v = bytes.Clone(v)
		if !steps[0].Each {
			if !model(v, steps[1:], found) {
				return false
			}
			continue
		}
		if v[0] != '[' {
			continue
		}
		e := jsontext.NewDecoder(bytes.NewReader(v), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
		if _, err := e.ReadToken(); err != nil {
			return false
		}
		for e.PeekKind() != ']' {
			item, err := e.ReadValue()
			if err != nil || !model(bytes.Clone(item), steps[1:], found) {
				return false
			}
		}
	}
	return true
}

var fuzzPaths = []string{"a", "a.b", "a[]", "a[].b", "list[].result", "status.errorCode"}

// FuzzScan: a record is live exactly if jsontext says it is whole; the fast and
// the careful way find the same; and where jsontext can read all strings they
// find what it finds. What was found can be removed and leaves a whole record.
func FuzzScan(f *testing.F) {
	for _, in := range whole {
		f.Add([]byte(in))
	}
	for _, tt := range broken {
		if len(tt.in) < 5000 {
			f.Add([]byte(tt.in))
		}
	}
	g := newGenerator(11)
	f.Add(g.record())
	f.Add([]byte(`{"a":[{"b":1},{"b":"\u00e9"}],"list":[{"result":null}],"status":{"errorCode":0},"\u0061":{"b":[]}}`))
	var l record.Layout
	var paths []record.Path
	for _, p := range fuzzPaths {
		paths = append(paths, path(f, p))
		l.Slot(paths[len(paths)-1])
	}
	scanner := l.Compile()
	f.Fuzz(func(t *testing.T, in []byte) {
		b := record.NewBatch(scanner)
		b.Append(in, 0)
		b.Append(append([]byte(" "), in...), 0) // the careful way
		b.Scan()
		want := jsonWhole(in)
		if b.Live(0) != want || b.Live(1) != want {
			t.Fatalf("live %v, carefully %v, jsontext %v: %v", b.Live(0), b.Live(1), want, b.Rejects())
		}
		if !want {
			return
		}
		for s, p := range paths {
			var fast, careful, expected []string
			for _, at := range b.Hits(0, record.Slot(s)) {
				fast = append(fast, string(b.At(0, at).Raw()))
			}
			for _, at := range b.Hits(1, record.Slot(s)) {
				careful = append(careful, string(b.At(1, at).Raw()))
			}
			if diff := cmp.Diff(careful, fast); diff != "" {
				t.Fatalf("%s: fast and careful differ:\n%s", p, diff)
			}
			if model(in, p.Steps(), &expected) {
				if diff := cmp.Diff(expected, fast); diff != "" {
					t.Fatalf("%s: jsontext and fast differ:\n%s", p, diff)
				}
			}
		}
		for s := range paths {
			for _, at := range b.Hits(0, record.Slot(s)) {
				b.Remove(0, at)
			}
			if out := b.Bytes(0); !jsonWhole(out) {
				t.Fatalf("after removing %s: %q", paths[s], out)
			}
			if n := len(b.Hits(0, record.Slot(s))); n > 0 {
				t.Fatalf("%s is still found %d times", paths[s], n)
			}
		}
	})
}
