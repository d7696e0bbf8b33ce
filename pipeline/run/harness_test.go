package run_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/config"
	"github.com/logpipe/logpipe/pipeline/manifest"
	"github.com/logpipe/logpipe/pipeline/plan"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/run"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/state"
	"github.com/logpipe/logpipe/pipeline/store"
	"github.com/logpipe/logpipe/pipeline/store/dir"
)

// world is a tenant whose log is read: hours of records that grow and change.
// Every read gives the records in another order with other spacing, so that
// nothing can rely on two reads being equal.
type world struct {
	mu      sync.Mutex
	hours   map[time.Time][]item
	width   int // hours to a slice; 0 is 1
	reads   int
	mute    bool  // readers do not tell their ground
	settles bool  // the past does not change: slices have no ground
	fail    error // of every read, half-way through
}

type item struct {
	id, text string
	raw      string // instead, as it is
}

var day = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

func newWorld(hours, records int) *world {
	w := &world{hours: map[time.Time][]item{}}
	for h := range hours {
		for r := range records {
			w.put(h, item{id: fmt.Sprintf("h%d-r%d", h, r), text: "first"})
		}
	}
	return w
}

func (w *world) put(hour int, it item) {
	at := day.Add(time.Duration(hour) * time.Hour)
	w.hours[at] = append(w.hours[at], it)
}

// source reads a world. Its ground is the number of records of the hour, so a
// world that grew is read again.
type source struct {
	addr    addr.Instance
	w       *world
	schema  *schema.Schema
	ordered bool // every read gives the same order, and records have no id
}

func (s *source) Schema() *schema.Schema { return s.schema }

func (s *source) Slices(context.Context, pipeline.Window) ([]pipeline.Slice, error) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	width := time.Duration(max(s.w.width, 1)) * time.Hour
	var all []pipeline.Slice
	for _, at := range slices.SortedFunc(maps.Keys(s.w.hours), time.Time.Compare) {
		at = at.Truncate(width)
		end := at.Add(width)
		if n := len(all); n > 0 && all[n-1].Start.Equal(at) {
			continue
		}
		all = append(all, pipeline.Slice{Name: pipeline.SliceName(s.addr, "", at, end), Start: at, End: end, Ground: s.ground(at, end)})
	}
	return all, nil
}

func (s *source) ground(start, end time.Time) []pipeline.Part {
	if s.w.settles {
		return nil
	}
	n := int64(len(s.items(start, end)))
	return []pipeline.Part{{Name: start.Format("15"), Size: n, Sum: fmt.Sprint(n)}}
}

func (s *source) items(start, end time.Time) (all []item) {
	for at := start; at.Before(end); at = at.Add(time.Hour) {
		all = append(all, s.w.hours[at]...)
	}
	return all
}

func (s *source) Open(_ context.Context, sl pipeline.Slice) (pipeline.Reader, error) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.reads++
	chance := rand.New(rand.NewPCG(uint64(s.w.reads), 3))
	items := s.items(sl.Start, sl.End)
	if !s.ordered {
		chance.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	}
	var lines []string
	for _, it := range items {
		if it.raw != "" {
			lines = append(lines, it.raw)
			continue
		}
		space := strings.Repeat(" ", chance.IntN(3))
		lines = append(lines, fmt.Sprintf(`{"id":%q,%s"text":%q}`, it.id, space, it.text))
	}
	r := &reader{lines: lines, ground: s.ground(sl.Start, sl.End), fail: s.w.fail}
	if s.w.mute {
		return struct{ pipeline.Reader }{r}, nil
	}
	return r, nil
}

type reader struct {
	lines  []string
	at     int
	ground []pipeline.Part
	fail   error
}

func (r *reader) Read(ctx context.Context, b *record.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.fail != nil && r.at >= len(r.lines)/2 {
		return r.fail
	}
	for range 3 {
		if r.at == len(r.lines) {
			return io.EOF
		}
		b.Append([]byte(r.lines[r.at]), int64(r.at))
		r.at++
	}
	return nil
}

func (r *reader) Close() error            { return nil }
func (r *reader) Ground() []pipeline.Part { return r.ground }

// sink writes JSON Lines into a store that may be made to fail.
type sink struct {
	s     store.Store
	place string
}

