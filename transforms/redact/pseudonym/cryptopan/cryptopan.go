// Package cryptopan maps IP addresses such that two addresses share exactly as
// many leading bits after the mapping as before: Crypto-PAn (Xu, Fan, Ammar,
// Moon, "Prefix-Preserving IP Address Anonymization", 2002), and for IPv6 the
// same over 128 bits.
//
// It keeps networks recognisable, and that is its weakness. Who can have
// addresses of their choice logged (anyone who can try to sign in from them)
// sees what they become, and learns from each the mapping of every prefix that
// it shares with others: a few hundred well-chosen addresses tell the networks
// of everybody. The lengths of shared prefixes alone tell the structure of
// networks that are known otherwise.
package cryptopan

import (
	"crypto/aes"
	"crypto/cipher"
	"net/netip"
)

// Cipher is the mapping under one key, with scratch: one per goroutine.
type Cipher struct {
	block   cipher.Block
	pad     [16]byte
	in, out [16]byte // what an interface is given must not be on the stack
}

// New returns the mapping of a key: 16 bytes for AES, 16 for the pad.
func New(key [32]byte) *Cipher {
	block, err := aes.NewCipher(key[:16])
	if err != nil {
		panic(err) // a key of 16 bytes is a key
	}
	c := &Cipher{block: block}
	block.Encrypt(c.pad[:], key[16:])
	return c
}

// Map returns the address that stands for a. IPv4 mapped into IPv6 is IPv4;
// zones are lost.
func (c *Cipher) Map(a netip.Addr) netip.Addr {
	if a = a.Unmap(); a.Is4() {
		v4 := a.As4()
		var out [16]byte
		c.mask(v4[:], &out)
		return netip.AddrFrom4([4]byte(out[:4]))
	}
	v6 := a.As16()
	var out [16]byte
	c.mask(v6[:], &out)
	return netip.AddrFrom16(out)
}

// mask sets out to the address, each bit flipped or not as a pseudo-random
// function of the bits before it says.
func (c *Cipher) mask(addr []byte, out *[16]byte) {
	c.in = c.pad
	for i := range 8 * len(addr) {
		// c.in holds the first i bits of the address and the rest of the pad.
		c.block.Encrypt(c.out[:], c.in[:])
		at, bit := i/8, byte(0x80)>>(i%8)
		out[at] |= (addr[at] ^ c.out[0]>>7<<7>>(i%8)) & bit
		c.in[at] = c.in[at]&^bit | addr[at]&bit
	}
}
