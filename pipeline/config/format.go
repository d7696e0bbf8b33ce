package config

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// Format returns src in canonical style: two spaces of indentation, aligned
// equals signs and comments, no spaces at the end of lines, one newline at the
// end. Formatting what Format returned changes nothing. A file that does not
// parse is returned as it is, with what is wrong.
func Format(src []byte, filename string) ([]byte, hcl.Diagnostics) {
	if diags := tooDeep(src, filename); diags != nil {
		return src, diags
	}
	if _, diags := hclsyntax.ParseConfig(src, filename, hcl.InitialPos); diags.HasErrors() {
		return src, firstPerLine(diags)
	}
	out := src
	for range 8 { // hclwrite needs a second look where a first one moved a comment
		next := trim(hclwrite.Format(out))
		if bytes.Equal(next, out) {
			return out, nil
		}
		out = next
	}
	return out, nil
}

// trim ends the file with one newline.
func trim(src []byte) []byte {
	end := len(bytes.TrimRight(src, " \t\r\n"))
	if end == 0 {
		return src[:0]
	}
	if end == len(src)-1 && src[end] == '\n' {
		return src
	}
	return append(bytes.Clone(src[:end]), '\n')
}
