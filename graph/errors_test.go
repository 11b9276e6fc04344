package graph

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

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
