package rest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/clients"
	"vestibule.example/graph/cost"
	"vestibule.example/graph/plan"
	"vestibule.example/graph/rest"
)

type thing struct {
	ID    string  `json:"id"`
	Name  string  `json:"name"`
	Count int     `json:"count"`
	Parts []*part `json:"parts"`
}

type part struct {
	Name string `json:"name"`
	Size int    `json:"size"`
}

func needs() rest.Needs {
	return rest.Needs{
		"Thing": {Type: reflect.TypeFor[thing](), Always: []string{"id"}, Fields: map[string][]string{"name": {"name"}, "count": {"count"}, "parts": {"parts"}, "related": {"name"}}},
		"Part":  {Type: reflect.TypeFor[part](), Fields: map[string][]string{"name": {"name"}, "size": {"size"}}},
	}
}

// What an operation does not select may be wrong, unless a resolver by hand can see it: an answer tells what was decoded of it.
func TestNoMoreIsDecodedThanIsSelected(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"id":"a","name":"n","count":1,"parts":[{"name":"p","size":"wrong"}]}`))
	}))
	defer server.Close()
	api := newAPI(t, server.URL)
	field := func(name string) plan.Selected { return selected("Thing", name, false) }
	root, byHand := selected("Query", "thing", true), selected("Query", "else", true)
	for _, c := range []struct {
		what        string
		selected    []plan.Selected
		at          string // the field whose resolver asks; empty for a call by key
		want        thing
		everything  bool
		noSelection bool
	}{
		{"one member", []plan.Selected{root, field("name")}, "thing", thing{ID: "a", Name: "n"}, false, false},
		{"one member, by key", []plan.Selected{root, field("name")}, "", thing{ID: "a", Name: "n"}, false, false},
		{"a member within", []plan.Selected{root, field("parts"), selected("Part", "name", false)}, "thing", thing{ID: "a", Parts: []*part{{Name: "p"}}}, false, false},
		{"what is wrong", []plan.Selected{root, field("parts"), selected("Part", "size", false)}, "thing", thing{}, true, false},
		{"what a call is made with", []plan.Selected{root, selected("Thing", "related", true)}, "thing", thing{ID: "a", Name: "n"}, false, false},
		{"a field by hand of the thing", []plan.Selected{root, field("name"), selected("Thing", "byHand", true)}, "thing", thing{}, true, false},
		{"a field by hand elsewhere", []plan.Selected{root, byHand, field("name")}, "thing", thing{ID: "a", Name: "n"}, false, false},
		{"a field by hand elsewhere, by key", []plan.Selected{root, byHand, field("name")}, "", thing{}, true, false},
		{"the generated code called by hand", []plan.Selected{root, byHand, field("name")}, "else", thing{}, true, false},
		{"nothing that is generated", []plan.Selected{byHand}, "else", thing{}, true, true},
	} {
		t.Run(c.what, func(t *testing.T) {
			attach := needs().Compiled(map[string]cost.Field{"Query.thing": {}, "Thing.related": {}})(c.selected)
			if (attach == nil) != c.noSelection {
				t.Fatalf("there is no selection: %t", attach == nil)
			}
			ctx := t.Context()
			if attach != nil {
				ctx = attach(ctx)
			}
			if c.at == "" {
				ctx = rest.Shared(ctx)
			} else {
				ctx = rest.Own(in(ctx, c.at), "Query.thing")
			}
			got, err := clients.Get[*thing](ctx, api, clients.At("/"), nil)
			if c.everything {
				if err == nil {
					t.Errorf("got %+v, want the fault that only who decodes everything sees", got)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(*got, c.want) {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

func selected(object, field string, resolved bool) plan.Selected {
	return plan.Selected{Coordinate: plan.Coordinate{Object: object, Field: field}, Resolved: resolved}
}

// in is the context of a root field's resolver.
func in(ctx context.Context, field string) context.Context {
	return graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Query", Field: graphql.CollectedField{Field: &ast.Field{Name: field}}})
}

func newAPI(t *testing.T, address string) *clients.API {
	t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	api, err := clients.New(clients.Config{Name: "things", BaseURL: base, Transport: transport, Retry: clients.Retry{Attempts: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return api
}
