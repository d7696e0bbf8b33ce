package record_test

import (
	"bytes"
	"testing"

	"github.com/logpipe/logpipe/pipeline/record"
)

const benchRecords = 80

// benchScan measures a refill of the batch and its scan, and what each does
// with it. Bytes are those of the records as read.
func benchScan(b *testing.B, g *generator, paths []string, each func(*record.Batch)) {
	b.Helper()
	benchRecordsScan(b, g.records(benchRecords), paths, each)
}

func benchRecordsScan(b *testing.B, records [][]byte, paths []string, each func(*record.Batch)) {
	var l record.Layout
	for _, p := range paths {
		l.Slot(path(b, p))
	}
	batch := batchOf(&l, records...)
	var size int64
	for _, r := range records {
		size += int64(len(r))
	}
	text := append([]byte(nil), batch.Fill()...)
	round := func() {
		batch.Reset("bench")
		copy(batch.Space(len(text)), text)
		batch.Filled(len(text))
		at := 0
		for _, r := range records {
			batch.Add(at, at+len(r), int64(at))
			at += len(r) + 1
		}
		batch.Scan()
		each(batch)
	}
	round()
	if batch.LiveCount() != len(records) {
		b.Fatalf("%d of %d records are live: %v", batch.LiveCount(), len(records), batch.Rejects()[0].Err)
	}
	b.SetBytes(size)
	b.ReportAllocs()
	b.ReportMetric(float64(size)/float64(len(records)), "B/record")
	for b.Loop() {
		round()
	}
}

var twoFields = []string{"status.errorCode", "location.countryOrRegion"}

func readTwo(b *record.Batch) {
	for i := range b.Len() {
		if b.Value(i, 0).IsNull() && b.Value(i, 1).IsNull() {
			b.Drop(i)
		}
	}
}

func BenchmarkScanTwoFields(b *testing.B) { benchScan(b, newGenerator(1), twoFields, readTwo) }

func BenchmarkScanShuffled(b *testing.B) {
	g := newGenerator(2)
	g.shuffle = true
	benchScan(b, g, twoFields, readTwo)
}

func BenchmarkScanEscapes(b *testing.B) {
	g := newGenerator(3)
	g.escapes = true
	benchScan(b, g, twoFields, readTwo)
}

// Space behind commas and colons, as some tools write it.
func BenchmarkScanSpaced(b *testing.B) {
	records := newGenerator(1).records(benchRecords)
	for i, r := range records {
		r = bytes.ReplaceAll(r, []byte(`":`), []byte(`": `))
		records[i] = bytes.ReplaceAll(r, []byte(`,"`), []byte(`, "`))
	}
	benchRecordsScan(b, records, twoFields, readTwo)
}

func BenchmarkScanSixEdits(b *testing.B) {
	paths := []string{"userDisplayName", "userPrincipalName", "userId", "ipAddress", "location.geoCoordinates", "deviceDetail.displayName"}
	out := make([]byte, 0, 1<<20)
	benchScan(b, newGenerator(1), paths, func(b *record.Batch) {
		out = out[:0]
		for i := range b.Len() {
			six(b, i)
			out = append(out, b.Bytes(i)...)
		}
	})
}

// six makes six edits: four replacements and two removals.
func six(b *record.Batch, i int) {
	var at [6]record.Span
	n := 0
	for s := range record.Slot(6) {
		for _, h := range b.Hits(i, s) {
			at[n%6] = h
			n++
		}
	}
	for _, h := range at[:4] {
		b.Replace(i, h, []byte(`"u_0123456789abcdef"`))
	}
	b.Remove(i, at[4])
	b.Remove(i, at[5])
}

func BenchmarkCanon(b *testing.B) {
	records := newGenerator(1).records(benchRecords)
	h := record.NewCanon(nil, []record.Path{path(b, "riskEventTypes")}).Hasher()
	var size int64
	for _, r := range records {
		size += int64(len(r))
	}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for _, r := range records {
			if _, err := h.Sum(r); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkProjection(b *testing.B) {
	records := newGenerator(1).records(benchRecords)
	p := record.Keep(path(b, "id"), path(b, "status.errorCode"), path(b, "appliedConditionalAccessPolicies[].result"))
	var size int64
	for _, r := range records {
		size += int64(len(r))
	}
	var out []byte
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for _, r := range records {
			out = p.Append(out[:0], r)
		}
	}
}

func BenchmarkValue(b *testing.B) {
	var l record.Layout
	s := l.Slot(path(b, "location.countryOrRegion"))
	batch := batchOf(&l, newGenerator(1).records(benchRecords)...)
	batch.Scan()
	i := 0
	for b.Loop() {
		if batch.Value(i, s).IsNull() {
			b.Fatal("missing")
		}
		if i++; i == benchRecords {
			i = 0
		}
	}
}

func BenchmarkCompareNumbers(b *testing.B) {
	x, y := []byte("50126"), []byte("0")
	for b.Loop() {
		if record.CompareNumbers(x, y) != 1 {
			b.Fatal("wrong")
		}
	}
}
