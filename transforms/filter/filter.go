// Package filter is `transform "filter"`: records for which a condition holds
// go on, others are dropped and counted. A record for which the condition
// cannot be computed is rejected, never passed. Null counts as false.
package filter

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// Kind describes `transform "filter"`.
func Kind() catalog.Kind {
	return catalog.Kind{
		Class: addr.Transform,
		Name:  "filter",
		Doc:   "Keeps the records for which a condition holds and drops the others.",
		Body: catalog.Block{Attrs: []catalog.Attr{
			{Name: "condition", Form: catalog.Expression, Required: true, Shape: true,
				Doc: "What must be true of a record for it to go on, such as record.status.errorCode != 0. Null counts as false."},
		}},
		Transform: decode,
	}
}

func decode(a *catalog.Args) (pipeline.Transform, hcl.Diagnostics) {
	p, diags := a.Program("condition")
	if p != nil {
		diags = append(diags, p.Condition()...)
	}
	if diags.HasErrors() || p == nil {
		return nil, diags
	}
	return &filter{addr: a.Addr, schema: a.Input, condition: p}, diags
}

type filter struct {
	addr      addr.Instance
	schema    *schema.Schema
	condition *expr.Program
}

func (f *filter) Schema() *schema.Schema { return f.schema }

// Interpreted names the functions that are called through cty on each record.
func (f *filter) Interpreted() []string { return f.condition.Interpreted() }

func (f *filter) Open(s pipeline.Slice) pipeline.Stage {
	return &stage{f, f.condition.Open(s.End)}
}

type stage struct {
	f         *filter
	condition *expr.Machine
}

func (s *stage) Apply(ctx context.Context, b *record.Batch) error {
	for i := range b.Len() {
		if !b.Live(i) {
			continue
		}
		ok, err := s.condition.Bool(b, i)
		switch {
		case err != nil:
			b.Reject(i, fmt.Errorf("%s: %w", s.f.addr, err))
		case !ok:
			b.Drop(i)
		}
	}
	return ctx.Err()
}

func (s *stage) Close() {}
