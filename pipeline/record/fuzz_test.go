package record_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
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

// TestScanMutations breaks and joins records at random: cheaper rounds than the
// fuzzer's, aimed at what a scan by marks might overlook.
func TestScanMutations(t *testing.T) {
	const rounds = 30000
	var l record.Layout
	for _, p := range fuzzPaths {
		l.Slot(path(t, p))
	}
	b := record.NewBatch(l.Compile())
	g := newGenerator(21)
	var pool [][]byte
	for _, in := range whole {
		if len(in) < 900 {
			pool = append(pool, []byte(in), []byte(`{"x":`+strings.TrimSpace(in)+`}`))
		}
	}
	pool = append(pool, []byte(`{"x":{"k":"v","l":["a","b"],"m":[],"n":["c"],"o":[["d"],[]],"p":{"q":"r","s":["t"]},"u":1}}`),
		[]byte(`{"a":[{"b":1},{"b":"\u00e9","c":[]}],"list":[{"result":null}],"status":{"errorCode":0},"\u0061":{"b":[]}}`))
	for i := range rounds {
		in := bytes.Clone(pool[g.r.IntN(len(pool))])
		if i%50 == 0 {
			in = g.record()
		}
		for range 1 + g.r.IntN(3) {
			in = mutate(g, in)
		}
		b.Reset("")
		b.Append(in, 0)
		b.Append(append([]byte(" "), in...), 0)
		b.Scan()
		if want := jsonWhole(in); b.Live(0) != want || b.Live(1) != want {
			t.Fatalf("round %d: live %v, carefully %v, jsontext %v: %q", i, b.Live(0), b.Live(1), want, in)
		}
		if !b.Live(0) {
			continue
		}
		for s := range fuzzPaths {
			fast, careful := b.Hits(0, record.Slot(s)), []record.Span(nil)
			fast = append(careful, fast...)
			careful = b.Hits(1, record.Slot(s))
			for k := range max(len(fast), len(careful)) {
				if len(fast) != len(careful) || fast[k].Start+1 != careful[k].Start || fast[k].End+1 != careful[k].End {
					t.Fatalf("round %d: %s: %v and %v in %q", i, fuzzPaths[s], fast, careful, in)
				}
			}
		}
	}
}

func mutate(g *generator, in []byte) []byte {
	if len(in) == 0 {
		return in
	}
	at, to := g.r.IntN(len(in)), g.r.IntN(len(in))
	at, to = min(at, to), min(max(at, to), min(at, to)+20)
	bit := g.pick(`"`, `\`, `,`, `:`, `{`, `}`, `[`, `]`, `0`, `1`, `-`, `.`, `e`, `n`, `l`, `null`, `true`, " ", "\t", "\n", "\r", "\x00", "\x0c", "\x80", "\x93", "\xff", "é", "р", `"a"`, `"a":`, `[]`, `{}`, `,"a":1`)
	switch g.r.IntN(4) {
	case 0: // leave out
		return append(in[:at:at], in[to:]...)
	case 1: // twice
		return append(in[:to:to], in[at:]...)
	case 2: // put in
		return append(append(in[:at:at], bit...), in[at:]...)
	default: // put in place of one byte
		return append(append(in[:at:at], bit...), in[at+1:]...)
	}
}
