package graphsim

import (
	"strconv"
	"time"
)

// Records are written by appending bytes: a map given to encoding/json would
// cost a hundred times as much. Member names stand in the source with the
// comma before them and the quotes around them, so that a reader sees the
// record as it leaves.

// member appends a name with its comma and a string that needs no escaping.
func member(b []byte, name, plain string) []byte {
	b = append(b, name...)
	b = append(b, '"')
	b = append(b, plain...)
	return append(b, '"')
}

// quote appends s as a JSON string. HTML characters and other scripts stay as
// they are, as the service writes them.
func quote[T string | []byte](b []byte, s T) []byte {
	b = append(b, '"')
	b = escape(b, s)
	return append(b, '"')
}

func escape[T string | []byte](b []byte, s T) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= 0x20:
			b = append(b, c)
		case c == '\n':
			b = append(b, '\\', 'n')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return b
}

// memberGUID appends a name and a GUID in quotes.
func memberGUID(b []byte, name string, g guid) []byte {
	b = append(b, name...)
	b = append(b, '"')
	b = g.append(b)
	return append(b, '"')
}

func memberInt(b []byte, name string, n int64) []byte {
	return strconv.AppendInt(append(b, name...), n, 10)
}

func memberBool(b []byte, name string, v bool) []byte {
	return strconv.AppendBool(append(b, name...), v)
}

// instant is a point in time as the service keeps it.
type instant struct {
	sec  int64 // of Unix time
	tick int32 // of 100 ns
}

const ticksPerSecond = 10_000_000

func instantOf(t time.Time) instant {
	return instant{t.Unix(), int32(t.Nanosecond() / 100)}
}

func (i instant) time() time.Time { return time.Unix(i.sec, int64(i.tick)*100).UTC() }

func (i instant) before(j instant) bool {
	return i.sec < j.sec || i.sec == j.sec && i.tick < j.tick
}

// plus returns i moved by whole seconds and a new place in the second.
func (i instant) plus(seconds int64, tick int32) instant {
	return instant{i.sec + seconds, tick}
}

// append writes i in quotes, with as many digits of the fraction as are not
// zero: none to seven.
func (i instant) append(b []byte) []byte {
	b = append(b, '"')
	b = i.appendBare(b)
	return append(b, '"')
}

func (i instant) appendBare(b []byte) []byte {
	b = time.Unix(i.sec, 0).UTC().AppendFormat(b, "2006-01-02T15:04:05")
	if i.tick != 0 {
		b = append(b, '.')
		for unit, rest := int32(ticksPerSecond/10), i.tick; rest > 0; unit /= 10 {
			b = append(b, '0'+byte(rest/unit))
			rest %= unit
		}
	}
	return append(b, 'Z')
}

func memberTime(b []byte, name string, i instant) []byte {
	return i.append(append(b, name...))
}
