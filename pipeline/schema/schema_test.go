package schema_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

var (
	text   = &schema.Type{Kind: schema.String}
	number = &schema.Type{Kind: schema.Int}
	real   = &schema.Type{Kind: schema.Float}
	when   = &schema.Type{Kind: schema.Time}
	inside = &schema.Type{Kind: schema.JSON}
)

func object(fields ...schema.Field) *schema.Type {
	return &schema.Type{Kind: schema.Object, Fields: fields}
}

func open(fields ...schema.Field) *schema.Type {
	return &schema.Type{Kind: schema.Object, Fields: fields, Open: true}
}

func list(elem *schema.Type) *schema.Type { return &schema.Type{Kind: schema.List, Elem: elem} }

func enum(values ...string) *schema.Type { return &schema.Type{Kind: schema.Enum, Values: values} }

// sample is a small log that has one of everything.
func sample() *schema.Schema {
	return &schema.Schema{
		Log: "sample",
		Record: object(
			schema.Field{Name: "id", Type: text, Class: schema.Online},
			schema.Field{Name: "at", Type: when},
			schema.Field{Name: "status", Type: object(
				schema.Field{Name: "errorCode", Type: number},
				schema.Field{Name: "failureReason", Type: text, Class: schema.FreeText},
			)},
			schema.Field{Name: "place", Class: schema.Quasi, Type: object(
				schema.Field{Name: "city", Type: text},
				schema.Field{Name: "street", Type: text, Class: schema.Direct},
			)},
			schema.Field{Name: "policies", Set: true, Type: list(object(
				schema.Field{Name: "name", Type: text, Class: schema.Given},
				schema.Field{Name: "controls", Type: list(text), Set: true},
			))},
			schema.Field{Name: "tags", Type: list(text)},
			schema.Field{Name: "bag", Type: open(), Class: schema.Workload},
			schema.Field{Name: "loose", Type: open(schema.Field{Name: "known", Type: number})},
			schema.Field{Name: "any", Class: schema.FreeText},
			schema.Field{Name: "info", Type: inside, Class: schema.FreeText},
			schema.Field{Name: "took", Type: number, Volatile: true},
		),
		ID:      at("id"),
		Time:    at("at"),
		Unknown: schema.Online,
	}
}

func at(text string) record.Path {
	p, err := record.ParsePath(text)
	if err != nil {
		panic(err)
	}
	return p
}

func TestLookup(t *testing.T) {
	tests := []struct {
		path, typ string
		class     schema.Class
	}{
		{"id", "string", schema.Online},
		{"at", "time", schema.None},
		{"status.errorCode", "int", schema.None},
		{"status", "object", schema.FreeText},
		{"place", "object", schema.Direct},
		{"place.city", "string", schema.Quasi},
		{"place.street", "string", schema.Direct},
		{"policies", "[object]", schema.Given},
		{"policies[]", "object", schema.Given},
		{"policies[].name", "string", schema.Given},
		{"policies[].controls", "[string]", schema.None},
		{"policies[].controls[]", "string", schema.None},
		{"tags[]", "string", schema.None},
		{"bag", "object", schema.Workload},
		{"bag.x.y[].z", "any", schema.Workload},
		{"loose", "object", schema.Online},
		{"loose.known", "int", schema.None},
		{"loose.other", "any", schema.Online},
		{"any", "any", schema.FreeText},
		{"any.x", "any", schema.FreeText},
		{"any[].x", "any", schema.FreeText},
		{"info", "json", schema.FreeText},
	}
	s := sample()
	for _, test := range tests {
		f, err := s.Lookup(at(test.path))
		if err != nil || f.Type.String() != test.typ || f.Class != test.class {
			t.Errorf("%s: got %s %s, want %s %s: %v", test.path, f.Type, f.Class, test.typ, test.class, err)
		}
	}
	f, err := s.Lookup(record.Path{})
	if err != nil || f.Class != schema.Direct || f.Type != s.Record {
		t.Errorf("the whole record: %s, %v", f.Class, err)
	}
}

