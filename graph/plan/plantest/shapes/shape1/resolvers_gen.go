package shape1

// THIS CODE WILL BE UPDATED WITH SCHEMA CHANGES. PREVIOUS IMPLEMENTATION FOR SCHEMA CHANGES WILL BE KEPT IN THE COMMENT SECTION. IMPLEMENTATION FOR UNCHANGED SCHEMA WILL BE KEPT.

import (
	"context"
	"time"

	"vestibule.example/graph/plan/plantest"
	"vestibule.example/graph/plan/plantest/shapes"
)

// Code generated from graph/plan/plantest/shapes/resolvers.gotpl. DO NOT EDIT.

// Oak is the resolver of Alder.oak.
func (r *alderResolver) Oak(ctx context.Context, objs []*Alder) ([]*Colour, error) {
	return shapes.Batch[*Alder, *Colour](ctx, r.World, objs, "oak")
}

// Pine is the resolver of Alder.pine.
func (r *alderResolver) Pine(ctx context.Context, obj *Alder, by *Range, in *string) ([][]*Birch, error) {
	return shapes.Single[[][]*Birch](ctx, r.World, obj, "pine", by, in)
}

// Gall is the resolver of Birch.gall.
func (r *birchResolver) Gall(ctx context.Context, objs []*Birch) ([]Found, error) {
	return shapes.Batch[*Birch, Found](ctx, r.World, objs, "gall")
}

// Moss is the resolver of Birch.moss.
func (r *birchResolver) Moss(ctx context.Context, obj *Birch, in []*Range) (*Elder, error) {
	return shapes.Single[*Elder](ctx, r.World, obj, "moss", in)
}

// Mark is the resolver of Cedar.mark.
func (r *cedarResolver) Mark(ctx context.Context, objs []*Cedar) ([]string, error) {
	return shapes.Batch[*Cedar, string](ctx, r.World, objs, "mark")
}

// Echo is the resolver of Cedar.echo.
func (r *cedarResolver) Echo(ctx context.Context, objs []*Cedar, first *string, in plantest.Blob) ([]float64, error) {
	return shapes.Batch[*Cedar, float64](ctx, r.World, objs, "echo", first, in)
}

// Gall is the resolver of Cedar.gall.
func (r *cedarResolver) Gall(ctx context.Context, obj *Cedar) (*Cedar, error) {
	return shapes.Single[*Cedar](ctx, r.World, obj, "gall")
}

// Ivy is the resolver of Cedar.ivy.
func (r *cedarResolver) Ivy(ctx context.Context, obj *Cedar, first [][]*Range, by *Range) (*Cedar, error) {
	return shapes.Single[*Cedar](ctx, r.World, obj, "ivy", first, by)
}

// Mark is the resolver of Elder.mark.
func (r *elderResolver) Mark(ctx context.Context, obj *Elder) (*string, error) {
	return shapes.Single[*string](ctx, r.World, obj, "mark")
}

// Cone is the resolver of Elder.cone.
func (r *elderResolver) Cone(ctx context.Context, obj *Elder) (*Hazel, error) {
	return shapes.Single[*Hazel](ctx, r.World, obj, "cone")
}

// Hue is the resolver of Elder.hue.
func (r *elderResolver) Hue(ctx context.Context, obj *Elder) ([]plantest.Blob, error) {
	return shapes.Single[[]plantest.Blob](ctx, r.World, obj, "hue")
}

// Leaf is the resolver of Elder.leaf.
func (r *elderResolver) Leaf(ctx context.Context, objs []*Elder) ([]Any, error) {
	return shapes.Batch[*Elder, Any](ctx, r.World, objs, "leaf")
}

// Frond is the resolver of Gorse.frond.
func (r *gorseResolver) Frond(ctx context.Context, obj *Gorse, first *string, in *Range) (*Cedar, error) {
	return shapes.Single[*Cedar](ctx, r.World, obj, "frond", first, in)
}

// Gall is the resolver of Gorse.gall.
func (r *gorseResolver) Gall(ctx context.Context, obj *Gorse) (string, error) {
	return shapes.Single[string](ctx, r.World, obj, "gall")
}

// Leaf is the resolver of Gorse.leaf.
func (r *gorseResolver) Leaf(ctx context.Context, objs []*Gorse, first *string) ([][]string, error) {
	return shapes.Batch[*Gorse, []string](ctx, r.World, objs, "leaf", first)
}

// Nest is the resolver of Gorse.nest.
func (r *gorseResolver) Nest(ctx context.Context, objs []*Gorse, first *time.Time) ([][]*int, error) {
	return shapes.Batch[*Gorse, []*int](ctx, r.World, objs, "nest", first)
}

// Leaf is the resolver of Hazel.leaf.
func (r *hazelResolver) Leaf(ctx context.Context, objs []*Hazel) ([]bool, error) {
	return shapes.Batch[*Hazel, bool](ctx, r.World, objs, "leaf")
}

// Echo is the resolver of Maple.echo.
func (r *mapleResolver) Echo(ctx context.Context, obj *Maple) (*Hazel, error) {
	return shapes.Single[*Hazel](ctx, r.World, obj, "echo")
}

