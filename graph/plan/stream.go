package plan

import (
	"context"
	"errors"
	"reflect"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Stream is a field of the subscription type: the developer's resolver gives a channel, and each of its values is an event.
type Stream struct {
	context Context
	open    func(ctx context.Context, exec any, fc *graphql.FieldContext) (func(context.Context) (any, bool), error)
	// fill puts an event's value into the field's column.
	fill func(*call, any)
	// once is a channel of one value, as gqlgen's executor takes it from a resolver.
	once func(any) any
}

// StreamOf is a subscription's field that gives objects.
func StreamOf[T any](prepare Context, resolve func(ctx context.Context, exec any, fc *graphql.FieldContext) (<-chan T, error), add func(*Column, T)) *Stream {
	return newStream(prepare, resolve, func(c *call, value T) { objects(c, []T{value}, nil, add) })
}

// StreamOfLeaves is [StreamOf] for scalars and enums.
func StreamOfLeaves[T any](prepare Context, resolve func(ctx context.Context, exec any, fc *graphql.FieldContext) (<-chan T, error), write func(*Writer, T) bool) *Stream {
	return newStream(prepare, resolve, func(c *call, value T) { leaves(c, []T{value}, nil, write) })
}

func newStream[T any](prepare Context, resolve func(context.Context, any, *graphql.FieldContext) (<-chan T, error), fill func(*call, T)) *Stream {
	typed := func(value any) T {
		v, _ := value.(T) // A nil interface has no type.
		return v
	}
	return &Stream{
		context: prepare,
		open: func(ctx context.Context, exec any, fc *graphql.FieldContext) (func(context.Context) (any, bool), error) {
			values, err := resolve(ctx, exec, fc)
			return func(ctx context.Context) (any, bool) {
				select {
				case v, ok := <-values:
					return v, ok
				case <-ctx.Done():
					return nil, false
				}
			}, err
		},
		fill: func(c *call, value any) { fill(c, typed(value)) },
		once: func(value any) any {
			one := make(chan T, 1)
			one <- typed(value)
			close(one)
			return (<-chan T)(one)
		},
	}
}

// Source is where the events of one subscription come from. It belongs to one goroutine.
//
// An operation that is executed in the context of [Source.Opening] calls the subscription's resolver and answers only if
// that fails. Each event that Next gives is then answered by the operation executed in the context of [Source.Event]: the
// rest of the selection, run as a plan, or on gqlgen's executor where there is none.
type Source struct {
	next  func(context.Context) (any, bool)
	field *Stream
	at    *graphql.FieldContext
	value any
}

type sourceKey struct{}

// sourced is what is to be done with a source: to open it, to answer an event of it, or to tell what it ended with.
type sourced struct {
	source  *Source
	opens   bool
	failure error
}

// Opening gives the context in which the subscription's resolver is called.
func (s *Source) Opening(ctx context.Context) context.Context {
	return context.WithValue(ctx, sourceKey{}, sourced{source: s, opens: true})
}

// Failing gives the context in which an open source's failure is told, as the field's error.
func (s *Source) Failing(ctx context.Context, err error) context.Context {
	return context.WithValue(ctx, sourceKey{}, sourced{source: s, failure: err})
}

// At names the subscription's field; the source must be open.
func (s *Source) At() Coordinate { return Coordinate{s.at.Object, s.at.Field.Name} }

// Next waits for the next event; the source must be open. It gives false when there is none any more, or when the context ends.
func (s *Source) Next(ctx context.Context) bool {
	var more bool
	s.value, more = s.next(ctx)
	return more
}

// Event gives the context in which the event that Next found is answered.
func (s *Source) Event(ctx context.Context) context.Context {
	return context.WithValue(ctx, sourceKey{}, sourced{source: s})
}

// errNoStream is a subscription of which nothing can be opened: its field is skipped, or a table does not cover it.
var errNoStream = errors.New("plan: the subscription asks for nothing that can be streamed")

// stream executes a subscription: all of it on gqlgen's executor, unless the caller takes its events one by one.
func (s *Schema) stream(ctx context.Context, oc *graphql.OperationContext) graphql.ResponseHandler {
	asked, taken := ctx.Value(sourceKey{}).(sourced)
	if !taken {
		s.fallbacks[ReasonSubscription].Add(1)
		return s.fallBack(ctx, oc)
	}
	if asked.opens {
		return graphql.OneShot(s.open(ctx, oc, asked.source))
	}
	if asked.failure != nil {
		tell(graphql.WithFieldContext(ctx, asked.source.at), oc, asked.source.at, asked.failure)
		return graphql.OneShot(&graphql.Response{Data: []byte("null")})
	}
	p := s.planFor(oc)
	if p.reason != "" {
		s.fallbacks[p.reason].Add(1)
		if err := denied(ctx)[asked.source.At()]; err != nil {
			return once(func(ctx context.Context) *graphql.Response { return asked.source.failed(ctx, err) })
		}
		if err := s.coercion(asked.source.At()).fault(reflect.ValueOf(asked.source.value)); err != nil {
			return once(func(ctx context.Context) *graphql.Response { return asked.source.failed(ctx, err) })
		}
		return asked.source.corrected(oc, s.fallBack(ctx, oc))
	}
	s.planned.Add(1)
	return once(func(ctx context.Context) *graphql.Response { return s.run(ctx, oc, p, asked.source) })
}

// failed is the answer to an event whose field the operation may not have any more, or whose value the field cannot be.
func (s *Source) failed(ctx context.Context, err error) *graphql.Response {
	graphql.AddError(graphql.WithFieldContext(ctx, s.at), placed(s.at, err))
	if s.at.Field.Definition.Type.NonNull {
		return &graphql.Response{Data: []byte("null")}
	}
	return &graphql.Response{Data: []byte(s.null())}
}

// null is the answer whose one field is null.
func (s *Source) null() string { return `{"` + s.at.Field.Alias + `":null}` }

// corrected is what gqlgen's executor answers to an event, with what it forgets there: the subscription's field in the paths
// of errors, that a null of it may take the whole answer with it (specification §6.4.4), and to recover.
func (s *Source) corrected(oc *graphql.OperationContext, answer graphql.ResponseHandler) graphql.ResponseHandler {
	return once(func(ctx context.Context) *graphql.Response {
		ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: s.at.Object, Field: s.at.Field, Args: s.at.Args, IsResolver: true})
		response, err := guard(ctx, oc, func() (*graphql.Response, error) { return answer(ctx), nil })
		if err != nil {
			graphql.AddError(ctx, err)
			return &graphql.Response{Data: []byte("null")}
		}
		if response != nil && s.at.Field.Definition.Type.NonNull && string(response.Data) == s.null() {
			response.Data = []byte("null")
		}
		return response
	})
}

