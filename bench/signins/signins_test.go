package signins_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/logpipe/logpipe/bench/signins"
)

// What the measurements say depends on what the records are like.
func TestDistribution(t *testing.T) {
	for _, shuffle := range []bool{false, true} {
		var b, again bytes.Buffer
		o := signins.Options{Seed: 1, Records: 5000, Days: 2, Shuffle: shuffle}
		if err := signins.Write(&b, o); err != nil {
			t.Fatal(err)
		}
		if err := signins.Write(&again, o); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
			t.Fatal("the same seed gave other bytes", err)
		}
		var records, passed, policies int
		for line := range bytes.Lines(b.Bytes()) {
			var r struct {
				Status   struct{ ErrorCode int }
				Location struct{ CountryOrRegion string }
				Policies json.RawMessage `json:"appliedConditionalAccessPolicies"`
			}
			if err := json.Unmarshal(line, &r); err != nil {
				t.Fatalf("record %d: %v", records, err)
			}
			records++
			policies += len(r.Policies)
			if r.Status.ErrorCode != 0 && r.Location.CountryOrRegion != "DE" {
				passed++
			}
		}
		if mean := b.Len() / records; mean < 3200 || mean > 3600 {
			t.Errorf("records have %d bytes on average, want about 3,400", mean)
		}
		if share := float64(passed) / float64(records); share < 0.14 || share > 0.18 {
			t.Errorf("%.3f of the records pass the filter, want about 0.157", share)
		}
		if share := float64(policies) / float64(b.Len()); share < 0.33 {
			t.Errorf("policies are %.2f of the bytes, want the largest part", share)
		}
	}
}
