package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/logpipe/logpipe/pipeline"
)

// Fingerprint is a text that changes exactly when an attribute marked Shape
// changes its meaning: constants by value, expressions by their own canonical
// text, secrets by a hash. Where a block stands and what it is called does not
// enter.
func (b Body) Fingerprint() string {
	var w strings.Builder
	b.fingerprint(&w)
	return w.String()
}

func (b Body) fingerprint(w *strings.Builder) {
	if b.d == nil {
		return
	}
	for i := range b.d.spec.Attrs {
		a := &b.d.spec.Attrs[i]
		v := b.d.attrs[a.Name]
		if !a.Shape || v == nil || v.failed {
			continue
		}
		if text, ok := v.fingerprint(); ok {
			if a.Secret {
				sum := sha256.Sum256([]byte(text))
				text = hex.EncodeToString(sum[:])
			}
			fmt.Fprintf(w, "%s=%q\n", a.Name, text)
		}
	}
	for i := range b.d.spec.Blocks {
		n := &b.d.spec.Blocks[i]
		for _, inner := range b.d.blocks[n.Name] {
			var text strings.Builder
			inner.fingerprint(&text)
			if text.Len() > 0 || n.shapes() {
				fmt.Fprintf(w, "%s %q {\n%s}\n", n.Name, inner.d.labels, text.String())
			}
		}
	}
}

// shapes reports whether the presence of the block alone may change bytes.
func (n *Nested) shapes() bool {
	return n.Block.shapes() || slices.ContainsFunc(n.Variants, func(v Variant) bool { return v.Block.shapes() })
}

func (b *Block) shapes() bool {
	for _, a := range b.Attrs {
		if a.Shape {
			return true
		}
	}
	for i := range b.Blocks {
		if b.Blocks[i].shapes() {
			return true
		}
	}
	return false
}

// fingerprint is false for what counts as not written.
func (v *value) fingerprint() (string, bool) {
	switch {
	case v.program != nil:
		return v.program.Fingerprint(), true
	case v.programs != nil:
		var w strings.Builder
		for _, p := range v.programs {
			fmt.Fprintf(&w, "%q=%s\n", p.Name, p.Program.Fingerprint())
		}
		return w.String(), true
	case v.template != nil:
		return v.template.fingerprint(), true
	case v.val == cty.NilVal || v.val.IsNull():
		return "", false
	case !v.val.IsWhollyKnown():
		return "unknown", true
	case v.val.Type() == TenantType:
		return Identity(tenantOf(v.val)), true
	}
	text, err := ctyjson.Marshal(v.val, v.val.Type())
	if err != nil {
		return "unprintable: " + v.val.Type().FriendlyName(), true
	}
	return string(text), true
}

// fingerprint renders a slice in which no two members are alike.
func (t *Template) fingerprint() string {
	text, err := t.Render(pipeline.Slice{
		Name: "<name>", Log: "<log>", Stream: "<stream>",
		Start: time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC), End: time.Date(2011, 12, 13, 14, 15, 16, 0, time.UTC),
	})
	if err != nil {
		return "unknown"
	}
	return text
}
