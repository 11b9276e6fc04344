package plantest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// New makes the schema over a world, on gqlgen's executor.
func New(w *World) graphql.ExecutableSchema {
	return NewExecutableSchema(Config{Resolvers: &Resolver{w}, Directives: DirectiveRoot{Limited: w.limited, Traced: traced}})
}

func traced(ctx context.Context, _ any, next graphql.Resolver) (any, error) { return next(ctx) }

// limited lets half of the objects through.
func (w *World) limited(ctx context.Context, obj any, next graphql.Resolver, role string) (any, error) {
	if a, ok := obj.(*Alpha); ok && w.fate(a.seed, role) != fine {
		return nil, fmt.Errorf("%w: not for %s", ErrFault, role)
	}
	return next(ctx)
}

// Resolver answers from the world.
type Resolver struct{ *World }

type (
	alphaResolver        struct{ *World }
	betaResolver         struct{ *World }
	queryResolver        struct{ *World }
	mutationResolver     struct{ *World }
	subscriptionResolver struct{}
	vaultResolver        struct{}
)

// Alpha implements ResolverRoot.
func (r *Resolver) Alpha() AlphaResolver { return alphaResolver{r.World} }

// Beta implements ResolverRoot.
func (r *Resolver) Beta() BetaResolver { return betaResolver{r.World} }

// Query implements ResolverRoot.
func (r *Resolver) Query() QueryResolver { return queryResolver{r.World} }

// Mutation implements ResolverRoot.
func (r *Resolver) Mutation() MutationResolver { return mutationResolver{r.World} }

// Subscription implements ResolverRoot.
func (r *Resolver) Subscription() SubscriptionResolver { return subscriptionResolver{} }

// Vault implements ResolverRoot.
func (r *Resolver) Vault() VaultResolver { return vaultResolver{} }

// one answers a single resolver.
func one[T any](w *World, seed uint64, name string, value func(uint64) T) (T, error) {
	w.called(name, 1)
	return answer(w, seed, name, value)
}

func seedOfAlpha(a *Alpha) uint64 {
	if a == nil { // gqlgen counts a list's nulls among the parents.
		return 0
	}
	return a.seed
}

func seedOfBeta(b *Beta) uint64 {
	if b == nil {
		return 0
	}
	return b.seed
}

func (r alphaResolver) Friend(_ context.Context, a *Alpha) (*Alpha, error) {
	return one(r.World, a.seed, "friend", r.alpha)
}

func (r alphaResolver) FriendN(_ context.Context, a *Alpha) (*Alpha, error) {
	return one(r.World, a.seed, "friendN", r.alpha)
}

func (r alphaResolver) Friends(_ context.Context, a *Alpha, count int, filter *Filter) ([]*Alpha, error) {
	name := "friends"
	if filter != nil {
		name += filter.Word
	}
	return one(r.World, a.seed, name, func(s uint64) []*Alpha { return some(r.World, s, min(count, 3), true, r.alpha) })
}

func (r alphaResolver) FriendsN(_ context.Context, a *Alpha) ([]*Alpha, error) {
	return one(r.World, a.seed, "friendsN", func(s uint64) []*Alpha { return some(r.World, s, 2, true, r.alpha) })
}

func (r alphaResolver) One(_ context.Context, a *Alpha) (Any, error) {
	return one(r.World, a.seed, "one", r.any)
}

func (r alphaResolver) Ones(_ context.Context, a *Alpha) ([]Node, error) {
	return one(r.World, a.seed, "ones", func(s uint64) []Node { return some(r.World, s, 3, true, r.node) })
}

func (r alphaResolver) Score(_ context.Context, a *Alpha, plus *int) (*int, error) {
	return one(r.World, a.seed, "score", func(s uint64) *int {
		n := number(s)
		if plus != nil {
			*n += *plus
		}
		return n
	})
}

func (r alphaResolver) ScoreN(_ context.Context, a *Alpha) (int, error) {
	return one(r.World, a.seed, "scoreN", func(s uint64) int { return *number(s) })
}

func (r alphaResolver) Tags(_ context.Context, a *Alpha) ([]string, error) {
	return one(r.World, a.seed, "tags", func(s uint64) []string {
		return some(r.World, s, 3, false, func(s uint64) string { return fmt.Sprint(s % 10) })
	})
}

func (r alphaResolver) Cube(_ context.Context, a *Alpha) ([][]float64, error) {
	return one(r.World, a.seed, "cube", func(s uint64) [][]float64 {
		return some(r.World, s, 2, true, func(s uint64) []float64 {
			return some(r.World, s, 2, false, func(s uint64) float64 { return float64(s%100000) * 1e3 })
		})
	})
}

func (r alphaResolver) Value(_ context.Context, a *Alpha) (*Spot, error) {
	return one(r.World, a.seed, "value", func(s uint64) *Spot { spot := r.spot(s); return &spot })
}

func (r alphaResolver) Mate(_ context.Context, list []*Alpha) ([]*Beta, error) {
	return together(r.World, list, seedOfAlpha, "mate", r.beta)
}

