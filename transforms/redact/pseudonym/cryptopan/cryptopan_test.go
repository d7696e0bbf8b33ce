package cryptopan_test

import (
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/logpipe/logpipe/transforms/redact/pseudonym/cryptopan"
)

// The key and the pairs are those that the authors' reference implementation
// ships.
var reference = [32]byte{21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
	216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2}

func TestMapAsTheReference(t *testing.T) {
	c := cryptopan.New(reference)
	for in, want := range map[string]string{
		"128.11.68.132":        "135.242.180.132",
		"129.118.74.4":         "134.136.186.123",
		"130.132.252.244":      "133.68.164.234",
		"141.223.7.43":         "141.167.8.160",
		"141.233.145.108":      "141.129.237.235",
		"::ffff:128.11.68.132": "135.242.180.132",
	} {
		if got := c.Map(netip.MustParseAddr(in)); got.String() != want {
			t.Errorf("Map(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestMapPreservesPrefixes(t *testing.T) {
	c := cryptopan.New(reference)
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		a := [16]byte{0x20, 1, byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())}
		b := a
		b[r.IntN(16)] ^= 1 << r.IntN(8)
		x, y := c.Map(netip.AddrFrom16(a)), c.Map(netip.AddrFrom16(b))
		if got, want := shared(x.As16(), y.As16()), shared(a, b); got != want {
			t.Fatalf("%v and %v share %d bits, their images %d", a, b, want, got)
		}
	}
}

func shared(a, b [16]byte) int {
	n := 0
	for i := range a {
		z := bits.LeadingZeros8(a[i] ^ b[i])
		n += z
		if z < 8 {
			break
		}
	}
	return n
}

func TestMapAllocatesNothing(t *testing.T) {
	c := cryptopan.New(reference)
	a := netip.MustParseAddr("192.0.2.7")
	if n := testing.AllocsPerRun(100, func() { a = c.Map(a) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMap(b *testing.B) {
	c := cryptopan.New(reference)
	for name, a := range map[string]netip.Addr{"v4": netip.MustParseAddr("192.0.2.7"), "v6": netip.MustParseAddr("2001:db8::1")} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				c.Map(a)
			}
		})
	}
}
