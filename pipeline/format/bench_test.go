package format_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/logpipe/logpipe/pipeline/format"
	"github.com/logpipe/logpipe/pipeline/record"
)

// text is n records of about 3.2 KB each, joined by sep.
func text(n int, sep string) []byte {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(`{"id":"` + strings.Repeat("0123456789abcdef", 2) + `"`)
		for range 40 {
			b.WriteString(`,"conditionalAccessStatus":"notApplied","appliedConditionalAccessPolicies":[]`)
		}
		b.WriteString("}")
	}
	return []byte(b.String())
}

func BenchmarkRead(b *testing.B) {
	for name, in := range map[string][]byte{
		"lines":     text(5000, "\n"),
		"container": []byte(`{"value":[` + string(text(5000, ",")) + `]}`),
	} {
		b.Run(name, func(b *testing.B) {
			var l record.Layout
			bt := record.NewBatch(l.Compile())
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				rd := format.NewReader(bytes.NewReader(in), format.ReadOptions{})
				n := 0
				for err := error(nil); err == nil; n += bt.Len() {
					bt.Reset("")
					err = rd.Read(bt)
				}
				if n != 5000 {
					b.Fatal(n)
				}
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	in := text(5000, "\n")
	for name, o := range map[string]format.Options{
		"jsonl":      {},
		"jsonl.gz":   {Compression: format.Gzip, Level: 1},
		"jsonl.zst":  {Compression: format.Zstd, Level: 1},
		"csv 2 of 2": {Format: format.CSV},
	} {
		b.Run(name, func(b *testing.B) {
			var l record.Layout
			if o.Format == format.CSV {
				o.Columns = format.Columns(&l, paths(b, "id", "conditionalAccessStatus"))
			}
			e, err := format.NewEncoding(o)
			if err != nil {
				b.Fatal(err)
			}
			bt := record.NewBatch(l.Compile())
			rd := format.NewReader(bytes.NewReader(in), format.ReadOptions{})
			if err := rd.Read(bt); err != nil {
				b.Fatal(err)
			}
			bt.Scan()
			size := 0
			for i := range bt.Len() {
				size += len(bt.Bytes(i)) + 1
			}
			w, err := e.NewWriter(io.Discard)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if err := w.Write(bt); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := w.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
