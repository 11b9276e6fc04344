package graphtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// document is an API's OpenAPI document.
type document struct {
	spec *openapi3.T
	open bool // no operation wants a token
}

func readDocument(name string) (*document, error) {
	spec, err := openapi3.NewLoader().LoadFromFile(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := spec.Validate(context.Background(), openapi3.DisableExamplesValidation()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	d := &document{spec, len(spec.Security) == 0}
	for _, item := range spec.Paths.Map() {
		for _, operation := range item.Operations() {
			if operation.Security != nil && len(*operation.Security) > 0 {
				d.open = false
			}
			for _, response := range operation.Responses.Map() {
				plainJSON(response.Value.Content)
			}
		}
	}
	return d, nil
}

// plainJSON cuts the parameters off application/json; charset=utf-8 and the like: an answer's own may differ, or be missing.
func plainJSON(content openapi3.Content) {
	for name, media := range content {
		if kind, _, more := strings.Cut(name, ";"); more && strings.TrimSpace(kind) == "application/json" {
			delete(content, name)
			content["application/json"] = media
		}
	}
}

// has tells whether there is an operation "GET /orders/{orderId}".
func (d *document) has(operation string) bool {
	method, path, _ := strings.Cut(operation, " ")
	item := d.spec.Paths.Value(path)
	return item != nil && item.GetOperation(method) != nil
}

// asked is a request that the document allows.
type asked struct {
	input *openapi3filter.RequestValidationInput
}

func (a *asked) operation() string { return a.input.Route.Method + " " + a.input.Route.Path }

// route gives the operation of a request and what stands in its path; a path without parameters comes before one with.
func (d *document) route(r *http.Request) (*routers.Route, map[string]string) {
	for _, path := range d.spec.Paths.InMatchingOrder() {
		item := d.spec.Paths.Value(path)
		if values, ok := match(path, r.URL.EscapedPath()); ok && item.GetOperation(r.Method) != nil {
			return &routers.Route{Spec: d.spec, Path: path, PathItem: item, Method: r.Method, Operation: item.GetOperation(r.Method)}, values
		}
	}
	return nil, nil
}

// match compares an escaped path with a template, and gives the values of its parameters, each of which is a whole segment.
func match(template, path string) (map[string]string, bool) {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	values := map[string]string{}
	for i, segment := range want {
		value, err := url.PathUnescape(got[i])
		if name, ok := strings.CutPrefix(segment, "{"); ok && value != "" && err == nil {
			values[strings.TrimSuffix(name, "}")] = value
		} else if segment != value {
			return nil, false
		}
	}
	return values, true
}

var (
	errNoOperation      = errors.New("the document has no such operation")
	errUnknownParameter = errors.New("the document knows no such parameter")
)

// find gives the operation that is asked, if the document has it and allows the request.
func (d *document) find(r *http.Request, body []byte) (*asked, error) {
	route, path := d.route(r)
	if route == nil {
		return nil, errNoOperation
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	input := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: path, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: authenticated, SkipSettingDefaults: true},
	}
	if err := openapi3filter.ValidateRequest(context.WithoutCancel(r.Context()), input); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(r.URL.Query())) {
		if !slices.ContainsFunc(slices.Concat(route.Operation.Parameters, route.PathItem.Parameters), func(p *openapi3.ParameterRef) bool {
			return p.Value.In == openapi3.ParameterInQuery && p.Value.Name == name
		}) {
			return nil, fmt.Errorf("%w: %s", errUnknownParameter, name)
		}
	}
	return &asked{input}, nil
}

var errNoToken = errors.New("the operation wants a token, and none came")

// authenticated refuses a request without a token where the document wants one. Whose token it is is not checked.
func authenticated(_ context.Context, in *openapi3filter.AuthenticationInput) error {
	if in.RequestValidationInput.Request.Header.Get("Authorization") == "" {
		return errNoToken
	}
	return nil
}

// check compares an answer with the document.
func (a *asked) check(answer *httptest.ResponseRecorder) error {
	media, _, err := mime.ParseMediaType(answer.Header().Get("Content-Type"))
	if err == nil && media == "text/event-stream" {
		return nil
	}
	err = openapi3filter.ValidateResponse(context.Background(), (&openapi3filter.ResponseValidationInput{
		RequestValidationInput: a.input, Status: answer.Code, Header: answer.Header(), Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}).SetBodyBytes(answer.Body.Bytes()))
	if err != nil {
		return fmt.Errorf("the document does not allow the answer: %w", err)
	}
	return nil
}

var errNothingDescribed = errors.New("the document describes no successful answer in JSON; give one in API.Answers")

// describe answers with the document's example of success, or with a value made from its schema.
func (a *asked) describe(answer *httptest.ResponseRecorder) error {
	responses := a.input.Route.Operation.Responses.Map()
	for _, status := range slices.Sorted(maps.Keys(responses)) {
		var code int
		if _, err := fmt.Sscanf(status, "%3d", &code); err != nil || code >= http.StatusMultipleChoices {
			continue
		}
		described := responses[status].Value
		if len(described.Content) == 0 {
			answer.WriteHeader(code)
			return nil
		}
		if media := described.Content.Get("application/json"); media != nil {
			body, err := json.Marshal(exampleOf(media))
			if err != nil {
				return fmt.Errorf("the example of %s: %w", a.operation(), err)
			}
			JSON(code, string(body))(answer, a.input.Request)
			return nil
		}
	}
	return errNothingDescribed
}
