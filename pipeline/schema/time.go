package schema

import (
	"bytes"
	"fmt"
	"time"
)

// ParseTime reads an instant as the logs write it, and returns it in UTC.
//
// Graph writes RFC 3339 with up to nine digits of fraction; that form allocates
// nothing. The same services also write, in diagnostic settings and in older
// records, all of which is read too:
//
//	2025-01-15 14:20:35.456        a space for T, no zone (then it is UTC)
//	2021-03-01T9:59:27.958Z        hours, days and months of one digit
//	2021-03-01T00:00:00-8:00       and so in a zone, with or without a colon
//	2022-03-01T00:00:00Z)          a stray bracket at the end
//	4/28/2021, 2:08:45.221 PM      US text: month first, 12 or 24 hours, a zone or none
//	2021-03-01                     a day alone is its midnight
//
// Digits of a fraction after the ninth are cut off. A text whose month cannot
// be one is refused, not read day first. The error says where, never what.
func ParseTime(text []byte) (time.Time, error) {
	if t, ok := parseRFC3339(text); ok {
		return t, nil
	}
	c := clock{text: text}
	t, ok := c.parse()
	if !ok {
		return time.Time{}, fmt.Errorf("time of %d bytes: %s at byte %d", len(text), c.wrong, c.pos)
	}
	return t, nil
}

// Plausible reports whether t, as ParseTime read it, lies in the years 1970 to
// 9998. Other times are a program's words for none and for ever, such as
// 0001-01-01 and 9999-12-31; nothing may be ordered or kept by them.
func Plausible(t time.Time) bool {
	const from9999 = 253370764800 // 9999-01-01T00:00:00Z
	return t.Unix() >= 0 && t.Unix() < from9999
}

// parseRFC3339 reads 2006-01-02T15:04:05[.999999999](Z|±07:00), the form that
// nearly every record has.
func parseRFC3339(s []byte) (time.Time, bool) {
	if len(s) < len("2006-01-02T15:04:05Z") ||
		s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	century, a := two(s[0], s[1])
	year, b := two(s[2], s[3])
	month, c := two(s[5], s[6])
	day, d := two(s[8], s[9])
	hour, e := two(s[11], s[12])
	minute, f := two(s[14], s[15])
	second, g := two(s[17], s[18])
	if !(a && b && c && d && e && f && g) {
		return time.Time{}, false
	}
	nanos, rest := 0, s[19:]
	if rest[0] == '.' {
		n := 1
		for n < len(rest) && rest[n]-'0' <= 9 {
			n++
		}
		if n == 1 || n > 10 {
			return time.Time{}, false
		}
		nanos, rest = fraction(rest[1:n]), rest[n:]
	}
	offset := 0
	switch {
	case len(rest) == 1 && rest[0] == 'Z':
	case len(rest) == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':':
		h, okHour := two(rest[1], rest[2])
		m, okMinute := two(rest[4], rest[5])
		if !okHour || !okMinute || h > 24 || m > 60 {
			return time.Time{}, false
		}
		offset = h*3600 + m*60
		if rest[0] == '-' {
			offset = -offset
		}
	default:
		return time.Time{}, false
	}
	return instant(century*100+year, month, day, hour, minute, second, nanos, offset)
}

// two returns the number of two digits.
func two(a, b byte) (int, bool) {
	a, b = a-'0', b-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

// fraction returns the nanoseconds of up to nine digits.
func fraction(digits []byte) int {
	n := 0
	for _, d := range digits {
		n = n*10 + int(d-'0')
	}
	for range 9 - len(digits) {
		n *= 10
	}
	return n
}

// instant is false for what no calendar or clock shows; offset is in seconds
// east of UTC.
func instant(year, month, day, hour, minute, second, nanos, offset int) (time.Time, bool) {
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	sec := daysSinceEpoch(year, month, day)*86400 + int64(hour*3600+minute*60+second-offset)
	return time.Unix(sec, int64(nanos)).UTC(), true
}

func daysIn(year, month int) int {
	switch {
	case month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0):
		return 29
	case month == 2:
		return 28
	case month == 4 || month == 6 || month == 9 || month == 11:
		return 30
	default:
		return 31
	}
}

// daysSinceEpoch counts the days from 1970-01-01 in the proleptic Gregorian
// calendar, for years from 0. Years begin in March, so that the leap day is
// the last of its year and needs no case.
func daysSinceEpoch(year, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	year += 400 // of which every rule repeats, so that year 0 counts from a positive one
	days := 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 1
	return int64(days) - 719468 - 146097
}

// clock reads the forms that are not RFC 3339, from left to right.
type clock struct {
	text  []byte
	pos   int
	wrong string // why parse is false
}

