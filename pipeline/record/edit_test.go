package record_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/logpipe/logpipe/pipeline/record"
)

func TestEdit(t *testing.T) {
	remove := func(paths ...string) func(*editor) {
		return func(e *editor) {
			for _, p := range paths {
				e.remove(p)
			}
		}
	}
	tests := []struct {
		name, in string
		edit     func(*editor)
		want     string
	}{
		{"nothing", `{ "a" : 1.0, "a":2 }`, func(e *editor) {}, `{ "a" : 1.0, "a":2 }`},
		{"replace", `{ "a" : 1.0 , "b":2}`, func(e *editor) { e.replace("a", `"x"`) }, `{ "a" : "x" , "b":2}`},
		{"replace by longer and shorter", `{"a":1,"b":"long text","c":3}`, func(e *editor) { e.replace("c", `"far longer"`); e.replace("b", `2`) }, `{"a":1,"b":2,"c":"far longer"}`},
		{"replace duplicates", `{"a":1,"b":2,"a":3}`, func(e *editor) { e.replace("a", `0`) }, `{"a":0,"b":2,"a":0}`},
		{"last replacement counts", `{"a":1}`, func(e *editor) { e.replace("a", `2`); e.replaceAgain("a", `3`) }, `{"a":3}`},
		{"remove first", `{"a":1,"b":2,"c":3}`, remove("a"), `{"b":2,"c":3}`},
		{"remove middle", `{"a":1,"b":2,"c":3}`, remove("b"), `{"a":1,"c":3}`},
		{"remove last", `{"a":1,"b":2,"c":3}`, remove("c"), `{"a":1,"b":2}`},
		{"remove only", `{"a":1}`, remove("a"), `{}`},
		{"remove first two", `{"a":1,"b":2,"c":3}`, remove("a", "b"), `{"c":3}`},
		{"remove last two", `{"a":1,"b":2,"c":3}`, remove("c", "b"), `{"a":1}`},
		{"remove ends", `{"a":1,"b":2,"c":3}`, remove("c", "a"), `{"b":2}`},
		{"remove all", `{"a":1,"b":2,"c":3}`, remove("a", "c", "b"), `{}`},
		{"remove duplicates", `{"a":1,"a":2,"b":3,"a":4}`, remove("a"), `{"b":3}`},
		{"remove with space", "{ \"a\" : 1 ,\n \"b\" : 2 ,\n \"c\" : 3 }", remove("b"), "{ \"a\" : 1  ,\n \"c\" : 3 }"},
		{"remove first with space", `{ "a" : 1 , "b" : 2 }`, remove("a"), `{  "b" : 2 }`},
		{"remove all with space", `{ "a" : 1 , "b" : 2 }`, remove("a", "b"), `{   }`},
		{"remove elements", `{"l":[1,2,3]}`, remove("l[]"), `{"l":[]}`},
		{"remove from elements", `{"l":[{"x":1},{"x":2,"y":3},{"y":4,"x":5}]}`, remove("l[].x"), `{"l":[{},{"y":3},{"y":4}]}`},
		{"remove nested and outer", `{"a":{"b":1,"c":2},"d":3}`, remove("a.b", "a"), `{"d":3}`},
		{"remove a key with quotes", `{"x":0,"a\\\"\\":1}`, func(e *editor) { e.remove(`["a\\\"\\"]`) }, `{"x":0}`},
		{"a removed value stays removed", `{"a":1,"b":2}`, func(e *editor) { e.remove("a"); e.replaceAgain("a", `3`) }, `{"b":2}`},
		{"outer replacement counts", `{"a":{"b":1},"c":2}`, func(e *editor) { e.replace("a", `0`); e.replaceAgain("a.b", `5`); e.replace("c", `3`) }, `{"a":0,"c":3}`},
		{"insert into empty", `{}`, func(e *editor) { e.insert(`k"`, `1`) }, `{"k\"":1}`},
		{"insert behind", `{"a":1 }`, func(e *editor) { e.insert("b", `2`); e.insert("c", `[3]`) }, `{"a":1,"b":2,"c":[3] }`},
		{"insert where all is removed", `{"a":1,"b":2}`, func(e *editor) { e.remove("a"); e.insert("c", `3`); e.remove("b") }, `{"c":3}`},
		{"insert behind a removed last", `{"a":1,"b":2}`, func(e *editor) { e.insert("c", `3`); e.remove("b") }, `{"a":1,"c":3}`},
		{"insert behind a replaced last", `{"a":1,"b":2}`, func(e *editor) { e.insert("c", `3`); e.replace("b", `0`) }, `{"a":1,"b":0,"c":3}`},
		{"rewrite", `{"a":1}`, func(e *editor) { e.replace("a", `2`); e.b.Rewrite(0, []byte(`{"b":5}`)) }, `{"b":5}`},
		{"edit a rewritten record", `{"a":1}`, func(e *editor) { e.b.Rewrite(0, []byte(`{"z":5,"a":7}`)); e.last = nil; e.replace("a", `8`) }, `{"z":5,"a":8}`},
		{"set", `{"a":1}`, func(e *editor) { e.set("a", `2`) }, `{"a":2}`},
		{"set missing", `{"a":1}`, func(e *editor) { e.set("b", `2`) }, `{"a":1,"b":2}`},
		{"set below missing", `{}`, func(e *editor) { e.set("a.b.c", `2`) }, `{"a":{"b":{"c":2}}}`},
		{"set below null", `{"a":null}`, func(e *editor) { e.set("a.b", `2`) }, `{"a":{"b":2}}`},
		{"set below another type", `{"a":"x","b":0}`, func(e *editor) { e.set("a.b.c", `2`) }, `{"a":{"b":{"c":2}},"b":0}`},
		{"set below object", `{"a":{"x":1}}`, func(e *editor) { e.set("a.b", `2`) }, `{"a":{"x":1,"b":2}}`},
		{"set duplicates", `{"a":1,"a":2}`, func(e *editor) { e.set("a", `3`) }, `{"a":3,"a":3}`},
		{"set below duplicates", `{"a":{},"a":null}`, func(e *editor) { e.set("a.b", `3`) }, `{"a":{"b":3},"a":{"b":3}}`},
		{"set an escaped key", `{"\u0061":1}`, func(e *editor) { e.set("a", `3`) }, `{"\u0061":3}`},
		{"set two below one parent", `{}`, func(e *editor) { e.set("a.b", `1`); e.set("a.c", `2`); e.set("d", `3`) }, `{"a":{"b":1,"c":2},"d":3}`},
		{"set twice", `{}`, func(e *editor) { e.set("a", `1`); e.set("a", `2`) }, `{"a":2}`},
		{"set many", `{"a":1,"b":{"c":2}}`, func(e *editor) { e.set("x", `1`); e.set("a", `{}`); e.set("b.c", `0`); e.set("y", `2`) }, `{"a":{},"b":{"c":0},"x":1,"y":2}`},
		{"set then remove", `{"a":1,"b":2}`, func(e *editor) { e.set("c", `3`); e.remove("c"); e.remove("a") }, `{"b":2}`},
		{"set in elements", `{"a":[{"b":1},{"c":2},null,5]}`, func(e *editor) { e.set("a[].b", `0`) }, `{"a":[{"b":0},{"c":2,"b":0},{"b":0},{"b":0}]}`},
		{"set elements", `{"a":[1,2]}`, func(e *editor) { e.set("a[]", `0`) }, `{"a":[0,0]}`},
		{"set makes no elements", `{"a":{}}`, func(e *editor) { e.set("b[].c", `0`); e.set("a.l[]", `0`) }, `{"a":{}}`},
		{"set with space around", ` { } `, func(e *editor) { e.set("a", `0`) }, ` {"a":0 } `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newEditor(t, tt.in)
			tt.edit(e)
			if got := string(e.b.Bytes(0)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if len(e.b.Rejects()) > 0 {
				t.Error(e.b.Rejects()[0].Err)
			}
		})
	}
}

