package expr_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// TestHostileValues: a value of a record may be anything; the answer is a
// result or an error that does not repeat it.
func TestHostileValues(t *testing.T) {
	values := map[string]string{
		"huge exponent":     `1e999999999`,
		"small exponent":    `1e-999999999`,
		"overflow exponent": `1e99999999999999999999`,
		"many digits":       strings.Repeat("9", 100_000),
		"fraction digits":   `0.` + strings.Repeat("1", 100_000),
		"lone surrogate":    `"\ud800SECRET"`,
		"invalid UTF-8":     "\"SECRET\xff\"",
		"overlong UTF-8":    "\"SECRET\xc0\xaf\"",
		"NUL":               `"SECRET\u0000"`,
		"deep list":         strings.Repeat("[", 2000) + strings.Repeat("]", 2000),
		"deep object":       strings.Repeat(`{"a":`, 2000) + "1" + strings.Repeat("}", 2000),
		"text for number":   `"SECRET"`,
		"object":            `{"SECRET":"SECRET"}`,
		"list":              `["SECRET",null,{"a":1}]`,
		"long text":         `"` + strings.Repeat("SECRET", 10_000) + `"`,
		"combining":         `"` + strings.Repeat("\u0301", 10_000) + `"`,
		"infinity text":     `"Inf"`,
		"hex text":          `"0x1p-2"`,
		"negative zero":     `-0`,
		"duplicate members": `{"a":1,"a":"SECRET"}`,
	}
	exprs := []string{
		`record.x == 1`, `record.x > 1`, `record.x + 1`, `record.x * record.x * record.x`, `record.x / 3`, `record.x % 7`, `-record.x`, `"a${record.x}"`,
		`record.x == "a"`, `record.x == record.y`, `startswith(record.x, "S")`, `lower(record.x)`, `upper(record.x)`, `length(record.x)`, `contains(["a"], record.x)`,
		`contains(record.x, "a")`, `record.x.a`, `record.x[0]`, `[for a in record.x : a]`, `{for k, v in record.x : k => v}`, `record.x[*].a`, `jsonencode(record.x)`,
		`tostring(record.x)`, `tonumber(record.x)`, `formatdate("YYYY", record.x)`, `timecmp(record.x, record.y)`, `age(record.x)`, `cidrcontains(record.x, "1.2.3.4")`,
		`cidrcontains("10.0.0.0/8", record.x)`, `regex(record.x, "a")`, `regex("(a)", record.x)`, `base64decode(record.x)`, `jsondecode(record.x)`, `parseint(record.x, 10)`,
		`range(record.x)`, `format("%s", record.x)`, `errorcode(record.x)`, `try(record.x + 1, record.x)`, `record.x ? 1 : "a"`, `true ? record.x : "a"`,
		`record.x && true`, `!record.x`, `distinct([record.x, record.x])`, `{(record.x) = 1}`, `merge(record.x, record.x)`, `coalesce(record.x, "a")`, `domain(record.x)`,
		`record[record.x]`, `max(record.x, 1)`, `sum([record.x])`, `tobool(record.x)`, `cidrhost("10.0.0.0/8", record.x)`, `substr(record.x, 0, 1)`, `replace(record.x, "/(/", "")`,
		`record.x == [record.x]`, `[record.x] == [record.x]`, `indent(2, record.x)`, `pow(record.x, record.x)`, `hmac(record.x, record.x)`,
	}
	for _, src := range exprs {
		p := compile(t, src, schema.Open(""))
		for name, value := range values {
			raw := `{"x":` + value + `,"y":1}`
			for _, run := range []func() error{
				func() error { _, err := p.result(raw); return err },
				func() error { _, err := p.holds(raw); return err },
			} {
				if err := run(); err != nil && strings.Contains(err.Error(), "SECRET") {
					t.Errorf("%s on %s: the error repeats the value: %v", src, name, err)
				}
			}
		}
	}
}

// FuzzCompile: no text compiles into a panic, nor runs into one.
func FuzzCompile(f *testing.F) {
	for _, s := range fast {
		f.Add(s, signIn)
	}
	for _, s := range []string{
		`[for a, b in record : b if a]`, `{for a in record.l : a => a...}`, `record.*.a`, `record[*][0].b`, `record.a[record.b]["c"]`, `"%{ for x in record.l }${x}%{ endfor }"`,
		`record.n/0 % 0`, `try(regex("(", record.s), 1)...`, `max(record.l...)`, `{a = 1, "b${record.s}" = record, (record.n) = null}`, `<<E
a ${record.s}
E
`, `var.unset[record.n].x`, `hmac(var.key, record)`, `errorcode(record.n).name`, `templatefile("greet.tmpl", {who = record.s})`,
	} {
		f.Add(s, sample)
	}
	f.Fuzz(func(t *testing.T, src, raw string) {
		if len(src) > 1<<10 {
			return
		}
		e, diags := hclsyntax.ParseExpression([]byte(src), "main.hcl", hcl.InitialPos)
		if diags.HasErrors() {
			return
		}
		for _, in := range []*schema.Schema{schema.Open(""), signIns()} {
			s := scope(in)
			p, _ := expr.Compile(e, s)
			if p == nil {
				continue
			}
			_, _ = p.Condition(), p.Outgoing()
			q := program{p, s.Layout.Compile()}
			if b := q.batch(raw); b.Live(0) {
				_, _ = q.result(raw)
				_, _ = q.holds(raw)
			}
		}
	})
}
