package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/auth"
	"vestibule.example/clients"
	"vestibule.example/graph/plan"
	"vestibule.example/graph/rest"
)

// Each error that a resolver may give has the contract's code, and beside it what a page needs to go on.
func TestErrorsAreDescribed(t *testing.T) {
	late, cancel := context.WithCancelCause(t.Context())
	cancel(errOperationTimeout)
	p := &presenter{loginURL: "/auth/login"}
	for _, c := range []struct {
		name       string
		ctx        context.Context
		err        error
		code       string
		extensions map[string]any
	}{
		{"a session that has ended", t.Context(), auth.ErrUnauthenticated, "UNAUTHENTICATED", map[string]any{"loginUrl": "/auth/login"}},
		{"a session of which there is none", t.Context(), auth.ErrNotFound, "NOT_FOUND", map[string]any{}},
		{"a store that is away", t.Context(), auth.ErrStoreUnavailable, "UNAVAILABLE", map[string]any{"retryable": true}},
		{"an input that is wrong", t.Context(), &rest.InputError{Field: "after", Message: "is no cursor of ours"}, "BAD_USER_INPUT",
			map[string]any{"fields": []map[string]string{{"field": "after", "message": "is no cursor of ours"}}}},
		{"a field that may not be had", t.Context(), &denial{code: clients.CodeForbidden}, "FORBIDDEN", map[string]any{}},
		{"an API that is away", t.Context(), &clients.Error{Code: clients.CodeUpstreamUnavailable, API: "orders", Status: 503, Retryable: true, RetryAfter: 1500 * time.Millisecond}, "UPSTREAM_UNAVAILABLE",
			map[string]any{"api": "orders", "status": 503, "retryable": true, "retryAfter": 2}},
		{"an enum's value that the schema does not know", t.Context(), plan.ErrNoValue, "UPSTREAM_INVALID", map[string]any{}},
		{"an integer beyond Int", t.Context(), plan.ErrIntRange, "UPSTREAM_INVALID", map[string]any{}},
		{"an API's word, though the operation took too long", late, &clients.Error{Code: clients.CodeForbidden, API: "orders", Status: 403}, "FORBIDDEN", map[string]any{"api": "orders", "status": 403, "retryable": false}},
		{"an operation that took too long, whatever fails then", late, auth.ErrUnauthenticated, "OPERATION_TIMEOUT", map[string]any{}},
		{"anything else", t.Context(), errors.New("canary"), "INTERNAL", map[string]any{}},
	} {
		for _, err := range []error{c.err, fmt.Errorf("wrapped: %w", c.err)} {
			extensions := map[string]any{}
			if code := p.describe(c.ctx, err, extensions); code != c.code || !reflect.DeepEqual(extensions, c.extensions) {
				t.Errorf("%s is %s %v, want %s %v", c.name, code, extensions, c.code, c.extensions)
			}
		}
		if messages[c.code] == "" {
			t.Errorf("%s has no message", c.code)
		}
	}
}

// An argument that a scalar of the schema does not take is the fault of who sent it, and its value is told nobody.
func TestAnArgumentIsItsSendersFault(t *testing.T) {
	p := &presenter{loginURL: "/auth/login", requestID: func(context.Context) string { return "" }, log: slog.New(slog.DiscardHandler)}
	field := graphql.WithFieldContext(t.Context(), &graphql.FieldContext{Object: "Query", Field: graphql.CollectedField{Field: &ast.Field{Alias: "orders"}}})
	within := graphql.WithPathContext(graphql.WithPathContext(field, graphql.NewPathWithField("filter")), graphql.NewPathWithIndex(1))
	told := p.present(field, graphql.ErrorOnPath(within, errors.New("canary")))
	if told.Extensions["code"] != "BAD_USER_INPUT" || fmt.Sprint(told.Extensions["fields"]) != "[map[field:filter[1] message:is no value of its type]]" || strings.Contains(told.Message, "canary") {
		t.Errorf("an argument's fault = %+v", told)
	}
	if told := p.present(field, graphql.ErrorOnPath(within, &clients.Error{Code: clients.CodeForbidden})); told.Extensions["code"] != "FORBIDDEN" {
		t.Errorf("what a directive says of an argument = %+v", told)
	}
	if told := p.present(field, graphql.ErrorOnPath(field, errors.New("canary"))); told.Extensions["code"] != "INTERNAL" {
		t.Errorf("the field's own fault = %+v", told)
	}
}
