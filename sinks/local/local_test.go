package local_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/catalog"
	"github.com/logpipe/logpipe/pipeline/format"
	"github.com/logpipe/logpipe/pipeline/pipelinetest"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
	"github.com/logpipe/logpipe/sinks/local"
)

func signIns(t testing.TB) *schema.Schema {
	t.Helper()
	return log(t, "sign_ins", logs.Graph)
}

func log(t testing.TB, name string, shape logs.Shape) *schema.Schema {
	t.Helper()
	s, ok := logs.Lookup(name, shape)
	if !ok {
		t.Fatalf("no schema of %s", name)
	}
	return s
}

func open(t testing.TB, dir, body string) (pipeline.Sink, *record.Layout) {
	t.Helper()
	k := local.Kind()
	a, diags := catalog.Parse(&k, body, dir, signIns(t), nil)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	s, diags := k.Sink(a)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return s, a.Layout
}

var records = []string{
	`{"id":"1","createdDateTime":"2026-11-01T08:00:00.1234567Z","status":{"errorCode":50126}}`,
	`{"id":"2","userPrincipalName":"=1+1","appDisplayName":"a,\"b\"\n"}`,
	`{}`,
}

func TestPromises(t *testing.T) {
	for name, body := range map[string]string{
		"jsonl":           `path = "out/${slice.name}"`,
		"gzip":            "path = \"out/${slice.start.date}/${slice.name}\"\ncompression = \"gzip\"",
		"zstd":            "path = \"out/${slice.log}/${slice.name}.jsonl.zst\"\ncompression = \"zstd\"\ncompression_level = 1",
		"csv":             "path = \"out/${slice.name}\"\nformat = \"csv\"",
		"csv of columns":  "path = \"out/${slice.name}\"\nformat = \"csv\"\ncolumns = [\"id\", \"status.errorCode\"]\ncompression = \"gzip\"",
		"portal":          "path = \"out/${slice.name}\"\nformat = \"csv\"\ncolumns = \"portal\"",
		"somewhere else":  `path = "../out/${slice.start.hour}"`,
		"time in folders": `path = "out/y=${slice.start.year}/m=${slice.start.month}/d=${slice.start.day}/${slice.start.hour}"`,
	} {
		t.Run(name, func(t *testing.T) {
			pipelinetest.Sink(t, func(t *testing.T) (pipeline.Sink, *record.Layout) {
				dir := filepath.Join(t.TempDir(), "pipeline")
				if err := os.Mkdir(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				return open(t, dir, body)
			}, records)
		})
	}
}

func slice(name string) pipeline.Slice {
	start := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	return pipeline.Slice{Log: "sign_ins", Name: name, Start: start, End: start.Add(time.Hour)}
}

func TestNames(t *testing.T) {
	for name, c := range map[string]struct {
		path, extra       string
		slice             pipeline.Slice
		revision, attempt int
		want              string // starts with "error: " for one
	}{
		"plain":                 {path: "out/${slice.name}", slice: slice("a"), want: "a.jsonl"},
		"extension written":     {path: "out/${slice.name}.jsonl", slice: slice("a"), want: "a.jsonl"},
		"another extension":     {path: "out/${slice.name}.json", slice: slice("a"), want: "a.json.jsonl"},
		"packed":                {path: "out/${slice.name}", extra: "\ncompression = \"gzip\"", slice: slice("a"), want: "a.jsonl.gz"},
		"folders":               {path: "out/x/y${slice.start.year}/${slice.name}", slice: slice("a"), want: "y2026/a.jsonl"},
		"second revision":       {path: "out/${slice.name}.jsonl", slice: slice("a"), revision: 2, want: "a.r2.jsonl"},
		"revision and attempt":  {path: "out/${slice.name}", slice: slice("a"), revision: 2, attempt: 3, want: "a.r2.a3.jsonl"},
		"constant":              {path: "out/all", slice: slice("a"), want: "all.jsonl"},
		"whole file":            {path: "out/${slice.start.date}/${slice.name}", slice: pipeline.Slice{Name: "a"}, want: "error: give the source a window, or use slice.name"},
		"empty part":            {path: "out/${slice.stream}/${slice.name}", slice: slice("a"), want: "error: change the path so that every part of it has a name"},
		"no file name":          {path: "out/${slice.stream}", slice: slice("a"), want: "error: put ${slice.name} at its end"},
		"only an extension":     {path: "out/${slice.stream}.jsonl", slice: slice("a"), want: "error: put ${slice.name} at its end"},
		"up":                    {path: "out/${slice.name}/x", slice: slice(".."), want: "error: change the path"},
		"up from inside":        {path: "out/${slice.name}", slice: slice("../../etc/x"), want: "error: change the path"},
		"into the machinery":    {path: "out/${slice.name}", slice: slice(".logpipe/manifest/x"), want: "error: put something in front of the dot"},
		"control character":     {path: "out/${slice.name}", slice: slice("a\nb"), want: "error: control character"},
		"backslash of a record": {path: "out/${slice.name}", slice: slice(`a\b`), want: "error: backslash"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := open(t, t.TempDir(), `path = "`+c.path+`"`+c.extra)
			got, complete, err := s.Names(pipeline.Opening{Slice: c.slice, Revision: max(c.revision, 1), Attempt: max(c.attempt, 1)})
			if want, ok := strings.CutPrefix(c.want, "error: "); ok {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("names = %q, error = %v, want %q", got, err, want)
				}
				return
			}
			if diff := cmp.Diff([]string{c.want}, got); err != nil || !complete || diff != "" {
				t.Errorf("%v, complete %t (-want +got):\n%s", err, complete, diff)
			}
		})
	}
}

