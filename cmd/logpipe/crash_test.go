package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/state"
	"github.com/logpipe/logpipe/pipeline/store/dir"
)

const crashPipeline = `
source "file" "s" {
  paths = ["in/*.jsonl"]
  log   = "sign_ins"
  window { slice = "1h" }
}
transform "filter" "failed" {
  from      = source.file.s
  condition = record.status.errorCode != 0
}
sink "local" "all" {
  from = source.file.s
  path = "out/all/${slice.start.date}/${slice.name}"
}
sink "local" "failed" {
  from        = transform.filter.failed
  path        = "out/failed/${slice.name}"
  compression = "zstd"
}
`

// moving is an input that is never the same twice: records come in another
// order with other spacing, new ones arrive and old ones change.
type moving struct {
	dir     string
	rand    *rand.Rand
	texts   map[string]string // id → newest text
	errors  map[string]int
	hours   map[string]int
	version int
}

func (m *moving) advance(t *testing.T) {
	t.Helper()
	for range 20 {
		id := fmt.Sprintf("id-%d", len(m.texts))
		m.hours[id], m.errors[id], m.texts[id] = m.rand.IntN(24), m.rand.IntN(2)*50126, "v0"
	}
	ids := slices.Sorted(maps.Keys(m.texts))
	for range 5 {
		id := ids[m.rand.IntN(len(ids))]
		m.version++
		m.texts[id] = fmt.Sprintf("v%d", m.version)
	}
	m.rand.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	var b strings.Builder
	for _, id := range ids {
		fmt.Fprintf(&b, `{"id":%q,%s"createdDateTime":"2026-11-02T%02d:30:00Z","userDisplayName":%q,"status":{"errorCode":%d}}`+"\n",
			id, strings.Repeat(" ", m.rand.IntN(4)), m.hours[id], m.texts[id], m.errors[id])
	}
	name := filepath.Join(m.dir, "in", "log.jsonl")
	if err := os.WriteFile(name+".new", []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

// invoke returns a command that runs this test binary as the program.
func invoke(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(t.TempDir(), "logpipe")
	if err := os.Symlink(exe, bin); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, append([]string{"-chdir=" + dir}, args...)...)
	cmd.Env = append(os.Environ(), "CI=", "GITHUB_ACTIONS=", "TF_BUILD=")
	return cmd
}

// The real program is killed at random moments while what it reads never stays
// the same. Afterwards every version is named once, no intent is open, and
// nothing lies about that no manifest names.
func TestKilledAtRandomMoments(t *testing.T) {
	const kills = 60
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "in"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "pipeline.hcl"), []byte(crashPipeline), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &moving{dir: folder, rand: rand.New(rand.NewPCG(7, 7)), texts: map[string]string{}, errors: map[string]int{}, hours: map[string]int{}}
	m.advance(t)
	whole := 100 * time.Millisecond // how long a run takes; learned on the way
	killed := 0
	for killed < kills {
		m.advance(t)
		cmd := invoke(t, folder, "apply", "-auto-approve")
		began := time.Now()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(m.rand.Int64N(int64(whole))), func() { _ = cmd.Process.Kill() })
		err := cmd.Wait()
		if timer.Stop(); err == nil {
			whole = (whole + 2*time.Since(began)) / 2
			continue
		}
		if !cmd.ProcessState.Exited() {
			killed++
			breakLease(t, folder)
			continue
		}
		t.Fatalf("apply failed after %d kills: %v", killed, err)
	}
	if out, err := invoke(t, folder, "apply", "-auto-approve").CombinedOutput(); err != nil {
		t.Fatalf("the last apply: %v\n%s", err, out)
	}
	t.Logf("killed %d times; %d records", killed, len(m.texts))
	for _, sink := range []string{"all", "failed"} {
		newest := checkSink(t, folder, sink)
		want := map[string]string{}
		for id, text := range m.texts {
			if sink == "all" || m.errors[id] != 0 {
				want[id] = text
			}
		}
		if diff := cmp.Diff(want, newest); diff != "" {
			t.Errorf("sink %s, newest versions (-want +got):\n%s", sink, diff)
		}
	}
	st := readState(t, folder)
	if n := len(st.Intents); n > 0 {
		t.Errorf("%d intents are open", n)
	}
}

