package catalog

import (
	"errors"
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// CheckPath reads a path that was written as text (a.b, a[].b, a["x.y"].b) and
// finds its field in the schema that reaches the block. Where the schema knows
// that there is no such field, the error names the nearest one. A nil schema
// knows nothing.
func CheckPath(in *schema.Schema, item Item) (record.Path, schema.Field, hcl.Diagnostics) {
	p, err := record.ParsePath(item.Text)
	if err != nil {
		return record.Path{}, schema.Field{}, Fault(item.Range, "Not a path",
			fmt.Sprintf("%s. A path is written a.b, a[].b for every element of a list, or a[\"x.y\"].b for a name with special characters.", capital(err.Error())))
	}
	if in == nil {
		return p, schema.Field{Name: item.Text}, nil
	}
	f, err := in.Lookup(p)
	if err == nil {
		return p, f, nil
	}
	detail := capital(err.Error()) + "."
	var missing *schema.NotFound
	if errors.As(err, &missing) {
		detail = unknownField(missing)
	}
	return record.Path{}, schema.Field{}, Fault(item.Range, "Unknown field", detail)
}

func unknownField(n *schema.NotFound) string {
	where := "The record that reaches this block"
	if !n.Parent.IsZero() {
		where = fmt.Sprintf("%q", n.Parent)
	}
	text := fmt.Sprintf("%s has no field %q.", where, n.Name)
	if n.Nearest != "" {
		text += fmt.Sprintf(" Did you mean %q?", n.Nearest)
	}
	return text
}

func capital(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}
