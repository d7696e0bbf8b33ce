package redact_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/logpipe/logpipe/pipeline"
	"github.com/logpipe/logpipe/pipeline/record"
)

// FuzzNoClearValueAppears puts an address in a field that must go, and any text
// around it in others: it must not be found in what leaves, in any form.
func FuzzNoClearValueAppears(f *testing.F) {
	tr, l := open(f, signIns(f), key)
	f.Add("adele.vance", "user ", " failed", 0)
	f.Add("josé", `{"a":"`, `"}`, 1)
	f.Add("u_1", `%2f`, `%`, 2)
	f.Add("王", `\n`, `\u`, 3)
	f.Add("a'b", `[`, `]`, 4)
	f.Fuzz(func(t *testing.T, local, before, after string, form int) {
		if !utf8.ValidString(local) || !utf8.ValidString(before) || !utf8.ValidString(after) || strings.ContainsAny(local, "@ \\\"<>%#/") || len(local) < 3 {
			return
		}
		upn := local + "@contoso.com"
		// What touches the value must not be part of a longer one.
		if token("x"+foldLower(before)+"x", foldLower(upn)) || !token(foldLower(before+upn+after), foldLower(upn)) {
			return
		}
		if escaped(after, true) || escaped(before, false) {
			return // of a letter that makes the value longer
		}
		value := upn
		switch form & 3 {
		case 1:
			value = strings.Trim(quote(upn), `"`)
		case 2:
			value = percent(upn)
		case 3:
			value = strings.ToUpper(upn)
		}
		text := before + value + after
		in := `{"userPrincipalName":` + quote(upn) + `,"appDisplayName":` + quote(text) + `,"x":{` + quote(text) + `:[` + quote(text) + `]}}`
		out := run(t, tr, l, in)[0]
		if strings.HasPrefix(out, "rejected") {
			return // closed
		}
		if !json.Valid([]byte(out)) {
			t.Fatalf("%s leaves broken: %s", in, out)
		}
		if token(foldLower(out), foldLower(upn)) || token(foldLower(out), percent(upn)) {
			t.Errorf("%q appears: %s\nof %s", upn, out, in)
		}
	})
}

// escaped reports whether s begins or ends with an escape.
func escaped(s string, begins bool) bool {
	if begins {
		return strings.HasPrefix(s, "%") && len(s) > 2 || strings.HasPrefix(s, `\`)
	}
	return len(s) > 2 && s[len(s)-3] == '%' || strings.Contains(s[max(0, len(s)-12):], `\`)
}

// FuzzWays: what is edited in place is what the walk makes of it.
func FuzzWays(f *testing.F) {
	rules := `
rule "mask" { fields = ["userPrincipalName", "location.city", "targetResources[].displayName"] }
rule "drop" { fields = ["location.geoCoordinates", "ids[]", "deviceDetail.displayName"] }
rule "pseudonym" { fields = ["userId"] }
rule "truncate_ip" { fields = ["ipAddress"] }
`
	quick, lq := open(f, nil, keepAll+key+"sweep = false\n"+rules)
	// A scan of nothing is a walk that sweeps nothing.
	slow, ls := open(f, nil, "default = \"keep\"\nunknown = \"scan\"\nscan { types = [] }\nsweep = false\n"+key+rules)
	for _, s := range []string{
		`{"userPrincipalName":"a","location":{"city":"b","geoCoordinates":{"x":1}},"ids":[1,2],"targetResources":[{"displayName":"c"},{}]}`,
		`{"LOCATION":[{"City":"x"}],"location":"{\"city\":\"y\"}","ids":3,"ipAddress":"10.0.0.1"}`,
		`{"targetResources":{"displayName":["c",["d"]]},"userid":"e","userId":null}`,
		`{"ids":[[1],[],{"a":2}],"location":{"city":{"a":1}}}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if !json.Valid([]byte(in)) || !strings.HasPrefix(in, "{") || !utf8.ValidString(in) || strings.Contains(in, `\`) {
			return // a text that cannot be decoded is refused by the scan
		}
		a, b := run(t, quick, lq, in)[0], run(t, slow, ls, in)[0]
		if a != b {
			t.Errorf("%s\nin place %s\nwalked   %s", in, a, b)
		}
	})
}

func TestAllocatesNothing(t *testing.T) {
	records, _, _ := manySignIns(32)
	for name, body := range map[string]string{"in place": six, "by class": key} {
		t.Run(name, func(t *testing.T) {
			tr, l := open(t, signIns(t), body)
			st := tr.Open(pipeline.Slice{})
			b := record.NewBatch(l.Compile())
			round := func() {
				b.Reset("")
				for i, r := range records {
					b.Append([]byte(r), int64(i))
				}
				b.Scan()
				if err := st.Apply(t.Context(), b); err != nil {
					t.Fatal(err)
				}
				for i := range records {
					b.Bytes(i)
				}
			}
			for range 3 {
				round()
			}
			// What the cache has lost and takes again may cost a library's few.
			if n := testing.AllocsPerRun(20, round) / float64(len(records)); n > 0.2 {
				t.Errorf("%v allocations a record", n)
			}
		})
	}
}