// breakLease does what a person does who knows that the holder is dead: takes
// the id from the message and unlocks. It stands for the two minutes after which
// the lease is over anyway.
func breakLease(t *testing.T, folder string) {
	t.Helper()
	out, err := invoke(t, folder, "state", "rm", "sink.local.none").CombinedOutput()
	if err == nil {
		return
	}
	m := regexp.MustCompile(`Lease ID: ([0-9a-f]+)`).FindSubmatch(out)
	if m == nil {
		return // killed before it had the lease
	}
	if out, err := invoke(t, folder, "force-unlock", "-force", string(m[1])).CombinedOutput(); err != nil {
		t.Fatalf("force-unlock: %v\n%s", err, out)
	}
}

func readState(t *testing.T, folder string) *state.State {
	t.Helper()
	s, err := dir.Open(filepath.Join(folder, ".logpipe", "state"), dir.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := state.Open(context.Background(), s, state.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	return f.State()
}

// checkSink checks that every version stands once and every file has a name,
// and returns the newest text of each id.
func checkSink(t *testing.T, folder, sink string) map[string]string {
	t.Helper()
	ctx := context.Background()
	s, err := dir.Open(filepath.Join(folder, "out", sink), dir.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Open(ctx, s, ".logpipe/manifest")
	if err != nil {
		t.Fatal(err)
	}
	versions, newest, objects := map[string]bool{}, map[string]string{}, map[string]bool{}
	for e, err := range m.Entries(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if !e.Counts.Balanced() {
			t.Errorf("%s: %+v does not add up", e.Slice, e.Counts)
		}
		for _, o := range e.Objects {
			objects[o.Name] = true
			for _, line := range lines(t, filepath.Join(folder, "out", sink, o.Name)) {
				var r struct{ ID, UserDisplayName string }
				if err := json.Unmarshal([]byte(line), &r); err != nil {
					t.Fatal(err)
				}
				v := r.ID + " " + r.UserDisplayName
				if versions[v] {
					t.Errorf("sink %s: %s stands twice", sink, v)
				}
				versions[v], newest[r.ID] = true, r.UserDisplayName
			}
		}
	}
	for info, err := range s.List(ctx, "", "") {
		if err != nil {
			t.Fatal(err)
		}
		if !objects[info.Name] && !strings.HasPrefix(info.Name, ".logpipe/") {
			t.Errorf("sink %s: %s is there and no manifest names it", sink, info.Name)
		}
	}
	return newest
}

func lines(t *testing.T, name string) []string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".zst") {
		b = unzstd(t, b)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// Many applies begin at once: each works alone or leaves with 5 and the
// holder's name.
func TestAppliesAtOnce(t *testing.T) {
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "in"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "pipeline.hcl"), []byte(crashPipeline), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &moving{dir: folder, rand: rand.New(rand.NewPCG(1, 1)), texts: map[string]string{}, errors: map[string]int{}, hours: map[string]int{}}
	m.advance(t)
	var wg sync.WaitGroup
	codes := make([]int, 8)
	for i := range codes {
		cmd := invoke(t, folder, "apply", "-auto-approve")
		var stderr strings.Builder
		cmd.Stderr = &stderr
		wg.Go(func() {
			_ = cmd.Run()
			codes[i] = cmd.ProcessState.ExitCode()
			if codes[i] == 5 && !strings.Contains(stderr.String(), "held by another") {
				t.Errorf("the loser does not say who holds the lease: %s", stderr.String())
			}
		})
	}
	wg.Wait()
	if !slices.Contains(codes, 0) || slices.ContainsFunc(codes, func(c int) bool { return c != 0 && c != 5 }) {
		t.Errorf("exit codes %v, want 0 or 5", codes)
	}
	if got := checkSink(t, folder, "all"); len(got) != len(m.texts) {
		t.Errorf("%d records stored, want %d", len(got), len(m.texts))
	}
}

func unzstd(t *testing.T, b []byte) []byte {
	t.Helper()
	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	out, err := d.DecodeAll(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
