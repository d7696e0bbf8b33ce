package file_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline"
)

func TestWindow(t *testing.T) {
	dir := put(t, map[string]string{
		"in/a.jsonl":    signIn(1, day1) + signIn(2, day2) + "{\"cut\":\n" + signIn(3, day1) + "{\"id\":\"4\"}\n" + `{"id":"5","createdDateTime":"soon"}` + "\n",
		"in/b.jsonl.gz": signIn(6, day2) + signIn(7, "2026-11-02T23:59:59.9999999Z") + "nonsense\n",
		"in/c.jsonl":    `{"time":"11/3/2026 8:00:00 AM","category":"SignInLogs","properties":{"id":"8"}}` + "\n" + `{"TimeGenerated":"` + day3 + `","Id":"9"}` + "\n",
	})
	s := open(t, dir, daily)
	all := mustSlices(t, s, pipeline.Window{})
	if diff := cmp.Diff([]string{"this-20261101T000000Z-1d", "this-20261102T000000Z-1d", "this-20261103T000000Z-1d"}, names(all)); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	want := []read{
		{
			Records: []string{strings.TrimSpace(signIn(1, day1)), strings.TrimSpace(signIn(3, day1))},
			Rejects: []string{
				"in/a.jsonl@116+7: not a whole JSON object",
				"in/a.jsonl@182+10: the record has no time, so it belongs to no slice of the window",
				"in/a.jsonl@193+35: the record's time cannot be read, so it belongs to no slice of the window",
			},
			Outside: 1,
		},
		{
			Records: []string{strings.TrimSpace(signIn(2, day2)), strings.TrimSpace(signIn(6, day2)), strings.TrimSpace(signIn(7, "2026-11-02T23:59:59.9999999Z"))},
			Rejects: []string{"in/b.jsonl.gz@124+8: not a whole JSON object"},
		},
		{Records: []string{
			`{"time":"11/3/2026 8:00:00 AM","category":"SignInLogs","properties":{"id":"8"}}`,
			`{"TimeGenerated":"` + day3 + `","Id":"9"}`,
		}},
	}
	for i, sl := range all {
		got := mustRead(t, s, sl)
		for k, r := range got.Rejects {
			got.Rejects[k], _, _ = strings.Cut(r, " at byte")
			if cut, _, ok := strings.Cut(r, "not a whole JSON object"); ok {
				got.Rejects[k] = cut + "not a whole JSON object"
			}
		}
		slices.Sort(got.Rejects)
		slices.Sort(want[i].Rejects)
		if diff := cmp.Diff(want[i], got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sl.Name, diff)
		}
	}
}

func TestWindowBounds(t *testing.T) {
	dir := put(t, map[string]string{"in/a.jsonl": signIn(1, day1) + signIn(2, day2) + "{\"id\":\"lost\"}\n" + signIn(3, day3)})
	for name, c := range map[string]struct {
		bounds string
		want   []string
		counts []int
	}{
		"open":          {"", []string{"20261101T000000Z-1d", "20261102T000000Z-1d", "20261103T000000Z-1d"}, []int{1, 1, 1}},
		"from the 2nd":  {`start = "2026-11-02T00:00:00Z"`, []string{"20261102T000000Z-1d", "20261103T000000Z-1d"}, []int{1, 1}},
		"until the 3rd": {`end = "2026-11-03T00:00:00Z"`, []string{"20261101T000000Z-1d", "20261102T000000Z-1d"}, []int{1, 1}},
		"half a day":    {"start = \"2026-11-01T06:00:00Z\"\n end = \"2026-11-02T07:00:00Z\"", []string{"20261101T060000Z-18h", "20261102T000000Z-7h"}, []int{1, 0}},
		"elsewhere":     {`start = "2027-01-01T00:00:00Z"`, []string{"20270101T000000Z-1d"}, []int{0}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, dir, strings.Replace(daily, "slice", c.bounds+"\n slice", 1))
			all := mustSlices(t, s, pipeline.Window{})
			var got []string
			var counts []int
			rejects := 0
			for _, sl := range all {
				got = append(got, strings.TrimPrefix(sl.Name, "this-"))
				r := mustRead(t, s, sl)
				counts = append(counts, len(r.Records))
				rejects += len(r.Rejects)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.counts, counts); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if rejects != 1 {
				t.Errorf("the record without a time was rejected %d times", rejects)
			}
		})
	}
}

// TestEveryRecordOnce reads every record of a file in exactly one slice.
func TestEveryRecordOnce(t *testing.T) {
	var text strings.Builder
	const n = 5000
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		text.WriteString(signIn(i, at.Add(time.Duration(i*7919%n)*time.Minute).Format(time.RFC3339)))
		if i%100 == 0 {
			text.WriteString("\r\n{\"id\":\"lost\"}\n")
		}
	}
	for _, name := range []string{"in/a.jsonl", "in/a.jsonl.gz"} {
		s := open(t, put(t, map[string]string{name: text.String()}), strings.Replace(daily, "1d", "6h", 1))
		seen := map[string]int{}
		rejects := 0
		all := mustSlices(t, s, pipeline.Window{})
		for _, sl := range all {
			r := mustRead(t, s, sl)
			for _, rec := range r.Records {
				seen[rec]++
			}
			rejects += len(r.Rejects)
			if strings.HasSuffix(name, ".gz") && r.total() != n+n/100 {
				t.Errorf("%s: slice %s counts %d of %d", name, sl.Name, r.total(), n+n/100)
			}
		}
		if len(seen) != n || rejects != n/100 || len(all) != 14 {
			t.Errorf("%s: %d records, %d rejects, %d slices", name, len(seen), rejects, len(all))
		}
		for rec, k := range seen {
			if k != 1 {
				t.Errorf("%s: read %d times: %s", name, k, rec)
			}
		}
	}
}
