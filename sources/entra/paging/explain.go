package paging

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/logpipe/logpipe/pipeline/schema/logs"
)

// Refusal is an answer that more tries do not change, explained by what the
// catalogue knows of the log.
type Refusal struct {
	Status string // what this makes of the coverage: no_permission, unlicensed, unserved or failed
	Advice string
	cause  error
}

func (e *Refusal) Error() string { return fmt.Sprintf("%v: %s", e.cause, e.Advice) }

// Unwrap returns the cause.
func (e *Refusal) Unwrap() error { return e.cause }

// Coverage returns the status that the slice has because of the refusal.
func (e *Refusal) Coverage() string { return e.Status }

// The coverage statuses of refusals.
const (
	NoPermission = "no_permission"
	Unlicensed   = "unlicensed"
	Failed       = "failed"
)

// explain says what to do about an answer.
func explain(err error, log logs.Log) error {
	var a *Answer
	if !errors.As(err, &a) {
		return err
	}
	refuse := func(status, advice string, args ...any) error {
		return &Refusal{Status: status, Advice: fmt.Sprintf(advice, args...), cause: err}
	}
	text := strings.ToLower(a.Code + " " + a.Message)
	switch {
	case strings.Contains(a.Code, "NonPremiumTenant") || strings.Contains(text, "premium license") || strings.Contains(text, "licens"):
		return refuse(Unlicensed, "%s needs %s in this tenant; take the source out, or get the licence (it works a day after)", log.Name, licence(log))
	case a.Status == http.StatusForbidden && strings.Contains(text, "allowed roles"):
		return refuse(NoPermission, "whoever signs in needs one of the roles %s", strings.Join(log.Roles, ", "))
	case a.Status == http.StatusForbidden && strings.Contains(text, "insufficient_claims"):
		return refuse(NoPermission, "conditional access asks for more than this sign-in gives: exempt the application, or sign in from an allowed place")
	case a.Status == http.StatusForbidden:
		return refuse(NoPermission, "%s", permissions(log))
	case a.Status == http.StatusUnauthorized:
		return refuse(NoPermission, "the token was refused twice: check that the tenant's id and cloud belong together and that this machine's clock is right")
	case a.Status == http.StatusNotFound || strings.Contains(text, "resource not found for the segment"):
		return refuse(Failed, "this cloud does not serve %s: check the tenant's cloud, or take the source out", log.Name)
	case a.Status == http.StatusBadRequest && strings.Contains(text, "filter"):
		return refuse(Failed, "the service does not know the filter on %s that it documents; this is a fault of logpipe or of the service, please report it", log.Filter)
	case a.Status >= 300 && a.Status < 400:
		return refuse(Failed, "a redirect is not followed, because a token would go with it: something between here and the service answers in its place")
	}
	return err
}

// permissions says what to grant.
func permissions(log logs.Log) string {
	app, user := log.Application, log.Delegated
	if len(user) == 0 {
		user = app
	}
	roles := ""
	if len(log.Roles) > 0 {
		roles = ", and a person one of the roles " + strings.Join(log.Roles, ", ")
	}
	if len(app) == 0 {
		return fmt.Sprintf("an application may not read %s, only a person who signs in, with one of the roles %s", log.Name, strings.Join(log.Roles, ", "))
	}
	grant := "grant the application " + strings.Join(app, " and ") + " (application permission, with an administrator's consent)"
	if !slices.Equal(app, user) {
		grant += ", or a person " + strings.Join(user, " and ")
	}
	return grant + roles
}

func licence(log logs.Log) string {
	if log.Licence == "" {
		return "a premium licence"
	}
	return log.Licence
}
