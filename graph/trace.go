package graph

import (
	"context"
	"math"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/clients"
	"vestibule.example/graph/plan"
)

// trace is extensions.trace, the record of what an operation asked of the APIs. docs/tracing.md is its contract.
type trace struct {
	Executor   string       `json:"executor"`
	Fallback   plan.Reason  `json:"fallback,omitempty"`
	DurationMs float64      `json:"durationMs"`
	Calls      []tracedCall `json:"calls"`
	More       int          `json:"more,omitempty"`
}

type tracedCall struct {
	ID         int             `json:"id"`
	API        string          `json:"api"`
	Method     string          `json:"method"`
	Path       string          `json:"path"`
	StartMs    float64         `json:"startMs"`
	DurationMs float64         `json:"durationMs"`
	Status     int             `json:"status,omitempty"`
	Fields     []string        `json:"fields,omitempty"`
	Keys       int             `json:"keys,omitempty"`
	Part       int             `json:"part,omitempty"`
	Parts      int             `json:"parts,omitempty"`
	Via        clients.Via     `json:"via,omitempty"`
	SharedWith int             `json:"sharedWith,omitempty"`
	Attempts   []tracedAttempt `json:"attempts,omitempty"`
	Token      *tracedToken    `json:"token,omitempty"`
	Bytes      int             `json:"bytes,omitempty"`
	Error      clients.Code    `json:"error,omitempty"`
}

type tracedAttempt struct {
	StartMs    float64      `json:"startMs"`
	DurationMs float64      `json:"durationMs"`
	Status     int          `json:"status,omitempty"`
	Error      clients.Code `json:"error,omitempty"`
}

type tracedToken struct {
	Kind     string   `json:"kind"`
	Audience string   `json:"audience,omitempty"`
	Resource string   `json:"resource,omitempty"`
	Scopes   []string `json:"scopes,omitempty"`
}

// traced has the calls of an operation recorded, where answers show them: never in production, where they would tell anybody
// what lies behind the gateway.
func (h *handler) traced(ctx context.Context) (context.Context, *clients.Trace) {
	if !h.cfg.Trace {
		return ctx, nil
	}
	t := clients.NewTrace(clients.TraceConfig{Field: fieldOf})
	return clients.WithTrace(ctx, t), t
}

// explain shows the recorded calls in the answer.
func (h *handler) explain(t *clients.Trace, operation *graphql.OperationContext, result *graphql.Response) {
	if t == nil {
		return
	}
	out := trace{Executor: "plan", Fallback: h.plans.Reason(operation), DurationMs: milliseconds(t.Duration()), Calls: []tracedCall{}}
	if out.Fallback != "" {
		out.Executor = "gqlgen"
	}
	calls, more := t.Calls()
	out.More = more
	for _, c := range calls {
		out.Calls = append(out.Calls, shown(c))
	}
	if result.Extensions == nil {
		result.Extensions = map[string]any{}
	}
	result.Extensions["trace"] = out
}

func shown(c clients.TracedCall) tracedCall {
	out := tracedCall{
		ID: c.ID, API: c.API, Method: c.Method, Path: c.Path, StartMs: milliseconds(c.Start), DurationMs: milliseconds(c.Duration), Status: c.Status,
		Fields: c.Fields, Keys: c.Keys, Via: c.Via, SharedWith: c.SharedWith, Bytes: c.Bytes, Error: c.Code,
	}
	if c.Parts > 1 {
		out.Part, out.Parts = c.Part, c.Parts
	}
	for _, a := range c.Attempts {
		out.Attempts = append(out.Attempts, tracedAttempt{milliseconds(a.Start), milliseconds(a.Duration), a.Status, a.Code})
	}
	if c.Token.Kind != "" {
		out.Token = &tracedToken{c.Token.Kind, c.Token.Audience, c.Token.Resource, c.Token.Scopes}
	}
	return out
}

// milliseconds rounds to microseconds, three digits after the point.
func milliseconds(d time.Duration) float64 {
	return math.Round(float64(d)/float64(time.Microsecond)) / 1000
}

// fieldOf is the response path of the field that a context belongs to, without indices: the elements of a list are one field.
func fieldOf(ctx context.Context) string {
	path := ""
	for _, step := range graphql.GetPath(ctx) {
		if name, ok := step.(ast.PathName); ok {
			if path != "" {
				path += "."
			}
			path += string(name)
		}
	}
	return path
}
