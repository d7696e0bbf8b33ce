package expr

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"unicode/utf8"

	"github.com/logpipe/logpipe/pipeline/schema"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

func textFunctions() map[string]function.Function {
	test := func(f func(s, t string) bool, second string) function.Function {
		return ofTexts(cty.Bool, func(s []string) (cty.Value, error) { return cty.BoolVal(f(s[0], s[1])), nil }, "text", second)
	}
	return map[string]function.Function{
		"startswith":  test(strings.HasPrefix, "prefix"),
		"endswith":    test(strings.HasSuffix, "suffix"),
		"strcontains": test(strings.Contains, "part"),
		"replace":     ofTexts(cty.String, replace, "text", "part", "by"),
		"domain": ofTexts(cty.String, func(s []string) (cty.Value, error) {
			i := strings.LastIndexByte(s[0], '@')
			if i < 0 || i == len(s[0])-1 {
				return cty.NullVal(cty.String), nil
			}
			return cty.StringVal(strings.ToLower(s[0][i+1:])), nil
		}, "upn"),
		"base64encode": ofTexts(cty.String, func(s []string) (cty.Value, error) {
			return cty.StringVal(base64.StdEncoding.EncodeToString([]byte(s[0]))), nil
		}, "text"),
		"base64decode": ofTexts(cty.String, decodeBase64, "text"),
		"hmac": ofTexts(cty.String, func(s []string) (cty.Value, error) {
			return cty.StringVal(string(hmacHex([]byte(s[0]), []byte(s[1])))), nil
		}, "key", "text"),
	}
}

// replace is as in Terraform: a part between slashes is a pattern.
func replace(s []string) (cty.Value, error) {
	text, part, by := cty.StringVal(s[0]), s[1], cty.StringVal(s[2])
	pattern := len(part) > 1 && part[0] == '/' && part[len(part)-1] == '/'
	most := len(s[0]) // places where part may be found
	if !pattern {
		most = strings.Count(s[0], part)
	}
	if len(s[2]) > 64 && most > maxBytes/len(s[2]) {
		return cty.NilVal, fmt.Errorf("the result may be longer than %d MiB", maxBytes>>20)
	}
	if pattern {
		return stdlib.RegexReplace(text, cty.StringVal(part[1:len(part)-1]), by)
	}
	return stdlib.Replace(text, cty.StringVal(part), by)
}

func decodeBase64(s []string) (cty.Value, error) {
	b, err := base64.StdEncoding.DecodeString(s[0])
	if err != nil {
		return cty.NilVal, fmt.Errorf("text of %d bytes is no base64", len(s[0]))
	}
	if !utf8.Valid(b) {
		return cty.NilVal, fmt.Errorf("base64 of %d bytes holds no UTF-8 text", len(s[0]))
	}
	return cty.StringVal(string(b)), nil
}

func hashFunctions() map[string]function.Function {
	digest := func(h func() hash.Hash) function.Function {
		return ofTexts(cty.String, func(s []string) (cty.Value, error) {
			d := h()
			d.Write([]byte(s[0]))
			return cty.StringVal(hex.EncodeToString(d.Sum(nil))), nil
		}, "text")
	}
	return map[string]function.Function{
		"md5":    digest(md5.New),
		"sha1":   digest(sha1.New),
		"sha256": digest(sha256.New),
		"sha512": digest(sha512.New),
	}
}

func timeFunctions() map[string]function.Function {
	return map[string]function.Function{
		"timecmp": ofTexts(cty.Number, func(s []string) (cty.Value, error) {
			a, err := schema.ParseTime([]byte(s[0]))
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			b, err := schema.ParseTime([]byte(s[1]))
			if err != nil {
				return cty.NilVal, function.NewArgError(1, err)
			}
			return cty.NumberIntVal(int64(a.Compare(b))), nil
		}, "a", "b"),
	}
}
