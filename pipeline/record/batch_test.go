package record_test

import (
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/logpipe/logpipe/pipeline/record"
)

func TestBatchFill(t *testing.T) {
	b := record.NewBatch((&record.Layout{}).Compile())
	for round := range 3 {
		b.Reset("file")
		if b.Len() != 0 || len(b.Fill()) != 0 || b.Rejects() != nil {
			t.Fatal("not empty after Reset")
		}
		text := strings.Repeat(`{"a":1}`+"\n", 1000*round+3)
		for rest := text; rest != ""; {
			n := copy(b.Space(11), rest)
			b.Filled(n)
			rest = rest[n:]
		}
		if string(b.Fill()) != text {
			t.Fatal("the fill is not what was written")
		}
		for at := 0; at < len(text); at += 8 {
			b.Add(at, at+7, int64(100+at))
		}
		b.Append([]byte(`{"b":2}`), 7)
		b.Scan()
		n := b.Len()
		if b.LiveCount() != n || string(b.Bytes(n-2)) != `{"a":1}` || string(b.Bytes(n-1)) != `{"b":2}` || b.Offset(1) != 108 || b.Offset(n-1) != 7 || b.Origin() != "file" {
			t.Fatalf("round %d: %d of %d live, last %s", round, b.LiveCount(), n, b.Bytes(n-1))
		}
	}
	b.Reset("")
	b.Add(-5, 100, 0)
	b.Filled(-3)
	if b.Scan(); b.Live(0) || b.Len() != 1 {
		t.Error("a record outside the fill is live")
	}
}

func TestBatchRejects(t *testing.T) {
	var l record.Layout
	a := l.Slot(path(t, "a"))
	b := record.NewBatch(l.Compile())
	b.Reset("sign-ins.jsonl")
	b.RejectRaw(record.Reject{Offset: 0, Length: 99, Err: errors.New("too long")})
	b.Append([]byte(`{"a":1}`), 100)
	b.Append([]byte(`{"a":`), 110)
	b.RejectRaw(record.Reject{Origin: "other", Offset: 120})
	b.Append([]byte(`{"a":3}`), 130)
	b.Append([]byte(`{"a":4}`), 140)
	b.Scan()
	b.Replace(2, b.Hits(2, a)[0], []byte(`5`))
	b.Reject(2, errors.New("rule failed"))
	b.Reject(2, errors.New("second reason"))
	b.Drop(3)
	b.Reject(3, errors.New("already dropped"))
	b.Reject(0, nil)
	b.Drop(0)
	var says []string
	got := b.Rejects()
	for _, r := range got {
		says = append(says, r.Err.Error())
	}
	if diff := cmp.Diff([]string{"too long", "rejected without a reason", "not a whole JSON object: at byte 5: expected a value, found the end of the record", "rejected without a reason", "rule failed"}, says); diff != "" {
		t.Error(diff)
	}
	want := []record.Reject{
		{Index: -1, Origin: "sign-ins.jsonl", Length: 99},
		{Index: 0, Origin: "sign-ins.jsonl", Offset: 100, Length: 7, Raw: []byte(`{"a":1}`), Hash: sha256.Sum256([]byte(`{"a":1}`))},
		{Index: 1, Origin: "sign-ins.jsonl", Offset: 110, Length: 5, Raw: []byte(`{"a":`), Hash: sha256.Sum256([]byte(`{"a":`))},
		{Index: -1, Origin: "other", Offset: 120},
		{Index: 2, Origin: "sign-ins.jsonl", Offset: 130, Length: 7, Raw: []byte(`{"a":3}`), Hash: sha256.Sum256([]byte(`{"a":3}`))},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(record.Reject{}, "Err")); diff != "" {
		t.Error(diff)
	}
	if b.LiveCount() != 0 || b.Len() != 4 {
		t.Errorf("%d of %d live", b.LiveCount(), b.Len())
	}
}

func TestBatchReadsAreSafe(t *testing.T) {
	var l record.Layout
	a := l.Slot(path(t, "a"))
	b := batchOf(&l, []byte(`{"a":1}`), []byte(`{"a":`))
	late := l.Slot(path(t, "late"))
	b.Scan()
	for _, s := range []record.Slot{late, -1, 99} {
		if v := b.Value(0, s); v.Kind() != record.Missing || b.Hits(0, s) != nil {
			t.Errorf("slot %d holds %s", s, v.Raw())
		}
	}
	if v := b.Value(1, a); v.Kind() != record.Missing || len(b.Hits(1, a)) > 0 {
		t.Error("a broken record has fields")
	}
	for _, at := range []record.Span{{Start: -1, End: 2}, {Start: 3, End: 2}, {Start: 0, End: 99}} {
		if v := b.At(0, at); v.Kind() != record.Missing {
			t.Errorf("%v holds %s", at, v.Raw())
		}
	}
}

