package graph

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"vestibule.example/auth"
	"vestibule.example/clients"
	"vestibule.example/graph/plan"
	"vestibule.example/graph/rest"
)

// The codes that arise in this package; clients has the others (see [clients.Code]).
const (
	codeUnauthenticated  = string(clients.CodeUnauthenticated)
	codeBadUserInput     = string(clients.CodeBadUserInput)
	codeInternal         = string(clients.CodeInternal)
	codeUnavailable      = string(clients.CodeUnavailable)
	codeRateLimited      = string(clients.CodeRateLimited)
	codeParseFailed      = "GRAPHQL_PARSE_FAILED"
	codeValidationFailed = "GRAPHQL_VALIDATION_FAILED"
	codeTimeout          = "OPERATION_TIMEOUT"
	codeTooComplex       = "QUERY_TOO_COMPLEX"
	codeNotAllowed       = "OPERATION_NOT_ALLOWED"
	codeNotFoundByID     = "PERSISTED_QUERY_NOT_FOUND"
	codeSessionChanged   = "SESSION_CHANGED"
)

// messages are what clients read for each code; nothing else of an error's text is ever shown.
var messages = map[string]string{
	codeUnauthenticated:                     "Sign in to see this.",
	string(clients.CodeStepUpRequired):      "This needs a stronger or more recent sign-in.",
	string(clients.CodeForbidden):           "You may not see or do this.",
	string(clients.CodeNotFound):            "There is no such thing, or it is not yours to see.",
	string(clients.CodeConflict):            "This is not possible as things stand now.",
	codeBadUserInput:                        "The input is not valid.",
	codeRateLimited:                         "Too many requests; try again later.",
	string(clients.CodeUpstreamTimeout):     "An API did not answer in time.",
	string(clients.CodeUpstreamUnavailable): "An API cannot be reached.",
	string(clients.CodeUpstreamInvalid):     "An API gave an answer that cannot be read.",
	codeUnavailable:                         "This is not available just now; try again.",
	codeSessionChanged:                      "You have signed in again meanwhile; reload the page.",
	codeTimeout:                             "The operation took too long.",
	codeInternal:                            "Something went wrong; the fault is ours.",
}

// errOperationTimeout ends the context of an operation that took too long.
var errOperationTimeout = errors.New("graph: the operation took too long")

// presenter turns every error of a field into one public code. The cause is logged here, once, and shown nowhere.
type presenter struct {
	loginURL  string
	requestID func(context.Context) string
	log       *slog.Logger
	meter     *instruments
}

// present implements [graphql.ErrorPresenterFunc].
func (p *presenter) present(ctx context.Context, err error) *gqlerror.Error {
	var public *gqlerror.Error
	if errors.As(err, &public) && isOurs(public) {
		return public
	}
	out := &gqlerror.Error{Path: graphql.GetPath(ctx), Extensions: map[string]any{}}
	if public != nil {
		out.Path, out.Locations = public.Path, public.Locations
	}
	code := p.describe(ctx, err, out.Extensions)
	if argument := argumentOf(ctx, public); argument != "" && code == codeInternal {
		code, out.Extensions["fields"] = codeBadUserInput, []map[string]string{{"field": argument, "message": "is no value of its type"}}
	}
	out.Extensions["code"] = code
	out.Message = messages[code]
	if isGone(ctx) {
		return out
	}
	p.meter.failed(ctx, code, apiOf(err), false)
	if id := p.requestID(ctx); id != "" {
		out.Extensions["requestId"] = id
	}
	var refused *denial
	if errors.As(err, &refused) {
		return out // Logged when it was decided, once for all places.
	}
	p.log.LogAttrs(ctx, levelOf(code), "field failed", slog.String("path", out.Path.String()), slog.String("code", code),
		slog.String("request_id", p.requestID(ctx)), slog.String("error", causes(err)))
	return out
}

// argumentOf names the argument, or the part of one, that a scalar or a directive of the schema's own has refused: gqlgen reports that
// at the field, with a path that goes on to the argument. Empty for any other error.
func argumentOf(ctx context.Context, told *gqlerror.Error) string {
	field := graphql.GetPath(ctx)
	if told == nil || len(told.Path) <= len(field) || !slices.Equal(told.Path[:len(field)], field) {
		return ""
	}
	return told.Path[len(field):].String()
}

// isGone tells that nobody waits for the answer any more. What fails because of that is no failure, and is not logged.
func isGone(ctx context.Context) bool { return errors.Is(context.Cause(ctx), context.Canceled) }

