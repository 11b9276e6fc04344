package rest

import (
	"context"
	"reflect"

	"github.com/99designs/gqlgen/graphql"

	"vestibule.example/clients"
	"vestibule.example/graph/cost"
	"vestibule.example/graph/plan"
)

// Needs says of each object type that APIs give, by its name in the schema, what its fields need.
type Needs map[string]ObjectNeeds

// ObjectNeeds are those of an object type that an API gives.
type ObjectNeeds struct {
	// Type is the Go type that its JSON is decoded into.
	Type reflect.Type
	// Always are the members that are needed whatever is selected: keys.
	Always []string
	// Fields are the members that a field needs: where its value is, or what its call is made with. Of a field that is not here,
	// which is a resolver by hand, nobody knows: it needs all.
	Fields map[string][]string
}

// Compiled is for [plan.Config]: it tells the calls of each operation what it selects. generated has the fields whose resolvers
// are generated, by "Type.field"; any other resolver is one by hand.
func (n Needs) Compiled(generated map[string]cost.Field) func([]plan.Selected) func(context.Context) context.Context {
	return func(fields []plan.Selected) func(context.Context) context.Context {
		s := n.selection(fields, func(f plan.Selected) bool {
			_, known := generated[f.Object+"."+f.Field]
			return known
		})
		if s == nil {
			return nil
		}
		return func(ctx context.Context) context.Context { return context.WithValue(ctx, selectionKey{}, s) }
	}
}

type selectionKey struct{}

// selection is what an operation needs of the APIs' answers.
type selection struct {
	projection *clients.Projection
	// byHand tells that a resolver by hand runs in the operation, which may ask for things by key too, and look at them.
	byHand bool
}

// selection finds what the fields need; nil if they call no API.
func (n Needs) selection(fields []plan.Selected, isGenerated func(plan.Selected) bool) *selection {
	s, needed, whole := &selection{}, map[reflect.Type]map[string]bool{}, map[reflect.Type]bool{}
	for _, o := range n {
		needed[o.Type] = map[string]bool{}
		for _, member := range o.Always {
			needed[o.Type][member] = true
		}
	}
	calls := false
	for _, f := range fields {
		generated := isGenerated(f)
		calls = calls || generated
		s.byHand = s.byHand || f.Resolved && !generated
		o, there := n[f.Object]
		members, known := o.Fields[f.Field]
		if there && !known {
			wholly(o.Type, whole)
		}
		for _, member := range members {
			needed[o.Type][member] = true
		}
	}
	s.projection = clients.NewProjection(func(t reflect.Type) (map[string]bool, bool) {
		members, known := needed[t]
		return members, known && !whole[t]
	})
	if !calls {
		return nil
	}
	return s
}

// wholly marks a type, and all that it holds, as needed whole: whoever sees it may look at anything within.
func wholly(t reflect.Type, whole map[reflect.Type]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		wholly(t.Elem(), whole)
	case reflect.Struct:
		if whole[t] {
			return
		}
		whole[t] = true
		for i := range t.NumField() {
			wholly(t.Field(i).Type, whole)
		}
	}
}

// Own gives the context of the call that answers a field, "Type.field": of its answer no more is decoded than the operation
// selects. If it is made for a resolver by hand, which may look at anything, all is.
func Own(ctx context.Context, field string) context.Context {
	s, _ := ctx.Value(selectionKey{}).(*selection)
	if s == nil {
		return ctx
	}
	if at := graphql.GetFieldContext(ctx); at == nil || at.Object+"."+at.Field.Name != field {
		return ctx
	}
	return clients.Project(ctx, s.projection)
}

// Shared is [Own] for a call by key, which answers whoever asks for the things: where that may be a resolver by hand, all is
// decoded.
func Shared(ctx context.Context) context.Context {
	if s, _ := ctx.Value(selectionKey{}).(*selection); s != nil && !s.byHand {
		return clients.Project(ctx, s.projection)
	}
	return ctx
}
