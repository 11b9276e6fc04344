package clients

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// Call is one call of an operation.
type Call struct {
	Method string // required
	Path   Path
	Query  url.Values
	// Header is sent in addition to the API's own headers. The names that Config.Headers refuses are faults of the program.
	Header http.Header
	// Body is sent as JSON, by its method AppendJSON if it has one; url.Values, and what has a method AppendForm, as a form; nil sends
	// none. It is written once, however often it is sent.
	Body any
	// IdempotencyKey goes into the header of that name and makes the call safe to repeat. 1 to 255 visible characters.
	IdempotencyKey string
	// ReadOnly says that a POST only asks, such as a search: it is safe to repeat, and nothing kept is stale because of it.
	ReadOnly bool
	// Timeout bounds this call with all its attempts, if that is less than the API's own time; 0 is the API's.
	Timeout time.Duration
	// Keep is how long a GET's answer counts as fresh for calls with the same Keep, whatever the API says about its freshness. 0: as
	// the API says. [NotKept]: the answer is not kept, and each call is sent. Keep changes nothing else: answers are kept only if
	// Config.Cache has room for them, for their identity, and unless the API forbids it (no-store, no-cache, Vary).
	Keep time.Duration
}

// NotKept is the Keep of a [Call] whose answer is not kept.
const NotKept time.Duration = -1

// None is the type of an answer whose body does not matter: Delete[clients.None] takes 204 as well as 200.
type None struct{}

// Get asks for a T.
func Get[T any](ctx context.Context, api *API, path Path, query url.Values) (T, error) {
	return Do[T](ctx, api, Call{Method: http.MethodGet, Path: path, Query: query})
}

// Post sends body and expects a T.
func Post[T any](ctx context.Context, api *API, path Path, body any) (T, error) {
	return Do[T](ctx, api, Call{Method: http.MethodPost, Path: path, Body: body})
}

// Put sends body and expects a T.
func Put[T any](ctx context.Context, api *API, path Path, body any) (T, error) {
	return Do[T](ctx, api, Call{Method: http.MethodPut, Path: path, Body: body})
}

// Patch sends body and expects a T.
func Patch[T any](ctx context.Context, api *API, path Path, body any) (T, error) {
	return Do[T](ctx, api, Call{Method: http.MethodPatch, Path: path, Body: body})
}

// Delete expects a T, usually None.
func Delete[T any](ctx context.Context, api *API, path Path) (T, error) {
	return Do[T](ctx, api, Call{Method: http.MethodDelete, Path: path})
}

// Do makes one call. If it fails, the error is an *Error, and the value is T's zero.
//
// A successful answer must be JSON of type T: with another content type, without a body, with null, with a member of the
// wrong type, or nested deeper than 64 levels it is UPSTREAM_INVALID. A member that T requires and the answer lacks is not
// noticed here. Redirects are not followed: they are UPSTREAM_INVALID too.
func Do[T any](ctx context.Context, api *API, call Call) (T, error) {
	value, _, err := DoHeader[T](ctx, api, call)
	return value, err
}

// DoHeader is [Do], and returns the header of the answer too; nil if the call failed.
func DoHeader[T any](ctx context.Context, api *API, call Call) (T, http.Header, error) {
	x, err := api.prepare(ctx, call)
	if err != nil {
		var zero T
		return zero, nil, err
	}
	if call.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, call.Timeout)
		defer cancel()
	}
	x.note = api.note(ctx, x)
	ctx = api.beginCall(ctx, x)
	ans, err := api.obtain(ctx, x)
	value, err := understand[T](api, x, ans, projectionOf(ctx), err)
	x.end(ans, err)
	if err != nil {
		return value, nil, err
	}
	return value, ans.header, nil
}

// understand makes a T or an *Error of an answer.
func understand[T any](api *API, x *exchange, ans *answer, needed *Projection, err error) (T, error) {
	var zero, value T
	if err != nil {
		return zero, api.failure(x, err)
	}
	if ans.status < 200 || ans.status > 299 {
		return zero, api.refusal(x, ans)
	}
	if _, none := any(value).(None); none {
		return value, nil
	}
	if err := decode(ans, &value, needed); err != nil {
		return zero, api.invalid(x, ans.status, "answer: %w", err)
	}
	return value, nil
}

// exchange is a call that is ready to be sent. Only repeated changes later.
type exchange struct {
	method     string
	template   string
	url        *url.URL
	header     http.Header
	body       []byte
	safe       bool          // changes nothing, by method (RFC 9110 §9.2.1) or as its caller says
	repeatable bool          // idempotent by method (RFC 9110 §9.2.2) or by its key
	keep       time.Duration // Call.Keep
	repeated   bool          // an unsafe one was sent more than once: set by attempts
	note       *note
	span       trace.Span // nil: the call is not traced
}

// prepare builds the request as it will be sent, or says why there can be none.
func (a *API) prepare(ctx context.Context, call Call) (*exchange, error) {
	x := &exchange{method: call.Method, template: call.Path.template, safe: call.ReadOnly || safe(call.Method), keep: call.Keep}
	x.repeatable = x.safe || idempotent(call.Method)
	u, err := call.Path.resolve(a.base, call.Query)
	if errors.Is(err, errProgram) {
		return nil, a.failure(x, err)
	} else if err != nil {
		return nil, a.badInput(x, err)
	}
	x.url, x.header = u, a.finalHeader(ctx)
	if err := a.addHeader(x, call.Header); err != nil {
		return nil, err
	}
	if err := x.write(call.Body); err != nil {
		return nil, a.failure(x, fmt.Errorf("%w: body: %w", errProgram, err))
	}
	if key := call.IdempotencyKey; key != "" {
		if len(key) > 255 || !isVisible(key) || strings.TrimSpace(key) != key {
			return nil, a.badInput(x, errors.New("idempotency key cannot be sent"),
				FieldError{Field: "idempotencyKey", Message: "must be 1 to 255 visible ASCII characters"})
		}
		x.header[headerIdempotency] = []string{key}
		x.repeatable = true
	}
	return x, nil
}

// write gives the exchange its body, which may know how to write itself.
func (x *exchange) write(body any) (err error) {
	kind := "application/json"
	switch body := body.(type) {
	case nil:
		return nil
	case url.Values:
		kind, x.body = "application/x-www-form-urlencoded", []byte(body.Encode())
	case interface{ AppendForm(b []byte) []byte }:
		kind = "application/x-www-form-urlencoded"
		x.body, err = written(func(b []byte) ([]byte, error) { return body.AppendForm(b), nil })
	case interface {
		AppendJSON(b []byte) ([]byte, error)
	}:
		x.body, err = written(body.AppendJSON)
	default:
		x.body, err = json.Marshal(body)
	}
	x.header["Content-Type"] = []string{kind}
	return err
}

// written is what is appended, in memory of its own.
func written(appendTo func(b []byte) ([]byte, error)) ([]byte, error) {
	memory := borrow()
	defer giveBack(memory)
	text, err := appendTo((*memory)[:0])
	*memory = text
	return bytes.Clone(text), err
}

func (a *API) badInput(x *exchange, err error, fields ...FieldError) *Error {
	return &Error{Code: CodeBadUserInput, API: a.name, Method: x.method, Path: x.template, Fields: fields, err: err}
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

func idempotent(method string) bool {
	switch method {
	case http.MethodPut, http.MethodDelete:
		return true
	}
	return safe(method)
}
