package redact

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/logpipe/logpipe/pipeline/record"
	"github.com/logpipe/logpipe/pipeline/schema"
)

// coarser is the way in which a field has a form that many people share.
type coarser uint8

const (
	noCoarser coarser = iota
	asIs              // is coarse already
	blank             // its coarser form stands beside it, or there is none: null
	clock             // the start of the hour or day
	degree            // one decimal of latitude or longitude, 11 km
	hundred           // altitude in steps of 100 m
	network           // IP address: network part
	agent             // user agent: family and operating system
	system            // operating system: family
	browser           // browser: family
)

// coarseNames tells by the name of a field, folded, what its coarser form is:
// the logs use one name for one thing.
var coarseNames = map[string]coarser{
	"city": blank, "state": asIs, "countryorregion": asIs, "country": asIs, "location": asIs,
	"latitude": degree, "longitude": degree, "altitude": hundred,
	"autonomoussystemnumber": blank,
	"ipaddress":              network, "calleripaddress": network, "clientip": network, "clientipaddress": network,
	"ipaddressfromresourceprovider": network, "globalsecureaccessipaddress": network,
	"useragent": agent, "user-agent": agent,
	"operatingsystem": system, "os": system,
	"browser": browser,
}

// coarserOf returns how a field is coarsened, noCoarser if nobody knows.
func coarserOf(name string, t *schema.Type) coarser {
	name = foldASCII(name)
	kind := schema.Any
	if t != nil {
		kind = t.Kind
	}
	c := coarseNames[name]
	switch {
	case kind == schema.Time:
		return clock
	case name == "location" && kind != schema.String:
		return noCoarser // an object, whose members say more than a country
	case c == noCoarser && kind == schema.Any && (name == "time" || strings.HasSuffix(name, "datetime")):
		return clock
	}
	return c
}

// coarsened appends the coarse form of v as JSON, or says why it has none.
func (s *stage) coarsened(dst []byte, r *rule, v record.Value) ([]byte, string) {
	switch r.coarser {
	case asIs:
		return append(dst, v.Raw()...), ""
	case degree:
		return coarseNumber(dst, v, func(x float64) float64 { return math.Round(x*10) / 10 })
	case hundred:
		return coarseNumber(dst, v, func(x float64) float64 { return math.Round(x/100) * 100 })
	case clock, network, agent, system, browser:
		text, problem := s.text(v)
		if problem != "" {
			return dst, problem
		}
		if s.former.IsPlaceholder(text) {
			return append(dst, v.Raw()...), ""
		}
		return s.coarseText(dst, r, text)
	}
	return append(dst, "null"...), ""
}

func (s *stage) coarseText(dst []byte, r *rule, text []byte) ([]byte, string) {
	switch r.coarser {
	case clock:
		t, err := schema.ParseTime(text)
		if err != nil {
			return dst, "it is not a time"
		}
		t = t.UTC().Truncate(time.Hour)
		if r.day {
			t = t.Truncate(24 * time.Hour)
		}
		dst = append(dst, '"')
		dst = t.AppendFormat(dst, time.RFC3339)
		return append(dst, '"'), ""
	case network:
		return s.truncated(dst, r, text)
	}
	return append(append(append(dst, '"'), s.programs.name(r.coarser, text)...), '"'), ""
}

// programs remembers the names of the programs and systems seen last: a slice
// has few, and each again and again.
type programs [browser + 1]map[string]string

const (
	mostPrograms   = 256
	longestProgram = 512
)

// name returns the coarse form of text, whose coarser is agent, system or
// browser.
func (p *programs) name(c coarser, text []byte) string {
	if name, ok := p[c][string(text)]; ok {
		return name
	}
	name := programName(c, text)
	if len(text) <= longestProgram {
		if len(p[c]) >= mostPrograms || p[c] == nil {
			p[c] = map[string]string{}
		}
		p[c][string(text)] = name
	}
	return name
}

