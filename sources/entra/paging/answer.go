package paging

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Answer is an answer of the service that is no page.
type Answer struct {
	Status  int
	Code    string // the deepest code that says something
	Message string
	Request string        // request-id, to name to Microsoft's support
	After   time.Duration // Retry-After
	Told    bool          // there was a Retry-After that could be read
	Scope   string        // x-ms-throttle-scope
}

func (a *Answer) Error() string {
	text := fmt.Sprintf("the service answered %d %s", a.Status, http.StatusText(a.Status))
	if a.Code != "" {
		text += ", " + a.Code
	}
	if a.Message != "" {
		text += ": " + a.Message
	}
	if a.Request != "" {
		text += " (request-id " + a.Request + ")"
	}
	return text
}

// ReadAnswer makes an Answer of a response that is no page, whatever its body
// is. now is for a Retry-After that is a date.
func ReadAnswer(status int, header http.Header, body io.Reader, now time.Time) *Answer {
	a := &Answer{Status: status, Request: clip(header.Get("request-id"), 64), Scope: header.Get("x-ms-throttle-scope")}
	a.After, a.Told = retryAfter(header.Get("Retry-After"), now)
	b, _ := io.ReadAll(io.LimitReader(body, 64<<10))
	a.take(b)
	return a
}

// graphError is Graph's error object. Its inner object is spelled innerError
// and innererror and may nest; encoding/json takes either case.
type graphError struct {
	Code       string      `json:"code"`
	Message    string      `json:"message"`
	RequestID  string      `json:"request-id"`
	InnerError *graphError `json:"innererror"`
}

func (a *Answer) take(body []byte) {
	var g struct {
		Error json.RawMessage `json:"error"`
	}
	var e graphError
	if json.Unmarshal(body, &g) != nil || json.Unmarshal(g.Error, &e) != nil {
		return
	}
	a.Code, a.Message = clip(e.Code, 120), clip(e.Message, 400)
	for in, depth := &e, 0; in != nil && depth < 16; in, depth = in.InnerError, depth+1 {
		if in.Code != "" {
			a.Code = clip(in.Code, 120)
		}
		if in.RequestID != "" {
			a.Request = clip(in.RequestID, 64)
		}
	}
}

// clip makes a text of the service fit into one line.
func clip(s string, most int) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// retryAfter reads seconds, with a fraction or without, or a date.
func retryAfter(text string, now time.Time) (time.Duration, bool) {
	if text = strings.TrimSpace(text); text == "" {
		return 0, false
	}
	if s, err := strconv.ParseFloat(text, 64); err == nil {
		if s != s || s < 0 {
			return 0, false
		}
		return time.Duration(min(s, 86400) * float64(time.Second)), true
	}
	if t, err := http.ParseTime(text); err == nil {
		return min(max(t.Sub(now), 0), 24*time.Hour), true
	}
	return 0, false
}

// fate is what to do after a request failed.
type fate int

const (
	fatal     fate = iota
	again          // the same request, after a while
	throttled      // the same request, when the service allows
	doubt          // the same request a few times: licensed tenants flap
	broken         // the chain is dead: a new query
	without        // the service does not know an option: a new query without it
	smaller        // the page is too long: a new query for shorter ones
)

// fateOf decides what to do about err, the failure of r.
func fateOf(err error, r Request) fate {
	var a *Answer
	if !errors.As(err, &a) {
		var lasting interface{ Permanent() bool }
		switch {
		case errors.Is(err, errTooLong):
			return smaller
		case errors.As(err, &lasting) && lasting.Permanent():
			return fatal
		}
		return again // a connection or a page that broke
	}
	text := a.Code + " " + a.Message
	switch {
	case a.Status == http.StatusTooManyRequests:
		return throttled
	case a.Status == http.StatusOK, a.Status >= 500, a.Status == http.StatusRequestTimeout, a.Status == 423, a.Status == 425, a.Status == 499:
		if r.Next != "" && deadLink(text) {
			return broken
		}
		return again
	case a.Status == http.StatusForbidden && strings.Contains(a.Code, "NonPremiumTenant"):
		return doubt
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden:
		return fatal
	case optionOf(a) != "":
		return without
	case r.Next != "" && (a.Status == http.StatusBadRequest || a.Status == http.StatusNotFound || a.Status == http.StatusGone):
		return broken // whatever it says, the query itself was fine
	case deadLink(text):
		return broken
	}
	return fatal
}

// deadLink knows the texts that a forgotten link is answered with: they have no
// code of their own.
func deadLink(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "skip token") || strings.Contains(text, "skiptoken") || strings.Contains(text, "token not found")
}

// optionOf returns the query option that the service refuses, lower case, "" if
// that is not what it says.
func optionOf(a *Answer) string {
	if a.Status != http.StatusBadRequest {
		return ""
	}
	text := strings.ToLower(a.Message)
	if !strings.Contains(text, "not allowed") && !strings.Contains(text, "not supported") {
		return ""
	}
	for _, o := range []string{"orderby", "top"} {
		if strings.Contains(text, "'"+o+"'") || strings.Contains(text, "$"+o) {
			return o
		}
	}
	return ""
}
