package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/logpipe/logpipe/pipeline/config"
)

// TestManyLocals: many local values that need one another take time by their
// number, not by its square.
func TestManyLocals(t *testing.T) {
	var b strings.Builder
	b.WriteString("locals {\n a0 = 1\n")
	for i := 1; i < 30_000; i++ {
		fmt.Fprintf(&b, " a%d = local.a%d\n", i, i-1)
	}
	b.WriteString("}\n")
	decode(t, b.String())
}

// TestLocalsThatGrow: local values that multiply what others hold are refused
// where they become too large, and only there.
func TestLocalsThatGrow(t *testing.T) {
	for name, value := range map[string]string{
		"lists":   "[%[1]s, %[1]s, %[1]s, %[1]s, %[1]s, %[1]s, %[1]s, %[1]s, %[1]s, %[1]s]",
		"objects": "{a = %[1]s, b = %[1]s, c = %[1]s, d = %[1]s, e = %[1]s, f = %[1]s, g = %[1]s, h = %[1]s}",
		"text":    "\"${%[1]s}${%[1]s}${%[1]s}${%[1]s}${%[1]s}${%[1]s}${%[1]s}${%[1]s}\"",
		"flatten": "flatten([%[1]s, %[1]s, %[1]s, %[1]s, %[1]s, %[1]s, %[1]s, %[1]s, %[1]s, %[1]s])",
		"join":    "join(\"\", [for i in range(10) : \"x${%[1]s}\"])",
	} {
		t.Run(name, func(t *testing.T) {
			src := "locals {\n a0 = \"0123456789\"\n"
			for i := 1; i < 12; i++ {
				src += fmt.Sprintf(" a%d = ", i) + fmt.Sprintf(value, fmt.Sprintf("local.a%d", i-1)) + "\n"
			}
			src += "}\n"
			_, diags := try(t, src, config.Options{})
			if !diags.HasErrors() {
				t.Error("no error")
			}
			if len(diags) > 1 {
				t.Errorf("%d diagnostics, %v", len(diags), diags)
			}
		})
	}
}

// TestDeepConditionals: chains of ?: are refused or evaluated at once.
func TestDeepConditionals(t *testing.T) {
	for name, src := range map[string]string{
		"right": "locals {\n a = " + strings.Repeat("true ? 1 : ", 900) + "2\n}\n",
		"left":  "locals {\n a = " + strings.Repeat("(", 190) + "true" + strings.Repeat(" ? true : false)", 190) + "\n}\n",
		"both":  "locals {\n a = " + strings.Repeat("(true ? ", 90) + "1" + strings.Repeat(" : 2)", 90) + "\n}\n",
	} {
		t.Run(name, func(t *testing.T) { _, _ = try(t, src, config.Options{}) })
	}
	record := "source \"file\" \"s\" {\n paths = [\"x\"]\n log = \"sign_ins\"\n}\ntransform \"filter\" \"f\" {\n from = source.file.s\n condition = " +
		strings.Repeat("record.status.errorCode == 1 ? true : ", 300) + "false\n}\nsink \"local\" \"k\" {\n from = transform.filter.f\n path = \"k\"\n}\n"
	t.Run("record", func(t *testing.T) { _, _ = try(t, record, config.Options{}) })
}
