package schema_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/logpipe/logpipe/pipeline/schema"
)

func TestParseTime(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"seconds", "2020-03-13T19:15:41Z", "2020-03-13T19:15:41Z"},
		{"milliseconds", "2020-03-13T19:15:41.619Z", "2020-03-13T19:15:41.619Z"},
		{"seven digits", "2020-03-13T19:15:41.6195833Z", "2020-03-13T19:15:41.6195833Z"},
		{"nine digits", "2020-03-13T19:15:41.123456789Z", "2020-03-13T19:15:41.123456789Z"},
		{"twelve digits", "2020-03-13T19:15:41.123456789999Z", "2020-03-13T19:15:41.123456789Z"},
		{"microseconds and offset", "2021-05-06T07:08:09.000001+00:00", "2021-05-06T07:08:09.000001Z"},
		{"negative offset", "2021-05-06T07:08:09.1234567-05:00", "2021-05-06T12:08:09.1234567Z"},
		{"no zone", "2021-05-06T07:08:09", "2021-05-06T07:08:09Z"},
		{"nine digits, no zone", "2021-05-06T07:08:09.123456789", "2021-05-06T07:08:09.123456789Z"},
		{"space for T", "2025-02-03 04:05:06.456", "2025-02-03T04:05:06.456Z"},
		{"unpadded hour", "2021-05-06T9:08:07.958Z", "2021-05-06T09:08:07.958Z"},
		{"stray bracket", "2021-05-06T09:08:07.9581Z)", "2021-05-06T09:08:07.9581Z"},
		{"unpadded zone", "2021-05-06T00:00:00-8:00", "2021-05-06T08:00:00Z"},
		{"zone without colon", "2021-05-06T00:00:00+0230", "2021-05-05T21:30:00Z"},
		{"zone of hours", "2021-05-06T00:00:00 -8", "2021-05-06T08:00:00Z"},
		{"US with comma", "4/28/2021, 2:08:45.221 PM", "2021-04-28T14:08:45.221Z"},
		{"US", "8/22/2022 6:11:52 PM", "2022-08-22T18:11:52Z"},
		{"US noon", "8/22/2022 12:11:52 pm", "2022-08-22T12:11:52Z"},
		{"US midnight", "8/22/2022 12:11:52 AM", "2022-08-22T00:11:52Z"},
		{"US narrow space", "8/22/2022, 6:11:52\u202fPM", "2022-08-22T18:11:52Z"},
		{"US 24 hours", "01/09/2007 19:41:00", "2007-01-09T19:41:00Z"},
		{"US with zone", "1/9/2007 10:41:00 AM +01:00", "2007-01-09T09:41:00Z"},
		{"US minutes", "1/9/2007 10:41 AM", "2007-01-09T10:41:00Z"},
		{"zone by name", "2007-01-09 10:41:00 UTC", "2007-01-09T10:41:00Z"},
		{"small letters", "2007-01-09t10:41:00z", "2007-01-09T10:41:00Z"},
		{"a day", "2007-01-09", "2007-01-09T00:00:00Z"},
		{"leap day", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
		{"first year", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
		{"last second", "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := schema.ParseTime([]byte(test.in))
			if err != nil {
				t.Fatal(err)
			}
			if text := got.Format(time.RFC3339Nano); text != test.want {
				t.Errorf("got %s, want %s", text, test.want)
			}
		})
	}
}

