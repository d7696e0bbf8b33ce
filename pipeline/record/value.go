package record

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Value is a JSON value in place. The zero Value is a missing field.
type Value struct{ raw []byte }

// ValueOf returns the value that raw holds: one JSON value without space
// around it. raw is kept, not copied.
func ValueOf(raw []byte) Value { return Value{raw} }

// Kind is the type of a Value.
type Kind uint8

// The kinds of value.
const (
	Missing Kind = iota
	Null
	Bool
	Number
	String
	Object
	Array
)

func (k Kind) String() string {
	names := [...]string{"missing", "null", "bool", "number", "string", "object", "array"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Kind returns the type of v, told by its first byte.
func (v Value) Kind() Kind {
	if len(v.raw) == 0 {
		return Missing
	}
	switch v.raw[0] {
	case '"':
		return String
	case '{':
		return Object
	case '[':
		return Array
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	}
	return Number
}

// Raw returns the bytes of v as they stand in the record, nil if missing.
func (v Value) Raw() []byte { return v.raw }

// IsNull reports whether v is null or missing.
func (v Value) IsNull() bool { return len(v.raw) == 0 || v.raw[0] == 'n' }

// Bool reports whether v is true.
func (v Value) Bool() bool { return len(v.raw) > 0 && v.raw[0] == 't' }

// Text returns the contents of a string in place. It returns false if v is no
// string, or if only AppendText can tell: it has escapes or is not UTF-8.
func (v Value) Text() ([]byte, bool) {
	if len(v.raw) < 2 || v.raw[0] != '"' {
		return nil, false
	}
	s := v.raw[1 : len(v.raw)-1]
	if len(s) <= 32 {
		// Short strings, nearly all of them plain: one pass, no calls.
		for _, c := range s {
			if c == '\\' || c >= utf8.RuneSelf {
				return s, c != '\\' && !hasEscape(s) && utf8.Valid(s)
			}
		}
		return s, true
	}
	return s, !hasEscape(s) && utf8.Valid(s)
}

// AppendText appends the decoded contents of a string. It returns an error if
// v is no string, has a broken escape (a lone surrogate included) or is not
// UTF-8.
func (v Value) AppendText(dst []byte) ([]byte, error) {
	if len(v.raw) < 2 || v.raw[0] != '"' {
		return dst, fmt.Errorf("expected a string, found %s", v.Kind())
	}
	return appendUnescaped(dst, v.raw[1:len(v.raw)-1])
}

// Each calls fn for the members of an object, keys decoded, or the elements of
// an array, keys nil, in order, until fn returns false. A key that cannot be
// decoded is given as it stands. The key is good until fn returns.
func (v Value) Each(fn func(key []byte, v Value) bool) {
	var scratch []byte
	_ = eachChild(v.raw, func(c child) bool {
		key := c.key
		if hasEscape(key) {
			if k, err := appendUnescaped(scratch[:0], key); err == nil {
				scratch, key = k, k
			}
		}
		return fn(key, Value{v.raw[c.value.Start:c.value.End]})
	})
}

// child is a member or element of a value; spans count from the value's start.
type child struct {
	key   []byte // raw, without quotes; nil in an array
	start int    // of the member: its key's quote
	value Span
}

var errShape = errors.New("not an object or array as a scan leaves it")

// eachChild walks over the members or elements of raw, which a scan has found
// whole; on other bytes it stops with an error and never reads outside.
func eachChild(raw []byte, fn func(child) bool) error {
	if len(raw) < 2 || raw[0] != '{' && raw[0] != '[' {
		return errShape
	}
	object := raw[0] == '{'
	i := skipSpace(raw, 1)
	if i < len(raw) && raw[i] == raw[0]+2 {
		return nil
	}
	for {
		var c child
		c.start = i
		if object {
			end := quoteEnd(raw, i)
			if end < 0 {
				return errShape
			}
			c.key = raw[i+1 : end-1 : end-1]
			if i = skipSpace(raw, end); i >= len(raw) || raw[i] != ':' {
				return errShape
			}
			i = skipSpace(raw, i+1)
		}
		end := valueEnd(raw, i)
		if end < 0 {
			return errShape
		}
		c.value = Span{int32(i), int32(end)}
		if !fn(c) {
			return nil
		}
		if i = skipSpace(raw, end); i >= len(raw) {
			return errShape
		}
		switch raw[i] {
		case raw[0] + 2:
			return nil
		case ',':
			i = skipSpace(raw, i+1)
		default:
			return errShape
		}
	}
}

// valueEnd returns the end of the value at raw[i], -1 if there is none.
func valueEnd(raw []byte, i int) int {
	if i >= len(raw) {
		return -1
	}
	switch raw[i] {
	case '"':
		return quoteEnd(raw, i)
	case '{', '[':
		depth := 0
		for i < len(raw) {
			switch raw[i] {
			case '"':
				if i = quoteEnd(raw, i); i < 0 {
					return -1
				}
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
		return -1
	}
	start := i
	for i < len(raw) && raw[i] != ',' && raw[i] != '}' && raw[i] != ']' && !isSpace(raw[i]) {
		i++
	}
	if i == start {
		return -1
	}
	return i
}

// quoteEnd returns one past the closing quote of the string at raw[i], -1 if
// there is none.
func quoteEnd(raw []byte, i int) int {
	if i >= len(raw) || raw[i] != '"' {
		return -1
	}
	for i++; ; {
		n := bytes.IndexByte(raw[i:], '"')
		if n < 0 {
			return -1
		}
		i += n + 1
		// A quote behind an odd number of backslashes is part of the string. They
		// cannot reach back before its opening quote.
		odd := false
		for j := i - 2; raw[j] == '\\'; j-- {
			odd = !odd
		}
		if !odd {
			return i
		}
	}
}
