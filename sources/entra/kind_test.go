package entra_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/internal/azure"
	"github.com/logpipe/logpipe/internal/graphsim"
	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/pipelinetest"
	"github.com/logpipe/logpipe/sources/entra"
)

// decode makes a source of the text of a block.
func decode(t *testing.T, cloud, body string, now time.Time) (pipeline.Source, []string) {
	t.Helper()
	k := entra.Kind()
	c, _ := azure.CloudNamed(cloud)
	tenant := &azure.Tenant{Name: "tenant.corp", ID: "contoso.example", Cloud: c}
	values := map[string]cty.Value{
		"tenant": cty.ObjectVal(map[string]cty.Value{"corp": catalog.TenantValue(tenant)}),
		"var":    cty.ObjectVal(map[string]cty.Value{"x": cty.UnknownVal(cty.DynamicPseudoType)}),
	}
	a, diags := catalog.Parse(&k, "tenant = tenant.corp\n"+body, t.TempDir(), nil, values)
	var out []string
	for _, d := range diags {
		out = append(out, fmt.Sprintf("%d: %s; %s", d.Subject.Start.Line, d.Summary, d.Detail))
	}
	if a == nil || len(out) > 0 {
		return nil, out
	}
	a.Env.Clock = func() time.Time { return now }
	s, diags := k.Source(a)
	for _, d := range diags {
		out = append(out, fmt.Sprintf("%d: %s; %s", d.Subject.Start.Line, d.Summary, d.Detail))
	}
	return s, out
}

func TestWrongBlocks(t *testing.T) {
	for name, c := range map[string]struct{ cloud, body, want string }{
		"no such log":         {"global", `log = "sign_in"`, "2: "},
		"not in Graph":        {"global", `log = "microsoft_graph_activity"`, "2: "},
		"no streams":          {"global", "log = \"provisioning\"\nevents = [\"interactive_user\"]", "3: Log without streams"},
		"no such stream":      {"global", "log = \"sign_ins\"\nevents = [\"interactive\"]", "3: "},
		"twice":               {"global", "log = \"sign_ins\"\nevents = [\"interactive_user\", \"interactive_user\"]", "3: Stream named twice"},
		"none":                {"global", "log = \"sign_ins\"\nevents = []", "3: No streams"},
		"not in China":        {"china", `log = "risk_detections"`, "2: Not served in this cloud"},
		"page too long":       {"global", "log = \"risk_detections\"\npage_size = 501", "3: "},
		"slice too short":     {"global", "log = \"sign_ins\"\nwindow {\n slice = \"30s\"\n}", "4: Slice is too short"},
		"two begins":          {"global", "log = \"sign_ins\"\nwindow {\n start = \"2026-01-01T00:00:00Z\"\n lookback = \"3d\"\n}", "5: Two begins"},
		"lookback too short":  {"global", "log = \"sign_ins\"\nwindow {\n slice = \"1d\"\n lookback = \"3h\"\n}", "5: Shorter than a slice"},
		"no duration":         {"global", "log = \"sign_ins\"\nwindow {\n settle = \"soon\"\n}", "4: Not a duration"},
		"no duration in list": {"global", "log = \"sign_ins\"\nwindow {\n revisit = [\"2h\", \"later\"]\n}", "4: Not a duration"},
		"descending":          {"global", "log = \"sign_ins\"\nwindow {\n revisit = [\"2h\", \"1h\"]\n}", "4: Not later than before"},
		"before settle":       {"global", "log = \"sign_ins\"\nwindow {\n settle = \"3h\"\n revisit = [\"2h\"]\n}", "5: Not later than before"},
		"snapshot settles":    {"global", "log = \"risky_users\"\nwindow {\n settle = \"3h\"\n}", "4: Nothing to wait for"},
		"no instant":          {"global", "log = \"sign_ins\"\nwindow {\n start = \"yesterday\"\n}", "4: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := decode(t, c.cloud, c.body, start)
			if len(got) != 1 || !strings.HasPrefix(got[0], c.want) {
				t.Errorf("got %q, want one that begins %q", got, c.want)
			}
		})
	}
}

func TestUnknownIsNoError(t *testing.T) {
	for _, body := range []string{"log = var.x", "log = \"sign_ins\"\nevents = var.x\npage_size = var.x\nwindow {\n slice = var.x\n start = var.x\n settle = var.x\n revisit = var.x\n}"} {
		if _, got := decode(t, "global", body, start); len(got) > 0 {
			t.Errorf("%s: %q", body, got)
		}
	}
}