func TestLookupFails(t *testing.T) {
	tests := []struct{ path, want string }{
		{"stauts", `field stauts: a record has no field "stauts", did you mean "status"?`},
		{"status.errorcode", `field status.errorcode: status has no field "errorcode", did you mean "errorCode"?`},
		{"status.erroCrode", `field status.erroCrode: status has no field "erroCrode", did you mean "errorCode"?`},
		{"errorCode", `field errorCode: a record has no field "errorCode", did you mean status.errorCode?`},
		{"name", `field name: a record has no field "name", did you mean policies[].name?`},
		{"zzz", `field zzz: a record has no field "zzz"`},
		{"policies.name", `field policies.name: policies is a list: write policies[] to mean each of its elements`},
		{"policies[].nmae", `field policies[].nmae: policies[] has no field "nmae", did you mean "name"?`},
		{"status[].errorCode", `field status[].errorCode: status is of type object, [] follows the name of a list only`},
		{"id.x", `field id.x: id is of type string and has no members`},
		{"tags[].x", `field tags[].x: tags[] is of type string and has no members`},
		{"info.x", `field info.x: info is text that holds JSON; a path does not reach inside, decode it first`},
		{"took[]", `field took[]: took is of type int, [] follows the name of a list only`},
	}
	for _, test := range tests {
		_, err := sample().Lookup(at(test.path))
		var e *schema.NotFound
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want *NotFound", test.path, err)
		} else if err.Error() != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.path, err, test.want)
		}
	}
}

func TestOpen(t *testing.T) {
	s := schema.Open("platform")
	f, err := s.Lookup(at("a[].b"))
	if err != nil || f.Type != nil || f.Name != "b" || f.Class != schema.FreeText {
		t.Errorf("got %+v, %v", f, err)
	}
	if !s.ID.IsZero() || !s.Time.IsZero() || len(s.Leaves()) != 0 || len(s.Names()) != 0 || s.Log != "platform" {
		t.Errorf("got %+v", s)
	}
}

// leaves writes a schema as one line per leaf.
func leaves(s *schema.Schema) string {
	var b strings.Builder
	for _, l := range s.Leaves() {
		b.WriteString(l.Class.Letter() + " " + l.Type.String() + " " + l.Path.String() + "\n")
	}
	return b.String()
}

func TestLeaves(t *testing.T) {
	want := `O string id
- time at
- int status.errorCode
F string status.failureReason
Q string place.city
D string place.street
T string policies[].name
- string policies[].controls[]
- string tags[]
W object bag
- int loose.known
F any any
F json info
- int took
`
	if diff := cmp.Diff(want, leaves(sample())); diff != "" {
		t.Error(diff)
	}
}

func TestSetsAndVolatile(t *testing.T) {
	s := sample()
	if diff := cmp.Diff("policies policies[].controls", join(s.Sets())); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("took", join(s.Volatile())); diff != "" {
		t.Error(diff)
	}
}

func join(paths []record.Path) string {
	var out []string
	for _, p := range paths {
		out = append(out, p.String())
	}
	return strings.Join(out, " ")
}

