//go:build unix

package entra_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/logpipe/logpipe/internal/azure"
	"github.com/logpipe/logpipe/internal/graphsim"
	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/addr"
	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/sources/entra"
)

// asServer makes the test binary a server of prepared pages instead.
const asServer = "LOGPIPE_TEST_PAGES"

func TestMain(m *testing.M) {
	if packed := os.Getenv(asServer); packed != "" {
		if err := servePages(packed == "gzip"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const pageCount, pageRecords = 31, 1000

// servePages writes pages that were made once, until its input ends.
func servePages(packed bool) error {
	sim := graphsim.New(graphsim.Options{Seed: 1, Users: 20_000, Density: 20, Start: start, Days: 2})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	url := "http://" + l.Addr().String()
	var pages [][]byte
	page := []byte(`{"@odata.context":"x","value":[`)
	n := 0
	for raw := range sim.Truth("sign_ins", "interactive_user", start, start.Add(48*time.Hour), sim.Now()) {
		if n%pageRecords > 0 {
			page = append(page, ',')
		}
		page = append(page, raw...)
		if n++; n%pageRecords > 0 {
			continue
		}
		page = append(page, ']')
		if len(pages)+1 < pageCount {
			page = fmt.Appendf(page, `,"@odata.nextLink":"%s/beta/auditLogs/signIns?$skiptoken=%d"`, url, len(pages)+1)
		}
		page = append(page, '}')
		if packed {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write(page)
			_ = z.Close()
			page = b.Bytes()
		}
		pages = append(pages, page)
		if page = []byte(`{"@odata.context":"x","value":[`); len(pages) == pageCount {
			break
		}
	}
	go func() { // the other end of the pipe
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Println(url)
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("$skiptoken"))
		if packed {
			w.Header().Set("Content-Encoding", "gzip")
		}
		_, _ = w.Write(pages[n])
	}))
}

// BenchmarkRead reads a slice of 31 pages from a server in another process.
func BenchmarkRead(b *testing.B) {
	for _, packed := range []string{"plain", "gzip"} {
		b.Run(packed, func(b *testing.B) { benchmarkRead(b, packed) })
	}
}

func benchmarkRead(b *testing.B, packed string) {
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asServer+"="+packed)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	line := make([]byte, 64)
	n, err := out.Read(line)
	if err != nil {
		b.Fatal(err)
	}
	tenant := &azure.Tenant{Name: "tenant.demo", Simulate: &azure.Simulate{Start: start, Days: 2}}
	if _, err := tenant.Loopback(b.Context(), func(context.Context) (azure.Served, error) {
		return azure.Served{URL: strings.TrimSpace(string(line[:n])), Token: func() string { return "x" }}, nil
	}); err != nil {
		b.Fatal(err)
	}
	s, err := entra.New(tenant, entra.Options{Log: "sign_ins", Streams: []string{"interactive_user"}, Budget: &patient{},
		Addr: addr.Instance{Block: addr.Block{Class: addr.Source, Kind: "entra", Label: "x"}}, Window: entra.Window{Start: start, Slice: 48 * time.Hour}})
	if err != nil {
		b.Fatal(err)
	}
	slices, err := s.Slices(b.Context(), pipeline.Window{})
	if err != nil || len(slices) == 0 {
		b.Fatal(err, len(slices))
	}
	batch := record.NewBatch(new(record.Layout).Compile())
	b.ReportAllocs()
	records, size := 0, 0
	before := cpu()
	for b.Loop() {
		r, err := s.Open(b.Context(), slices[0])
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			batch.Reset("")
			err = r.Read(b.Context(), batch)
			records += batch.Len()
			size += len(batch.Fill())
		}
		if err != io.EOF {
			b.Fatal(err)
		}
	}
	used := cpu() - before
	if records != b.N*pageCount*pageRecords {
		b.Fatalf("%d records of %d", records, b.N*pageCount*pageRecords)
	}
	b.ReportMetric(float64(records)/used.Seconds(), "records/cpu-s")
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(size)/float64(records), "B/record")
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-sys")
}

// cpu is the time that this process has worked, in the kernel too.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