func TestPlace(t *testing.T) {
	for path, want := range map[string]string{
		"out/${slice.name}":            "out",
		"./out//x/${slice.name}":       "out/x",
		"out/x/pre-${slice.name}":      "out/x",
		"../out/${slice.name}":         "../out",
		"/var/log/out/${slice.name}":   "/var/log/out",
		"out/a/../b/all.jsonl":         "out/b",
		"out/${slice.log}/x/all.jsonl": "out",
	} {
		s, _ := open(t, t.TempDir(), `path = "`+path+`"`)
		if got := s.(pipeline.Stored).Place(); got != want {
			t.Errorf("%s: place = %q, want %q", path, got, want)
		}
	}
}

func TestFilesArePrivate(t *testing.T) {
	dir := t.TempDir()
	s, l := open(t, dir, `path = "out/${slice.log}/${slice.name}"`)
	w, err := s.Open(t.Context(), pipeline.Opening{Slice: slice("a"), Revision: 1, Attempt: 1})
	if err != nil {
		t.Fatal(err)
	}
	b := record.NewBatch(l.Compile())
	b.Append([]byte(records[0]), 0)
	b.Scan()
	if err := w.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	found := 0
	err = filepath.WalkDir(filepath.Join(dir, "out"), func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			t.Errorf("%s has mode %o", p, mode)
		}
		found++
		return nil
	})
	if err != nil || found != 3 {
		t.Errorf("%d files, %v", found, err)
	}
}

func TestRejectsWhatCSVCannotHold(t *testing.T) {
	dir := t.TempDir()
	s, l := open(t, dir, "path = \"out/${slice.name}\"\nformat = \"csv\"\ncolumns = [\"id\"]")
	w, err := s.Open(t.Context(), pipeline.Opening{Slice: slice("a"), Revision: 1, Attempt: 1})
	if err != nil {
		t.Fatal(err)
	}
	b := record.NewBatch(l.Compile())
	b.Append([]byte("{\"id\":\"\xff\"}"), 0)
	b.Scan()
	if err := w.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if r := b.Rejects(); len(r) != 1 || !strings.Contains(r[0].Err.Error(), "column id") {
		t.Errorf("rejects = %+v", r)
	}
	if objects, err := w.Commit(t.Context()); err != nil || len(objects) != 0 {
		t.Errorf("objects = %v, %v", objects, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "out", "a.csv")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a file without records: %v", err)
	}
}

