package plantest

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
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
	if a, ok := obj.(*Alpha); ok && w.Fate(a.seed, role) != Fine {
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
	subscriptionResolver struct{ *World }
	vaultResolver        struct{}
	postResolver         struct{}
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
func (r *Resolver) Subscription() SubscriptionResolver { return subscriptionResolver{r.World} }

// Vault implements ResolverRoot.
func (r *Resolver) Vault() VaultResolver { return vaultResolver{} }

// Post implements ResolverRoot.
func (r *Resolver) Post() PostResolver { return postResolver{} }

// one answers a single resolver.
func one[T any](ctx context.Context, w *World, seed uint64, name string, value func(uint64) T) (T, error) {
	if err := w.Called(ctx, name, 1); err != nil {
		var none T
		return none, err
	}
	return Answer(w, seed, name, value)
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

func (r alphaResolver) Friend(ctx context.Context, a *Alpha) (*Alpha, error) {
	return one(ctx, r.World, a.seed, "friend", r.alpha)
}

func (r alphaResolver) FriendN(ctx context.Context, a *Alpha) (*Alpha, error) {
	return one(ctx, r.World, a.seed, "friendN", r.alpha)
}

func (r alphaResolver) Friends(ctx context.Context, a *Alpha, count int, filter *Filter) ([]*Alpha, error) {
	name := "friends"
	if filter != nil {
		name += filter.Word
	}
	return one(ctx, r.World, a.seed, name, func(s uint64) []*Alpha { return Some(r.World, s, min(count, 3), true, r.alpha) })
}

func (r alphaResolver) FriendsN(ctx context.Context, a *Alpha) ([]*Alpha, error) {
	return one(ctx, r.World, a.seed, "friendsN", func(s uint64) []*Alpha { return Some(r.World, s, 2, true, r.alpha) })
}

func (r alphaResolver) One(ctx context.Context, a *Alpha) (Any, error) {
	return one(ctx, r.World, a.seed, "one", r.any)
}

func (r alphaResolver) Ones(ctx context.Context, a *Alpha) ([]Node, error) {
	return one(ctx, r.World, a.seed, "ones", func(s uint64) []Node { return Some(r.World, s, 3, true, r.node) })
}

func (r alphaResolver) Score(ctx context.Context, a *Alpha, plus *int) (*int, error) {
	return one(ctx, r.World, a.seed, "score", func(s uint64) *int {
		n := r.number(s)
		if plus != nil {
			*n += *plus
		}
		return n
	})
}

func (r alphaResolver) ScoreN(ctx context.Context, a *Alpha) (int, error) {
	return one(ctx, r.World, a.seed, "scoreN", func(s uint64) int { return *r.number(s) })
}

func (r alphaResolver) Tags(ctx context.Context, a *Alpha) ([]string, error) {
	return one(ctx, r.World, a.seed, "tags", func(s uint64) []string {
		return Some(r.World, s, 3, false, func(s uint64) string { return fmt.Sprint(s % 10) })
	})
}

func (r alphaResolver) Cube(ctx context.Context, a *Alpha) ([][]float64, error) {
	return one(ctx, r.World, a.seed, "cube", func(s uint64) [][]float64 {
		return Some(r.World, s, 2, true, func(s uint64) []float64 {
			return Some(r.World, s, 2, false, func(s uint64) float64 { return float64(s%100000) * 1e3 })
		})
	})
}

func (r alphaResolver) Value(ctx context.Context, a *Alpha) (*Spot, error) {
	return one(ctx, r.World, a.seed, "value", func(s uint64) *Spot { spot := r.spot(s); return &spot })
}

func (r alphaResolver) Mate(ctx context.Context, list []*Alpha) ([]*Beta, error) {
	return Together(ctx, r.World, list, seedOfAlpha, "mate", r.beta)
}

func (r alphaResolver) MateN(ctx context.Context, list []*Alpha) ([]*Beta, error) {
	return Together(ctx, r.World, list, seedOfAlpha, "mateN", r.beta)
}

func (r alphaResolver) Mates(ctx context.Context, list []*Alpha, count int) ([][]*Beta, error) {
	return Together(ctx, r.World, list, seedOfAlpha, "mates", func(s uint64) []*Beta { return Some(r.World, s, min(count, 3), true, r.beta) })
}

func (r alphaResolver) Peer(ctx context.Context, list []*Alpha) ([]Node, error) {
	return Together(ctx, r.World, list, seedOfAlpha, "peer", r.node)
}

func (r alphaResolver) Peers(ctx context.Context, list []*Alpha) ([][]Node, error) {
	return Together(ctx, r.World, list, seedOfAlpha, "peers", func(s uint64) []Node { return Some(r.World, s, 2, true, r.node) })
}

func (r alphaResolver) Rank(ctx context.Context, list []*Alpha) ([]*int, error) {
	return Together(ctx, r.World, list, seedOfAlpha, "rank", r.number)
}

func (r alphaResolver) RankN(ctx context.Context, list []*Alpha) ([]int, error) {
	return Together(ctx, r.World, list, seedOfAlpha, "rankN", func(s uint64) int { return *r.number(s) })
}

func (r alphaResolver) Ranks(ctx context.Context, list []*Alpha, size *Size) ([][]int, error) {
	if size == nil { // A panic here would be that of all parents, which for gqlgen are those of one list.
		size = new(Size)
	}
	return Together(ctx, r.World, list, seedOfAlpha, "ranks", func(s uint64) []int {
		return Some(r.World, s, 3, false, func(s uint64) int { return *r.number(s) * int(*size) })
	})
}

func (r alphaResolver) Guarded(ctx context.Context, a *Alpha) (*Alpha, error) {
	return one(ctx, r.World, a.seed, "guarded", r.alpha)
}

func (r betaResolver) Peer(ctx context.Context, b *Beta) (Node, error) {
	return one(ctx, r.World, b.seed, "peer", r.node)
}

func (r betaResolver) Peers(ctx context.Context, list []*Beta) ([][]Node, error) {
	return Together(ctx, r.World, list, seedOfBeta, "peers", func(s uint64) []Node { return Some(r.World, s, 2, true, r.node) })
}

func (r betaResolver) Mate(ctx context.Context, list []*Beta) ([]*Alpha, error) {
	return Together(ctx, r.World, list, seedOfBeta, "mate", r.alpha)
}

func (r betaResolver) Count(ctx context.Context, b *Beta) (int, error) {
	return one(ctx, r.World, b.seed, "count", func(s uint64) int { return *r.number(s) })
}

func (r queryResolver) Alpha(ctx context.Context, seed int) (*Alpha, error) {
	return one(ctx, r.World, uint64(seed), "alpha", r.alpha)
}

func (r queryResolver) AlphaN(ctx context.Context, seed int) (*Alpha, error) {
	return one(ctx, r.World, uint64(seed), "alphaN", r.alpha)
}

func (r queryResolver) Alphas(ctx context.Context, count int, _ *Filter) ([]*Alpha, error) {
	return one(ctx, r.World, uint64(count), "alphas", func(s uint64) []*Alpha { return Some(r.World, s, min(count, 4), true, r.alpha) })
}

func (r queryResolver) Node(ctx context.Context, seed int) (Node, error) {
	return one(ctx, r.World, uint64(seed), "node", r.node)
}

func (r queryResolver) Nodes(ctx context.Context, count int) ([]Node, error) {
	return one(ctx, r.World, uint64(count), "nodes", func(s uint64) []Node { return Some(r.World, s, min(count, 4), true, r.node) })
}

func (r queryResolver) Any(ctx context.Context, seed int) (Any, error) {
	return one(ctx, r.World, uint64(seed), "any", r.any)
}

func (r queryResolver) Anys(ctx context.Context, count int) ([]Any, error) {
	return one(ctx, r.World, uint64(count), "anys", func(s uint64) []Any { return Some(r.World, s, min(count, 4), true, r.any) })
}

func (r queryResolver) Echo(_ context.Context, filter Filter, colours []Colour, size *Size, stamp *time.Time, id *string, n *float64, on *bool) (string, error) {
	text, err := json.Marshal([]any{filter, colours, size, stamp, id, n, on})
	return string(text), err
}

func (r queryResolver) Constant(context.Context) (string, error) { return "constant", nil }

func (r queryResolver) Vault(context.Context) (*Vault, error) {
	if r.Finite {
		return &Vault{"1", 0.5, 0.5, SizeSmall, 1}, nil
	}
	return &Vault{"1", math.NaN(), 0, 3, 1 << 32}, nil
}

func (r queryResolver) Insets(ctx context.Context, count int) ([]*Inset, error) {
	return one(ctx, r.World, uint64(count), "insets", func(s uint64) []*Inset { return Some(r.World, s, min(count, 4), true, r.inset) })
}

func (r queryResolver) Ledgers(ctx context.Context) ([]map[string]any, error) {
	return one(ctx, r.World, 1, "ledgers", func(s uint64) []map[string]any { return Some(r.World, s, 4, true, r.ledger) })
}

func (r mutationResolver) Bump(ctx context.Context, by int) (*Alpha, error) {
	return one(ctx, r.World, uint64(by), "bump", r.alpha)
}

func (r mutationResolver) BumpN(ctx context.Context, by int) (*Alpha, error) {
	return one(ctx, r.World, uint64(by), "bumpN", r.alpha)
}

func (subscriptionResolver) Ticks(context.Context) (<-chan int, error) {
	return events([]int{1, 1 << 31, 2}), nil
}

func (r subscriptionResolver) Alphas(_ context.Context, count int) (<-chan *Alpha, error) {
	list := make([]*Alpha, count)
	for i := 1; i < count; i++ { // The first is null.
		list[i] = r.alpha(uint64(i))
	}
	return events(list), nil
}

func (r subscriptionResolver) Nodes(_ context.Context, first int) (<-chan Node, error) {
	return events([]Node{r.node(uint64(first)), nil, r.node(uint64(first + 1))}), nil
}

func (subscriptionResolver) Refused(context.Context) (<-chan *Alpha, error) { return nil, ErrFault }

func events[T any](values []T) <-chan T {
	channel := make(chan T, len(values))
	for _, v := range values {
		channel <- v
	}
	close(channel)
	return channel
}

func (vaultResolver) Opened(_ context.Context, list []*Vault) ([]*string, error) {
	return make([]*string, len(list)), nil
}

// posts are a hundred by ten users, as the benchmarks ask for them.
const posts = 100

func (queryResolver) Posts(context.Context) ([]*Post, error) {
	list := make([]*Post, posts)
	for i := range list {
		list[i] = &Post{ID: i + 1, UserID: i/10 + 1, Title: "sunt aut facere repellat provident occaecati excepturi optio"}
	}
	return list, nil
}

func (postResolver) User(_ context.Context, list []*Post) ([]*User, error) {
	users, byPost := map[int]*User{}, make([]*User, len(list))
	for i, p := range list {
		if users[p.UserID] == nil {
			users[p.UserID] = &User{ID: p.UserID, Name: "Leanne Graham", Email: "Sincere@april.biz"}
		}
		byPost[i] = users[p.UserID]
	}
	return byPost, nil
}
