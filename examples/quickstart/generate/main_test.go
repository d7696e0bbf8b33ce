package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func TestStoredFixtureIsWhatTheSeedGives(t *testing.T) {
	var want bytes.Buffer
	if err := encode(&want, newTenant(seed).signIns(count)); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../fixtures/sign_ins.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("fixtures/sign_ins.jsonl differs from what the generator writes; run: go generate ./examples/quickstart/generate")
	}
}

func TestFixtureShowsWhatItShould(t *testing.T) {
	var all []signIn
	var text bytes.Buffer
	if err := encode(&text, newTenant(seed).signIns(count)); err != nil {
		t.Fatal(err)
	}
	codes, dates, ids := map[int]int{}, map[string]int{}, map[string]bool{}
	for line := range bytes.Lines(text.Bytes()) {
		var r signIn
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		if len(line) < 1000 || len(line) > 4000 {
			t.Errorf("a record of %d bytes", len(line))
		}
		if len(r.AppliedPolicies) != len(policies()) {
			t.Errorf("%s lists %d policies", r.ID, len(r.AppliedPolicies))
		}
		if !strings.HasSuffix(r.UserPrincipalName, ".example") {
			t.Errorf("%s: a domain that could be real", r.ID)
		}
		codes[r.Status.ErrorCode]++
		dates[r.CreatedDateTime[:10]]++
		ids[r.ID] = true
		all = append(all, r)
	}
	if len(all) != count || len(ids) != count {
		t.Errorf("%d records with %d ids, want %d", len(all), len(ids), count)
	}
	if len(dates) != days {
		t.Errorf("records on %v, want %d days", dates, days)
	}
	if codes[0] < count/2 || len(codes) < 7 {
		t.Errorf("error codes %v: want mostly success and at least six ways to fail", codes)
	}
}
