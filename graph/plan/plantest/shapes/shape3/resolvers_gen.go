package shape3

// THIS CODE WILL BE UPDATED WITH SCHEMA CHANGES. PREVIOUS IMPLEMENTATION FOR SCHEMA CHANGES WILL BE KEPT IN THE COMMENT SECTION. IMPLEMENTATION FOR UNCHANGED SCHEMA WILL BE KEPT.

import (
	"context"

	"vestibule.example/graph/plan/plantest/shapes"
)

// Code generated from graph/plan/plantest/shapes/resolvers.gotpl. DO NOT EDIT.

// Bark is the resolver of Alder.bark.
func (r *alderResolver) Bark(ctx context.Context, obj *Alder, first string) (Grown, error) {
	return shapes.Single[Grown](ctx, r.World, obj, "bark", first)
}

// Dust is the resolver of Alder.dust.
func (r *alderResolver) Dust(ctx context.Context, obj *Alder, first []string) (Grown, error) {
	return shapes.Single[Grown](ctx, r.World, obj, "dust", first)
}

// Root is the resolver of Alder.root.
func (r *alderResolver) Root(ctx context.Context, objs []*Alder, first *float64, in *Filter) ([]*Season, error) {
	return shapes.Batch[*Alder, *Season](ctx, r.World, objs, "root", first, in)
}

// Name is the resolver of Cedar.name.
func (r *cedarResolver) Name(ctx context.Context, obj *Cedar) (*Cedar, error) {
	return shapes.Single[*Cedar](ctx, r.World, obj, "name")
}

// Bark is the resolver of Cedar.bark.
func (r *cedarResolver) Bark(ctx context.Context, obj *Cedar) (any, error) {
	return shapes.Single[any](ctx, r.World, obj, "bark")
}

// Cone is the resolver of Cedar.cone.
func (r *cedarResolver) Cone(ctx context.Context, objs []*Cedar) ([]Any, error) {
	return shapes.Batch[*Cedar, Any](ctx, r.World, objs, "cone")
}

// Nest is the resolver of Cedar.nest.
func (r *cedarResolver) Nest(ctx context.Context, obj *Cedar) ([]Any, error) {
	return shapes.Single[[]Any](ctx, r.World, obj, "nest")
}

// Cone is the resolver of Elder.cone.
func (r *elderResolver) Cone(ctx context.Context, objs []*Elder) ([]Found, error) {
	return shapes.Batch[*Elder, Found](ctx, r.World, objs, "cone")
}

// Age is the resolver of Hazel.age.
func (r *hazelResolver) Age(ctx context.Context, objs []*Hazel) ([][][]Node, error) {
	return shapes.Batch[*Hazel, [][]Node](ctx, r.World, objs, "age")
}

// Oak is the resolver of Hazel.oak.
func (r *hazelResolver) Oak(ctx context.Context, obj *Hazel) (*Season, error) {
	return shapes.Single[*Season](ctx, r.World, obj, "oak")
}

// Plant is the resolver of Mutation.plant.
func (r *mutationResolver) Plant(ctx context.Context, by []*Season, in *Filter) (*Cedar, error) {
	return shapes.Single[*Cedar](ctx, r.World, nil, "plant", by, in)
}

// Graft is the resolver of Mutation.graft.
func (r *mutationResolver) Graft(ctx context.Context) ([]*Elder, error) {
	return shapes.Single[[]*Elder](ctx, r.World, nil, "graft")
}

// Acre is the resolver of Query.acre.
func (r *queryResolver) Acre(ctx context.Context) ([]Any, error) {
	return shapes.Single[[]Any](ctx, r.World, nil, "acre")
}

// Brook is the resolver of Query.brook.
func (r *queryResolver) Brook(ctx context.Context) (Found, error) {
	return shapes.Single[Found](ctx, r.World, nil, "brook")
}

// Copse is the resolver of Query.copse.
func (r *queryResolver) Copse(ctx context.Context) (*Cedar, error) {
	return shapes.Single[*Cedar](ctx, r.World, nil, "copse")
}

// Fen is the resolver of Query.fen.
func (r *queryResolver) Fen(ctx context.Context) (*int, error) {
	return shapes.Single[*int](ctx, r.World, nil, "fen")
}

// Grove is the resolver of Query.grove.
func (r *queryResolver) Grove(ctx context.Context) (Grown, error) {
	return shapes.Single[Grown](ctx, r.World, nil, "grove")
}

// Heath is the resolver of Query.heath.
func (r *queryResolver) Heath(ctx context.Context) (Grown, error) {
	return shapes.Single[Grown](ctx, r.World, nil, "heath")
}

// Objects is the resolver of Query.objects.
func (r *queryResolver) Objects(ctx context.Context) (*Hazel, error) {
	return shapes.Single[*Hazel](ctx, r.World, nil, "objects")
}

// Lists is the resolver of Query.lists.
func (r *queryResolver) Lists(ctx context.Context) ([]*Cedar, error) {
	return shapes.Single[[]*Cedar](ctx, r.World, nil, "lists")
}

// Interfaces is the resolver of Query.interfaces.
func (r *queryResolver) Interfaces(ctx context.Context) ([]Grown, error) {
	return shapes.Single[[]Grown](ctx, r.World, nil, "interfaces")
}

// Unions is the resolver of Query.unions.
func (r *queryResolver) Unions(ctx context.Context) (Any, error) {
	return shapes.Single[Any](ctx, r.World, nil, "unions")
}

// Blooms is the resolver of Subscription.blooms.
func (r *subscriptionResolver) Blooms(ctx context.Context) (<-chan *string, error) {
	return shapes.Events[*string](ctx, r.World, "blooms")
}

// Alder implements ResolverRoot.
func (r *Resolver) Alder() AlderResolver { return &alderResolver{r} }

// Cedar implements ResolverRoot.
func (r *Resolver) Cedar() CedarResolver { return &cedarResolver{r} }

// Elder implements ResolverRoot.
func (r *Resolver) Elder() ElderResolver { return &elderResolver{r} }

// Hazel implements ResolverRoot.
func (r *Resolver) Hazel() HazelResolver { return &hazelResolver{r} }

// Mutation implements ResolverRoot.
func (r *Resolver) Mutation() MutationResolver { return &mutationResolver{r} }

// Query implements ResolverRoot.
func (r *Resolver) Query() QueryResolver { return &queryResolver{r} }

// Subscription implements ResolverRoot.
func (r *Resolver) Subscription() SubscriptionResolver { return &subscriptionResolver{r} }

type (
	alderResolver        struct{ *Resolver }
	cedarResolver        struct{ *Resolver }
	elderResolver        struct{ *Resolver }
	hazelResolver        struct{ *Resolver }
	mutationResolver     struct{ *Resolver }
	queryResolver        struct{ *Resolver }
	subscriptionResolver struct{ *Resolver }
)
