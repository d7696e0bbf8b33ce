package redact_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/transforms/redact"
)

// manySignIns makes n records of 60 people, and whom each is about.
func manySignIns(n int) (records []string, whose []person, size int) {
	r := rand.New(rand.NewPCG(1, 2))
	pol := policies(r, 12)
	people := make([]person, 60)
	for i := range people {
		people[i] = newPerson(r, i)
	}
	for range n {
		p := people[int(r.ExpFloat64()*8)%len(people)]
		records, whose = append(records, signIn(r, p, pol)), append(whose, p)
		size += len(records[len(records)-1])
	}
	return records, whose, size
}

// recall returns the share of clear values of the people that are in no record.
func recall(bt *record.Batch, whose []person) float64 {
	gone, all := 0, 0
	for i, p := range whose {
		out := bytes.ToLower(bt.Bytes(i))
		for _, v := range []string{p.first + " " + p.last, p.upn, p.id, p.ip, p.device} {
			quoted := quote(strings.ToLower(v))
			if all++; !bytes.Contains(out, []byte(quoted[1:len(quoted)-1])) {
				gone++
			}
		}
	}
	return float64(gone) / float64(all)
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
	records, whose, size := manySignIns(64)
	for _, c := range []struct {
		name, body string
		hides      bool // nothing of the people is to be left
	}{
		{"scan only", keepAll + `rule "keep" { fields = ["id"] }`, false},
		{"six fields", six, false},
		{"six fields walked", "sweep = true\n" + six, false},
		{"two pseudonyms", keepAll + key + `rule "pseudonym" { fields = ["userPrincipalName", "userId"] }`, false},
		{"by class without sweep", "sweep = false\n" + key, false},
		{"by class", key, true},
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
			looked := redact.Looked(st)
			b.ReportAllocs()
			least := time.Hour
			for b.Loop() {
				start := time.Now()
				round()
				least = min(least, time.Since(start))
			}
			b.ReportMetric(float64(least)/float64(len(records)), "least-ns/record")
			b.ReportMetric(float64(size)*1e3/float64(least), "MB/s-at-best")
			b.ReportMetric(float64(looked)/float64(len(records)), "looked-B/record")
			if c.hides {
				b.ReportMetric(recall(bt, whose), "recall")
			}
		})
	}
}