func TestBatchShare(t *testing.T) {
	var l record.Layout
	a, x := l.Slot(path(t, "a")), l.Slot(path(t, "x"))
	s := l.Compile()
	b, one, two := record.NewBatch(s), record.NewBatch(s), record.NewBatch(s)
	for round := range 3 {
		b.Reset("origin")
		for _, in := range []string{`{"a":1}`, `{"a":2}`, `{"a":3}`, `{"a":4}`, `{`} {
			b.Append([]byte(in), 0)
		}
		b.Scan()
		b.Drop(1)
		b.SetPath(2, path(t, "x"), x, []byte(`"before"`))
		b.Share(one)
		b.Share(two)
		one.Replace(0, one.Hits(0, a)[0], []byte(`"one"`))
		one.Drop(2)
		two.SetPath(2, path(t, "x"), x, []byte(`"two"`))
		two.Reject(3, errors.New("no"))
		got := map[string]string{}
		for name, c := range map[string]*record.Batch{"b": b, "one": one, "two": two} {
			for i := range c.Len() {
				if c.Live(i) {
					got[name] += string(c.Bytes(i)) + string(c.Value(i, a).Raw()) + string(c.Value(i, x).Raw()) + " "
				}
			}
		}
		want := map[string]string{
			"b":   `{"a":1}1 {"a":3,"x":"before"}3"before" {"a":4}4 `,
			"one": `{"a":"one"}"one" {"a":4}4 `,
			"two": `{"a":1}1 {"a":3,"x":"two"}3"two" `,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("round %d:\n%s", round, diff)
		}
		if len(b.Rejects()) != 1 || len(one.Rejects()) != 0 || len(two.Rejects()) != 1 || two.Rejects()[0].Origin != "origin" {
			t.Errorf("rejects: %d, %d, %d", len(b.Rejects()), len(one.Rejects()), len(two.Rejects()))
		}
	}
}

func TestProjection(t *testing.T) {
	tests := []struct {
		name, in, want string
		paths          []string
	}{
		{"members in the record's order", `{"b": 1.0,"x":2,"a":"\u0061"}`, `{"b": 1.0,"a":"\u0061"}`, []string{"a", "b"}},
		{"nested", `{"a":{"b":1,"c":2},"d":3}`, `{"a":{"b":1}}`, []string{"a.b"}},
		{"all of an object", `{"a":{ "b":1,"c":2},"d":3}`, `{"a":{ "b":1,"c":2}}`, []string{"a", "a.b"}},
		{"elements", `{"a":[{"b":1,"c":2},{"c":3},4,{"b":[5]}]}`, `{"a":[{"b":1},{},{"b":[5]}]}`, []string{"a[].b"}},
		{"whole elements", `{"a":[1,{"b":2}],"c":[3]}`, `{"a":[1,{"b":2}]}`, []string{"a[]"}},
		{"another type on the way", `{"a":"secret","b":[1],"c":null}`, `{}`, []string{"a.x", "b.x", "c.x", "c[].x"}},
		{"duplicates", `{"a":1,"b":2,"a":3}`, `{"a":1,"a":3}`, []string{"a"}},
		{"escaped key", `{"\u0061":1,"b":2}`, `{"\u0061":1}`, []string{"a"}},
		{"nothing", `{"a":1}`, `{}`, []string{"b"}},
		{"space", ` { "a" : 1 , "b" : { "c" : 2 } } `, `{"a" : 1,"b" : {"c" : 2}}`, []string{"a", "b.c"}},
		{"no object", `[1]`, `{}`, []string{"a"}},
		{"empty", ``, `{}`, []string{"a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var paths []record.Path
			for _, p := range tt.paths {
				paths = append(paths, path(t, p))
			}
			if got := string(record.Keep(paths...).Append([]byte("> "), []byte(tt.in))); got != "> "+tt.want {
				t.Errorf("got  %s\nwant > %s", got, tt.want)
			}
		})
	}
}
