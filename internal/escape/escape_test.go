package escape_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/logpipe/logpipe/internal/escape"
)

func TestTerminal(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain":              {"Anna O'Neil <anna@contoso.example>", "Anna O'Neil <anna@contoso.example>"},
		"other scripts":      {"山田 花子 Ελένη Иван ليلى José", "山田 花子 Ελένη Иван ليلى José"},
		"emoji":              {"❤️", "❤️"},
		"colour":             {"\x1b[31mred\x1b[0m", `\u001b[31mred\u001b[0m`},
		"link":               {"\x1b]8;;http://evil.example\x07x\x1b]8;;\x07", `\u001b]8;;http://evil.example\u0007x\u001b]8;;\u0007`},
		"eight-bit CSI":      {"\u009b31m", `\u009b31m`},
		"line breaks":        {"a\r\nb\tc\u2028d", `a\r\nb\tc\u2028d`},
		"right to left":      {"invoice\u202efdp.exe", `invoice\u202efdp.exe`},
		"isolates and marks": {"\u2066a\u2069\u200f\u061c", `\u2066a\u2069\u200f\u061c`},
		"zero width":         {"ad\u200bmin\u200d\ufeff\u00ad", `ad\u200bmin\u200d\ufeff\u00ad`},
		"tag characters":     {"a\U000e0041", `a\U000e0041`},
		"fillers":            {"\u3164\u2800\ufe01", `\u3164\u2800\ufe01`},
		"not UTF-8":          {"a\xff\xc3", `a\xff\xc3`},
		"delete and NUL":     {"\x7f\x00", `\u007f\u0000`},
		"replacement char":   {"\ufffd", "\ufffd"},
		"backslash stays":    {`C:\logs`, `C:\logs`},
		"empty":              {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, escape.Terminal(c.in)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLinesKeepsLineFeedsAndTabs(t *testing.T) {
	if got, want := escape.Lines("a\n\tb\r\x1b"), "a\n\tb"+`\r\u001b`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMarkdown(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"link":       {"[a](http://x.example)", `\[a\]\(http\://x\.example\)`},
		"html":       {"<img src=x>&", `&lt;img src\=x&gt;&amp;`},
		"table cell": {"a|b\nc", `a\|b\\nc`},
		"emphasis":   {"**a**_b_~~c~~`d`", "\\*\\*a\\*\\*\\_b\\_\\~\\~c\\~\\~\\`d\\`"},
		"plain":      {"山田 Anna", "山田 Anna"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, escape.Markdown(c.in)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCode(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain":          {"sink.local.a", "`sink.local.a`"},
		"mention":        {"@everyone", "`@everyone`"},
		"ticks inside":   {"a`b``c", "```a`b``c```"},
		"tick at border": {"`a", "`` `a ``"},
		"pipe":           {"a|b", "`a\\|b`"},
		"line break":     {"a\nb", "`a\\nb`"},
		"empty":          {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, escape.Code(c.in)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCI(t *testing.T) {
	for name, c := range map[string]struct {
		in   []string
		want string
	}{
		"github command":              {[]string{"::set-env name=A::b\n"}, `:\u003aset-env name=A::b` + "\n"},
		"after blanks":                {[]string{"a\n \t::stop-commands::x"}, "a\n \t:" + `\u003astop-commands::x`},
		"split over writes":           {[]string{"a\n:", ":error::x"}, "a\n:" + `\u003aerror::x`},
		"an address in a line":        {[]string{"from 2001:db8::1"}, "from 2001:db8::1"},
		"azure command":               {[]string{"x ##vso[task.setvariable]y"}, `x ##vso\u005btask.setvariable]y`},
		"azure, other case":           {[]string{"##VsO[a]"}, `##VsO\u005ba]`},
		"azure, split":                {[]string{"##v", "so", "[a]"}, `##vso\u005ba]`},
		"section":                     {[]string{"##[error]x"}, `##\u005berror]x`},
		"many hashes":                 {[]string{"#####[x] ###vso[y]"}, `#####\u005bx] ###vso\u005by]`},
		"not a command":               {[]string{"#[a] ##vs[b] ##vsox[c] a[0]"}, "#[a] ##vs[b] ##vsox[c] a[0]"},
		"after a wide space":          {[]string{"\u3000::x"}, "\u3000:" + `\u003ax`},
		"carriage return starts anew": {[]string{"a\r::x"}, "a\r:" + `\u003ax`},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			w := escape.CI(&out)
			for _, s := range c.in {
				if n, err := w.Write([]byte(s)); n != len(s) || err != nil {
					t.Fatalf("write: %d, %v", n, err)
				}
			}
			if diff := cmp.Diff(c.want, out.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestXML(t *testing.T) {
	if got, want := escape.XML("<a b=\"c\" d='e'>&\x00"), `&lt;a b=&#34;c&#34; d=&#39;e&#39;&gt;&amp;\u0000`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestJSON(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain":       {"{\"a\": \"山田\",\n\t\"b\": 1}\n", "{\"a\": \"山田\",\n\t\"b\": 1}\n"},
		"bidi":        {"{\"a\":\"\u202e\"}", `{"a":"\u202e"}`},
		"eight-bit":   {"{\"a\":\"\u009b\"}", `{"a":"\u009b"}`},
		"beyond BMP":  {"{\"a\":\"\U000e0041\"}", `{"a":"\udb40\udc41"}`},
		"not UTF-8":   {"{\"a\":\"\xff\"}", `{"a":"\ufffd"}`},
		"carriage":    {"{\r\n\"a\":\"\u200b\"}", "{ \n\"a\":\"\\u200b\"}"},
		"empty input": {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, string(escape.JSON([]byte(c.in)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzTerminal(f *testing.F) {
	for _, s := range []string{"", "a", "\x1b[0m", "\u202e", "\xff", "a|b`c`", "::x", "##vso[x]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := escape.Terminal(s)
		if !utf8.ValidString(got) {
			t.Fatalf("not UTF-8: %q", got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
				t.Fatalf("%q still holds %U", got, r)
			}
		}
		if escape.Terminal(got) != got {
			t.Fatalf("a second pass changes %q", got)
		}
		if strings.Count(escape.Lines(s), "\n") != strings.Count(s, "\n") {
			t.Fatalf("lines lost in %q", s)
		}
	})
}

func FuzzXML(f *testing.F) {
	f.Add("<&>\"'\x00\ufffe")
	f.Fuzz(func(t *testing.T, s string) {
		e := escape.XML(s)
		var got struct {
			A string `xml:"a,attr"`
			T string `xml:",chardata"`
		}
		if err := xml.Unmarshal([]byte(`<x a="`+e+`">`+e+`</x>`), &got); err != nil {
			t.Fatalf("%q: %v", e, err)
		}
		if want := escape.Terminal(s); got.A != want || got.T != want {
			t.Fatalf("read back %q and %q, want %q", got.A, got.T, want)
		}
	})
}

func FuzzJSON(f *testing.F) {
	f.Add("a\u202e\U000e0041\u009b\xff")
	f.Fuzz(func(t *testing.T, s string) {
		in, err := json.Marshal(map[string]string{"k": s})
		if err != nil {
			t.Skip("encoding/json refuses it")
		}
		out := escape.JSON(in)
		var a, b map[string]string
		if err := json.Unmarshal(in, &a); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &b); err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		if a["k"] != b["k"] {
			t.Fatalf("%q became %q", a["k"], b["k"])
		}
	})
}

func FuzzCI(f *testing.F) {
	f.Add("::a\n ::b\n##[x]\n##vso[y]", 3)
	f.Fuzz(func(t *testing.T, s string, cut int) {
		if len(s) > 0 {
			cut = ((cut % len(s)) + len(s)) % len(s)
		} else {
			cut = 0
		}
		var whole, parts bytes.Buffer
		_, _ = escape.CI(&whole).Write([]byte(s))
		w := escape.CI(&parts)
		_, _ = w.Write([]byte(s[:cut]))
		_, _ = w.Write([]byte(s[cut:]))
		if whole.String() != parts.String() {
			t.Fatalf("depends on where writes are cut: %q, %q", whole.String(), parts.String())
		}
		low := strings.ToLower(whole.String())
		if strings.Contains(low, "##[") || strings.Contains(low, "##vso[") {
			t.Fatalf("%q", whole.String())
		}
		for _, line := range strings.FieldsFunc(low, func(r rune) bool { return r == '\n' || r == '\r' }) {
			if strings.HasPrefix(strings.TrimSpace(line), "::") {
				t.Fatalf("%q", line)
			}
		}
	})
}
