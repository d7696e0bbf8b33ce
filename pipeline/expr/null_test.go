package expr_test

import (
	"testing"

	"github.com/logpipe/logpipe/pipeline/schema"
)

// TestNullTable goes through the table "Missing and null are the same" row by
// row, with a field that is missing (m), one that is null (n) and one whose
// parent is missing.
func TestNullTable(t *testing.T) {
	rows := []struct{ form, src, want string }{
		{"==, !=: null is a value", `record.FIELD == 0`, "false"},
		{"==, !=: null is a value", `record.FIELD != 0`, "true"},
		{"==, !=: null is a value", `record.FIELD == ""`, "false"},
		{"==, !=: null is a value", `record.FIELD == null`, "true"},
		{"==, !=: null is a value", `record.FIELD != null`, "false"},
		{"==, !=: null is a value", `null == record.FIELD`, "true"},
		{"==, !=: null is a value", `record.FIELD == record.other`, "true"},
		{"==, !=: null is a value", `record.FIELD == record.list`, "false"},
		{"==, !=: null is a value", `[record.FIELD] == [null]`, "true"},
		{"==, !=: null is a value", `{a = record.FIELD} == {}`, "true"},
		{"ordering: false", `record.FIELD < 1`, "false"},
		{"ordering: false", `record.FIELD <= 1`, "false"},
		{"ordering: false", `record.FIELD > 1`, "false"},
		{"ordering: false", `1 >= record.FIELD`, "false"},
		{"ordering: false", `record.FIELD < record.other`, "false"},
		{"ordering: false", `!(record.FIELD < 1)`, "true"},
		{"functions giving bool: false", `startswith(record.FIELD, "a")`, "false"},
		{"functions giving bool: false", `startswith(record.text, record.FIELD)`, "false"},
		{"functions giving bool: false", `endswith(record.FIELD, "")`, "false"},
		{"functions giving bool: false", `strcontains(record.FIELD, "")`, "false"},
		{"functions giving bool: false", `contains(["a"], record.FIELD)`, "false"},
		{"functions giving bool: false", `contains(["a", null], record.FIELD)`, "false"},
		{"functions giving bool: false", `contains(record.FIELD, "a")`, "false"},
		{"functions giving bool: false", `cidrcontains("10.0.0.0/8", record.FIELD)`, "false"},
		{"functions giving bool: false", `anytrue(record.FIELD)`, "false"},
		{"functions giving bool: false", `alltrue(record.FIELD)`, "false"},
		{"functions giving bool: false", `alltrue([true, record.FIELD])`, "false"},
		{"functions giving bool: false", `anytrue([true, record.FIELD])`, "true"},
		{"functions giving bool: false", `tobool(record.FIELD)`, "false"},
		{"functions giving bool: false", `has(record.FIELD)`, "false"},
		{"logic: null counts as false", `!record.FIELD`, "true"},
		{"logic: null counts as false", `record.FIELD && true`, "false"},
		{"logic: null counts as false", `true && record.FIELD`, "false"},
		{"logic: null counts as false", `record.FIELD || true`, "true"},
		{"logic: null counts as false", `record.FIELD || false`, "false"},
		{"logic: null counts as false", `record.FIELD ? "yes" : "no"`, `"no"`},
		{"logic: null counts as false", `[for x in [1, 2] : x if record.FIELD]`, `[]`},
		{"logic: null counts as false", `"%{ if record.FIELD }a%{ else }b%{ endif }"`, `"b"`},
		{"arithmetic: null", `record.FIELD + 1`, "null"},
		{"arithmetic: null", `1 - record.FIELD`, "null"},
		{"arithmetic: null", `record.FIELD * 0`, "null"},
		{"arithmetic: null", `-record.FIELD`, "null"},
		{"arithmetic: null", `record.FIELD + 1 < 5`, "false"},
		{"templates: null", `"a${record.FIELD}b"`, "null"},
		{"templates: null", `"${record.FIELD}"`, "null"},
		{"templates: null", `"%{ for x in [1, null] }${x}%{ endfor }"`, "null"},
		{"other functions: null", `lower(record.FIELD)`, "null"},
		{"other functions: null", `length(record.FIELD)`, "null"},
		{"other functions: null", `length(record.FIELD) > 0`, "false"},
		{"other functions: null", `format("%s", record.FIELD)`, "null"},
		{"other functions: null", `concat(record.FIELD, [1])`, "null"},
		{"other functions: null", `merge(record.FIELD, {a = 1})`, "null"},
		{"other functions: null", `join(",", record.FIELD)`, "null"},
		{"other functions: null", `join(",", ["a", record.FIELD])`, "null"},
		{"other functions: null", `max(record.FIELD, 1)`, "null"},
		{"other functions: null", `max([1, record.FIELD]...)`, "null"},
		{"other functions: null", `jsonencode(record.FIELD)`, "null"},
		{"other functions: null", `domain(record.FIELD)`, "null"},
		{"other functions: null", `hmac("key", record.FIELD)`, "null"},
		{"other functions: null", `timecmp(record.FIELD, "2026-01-01T00:00:00Z")`, "null"},
		{"other functions: null", `timecmp(record.FIELD, "2026-01-01T00:00:00Z") < 0`, "false"},
		{"other functions: null", `regex("a", record.FIELD)`, "null"},
		{"other functions: null", `tostring(record.FIELD)`, "null"},
		{"other functions: null", `errorcode(record.FIELD)`, "null"},
		{"other functions: null", `errorcode(record.FIELD).reason`, "null"},
		{"other functions: null", `age(record.FIELD)`, "null"},
		{"other functions: null", `sum([1, record.FIELD])`, "null"},
		{"the default of lookup may be null", `lookup({a = 1}, "a", record.FIELD)`, "1"},
		{".x and [i]: null", `record.FIELD.x`, "null"},
		{".x and [i]: null", `record.FIELD.x.y`, "null"},
		{".x and [i]: null", `record.FIELD[0]`, "null"},
		{".x and [i]: null", `record.FIELD["x"]`, "null"},
		{".x and [i]: null", `record.list[record.FIELD]`, "null"},
		{".x and [i]: null", `record.list[7]`, "null"},
		{".x and [i]: null", `record.text.x`, "null"},
		{".x and [i]: null", `var.nothing.x`, "null"},
		{"for, [*]: empty", `[for x in record.FIELD : x]`, "[]"},
		{"for, [*]: empty", `{for k, v in record.FIELD : k => v}`, "{}"},
		{"for, [*]: empty", `record.FIELD[*].x`, "[]"},
		{"for, [*]: empty", `record.FIELD[*]`, "[]"},
		{"for, [*]: empty", `[for x in record.FIELD : x] == []`, "true"},
		{"elements: null", `record.list[*].name`, `["a",null]`},
		{"coalesce: skips null and empty", `coalesce(record.FIELD, "", "x")`, `"x"`},
		{"coalesce: skips null and empty", `coalesce(record.FIELD, record.empty, record.text)`, `"abc"`},
		{"coalesce: skips null and empty", `coalesce(record.FIELD)`, `null`},
		{"coalesce: skips null and empty", `coalesce(record.FIELD, 0)`, `0`},
		{"try and can see errors only", `try(record.FIELD, "x")`, "null"},
		{"try and can see errors only", `can(record.FIELD)`, "true"},
		{"try and can see errors only", `try(lower(record.FIELD), "x")`, "null"},
		{"try and can see errors only", `can(regex("^a", record.FIELD))`, "true"},
		{"try and can see errors only", `try(tonumber(record.text), 0)`, "0"},
	}
	const raw = `{"n":null,"text":"abc","empty":"","list":[{"name":"a"},{"other":1}]}`
	for _, row := range rows {
		for _, field := range []string{"m", "n", "gone.x"} {
			src := replaceAll(row.src, "FIELD", field)
			t.Run(row.form+"/"+src, func(t *testing.T) {
				p := compile(t, src, schema.Open(""))
				got, err := p.result(raw)
				if err != nil || got != row.want {
					t.Errorf("got %s, %v; want %s", got, err, row.want)
				}
				if row.want != "true" && row.want != "false" {
					return
				}
				if ok, err := p.holds(raw); err != nil || ok != (row.want == "true") {
					t.Errorf("as a condition: got %v, %v; want %s", ok, err, row.want)
				}
			})
		}
	}
}
