package record_test

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/logpipe/logpipe/pipeline/record"
)

func TestCanon(t *testing.T) {
	base := `{"id":"1","n":1.50,"set":["b","a",{"x":1,"y":2}],"list":[1,2],"o":{"p":"é","v":1},"els":[{"tags":["q","p"],"vol":1}]}`
	same := map[string]string{
		"order and space":      ` { "list" : [1, 2] , "o":{"v":1,"p":"é"},"els":[{"vol":1,"tags":["q","p"]}],"set":["b","a",{"y":2,"x":1}],"n":1.50,"id":"1" } `,
		"null is missing":      `{"z":null,"id":"1","n":1.50,"set":["b","a",{"x":1,"y":2,"w":null}],"list":[1,2],"o":{"p":"é","v":1},"els":[{"tags":["q","p"],"vol":1}]}`,
		"order of a set":       `{"id":"1","n":1.50,"set":[{"x":1,"y":2},"a","b"],"list":[1,2],"o":{"p":"é","v":1},"els":[{"tags":["p","q"],"vol":1}]}`,
		"form of a number":     `{"id":"1","n":15e-1,"set":["b","a",{"x":1.0,"y":0.2e1}],"list":[1,2.000],"o":{"p":"é","v":1},"els":[{"tags":["q","p"],"vol":1}]}`,
		"form of a string":     `{"\u0069d":"\u0031","n":1.50,"set":["b","a",{"x":1,"y":2}],"list":[1,2],"o":{"p":"\u00e9","v":1},"els":[{"tags":["q","p"],"vol":1}]}`,
		"last duplicate":       `{"id":"0","id":"1","n":1.50,"set":["b","a",{"x":1,"y":2}],"list":[1,2],"o":{"p":"é","v":1},"els":[{"tags":["q","p"],"vol":1}]}`,
		"volatile":             `{"id":"1","n":1.50,"set":["b","a",{"x":1,"y":2}],"list":[1,2],"o":{"p":"é","v":99},"els":[{"tags":["q","p"]}]}`,
		"volatile of any type": `{"id":"1","n":1.50,"set":["b","a",{"x":1,"y":2}],"list":[1,2],"o":{"p":"é","v":{}},"els":[{"tags":["q","p"],"vol":[]}]}`,
	}
	differ := map[string]string{
		"value":             `{"id":"2","n":1.50,"set":["b","a",{"x":1,"y":2}],"list":[1,2],"o":{"p":"é","v":1},"els":[{"tags":["q","p"],"vol":1}]}`,
		"order of a list":   `{"id":"1","n":1.50,"set":["b","a",{"x":1,"y":2}],"list":[2,1],"o":{"p":"é","v":1},"els":[{"tags":["q","p"],"vol":1}]}`,
		"number and string": `{"id":1,"n":1.50,"set":["b","a",{"x":1,"y":2}],"list":[1,2],"o":{"p":"é","v":1},"els":[{"tags":["q","p"],"vol":1}]}`,
		"null element":      `{"id":"1","n":1.50,"set":["b","a",{"x":1,"y":2},null],"list":[1,2],"o":{"p":"é","v":1},"els":[{"tags":["q","p"],"vol":1}]}`,
		"empty object":      `{"id":"1","n":1.50,"set":["b","a",{"x":1,"y":2}],"list":[1,2],"o":{"p":"é","v":1},"els":[{"tags":["q","p"],"vol":1}],"e":{}}`,
		"twice in a set":    `{"id":"1","n":1.50,"set":["b","a","a",{"x":1,"y":2}],"list":[1,2],"o":{"p":"é","v":1},"els":[{"tags":["q","p"],"vol":1}]}`,
		"last digit":        `{"id":"1","n":1.5000000000000000000001,"set":["b","a",{"x":1,"y":2}],"list":[1,2],"o":{"p":"é","v":1},"els":[{"tags":["q","p"],"vol":1}]}`,
	}
	h := record.NewCanon(
		[]record.Path{path(t, "o.v"), path(t, "els[].vol")},
		[]record.Path{path(t, "set"), path(t, "els[].tags[]")},
	).Hasher()
	sum := func(in string) [32]byte {
		s, err := h.Sum([]byte(in))
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		return s
	}
	for name, in := range same {
		if sum(in) != sum(base) {
			t.Errorf("%s changes the version", name)
		}
	}
	for name, in := range differ {
		if sum(in) == sum(base) {
			t.Errorf("%s does not change the version", name)
		}
	}
	pairs := []struct {
		name, a, b string
		same       bool
	}{
		{"duplicates of an empty key", `{"":1,"":2}`, `{"":2}`, true},
		{"a duplicate that is null", `{"a":1,"a":null}`, `{}`, true},
		{"huge exponents", `{"a":1e1000000000000000000000000}`, `{"a":1e1000000000000000000000001}`, false},
		{"zeros", `{"a":-0.0e5}`, `{"a":0}`, true},
		{"zeros inside", `{"a":10.50}`, `{"a":1050e-2}`, true},
		{"zeros at the end", `{"a":100}`, `{"a":1e2}`, true},
		{"broken escapes", `{"a":"\q"}`, `{"a":"\z"}`, false},
		{"broken and whole", `{"a":"\q"}`, `{"a":"\\q"}`, false},
		{"quotes", `{"a":"x\"y"}`, `{"a":"x\u0022y"}`, true},
		{"controls", `{"a":"\n"}`, `{"a":"\u000a"}`, true},
		{"key and value", `{"a":"b\":\"c"}`, `{"a":"b","c":""}`, false},
	}
	for _, p := range pairs {
		if got := sum(p.a) == sum(p.b); got != p.same {
			t.Errorf("%s: same version %v, want %v", p.name, got, p.same)
		}
	}
	for _, in := range []string{``, ` `, `{"a":`, `{"a"`, `{"a":1`, strings.Repeat(`{"a":`, 5000) + `1` + strings.Repeat(`}`, 5000)} {
		if _, err := h.Sum([]byte(in)); err == nil {
			t.Errorf("%.20q has a version", in)
		}
	}
	if again := sum(base); again != sum(same["order and space"]) {
		t.Error("a failed sum leaves something behind")
	}
}