// editor edits record 0 of a batch by the names of fields.
type editor struct {
	t     *testing.T
	b     *record.Batch
	slots map[string]record.Slot
	last  map[string][]record.Span
	whole record.Span
}

func newEditor(t *testing.T, in string) *editor {
	e := &editor{t: t, slots: map[string]record.Slot{}, last: map[string][]record.Span{}}
	var l record.Layout
	for _, p := range []string{"a", "b", "c", "d", "l[]", "l[].x", "a.b", "a.c", "a.b.c", "a[]", "a[].b", "x", "y", `["a\\\"\\"]`, "b.c", "b[].c", "a.l[]"} {
		e.slots[p] = l.Slot(path(t, p))
	}
	e.b = batchOf(&l, []byte(in))
	e.b.Scan()
	e.whole = e.b.Whole(0)
	for p, s := range e.slots {
		e.last[p] = append([]record.Span(nil), e.b.Hits(0, s)...)
	}
	return e
}

// hits are those of the first scan while edits wait, so that a test can make
// several edits in one round.
func (e *editor) hits(p string) []record.Span {
	if len(e.last[p]) == 0 {
		return e.b.Hits(0, e.slots[p])
	}
	return e.last[p]
}

func (e *editor) replace(p, json string) {
	for _, at := range e.hits(p) {
		e.b.Replace(0, at, []byte(json))
	}
}

func (e *editor) replaceAgain(p, json string) {
	for _, at := range e.last[p] {
		e.b.Replace(0, at, []byte(json))
	}
}

