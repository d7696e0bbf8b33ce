package expr

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// printConstant writes a constant for a fingerprint: JSON, with its type where
// JSON does not tell it. Of a sensitive one only a hash is written.
func printConstant(v cty.Value, sensitive bool) string {
	plain, _ := v.UnmarkDeep()
	t := plain.Type()
	if !plain.IsWhollyKnown() {
		return "unknown(" + typeText(t) + ")"
	}
	text, err := ctyjson.Marshal(plain, t)
	if err != nil {
		text = []byte(plain.GoString())
	}
	s := string(text)
	if !t.IsPrimitiveType() && t != cty.DynamicPseudoType {
		s = typeText(t) + s
	}
	if sensitive {
		sum := sha256.Sum256([]byte("logpipe constant\x00" + s))
		return "sensitive(" + hex.EncodeToString(sum[:16]) + ")"
	}
	return s
}

func typeText(t cty.Type) string {
	b, err := json.Marshal(t)
	if err != nil {
		return t.FriendlyName()
	}
	return string(b)
}
