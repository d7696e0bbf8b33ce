package state_test

import (
	"strings"
	"testing"

	"github.com/logpipe/logpipe/pipeline/state"
	"github.com/logpipe/logpipe/pipeline/store/storetest"
)

func TestPushAndPull(t *testing.T) {
	m := storetest.NewMemory(still)
	f := session(t, m, "anna")
	finishFile(t, f, "a")
	closed(t, f)
	pulled, err := state.Export(reread(t, m))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"empty": "", "no json": "x", "null": "null", "other": `{"a":1}`, "newer": `{"format_version":2}`,
		"no lineage": `{"format_version":1,"serial":3}`, "null lane": strings.Replace(string(pulled), `"lanes": {`, `"lanes": {"source.file.b -> sink.local.b":null,`, 1)} {
		if _, err := state.Import([]byte(text)); err == nil {
			t.Errorf("import %s: no error", name)
		}
	}
	in, err := state.Import(pulled)
	if err != nil {
		t.Fatal(err)
	}
	push := func(m *storetest.Memory, st *state.State, force bool) error {
		f := session(t, m, "pusher")
		defer closed(t, f)
		return f.Replace(t.Context(), st, force)
	}
	if err := push(m, in, false); err != nil {
		t.Fatalf("push what was pulled: %v", err)
	}
	if err := push(m, in, false); err == nil || !strings.Contains(err.Error(), "pull again") {
		t.Errorf("push what is old: %v, want an error that says pull again", err)
	}
	other := in.Clone()
	other.Lineage, other.Serial = "another", reread(t, m).Serial
	if err := push(m, other, false); err == nil || !strings.Contains(err.Error(), "lineage") {
		t.Errorf("push another lineage: %v", err)
	}
	if err := push(m, other, true); err != nil {
		t.Errorf("push by force: %v", err)
	}
	fresh := storetest.NewMemory(still)
	in.Serial = 500
	if err := push(fresh, in, false); err != nil {
		t.Errorf("push to where there is none: %v", err)
	}
	st := reread(t, fresh)
	if st.Lineage != "lineage-anna" || st.Serial <= 500 || st.Session.Serial <= 500 || st.Lane(lane).Len() != 1 {
		t.Errorf("after a push to where there was none: %+v", st)
	}
	f = session(t, fresh, "next")
	finishFile(t, f, "b")
	closed(t, f)
	if n := reread(t, fresh).Lane(lane).Len(); n != 2 {
		t.Errorf("%d slices after a push and a run, want 2", n)
	}
}

func finishFile(t *testing.T, f *state.File, name string) {
	t.Helper()
	id := f.NewIntent()
	apply(t, f, state.OpenIntent{Intent: state.Intent{ID: id, Lane: lane, Slice: name, Revision: 1, Attempt: 1}}, state.Finish{Intent: id, Done: file(name, 1)})
}
