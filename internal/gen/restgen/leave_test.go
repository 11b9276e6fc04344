package restgen

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/codegen"
	"github.com/vektah/gqlparser/v2/ast"
)

// Whoever takes a directive away has the generated body in the resolver, and a loader that is made no longer within it.
func TestLeaving(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rest_gen.go")
	source := `package graph

func (r *Resolver) restItemLoader() *E {
	return clients.NewEntities(r.fetch)
}

func (r *Resolver) restOtherLoader() *E {
	return clients.NewEntities(rest.Shared(ctx), r.other)
}

func (r *Resolver) restQueryItem(ctx context.Context, id string) (*Item, error) {
	ctx = rest.Own(ctx, "Query.item")
	query := url.Values{}
	return clients.Get[*Item](ctx, r.APIs["shop"], clients.At("/items/{id}", id), query)
}

func (r *Resolver) restItemMaker(ctx context.Context, objs []*Item) ([]*Maker, error) {
	return rest.Each(ctx, restLoad(ctx).other, objs, key)
}

func (r *Resolver) restQueryOne(ctx context.Context, id string) (*Item, error) {
	return restLoad(ctx).item.Load(ctx, id)
}
`
	if err := os.WriteFile(file, []byte(source), 0o666); err != nil {
		t.Fatal(err)
	}
	p, err := planOf(t, many("/items?tag={keys}", `, take: "data"`))
	if err != nil {
		t.Fatal(err)
	}
	if p.made, err = made(file); err != nil {
		t.Fatal(err)
	}
	for previous, want := range map[string]string{
		"return r.restQueryItem(ctx, id)":   "query := url.Values{}\n\treturn clients.Get[*Item](ctx, r.APIs[\"shop\"], clients.At(\"/items/{id}\", id), query)",
		"return r.restItemMaker(ctx, objs)": "return rest.Each(ctx, clients.NewEntities(ctx, r.other), objs, key)",
		"return r.restQueryOne(ctx, id)":    "return restLoad(ctx).item.Load(ctx, id)", // It is made still.
		"return r.Shop.Item(ctx, id)":       "return r.Shop.Item(ctx, id)",
		"":                                  `panic("not implemented")`,
	} {
		field := &codegen.Field{FieldDefinition: &ast.FieldDefinition{Name: "byHand"}, Object: &codegen.Object{Definition: &ast.Definition{Name: "Item"}}}
		if got := p.Plugin().Implement(previous, field); strings.TrimSpace(got) != want {
			t.Errorf("after %q the body is\n%s\nwant\n%s", previous, got, want)
		}
	}
}
