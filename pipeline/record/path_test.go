package record_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/logpipe/logpipe/pipeline/record"
)

func TestParsePath(t *testing.T) {
	tests := []struct {
		in   string
		want []record.Step
		err  string
	}{
		{"a", []record.Step{{Key: "a"}}, ""},
		{"a.b", []record.Step{{Key: "a"}, {Key: "b"}}, ""},
		{"a[].b[]", []record.Step{{Key: "a", Each: true}, {Key: "b", Each: true}}, ""},
		{`a["x.y"].b`, []record.Step{{Key: "a"}, {Key: "x.y"}, {Key: "b"}}, ""},
		{`["a b"][]`, []record.Step{{Key: "a b", Each: true}}, ""},
		{`["\"\\"]`, []record.Step{{Key: `"\`}}, ""},
		{`[""]`, []record.Step{{Key: ""}}, ""},
		{"имя.李", []record.Step{{Key: "имя"}, {Key: "李"}}, ""},
		{"", nil, "path is empty"},
		{".a", nil, "a field name is empty"}, {"a.", nil, "a field name is empty"}, {"a..b", nil, "a field name is empty"},
		{"[]", nil, "[] must follow a field name"}, {"a[][]", nil, "[] must follow a field name"},
		{"a[]b", nil, "expected . or ["}, {`["a"]b`, nil, "expected . or ["},
		{`["a`, nil, `must end in "]`}, {`["a"`, nil, `must end in "]`}, {`["a"x]`, nil, `must end in "]`}, {"a[0]", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			p, err := record.ParsePath(tt.in)
			if tt.want == nil {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, p.Steps()); diff != "" {
				t.Error(diff)
			}
			if p.String() != tt.in {
				t.Errorf("printed as %s", p)
			}
		})
	}
}

func TestPathWithin(t *testing.T) {
	tests := []struct {
		p, outer         string
		within, overlaps bool
	}{
		{"a", "a", true, true}, {"a.b", "a", true, true}, {"a", "a.b", false, true}, {"a.b", "a.c", false, false}, {"ab", "a", false, false},
		{"a[]", "a", true, true}, {"a[].b", "a", true, true}, {"a", "a[]", false, true}, {"a.b", "a[]", false, false}, {"a[].b", "a[]", true, true}, {"a[].b", "a.b", false, false},
	}
	for _, tt := range tests {
		p, outer := path(t, tt.p), path(t, tt.outer)
		if p.Within(outer) != tt.within || p.Overlaps(outer) != tt.overlaps || outer.Overlaps(p) != tt.overlaps {
			t.Errorf("%s within %s: %v, overlaps: %v", p, outer, p.Within(outer), p.Overlaps(outer))
		}
	}
	if p := path(t, "a.b").Join(record.Step{Key: "c d", Each: true}); p.String() != `a.b["c d"][]` {
		t.Error(p)
	}
	if !(record.Path{}).IsZero() || path(t, "a").IsZero() {
		t.Error("IsZero")
	}
}
