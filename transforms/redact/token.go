package redact

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// The walk's way over JSON. Records were checked when they were read; what
// stands in texts was not, so nothing here reads past the end and anything but
// values, commas and colons in their places is refused by the walk.

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func skipSpace(p []byte, i int) int {
	for i < len(p) && isSpace(p[i]) {
		i++
	}
	return i
}

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// zeroBytes sets the high bit of bytes of x that are zero; above the first of
// them it may err.
func zeroBytes(x uint64) uint64 { return (x - lowBits) &^ x & highBits }

// stringEnd returns one past the closing quote of the string at raw[i], -1 if
// there is none.
func stringEnd(raw []byte, i int) int {
	if i >= len(raw) || raw[i] != '"' {
		return -1
	}
	for i++; i+8 <= len(raw); {
		x := binary.LittleEndian.Uint64(raw[i:])
		m := zeroBytes(x^lowBits*'"') | zeroBytes(x^lowBits*'\\')
		if m == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(m) >> 3
		if raw[i] == '"' {
			return i + 1
		}
		i += 2
	}
	for ; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return -1
}

// scalarEnd returns the end of the string, number or literal at raw[i], -1 if
// there is none.
func scalarEnd(raw []byte, i int) int {
	switch c := raw[i]; {
	case c == '"':
		return stringEnd(raw, i)
	case c == '-' || c-'0' < 10:
		return numberEnd(raw, i)
	case bytes.HasPrefix(raw[i:], []byte("true")), bytes.HasPrefix(raw[i:], []byte("null")):
		return i + 4
	case bytes.HasPrefix(raw[i:], []byte("false")):
		return i + 5
	}
	return -1
}

// numberEnd returns the end of the number at raw[i], -1 if it is none: 192.0.2.7
// is not.
func numberEnd(raw []byte, i int) int {
	digits := func() bool {
		start := i
		for i < len(raw) && raw[i]-'0' < 10 {
			i++
		}
		return i > start
	}
	if raw[i] == '-' {
		i++
	}
	zero := i < len(raw) && raw[i] == '0'
	if start := i; !digits() || zero && i-start > 1 {
		return -1
	}
	if i < len(raw) && raw[i] == '.' {
		if i++; !digits() {
			return -1
		}
	}
	if i < len(raw) && raw[i]|0x20 == 'e' {
		if i++; i < len(raw) && (raw[i] == '+' || raw[i] == '-') {
			i++
		}
		if !digits() {
			return -1
		}
	}
	return i
}

// valueEnd returns the end of the value at raw[i], -1 if there is none. What is
// in an object or list is stepped over, not checked.
func valueEnd(raw []byte, i int) int {
	if raw[i] != '{' && raw[i] != '[' {
		return scalarEnd(raw, i)
	}
	depth := 0
	for i < len(raw) {
		switch raw[i] {
		case '"':
			if i = stringEnd(raw, i); i < 0 {
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
