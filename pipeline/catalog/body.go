package catalog

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// Args is what a constructor gets: where it stands, what reaches it and what
// was written.
type Args struct {
	Addr   addr.Instance
	Input  *schema.Schema // the schema that reaches it; nil for a source
	Layout *record.Layout // where the pipeline's paths are registered
	Env    *pipeline.Env  // to keep; its fields are filled before the first I/O, not at decode
	Body
}

// Body is the decoded body of a block. A getter for an attribute that is
// absent, null, unknown (a variable without value) or wrong returns the zero
// value. The getters do not convert: asking text of an attribute that is
// described as a number returns "". The zero Body is an empty one.
type Body struct{ d *decoded }

type decoded struct {
	spec    *Block
	header  hcl.Range
	labels  []string
	attrs   map[string]*value
	blocks  map[string][]Body
	missing bool // a required attribute or block is not there
}

// value is one attribute as it was written and what became of it.
type value struct {
	rng       hcl.Range
	failed    bool // reported; everything else is zero
	val       cty.Value
	sensitive bool // the value came from a sensitive variable
	secret    bool // or it stands where secrets stand
	syntax    hclsyntax.Expression
	items     []Item
	program   *expr.Program
	programs  []Named
	template  *Template
	diags     hcl.Diagnostics
}

// Item is one text of a list and where it was written.
type Item struct {
	Text  string
	Range hcl.Range
}

// Named is one expression of an object of expressions.
type Named struct {
	Name    string
	Range   hcl.Range // of the expression
	Program *expr.Program
}

// Range is the block's header.
func (b Body) Range() hcl.Range {
	if b.d == nil {
		return hcl.Range{}
	}
	return b.d.header
}

// Has reports whether name was written and is not null.
func (b Body) Has(name string) bool {
	v := b.attr(name)
	return v != nil && (v.failed || v.val == cty.NilVal || !v.val.IsNull())
}

// Known reports whether name is absent or has a value that is known whole. It
// is false for an attribute that is wrong: nothing can be said about it.
func (b Body) Known(name string) bool {
	v := b.attr(name)
	return v == nil || v.known()
}

func (v *value) known() bool {
	if v.failed {
		return false
	}
	if v.template != nil {
		return v.template.known()
	}
	return v.val == cty.NilVal || v.val.IsWhollyKnown()
}

// RangeOf is the attribute's expression, or the block's header if it is absent.
func (b Body) RangeOf(name string) hcl.Range {
	if v := b.attr(name); v != nil {
		return v.rng
	}
	return b.Range()
}

// Text returns a text.
func (b Body) Text(name string) string {
	if v := b.Value(name); v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
		return v.AsString()
	}
	return ""
}

// Bool returns a truth value.
func (b Body) Bool(name string) bool {
	v := b.Value(name)
	return v.Type() == cty.Bool && v.IsKnown() && !v.IsNull() && v.True()
}

// Int returns a whole number, 0 for a fraction or one that an int64 cannot
// hold. IntRange says so instead.
func (b Body) Int(name string) int64 {
	v := b.Value(name)
	if v.Type() != cty.Number || !v.IsKnown() || v.IsNull() {
		return 0
	}
	n, acc := v.AsBigFloat().Int64()
	if acc != big.Exact {
		return 0
	}
	return n
}

// IntRange returns a whole number between min and max, both included, or
// absent if it was not written, and says so if it is anything else.
func (b Body) IntRange(name string, absent, min, max int64) (int64, hcl.Diagnostics) {
	if !b.Has(name) || !b.Known(name) {
		return absent, nil
	}
	n := b.Int(name)
	if exact := b.Value(name); n < min || n > max || !exact.RawEquals(cty.NumberIntVal(n)) {
		return absent, b.Wrong(name, "Number out of range",
			fmt.Sprintf("%q must be a whole number from %d to %d.", name, min, max))
	}
	return n, nil
}

// Value returns the value of a Constant, without marks and of the type that its
// description says; an untyped null if there is none.
func (b Body) Value(name string) cty.Value {
	v := b.attr(name)
	if v == nil || v.failed || v.val == cty.NilVal {
		return cty.NullVal(cty.DynamicPseudoType)
	}
	return v.val
}

// Sensitive reports whether the value of name must not be shown: it came from a
// sensitive variable, or the attribute holds a secret.
func (b Body) Sensitive(name string) bool {
	v := b.attr(name)
	return v != nil && (v.sensitive || v.secret)
}

// Texts returns the known texts of a list or set.
func (b Body) Texts(name string) []string {
	items := b.Items(name)
	if items == nil {
		return nil
	}
	texts := make([]string, len(items))
	for i, it := range items {
		texts[i] = it.Text
	}
	return texts
}

// Items returns the known texts of a list or set with the place of each.
func (b Body) Items(name string) []Item {
	if v := b.attr(name); v != nil && !v.failed {
		return v.items
	}
	return nil
}

