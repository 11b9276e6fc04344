package plan_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"vestibule.example/graph/plan/plantest"
	"vestibule.example/graph/plan/plantest/differ"
)

// odd are resolvers as a team may write them by mistake, in the place of the world's.
type odd struct {
	plantest.ResolverRoot
	friend func(context.Context) (*plantest.Alpha, error)
	must   func(context.Context) (*plantest.Alpha, error)
	one    func(context.Context) (plantest.Any, error)
	score  func(context.Context) (*int, error)
	mate   func(context.Context, []*plantest.Alpha) ([]*plantest.Beta, error)
	peer   func(context.Context, []*plantest.Alpha) ([]plantest.Node, error)
	rank   func(context.Context, []*plantest.Alpha) ([]*int, error)
}

type oddAlpha struct {
	plantest.AlphaResolver
	odd
}

func (o odd) Alpha() plantest.AlphaResolver { return oddAlpha{o.ResolverRoot.Alpha(), o} }

func (o oddAlpha) Friend(ctx context.Context, _ *plantest.Alpha) (*plantest.Alpha, error) {
	return o.friend(ctx)
}

func (o oddAlpha) FriendN(ctx context.Context, _ *plantest.Alpha) (*plantest.Alpha, error) {
	return o.must(ctx)
}

func (o oddAlpha) One(ctx context.Context, _ *plantest.Alpha) (plantest.Any, error) {
	return o.one(ctx)
}

func (o oddAlpha) Score(ctx context.Context, _ *plantest.Alpha, _ *int) (*int, error) {
	return o.score(ctx)
}

func (o oddAlpha) Mate(ctx context.Context, list []*plantest.Alpha) ([]*plantest.Beta, error) {
	return o.mate(ctx, list)
}

func (o oddAlpha) Peer(ctx context.Context, list []*plantest.Alpha) ([]plantest.Node, error) {
	return o.peer(ctx, list)
}

func (o oddAlpha) Rank(ctx context.Context, list []*plantest.Alpha) ([]*int, error) {
	return o.rank(ctx, list)
}

// typedError is an error of which there may be a nil pointer.
type typedError struct{ text string }

func (e *typedError) Error() string { return e.text }

// gruff is an error that cannot be told.
type gruff struct{}

func (gruff) Error() string { panic("gruff") }

