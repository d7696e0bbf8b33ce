// Package schema says what a record of a log contains: its fields, their
// types, how personal each is, and which fields are its id and its time.
//
// A Schema is a value that flows through the graph at decode time as records
// flow through it at run time: a source has one, a transform turns the one it
// is given into the one it leaves, a sink is given the one that reaches it.
// Field checks with suggestions, typed columns and the personal-data flow all
// come from that one idea. A Schema is never changed once built; the methods
// that seem to change one return another.
//
// What is not known is part of the model: a nil *Type is "any JSON", an object
// with Open may hold members that are not listed. A schema describes, it never
// checks: a record with members that nobody lists passes untouched. Being
// closed means only that an expression that names such a member is wrong.
//
// Classes are inherited: a field that says None has the class of the nearest
// container around it that says something. What a reader of a field learns is
// the highest class of all that is in it, so that is what Lookup, Walk and
// Leaves answer; a class is never lowered by asking for the whole of a thing.
//
// The logs' own schemas are data in schema/logs. The package needs the
// standard library only.
package schema

import (
	"github.com/logpipe/logpipe/pipeline/record"
)

// Class says how personal a field is. Higher is more personal, so the class of
// what is computed from several fields is the highest of theirs.
type Class uint8

// The classes, by the letters that the documentation uses.
const (
	None     Class = iota // nothing about a person is expected
	Workload              // W: identifier of an application or service principal
	Given                 // T: name given by the customer (policy, group, device); may hold a person's name
	Quasi                 // Q: quasi-identifier (city, coordinates, ASN, operating system, browser, user agent)
	FreeText              // F: free text or a JSON container, may hold anything
	Online                // O: online or pseudonymous identifier (user, device and session ids, IP addresses)
	Direct                // D: direct identifier (name, UPN, mail address, phone)
)

// Kind is the JSON form of a field.
type Kind uint8

// The kinds. Any is a value whose form is not known; JSON is text that itself
// holds JSON.
const (
	Any Kind = iota
	String
	Bool
	Int    // a number without fraction
	Float  // any number
	Time   // text that holds an instant
	Enum   // text out of a set that may grow
	JSON   // text that holds JSON, or plain text where the service felt like it
	Object // named members
	List   // elements of one type
)

// Type is the type of one value. A nil *Type is Any.
type Type struct {
	Kind   Kind
	Fields []Field  // of an Object, in the order of the documentation
	Elem   *Type    // of a List
	Open   bool     // an Object that may hold members not listed
	Values []string // known values of an Enum
}

// Field is one member of an object.
type Field struct {
	Name     string
	Type     *Type
	Class    Class // for an Object or a List: the class of members that say nothing themselves
	Set      bool  // a List whose order means nothing
	Volatile bool  // may differ between two reads of one record without meaning
	Doc      string
}

// Schema is what a record of one log contains.
type Schema struct {
	Log     string // catalogue name, "" if unknown
	Record  *Type  // an Object
	ID      record.Path
	Time    record.Path
	Unknown Class // class of fields that no schema knows
}