func levelOf(code string) slog.Level {
	switch code {
	case codeInternal:
		return slog.LevelError
	case codeUnauthenticated, codeBadUserInput, string(clients.CodeNotFound):
		return slog.LevelDebug
	}
	return slog.LevelWarn
}

// denied logs that a field is denied. That a policy could not decide is logged where the field fails.
func (p *presenter) denied(ctx context.Context, at plan.Coordinate, err error) {
	var refused *denial
	if errors.As(err, &refused) {
		p.log.LogAttrs(ctx, levelOf(string(refused.code)), "field denied", slog.String("field", at.Object+"."+at.Field), slog.String("code", string(refused.code)),
			slog.String("request_id", p.requestID(ctx)))
	}
}

// note logs a failure that a fallback hides.
func (p *presenter) note(ctx context.Context, err error) {
	if isGone(ctx) {
		return
	}
	code := p.describe(ctx, err, map[string]any{})
	p.meter.failed(ctx, code, apiOf(err), true)
	p.log.LogAttrs(ctx, slog.LevelWarn, "field answered with its fallback", slog.String("path", graphql.GetPath(ctx).String()),
		slog.String("code", code), slog.String("request_id", p.requestID(ctx)), slog.String("error", causes(err)))
}

// apiOf names the API whose call failed; empty if none did.
func apiOf(err error) string {
	var call *clients.Error
	if errors.As(err, &call) {
		return call.API
	}
	return ""
}

// isOurs tells whether an error was made here or by the validator, and has its code already.
func isOurs(e *gqlerror.Error) bool {
	code, _ := e.Extensions["code"].(string)
	return code != "" && e.Err == nil
}

// describe gives an error's code, and fills in the extensions that docs/errors.md promises beside it.
func (p *presenter) describe(ctx context.Context, err error, extensions map[string]any) string {
	var input *rest.InputError
	var call *clients.Error
	var refused *denial
	switch {
	case errors.As(err, &call) && call.Status != 0: // What an API has answered stands, even after the operation's time is over.
		p.describeCall(call, extensions)
		return string(call.Code)
	case errors.Is(context.Cause(ctx), errOperationTimeout):
		return codeTimeout
	case errors.Is(err, auth.ErrUnauthenticated):
		extensions["loginUrl"] = p.loginURL
		return codeUnauthenticated
	case errors.Is(err, auth.ErrNotFound):
		return string(clients.CodeNotFound)
	case errors.Is(err, auth.ErrStoreUnavailable):
		extensions["retryable"] = true
		return codeUnavailable
	case errors.As(err, &input):
		extensions["fields"] = []map[string]string{{"field": input.Field, "message": input.Message}}
		return codeBadUserInput
	case errors.As(err, &refused):
		p.describeLogin(refused.code, refused.stepUp, extensions)
		return string(refused.code)
	case errors.As(err, &call):
		p.describeCall(call, extensions)
		return string(call.Code)
	case errors.Is(err, plan.ErrNoValue), errors.Is(err, plan.ErrIntRange): // Enums are the APIs', which may come to have more values, and so are numbers.
		return string(clients.CodeUpstreamInvalid)
	}
	return codeInternal
}

func (p *presenter) describeCall(e *clients.Error, extensions map[string]any) {
	extensions["api"] = e.API
	if e.Status != 0 {
		extensions["status"] = e.Status
	}
	extensions["retryable"] = e.Retryable
	if e.RetryAfter > 0 {
		extensions["retryAfter"] = int((e.RetryAfter + time.Second - 1) / time.Second)
	}
	if len(e.Fields) > 0 {
		fields := make([]map[string]string, len(e.Fields))
		for i, f := range e.Fields {
			fields[i] = map[string]string{"field": f.Field, "message": f.Message}
		}
		extensions["fields"] = fields
	}
	p.describeLogin(e.Code, e.StepUp, extensions)
}

// describeLogin adds the address of the sign-in that would help, where one would.
func (p *presenter) describeLogin(code clients.Code, stepUp *clients.StepUp, extensions map[string]any) {
	switch code {
	case clients.CodeUnauthenticated:
		extensions["loginUrl"] = p.loginURL
	case clients.CodeStepUpRequired:
		extensions["loginUrl"] = p.loginURL + stepUp.LoginQuery()
	}
}

// causes is an error's text with those of all errors that it wraps, for the log.
func causes(err error) string {
	text := err.Error()
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
		if more := inner.Error(); !strings.Contains(text, more) {
			text += ": " + more
		}
	}
	return text
}