func TestParseTimeRefuses(t *testing.T) {
	for _, in := range []string{
		"", " ", "yesterday", "12345", "2021", "2021-05", "2021-13-01T00:00:00Z", "2021-02-29T00:00:00Z",
		"2021-05-06T24:00:00Z", "2021-05-06T00:60:00Z", "2021-05-06T00:00:60Z", "2021-05-06T00:00:00.Z",
		"2021-05-06T00", "2021-05-06T00:00:00Q", "2021-05-06T00:00:00Z and more", "28/4/2021 10:00:00",
		"4/28/21 10:00:00", "4/28/2021 13:00:00 PM", "4/28/2021 0:00:00 AM", "2021-05-06T00:00:00+99:00",
		"2021-05-06T00:00:00+", "99999999999999999999-01-01", "2021-05-06T00:00:00Z\x00",
	} {
		got, err := schema.ParseTime([]byte(in))
		if err == nil {
			t.Errorf("%q was read as %s", in, got)
		} else if len(in) > 4 && strings.Contains(err.Error(), in) {
			t.Errorf("the error repeats the value: %v", err)
		}
	}
}

func TestParseTimeAllocatesNothing(t *testing.T) {
	for _, in := range []string{
		"2020-03-13T19:15:41Z", "2020-03-13T19:15:41.6195833Z", "2020-03-13T19:15:41.123456789-05:00",
	} {
		text := []byte(in)
		if n := testing.AllocsPerRun(100, func() { _, _ = schema.ParseTime(text) }); n != 0 {
			t.Errorf("%s: %v allocations", in, n)
		}
	}
}

// TestParseTimeOfOthers reads a public collection of corner cases, whose
// expectations keep milliseconds only.
func TestParseTimeOfOthers(t *testing.T) {
	path := filepath.Join("..", "..", "..", "shared", "data", "records", "timeFormats.expected.jsonl")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("the collection of time forms is not beside the project: %v", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		var c struct {
			Time     string    `json:"time"`
			Expected time.Time `json:"expected_timestamp"`
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		got, err := schema.ParseTime([]byte(c.Time))
		if err != nil {
			t.Errorf("line %d: %v", n, err)
		} else if !got.Truncate(time.Millisecond).Equal(c.Expected) {
			t.Errorf("line %d: got %s, want %s", n, got, c.Expected)
		}
	}
}

// FuzzParseTime holds ParseTime to the standard library wherever that can read
// the text.
func FuzzParseTime(f *testing.F) {
	for _, s := range []string{
		"2020-03-13T19:15:41.6195833Z", "2021-05-06T00:00:00-08:00", "2021-05-06T9:59:27.958Z", "0000-02-29T00:00:00Z",
		"4/28/2021, 2:08:45.221 PM", "1/9/2007 10:41:00 AM +01:00", "2021-05-06T00:00:00-8:00)", "2006-01-02T15:04:05,5+24:60",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := schema.ParseTime(text)
		want, stdErr := time.Parse(time.RFC3339Nano, string(text))
		switch {
		case stdErr == nil && err != nil:
			t.Errorf("%q: %v, but the standard library reads %s", text, err, want)
		case stdErr == nil && !got.Equal(want):
			t.Errorf("%q: got %s, the standard library reads %s", text, got, want)
		case err == nil && got.Location() != time.UTC:
			t.Errorf("%q: not in UTC", text)
		}
	})
}

func BenchmarkParseTime(b *testing.B) {
	for _, s := range []string{"2020-03-13T19:15:41.6195833Z", "4/28/2021, 2:08:45.221 PM"} {
		b.Run(s, func(b *testing.B) {
			text := []byte(s)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := schema.ParseTime(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestPlausible(t *testing.T) {
	for text, want := range map[string]bool{
		"0001-01-01T00:00:00Z": false, "1969-12-31T23:59:59.999999999Z": false, "1970-01-01T00:00:00Z": true, "2026-11-01T08:00:00Z": true,
		"9998-12-31T23:59:59.999999999Z": true, "9999-01-01T00:00:00Z": false, "9999-12-31T23:59:59-12:00": false,
	} {
		at, err := schema.ParseTime([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := schema.Plausible(at); got != want {
			t.Errorf("%s: %t, want %t", text, got, want)
		}
	}
	if schema.Plausible(time.Time{}) {
		t.Error("the zero time is plausible")
	}
}