// What a resolver of a team's own gets wrong costs its field, on both executors alike, and neither the rest of the answer nor the process.
func TestOddResolvers(t *testing.T) {
	seven, none := 7, (*typedError)(nil)
	var noError *gqlerror.Error
	for _, c := range []struct {
		name, query string
		odd         odd
		data        string
	}{
		{"an error that is a nil pointer", "{constant alpha{friend{id} yes}}", odd{friend: func(context.Context) (*plantest.Alpha, error) { return nil, none }}, `{"constant":"constant","alpha":{"friend":null,"yes":true}}`},
		{"a GraphQL error that is a nil pointer", "{constant alpha{friend{id} yes}}", odd{friend: func(context.Context) (*plantest.Alpha, error) { return nil, noError }}, `{"constant":"constant","alpha":{"friend":null,"yes":true}}`},
		{"a scalar's error that is a nil pointer", "{constant alpha{score yes}}", odd{score: func(context.Context) (*int, error) { return nil, noError }}, `{"constant":"constant","alpha":{"score":null,"yes":true}}`},
		{"an error that cannot be told", "{constant alpha{score yes}}", odd{score: func(context.Context) (*int, error) { return nil, gruff{} }}, `{"constant":"constant","alpha":{"score":null,"yes":true}}`},
		{"a value beside an error", "{alpha{score}}", odd{score: func(context.Context) (*int, error) { return &seven, errTest }}, `{"alpha":{"score":null}}`},
		{"an error told beside a value", "{alpha{score}}", odd{score: func(ctx context.Context) (*int, error) {
			graphql.AddError(ctx, errTest)
			return &seven, nil
		}}, `{"alpha":{"score":7}}`},
		{"an error told beside a null where none may be", "{alphas(count:6){friendN{id}}}", odd{must: func(ctx context.Context) (*plantest.Alpha, error) {
			graphql.AddError(ctx, errTest)
			return nil, nil
		}}, `{"alphas":null}`},
		{"an error told and returned", "{alpha{score}}", odd{score: func(ctx context.Context) (*int, error) {
			graphql.AddError(ctx, errTest)
			return nil, fmt.Errorf("other: %w", errTest)
		}}, `{"alpha":{"score":null}}`},
		{"a joined error", "{alpha{score}}", odd{score: func(context.Context) (*int, error) {
			return nil, errors.Join(errTest, &gqlerror.Error{Message: "b"})
		}}, `{"alpha":{"score":null}}`},
		{"a nil pointer in a union", "{alpha{one{__typename}}}", odd{one: func(context.Context) (plantest.Any, error) { return (*plantest.Beta)(nil), nil }}, `{"alpha":{"one":null}}`},
		{"a runtime's panic", "{constant alpha{friend{id}}}", odd{friend: func(context.Context) (*plantest.Alpha, error) {
			var list []int
			return nil, fmt.Errorf("%d", list[seven]) //nolint:err113 // Not reached.
		}}, `{"constant":"constant","alpha":{"friend":null}}`},
		{"a panic of nothing", "{constant alpha{friend{id}}}", odd{friend: func(context.Context) (*plantest.Alpha, error) { panic(nil) }}, `{"constant":"constant","alpha":{"friend":null}}`},
		{"a batch's panic", "{alphas(count:6){mate{id}}}", odd{mate: func(_ context.Context, list []*plantest.Alpha) ([]*plantest.Beta, error) {
			return make([]*plantest.Beta, len(list)-seven), nil
		}}, `{"alphas":[{"mate":null},{"mate":null}]}`},
		{"a batch's error that is a nil pointer", "{constant alphas(count:6){mate{id}}}", odd{mate: func(context.Context, []*plantest.Alpha) ([]*plantest.Beta, error) { return nil, none }}, `{"constant":"constant","alphas":[{"mate":null},{"mate":null}]}`},
		{"a batch's GraphQL error that is a nil pointer", "{constant alphas(count:6){mate{id}}}", odd{mate: func(context.Context, []*plantest.Alpha) ([]*plantest.Beta, error) { return nil, noError }}, `{"constant":"constant","alphas":[{"mate":null},{"mate":null}]}`},
		{"one of a batch's errors is a nil pointer", "{constant alphas(count:6){rank}}", odd{rank: func(_ context.Context, list []*plantest.Alpha) ([]*int, error) {
			errs := make(graphql.BatchErrorList, len(list))
			errs[0] = noError
			return []*int{&seven, &seven}, errs
		}}, `{"constant":"constant","alphas":[{"rank":null},{"rank":7}]}`},
		{"a batch without errors as its error", "{alphas(count:6){rank}}", odd{rank: func(_ context.Context, list []*plantest.Alpha) ([]*int, error) {
			return []*int{&seven, &seven}, make(graphql.BatchErrorList, len(list))
		}}, `{"alphas":[{"rank":7},{"rank":7}]}`},
		{"a batch's empty list of errors", "{alphas(count:6){rank}}", odd{rank: func(context.Context, []*plantest.Alpha) ([]*int, error) {
			return []*int{&seven, &seven}, graphql.BatchErrorList(nil)
		}}, `{"alphas":[{"rank":null},{"rank":null}]}`},
		{"a batch's wrapped list of errors", "{alphas(count:6){rank}}", odd{rank: func(_ context.Context, list []*plantest.Alpha) ([]*int, error) {
			return []*int{&seven, &seven}, fmt.Errorf("other: %w", graphql.BatchErrorList{nil, errTest})
		}}, `{"alphas":[{"rank":null},{"rank":null}]}`},
		{"a batch of too few", "{alphas(count:6){rank}}", odd{rank: func(context.Context, []*plantest.Alpha) ([]*int, error) { return []*int{&seven}, nil }}, `{"alphas":[{"rank":null},{"rank":null}]}`},
		{"a batch's nil pointers in an interface", "{alphas(count:6){peer{id}}}", odd{peer: func(_ context.Context, list []*plantest.Alpha) ([]plantest.Node, error) {
			return []plantest.Node{(*plantest.Alpha)(nil), nil}, nil
		}}, `{"alphas":[{"peer":null},{"peer":null}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			world := &plantest.World{Seed: 7}
			o := c.odd
			o.ResolverRoot = &plantest.Resolver{World: world}
			p := differ.NewPair(plantest.NewExecutableSchema(plantest.Config{Resolvers: o}), plantest.PlanTables())
			if err := p.Compare(t.Context(), differ.Operation{Text: c.query}); err != nil {
				t.Error(err)
			}
			for name, e := range map[string]*executor.Executor{"plan": p.Tested, "gqlgen": p.Oracle} {
				got, err := differ.Execute(t.Context(), e, c.query, nil)
				if err != nil || got.Data != c.data {
					t.Errorf("%s: %s = %s %v, %v, want %s", name, c.query, got.Data, got.Errors, err, c.data)
				}
			}
		})
	}
}

// A list of errors tells those that it has; one that has none is an error all the same, since there is a null.
func TestListsOfErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		errs gqlerror.List
		told []string
	}{
		{"two", gqlerror.List{{Message: "a"}, {Message: "b"}}, []string{"alpha.score  a", "alpha.score  b"}},
		{"a nil among them", gqlerror.List{nil, {Message: "b"}}, []string{"alpha.score  b"}},
		{"nothing but nil", gqlerror.List{nil}, []string{"alpha.score  plan: a list of no errors"}},
		{"none", nil, []string{"alpha.score  plan: a list of no errors"}},
	} {
		o := odd{ResolverRoot: &plantest.Resolver{World: &plantest.World{Seed: 7}}, score: func(context.Context) (*int, error) { return nil, c.errs }}
		p := differ.NewPair(plantest.NewExecutableSchema(plantest.Config{Resolvers: o}), plantest.PlanTables())
		got, err := differ.Execute(t.Context(), p.Tested, "{alpha{score}}", nil)
		if err != nil || got.Data != `{"alpha":{"score":null}}` || !slices.Equal(got.Told(), c.told) {
			t.Errorf("%s: %s with %q, %v, want %q", c.name, got.Data, got.Told(), err, c.told)
		}
	}
}

// An error that a package keeps for everybody is told at each place where it is returned, wrapped or not, whoever runs the operation, and stays as
// it is.
func TestAnErrorThatIsShared(t *testing.T) {
	shared := &gqlerror.Error{Message: "shared", Extensions: map[string]any{"code": "SHARED"}}
	for name, returned := range map[string]error{"as it is": shared, "wrapped": fmt.Errorf("other: %w", shared), "joined": errors.Join(errTest, shared)} {
		o := odd{ResolverRoot: &plantest.Resolver{World: &plantest.World{Seed: 7}}, score: func(context.Context) (*int, error) { return nil, returned }}
		p := differ.NewPair(plantest.NewExecutableSchema(plantest.Config{Resolvers: o}), plantest.PlanTables())
		for executed, e := range map[string]*executor.Executor{"plan": p.Tested, "gqlgen": p.Oracle} {
			for _, alias := range []string{"a", "b"} {
				got, err := differ.Execute(t.Context(), e, "{"+alias+":alpha{score}}", nil)
				if err != nil || len(got.Errors) != 1 || got.Errors[0].Path.String() != alias+".score" || len(got.Errors[0].Locations) != 1 ||
					got.Errors[0].Extensions["code"] != "SHARED" {
					t.Errorf("%s, %s: %v at %s, %v, want the error at %s.score", executed, name, got.Errors, got.Errors[0].Path, err, alias)
				}
			}
		}
		if shared.Path != nil || shared.Locations != nil {
			t.Fatalf("%s: the error is at %s", name, shared.Path)
		}
	}
}

type oddSubscription struct{ plantest.SubscriptionResolver }

func (oddSubscription) Refused(context.Context) (<-chan *plantest.Alpha, error) {
	return nil, (*typedError)(nil)
}

type oddStreams struct{ plantest.ResolverRoot }

func (o oddStreams) Subscription() plantest.SubscriptionResolver {
	return oddSubscription{o.ResolverRoot.Subscription()}
}

// A subscription whose resolver's error cannot be told is refused like another.
func TestASubscriptionWhoseErrorIsANilPointer(t *testing.T) {
	resolvers := oddStreams{&plantest.Resolver{World: &plantest.World{Seed: 7}}}
	p := differ.NewPair(plantest.NewExecutableSchema(plantest.Config{Resolvers: resolvers}), plantest.PlanTables())
	got, err := differ.Subscribe(t.Context(), p.Tested, "subscription{refused{id}}", nil)
	if err != nil || len(got) != 1 || !slices.Equal(got[0].Told(), []string{"refused PANIC"}) {
		t.Errorf("%v, %v, want the panic", got, err)
	}
}

// A panic of which the gateway's own function makes no error is one all the same.
func TestAPanicWithoutAnError(t *testing.T) {
	e := newPair(faulty(map[string]any{"friend": "ouch"})).Tested
	e.SetRecoverFunc(func(context.Context, any) error { return nil })
	got, err := differ.Execute(t.Context(), e, "{alpha{friend{id}}}", nil)
	if err != nil || got.Data != `{"alpha":{"friend":null}}` || !slices.Equal(got.Told(), []string{"alpha.friend  plan: panic: ouch"}) {
		t.Errorf("%s with %q, %v, want the panic", got.Data, got.Told(), err)
	}
}