// TestEdits changes a small schema and says what is left, and that the
// original is as it was.
func TestEdits(t *testing.T) {
	base := func() *schema.Schema {
		return &schema.Schema{
			Log: "small",
			Record: object(
				schema.Field{Name: "id", Type: text, Class: schema.Online},
				schema.Field{Name: "at", Type: when},
				schema.Field{Name: "a", Class: schema.Quasi, Type: object(
					schema.Field{Name: "x", Type: text},
					schema.Field{Name: "y", Type: number, Class: schema.Direct},
				)},
				schema.Field{Name: "l", Type: list(object(schema.Field{Name: "m", Type: text}, schema.Field{Name: "n", Type: text}))},
				schema.Field{Name: "bag", Type: open(schema.Field{Name: "k", Type: text})},
				schema.Field{Name: "any", Class: schema.FreeText},
			),
			ID: at("id"), Time: at("at"), Unknown: schema.Direct,
		}
	}
	rename := func(from, to string) func(*schema.Schema) *schema.Schema {
		return func(s *schema.Schema) *schema.Schema {
			out, err := s.Rename(at(from), at(to))
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
	}
	with := func(path string, f schema.Field) func(*schema.Schema) *schema.Schema {
		return func(s *schema.Schema) *schema.Schema { return s.With(at(path), f) }
	}
	without := func(path string) func(*schema.Schema) *schema.Schema {
		return func(s *schema.Schema) *schema.Schema { return s.Without(at(path)) }
	}
	only := func(paths ...string) func(*schema.Schema) *schema.Schema {
		return func(s *schema.Schema) *schema.Schema {
			var ps []record.Path
			for _, p := range paths {
				ps = append(ps, at(p))
			}
			return s.Only(ps...)
		}
	}
	const all = "O string id\n- time at\nQ string a.x\nD int a.y\n- string l[].m\n- string l[].n\n- string bag.k\nF any any\n"
	tests := []struct {
		name     string
		edit     func(*schema.Schema) *schema.Schema
		want     string
		id, time string
	}{
		{"with a new field", with("z", schema.Field{Type: number, Class: schema.Given}), all + "T int z\n", "id", "at"},
		{"with a new field in new objects", with("p.q.r", schema.Field{Type: text}), all + "- string p.q.r\n", "id", "at"},
		{"with a field in an object of a class", with("a.z", schema.Field{Type: text}),
			strings.Replace(all, "D int a.y\n", "D int a.y\nQ string a.z\n", 1), "id", "at"},
		{"with a field in a list's objects", with("l[].o", schema.Field{Type: number}),
			strings.Replace(all, "l[].n\n", "l[].n\n- int l[].o\n", 1), "id", "at"},
		{"with a field in what was no list", with("a[].z", schema.Field{Type: number}),
			strings.Replace(all, "Q string a.x\nD int a.y\n", "Q int a[].z\n", 1), "id", "at"},
		{"with elements", with("l[]", schema.Field{Type: number, Class: schema.Online}),
			strings.Replace(all, "- string l[].m\n- string l[].n\n", "O int l[]\n", 1), "id", "at"},
		{"with another class", with("id", schema.Field{Type: text, Class: schema.None}),
			strings.Replace(all, "O string id", "- string id", 1), "id", "at"},
		{"with a time that is none", with("at", schema.Field{Type: number}),
			strings.Replace(all, "- time at", "- int at", 1), "id", ""},
		{"with an id that is an object", with("id.x", schema.Field{Type: text}),
			strings.Replace(all, "O string id", "O string id.x", 1), "", "at"},
		{"without a field", without("at"), strings.Replace(all, "- time at\n", "", 1), "id", ""},
		{"without a nested field", without("a.x"), strings.Replace(all, "Q string a.x\n", "", 1), "id", "at"},
		{"without a field of elements", without("l[].m"), strings.Replace(all, "- string l[].m\n", "", 1), "id", "at"},
		{"without what is not there", without("a.q.r"), all, "id", "at"},
		{"without a list's name only", without("l.m"), all, "id", "at"},
		{"only two, in the schema's order", only("at", "id"), "O string id\n- time at\n", "id", "at"},
		{"only a nested field", only("a.x"), "Q string a.x\n", "", ""},
		{"only a whole object and a part of it", only("a.x", "a"), "Q string a.x\nD int a.y\n", "", ""},
		{"only a field of elements", only("l[].n", "id"), "O string id\n- string l[].n\n", "id", ""},
		{"only what nobody knows", only("bag.new", "bag.k"), "- string bag.k\nD any bag.new\n", "", ""},
		{"only a part of anything", only("any.b"), "F any any\n", "", ""},
		{"only what is not there", only("nothing", "a.nothing"), "", "", ""},
		{"rename the id", rename("id", "key"), strings.Replace(all, "O string id\n", "", 1) + "O string key\n", "key", "at"},
		{"rename an object, whose members keep their classes", rename("a", "b"),
			strings.Replace(all, "Q string a.x\nD int a.y\n", "", 1) + "Q string b.x\nD int b.y\n", "id", "at"},
		{"rename out of an object", rename("a.x", "x"),
			strings.Replace(all, "Q string a.x\n", "", 1) + "Q string x\n", "id", "at"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := base()
			got := test.edit(s)
			if diff := cmp.Diff(test.want, leaves(got)); diff != "" {
				t.Error(diff)
			}
			if got.ID.String() != test.id || got.Time.String() != test.time {
				t.Errorf("id %q, time %q", got.ID, got.Time)
			}
			if leaves(s) != all || s.ID.String() != "id" || s.Time.String() != "at" {
				t.Error("the original changed")
			}
		})
	}
	if _, err := base().Rename(at("nothing"), at("x")); err == nil {
		t.Error("renamed what is not there")
	}
	if f, err := base().Only(at("bag.k")).Lookup(at("bag.other")); err == nil {
		t.Errorf("a narrowed object is still open: %+v", f)
	}
}

