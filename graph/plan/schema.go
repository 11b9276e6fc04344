package plan

import (
	"context"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
)

// Reason says why an operation ran on gqlgen's executor.
type Reason string

// The reasons there are.
const (
	ReasonIntrospection  Reason = "introspection"
	ReasonSubscription   Reason = "subscription"
	ReasonInterceptor    Reason = "field interceptor"
	ReasonDefer          Reason = "@defer"
	ReasonDirective      Reason = "directive in the document"
	ReasonBatchDirective Reason = "directive on a batch resolver"
	ReasonBinding        Reason = "binding without a table"
	ReasonCondition      Reason = "condition"
	ReasonSize           Reason = "size"
	ReasonConfiguration  Reason = "configuration"
)

// Config is what may be chosen.
type Config struct {
	// Gqlgen runs every operation on gqlgen's executor.
	Gqlgen bool
	// Parallel is how many calls of single resolvers an operation may have under way beside the one of each field that is
	// always allowed; default 64.
	Parallel int
	// Operations is how many operations' plans are kept; default 1000.
	Operations int
	// Kind names what a field's resolver loads, by key and before it does anything else; empty if that is nothing, or nothing that
	// other fields load too. Fields of one kind that are ready at the same time then load with the contexts of Together.
	Kind func(Coordinate) string
	// Together is told how many fields will load things of one kind, and gives each its context and what is told when it has done so.
	Together func(ctx context.Context, fields int) (take func() (loading context.Context, leave func()))
	// Observer gives whoever watches an operation; it may be nil, and may give nil.
	Observer func(context.Context) Observer
	// Compiled is told of each new plan which fields it has, each once, and gives what every run of it adds to the context of its
	// resolvers. It may be nil, and may give nil.
	Compiled func([]Selected) func(context.Context) context.Context
}

// Selected is a field of a plan.
type Selected struct {
	Coordinate
	// Resolved tells that a resolver of the developer's gives it.
	Resolved bool
}

// Observer watches the resolvers of one operation; it must be safe for concurrent use.
type Observer interface {
	// Node is told that a field is being resolved for so many parents, and returns the context to do it with, and what is
	// told that it is done. The path is the response path without indices.
	Node(ctx context.Context, path []string, parents int) (resolving context.Context, done func())
}

// Stats is how many operations ran how since the start: as plans, of which so many were compiled and the others found in
// the cache, and on gqlgen's executor, by reason.
type Stats struct {
	Planned   uint64
	Compiled  uint64
	Fallbacks map[Reason]uint64
}

// Schema runs the operations of a gqlgen schema as plans. It is safe for concurrent use.
type Schema struct {
	graphql.ExecutableSchema
	tables Tables
	cfg    Config
	ids    map[string]int
	cache  *Cache[*operation]
	// fieldMiddleware and rootMiddleware are gqlgen's own, which do nothing: any other has to see every field.
	fieldMiddleware, rootMiddleware uintptr

	planned   atomic.Uint64
	compiled  atomic.Uint64
	fallbacks map[Reason]*atomic.Uint64
}

// New wraps a gqlgen schema. A schema that gives subscriptions a context per event (@subscriptionContext) loses that.
func New(schema graphql.ExecutableSchema, tables Tables, cfg Config) *Schema {
	if cfg.Parallel == 0 {
		cfg.Parallel = 64
	}
	if cfg.Operations == 0 {
		cfg.Operations = 1000
	}
	s := &Schema{ExecutableSchema: schema, tables: tables, cfg: cfg, ids: map[string]int{}, cache: NewCache[*operation](cfg.Operations), fallbacks: map[Reason]*atomic.Uint64{}}
	for id, o := range tables.Objects {
		s.ids[o.Name] = id
	}
	for _, r := range []Reason{
		ReasonIntrospection, ReasonSubscription, ReasonInterceptor, ReasonDefer, ReasonDirective, ReasonBatchDirective, ReasonBinding, ReasonCondition, ReasonSize,
		ReasonConfiguration,
	} {
		s.fallbacks[r] = &atomic.Uint64{}
	}
	plain, _ := executor.New(schema).CreateOperationContext(graphql.StartOperationTrace(context.Background()), &graphql.RawParams{Query: "{" + typename + "}"})
	s.fieldMiddleware, s.rootMiddleware = code(plain.ResolverMiddleware), code(plain.RootResolverMiddleware)
	return s
}

// code tells a function's code, whatever it closes over.
func code(f any) uintptr { return reflect.ValueOf(f).Pointer() }

// Stats tells how many operations ran how since the start.
func (s *Schema) Stats() Stats {
	stats := Stats{Planned: s.planned.Load(), Compiled: s.compiled.Load(), Fallbacks: map[Reason]uint64{}}
	for r, n := range s.fallbacks {
		if n := n.Load(); n > 0 {
			stats.Fallbacks[r] = n
		}
	}
	return stats
}

// Exec implements [graphql.ExecutableSchema].
func (s *Schema) Exec(ctx context.Context) graphql.ResponseHandler {
	oc := graphql.GetOperationContext(ctx)
	if isSubscription(oc) {
		return s.stream(ctx, oc)
	}
	p := s.planFor(oc)
	if p.reason != "" {
		s.fallbacks[p.reason].Add(1)
		return s.fallBack(ctx, oc)
	}
	s.planned.Add(1)
	return once(func(ctx context.Context) *graphql.Response { return s.run(ctx, oc, p, nil) })
}

// planFor gives the operation's plan, or the reason why there is none.
func (s *Schema) planFor(oc *graphql.OperationContext) *plan {
	switch {
	case s.cfg.Gqlgen:
		return &plan{reason: ReasonConfiguration}
	case code(oc.ResolverMiddleware) != s.fieldMiddleware || code(oc.RootResolverMiddleware) != s.rootMiddleware:
		return &plan{reason: ReasonInterceptor}
	}
	o := s.cache.Get(oc.Operation, func() *operation {
		seen := survey{doc: oc.Doc, visited: map[string]bool{}}
		seen.directives(oc.Operation.Directives)
		seen.look(oc.Operation.SelectionSet)
		return &operation{reason: seen.reason, conditions: slices.Clip(seen.conditions), plans: map[uint64]*plan{}}
	})
	if o.reason != "" {
		return &plan{reason: o.reason}
	}
	bits, ok := o.bits(oc.Variables)
	if !ok {
		return &plan{reason: ReasonCondition}
	}
	p, grown := o.plan(bits, func() *plan {
		s.compiled.Add(1)
		return s.compile(oc)
	})
	if grown > 0 {
		s.cache.Grow(grown)
	}
	return p
}
