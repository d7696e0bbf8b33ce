package expr_test

import (
	"strings"
	"testing"

	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// TestDeepExpressions: nesting takes time by its depth.
func TestDeepExpressions(t *testing.T) {
	for name, tt := range map[string]struct{ open, middle, shut string }{
		"conditionals, last":   {`record.n == 1 ? "x" : `, `record.s`, ``},
		"conditionals, number": {`record.n == 1 ? 7 : `, `record.s`, ``},
		"conditionals, any":    {`record.n == 1 ? record.s : `, `record.n`, ``},
		"conditionals, first":  {`(record.b ? `, `record.n`, ` : "x")`},
		"conditions":           {`(`, `record.b`, ` ? record.b : record.c)`},
		"conditions, text":     {`(`, `record.b`, ` ? "true" : record.c)`},
		"conditionals, list":   {`record.n == 1 ? [record.s] : `, `record.l`, ``},
		"coalesce, first":      {`coalesce(`, `record.n`, `, "a")`},
		"coalesce, last":       {`coalesce(record.n, `, `record.s`, `)`},
		"coalesce, missing":    {`coalesce(record.x, `, `record.n`, `, "a")`},
		"and":                  {`(`, `record.b`, ` && record.c)`},
		"or, unknown":          {`(record.x || `, `record.c`, `)`},
		"or, failing":          {`(record.n || `, `record.n`, `)`},
		"try":                  {`try(`, `record.n + record.s`, `, record.s + 1)`},
		"can":                  {`can(`, `record.n + record.s`, `)`},
		"equal":                {`(`, `record.n`, ` == record.n)`},
		"loops":                {`[for x in `, `record.l`, ` : x]`},
		"splats":               {``, `record.l`, `[*]`},
		"text":                 {`"a${`, `record.s`, `}"`},
		"max":                  {`max(`, `record.n`, `, 1)`},
		"lookup":               {`lookup({a = 1}, "a", `, `record.n`, `)`},
		"index":                {`record.l[`, `record.z`, `]`},
		"not":                  {`!`, `record.b`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			const depth = 190
			src := strings.Repeat(tt.open, depth) + tt.middle + strings.Repeat(tt.shut, depth)
			s := scope(schema.Open(""))
			p, diags := expr.Compile(parse(t, src), s)
			if diags.HasErrors() {
				return
			}
			q := program{p, s.Layout.Compile()}
			_, _ = q.result(`{"n":2,"s":"a","b":true,"c":true,"l":[1],"z":0}`)
			_, _ = q.holds(`{"n":2,"s":"a","b":false,"c":false,"l":[1],"z":0}`)
		})
	}
}
