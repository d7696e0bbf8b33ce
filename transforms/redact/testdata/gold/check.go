package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// checkItems checks every line: valid UTF-8, known words, spans in order and
// apart, and each span a valid value of its type once its escapes are undone.
func checkItems(items []item, w *world) error {
	ids := map[string]bool{}
	for _, it := range items {
		if ids[it.ID] {
			return fmt.Errorf("%s: twice", it.ID)
		}
		ids[it.ID] = true
		if err := checkItem(it, w); err != nil {
			return fmt.Errorf("%s: %w", it.ID, err)
		}
	}
	return nil
}

func checkItem(it item, w *world) error {
	if !utf8.ValidString(it.Text) || it.Text == "" || it.Log == "" || it.Field == "" || len(it.Script) != 4 {
		return errors.New("text, log, field or script is empty or broken")
	}
	if it.Family == "json_text" && !json.Valid([]byte(it.Text)) {
		return fmt.Errorf("json_text is no JSON: %s", it.Text)
	}
	end := 0
	for _, s := range it.Spans {
		if s.Start < end || s.End <= s.Start || s.End > len(it.Text) {
			return fmt.Errorf("span %d–%d is out of order or out of the text", s.Start, s.End)
		}
		end = s.End
		text := it.Text[s.Start:s.End]
		if !utf8.ValidString(text) {
			return fmt.Errorf("span %d–%d cuts a character", s.Start, s.End)
		}
		if !validSomehow(text, s.Type, w) {
			return fmt.Errorf("span %d–%d is no %s: %s", s.Start, s.End, s.Type, text)
		}
	}
	return nil
}

// validSomehow undoes up to two percent-encodings and three JSON escapes.
func validSomehow(text, typ string, w *world) bool {
	for range 3 {
		for t, n := text, 0; n < 4; n++ {
			if valid(t, typ, w) {
				return true
			}
			if err := json.Unmarshal([]byte(`"`+t+`"`), &t); err != nil {
				break
			}
		}
		u, err := url.PathUnescape(text)
		if err != nil {
			return false
		}
		text = u
	}
	return false
}

var shapes = map[string]*regexp.Regexp{
	"mac":         regexp.MustCompile(`^(?i:[0-9a-f]{2}(:[0-9a-f]{2}){5}|[0-9a-f]{2}(-[0-9a-f]{2}){5}|[0-9a-f]{4}(\.[0-9a-f]{4}){2})$`),
	"sid":         regexp.MustCompile(`^S-1-(5-21|12-1)(-\d{1,10}){4}$`),
	"domain_user": regexp.MustCompile(`^[\pL\pN._-]+\\[\pL\pM\pN._-]+$`),
	"guid":        regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`),
	"credential":  regexp.MustCompile(`^(eyJ[\w-]+\.[\w-]+\.[\w-]+|[\w-]{32,}|[A-Za-z0-9+/]{43}=|[\w-]+:[^\s]+)$`),
	"ssn":         regexp.MustCompile(`^\d{3}-\d{2}-\d{4}$`),
}

var ibanLength = map[string]int{
	"AT": 20, "BE": 16, "CH": 21, "DE": 22, "ES": 24, "FR": 27, "GB": 22,
	"IT": 27, "NL": 18, "NO": 15, "PL": 28, "SE": 24,
}

func valid(text, typ string, w *world) bool {
	if re := shapes[typ]; re != nil && !re.MatchString(text) {
		return false
	}
	switch typ {
	case "email":
		return validAddress(text)
	case "ip":
		_, err := netip.ParseAddr(text)
		return err == nil
	case "phone":
		return validPhone(text, w)
	case "iban":
		s := strings.ReplaceAll(text, " ", "")
		return len(s) == ibanLength[s[:min(2, len(s))]] && ibanRest(s) == 1
	case "card":
		s := strings.NewReplacer(" ", "", "-", "").Replace(text)
		n := len(s)
		return n >= 13 && n <= 19 && strings.Trim(s, "0123456789") == "" && luhnDigit(s[:n-1]) == int(s[n-1]-'0')
	case "ssn":
		return text[0] != '9' && text[:3] != "000" && text[:3] != "666" && text[4:6] != "00" && text[7:] != "0000"
	}
	return shapes[typ] != nil
}

func validAddress(text string) bool {
	text = strings.ReplaceAll(text, "＠", "@")
	i := strings.LastIndexByte(text, '@')
	if i < 1 {
		return false
	}
	local, labels := text[:i], strings.Split(text[i+1:], ".")
	if strings.ContainsAny(local, " @<>()[]:;,\\\"%") {
		return false
	}
	last := strings.ToLower(labels[len(labels)-1])
	if len(labels) < 2 || !slices.Contains([]string{"example", "test", "invalid"}, last) {
		return false
	}
	for _, l := range labels {
		if l == "" || strings.ContainsFunc(l, func(c rune) bool {
			return c != '-' && !unicode.In(c, unicode.L, unicode.M, unicode.N)
		}) {
			return false
		}
	}
	return true
}

func validPhone(text string, w *world) bool {
	regions := w.regions
	if strings.HasPrefix(text, "+") {
		regions = []string{""}
	}
	for _, region := range regions {
		n, err := phonenumbers.Parse(text, region)
		if err == nil && phonenumbers.IsValidNumber(n) {
			return true
		}
	}
	return false
}

func luhnDigit(s string) int {
	sum := 0
	for i := range len(s) {
		v := int(s[len(s)-1-i] - '0')
		if i%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return (10 - sum%10) % 10
}

// ibanRest is the number of an IBAN modulo 97: 1 where it is valid.
func ibanRest(s string) int {
	rest := 0
	for _, c := range s[4:] + s[:4] {
		if c >= 'A' && c <= 'Z' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return rest
}

// checkApart checks that no text and no value is in both halves.
func checkApart(dev, test []item) error {
	seen := map[string]bool{}
	for _, it := range dev {
		seen[it.Text] = true
		for _, s := range it.Spans {
			seen[s.Type+"\x00"+it.Text[s.Start:s.End]] = true
		}
	}
	for _, it := range test {
		if seen[it.Text] {
			return fmt.Errorf("%s: its text is in the other half too", it.ID)
		}
		for _, s := range it.Spans {
			if seen[s.Type+"\x00"+it.Text[s.Start:s.End]] {
				return fmt.Errorf("%s: its %s at %d is in the other half too", it.ID, s.Type, s.Start)
			}
		}
	}
	return nil
}

func printCounts(w io.Writer, name string, items []item) {
	types, fams, scripts, logs := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	negatives := 0
	for _, it := range items {
		if negative(it) {
			negatives++
		}
		fams[it.Family]++
		scripts[it.Script]++
		logs[it.Log]++
		for _, s := range it.Spans {
			types[s.Type]++
		}
	}
	fmt.Fprintf(w, "%s: %d items, %d without a span but guids (%.0f %%)\n", name, len(items), negatives, 100*float64(negatives)/float64(len(items)))
	for _, g := range []struct {
		title string
		m     map[string]int
	}{{"spans", types}, {"families", fams}, {"scripts", scripts}, {"logs", logs}} {
		fmt.Fprintf(w, "  %s:", g.title)
		for _, k := range slices.Sorted(maps.Keys(g.m)) {
			fmt.Fprintf(w, " %s %d", k, g.m[k])
		}
		fmt.Fprintln(w)
	}
}