func TestCSV(t *testing.T) {
	s, l := open(t, t.TempDir(), "path = \"out/${slice.name}\"\nformat = \"csv\"")
	w, err := s.Open(t.Context(), pipeline.Opening{Slice: slice("a"), Revision: 1, Attempt: 1})
	if err != nil {
		t.Fatal(err)
	}
	b := record.NewBatch(l.Compile())
	b.Append([]byte(records[0]), 0)
	b.Scan()
	if err := w.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	objects, err := w.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	st, err := s.(pipeline.Stored).Store(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f, err := st.Open(context.Background(), objects[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rd := format.NewCSVReader(f)
	header, err := rd.Read()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range header {
		names = append(names, c.Text)
	}
	row, err := rd.Read()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for i, c := range row {
		if !c.Null {
			got[names[i]] = c.Text
		}
	}
	if diff := cmp.Diff(map[string]string{"id": "1", "createdDateTime": "2026-11-01T08:00:00.1234567Z", "status.errorCode": "50126"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := rd.Read(); err != io.EOF {
		t.Errorf("more rows: %v", err)
	}
}

// Workloads' sign-ins have columns of their own where the stream tells them.
func TestPortalByStream(t *testing.T) {
	for name, c := range map[string]struct {
		columns, stream, want string
	}{
		"no stream":          {"portal", "", "Date (UTC),Request ID,User agent,"},
		"users":              {"portal", "non_interactive_user", "Date (UTC),Request ID,User agent,"},
		"service principals": {"portal", "service_principal", "Date (UTC),Request ID,Correlation ID,Service principal ID,"},
		"managed identities": {"portal", "managed_identity", "Date (UTC),Request ID,Correlation ID,Service principal ID,"},
		"asked for":          {"portal_service_principals", "", "Date (UTC),Request ID,Correlation ID,Service principal ID,"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, l := open(t, dir, "path = \"out/${slice.name}\"\nformat = \"csv\"\ncolumns = \""+c.columns+"\"")
			sl := slice("a")
			sl.Stream = c.stream
			w, err := s.Open(t.Context(), pipeline.Opening{Slice: sl, Revision: 1, Attempt: 1})
			if err != nil {
				t.Fatal(err)
			}
			b := record.NewBatch(l.Compile())
			b.Append([]byte(records[0]), 0)
			b.Scan()
			if err := w.Write(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(dir, "out", "a.csv"))
			if err != nil || !strings.HasPrefix(string(got), c.want) {
				t.Errorf("%v, file begins %.80s", err, got)
			}
		})
	}
}

func TestDiagnostics(t *testing.T) {
	const path = "path = \"out/${slice.name}\"\n"
	for name, c := range map[string]struct {
		in         *schema.Schema
		body, want string
	}{
		"no path":                  {nil, "", "Missing attribute"},
		"no folder":                {nil, `path = "${slice.name}"`, "body.hcl:1,8-23: Path without a folder of its own"},
		"half a folder":            {nil, `path = "x-${slice.name}"`, "Path without a folder of its own"},
		"this folder":              {nil, `path = "./${slice.name}"`, "Path without a folder of its own"},
		"root":                     {nil, `path = "/${slice.name}"`, "Path without a folder of its own"},
		"among the machinery":      {nil, `path = ".logpipe/state/${slice.name}"`, "Path among the machinery"},
		"unknown of slice":         {nil, `path = "out/${slice.nam}"`, "body.hcl:1,15-24"},
		"unknown format":           {nil, path + `format = "xml"`, "body.hcl:2"},
		"level":                    {nil, path + "compression = \"gzip\"\ncompression_level = 12", "body.hcl:3,21-23: Wrong compression level; Compression level 12 is not between 1 and 9, as gzip has them."},
		"level of nothing":         {nil, path + "compression_level = 3", "Wrong compression level"},
		"columns of jsonl":         {nil, path + `columns = ["id"]`, "Columns without csv"},
		"misspelt column":          {nil, path + "format = \"csv\"\ncolumns = [\"id\", \"ipAdress\"]", `body.hcl:3,18-28: Unknown field; The record that reaches this block has no field "ipAdress". Did you mean "ipAddress"?`},
		"column twice":             {nil, path + "format = \"csv\"\ncolumns = [\"id\", \"id\"]", "body.hcl:3,18-22: Column stands twice"},
		"column of a list":         {nil, path + "format = \"csv\"\ncolumns = [\"appliedConditionalAccessPolicies[].id\"]", "List in a column"},
		"misspelt portal":          {nil, path + "format = \"csv\"\ncolumns = \"Portal\"", `body.hcl:3,11-19: Unknown columns; "Portal" is neither a list of paths nor the name of a set of columns. Did you mean "portal"?`},
		"one column as text":       {nil, path + "format = \"csv\"\ncolumns = \"userAgent\"", `One column is a list, too: ["userAgent"]. "portal" and`},
		"number for columns":       {nil, path + "format = \"csv\"\ncolumns = 3", "body.hcl:3,11-12: Wrong type"},
		"number of an object":      {nil, path + "format = \"csv\"\ncolumns = { a = [] }", "Wrong type"},
		"portal without csv":       {nil, path + `columns = "portal"`, "Columns without csv"},
		"portal of no log":         {schema.Open(""), path + "format = \"csv\"\ncolumns = \"portal\"", `"portal" is known for sign_ins and directory_audits, but the records that reach this sink belong to no known log`},
		"portal of another log":    {log(t, "risky_users", logs.Graph), path + "format = \"csv\"\ncolumns = \"portal\"", "is risky_users"},
		"workloads of audits":      {log(t, "directory_audits", logs.Graph), path + "format = \"csv\"\ncolumns = \"portal_service_principals\"", `"portal_service_principals" is known for sign_ins, but the log of the records that reach this sink is directory_audits.`},
		"portal of another shape":  {log(t, "sign_ins", logs.Diagnostic), path + "format = \"csv\"\ncolumns = \"portal\"", "Wrong shape for portal columns"},
		"portal of a table":        {log(t, "sign_ins", logs.LogAnalytics), path + "format = \"csv\"\ncolumns = \"portal\"", "Wrong shape for portal columns"},
		"no columns":               {nil, path + "format = \"csv\"\ncolumns = []", "No columns"},
		"csv of what nobody knows": {schema.Open(""), path + `format = "csv"`, "body.hcl:2,10-15: No columns"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.in == nil {
				c.in = signIns(t)
			}
			k := local.Kind()
			a, diags := catalog.Parse(&k, c.body, t.TempDir(), c.in, nil)
			_, more := k.Sink(a)
			if diags = append(diags, more...); !diags.HasErrors() || !strings.Contains(diags.Error(), c.want) {
				t.Errorf("diagnostics = %v, want %q", diags, c.want)
			}
		})
	}
}

func TestUnknownValuesAreNoMistakes(t *testing.T) {
	k := local.Kind()
	values := map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{
		"x": cty.UnknownVal(cty.String), "n": cty.UnknownVal(cty.Number), "l": cty.UnknownVal(cty.List(cty.String))})}
	for _, body := range []string{
		"path = \"${var.x}/${slice.name}\"\nformat = var.x\ncompression = var.x\ncompression_level = var.n",
		"path = \"out/${slice.name}\"\nformat = \"csv\"\ncolumns = var.l",
		"path = var.x\ncompression_level = 3\ncompression = var.x",
	} {
		a, diags := catalog.Parse(&k, body, t.TempDir(), signIns(t), values)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		if s, diags := k.Sink(a); diags.HasErrors() || s == nil {
			t.Errorf("%s: %v", body, diags)
		}
	}
}

// A portal column whose field no schema has would be empty for ever.
func TestPortalReadsKnownFields(t *testing.T) {
	for _, workloads := range []bool{false, true} {
		for _, name := range format.PortalLogs(workloads) {
			s := log(t, name, logs.Graph)
			var l record.Layout
			if _, ok := format.Portal(&l, name, workloads); !ok {
				t.Fatalf("no columns for %s", name)
			}
			for i := range l.Len() {
				if _, err := s.Lookup(l.Path(record.Slot(i))); err != nil {
					t.Error(err)
				}
			}
		}
	}
}