func (r alphaResolver) MateN(_ context.Context, list []*Alpha) ([]*Beta, error) {
	return together(r.World, list, seedOfAlpha, "mateN", r.beta)
}

func (r alphaResolver) Mates(_ context.Context, list []*Alpha, count int) ([][]*Beta, error) {
	return together(r.World, list, seedOfAlpha, "mates", func(s uint64) []*Beta { return some(r.World, s, min(count, 3), true, r.beta) })
}

func (r alphaResolver) Peer(_ context.Context, list []*Alpha) ([]Node, error) {
	return together(r.World, list, seedOfAlpha, "peer", r.node)
}

func (r alphaResolver) Peers(_ context.Context, list []*Alpha) ([][]Node, error) {
	return together(r.World, list, seedOfAlpha, "peers", func(s uint64) []Node { return some(r.World, s, 2, true, r.node) })
}

func (r alphaResolver) Rank(_ context.Context, list []*Alpha) ([]*int, error) {
	return together(r.World, list, seedOfAlpha, "rank", number)
}

func (r alphaResolver) RankN(_ context.Context, list []*Alpha) ([]int, error) {
	return together(r.World, list, seedOfAlpha, "rankN", func(s uint64) int { return *number(s) })
}

func (r alphaResolver) Ranks(_ context.Context, list []*Alpha, size *Size) ([][]int, error) {
	return together(r.World, list, seedOfAlpha, "ranks", func(s uint64) []int {
		return some(r.World, s, 3, false, func(s uint64) int { return *number(s) * int(*size) })
	})
}

func (r alphaResolver) Guarded(_ context.Context, a *Alpha) (*Alpha, error) {
	return one(r.World, a.seed, "guarded", r.alpha)
}

func (r betaResolver) Peer(_ context.Context, b *Beta) (Node, error) {
	return one(r.World, b.seed, "peer", r.node)
}

func (r betaResolver) Peers(_ context.Context, list []*Beta) ([][]Node, error) {
	return together(r.World, list, seedOfBeta, "peers", func(s uint64) []Node { return some(r.World, s, 2, true, r.node) })
}

func (r betaResolver) Mate(_ context.Context, list []*Beta) ([]*Alpha, error) {
	return together(r.World, list, seedOfBeta, "mate", r.alpha)
}

func (r betaResolver) Count(_ context.Context, b *Beta) (int, error) {
	return one(r.World, b.seed, "count", func(s uint64) int { return *number(s) })
}

func (r queryResolver) Alpha(_ context.Context, seed int) (*Alpha, error) {
	return one(r.World, uint64(seed), "alpha", r.alpha)
}

func (r queryResolver) AlphaN(_ context.Context, seed int) (*Alpha, error) {
	return one(r.World, uint64(seed), "alphaN", r.alpha)
}

func (r queryResolver) Alphas(_ context.Context, count int, _ *Filter) ([]*Alpha, error) {
	return one(r.World, uint64(count), "alphas", func(s uint64) []*Alpha { return some(r.World, s, min(count, 4), true, r.alpha) })
}

func (r queryResolver) Node(_ context.Context, seed int) (Node, error) {
	return one(r.World, uint64(seed), "node", r.node)
}

func (r queryResolver) Nodes(_ context.Context, count int) ([]Node, error) {
	return one(r.World, uint64(count), "nodes", func(s uint64) []Node { return some(r.World, s, min(count, 4), true, r.node) })
}

func (r queryResolver) Any(_ context.Context, seed int) (Any, error) {
	return one(r.World, uint64(seed), "any", r.any)
}

func (r queryResolver) Anys(_ context.Context, count int) ([]Any, error) {
	return one(r.World, uint64(count), "anys", func(s uint64) []Any { return some(r.World, s, min(count, 4), true, r.any) })
}

func (r queryResolver) Echo(_ context.Context, filter Filter, colours []Colour, size *Size, stamp *time.Time, id *string, n *float64, on *bool) (string, error) {
	text, err := json.Marshal([]any{filter, colours, size, stamp, id, n, on})
	return string(text), err
}

func (r queryResolver) Constant(context.Context) (string, error) { return "constant", nil }

func (r queryResolver) Vault(context.Context) (*Vault, error) { return &Vault{"1"}, nil }

func (r mutationResolver) Bump(_ context.Context, by int) (*Alpha, error) {
	return one(r.World, uint64(by), "bump", r.alpha)
}

func (r mutationResolver) BumpN(_ context.Context, by int) (*Alpha, error) {
	return one(r.World, uint64(by), "bumpN", r.alpha)
}

func (subscriptionResolver) Ticks(context.Context) (<-chan int, error) {
	ticks := make(chan int, 1)
	ticks <- 1
	close(ticks)
	return ticks, nil
}

func (vaultResolver) Opened(_ context.Context, list []*Vault) ([]*string, error) {
	return make([]*string, len(list)), nil
}
