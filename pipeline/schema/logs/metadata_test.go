package logs_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

// What follows compares the catalogue with the published metadata and with
// public records, both of which lie beside the project and are not part of it.

var published = filepath.Join("..", "..", "..", "..", "shared", "data")

func readPublished(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(published, filepath.FromSlash(name)))
	if err != nil {
		t.Skipf("the published metadata and records are not beside the project: %v", err)
	}
	return text
}

type property struct {
	Type       string `json:"type"`
	Collection bool   `json:"collection"`
	Navigation bool   `json:"navigation"`
}

type metaType struct {
	Kind       string              `json:"kind"`
	Base       string              `json:"base"`
	OpenType   bool                `json:"openType"`
	Values     []string            `json:"values"`
	Properties map[string]property `json:"properties"`
}

type metadata map[string]metaType

func readMetadata(t *testing.T, name string) metadata {
	t.Helper()
	var doc struct {
		Types metadata `json:"types"`
	}
	if err := json.Unmarshal(readPublished(t, "schema/"+name), &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Types
}

// members are the properties of a type and of what it is based on.
func (m metadata) members(name string) map[string]property {
	out := map[string]property{}
	for name != "" {
		for k, p := range m[name].Properties {
			out[k] = p
		}
		name = m[name].Base
	}
	return out
}

var roots = map[string]string{
	"signIn":                        "sign_ins",
	"directoryAudit":                "directory_audits",
	"customSecurityAttributeAudit":  "custom_security_attribute_audits",
	"provisioningObjectSummary":     "provisioning",
	"riskDetection":                 "risk_detections",
	"riskyUser":                     "risky_users",
	"riskyUserHistoryItem":          "risky_user_history",
	"servicePrincipalRiskDetection": "service_principal_risk_detections",
	"riskyServicePrincipal":         "risky_service_principals",
	"userRegistrationDetails":       "user_registration_details",
}

// TestMetadata holds every property of the published types, at any depth, to a
// field of the same type.
func TestMetadata(t *testing.T) {
	for _, file := range []string{"graph-v1.0.json", "graph-beta.json"} {
		m := readMetadata(t, file)
		for root, name := range roots {
			if _, ok := m[root]; !ok {
				continue
			}
			t.Run(file+"/"+root, func(t *testing.T) {
				compare(t, m, root, lookup(t, name, logs.Graph), nil)
			})
		}
	}
}

func compare(t *testing.T, m metadata, typ string, s *schema.Schema, at []record.Step) {
	for name, p := range m.members(typ) {
		if p.Navigation {
			continue // never inside a record unless asked for
		}
		steps := append(at[:len(at):len(at)], record.Step{Key: name, Each: p.Collection})
		where := record.PathOf(steps...)
		f, err := s.Lookup(where)
		if err != nil {
			t.Error(err)
			continue
		}
		if !fits(m, p.Type, f.Type) {
			t.Errorf("%s is %s, published as %s", where, f.Type, p.Type)
		}
		if meta, ok := m[p.Type]; ok && meta.Kind != "enum" {
			if meta.OpenType && (f.Type == nil || !f.Type.Open) {
				t.Errorf("%s is closed, published as open", where)
			}
			compare(t, m, p.Type, s, steps)
		}
	}
}

// fits reports whether a field of the catalogue is what the metadata says. It
// may know more of a text: that it holds JSON, or which values it has.
func fits(m metadata, typ string, f *schema.Type) bool {
	kind := schema.Any
	if f != nil {
		kind = f.Kind
	}
	switch typ {
	case "String":
		return kind == schema.String || kind == schema.JSON || kind == schema.Enum
	case "DateTimeOffset":
		return kind == schema.Time
	case "Boolean":
		return kind == schema.Bool
	case "Int32", "Int64":
		return kind == schema.Int
	case "Double":
		return kind == schema.Float
	case "unknown":
		return true
	}
	meta, ok := m[typ]
	if !ok || meta.Kind != "enum" {
		return ok && kind == schema.Object
	}
	for _, v := range meta.Values {
		if !strings.EqualFold(v, "unknownFutureValue") && (kind != schema.Enum || !slices.Contains(f.Values, v)) {
			return false
		}
	}
	return kind == schema.Enum
}

var recordsOf = map[string]string{
	"signIn":                        "sign_ins",
	"directoryAudit":                "directory_audits",
	"provisioning":                  "provisioning",
	"riskDetection":                 "risk_detections",
	"riskyUser":                     "risky_users",
	"riskyUserHistoryItem":          "risky_user_history",
	"servicePrincipalRiskDetection": "service_principal_risk_detections",
	"riskyServicePrincipal":         "risky_service_principals",
}

// TestGraphRecords looks up every field of public Graph records, but for two
// names that are mistakes of documentation.
func TestGraphRecords(t *testing.T) {
	mistakes := []string{"targetResource", "riskLevelDuringsignIn"}
	for file, name := range recordsOf {
		t.Run(file, func(t *testing.T) {
			s := lookup(t, name, logs.Graph)
			eachRecord(t, readPublished(t, "records/"+file+".jsonl"), func(v map[string]any) {
				walk(v, nil, func(p record.Path, v any) {
					if !slices.Contains(mistakes, p.Steps()[0].Key) {
						check(t, s, p, v)
					}
				})
			})
		})
	}
}

// TestDiagnosticRecords looks up every field of public lines of diagnostic
// settings, each in the log that its category names.
func TestDiagnosticRecords(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(published, "records", "*.diag.jsonl"))
	if err != nil || len(files) == 0 {
		t.Skip("the published records are not beside the project")
	}
	seen := map[string]int{}
	for _, file := range files {
		eachRecord(t, readPublished(t, "records/"+filepath.Base(file)), func(v map[string]any) {
			category, _ := v["category"].(string)
			name, ok := logs.ByCategory(category)
			if !ok {
				return // what this catalogue is not about
			}
			seen[name]++
			s := lookup(t, name, logs.Diagnostic)
			walk(v, nil, func(p record.Path, v any) { check(t, s, p, v) })
		})
	}
	if len(seen) < 6 {
		t.Errorf("only these logs were found: %v", seen)
	}
}

