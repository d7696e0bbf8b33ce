package expr

import (
	"math/big"

	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/zclconf/go-cty/cty"
)

// kind is what a value is. A missing field and null are both nothing.
type kind uint8

const (
	nothing kind = iota
	boolean
	number
	text
	list   // tuple, list or set
	object // object or map
)

func (k kind) String() string {
	return [...]string{"null", "a bool", "a number", "text", "a list", "an object"}[k]
}

// form is where the content of a value is.
type form uint8

const (
	inJSON  form = iota // in raw, as it stands in the record
	inPlace             // number: n × 10^exp; text: raw, decoded and NFC; list, object: more.elems
	inBig               // number: more.big
)

// value is one value while an expression runs. It fits in registers, so that
// nothing is allocated for the common kinds. What it points at lives until the
// machine turns to the next record.
type value struct {
	kind kind
	form form
	exp  int32  // number in place
	n    int64  // bool (0 or 1), number in place
	raw  []byte // text, or JSON
	more *extra
}

// extra is what does not fit in a value.
type extra struct {
	big   *big.Float
	elems []value
	keys  []string  // of an object, sorted, one for each of elems
	cty   cty.Value // what elems were made of, if a function made it: it knows list from tuple and set
}

var (
	null = value{}
	yes  = value{kind: boolean, n: 1}
	no   = value{kind: boolean}
)

func boolValue(b bool) value {
	if b {
		return yes
	}
	return no
}

// textValue holds s, which must be decoded NFC text that stays as it is.
func textValue(s []byte) value { return value{kind: text, form: inPlace, raw: s} }

func intValue(n int64) value { return smallValue(n, 0) }

// fromRecord is the value of a part of a record, unread.
func fromRecord(v record.Value) value {
	switch v.Kind() {
	case record.Bool:
		return boolValue(v.Bool())
	case record.Number:
		return value{kind: number, raw: v.Raw()}
	case record.String:
		return value{kind: text, raw: v.Raw()}
	case record.Array:
		return value{kind: list, raw: v.Raw()}
	case record.Object:
		return value{kind: object, raw: v.Raw()}
	default:
		return null
	}
}

// appendJSON writes v. What came from the record unchanged is written byte for
// byte.
func (m *Machine) appendJSON(dst []byte, v value) []byte {
	switch {
	case v.kind == nothing:
		return append(dst, "null"...)
	case v.kind == boolean && v.n != 0:
		return append(dst, "true"...)
	case v.kind == boolean:
		return append(dst, "false"...)
	case v.form == inJSON:
		return append(dst, v.raw...)
	case v.kind == text:
		return record.AppendString(dst, v.raw)
	case v.form == inBig && v.more.big.IsInf():
		m.fail("the result of a division by zero is no number that JSON can hold")
		return dst
	case v.kind == number:
		return m.appendNumber(dst, v)
	case v.kind == list:
		dst = append(dst, '[')
		for i, e := range v.more.elems {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst = m.appendJSON(dst, e); len(dst) > 4*maxBytes {
				m.fail("the result has more than %d MiB", 4*maxBytes>>20)
				return dst
			}
		}
		return append(dst, ']')
	default:
		dst = append(dst, '{')
		for i, e := range v.more.elems {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = record.AppendString(dst, []byte(v.more.keys[i]))
			dst = append(dst, ':')
			if dst = m.appendJSON(dst, e); len(dst) > 4*maxBytes {
				m.fail("the result has more than %d MiB", 4*maxBytes>>20)
				return dst
			}
		}
		return append(dst, '}')
	}
}
