package shape2

// THIS CODE WILL BE UPDATED WITH SCHEMA CHANGES. PREVIOUS IMPLEMENTATION FOR SCHEMA CHANGES WILL BE KEPT IN THE COMMENT SECTION. IMPLEMENTATION FOR UNCHANGED SCHEMA WILL BE KEPT.

import (
	"context"
	"time"

	"vestibule.example/graph/plan/plantest"
	"vestibule.example/graph/plan/plantest/shapes"
)

// Code generated from graph/plan/plantest/shapes/resolvers.gotpl. DO NOT EDIT.

// Gall is the resolver of Alder.gall.
func (r *alderResolver) Gall(ctx context.Context, obj *Alder) (*Maple, error) {
	return shapes.Single[*Maple](ctx, r.World, obj, "gall")
}

// Ivy is the resolver of Alder.ivy.
func (r *alderResolver) Ivy(ctx context.Context, objs []*Alder, by plantest.Blob) ([]bool, error) {
	return shapes.Batch[*Alder, bool](ctx, r.World, objs, "ivy", by)
}

// Kin is the resolver of Birch.kin.
func (r *birchResolver) Kin(ctx context.Context, objs []*Birch, first *Grade) ([]*Gorse, error) {
	return shapes.Batch[*Birch, *Gorse](ctx, r.World, objs, "kin", first)
}

// Bark is the resolver of Birch.bark.
func (r *birchResolver) Bark(ctx context.Context, objs []*Birch) ([][]Birch, error) {
	return shapes.Batch[*Birch, []Birch](ctx, r.World, objs, "bark")
}

// ID is the resolver of Elder.id.
func (r *elderResolver) ID(ctx context.Context, obj *Elder, over *Season) (*Hazel, error) {
	return shapes.Single[*Hazel](ctx, r.World, obj, "id", over)
}

// Age is the resolver of Elder.age.
func (r *elderResolver) Age(ctx context.Context, objs []*Elder, first plantest.Blob, in plantest.Blob) ([]Named, error) {
	return shapes.Batch[*Elder, Named](ctx, r.World, objs, "age", first, in)
}

// Frond is the resolver of Elder.frond.
func (r *elderResolver) Frond(ctx context.Context, objs []*Elder) ([]*Grade, error) {
	return shapes.Batch[*Elder, *Grade](ctx, r.World, objs, "frond")
}

// Gall is the resolver of Elder.gall.
func (r *elderResolver) Gall(ctx context.Context, obj *Elder) (*bool, error) {
	return shapes.Single[*bool](ctx, r.World, obj, "gall")
}

// ID is the resolver of Fir.id.
func (r *firResolver) ID(ctx context.Context, obj *Fir, over *time.Time) (Named, error) {
	return shapes.Single[Named](ctx, r.World, obj, "id", over)
}

// Leaf is the resolver of Fir.leaf.
func (r *firResolver) Leaf(ctx context.Context, objs []*Fir, first [][]float64, by []time.Time) ([]*Birch, error) {
	return shapes.Batch[*Fir, *Birch](ctx, r.World, objs, "leaf", first, by)
}

// Pine is the resolver of Fir.pine.
func (r *firResolver) Pine(ctx context.Context, obj *Fir) (*Alder, error) {
	return shapes.Single[*Alder](ctx, r.World, obj, "pine")
}

// Gall is the resolver of Gorse.gall.
func (r *gorseResolver) Gall(ctx context.Context, obj *Gorse) (Grown, error) {
	return shapes.Single[Grown](ctx, r.World, obj, "gall")
}

// Hue is the resolver of Gorse.hue.
func (r *gorseResolver) Hue(ctx context.Context, objs []*Gorse) ([][]*Hazel, error) {
	return shapes.Batch[*Gorse, []*Hazel](ctx, r.World, objs, "hue")
}

// Mark is the resolver of Hazel.mark.
func (r *hazelResolver) Mark(ctx context.Context, objs []*Hazel, first *time.Time, in *float64) ([]*Elder, error) {
	return shapes.Batch[*Hazel, *Elder](ctx, r.World, objs, "mark", first, in)
}

// Name is the resolver of Hazel.name.
func (r *hazelResolver) Name(ctx context.Context, obj *Hazel) (plantest.Blob, error) {
	return shapes.Single[plantest.Blob](ctx, r.World, obj, "name")
}

