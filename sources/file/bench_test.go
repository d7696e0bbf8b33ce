package file_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/record"
)

// BenchmarkRead reads 20,000 records of 3.3 KB, a day of them: as one file, and
// as 24 slices with and without the plan's own reading.
func BenchmarkRead(b *testing.B) {
	const n = 20000
	var text strings.Builder
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	pad := strings.Repeat(`"conditionalAccessStatus":"notApplied","appliedConditionalAccessPolicies":[],`, 42)
	for i := range n {
		fmt.Fprintf(&text, `{"id":"%d",%s"createdDateTime":"%s"}`+"\n", i, pad, at.Add(time.Duration(i)*86400/n*time.Second).Format(time.RFC3339))
	}
	dir := put(b, map[string]string{"in/a.jsonl": text.String()})
	read := func(b *testing.B, s pipeline.Source, all []pipeline.Slice) {
		bt := record.NewBatch(new(record.Layout).Compile())
		got := 0
		for _, sl := range all {
			r, err := s.Open(b.Context(), sl)
			if err != nil {
				b.Fatal(err)
			}
			for err == nil {
				bt.Reset("")
				if err = r.Read(b.Context(), bt); err != nil && err != io.EOF {
					b.Fatal(err)
				}
				got += bt.Len()
			}
			r.Close()
		}
		if got != n {
			b.Fatalf("%d records", got)
		}
	}
	b.Run("whole", func(b *testing.B) {
		s := open(b, dir, `paths = ["in/*"]`)
		all := mustSlices(b, s, pipeline.Window{})
		b.SetBytes(int64(text.Len()))
		b.ReportAllocs()
		for b.Loop() {
			read(b, s, all)
		}
	})
	hourly := strings.Replace(daily, "1d", "1h", 1)
	b.Run("plan 24 slices", func(b *testing.B) {
		s := open(b, dir, hourly)
		b.SetBytes(int64(text.Len()))
		b.ReportAllocs()
		for b.Loop() {
			mustSlices(b, s, pipeline.Window{})
		}
	})
	b.Run("read 24 slices", func(b *testing.B) {
		s := open(b, dir, hourly)
		all := mustSlices(b, s, pipeline.Window{})
		b.SetBytes(int64(text.Len()))
		b.ReportAllocs()
		for b.Loop() {
			read(b, s, all)
		}
	})
}