func (s *sink) Names(o pipeline.Opening) ([]string, bool, error) {
	return []string{s.name(o)}, true, nil
}

func (s *sink) name(o pipeline.Opening) string {
	return fmt.Sprintf("%s.r%d.a%d.jsonl", o.Slice.Name, o.Revision, o.Attempt)
}

func (s *sink) Store(context.Context) (store.Store, error) { return s.s, nil }
func (s *sink) Place() string                              { return s.place }

func (s *sink) Open(ctx context.Context, o pipeline.Opening) (pipeline.Writer, error) {
	w, err := s.s.Create(ctx, s.name(o), nil)
	return &writer{w: w, name: s.name(o)}, err
}

type writer struct {
	w    store.Writer
	name string
	n    int64
}

func (w *writer) Write(_ context.Context, b *record.Batch) error {
	for i := range b.Len() {
		if b.Live(i) {
			w.n++
			if _, err := fmt.Fprintf(w.w, "%s\n", b.Bytes(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *writer) Commit(ctx context.Context) ([]manifest.Object, error) {
	if w.n == 0 {
		return nil, w.w.Abort()
	}
	if err := w.w.Commit(ctx); err != nil {
		return nil, err
	}
	return []manifest.Object{{Name: w.name, Records: w.n, Bytes: 1, Plain: "x", Stored: "x"}}, nil
}

func (w *writer) Abort() error { return w.w.Abort() }

// service is a sink without a store that anybody sees: its manifest lives beside
// the state. What it calls its objects happens to be a name in the state's store.
type service struct{ to *sink }

func (s service) Names(pipeline.Opening) ([]string, bool, error) {
	return []string{store.Row{Prefix: "segments/"}.Name(1)}, true, nil
}

func (s service) Open(ctx context.Context, o pipeline.Opening) (pipeline.Writer, error) {
	return s.to.Open(ctx, o)
}

// keeper drops records whose text is "drop" and fails on "break".
type keeper struct{ schema *schema.Schema }

func (k *keeper) Schema() *schema.Schema             { return k.schema }
func (k *keeper) Open(pipeline.Slice) pipeline.Stage { return k }
func (k *keeper) Close()                             {}
func (k *keeper) Apply(_ context.Context, b *record.Batch) error {
	for i := range b.Len() {
		switch {
		case !b.Live(i):
		case strings.Contains(string(b.Bytes(i)), `"drop"`):
			b.Drop(i)
		case strings.Contains(string(b.Bytes(i)), `"refuse"`):
			b.Reject(i, errors.New("cannot be handled"))
		case strings.Contains(string(b.Bytes(i)), `"break"`):
			return errors.New("the stage broke")
		}
	}
	return nil
}

// marker writes its mark into every record; "cut" cuts the record instead, as
// a transform that has a fault would.
type marker struct {
	schema *schema.Schema
	mark   string
}

func (m *marker) Schema() *schema.Schema             { return m.schema }
func (m *marker) Open(pipeline.Slice) pipeline.Stage { return m }
func (m *marker) Close()                             {}
func (m *marker) Apply(_ context.Context, b *record.Batch) error {
	for i := range b.Len() {
		switch {
		case !b.Live(i):
		case m.mark == "cut":
			b.Rewrite(i, []byte(`{"cut":`))
		default:
			b.Insert(i, b.Whole(i), "mark", fmt.Appendf(nil, "%q", m.mark))
		}
	}
	return nil
}

// veil is a keeper that says it redacts.
type veil struct {
	*keeper
	keyed bool
}

func (v *veil) Key() (string, string) {
	if v.keyed {
		return "k1", "check"
	}
	return "", ""
}

func (v *veil) Conceal(sum [32]byte) ([32]byte, bool) {
	sum[0] ^= 0xff
	return sum, v.keyed
}

// house is a pipeline in a temporary folder with its state.
type house struct {
	t     *testing.T
	dir   string
	w     *world
	wrap  func(string, store.Store) store.Store // of every store: state, and sinks by label
	clock func() time.Time
	hcl   string

	replace []addr.Instance // of the next plans
}

const oneSink = `
source "world" "w" {}
transform "keep" "k" { from = source.world.w }
sink "dir" "a" { from = transform.keep.k }
`

const twoSinks = oneSink + `
sink "dir" "b" { from = source.world.w }
`

func newHouse(t *testing.T, w *world, text string) *house {
	return &house{t: t, dir: t.TempDir(), w: w, hcl: text,
		clock: func() time.Time { return day.Add(240 * time.Hour) },
		wrap:  func(_ string, s store.Store) store.Store { return s }}
}

func (h *house) store(name string) store.Store {
	s, err := dir.Open(filepath.Join(h.dir, name), dir.Options{Clock: h.clock})
	if err != nil {
		h.t.Fatal(err)
	}
	return h.wrap(name, s)
}

func (h *house) catalog() catalog.Catalog {
	sch := schema.Open("world").With(path("id"), schema.Field{Name: "id", Type: &schema.Type{Kind: schema.String}})
	sch.ID = path("id")
	stores := map[string]store.Store{}
	return catalog.Catalog{
		{Class: addr.Source, Name: "world", Source: func(a *catalog.Args) (pipeline.Source, hcl.Diagnostics) {
			return &source{addr: a.Addr, w: h.w, schema: sch}, nil
		}},
		{Class: addr.Source, Name: "list", Source: func(a *catalog.Args) (pipeline.Source, hcl.Diagnostics) {
			return &source{addr: a.Addr, w: h.w, schema: schema.Open("list"), ordered: true}, nil
		}},
		{Class: addr.Transform, Name: "mark", Transform: func(a *catalog.Args) (pipeline.Transform, hcl.Diagnostics) {
			return &marker{schema: a.Input, mark: a.Text("with")}, nil
		}, Body: catalog.Block{Attrs: []catalog.Attr{{Name: "with", Shape: true}}}},
		{Class: addr.Transform, Name: "keep", Transform: func(a *catalog.Args) (pipeline.Transform, hcl.Diagnostics) {
			return &keeper{schema: a.Input}, nil
		}, Body: catalog.Block{Attrs: []catalog.Attr{{Name: "version", Shape: true}}}},
		{Class: addr.Transform, Name: "veil", Transform: func(a *catalog.Args) (pipeline.Transform, hcl.Diagnostics) {
			return &veil{&keeper{schema: a.Input}, a.Has("keyed")}, nil
		}, Body: catalog.Block{Attrs: []catalog.Attr{{Name: "keyed"}}}},
		{Class: addr.Sink, Name: "dir", Sink: func(a *catalog.Args) (pipeline.Sink, hcl.Diagnostics) {
			place := cmp.Or(a.Text("at"), a.Addr.Label)
			if stores[place] == nil {
				stores[place] = h.store(place)
			}
			return &sink{s: stores[place], place: place}, nil
		}, Body: catalog.Block{Attrs: []catalog.Attr{{Name: "at"}}}},
		{Class: addr.Sink, Name: "service", Sink: func(a *catalog.Args) (pipeline.Sink, hcl.Diagnostics) {
			return service{&sink{s: h.store(a.Addr.Label)}}, nil
		}},
	}
}

func path(s string) record.Path {
	p, err := record.ParsePath(s)
	if err != nil {
		panic(err)
	}
	return p
}

func (h *house) decode() *config.Pipeline {
	files, diags := config.FromSource(h.dir, "pipeline.hcl", []byte(h.hcl))
	if diags.HasErrors() {
		h.t.Fatal(diags)
	}
	p, diags := config.Decode(files, h.catalog(), &pipeline.Env{Dir: h.dir, Clock: h.clock}, config.Options{})
	if diags.HasErrors() {
		h.t.Fatal(diags)
	}
	return p
}

// session is an open state with a plan.
type session struct {
	h      *house
	pipe   *config.Pipeline
	st     *state.File
	stores *plan.Stores
	plan   *plan.Plan
}

func (h *house) open(who string) (*session, error) {
	s := h.store("state")
	st, err := state.Open(context.Background(), s, state.Options{
		Holder: store.Holder{ID: who, Who: who, Since: h.clock()}, Clock: h.clock, Lineage: func() string { return "lineage" }})
	if err != nil {
		return nil, err
	}
	se := &session{h: h, pipe: h.decode(), st: st, stores: plan.NewStores(s)}
	now := st.State()
	found := plan.Look(context.Background(), se.pipe, now, se.stores)
	var diags hcl.Diagnostics
	if se.plan, diags = plan.Make(se.pipe, now, found, h.clock(), plan.Options{Replace: h.replace}); diags.HasErrors() {
		return nil, diags
	}
	return se, nil
}

func (se *session) apply(ctx context.Context, o run.Options) (*run.Report, error) {
	o.Clock = se.h.clock
	return run.Apply(ctx, se.pipe, se.st, se.plan, se.stores, o)
}

// apply is a whole command: open, plan, apply, close.
func (h *house) apply() (*plan.Plan, *run.Report, error) {
	se, err := h.open("test")
	if err != nil {
		return nil, nil, err
	}
	r, err := se.apply(context.Background(), run.Options{})
	return se.plan, r, errors.Join(err, se.st.Close(context.Background()))
}

func (h *house) mustApply() (*plan.Plan, *run.Report) {
	h.t.Helper()
	p, r, err := h.apply()
	if err != nil {
		h.t.Fatal(err)
	}
	for _, f := range r.Failures {
		h.t.Errorf("slice %s, sink %s: %s", f.Slice, f.Sink, f.Error)
	}
	return p, r
}

// named reads what the manifest of a sink names: the texts of each id, in the
// order of the revisions. It fails if an object is missing, twice named, or
// there without a name, if counts do not add up or an intent is open.
func (h *house) named(sink string) map[string][]string {
	h.t.Helper()
	ctx := context.Background()
	s, err := dir.Open(filepath.Join(h.dir, sink), dir.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	m, err := manifest.Open(ctx, s, ".logpipe/manifest")
	if err != nil {
		h.t.Fatal(err)
	}
	texts, objects := map[string][]string{}, map[string]bool{}
	for e, err := range m.Entries(ctx) {
		if err != nil {
			h.t.Fatal(err)
		}
		if !e.Counts.Balanced() {
			h.t.Errorf("%s: counts do not add up: %+v", e.Slice, e.Counts)
		}
		for _, o := range e.Objects {
			if objects[o.Name] {
				h.t.Errorf("%s is named twice", o.Name)
			}
			objects[o.Name] = true
			h.collect(filepath.Join(h.dir, sink, o.Name), texts)
		}
	}
	for info, err := range s.List(ctx, "", "") {
		if err != nil {
			h.t.Fatal(err)
		}
		if !objects[info.Name] && !strings.HasPrefix(info.Name, ".") {
			h.t.Errorf("%s is there and no manifest names it", info.Name)
		}
	}
	return texts
}

func (h *house) collect(file string, texts map[string][]string) {
	h.t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		h.t.Fatalf("a named object: %v", err)
	}
	for line := range strings.Lines(string(b)) {
		var r struct{ ID, Text string }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			h.t.Fatal(err)
		}
		texts[r.ID] = append(texts[r.ID], r.Text)
	}
}

// settled fails if an intent is open.
func (h *house) settled() {
	h.t.Helper()
	st, err := state.Open(context.Background(), h.store("state"), state.Options{ReadOnly: true})
	if err != nil {
		h.t.Fatal(err)
	}
	if n := len(st.State().Intents); n > 0 {
		h.t.Errorf("%d intents are open", n)
	}
}

// want is what the world's records should be in a sink: each id with its texts.
func (w *world) want(drop bool) map[string][]string {
	m := map[string][]string{}
	for _, items := range w.hours {
		for _, it := range items {
			if it.raw == "" && (!drop || it.text != "drop" && it.text != "refuse") {
				m[it.id] = append(m[it.id], it.text)
			}
		}
	}
	return m
}

// namedOnly is named for a store where orphans may stay.
func (h *house) namedOnly(sink string) map[string][]string {
	h.t.Helper()
	s, err := dir.Open(filepath.Join(h.dir, sink), dir.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	m, err := manifest.Open(context.Background(), s, ".logpipe/manifest")
	if err != nil {
		h.t.Fatal(err)
	}
	texts := map[string][]string{}
	for e, err := range m.Entries(context.Background()) {
		if err != nil {
			h.t.Fatal(err)
		}
		for _, o := range e.Objects {
			h.collect(filepath.Join(h.dir, sink, o.Name), texts)
		}
	}
	return texts
}
