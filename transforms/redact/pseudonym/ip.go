package pseudonym

import (
	"bytes"
	"net/netip"
)

// ParseIP reads an IP address as logs write it: IPv4 mapped into IPv6, in
// brackets, with a port or a zone. What comes back is without all of these.
func ParseIP(s []byte) (netip.Addr, bool) {
	if len(s) < 2 || len(s) > 100 {
		return netip.Addr{}, false
	}
	if s[0] == '[' {
		end := bytes.IndexByte(s, ']')
		if end < 0 || end+1 < len(s) && !port(s[end+1:]) {
			return netip.Addr{}, false
		}
		s = s[1:end]
	}
	if v4, rest, ok := parseV4(s); ok {
		return netip.AddrFrom4(v4), len(rest) == 0 || port(rest)
	}
	if zone := bytes.IndexByte(s, '%'); zone > 0 && zone+1 < len(s) {
		s = s[:zone]
	}
	v6, ok := parseV6(s)
	return netip.AddrFrom16(v6).Unmap(), ok
}

// parseV4 reads four decimal numbers at the beginning of s. It makes no errors
// and no garbage, unlike netip.ParseAddr, which most texts would fail.
func parseV4(s []byte) (v4 [4]byte, rest []byte, ok bool) {
	i := 0
	for n := range v4 {
		if n > 0 {
			if i >= len(s) || s[i] != '.' {
				return v4, s, false
			}
			i++
		}
		start, field := i, 0
		for i < len(s) && s[i]-'0' < 10 && i-start < 3 {
			field = field*10 + int(s[i]-'0')
			i++
		}
		if i == start || field > 255 || i-start > 1 && s[start] == '0' {
			return v4, s, false
		}
		v4[n] = byte(field)
	}
	return v4, s[i:], true
}

// parseV6 reads all of s as IPv6.
func parseV6(s []byte) (v6 [16]byte, ok bool) {
	n, gap := 0, -1
	if len(s) >= 2 && s[0] == ':' && s[1] == ':' {
		gap, s = 0, s[2:]
	}
	for len(s) > 0 {
		if n == 16 {
			return v6, false
		}
		if v4, rest, isV4 := parseV4(s); isV4 && len(rest) == 0 && n <= 12 {
			n += copy(v6[n:], v4[:])
			break
		}
		i, field := 0, 0
		for i < len(s) && i < 4 {
			h := hexValue(s[i])
			if h < 0 {
				break
			}
			field = field<<4 | h
			i++
		}
		if i == 0 {
			return v6, false
		}
		v6[n], v6[n+1] = byte(field>>8), byte(field)
		n += 2
		switch s = s[i:]; {
		case len(s) == 0:
		case s[0] != ':' || len(s) == 1:
			return v6, false
		case s[1] != ':':
			s = s[1:]
		case gap >= 0:
			return v6, false
		default:
			gap, s = n, s[2:]
		}
	}
	if gap < 0 {
		return v6, n == 16
	}
	if n == 16 {
		return v6, false
	}
	moved := copy(v6[16-(n-gap):], v6[gap:n])
	clear(v6[gap : 16-moved])
	return v6, true
}

func hexValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// port reads a colon and a port.
func port(s []byte) bool {
	if len(s) < 2 || len(s) > 6 || s[0] != ':' {
		return false
	}
	for _, c := range s[1:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