func TestJoin(t *testing.T) {
	record := func(fields ...schema.Field) *schema.Schema {
		fields = append([]schema.Field{{Name: "id", Type: text}, {Name: "at", Type: when}}, fields...)
		return &schema.Schema{Log: "x", Record: object(fields...), ID: at("id"), Time: at("at")}
	}
	field := func(t *schema.Type, c schema.Class) *schema.Schema {
		return record(schema.Field{Name: "f", Type: t, Class: c})
	}
	tests := []struct {
		name string
		a, b *schema.Schema
		want string
	}{
		{"same type, highest class", field(text, schema.Given), field(text, schema.Direct), "D string f\n"},
		{"only in one", field(text, schema.Given), record(), "T string f\n"},
		{"text and number", field(text, schema.None), field(number, schema.Quasi), "Q any f\n"},
		{"text and time", field(text, schema.None), field(when, schema.None), "- string f\n"},
		{"text and JSON", field(text, schema.None), field(inside, schema.FreeText), "F json f\n"},
		{"two kinds of number", field(real, schema.None), field(number, schema.None), "- float f\n"},
		{"two enums", field(enum("a", "b"), schema.None), field(enum("b", "c"), schema.None), "- enum f\n"},
		{"any and text", field(nil, schema.Workload), field(text, schema.None), "W any f\n"},
		{"object and text", field(object(schema.Field{Name: "x", Type: text, Class: schema.Direct}), schema.None),
			field(text, schema.None), "D any f\n"},
		{"two objects", field(object(schema.Field{Name: "x", Type: text, Class: schema.Direct}), schema.None),
			field(object(schema.Field{Name: "x", Type: text}, schema.Field{Name: "y", Type: number}), schema.None),
			"D string f.x\n- int f.y\n"},
		{"two lists", field(list(object(schema.Field{Name: "x", Type: text})), schema.None),
			field(list(object(schema.Field{Name: "y", Type: number, Class: schema.Given})), schema.None),
			"- string f[].x\nT int f[].y\n"},
		{"lists of different things", field(list(text), schema.None),
			field(list(object(schema.Field{Name: "x", Type: text, Class: schema.Direct})), schema.None), "D any f[]\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, s := range []*schema.Schema{schema.Join(test.a, test.b), schema.Join(test.b, test.a)} {
				if got := strings.TrimPrefix(leaves(s), "- string id\n- time at\n"); !sameLines(got, test.want) {
					t.Errorf("got\n%swant\n%s", got, test.want)
				}
				if s.ID.String() != "id" || s.Time.String() != "at" || s.Log != "x" {
					t.Errorf("id %q, time %q, log %q", s.ID, s.Time, s.Log)
				}
			}
		})
	}
	t.Run("different id, time and log", func(t *testing.T) {
		a, b := record(), record()
		b.Log, b.ID, b.Time, b.Unknown = "y", at("f"), noPath, schema.FreeText
		s := schema.Join(a, b)
		if !s.ID.IsZero() || !s.Time.IsZero() || s.Log != "" || s.Unknown != schema.FreeText {
			t.Errorf("got %+v", s)
		}
	})
	t.Run("open wins", func(t *testing.T) {
		if f, err := schema.Join(sample(), schema.Open("")).Lookup(at("new.thing")); err != nil || f.Class != schema.Online {
			t.Errorf("got %+v, %v", f, err)
		}
	})
}

var noPath record.Path

func sameLines(a, b string) bool {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	return cmp.Equal(count(x), count(y))
}

func count(lines []string) map[string]int {
	out := map[string]int{}
	for _, l := range lines {
		out[l]++
	}
	return out
}

func TestMarshalJSON(t *testing.T) {
	s := &schema.Schema{
		Log: "small",
		Record: object(
			schema.Field{Name: "id", Type: text, Class: schema.Online, Doc: "A key."},
			schema.Field{Name: "l", Set: true, Type: list(object(schema.Field{Name: "kind", Type: enum("a", "b")}))},
		),
		ID: at("id"), Unknown: schema.FreeText,
	}
	got, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"log":"small","id":"id","time":"","open":false,"unknown":"free_text","fields":[` +
		`{"path":"id","type":"string","class":"online","doc":"A key."},` +
		`{"path":"l","type":"[object]","class":"none","set":true},` +
		`{"path":"l[].kind","type":"enum","class":"none","values":["a","b"]}]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestNames(t *testing.T) {
	for c := schema.None; c <= schema.Direct; c++ {
		if back, err := schema.ParseClass(c.Letter()); err != nil || back != c {
			t.Errorf("%s: letter %s reads as %s, %v", c, c.Letter(), back, err)
		}
	}
	if _, err := schema.ParseClass("X"); err == nil {
		t.Error("X is a class")
	}
	for _, got := range []string{schema.Class(99).String(), schema.Class(99).Letter(), schema.Kind(99).String()} {
		if got == "" {
			t.Error("an unknown class or kind has no text")
		}
	}
}