func programName(c coarser, text []byte) string {
	switch c {
	case system:
		return familyOf(text, systemFamilies)
	case browser:
		return familyOf(text, agentFamilies)
	}
	name, on := familyOf(text, agentFamilies), familyOf(text, systemFamilies)
	if name == other && bytes.HasPrefix(text, []byte("Mozilla/")) {
		name = "browser"
	}
	if on != other {
		name += " on " + on
	}
	return name
}

// coarseNumber takes a number, or a number in a string as some tables write it,
// and keeps that form.
func coarseNumber(dst []byte, v record.Value, f func(float64) float64) ([]byte, string) {
	text, quoted := v.Raw(), false
	switch v.Kind() {
	case record.Number:
	case record.String:
		if text, quoted = v.Text(); !quoted {
			return dst, "it is not a number"
		}
		if len(text) == 0 {
			return append(dst, `""`...), ""
		}
	default:
		return dst, "it is not a number"
	}
	x, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) || math.Abs(x) > 1e6 {
		return dst, "it is not a number in range"
	}
	if x = f(x); x == 0 {
		x = 0 // no -0
	}
	if quoted {
		dst = append(dst, '"')
	}
	dst = strconv.AppendFloat(dst, x, 'f', -1, 64)
	if quoted {
		dst = append(dst, '"')
	}
	return dst, ""
}

const other = "other"

// family is a name and what tells it in folded text. Earlier ones win: Edge says
// that it is Chrome, and Chrome that it is Safari.
type family struct{ name, sign string }

var agentFamilies = []family{
	{"Edge", "edg"}, {"Opera", "opr/"}, {"Opera", "opera"}, {"Samsung Internet", "samsungbrowser"}, {"Vivaldi", "vivaldi"}, {"Yandex", "yabrowser"},
	{"Firefox", "firefox"}, {"Firefox", "fxios"}, {"Internet Explorer", "trident"}, {"Internet Explorer", "msie"},
	{"Internet Explorer", "internet explorer"}, {"Internet Explorer", "ie "},
	{"Teams", "teams"}, {"Outlook", "outlook"}, {"Office", "microsoft office"}, {"OneDrive", "onedrive"},
	{"Rich Client", "rich client"}, {"Chrome Mobile", "chrome mobile"}, {"Chrome", "crios"}, {"Chrome", "chrome"},
	{"Mobile Safari", "mobile safari"}, {"Safari", "safari"},
	{"Windows-AzureAD-Authentication-Provider", "windows-azuread"}, {"Microsoft Authentication Library", "msal"},
	{"Dalvik", "dalvik"}, {"CFNetwork", "cfnetwork"}, {"okhttp", "okhttp"}, {"Azure CLI", "azurecli"}, {"Azure CLI", "azure-cli"},
	{"PowerShell", "powershell"}, {"Azure SDK", "azsdk"}, {"python", "python"}, {"Go", "go-http-client"}, {"Java", "java/"},
	{"node", "node"}, {"curl", "curl"}, {"wget", "wget"}, {"Postman", "postman"}, {"WebView", "webview"},
}

var systemFamilies = []family{
	{"Windows Phone", "windows phone"}, {"Windows", "windows"}, {"iOS", "iphone"}, {"iOS", "ipad"}, {"iOS", "ios"},
	{"Android", "android"}, {"macOS", "mac os"}, {"macOS", "macos"}, {"macOS", "macintosh"}, {"ChromeOS", "cros"}, {"ChromeOS", "chrome os"},
	{"Linux", "linux"}, {"Linux", "ubuntu"},
}

// familyOf returns a name out of the list or other, never a part of the text:
// whoever signs in writes the user agent.
func familyOf(text []byte, list []family) string {
	var buf [1024]byte
	folded := buf[:0]
	for _, c := range text[:min(len(text), len(buf))] {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		folded = append(folded, c)
	}
	for _, f := range list {
		if bytes.Contains(folded, []byte(f.sign)) {
			return f.name
		}
	}
	return other
}