// Map returns the known entries of a map of texts.
func (b Body) Map(name string) map[string]string {
	v := b.Value(name)
	if v.IsNull() || !v.IsKnown() || !v.Type().IsMapType() && !v.Type().IsObjectType() {
		return nil
	}
	m := map[string]string{}
	for k, e := range v.AsValueMap() {
		if e.Type() == cty.String && e.IsKnown() && !e.IsNull() {
			m[k] = e.AsString()
		}
	}
	return m
}

// Duration returns a length of time written as a whole number and a unit: s, m,
// h, d (24 hours) or w. Zero if it was not written.
func (b Body) Duration(name string) (time.Duration, hcl.Diagnostics) {
	text := b.Text(name)
	if text == "" && (!b.Has(name) || !b.Known(name)) {
		return 0, nil
	}
	d, ok := ParseDuration(text)
	if !ok {
		return 0, b.Wrong(name, "Not a duration",
			fmt.Sprintf("%q is no length of time. Write a whole number and one of s, m, h, d, w, such as \"90s\", \"15m\", \"1h\" or \"30d\".", text))
	}
	return d, nil
}

// ParseDuration reads "90s", "15m", "1h", "30d", "2w"; more than 100 years or
// less than a second is not ok.
func ParseDuration(text string) (time.Duration, bool) {
	if text == "" {
		return 0, false
	}
	unit, ok := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour,
		'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[text[len(text)-1]]
	digits := text[:len(text)-1]
	if !ok || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	const most = 100 * 366 * 24 * time.Hour
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n == 0 || n > int64(most/unit) {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

// Time returns an instant written in RFC 3339, in UTC. Zero if it was not
// written.
func (b Body) Time(name string) (time.Time, hcl.Diagnostics) {
	text := b.Text(name)
	if text == "" && (!b.Has(name) || !b.Known(name)) {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, b.Wrong(name, "Not a time",
			fmt.Sprintf("%q is no instant. Write it in RFC 3339, such as \"2026-11-01T00:00:00Z\".", text))
	}
	return t.UTC(), nil
}

// Program returns the compiled Expression, nil if it was not written.
func (b Body) Program(name string) (*expr.Program, hcl.Diagnostics) {
	v := b.attr(name)
	if v == nil {
		return nil, nil
	}
	return v.program, v.diags
}

// Programs returns the compiled Expressions in the order they were written.
func (b Body) Programs(name string) ([]Named, hcl.Diagnostics) {
	v := b.attr(name)
	if v == nil {
		return nil, nil
	}
	return v.programs, v.diags
}

// Template returns the compiled PathTemplate, nil if it was not written.
func (b Body) Template(name string) (*Template, hcl.Diagnostics) {
	v := b.attr(name)
	if v == nil {
		return nil, nil
	}
	return v.template, v.diags
}

// Syntax returns the expression of an attribute as it was written, nil if there
// is none.
func (b Body) Syntax(name string) hclsyntax.Expression {
	if v := b.attr(name); v != nil {
		return v.syntax
	}
	return nil
}

// Blocks returns the nested blocks called name in the order they were written.
func (b Body) Blocks(name string) []Body {
	if b.d == nil {
		return nil
	}
	return b.d.blocks[name]
}

// Block returns the first nested block called name.
func (b Body) Block(name string) (Body, bool) {
	if all := b.Blocks(name); len(all) > 0 {
		return all[0], true
	}
	return Body{}, false
}

// Label returns the block's i-th label, "" if there is none. A kind's own block
// has no labels here: they are its address.
func (b Body) Label(i int) string {
	if b.d == nil || i >= len(b.d.labels) {
		return ""
	}
	return b.d.labels[i]
}

// Wrong is an error about the attribute called name, located at its value. The
// detail may quote the value: if that must not be shown, Wrong says something
// else.
func (b Body) Wrong(name, summary, detail string) hcl.Diagnostics {
	if b.Sensitive(name) {
		detail = fmt.Sprintf("The value of %q does not have the form that is needed. It is sensitive and not shown.", name)
	}
	return Fault(b.RangeOf(name), summary, detail)
}

// Uncertain lists the places of attributes that are wrong or not known, nested
// blocks included, and whether something required is not there at all: what a
// constructor says about them is not worth repeating.
func (b Body) Uncertain() (at []hcl.Range, missing bool) {
	if b.d == nil {
		return nil, false
	}
	missing = b.d.missing
	for _, v := range b.d.attrs {
		if !v.known() {
			at = append(at, v.rng)
		}
	}
	for _, blocks := range b.d.blocks {
		for _, inner := range blocks {
			r, m := inner.Uncertain()
			at, missing = append(at, r...), missing || m
		}
	}
	return at, missing
}

// Fault is one error diagnostic at a place.
func Fault(at hcl.Range, summary, detail string) hcl.Diagnostics {
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &at}}
}

func (b Body) attr(name string) *value {
	if b.d == nil {
		return nil
	}
	return b.d.attrs[name]
}