// FuzzCanon: permuting members and sets, adding nulls and writing strings and
// numbers in another form keep the version; changing one value changes it.
func FuzzCanon(f *testing.F) {
	f.Add([]byte(`{"a":[1,"x",null,{"b":2}],"set":["x",{"y":1},2],"o":{"set":[1.0,2],"a":{}}}`), uint64(1))
	f.Add([]byte(`{"a":"\u00e9\n","b":1e5,"b":2,"n":null,"set":[[],[1]]}`), uint64(2))
	f.Add(newGenerator(3).record(), uint64(3))
	sets := []record.Path{path(f, "set"), path(f, "o.set"), path(f, "appliedConditionalAccessPolicies")}
	h := record.NewCanon(nil, sets).Hasher()
	f.Fuzz(func(t *testing.T, in []byte, seed uint64) {
		if !jsonWhole(in) || !json.Valid(in) || len(in) > 1<<16 {
			return
		}
		want, err := h.Sum(in)
		if err != nil {
			t.Fatal(err)
		}
		tree := &scrambler{r: rand.New(rand.NewPCG(seed, 1)), set: map[string]bool{".set": true, ".o.set": true, ".appliedConditionalAccessPolicies": true}}
		out := tree.value(nil, record.ValueOf(trimmed(in)), "")
		if got, err := h.Sum(out); err != nil || got != want {
			t.Fatalf("the version changed: %v\n%s\n%s", err, in, out)
		}
		tree.change = 1 + tree.r.IntN(tree.leaves+1)
		tree.leaves, tree.changed = 0, false
		out = tree.value(nil, record.ValueOf(trimmed(in)), "")
		if got, err := h.Sum(out); err != nil || (got == want) == tree.changed {
			t.Fatalf("changed: %v, version the same: %v, %v\n%s\n%s", tree.changed, got == want, err, in, out)
		}
	})
}

func trimmed(in []byte) []byte { return []byte(strings.Trim(string(in), " \t\r\n")) }

// scrambler writes a value in another form that means the same, except for the
// leaf number change, which it changes.
type scrambler struct {
	r       *rand.Rand
	set     map[string]bool
	leaves  int
	change  int
	changed bool
}

func (s *scrambler) value(dst []byte, v record.Value, at string) []byte {
	var kids [][]byte
	switch v.Kind() {
	case record.Object:
		seen := map[string]bool{}
		var keys []string
		var values []record.Value
		v.Each(func(key []byte, v record.Value) bool {
			keys, values = append(keys, string(key)), append(values, v)
			return true
		})
		for i := len(keys) - 1; i >= 0; i-- { // the last of duplicates counts
			if !seen[keys[i]] && values[i].Kind() != record.Null {
				k := record.AppendString(nil, []byte(keys[i]))
				kids = append(kids, s.value(append(k, ':'), values[i], at+"."+keys[i]))
			}
			seen[keys[i]] = true
		}
		if k := "null" + strconv.Itoa(s.r.IntN(100)); !seen[k] && s.r.IntN(2) == 0 {
			kids = append(kids, []byte(`"`+k+`" : null`))
		}
		s.r.Shuffle(len(kids), func(i, j int) { kids[i], kids[j] = kids[j], kids[i] })
		return join(dst, '{', kids, s.r.IntN(2) == 0)
	case record.Array:
		v.Each(func(_ []byte, v record.Value) bool {
			kids = append(kids, s.value(nil, v, at+"[]"))
			return true
		})
		if s.set[at] {
			s.r.Shuffle(len(kids), func(i, j int) { kids[i], kids[j] = kids[j], kids[i] })
		}
		return join(dst, '[', kids, s.r.IntN(2) == 0)
	}
	s.leaves++
	if s.leaves == s.change {
		s.changed = true
		return append(dst, `"no fuzzer writes this value"`...)
	}
	switch v.Kind() {
	case record.Number:
		dst = append(dst, v.Raw()...)
		if !strings.ContainsAny(string(v.Raw()), ".eE") {
			dst = append(dst, []string{"", ".0", "e0", "E+00", ".000e-0"}[s.r.IntN(5)]...)
		}
		return dst
	case record.String:
		text, err := v.AppendText(nil)
		if err != nil {
			return append(dst, v.Raw()...)
		}
		return record.AppendString(dst, text)
	}
	return append(dst, v.Raw()...)
}

func join(dst []byte, open byte, kids [][]byte, spaced bool) []byte {
	dst = append(dst, open)
	for i, k := range kids {
		if i > 0 {
			dst = append(dst, ',')
		}
		if spaced {
			dst = append(dst, " \n"...)
		}
		dst = append(dst, k...)
	}
	return append(dst, open+2)
}
