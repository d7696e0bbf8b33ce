package format_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/pipeline/format"
	"github.com/logpipe/logpipe/pipeline/record"
)

// portalCell is a cell of a portal file that is not empty. Of names that stand
// twice both are kept.
type portalCell struct{ Name, Text string }

// writePortal writes records with the portal's columns, and returns the header
// line as it is and the cells of each row.
func writePortal(t *testing.T, log string, workloads bool, lines ...string) (string, [][]portalCell) {
	t.Helper()
	var l record.Layout
	cols, ok := format.Portal(&l, log, workloads)
	if !ok {
		t.Fatalf("no columns for %s", log)
	}
	b := record.NewBatch(l.Compile())
	for _, line := range lines {
		b.Append([]byte(line), 0)
	}
	b.Scan()
	e, err := format.NewEncoding(format.Options{Format: format.CSV, Columns: cols})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := e.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, r := range b.Rejects() {
		t.Logf("rejected: %v", r.Err)
	}
	header, _, _ := strings.Cut(out.String(), "\r\n")
	rd := format.NewCSVReader(&out)
	var names []string
	var rows [][]portalCell
	for {
		cells, err := rd.Read()
		if err == io.EOF {
			return header, rows
		}
		if err != nil {
			t.Fatal(err)
		}
		if names == nil {
			for _, c := range cells {
				names = append(names, c.Text)
			}
			continue
		}
		if len(cells) != len(names) {
			t.Fatalf("%d cells under %d names", len(cells), len(names))
		}
		var row []portalCell
		for i, c := range cells {
			if !c.Null {
				row = append(row, portalCell{names[i], c.Text})
			}
		}
		rows = append(rows, row)
	}
}

// The names are the interface here, down to the spaces.
func TestPortalHeader(t *testing.T) {
	for name, c := range map[string]struct {
		log       string
		workloads bool
		begins    string
		has       []string
		columns   int
	}{
		"users": {"sign_ins", false, "Date (UTC),Request ID,User agent,Correlation ID,User ID,User,Username,User type,",
			[]string{`,"Application ID ",`, `,"Resource ID ",`, ",Autonomous system  number,", ",Incoming token type,Authentication Protocol,",
				",Token issuer type,Incoming token type,Token issuer name,", ",Token Protection - Sign In Session StatusCode,"}, 57},
		"service principals": {"sign_ins", true, "Date (UTC),Request ID,Correlation ID,Service principal ID,Service principal name,",
			[]string{",Conditional Access"}, 22},
		"audits": {"directory_audits", false, "Date (UTC),CorrelationId,Service,Category,Activity,Result,ResultReason,User Agent,ActorType,",
			[]string{",Target1Type,Target1DisplayName,Target1ObjectId,Target1UserPrincipalName,Target1ModifiedProperty1Name,Target1ModifiedProperty1OldValue,Target1ModifiedProperty1NewValue,",
				",Target3ModifiedProperty5NewValue,AdditionalDetail1Key,AdditionalDetail1Value,"}, 17 + 3*19 + 16},
	} {
		t.Run(name, func(t *testing.T) {
			header, _ := writePortal(t, c.log, c.workloads)
			if !strings.HasPrefix(header, c.begins) {
				t.Errorf("header = %s", header)
			}
			for _, part := range c.has {
				if !strings.Contains(header, part) {
					t.Errorf("header lacks %q: %s", part, header)
				}
			}
			if n := strings.Count(header, ",") + 1; n != c.columns {
				t.Errorf("%d columns, want %d", n, c.columns)
			}
		})
	}
}