func eachRecord(t *testing.T, text []byte, fn func(map[string]any)) {
	t.Helper()
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.UseNumber()
		var v map[string]any
		if err := d.Decode(&v); err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		fn(v)
	}
}

// walk calls fn for every member at any depth but annotations.
func walk(v any, at []record.Step, fn func(record.Path, any)) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if strings.Contains(k, "@odata.") {
				continue
			}
			steps := append(at[:len(at):len(at)], record.Step{Key: k})
			fn(record.PathOf(steps...), x)
			walk(x, steps, fn)
		}
	case []any:
		steps := slices.Clone(at)
		steps[len(steps)-1].Each = true
		for _, x := range v {
			walk(x, steps, fn)
		}
	}
}

func check(t *testing.T, s *schema.Schema, p record.Path, v any) {
	t.Helper()
	f, err := s.Lookup(p)
	if err != nil {
		t.Error(err)
		return
	}
	kind := schema.Any
	if f.Type != nil {
		kind = f.Type.Kind
	}
	ok := true
	switch v := v.(type) {
	case bool:
		ok = kind == schema.Bool
	case json.Number:
		ok = kind == schema.Float || kind == schema.Int && !strings.ContainsAny(v.String(), ".eE")
	case string:
		// Documentation writes "true" where the service writes true.
		ok = kind.Text() || kind == schema.Bool
		if kind == schema.Time && !strings.HasPrefix(v, "String") { // documentation's "String (timestamp)"
			if _, err := schema.ParseTime([]byte(v)); err != nil {
				t.Errorf("%s: %v", p, err)
			}
		}
	case []any:
		ok = kind == schema.List
	case map[string]any:
		ok = kind == schema.Object
	}
	if !ok && kind != schema.Any {
		t.Errorf("%s holds a %T, the catalogue says %s", p, v, f.Type)
	}
}

// TestTables holds every column of the published tables to one of the catalogue
// of a type that fits.
func TestTables(t *testing.T) {
	var doc struct {
		Tables map[string][]struct{ Name, Type string } `json:"tables"`
	}
	if err := json.Unmarshal(readPublished(t, "schema/log-analytics-tables.json"), &doc); err != nil {
		t.Fatal(err)
	}
	for _, name := range logs.Names() {
		l, _ := logs.Get(name)
		for _, c := range l.Categories {
			columns, ok := doc.Tables[c.Table]
			if !ok {
				if c.Table != "" {
					t.Errorf("%s: no table %s is published", name, c.Table)
				}
				continue
			}
			s := lookup(t, name, logs.LogAnalytics)
			for _, column := range columns {
				f, err := s.Lookup(record.PathOf(record.Step{Key: column.Name}))
				if err != nil {
					t.Errorf("%s: %v", c.Table, err)
					continue
				}
				if !columnFits(column.Type, f.Type) {
					t.Errorf("%s.%s is %s, published as %s", c.Table, column.Name, f.Type, column.Type)
				}
			}
		}
	}
}

func columnFits(published string, f *schema.Type) bool {
	if f == nil {
		return published == "dynamic"
	}
	switch published {
	case "string": // one table's dynamic is the other's text
		return f.Kind.Text() || f.Kind == schema.Object || f.Kind == schema.List
	case "dynamic":
		return f.Kind == schema.Object || f.Kind == schema.List
	case "datetime":
		return f.Kind == schema.Time
	case "bool":
		return f.Kind == schema.Bool
	case "int", "long":
		return f.Kind == schema.Int
	default:
		return f.Kind == schema.Float
	}
}
