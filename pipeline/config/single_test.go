package config_test

import (
	"testing"

	"github.com/logpipe/logpipe/pipeline/config"
)

// TestOneMistakeOneDiagnostic: what stands behind a mistake stays silent.
func TestOneMistakeOneDiagnostic(t *testing.T) {
	const source = "source \"file\" \"s\" {\n paths = [\"x\"]\n log = \"sign_ins\"\n}\n"
	const rest = "transform \"select\" \"t\" {\n from = transform.filter.f\n keep = [\"id\"]\n}\n" +
		"sink \"local\" \"k\" {\n from = transform.select.t\n path = \"k/${slice.name}\"\n}\n"
	const behind = "transform \"filter\" \"f\" {\n from = source.file.s\n condition = record.status.errorCode == 0\n}\n" + rest
	tests := []struct{ name, src string }{
		{"kind that others refer to", "source \"fille\" \"s\" {\n paths = []\n}\n" + behind},
		{"kind far from any", "source \"kafka_topic\" \"s\" {\n paths = []\n}\nsink \"local\" \"k\" {\n from = source.kafka_topic.s\n path = \"p\"\n}\n"},
		{"from misspelt", source + "sink \"local\" \"k\" {\n form = source.file.s\n path = \"p\"\n}\n"},
		{"required attribute misspelt", "source \"file\" \"s\" {\n path = [\"x\"]\n log = \"sign_ins\"\n}\n" + behind},
		{"attribute of a source that others check against", "source \"file\" \"s\" {\n paths = [\"x\"]\n log = \"sign_inz\"\n}\n" + behind},
		{"block misspelt", "source \"file\" \"s\" {\n paths = [\"x\"]\n windw {\n  slice = \"1h\"\n }\n}\n" + behind},
		{"attribute of a nested block", "source \"file\" \"s\" {\n paths = [\"x\"]\n window {\n  slise = \"1h\"\n }\n}\n" + behind},
		{"local value used by many", "locals {\n a = upper(1, 2)\n b = local.a\n c = \"${local.b}/x\"\n}\nsource \"file\" \"s\" {\n paths = [local.a, local.c]\n}\n" + behind},
		{"variable of a wrong type", "variable \"v\" {\n type = list(string)\n default = 5\n}\nsource \"file\" \"s\" {\n for_each = toset(var.v)\n paths = var.v\n}\nsink \"local\" \"k\" {\n from = values(source.file.s)\n path = \"p/${var.v[0]}\"\n}\n"},
		{"variable without value", "variable \"v\" {\n type = set(string)\n}\nsource \"file\" \"s\" {\n for_each = var.v\n paths = [each.key]\n}\nsink \"local\" \"k\" {\n for_each = source.file.s\n from = each.value\n path = \"p/${each.key}\"\n}\n"},
		{"for_each that others follow", "source \"file\" \"s\" {\n for_each = [\"a\"]\n paths = [each.key, each.value]\n}\nsink \"local\" \"k\" {\n for_each = source.file.s\n from = source.file.s[each.key]\n path = \"p/${each.key}\"\n}\n"},
		{"for_each that leads back", "source \"file\" \"s\" {\n for_each = source.file.r\n paths = [each.key]\n}\nsource \"file\" \"r\" {\n for_each = source.file.s\n paths = [each.key]\n}\n"},
		{"mistake in every instance", "source \"file\" \"s\" {\n for_each = toset([\"a\", \"b\", \"c\"])\n paths = [each.ky]\n}\n"},
		{"circle with blocks behind", "transform \"filter\" \"f\" {\n from = transform.select.t\n condition = true\n}\n" + rest},
		{"label", source + "sink \"local\" \"k\" {\n from = source.file.s\n path = \"p\"\n labels = [1]\n}\n"},
		{"dynamic without content", source + "transform \"select\" \"t\" {\n from = source.file.s\n keep = []\n dynamic \"rule\" {\n  for_each = [1]\n }\n}\n"},
		{"value of a nested constructor check", "source \"file\" \"s\" {\n paths = [\"x\"]\n window {\n  slice = \"often\"\n }\n}\n" + behind},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, diags := try(t, tt.src, config.Options{})
			if len(diags) != 1 || !diags.HasErrors() {
				t.Errorf("%d diagnostics for one mistake:", len(diags))
				for _, d := range diags {
					t.Errorf("%v", d)
				}
			}
		})
	}
}
