package expr_test

import (
	"testing"

	"github.com/logpipe/logpipe/pipeline/schema"
)

const signIn = `{"id":"66ea54eb-6301-4ee5-be62-ff5a759b0100","createdDateTime":"2026-11-01T16:03:35.1234567Z","userDisplayName":"Test Contoso",` +
	`"userPrincipalName":"adm.ada@contoso.com","appDisplayName":"Graph explorer","ipAddress":"131.107.159.37","clientAppUsed":"Browser",` +
	`"isInteractive":true,"status":{"errorCode":50126,"failureReason":null},"location":{"city":"Redmond","countryOrRegion":"US"},` +
	`"policies":[{"displayName":"Block legacy","result":"failure"}],"tags":["a","b"]}`

// fast are the forms that must not allocate.
var fast = []string{
	`record.status.errorCode != 0`,
	`record.status.errorCode == 50126`,
	`record.status.errorCode > 50000 && record.status.errorCode <= 50999`,
	`record.status.errorCode + 1 > 2`,
	`record.location.countryOrRegion == "US"`,
	`record.location.countryOrRegion != record.id`,
	`record.status.failureReason == null`,
	`!record.isInteractive || record.isInteractive`,
	`startswith(record.userPrincipalName, "adm")`,
	`endswith(record.userPrincipalName, "@contoso.com")`,
	`strcontains(record.userPrincipalName, "ada")`,
	`startswith(lower(record.userPrincipalName), "adm")`,
	`upper(record.location.countryOrRegion) == "US"`,
	`contains(["DE", "FR", "US"], record.location.countryOrRegion)`,
	`contains(["a", "b", "c", "d", "e", "f", "g", "h", "i", "US"], record.location.countryOrRegion)`,
	`contains([0, 50126], record.status.errorCode)`,
	`length(record.userPrincipalName) > 3`,
	`length(record.tags) == 2`,
	`has(record.status.failureReason)`,
	`coalesce(record.status.failureReason, record.id) == "x"`,
	`domain(record.userPrincipalName) == "contoso.com"`,
	`cidrcontains("131.107.0.0/16", record.ipAddress)`,
	`timecmp(record.createdDateTime, "2026-01-01T00:00:00Z") > 0`,
	`age(record.createdDateTime) > 3600`,
	`errorcode(record.status.errorCode).name == "x"`,
	`can(regex("^adm", record.userPrincipalName))`,
	`record.isInteractive ? record.id == "x" : record.status.errorCode == 0`,
	`"${record.id}-${record.status.errorCode}" == "x"`,
	`contains(record.tags, "b")`,
	`record.tags[1] == "b"`,
}

func TestAllocations(t *testing.T) {
	for _, src := range fast {
		t.Run(src, func(t *testing.T) {
			p := compile(t, src, signIns())
			if names := p.Interpreted(); len(names) > 0 {
				t.Errorf("called through cty: %v", names)
			}
			b, m := p.batch(signIn), p.Open(end)
			n := testing.AllocsPerRun(100, func() {
				if _, err := m.Bool(b, 0); err != nil {
					t.Fatal(err)
				}
			})
			if n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

// BenchmarkCondition is three comparisons and a function on fields that have
// been found: what an expression adds to the scan.
func BenchmarkCondition(b *testing.B) {
	p := compile(b, `record.status.errorCode != 0 && record.isInteractive == true && startswith(record.userPrincipalName, "adm") && record.location.countryOrRegion != "DE"`, signIns())
	batch, m := p.batch(signIn), p.Open(end)
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := m.Bool(batch, 0); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

// BenchmarkForms is each of the forms that must not allocate.
func BenchmarkForms(b *testing.B) {
	for _, src := range fast {
		b.Run(src, func(b *testing.B) {
			p := compile(b, src, signIns())
			batch, m := p.batch(signIn), p.Open(end)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Bool(batch, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLoop is a loop over a list of objects inside a condition.
func BenchmarkLoop(b *testing.B) {
	p := compile(b, `anytrue([for p in record.policies : p.result == "failure"])`, schema.Open(""))
	batch, m := p.batch(signIn), p.Open(end)
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := m.Bool(batch, 0); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

// BenchmarkInterpreted is a function that is called through cty.
func BenchmarkInterpreted(b *testing.B) {
	p := compile(b, `title(record.userPrincipalName) != ""`, schema.Open(""))
	batch, m := p.batch(signIn), p.Open(end)
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := m.Bool(batch, 0); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

// BenchmarkCompile is the cost of compiling a condition.
func BenchmarkCompile(b *testing.B) {
	e := parse(b, `record.status.errorCode != 0 && startswith(record.userPrincipalName, "adm")`)
	s := scope(signIns())
	b.ReportAllocs()
	for b.Loop() {
		if err := compileOnly(e, s); err != nil {
			b.Fatal(err)
		}
	}
}