func TestSlices(t *testing.T) {
	now := time.Date(2026, 1, 5, 12, 34, 56, 0, time.UTC)
	for name, c := range map[string]struct {
		body string
		w    pipeline.Window
		n    int
		ends [2]string // first start, last end
	}{
		"defaults":             {`log = "directory_audits"`, pipeline.Window{}, 30*24 - 1, [2]string{"2025-12-06T13:00:00Z", "2026-01-05T12:00:00Z"}},
		"four streams":         {"log = \"sign_ins\"\nwindow {\n lookback = \"1d\"\n}", pipeline.Window{}, 4 * 23, [2]string{"2026-01-04T13:00:00Z", "2026-01-05T12:00:00Z"}},
		"one stream":           {"log = \"sign_ins\"\nevents = [\"managed_identity\"]\nwindow {\n lookback = \"1d\"\n}", pipeline.Window{}, 23, [2]string{"2026-01-04T13:00:00Z", "2026-01-05T12:00:00Z"}},
		"start inside a cell":  {"log = \"directory_audits\"\nwindow {\n start = \"2026-01-05T09:30:00Z\"\n}", pipeline.Window{}, 3, [2]string{"2026-01-05T09:30:00Z", "2026-01-05T12:00:00Z"}},
		"start to come":        {"log = \"directory_audits\"\nwindow {\n start = \"2027-01-05T09:30:00Z\"\n}", pipeline.Window{}, 0, [2]string{}},
		"days":                 {"log = \"directory_audits\"\nwindow {\n start = \"2026-01-01T00:00:00Z\"\n slice = \"1d\"\n}", pipeline.Window{}, 4, [2]string{"2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z"}},
		"a plan's window":      {"log = \"directory_audits\"\nwindow {\n start = \"2026-01-05T00:00:00Z\"\n}", pipeline.Window{Start: start.Add(2 * time.Hour), End: start.Add(5 * time.Hour)}, 3, [2]string{"2026-01-05T02:00:00Z", "2026-01-05T05:00:00Z"}},
		"snapshot":             {`log = "risky_users"`, pipeline.Window{}, 1, [2]string{"2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z"}},
		"snapshot by the hour": {"log = \"risky_users\"\nwindow {\n slice = \"1h\"\n}", pipeline.Window{}, 1, [2]string{"2026-01-05T12:00:00Z", "2026-01-05T13:00:00Z"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, diags := decode(t, "global", c.body, now)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			all, err := s.Slices(t.Context(), c.w)
			if err != nil {
				t.Fatal(err)
			}
			if len(all) != c.n {
				t.Fatalf("%d slices, want %d", len(all), c.n)
			}
			if c.n == 0 {
				return
			}
			got := [2]string{all[0].Start.Format(time.RFC3339), all[len(all)-1].End.Format(time.RFC3339)}
			if diff := cmp.Diff(c.ends, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSettleAndRevisit(t *testing.T) {
	for name, c := range map[string]struct {
		body    string
		settle  time.Duration
		revisit []time.Duration
	}{
		"sign-ins":    {`log = "sign_ins"`, 15 * time.Minute, []time.Duration{2 * time.Hour, 48 * time.Hour}},
		"audits":      {`log = "directory_audits"`, 15 * time.Minute, []time.Duration{2 * time.Hour}},
		"said":        {"log = \"sign_ins\"\nwindow {\n settle = \"1h\"\n revisit = [\"3h\"]\n}", time.Hour, []time.Duration{3 * time.Hour}},
		"once":        {"log = \"sign_ins\"\nwindow {\n revisit = []\n}", 15 * time.Minute, nil},
		"a snapshot":  {`log = "user_registration_details"`, 0, nil},
		"only slices": {"log = \"sign_ins\"\nwindow {\n slice = \"6h\"\n}", 15 * time.Minute, []time.Duration{2 * time.Hour, 48 * time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			s, diags := decode(t, "global", c.body, start)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			all, err := s.Slices(t.Context(), pipeline.Window{})
			if err != nil || len(all) == 0 {
				t.Fatal(err, len(all))
			}
			if all[0].Settle != c.settle || len(all[0].Revisit) != len(c.revisit) || len(c.revisit) > 0 && cmp.Diff(c.revisit, all[0].Revisit) != "" {
				t.Errorf("settle %s, revisit %s", all[0].Settle, all[0].Revisit)
			}
		})
	}
}

func TestPromises(t *testing.T) {
	pipelinetest.Source(t, func(t *testing.T) pipeline.Source {
		return serve(t, graphsim.Options{Seed: 5, Users: 60, Days: 1}, entra.Options{Log: "sign_ins", PageSize: 100, Window: entra.Window{Slice: 8 * time.Hour}})
	})
}
