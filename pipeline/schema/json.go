package schema

import "encoding/json"

// fieldJSON is one field in the JSON form of a schema; its names are part of
// the command line's contract.
type fieldJSON struct {
	Path     string   `json:"path"`
	Type     string   `json:"type"`
	Class    string   `json:"class"`
	Open     bool     `json:"open,omitempty"`
	Set      bool     `json:"set,omitempty"`
	Volatile bool     `json:"volatile,omitempty"`
	Values   []string `json:"values,omitempty"`
	Doc      string   `json:"doc,omitempty"`
}

// MarshalJSON writes the schema as a flat list of fields, containers before
// what is in them: {"log", "id", "time", "open", "unknown", "fields": [{"path",
// "type", "class", …}]}. Classes are as Lookup gives them. A list says its
// elements' type, as [string]; members of its elements follow as a[].b.
func (s *Schema) MarshalJSON() ([]byte, error) {
	out := struct {
		Log     string      `json:"log"`
		ID      string      `json:"id"`
		Time    string      `json:"time"`
		Open    bool        `json:"open"`
		Unknown string      `json:"unknown"`
		Fields  []fieldJSON `json:"fields"`
	}{s.Log, s.ID.String(), s.Time.String(), s.Record != nil && s.Record.Open, s.Unknown.String(), []fieldJSON{}}
	s.Walk(func(l Leaf) {
		if lastEach(l.Path) {
			return // the list itself says its elements' type
		}
		f := fieldJSON{
			Path: l.Path.String(), Type: l.Type.String(), Class: l.Class.String(),
			Set: l.Set, Volatile: l.Volatile, Doc: l.Doc,
		}
		t := l.Type
		if t.kind() == List {
			t = t.Elem
		}
		if t != nil {
			f.Open, f.Values = t.Open, t.Values
		}
		out.Fields = append(out.Fields, f)
	})
	return json.Marshal(out)
}