func (e *editor) remove(p string) {
	for _, at := range e.hits(p) {
		e.b.Remove(0, at)
	}
}

func (e *editor) insert(key, json string) {
	e.b.Insert(0, e.whole, key, []byte(json))
}

func (e *editor) set(p, json string) {
	e.b.SetPath(0, path(e.t, p), e.slots[p], []byte(json))
	e.last = map[string][]record.Span{}
}

func TestEditRefused(t *testing.T) {
	tests := []struct {
		name string
		edit func(*record.Batch)
	}{
		{"outside", func(b *record.Batch) { b.Replace(0, record.Span{Start: 3, End: 99}, nil) }},
		{"negative", func(b *record.Batch) { b.Remove(0, record.Span{Start: -1, End: 2}) }},
		{"backwards", func(b *record.Batch) { b.Replace(0, record.Span{Start: 5, End: 2}, nil) }},
		{"missing field", func(b *record.Batch) { b.Replace(0, record.Span{}, nil) }},
		{"remove all", func(b *record.Batch) { b.Remove(0, b.Whole(0)) }},
		{"insert into a number", func(b *record.Batch) { b.Insert(0, record.Span{Start: 5, End: 7}, "k", []byte(`1`)) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := batchOf(&record.Layout{}, []byte(`{"a":12}`))
			b.Scan()
			tt.edit(b)
			if b.Live(0) {
				t.Error("the record is live: an edit that cannot be made must reject it")
			}
		})
	}
}

func TestEditMakesBroken(t *testing.T) {
	var l record.Layout
	a := l.Slot(path(t, "a"))
	b := batchOf(&l, []byte(`{"a":1}`))
	b.Scan()
	b.Replace(0, b.Hits(0, a)[0], []byte(`{`))
	if v := b.Value(0, a); v.Kind() != record.Missing || b.Live(0) {
		t.Errorf("value %q, live %v", v.Raw(), b.Live(0))
	}
	if err := b.Rejects()[0].Err; !errors.Is(err, record.ErrNotWhole) {
		t.Error(err)
	}
	if raw := string(b.Rejects()[0].Raw); raw != `{"a":1}` {
		t.Errorf("the reject holds %s, want the bytes as read", raw)
	}
}

// node is the plain model of a record: an ordered tree that is edited and
// encoded anew.
type node struct {
	text       string // scalar
	open       byte   // { or [ of others
	keys       []string
	kids       []*node
	start, end int // where it was encoded
	removed    bool
	replaced   *node
	inserted   []*node // members, keys in insertedKeys
	insertKeys []string
}

func (n *node) encode(b *strings.Builder, space func() string) {
	n.start = b.Len()
	defer func() { n.end = b.Len() }()
	if n.open == 0 {
		b.WriteString(n.text)
		return
	}
	b.WriteByte(n.open)
	for i, k := range n.kids {
		if i > 0 {
			b.WriteString(space() + ",")
		}
		b.WriteString(space())
		if n.open == '{' {
			b.WriteString(n.keys[i] + space() + ":" + space())
		}
		k.encode(b, space)
	}
	b.WriteString(space())
	b.WriteByte(n.open + 2)
}

// edited returns a copy of the tree with its edits made.
func (n *node) edited() *node {
	if n.replaced != nil {
		return n.replaced.edited()
	}
	out := &node{text: n.text, open: n.open}
	for i, k := range n.kids {
		if !k.removed {
			out.add(n.keys[i], k.edited())
		}
	}
	for i, k := range n.inserted {
		out.add(n.insertKeys[i], k.edited())
	}
	return out
}

func (n *node) add(key string, k *node) {
	n.keys, n.kids = append(n.keys, key), append(n.kids, k)
}

func (n *node) all(out []*node) []*node {
	for _, k := range n.kids {
		out = k.all(append(out, k))
	}
	return out
}

// set is SetPath on the model.
func (n *node) set(keys []string, to *node, occurs bool) {
	seen := false
	for i, k := range n.keys {
		if decoded(k) != keys[0] {
			continue
		}
		seen = true
		switch kid := n.kids[i]; {
		case len(keys) == 1:
			n.kids[i] = to.edited()
		case kid.open == '{':
			kid.set(keys[1:], to, occurs)
		case !occurs:
			n.kids[i] = nest(keys[1:], to)
		}
	}
	if !seen && !occurs {
		n.add(strconv.Quote(keys[0]), nest(keys[1:], to))
	}
}

func (n *node) occurs(keys []string) bool {
	for i, k := range n.keys {
		if n.open == '{' && decoded(k) == keys[0] && (len(keys) == 1 || n.kids[i].occurs(keys[1:])) {
			return true
		}
	}
	return false
}