// Cone is the resolver of Hazel.cone.
func (r *hazelResolver) Cone(ctx context.Context, obj *Hazel) (*Alder, error) {
	return shapes.Single[*Alder](ctx, r.World, obj, "cone")
}

// Moss is the resolver of Hazel.moss.
func (r *hazelResolver) Moss(ctx context.Context, obj *Hazel) (Found, error) {
	return shapes.Single[Found](ctx, r.World, obj, "moss")
}

// Vault is the resolver of Hazel.vault.
func (r *hazelResolver) Vault(ctx context.Context, objs []*Hazel) ([]*string, error) {
	return shapes.Batch[*Hazel, *string](ctx, r.World, objs, "vault")
}

// Moss is the resolver of Maple.moss.
func (r *mapleResolver) Moss(ctx context.Context, obj *Maple) ([][]float64, error) {
	return shapes.Single[[][]float64](ctx, r.World, obj, "moss")
}

// Sap is the resolver of Maple.sap.
func (r *mapleResolver) Sap(ctx context.Context, obj *Maple) (*Hazel, error) {
	return shapes.Single[*Hazel](ctx, r.World, obj, "sap")
}

// Twig is the resolver of Maple.twig.
func (r *mapleResolver) Twig(ctx context.Context, objs []*Maple, first *string) ([]*Fir, error) {
	return shapes.Batch[*Maple, *Fir](ctx, r.World, objs, "twig", first)
}

// Plant is the resolver of Mutation.plant.
func (r *mutationResolver) Plant(ctx context.Context) (Found, error) {
	return shapes.Single[Found](ctx, r.World, nil, "plant")
}

// Copse is the resolver of Query.copse.
func (r *queryResolver) Copse(ctx context.Context) (Found, error) {
	return shapes.Single[Found](ctx, r.World, nil, "copse")
}

// Dell is the resolver of Query.dell.
func (r *queryResolver) Dell(ctx context.Context) (*Hazel, error) {
	return shapes.Single[*Hazel](ctx, r.World, nil, "dell")
}

// Fen is the resolver of Query.fen.
func (r *queryResolver) Fen(ctx context.Context) (*Elder, error) {
	return shapes.Single[*Elder](ctx, r.World, nil, "fen")
}

// Heath is the resolver of Query.heath.
func (r *queryResolver) Heath(ctx context.Context) (*float64, error) {
	return shapes.Single[*float64](ctx, r.World, nil, "heath")
}

// Objects is the resolver of Query.objects.
func (r *queryResolver) Objects(ctx context.Context) (*Elder, error) {
	return shapes.Single[*Elder](ctx, r.World, nil, "objects")
}

// Lists is the resolver of Query.lists.
func (r *queryResolver) Lists(ctx context.Context) ([]Maple, error) {
	return shapes.Single[[]Maple](ctx, r.World, nil, "lists")
}

// Interfaces is the resolver of Query.interfaces.
func (r *queryResolver) Interfaces(ctx context.Context) (Named, error) {
	return shapes.Single[Named](ctx, r.World, nil, "interfaces")
}

// Unions is the resolver of Query.unions.
func (r *queryResolver) Unions(ctx context.Context) ([]Found, error) {
	return shapes.Single[[]Found](ctx, r.World, nil, "unions")
}

// Falls is the resolver of Subscription.falls.
func (r *subscriptionResolver) Falls(ctx context.Context) (<-chan []*float64, error) {
	return shapes.Events[[]*float64](ctx, r.World, "falls")
}

// Alder implements ResolverRoot.
func (r *Resolver) Alder() AlderResolver { return &alderResolver{r} }

// Birch implements ResolverRoot.
func (r *Resolver) Birch() BirchResolver { return &birchResolver{r} }

// Elder implements ResolverRoot.
func (r *Resolver) Elder() ElderResolver { return &elderResolver{r} }

// Fir implements ResolverRoot.
func (r *Resolver) Fir() FirResolver { return &firResolver{r} }

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
	elderResolver        struct{ *Resolver }
	firResolver          struct{ *Resolver }
	gorseResolver        struct{ *Resolver }
	hazelResolver        struct{ *Resolver }
	mapleResolver        struct{ *Resolver }
	mutationResolver     struct{ *Resolver }
	queryResolver        struct{ *Resolver }
	subscriptionResolver struct{ *Resolver }
)
