package expr

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"time"

	"github.com/logpipe/logpipe/pipeline/schema"
)

// cidrContains compiles cidrcontains(prefix, ip), the prefix parsed once if it
// is constant. What is no address is in no network.
func (c *compiler) cidrContains(n *node, args []*node) bool {
	n.typ = boolType
	if args[0].con == nil || args[0].unknown {
		n.test = func(m *Machine) bool {
			s, ok1 := m.textOf(args[0])
			ip, ok2 := m.textOf(args[1])
			if !ok1 || !ok2 {
				return false
			}
			p, err := parsePrefix(string(s))
			if err != nil {
				m.fail("%w", m.because(errPrefix, err))
				return false
			}
			return inPrefix(p, ip)
		}
		return true
	}
	if args[0].con.v.kind != text {
		return false
	}
	p, err := parsePrefix(string(args[0].con.v.raw))
	if err != nil {
		if c.trying > 0 {
			return false
		}
		c.errorf(args[0].rng, "Not a network", "cidrcontains() needs a network like 10.0.0.0/8 or 2001:db8::/32; %s is none.", operand(args[0], "this"))
		n.bad = true
		return true
	}
	ip := args[1]
	n.test = func(m *Machine) bool {
		s, ok := m.textOf(ip)
		return ok && inPrefix(p, s)
	}
	return true
}

func parsePrefix(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, err
	}
	return p.Masked(), nil
}

func inPrefix(p netip.Prefix, ip []byte) bool {
	a, ok := parseIPv4(ip)
	if !ok {
		var err error
		if a, err = netip.ParseAddr(string(ip)); err != nil {
			return false
		}
		a = a.Unmap().WithZone("")
	}
	return p.Contains(a)
}

// parseIPv4 reads the usual form without allocating.
func parseIPv4(s []byte) (netip.Addr, bool) {
	var a [4]byte
	n, digits, part := 0, 0, 0
	for _, c := range s {
		switch {
		case c-'0' <= 9:
			n = n*10 + int(c-'0')
			if digits++; digits > 3 || n > 255 || digits > 1 && n < 10 {
				return netip.Addr{}, false
			}
		case c == '.' && digits > 0 && part < 3:
			a[part], n, digits = byte(n), 0, 0
			part++
		default:
			return netip.Addr{}, false
		}
	}
	if part != 3 || digits == 0 {
		return netip.Addr{}, false
	}
	a[3] = byte(n)
	return netip.AddrFrom4(a), true
}

// timeCompare compiles timecmp(a, b): -1, 0 or 1.
func (c *compiler) timeCompare(n *node, args []*node) bool {
	n.typ = intType
	left, ok1 := c.instant(args[0])
	right, ok2 := c.instant(args[1])
	if !ok1 || !ok2 {
		n.bad = true
		return true
	}
	n.eval = func(m *Machine) value {
		x, ok1 := left(m)
		y, ok2 := right(m)
		if !ok1 || !ok2 {
			return null
		}
		return intValue(int64(x.Compare(y)))
	}
	return true
}

// instant returns what reads n as a time; a constant is read now.
func (c *compiler) instant(n *node) (func(*Machine) (time.Time, bool), bool) {
	if n.con != nil && !n.unknown && n.con.v.kind != nothing && c.trying == 0 {
		m := &Machine{}
		t, ok := m.time(n.con.v)
		if !ok {
			c.errorf(n.rng, "Not a time", "timecmp() needs times like 2026-11-01T00:00:00Z: %s.", m.err)
		}
		return func(*Machine) (time.Time, bool) { return t, true }, ok
	}
	if n.con == nil && n.sort() == numberSort {
		c.errorf(n.rng, "Not a time", "timecmp() needs times; %s is %s.", describe(n), article(n.typ))
		return nil, false
	}
	return func(m *Machine) (time.Time, bool) {
		t, ok := m.time(n.eval(m))
		if !ok {
			m.blame(n)
		}
		return t, ok
	}, true
}

// time reads a text as a time, in any form that the services write.
func (m *Machine) time(v value) (time.Time, bool) {
	if v.kind == nothing {
		return time.Time{}, false
	}
	if v.kind != text {
		m.fail("a time is required, %s was found", v.kind)
		return time.Time{}, false
	}
	s, ok := m.text(v)
	if !ok {
		return time.Time{}, false
	}
	t, err := schema.ParseTime(s)
	if err != nil {
		m.fail("%w", err)
		return time.Time{}, false
	}
	return t, true
}

// seconds is the time between two instants, exact to the nanosecond.
func seconds(from, to time.Time) value {
	whole := to.Unix() - from.Unix()
	nanos := int64(to.Nanosecond() - from.Nanosecond())
	if n, ok := scale(whole, 9); ok {
		return smallValue(n+nanos, -9)
	}
	return intValue(whole)
}

// hmac compiles hmac(key, text): HMAC-SHA-256 in hex. A sensitive key may be
// used, for its result does not tell it.
func (c *compiler) hmac(n *node, args []*node) {
	key, message := args[0], args[1]
	n.typ, n.sensitive = textType, message.sensitive
	n.eval = func(m *Machine) value {
		k, ok1 := m.textOf(key)
		s, ok2 := m.textOf(message)
		if !ok1 || !ok2 {
			return null
		}
		return textValue(hmacHex(k, s))
	}
}

func hmacHex(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return hex.AppendEncode(nil, h.Sum(nil))
}