func nest(keys []string, n *node) *node {
	if len(keys) == 0 {
		return n.edited()
	}
	return &node{open: '{', keys: []string{strconv.Quote(keys[0])}, kids: []*node{nest(keys[1:], n)}}
}

func decoded(key string) string {
	s, _ := strconv.Unquote(key)
	return s
}

func randomNode(r *rand.Rand, depth int) *node {
	keys := []string{`"a"`, `"b"`, `"c"`, `"\u0061"`, `"x\"y"`, `"b\\"`, `"имя"`}
	if depth == 0 || depth < 4 && r.IntN(2) == 0 {
		n := &node{open: '{'}
		if depth > 0 && r.IntN(3) == 0 {
			n.open = '['
		}
		for range r.IntN(5) {
			key := ""
			if n.open == '{' {
				key = keys[r.IntN(len(keys))]
			}
			n.add(key, randomNode(r, depth+1))
		}
		return n
	}
	texts := []string{`1`, `-0.50e+3`, `"text"`, `"\\\"}"`, `null`, `true`, `""`, `"[,]"`, `"é"`, `90071992547409931`}
	return &node{text: texts[r.IntN(len(texts))]}
}

// TestEditModel makes random edits of random records, several rounds each, and
// wants byte for byte what the model encodes; with space in the record, the same
// but for space.
func TestEditModel(t *testing.T) {
	var l record.Layout
	setPaths := []string{"a", "b", "a.b", "a.c", "b.a.c", "c"}
	slots := map[string]record.Slot{}
	for _, p := range setPaths {
		slots[p] = l.Slot(path(t, p))
	}
	scanner := l.Compile()
	for seed := range uint64(20000) {
		r := rand.New(rand.NewPCG(seed, 1))
		none := func() string { return "" }
		space := none
		if seed%3 == 0 {
			space = func() string { return []string{"", " ", "\n", "\t \r"}[r.IntN(4)] }
		}
		tree := randomNode(r, 0)
		var in strings.Builder
		tree.encode(&in, space)
		b := record.NewBatch(scanner)
		b.Append([]byte(in.String()), 0)
		b.Scan()
		steps := []string{in.String()}
		for range 1 + r.IntN(3) {
			steps = append(steps, randomEdits(r, b, tree)...)
			tree = tree.edited()
			for range r.IntN(3) {
				p := setPaths[r.IntN(len(setPaths))]
				to, keys := randomNode(r, 3), strings.Split(p, ".")
				var text strings.Builder
				to.encode(&text, none)
				b.SetPath(0, path(t, p), slots[p], []byte(text.String()))
				tree.set(keys, to, tree.occurs(keys))
				steps = append(steps, "set "+p+" "+text.String())
			}
			var want strings.Builder
			tree.encode(&want, none)
			got := jsontext.Value(append([]byte(nil), b.Bytes(0)...))
			if seed%3 == 0 {
				if err := got.Compact(jsontext.AllowDuplicateNames(true), jsontext.PreserveRawStrings(true)); err != nil {
					t.Fatalf("seed %d: %s: %v\n%s", seed, got, err, strings.Join(steps, "\n"))
				}
			}
			if diff := cmp.Diff(want.String(), string(got)); diff != "" {
				t.Fatalf("seed %d:\n%s\n%s", seed, strings.Join(steps, "\n"), diff)
			}
			if b.Scan(); !b.Live(0) {
				t.Fatalf("seed %d: rejected: %v", seed, b.Rejects()[0].Err)
			}
			if seed%3 == 0 {
				break // the model does not know where space is left
			}
			want.Reset()
			tree.encode(&want, none)
		}
	}
}

// randomEdits makes some edits of one round in both b and the model.
func randomEdits(r *rand.Rand, b *record.Batch, tree *node) (log []string) {
	nodes := tree.all(nil)
	for range r.IntN(6) {
		n := tree
		if len(nodes) > 0 {
			n = nodes[r.IntN(len(nodes))]
		}
		at := record.Span{Start: int32(n.start), End: int32(n.end)}
		to := randomNode(r, 3)
		var json strings.Builder
		to.encode(&json, func() string { return "" })
		switch op := r.IntN(3); {
		case op == 0 && n != tree:
			n.removed = true
			b.Remove(0, at)
			log = append(log, fmt.Sprint("remove ", at))
		case op == 1 && n != tree:
			n.replaced = to
			b.Replace(0, at, []byte(json.String()))
			log = append(log, fmt.Sprint("replace ", at, " ", json.String()))
		case n.open == '{':
			n.inserted, n.insertKeys = append(n.inserted, to), append(n.insertKeys, `"new"`)
			b.Insert(0, at, "new", []byte(json.String()))
			log = append(log, fmt.Sprint("insert ", at, " ", json.String()))
		}
	}
	return log
}
