// Package logs knows the logs of Microsoft Entra ID: what their records
// contain in each form they come in, how they are asked for, and what that
// takes.
//
// All of it is data, one text file per log under data/, written to be reviewed
// line by line in a diff. A file begins with keys, one a line; a key may be
// repeated. Then come sections of indented lines:
//
//	record         the fields of a record as Graph serves it
//	diagnostic     what such a record has besides, or in another form, under
//	               properties of the envelope of diagnostic settings
//	log_analytics  the columns of the log's tables
//
// A field is one line: name, type, class letter (see schema.Class), flags, and
// behind # what it means. Types are string, bool, int, float, time, json, any,
// object (its members follow, indented deeper), bag (an object whose members
// nobody lists), [type] for a list, and the names that type and enum lines
// give, in the file itself or in data/shared.txt. Flags are set (the order of
// a list means nothing), volatile and open (members besides those listed).
//
// A column without a class is the record's field of that name in any case, or
// the one behind =: it has that field's class and, as far as the table's own
// type allows, its form. Microsoft may add members and enum values at any
// time; records that have them pass untouched, since no schema ever checks a
// record. Objects are closed all the same, so that a misspelt field in a
// pipeline is found, unless the service documents them as open.
//
// A file is read when its log is asked for, and only then.
package logs

import (
	"embed"
	"slices"
	"sync"

	"github.com/logpipe/logpipe/pipeline/schema"
)

// Shape is the form in which records of a log come.
type Shape string

// The shapes: a record of the Graph API; a line of diagnostic settings in
// storage or an event hub, which holds such a record under properties; a row
// of a Log Analytics table.
const (
	Graph        Shape = "graph"
	Diagnostic   Shape = "diagnostic"
	LogAnalytics Shape = "log_analytics"
)

//go:embed data/*.txt
var data embed.FS

// Names returns the names of all logs, in the order of the documentation.
func Names() []string {
	return []string{
		"sign_ins",
		"directory_audits",
		"provisioning",
		"custom_security_attribute_audits",
		"risk_detections",
		"risky_users",
		"risky_user_history",
		"service_principal_risk_detections",
		"risky_service_principals",
		"application_sign_in_summary",
		"application_sign_in_detailed_summary",
		"service_principal_sign_in_activity",
		"app_credential_sign_in_activity",
		"user_registration_details",
		"microsoft_graph_activity",
	}
}

// Lookup returns the schema of a log's records in one shape. It is false if
// there is no such log or it never comes in that shape. It is made when
// first asked for and shared from then on: schemas never change.
func Lookup(name string, shape Shape) (*schema.Schema, bool) {
	made, ok := schemas[variant{name, shape}]
	if !ok {
		return nil, false
	}
	s := made()
	return s, s != nil
}

type variant struct {
	log   string
	shape Shape
}

// schemas are constants that are made when first asked for: fifty sources of
// one log cost one reading of its file.
var schemas = func() map[variant]func() *schema.Schema {
	all := map[variant]func() *schema.Schema{}
	for _, log := range Names() {
		for _, shape := range []Shape{Graph, Diagnostic, LogAnalytics} {
			all[variant{log, shape}] = sync.OnceValue(func() *schema.Schema { return parse(log, shape) })
		}
	}
	return all
}()

func parse(log string, shape Shape) *schema.Schema {
	f, err := open(log)
	if err != nil {
		return nil
	}
	s, err := f.schema(shape)
	if err != nil {
		return nil
	}
	return s
}

// Get returns what is known of a log besides its fields.
func Get(name string) (Log, bool) {
	h, err := openHeader(name)
	return h.log, err == nil
}

// ByCategory returns the log whose records a diagnostic category carries.
// Categories are compared without regard to case, as containers and hubs are
// named in lower case.
func ByCategory(category string) (name string, ok bool) {
	for _, name := range Names() {
		l, _ := Get(name)
		if slices.ContainsFunc(l.Categories, func(c Category) bool { return c.is(category) }) {
			return name, true
		}
	}
	return "", false
}
