package expr_test

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/logpipe/logpipe/pipeline/expr"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

// TestConditionsOfEveryDay compiles what people write about sign-ins, against
// the real schema, and wants nothing said.
func TestConditionsOfEveryDay(t *testing.T) {
	in, ok := logs.Lookup("sign_ins", logs.Graph)
	if !ok {
		t.Fatal("sign_ins is no log")
	}
	for _, src := range []string{
		`record.status.errorCode != 0 && !contains(["DE", "FR"], record.location.countryOrRegion)`,
		`errorcode(record.status.errorCode).reason`,
		`errorcode(record.status.errorCode).advice`,
		`anytrue([for p in record.appliedConditionalAccessPolicies : p.result == "failure"])`,
		`contains(record.appliedConditionalAccessPolicies[*].result, "failure")`,
		`startswith(lower(record.userPrincipalName), "adm") || endswith(record.userPrincipalName, "@contoso.com")`,
		`timecmp(record.createdDateTime, "2026-11-01T00:00:00Z") >= 0`,
		`age(record.createdDateTime) < 3600`,
		`cidrcontains("10.0.0.0/8", record.ipAddress)`,
		`coalesce(record.deviceDetail.operatingSystem, "unknown")`,
		`domain(record.userPrincipalName)`,
		`"${record.location.city}, ${record.location.countryOrRegion}"`,
		`[for p in record.appliedConditionalAccessPolicies : upper(p.displayName) if p.result != "notApplied"]`,
		`has(record.deviceDetail.deviceId) ? "managed" : "unmanaged"`,
		`record["somethingNew"] == 1`,
	} {
		p, diags := expr.Compile(parse(t, src), scope(in))
		if len(diags) > 0 || p == nil {
			t.Errorf("%s: %v", src, diags)
		}
	}
}

// TestRealRecords reads every field that a schema knows, of every real record,
// and wants each back byte for byte and no failure.
func TestRealRecords(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/data/records/*.jsonl")
	if len(files) == 0 {
		t.Skip("no records beside the project: ../shared/data/records is missing")
	}
	in, _ := logs.Lookup("sign_ins", logs.Graph)
	s := scope(in)
	var programs []*expr.Program
	var paths []record.Path
	for _, l := range in.Leaves() {
		if strings.Contains(l.Path.String(), "[]") {
			continue
		}
		p, diags := expr.Compile(parse(t, "record."+l.Path.String()), s)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		programs, paths = append(programs, p), append(paths, l.Path)
	}
	whole, _ := expr.Compile(parse(t, "record"), s)
	b := record.NewBatch(s.Layout.Compile())
	count := 0
	for _, file := range files {
		f, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(f))
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			b.Reset(filepath.Base(file))
			b.Append(lines.Bytes(), 0)
			b.Scan()
			if !b.Live(0) {
				continue
			}
			count++
			if got, err := whole.Open(end).AppendJSON(nil, b, 0); err != nil || !bytes.Equal(got, b.Bytes(0)) {
				t.Errorf("%s: the record does not pass as it is: %v", file, err)
			}
			for i, p := range programs {
				got, err := p.Open(end).AppendJSON(nil, b, 0)
				want := b.Value(0, s.Layout.Slot(paths[i])).Raw()
				if want == nil {
					want = []byte("null")
				}
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s: %s does not pass as it is: %v", file, paths[i], err)
				}
			}
		}
	}
	t.Logf("%d records, %d fields", count, len(programs))
}

// TestProgramIsShared runs one program in several machines side by side.
func TestProgramIsShared(t *testing.T) {
	p := compile(t, `contains([for p in record.policies : lower(p.displayName)], "block legacy") && local.names[record.location.countryOrRegion] == null`, schema.Open(""))
	var wait sync.WaitGroup
	for range 4 {
		b := p.batch(signIn)
		wait.Go(func() {
			m := p.Open(end)
			for range 500 {
				if ok, err := m.Bool(b, 0); !ok || err != nil {
					t.Error(ok, err)
					return
				}
			}
		})
	}
	wait.Wait()
}