func TestPortalValues(t *testing.T) {
	for name, c := range map[string]struct {
		log       string
		workloads bool
		record    string
		want      []portalCell
	}{
		"nothing": {"sign_ins", false, `{}`, nil},
		"user": {"sign_ins", false,
			`{"id":"1","createdDateTime":"2026-11-01T08:00:00Z","incomingTokenType":"none","appId":"a","status":{"errorCode":50126,"failureReason":"=no"},
			  "location":{"city":"K\u00f6ln","state":"","countryOrRegion":"DE"},"deviceDetail":{"isCompliant":false},"mfaDetail":null}`,
			[]portalCell{{"Date (UTC)", "2026-11-01T08:00:00Z"}, {"Request ID", "1"}, {"Incoming token type", "none"}, {"Application ID ", "a"},
				{"Location", "Köln, DE"}, {"Status", "Failure"}, {"Sign-in error code", "50126"}, {"Failure reason", "=no"}, {"Compliant", "false"}, {"Incoming token type", "none"}}},
		"formula in a place": {"sign_ins", true, `{"location":{"city":"=1","countryOrRegion":"DE"},"status":{"errorCode":0}}`,
			[]portalCell{{"Location", "=1, DE"}, {"Status", "Success"}, {"Sign-in error code", "0"}}},
		"service principal": {"sign_ins", true, `{"servicePrincipalName":"sync","servicePrincipalCredentialKeyId":"k","userPrincipalName":"nobody"}`,
			[]portalCell{{"Service principal name", "sync"}, {"Credential key ID", "k"}}},
		"audit by a user": {"directory_audits", false,
			`{"initiatedBy":{"user":{"id":"u","displayName":"Ann"},"app":null},"targetResources":[{"Type":"User","id":"t","modifiedProperties":[{"displayName":"City","oldValue":"[]","newValue":"[\"Bonn\"]"}]},{"type":"Group","displayName":"g"}],"additionalDetails":[{"key":"User-Agent","value":"x"}]}`,
			[]portalCell{{"ActorType", "User"}, {"ActorDisplayName", "Ann"}, {"ActorObjectId", "u"}, {"Target1Type", "User"}, {"Target1ObjectId", "t"},
				{"Target1ModifiedProperty1Name", "City"}, {"Target1ModifiedProperty1OldValue", "[]"}, {"Target1ModifiedProperty1NewValue", `["Bonn"]`},
				{"Target2Type", "Group"}, {"Target2DisplayName", "g"}, {"AdditionalDetail1Key", "User-Agent"}, {"AdditionalDetail1Value", "x"}}},
		"audit by an application": {"directory_audits", false, `{"initiatedBy":{"user":null,"app":{"displayName":"Sync","servicePrincipalId":"s"}}}`,
			[]portalCell{{"ActorType", "Application"}, {"ActorDisplayName", "Sync"}, {"ActorServicePrincipalId", "s"}}},
		"more than has columns": {"directory_audits", false,
			`{"targetResources":[{},{},{"modifiedProperties":[1,{},{},{},{"displayName":"fifth"},{"displayName":"sixth"}]},{"type":"fourth"}],"additionalDetails":"none"}`,
			[]portalCell{{"Target3ModifiedProperty5Name", "fifth"}}},
		"other forms": {"directory_audits", false, `{"initiatedBy":"x","targetResources":{"type":"User"},"additionalDetails":[[],null]}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, rows := writePortal(t, c.log, c.workloads, strings.Join(strings.Fields(c.record), " "))
			if len(rows) != 1 {
				t.Fatalf("%d rows", len(rows))
			}
			if diff := cmp.Diff(c.want, rows[0]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A broken text is rejected wherever the cell comes from.
func TestPortalRejects(t *testing.T) {
	for name, c := range map[string]struct{ log, record string }{
		"plain":    {"sign_ins", `{"userAgent":"\ud800"}`},
		"place":    {"sign_ins", `{"location":{"city":"\ud800"}}`},
		"either":   {"directory_audits", `{"initiatedBy":{"user":{"displayName":"\ud800"}}}`},
		"target":   {"directory_audits", `{"targetResources":[{"displayName":"\ud800"}]}`},
		"property": {"directory_audits", `{"targetResources":[{"modifiedProperties":[{"newValue":"\ud800"}]}]}`},
		"detail":   {"directory_audits", `{"additionalDetails":[{"value":"\ud800"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, rows := writePortal(t, c.log, false, c.record, `{}`); len(rows) != 1 || len(rows[0]) != 0 {
				t.Errorf("rows = %v", rows)
			}
		})
	}
}

func TestPortalKnowsTwoLogs(t *testing.T) {
	for _, c := range []struct {
		log       string
		workloads bool
	}{{"", false}, {"risky_users", false}, {"directory_audits", true}} {
		if _, ok := format.Portal(new(record.Layout), c.log, c.workloads); ok {
			t.Errorf("columns for %+v", c)
		}
	}
}

// A row of sign-ins costs no allocation. One of audits does: it looks into
// lists.
func TestPortalRowsOfSignInsAllocateNothing(t *testing.T) {
	var l record.Layout
	cols, _ := format.Portal(&l, "sign_ins", false)
	e, err := format.NewEncoding(format.Options{Format: format.CSV, Columns: cols})
	if err != nil {
		t.Fatal(err)
	}
	b := record.NewBatch(l.Compile())
	for range 100 {
		b.Append([]byte(`{"id":"1","location":{"city":"Köln","countryOrRegion":"DE"},"status":{"errorCode":0,"failureReason":"\u00e4"}}`), 0)
	}
	b.Scan()
	w, err := e.NewWriter(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(20, func() {
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}); n >= 1 {
		t.Errorf("%v allocations for 100 rows", n)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
