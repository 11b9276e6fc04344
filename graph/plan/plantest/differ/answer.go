package differ

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"vestibule.example/graph/plan"
	"vestibule.example/graph/plan/plantest"
	"vestibule.example/graph/valid"
)

// Answer is what an executor made of an operation, or of one event of a subscription.
type Answer struct {
	Data   string
	Errors gqlerror.List
}

// ErrInvalid is an operation's that no executor runs.
var ErrInvalid = errors.New("invalid")

var errPanic = errors.New("panic")

// NewExecutor makes an executor whose errors have codes by what they are.
func NewExecutor(schema graphql.ExecutableSchema) *executor.Executor {
	e := executor.New(schema)
	e.Use(extension.Introspection{})
	e.SetDefaultRulesFn(valid.Rules)
	e.SetRecoverFunc(func(_ context.Context, v any) error { return fmt.Errorf("%w: %v", errPanic, v) })
	e.SetErrorPresenter(func(ctx context.Context, err error) *gqlerror.Error {
		public := *graphql.DefaultErrorPresenter(ctx, err)
		var null *graphql.InvalidNullError
		switch {
		case public.Extensions["code"] != nil:
		case errors.As(err, &null):
			def := schema.Schema().Types[strings.Trim(null.DeclaredType, "[]!")]
			public.Extensions = map[string]any{"code": "NULL", "leaf": def != nil && def.IsLeafType()}
		case errors.Is(err, errPanic):
			public.Extensions = map[string]any{"code": "PANIC"}
		case errors.Is(err, plan.ErrIntRange):
			public.Extensions = map[string]any{"code": "RANGE"}
		case errors.Is(err, plantest.ErrRatio):
			public.Extensions = map[string]any{"code": "SCALAR"}
		case slices.ContainsFunc(notANumber, func(text string) bool { return strings.HasPrefix(public.Message, text) }):
			public.Extensions, public.Message = map[string]any{"code": "SCALAR"}, "not a number"
		case errors.Is(err, plantest.ErrFault):
			public.Extensions = map[string]any{"code": "FAULT"}
		}
		return &public
	})
	return e
}

// notANumber is how the executors begin to say so.
var notANumber = []string{"cannot marshal infinite", "plan: JSON holds neither"}

// Execute runs an operation.
func Execute(ctx context.Context, e *executor.Executor, query string, variables map[string]any) (Answer, error) {
	ctx = graphql.StartOperationTrace(ctx)
	oc, errs := e.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: variables})
	if len(errs) > 0 {
		return Answer{}, errors.Join(ErrInvalid, errs)
	}
	responses, ctx := e.DispatchOperation(ctx, oc)
	response := responses(ctx)
	if response == nil {
		return Answer{}, ErrInvalid
	}
	return Answer{string(response.Data), response.Errors}, nil
}

// Subscribe takes all events of a subscription, as transports do.
func Subscribe(ctx context.Context, e *executor.Executor, query string, variables map[string]any) (events []Answer, err error) {
	ctx = graphql.StartOperationTrace(ctx)
	oc, errs := e.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: variables})
	if len(errs) > 0 {
		return nil, errors.Join(ErrInvalid, errs)
	}
	source := &plan.Source{}
	dispatch := func(ctx context.Context) *graphql.Response {
		responses, ctx := e.DispatchOperation(ctx, oc)
		return responses(ctx)
	}
	if opened := dispatch(source.Opening(ctx)); len(opened.Errors) > 0 {
		return []Answer{{string(opened.Data), opened.Errors}}, nil
	}
	for source.Next(ctx) {
		got := dispatch(source.Event(ctx))
		events = append(events, Answer{string(got.Data), got.Errors})
	}
	return events, nil
}

// Told says what went wrong, in a fixed order. gqlgen writes scalars that may fail only where the object around them has
// not become null; whether an error beneath a null is told, the specification leaves open.
func (a Answer) Told() []string {
	var data any
	json.Unmarshal([]byte(a.Data), &data) //nolint:errcheck // Null, if it is not JSON: that is another's to tell.
	var lines []string
	for _, e := range a.Errors {
		if e.Extensions["code"] != "SCALAR" || !beneathNull(data, e.Path[:len(e.Path)-1]) {
			lines = append(lines, told(e))
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// toldTwice gives an error that stands there twice, with its place.
func (a Answer) toldTwice() string {
	seen := map[string]bool{}
	for _, e := range a.Errors {
		line := e.Path.String() + " " + e.Message
		if seen[line] {
			return line
		}
		seen[line] = true
	}
	return ""
}

// without leaves out errors.
func (a Answer) without(some func(*gqlerror.Error) bool) Answer {
	return Answer{a.Data, slices.DeleteFunc(slices.Clone(a.Errors), some)}
}

// silent tells a null where none may be, of which this answer says nothing, neither there nor of what lies beneath: gqlgen says
// nothing of a nil pointer within an interface, or to a list. The other's error is what the specification wants (§6.4.4).
func (a Answer) silent(other *gqlerror.Error) bool {
	at := place(other)
	return other.Extensions["code"] == "NULL" && !slices.ContainsFunc(a.Errors, func(e *gqlerror.Error) bool {
		of := place(e)
		return len(of) >= len(at) && slices.Equal(of[:len(at)], at)
	})
}

// place is where an error is. gqlgen gives the elements of a list of scalars no place of their own.
func place(e *gqlerror.Error) ast.Path {
	path := e.Path
	if leaf, _ := e.Extensions["leaf"].(bool); leaf || e.Extensions["code"] == "SCALAR" {
		for len(path) > 0 {
			if _, index := path[len(path)-1].(ast.PathIndex); !index {
				break
			}
			path = path[:len(path)-1]
		}
	}
	return path
}

// told says an error in one line.
func told(e *gqlerror.Error) string {
	path := place(e)
	code, _ := e.Extensions["code"].(string)
	if strings.Contains(e.Message, "returned unexpected result type") {
		code = "PANIC" // What gqlgen says of a batch resolver's panic at all places but one.
	}
	if code == "NULL" || code == "PANIC" {
		return path.String() + " " + code
	}
	return path.String() + " " + code + " " + inList.ReplaceAllString(e.Message, "")
}

// inList is what gqlgen puts before its words on a batch resolver: the place in the list, of which plans know several.
var inList = regexp.MustCompile(`^index \d+: `)

func beneathNull(data any, path ast.Path) bool {
	for _, element := range path {
		switch element := element.(type) {
		case ast.PathName:
			object, _ := data.(map[string]any)
			data = object[string(element)]
		case ast.PathIndex:
			list, _ := data.([]any)
			if int(element) >= len(list) {
				return true
			}
			data = list[element]
		}
	}
	return data == nil
}
