package graphsim

import (
	"bytes"
	"iter"
	"time"

	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

// Diagnostic returns the records of Truth as diagnostic settings would have
// sent them to storage or an event hub: one envelope for each, with the record
// under properties. Logs without a diagnostic category give none. Properties
// are as in beta of the API where diagnostic settings have it so too.
func (t *Tenant) Diagnostic(log, stream string, start, end, at time.Time) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		l, _ := logs.Get(log)
		parts := l.Parts
		if len(parts) == 0 {
			parts = []logs.Stream{{Category: l.Category}}
		}
		var b []byte
		for _, part := range parts {
			if part.Category == "" || stream != "" && part.Name != stream {
				continue
			}
			for raw := range t.Truth(log, part.Name, start, end, at) {
				b = t.envelope(b[:0], &l, part.Category, raw)
				if !yield(b) {
					return
				}
			}
		}
	}
}

// envelope appends the envelope of a record.
func (t *Tenant) envelope(b []byte, l *logs.Log, category string, raw []byte) []byte {
	v := record.ValueOf(raw)
	at := func(path ...string) record.Value { return at(v, path) }
	when, _ := at(l.Time).Text()
	b = append(b, `{"time":`...)
	if parsed, err := schema.ParseTime(when); err == nil && category == "UserRiskEvents" {
		b = append(parsed.AppendFormat(append(b, '"'), "1/2/2006 3:04:05 PM"), '"') // as this category does it
	} else {
		b = quote(b, when)
	}
	b = append(append(b, `,"resourceId":"/tenants/`...), t.id.String()...)
	b = append(b, `/providers/Microsoft.aadiam","operationName":`...)
	b = appendOr(b, at("activityDisplayName"), operationNames[l.Name])
	b = append(b, `,"operationVersion":"1.0"`...)
	b = member(b, `,"category":`, category)
	b = memberGUID(b, `,"tenantId":`, t.id)
	code := at("status", "errorCode")
	if code.IsNull() {
		b = append(b, `,"resultType":""`...)
	} else {
		b = append(append(append(b, `,"resultType":"`...), code.Raw()...), '"')
	}
	b = append(b, `,"resultSignature":"None"`...)
	if why := at("status", "failureReason"); !why.IsNull() {
		b = append(append(b, `,"resultDescription":`...), why.Raw()...)
	}
	b = append(b, `,"durationMs":0,"callerIpAddress":`...)
	ip := at("ipAddress")
	if ip.IsNull() {
		ip = at("initiatedBy", "user", "ipAddress")
	}
	b = appendOr(b, ip, "<null>")
	b = append(b, `,"correlationId":`...)
	b = appendOr(b, at("correlationId"), "")
	b = append(b, `,"identity":`...)
	b = appendOr(b, at("userDisplayName"), "")
	b = memberInt(b, `,"Level":`, 4)
	b = append(b, `,"location":`...)
	b = appendOr(b, at("location", "countryOrRegion"), "")
	b = append(append(b, `,"properties":`...), zoned(raw)...)
	return append(b, '}')
}

// appendOr appends a value, or text if it is null.
func appendOr(b []byte, v record.Value, text string) []byte {
	if v.IsNull() {
		return quote(b, text)
	}
	return append(b, v.Raw()...)
}

// operationNames are what envelopes say of logs whose records do not.
var operationNames = map[string]string{
	"sign_ins": "Sign-in activity", "provisioning": "Provisioning activity", "risk_detections": "User Risk Detection",
	"risky_users": "Risky user", "service_principal_risk_detections": "Service Principal Risk Detection", "risky_service_principals": "Risky service principal",
}

// zoned writes the zone of the record's first time as diagnostic settings do.
func zoned(raw []byte) []byte {
	i := bytes.Index(raw, []byte(`DateTime":"`))
	if i < 0 {
		return raw
	}
	i += len(`DateTime":"`)
	end := bytes.IndexByte(raw[i:], '"')
	if end < 1 || raw[i+end-1] != 'Z' {
		return raw
	}
	out := append([]byte(nil), raw[:i+end-1]...)
	return append(append(out, "+00:00"...), raw[i+end:]...)
}