func (c *clock) parse() (time.Time, bool) {
	c.spaces()
	year, month, day, ok := c.date()
	if !ok {
		return time.Time{}, false
	}
	c.take(',')
	if !c.take('T') && !c.take('t') {
		c.spaces()
	}
	var hour, minute, second, nanos, offset int
	if c.digit() {
		if hour, minute, second, nanos, ok = c.timeOfDay(); !ok {
			return time.Time{}, false
		}
		c.spaces()
		if offset, ok = c.zone(); !ok {
			return time.Time{}, false
		}
	}
	c.spaces()
	c.take(')')
	c.spaces()
	if c.pos < len(c.text) {
		return time.Time{}, c.fail("something after the end")
	}
	t, ok := instant(year, month, day, hour, minute, second, nanos, offset)
	if !ok {
		return t, c.fail("no such day or hour")
	}
	return t, true
}

// date reads 2006-1-2 and 1/2/2006.
func (c *clock) date() (year, month, day int, ok bool) {
	first, digits := c.number()
	iso, us := c.take('-'), false
	if !iso {
		us = c.take('/')
	}
	second, twoDigits := c.number()
	switch {
	case iso && digits == 4 && twoDigits >= 1 && twoDigits <= 2 && c.take('-'):
		third, n := c.number()
		if n == 1 || n == 2 {
			return first, second, third, true
		}
	case us && digits >= 1 && digits <= 2 && twoDigits >= 1 && twoDigits <= 2 && c.take('/'):
		third, n := c.number()
		if n == 4 {
			return third, first, second, true
		}
	}
	return 0, 0, 0, c.fail("no date like 2006-01-02 or 1/2/2006")
}

// timeOfDay reads 15:04:05.999, 3:04 PM and what lies between.
func (c *clock) timeOfDay() (hour, minute, second, nanos int, ok bool) {
	hour, digits := c.number()
	if digits > 2 || !c.take(':') {
		return 0, 0, 0, 0, c.fail("no time of day like 15:04:05")
	}
	if minute, digits = c.number(); digits != 2 {
		return 0, 0, 0, 0, c.fail("minutes of two digits expected")
	}
	if c.take(':') {
		if second, digits = c.number(); digits != 2 {
			return 0, 0, 0, 0, c.fail("seconds of two digits expected")
		}
		if c.take('.') || c.take(',') {
			start := c.pos
			if _, digits = c.number(); digits == 0 {
				return 0, 0, 0, 0, c.fail("digits of a fraction expected")
			}
			nanos = fraction(c.text[start : start+min(digits, 9)])
		}
	}
	mark := c.pos
	c.spaces()
	switch am, pm := c.word("am"), c.word("pm"); {
	case !am && !pm:
		c.pos = mark
	case hour < 1 || hour > 12:
		return 0, 0, 0, 0, c.fail("hours from 1 to 12 expected")
	case am:
		hour %= 12
	default:
		hour = hour%12 + 12
	}
	return hour, minute, second, nanos, true
}

// zone reads Z, UTC, GMT, +01:00, +0100, -8:00, -8 or nothing, as seconds east.
func (c *clock) zone() (int, bool) {
	sign := 0
	switch {
	case c.word("z") || c.word("utc") || c.word("gmt"):
		return 0, true
	case c.take('+'):
		sign = 1
	case c.take('-'):
		sign = -1
	default:
		return 0, true
	}
	hour, digits := c.number()
	minute, minuteDigits := 0, 2
	switch {
	case digits == 4:
		hour, minute = hour/100, hour%100
	case c.take(':'):
		minute, minuteDigits = c.number()
	}
	if digits == 0 || digits == 3 || digits > 4 || minuteDigits != 2 || hour > 24 || minute > 60 {
		return 0, c.fail("zone like Z or +01:00 expected")
	}
	return sign * (hour*3600 + minute*60), true
}

func (c *clock) fail(why string) bool {
	c.wrong = why
	return false
}

func (c *clock) digit() bool { return c.pos < len(c.text) && c.text[c.pos]-'0' <= 9 }

// number reads digits. A number of more than nine is right in its count only.
func (c *clock) number() (n, digits int) {
	for ; c.digit(); c.pos++ {
		if digits++; digits <= 9 {
			n = n*10 + int(c.text[c.pos]-'0')
		}
	}
	return n, digits
}

func (c *clock) take(b byte) bool {
	if c.pos < len(c.text) && c.text[c.pos] == b {
		c.pos++
		return true
	}
	return false
}

// word reads w, which is in lower case, in any case.
func (c *clock) word(w string) bool {
	if len(c.text)-c.pos < len(w) {
		return false
	}
	for i := range len(w) {
		if c.text[c.pos+i]|0x20 != w[i] {
			return false
		}
	}
	c.pos += len(w)
	return true
}

// spaces skips blanks, also those that newer formatting libraries put before
// AM and PM.
func (c *clock) spaces() {
	for {
		rest := c.text[c.pos:]
		switch {
		case len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t'):
			c.pos++
		case bytes.HasPrefix(rest, []byte("\u00a0")):
			c.pos += len("\u00a0")
		case bytes.HasPrefix(rest, []byte("\u202f")):
			c.pos += len("\u202f")
		default:
			return
		}
	}
}
