// Package pseudonym turns identifiers into pseudonyms that join: one identifier
// has one pseudonym under one key, tenant and recipient, however it is spelled.
//
// Its words. A value is the text of a field. Its type (address, GUID, IP, phone,
// text) and its canonical form are told by the value alone, so that the field
// it stands in does not matter. A Key is a secret with a name; a Domain is that
// key for one tenant and one recipient; a Maker is the scratch of one goroutine.
//
// A pseudonym is the HMAC-SHA-256 of the canonical form, cut to 100 bits and
// written in base32 behind a readable prefix. The HMAC's key comes from HKDF
// over the secret, with the key's name, tenant, recipient and type as context:
// pseudonyms of two recipients, tenants or types cannot be joined, and an object
// id that looks like text somewhere else has nothing in common with it. The
// version of the canonical forms (Canon) enters the HMAC, so that a change of
// the forms is a change of all pseudonyms and never a silent split.
//
// Invariants: no two identifiers that differ in more than spelling get one
// canonical form; a placeholder, which is nobody, has no pseudonym; no error
// holds a key or a value.
//
// golang.org/x/text/unicode/norm does NFC, which the standard library lacks;
// golang.org/x/net/idna turns internationalised domain names into the one
// spelling that the DNS uses.
package pseudonym

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// MinKey is the least length of a decoded secret, in bytes.
const MinKey = 32

// leastVariety is how many different bytes a secret must have. Of 32 random
// bytes fewer than 20 differ once in 10^9 keys.
const leastVariety = 16

// The ways in which a secret is refused. None of them tells anything of it.
var (
	ErrForm    = errors.New("the secret is neither base64 nor hex")
	ErrShort   = fmt.Errorf("the secret has fewer than %d bytes once decoded", MinKey)
	ErrVariety = errors.New("the secret repeats itself, counts up or is a text; it is not random")
)

// Key is a secret and its name. The zero Key has neither.
type Key struct {
	id     string
	secret []byte
}

// ParseKey reads a secret in base64 (either alphabet, padded or not) or hex.
// With an empty id the key is called by its check value. The error is one of
// ErrForm, ErrShort and ErrVariety.
func ParseKey(id, secret string) (Key, error) {
	raw, err := decodeSecret(strings.TrimSpace(secret))
	if err != nil {
		return Key{}, err
	}
	if len(raw) < MinKey {
		return Key{}, ErrShort
	}
	if !varied(raw) {
		return Key{}, ErrVariety
	}
	k := Key{id: id, secret: raw}
	if id == "" {
		k.id = k.Check()
	}
	return k, nil
}

// decodeSecret prefers hex: every hex text is base64 too, with less in it than
// its owner thinks.
func decodeSecret(text string) ([]byte, error) {
	if raw, err := hex.DecodeString(text); err == nil {
		return raw, nil
	}
	text = strings.TrimRight(text, "=")
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if raw, err := enc.DecodeString(text); err == nil {
			return raw, nil
		}
	}
	return nil, ErrForm
}

// varied reports whether raw may be random: enough different bytes, no constant
// step from each to the next, no period, not printable text.
func varied(raw []byte) bool {
	var seen [256]bool
	different, text, step := 0, true, true
	for i, c := range raw {
		if !seen[c] {
			seen[c] = true
			different++
		}
		text = text && (c >= 0x20 && c < 0x7f || c == '\n' || c == '\r' || c == '\t')
		step = step && (i < 2 || c-raw[i-1] == raw[1]-raw[0])
	}
	for period := 1; period <= len(raw)/2; period++ {
		if bytes.Equal(raw[period:], raw[:len(raw)-period]) {
			return false
		}
	}
	return different >= leastVariety && !text && !step
}

// ID returns the key's name.
func (k Key) ID() string { return k.id }

// IsZero reports whether k is no key.
func (k Key) IsZero() bool { return k.secret == nil }

// Check returns a text that is the same for the same secret and tells nothing
// of it: the HMAC of a constant, 64 bits in hex.
func (k Key) Check() string {
	h := hmac.New(sha256.New, k.secret)
	h.Write([]byte("logpipe key check value"))
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// String returns the name, so that a key that is printed by accident shows
// nothing else.
func (k Key) String() string { return k.id }

// GoString is String for %#v.
func (k Key) GoString() string { return k.id }
