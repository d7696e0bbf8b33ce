package graphsim_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/logpipe/logpipe/internal/graphsim"
)

// BenchmarkGenerate makes records as Truth gives them, one core.
func BenchmarkGenerate(b *testing.B) {
	for _, c := range []struct{ name, log, stream string }{
		{"sign_ins/interactive_user", "sign_ins", "interactive_user"},
		{"sign_ins/non_interactive_user", "sign_ins", "non_interactive_user"},
		{"sign_ins/service_principal", "sign_ins", "service_principal"},
		{"directory_audits", "directory_audits", ""},
		{"provisioning", "provisioning", ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			t := graphsim.New(graphsim.Options{Seed: 1, Users: 20_000, Density: 20, Days: 7})
			b.ReportAllocs()
			n, bytes := 0, 0
			for b.Loop() {
				n, bytes = 0, 0
				for raw := range t.Truth(c.log, c.stream, start.Add(9*time.Hour), start.Add(34*time.Hour), t.Now()) {
					n++
					bytes += len(raw)
					if n == 20_000 {
						break
					}
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(bytes)/float64(n), "B/record")
		})
	}
}

// BenchmarkServe reads pages of 1,000 over HTTP; client and server share the
// cores.
func BenchmarkServe(b *testing.B) {
	t := graphsim.New(graphsim.Options{Seed: 1, Users: 20_000, Density: 20, Days: 7})
	s, err := t.Serve(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	bytes := int64(0)
	for b.Loop() {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, s.URL+"/beta/auditLogs/signIns?$filter=createdDateTime%20lt%202026-01-08T10:00:00Z", nil)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+t.Token())
		resp, err := client.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != 200 {
			b.Fatal(resp.Status, err)
		}
		bytes += n
	}
	b.SetBytes(bytes / int64(b.N))
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkWalk passes over a month in which little happens, as a query
// without bounds does.
func BenchmarkWalk(b *testing.B) {
	t := graphsim.New(graphsim.Options{Seed: 1, Users: 10, Days: 30, Density: 0.01})
	for b.Loop() {
		for range t.Truth("sign_ins", "", start, start.AddDate(0, 0, 30), t.Now()) {
			continue
		}
	}
}