// open calls the resolver. An error is told as that of the field.
func (s *Schema) open(ctx context.Context, oc *graphql.OperationContext, source *Source) *graphql.Response {
	root := s.Schema().Subscription
	collected := collector{doc: oc.Doc, variables: oc.Variables, satisfies: map[string]bool{root.Name: true}, visited: map[string]bool{}}
	for _, abstract := range s.Schema().GetImplements(root) {
		collected.satisfies[abstract.Name] = true
	}
	collected.collect(oc.Operation.SelectionSet)
	failed := &graphql.Response{Data: []byte("null")}
	if len(collected.fields) != 1 {
		graphql.AddError(ctx, errNoStream)
		return failed
	}
	field := collected.fields[0]
	table := s.tables.Objects[s.ids[root.Name]].Fields[field.Name]
	if table == nil || table.Stream == nil {
		graphql.AddError(ctx, errNoStream)
		return failed
	}
	exec := s.tables.Exec(s.ExecutableSchema, oc)
	ctx = graphql.WithLazyInputUnmarshalerIndex(ctx, func() *graphql.InputUnmarshalerIndex { return s.tables.Inputs(exec) })
	ctx = graphql.WithRootFieldContext(ctx, &graphql.RootFieldContext{Object: field.Name, Field: field})
	fc, err := table.Stream.context(ctx, exec, field)
	if err != nil {
		return failed // It has told its error.
	}
	ctx = graphql.WithFieldContext(ctx, fc)
	if err := denied(ctx)[Coordinate{root.Name, field.Name}]; err != nil {
		graphql.AddError(ctx, placed(fc, err))
		return failed
	}
	source.field, source.at = table.Stream, fc
	source.next, err = guard(ctx, oc, func() (func(context.Context) (any, bool), error) { return table.Stream.open(ctx, exec, fc) })
	if err != nil {
		tell(ctx, oc, fc, err)
		return failed
	}
	return &graphql.Response{Data: []byte("{}")}
}

// event puts the source's value in the place of what a resolver would give, and resolves what lies beneath.
func (r *run) event(ctx context.Context, source *Source) {
	for _, n := range r.plan.root.resolved {
		if r.denied[n] != nil {
			continue
		}
		c := &call{run: r, node: n, column: &r.columns[n.column], parents: []any{nil}}
		source.field.fill(c, source.value)
		r.start(graphql.WithRootFieldContext(ctx, n.root), r.beneath(n, nil))
	}
}

// intercepts gives what gqlgen's executor gets for a subscription's field in the place of its resolver's channel.
func (s *Schema) intercepts(ctx context.Context, fc *graphql.FieldContext) (channel any, ok bool) {
	asked, streams := ctx.Value(sourceKey{}).(sourced)
	if !streams || s.Schema().Subscription == nil || fc.Object != s.Schema().Subscription.Name {
		return nil, false
	}
	return asked.source.field.once(asked.source.value), true
}

// once gives one response, and then none.
func once(answer graphql.ResponseHandler) graphql.ResponseHandler {
	answered := false
	return func(ctx context.Context) *graphql.Response {
		if answered {
			return nil
		}
		answered = true
		return answer(ctx)
	}
}

func isSubscription(oc *graphql.OperationContext) bool {
	return oc.Operation.Operation == ast.Subscription
}