// Root is the resolver of Maple.root.
func (r *mapleResolver) Root(ctx context.Context, obj *Maple) (Found, error) {
	return shapes.Single[Found](ctx, r.World, obj, "root")
}

// Twig is the resolver of Maple.twig.
func (r *mapleResolver) Twig(ctx context.Context, objs []*Maple) ([]*Colour, error) {
	return shapes.Batch[*Maple, *Colour](ctx, r.World, objs, "twig")
}

// Fell is the resolver of Mutation.fell.
func (r *mutationResolver) Fell(ctx context.Context) (Colour, error) {
	return shapes.Single[Colour](ctx, r.World, nil, "fell")
}

// Graft is the resolver of Mutation.graft.
func (r *mutationResolver) Graft(ctx context.Context) (*Alder, error) {
	return shapes.Single[*Alder](ctx, r.World, nil, "graft")
}

// Acre is the resolver of Query.acre.
func (r *queryResolver) Acre(ctx context.Context) (*Hazel, error) {
	return shapes.Single[*Hazel](ctx, r.World, nil, "acre")
}

// Copse is the resolver of Query.copse.
func (r *queryResolver) Copse(ctx context.Context) ([]*Birch, error) {
	return shapes.Single[[]*Birch](ctx, r.World, nil, "copse")
}

// Dell is the resolver of Query.dell.
func (r *queryResolver) Dell(ctx context.Context) ([]*Cedar, error) {
	return shapes.Single[[]*Cedar](ctx, r.World, nil, "dell")
}

// Fen is the resolver of Query.fen.
func (r *queryResolver) Fen(ctx context.Context) (*Gorse, error) {
	return shapes.Single[*Gorse](ctx, r.World, nil, "fen")
}

// Grove is the resolver of Query.grove.
func (r *queryResolver) Grove(ctx context.Context) (*Gorse, error) {
	return shapes.Single[*Gorse](ctx, r.World, nil, "grove")
}

// Heath is the resolver of Query.heath.
func (r *queryResolver) Heath(ctx context.Context, by *Grade) (*Cedar, error) {
	return shapes.Single[*Cedar](ctx, r.World, nil, "heath", by)
}

// Objects is the resolver of Query.objects.
func (r *queryResolver) Objects(ctx context.Context) (*Alder, error) {
	return shapes.Single[*Alder](ctx, r.World, nil, "objects")
}

// Lists is the resolver of Query.lists.
func (r *queryResolver) Lists(ctx context.Context) ([]*Birch, error) {
	return shapes.Single[[]*Birch](ctx, r.World, nil, "lists")
}

// Interfaces is the resolver of Query.interfaces.
func (r *queryResolver) Interfaces(ctx context.Context) (Node, error) {
	return shapes.Single[Node](ctx, r.World, nil, "interfaces")
}

// Unions is the resolver of Query.unions.
func (r *queryResolver) Unions(ctx context.Context) (Any, error) {
	return shapes.Single[Any](ctx, r.World, nil, "unions")
}

// Blooms is the resolver of Subscription.blooms.
func (r *subscriptionResolver) Blooms(ctx context.Context, first plantest.Blob, by []int) (<-chan *Cedar, error) {
	return shapes.Events[*Cedar](ctx, r.World, "blooms", first, by)
}

// Alder implements ResolverRoot.
func (r *Resolver) Alder() AlderResolver { return &alderResolver{r} }

// Birch implements ResolverRoot.
func (r *Resolver) Birch() BirchResolver { return &birchResolver{r} }

// Cedar implements ResolverRoot.
func (r *Resolver) Cedar() CedarResolver { return &cedarResolver{r} }

// Elder implements ResolverRoot.
func (r *Resolver) Elder() ElderResolver { return &elderResolver{r} }

// Gorse implements ResolverRoot.
func (r *Resolver) Gorse() GorseResolver { return &gorseResolver{r} }

// Hazel implements ResolverRoot.
func (r *Resolver) Hazel() HazelResolver { return &hazelResolver{r} }

// Maple implements ResolverRoot.
func (r *Resolver) Maple() MapleResolver { return &mapleResolver{r} }

// Mutation implements ResolverRoot.
func (r *Resolver) Mutation() MutationResolver { return &mutationResolver{r} }

// Query implements ResolverRoot.
func (r *Resolver) Query() QueryResolver { return &queryResolver{r} }

// Subscription implements ResolverRoot.
func (r *Resolver) Subscription() SubscriptionResolver { return &subscriptionResolver{r} }

type (
	alderResolver        struct{ *Resolver }
	birchResolver        struct{ *Resolver }
	cedarResolver        struct{ *Resolver }
	elderResolver        struct{ *Resolver }
	gorseResolver        struct{ *Resolver }
	hazelResolver        struct{ *Resolver }
	mapleResolver        struct{ *Resolver }
	mutationResolver     struct{ *Resolver }
	queryResolver        struct{ *Resolver }
	subscriptionResolver struct{ *Resolver }
)
