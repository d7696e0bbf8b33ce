package graphsim

import (
	"net/http"
	"strconv"
)

// problem is an answer that is an error, in Graph's words.
type problem struct {
	status        int
	code, message string
	header        map[string]string
	html          bool // a gateway's page instead of Graph's object
}

func badRequest(message string) *problem {
	return &problem{status: http.StatusBadRequest, code: "BadRequest", message: message}
}

func notAllowed(option string) *problem {
	return badRequest("Query option '" + option + "' is not allowed. To allow it, set the 'AllowedQueryOptions' property on EnableQueryAttribute or QueryValidationSettings.")
}

func unauthorized(message string) *problem {
	return &problem{status: http.StatusUnauthorized, code: "InvalidAuthenticationToken", message: message,
		header: map[string]string{"WWW-Authenticate": `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`}}
}

func forbidden(code, message string) *problem {
	return &problem{status: http.StatusForbidden, code: code, message: message}
}

func notPremium() *problem {
	return forbidden("Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Neither tenant is B2C or tenant doesn't have premium license")
}

// body returns the JSON object of an error.
func (p *problem) body(at instant, request, client guid) []byte {
	b := quote([]byte(`{"error":{"code":`), p.code)
	b = quote(append(b, `,"message":`...), p.message)
	b = append(append(b, `,"innerError":{"date":"`...), at.time().Format("2006-01-02T15:04:05")...)
	b = memberGUID(append(b, '"'), `,"request-id":`, request)
	b = memberGUID(b, `,"client-request-id":`, client)
	return append(b, `}}}`...)
}

// write answers with p.
func (p *problem) write(w http.ResponseWriter, at instant, request, client guid) {
	for name, value := range p.header {
		w.Header().Set(name, value)
	}
	body := p.body(at, request, client)
	w.Header().Set("Content-Type", "application/json")
	if p.html {
		w.Header().Set("Content-Type", "text/html")
		body = []byte("<html><head><title>" + strconv.Itoa(p.status) + " " + http.StatusText(p.status) + "</title></head><body><center><h1>" + http.StatusText(p.status) + "</h1></center></body></html>\r\n")
	}
	w.WriteHeader(p.status)
	_, _ = w.Write(body) // the client is gone if this fails
}
