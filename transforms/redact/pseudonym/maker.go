package pseudonym

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"hash"
	"strconv"

	"github.com/logpipe/logpipe/transforms/redact/pseudonym/cryptopan"
)

// length is how many base32 characters of the HMAC a pseudonym shows: 100 bits.
// Among ten million identifiers two meet with a chance below 10^-16.
const length = 20

var alphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Domain is a key for one tenant and one recipient. It is read-only and shared
// by all goroutines.
type Domain struct {
	keys   [types][]byte
	prefix [32]byte
	reject [32]byte
}

// Domain derives the keys of one tenant and recipient, each of which may be "".
func (k Key) Domain(tenant, recipient string) (*Domain, error) {
	d := &Domain{}
	for t := Address; t < types; t++ {
		key, err := k.derive(tenant, recipient, t.String())
		if err != nil {
			return nil, err
		}
		d.keys[t] = key
	}
	for purpose, to := range map[string]*[32]byte{"prefix_ip": &d.prefix, "reject": &d.reject} {
		key, err := k.derive(tenant, recipient, purpose)
		if err != nil {
			return nil, err
		}
		copy(to[:], key)
	}
	return d, nil
}

// Conceal returns the HMAC of the hash of a record under a key of its own: who
// has the records but not the secret cannot tell which of them it stands for,
// and it has nothing in common with a pseudonym. It is safe for concurrent use.
func (d *Domain) Conceal(sum [32]byte) (hidden [32]byte) {
	h := hmac.New(sha256.New, d.reject[:])
	h.Write(sum[:])
	h.Sum(hidden[:0])
	return hidden
}

func (k Key) derive(tenant, recipient, purpose string) ([]byte, error) {
	var info []byte
	for _, part := range []string{"logpipe pseudonym", k.id, tenant, recipient, purpose} {
		info = binary.BigEndian.AppendUint32(info, uint32(len(part)))
		info = append(info, part...)
	}
	key, err := hkdf.Key(sha256.New, k.secret, nil, string(info), 32)
	if err != nil {
		return nil, fmt.Errorf("derive a key from key %q: %w", k.id, err)
	}
	return key, nil
}

// Maker makes pseudonyms. It owns scratch and a cache of bounded size: one per
// goroutine.
type Maker struct {
	Former
	macs  [types]hash.Hash
	sum   []byte
	cache cache
}

// Maker returns a maker for one goroutine.
func (d *Domain) Maker() *Maker {
	m := &Maker{cache: newCache()}
	for t := Address; t < types; t++ {
		m.macs[t] = hmac.New(sha256.New, d.keys[t])
	}
	return m
}

// Append appends the pseudonym of value. It returns false, and dst as it was, if
// value is a placeholder: nobody needs no pseudonym. phone is as for Form.
func (m *Maker) Append(dst, value []byte, phone bool) ([]byte, bool) {
	e := m.cache.find(value, phone)
	if e.hit {
		return append(dst, e.out()...), e.n > 0
	}
	t, form := m.Form(value, phone)
	start := len(dst)
	if t != Placeholder {
		dst = m.AppendForm(dst, t, form)
	}
	m.cache.put(e, value, phone, dst[start:])
	return dst, len(dst) > start
}

// canon stands before every canonical form in the HMAC.
var canon = []byte("canon=" + strconv.Itoa(Canon) + "\n")

// AppendForm appends the pseudonym of a canonical form of type t, which must not
// be Placeholder.
func (m *Maker) AppendForm(dst []byte, t Type, form []byte) []byte {
	mac := m.macs[t]
	mac.Reset()
	mac.Write(canon)
	mac.Write(form)
	m.sum = mac.Sum(m.sum[:0])
	dst = append(dst, t.prefix()...)
	const whole = (length*5 + 7) / 8
	dst = alphabet.AppendEncode(dst, m.sum[:whole])
	return dst[:len(dst)-(whole*8+4)/5+length]
}

// Prefixes returns the prefix-preserving mapping of IP addresses under this
// domain's key, for one goroutine. Its package says what it gives away.
func (d *Domain) Prefixes() *cryptopan.Cipher { return cryptopan.New(d.prefix) }
