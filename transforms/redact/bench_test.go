package redact_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/record"
)

func manySignIns(n int) (records []string, size int) {
	r := rand.New(rand.NewPCG(1, 2))
	pol := policies(r, 12)
	people := make([]person, 60)
	for i := range people {
		people[i] = newPerson(r, i)
	}
	for range n {
		records = append(records, signIn(r, people[int(r.ExpFloat64()*8)%len(people)], pol))
		size += len(records[len(records)-1])
	}
	return records, size
}

const six = keepAll + `
rule "replace" {
  fields = ["userPrincipalName", "userDisplayName"]
  with   = "redacted"
}
rule "drop" { fields = ["location.geoCoordinates", "deviceDetail.displayName"] }
rule "truncate_ip" { fields = ["ipAddress"] }
rule "mask" { fields = ["signInIdentifier"] }
`

// BenchmarkRecord measures what a record costs: the scan alone, the scan with
// each way of redacting, and the splice on the way out. On a busy machine the
// best round says more than the mean.
func BenchmarkRecord(b *testing.B) {
	records, size := manySignIns(64)
	for _, c := range []struct{ name, body string }{
		{"scan only", keepAll + `rule "keep" { fields = ["id"] }`},
		{"six fields", six},
		{"six fields walked", "sweep = true\n" + six},
		{"two pseudonyms", keepAll + key + `rule "pseudonym" { fields = ["userPrincipalName", "userId"] }`},
		{"by class without sweep", "sweep = false\n" + key},
		{"by class", key},
	} {
		b.Run(c.name, func(b *testing.B) {
			tr, l := open(b, signIns(b), c.body)
			st := tr.Open(pipeline.Slice{})
			bt := record.NewBatch(l.Compile())
			round := func() {
				bt.Reset("")
				for i, r := range records {
					bt.Append([]byte(r), int64(i))
				}
				bt.Scan()
				if err := st.Apply(b.Context(), bt); err != nil {
					b.Fatal(err)
				}
				for i := range records {
					bt.Bytes(i)
				}
			}
			round()
			if n := bt.LiveCount(); n != len(records) {
				b.Fatalf("%d of %d records left: %v", n, len(records), bt.Rejects()[0].Err)
			}
			b.ReportAllocs()
			least := time.Hour
			for b.Loop() {
				start := time.Now()
				round()
				least = min(least, time.Since(start))
			}
			b.ReportMetric(float64(least)/float64(len(records)), "least-ns/record")
			b.ReportMetric(float64(size)*1e3/float64(least), "MB/s-at-best")
		})
	}
}
