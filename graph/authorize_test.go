//go:build !nodemo

package graph_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/demo/visitor"
	"vestibule.example/graph"
)

var errUndecided = errors.New("the directory is away")

const (
	productField  = "product(id: ID!): Product"
	productsField = "products(first: Int! = 20, after: String, search: String, category: ID): ProductConnection"
	categoryField = "category: Category\n"
)

// Issue 7: who may have a field is decided before any API is asked; a denied field is null with its code, the others are
// answered, whoever runs the operation.
func TestDirectivesDecide(t *testing.T) {
	policies := map[string]graph.Policy{
		"nobody":  func(context.Context, *auth.Session) (bool, error) { return false, nil },
		"member":  func(_ context.Context, viewer *auth.Session) (bool, error) { return viewer != nil, nil },
		"unsure":  func(context.Context, *auth.Session) (bool, error) { return false, errUndecided },
		"panicky": func(context.Context, *auth.Session) (bool, error) { panic("ouch") },
	}
	const query = `{ viewer { authenticated } product(id: "p-100") { __typename } }`
	const answered, refused = `{"viewer":{"authenticated":true},"product":{"__typename":"Product"}}`, `{"viewer":{"authenticated":true},"product":null}`
	for _, c := range []struct {
		name, directives string
		nobody, alice    string // codes; empty: she has it
	}{
		{"signed in", "@authenticated", "UNAUTHENTICATED", ""},
		{"a scope that was granted", `@requiresScopes(scopes: [["orders:read"]])`, "UNAUTHENTICATED", ""},
		{"one list of scopes of two", `@requiresScopes(scopes: [["admin"], ["openid", "orders:read"]])`, "UNAUTHENTICATED", ""},
		{"all scopes of a list", `@requiresScopes(scopes: [["orders:read", "admin"]])`, "UNAUTHENTICATED", "FORBIDDEN"},
		{"a policy that allows", `@policy(name: "member")`, "UNAUTHENTICATED", ""},
		{"a policy that refuses", `@policy(name: "nobody")`, "UNAUTHENTICATED", "FORBIDDEN"},
		{"a policy that cannot decide", `@policy(name: "unsure")`, "INTERNAL", "INTERNAL"},
		{"a policy that panics", `@policy(name: "panicky")`, "INTERNAL", "INTERNAL"},
		{"an acr that she has not", `@stepUp(acr: ["urn:demo:mfa"])`, "UNAUTHENTICATED", "STEP_UP_REQUIRED"},
		{"a recent sign-in", "@stepUp(maxAge: 60)", "UNAUTHENTICATED", ""},
		{"everything at once", `@authenticated @policy(name: "nobody") @stepUp(acr: ["urn:demo:mfa"])`, "UNAUTHENTICATED", "FORBIDDEN"},
		{"everybody", "@public", "", ""},
	} {
		for _, executor := range []string{"plan", "gqlgen"} {
			t.Run(c.name+" by "+executor, func(t *testing.T) {
				g := newGate(t, executor, func(cfg *graph.Config) { cfg.Policies = policies }, productField, productField+" "+c.directives)
				alice := g.signIn(t)
				for _, who := range []struct {
					name, code string
				}{{"nobody", c.nobody}, {"alice", c.alice}} {
					visitor := alice
					if who.name == "nobody" {
						visitor = nil
					}
					before := g.asked()
					data, faults, loginURL := g.asks(t, visitor, query)
					want, errors := answered, []string(nil)
					if who.code != "" {
						want, errors = refused, []string{"product " + who.code}
					}
					if visitor == nil {
						want = strings.Replace(want, "true", "false", 1)
					}
					if data != want || !slices.Equal(faults, errors) || (g.asked() == before) != (who.code != "") {
						t.Errorf("%s: %s, %v after %d calls of APIs, want %s, %v", who.name, data, faults, g.asked()-before, want, errors)
					}
					if login := map[string]string{"UNAUTHENTICATED": "/auth/login", "STEP_UP_REQUIRED": "/auth/login?acr_values=urn%3Ademo%3Amfa"}[who.code]; loginURL != login {
						t.Errorf("%s: loginUrl %q, want %q", who.name, loginURL, login)
					}
				}
			})
		}
	}
}

// STEP-1: a sign-in grows old, and the way to a new one is at hand.
func TestASignInGrowsOld(t *testing.T) {
	g := newGate(t, "plan", nil, productField, productField+" @stepUp(maxAge: 60)")
	alice := g.signIn(t)
	const query = `{ product(id: "p-100") { __typename } }`
	if data, faults, _ := g.asks(t, alice, query); len(faults) > 0 {
		t.Errorf("just signed in: %s, %v", data, faults)
	}
	g.ahead.Store(int64(2 * time.Minute))
	if _, faults, loginURL := g.asks(t, alice, query); !slices.Equal(faults, []string{"product STEP_UP_REQUIRED"}) || loginURL != "/auth/login?max_age=60" {
		t.Errorf("two minutes later: %v, %q, want STEP_UP_REQUIRED with max_age", faults, loginURL)
	}
}

// A field and its type that both want a stronger sign-in want the one that is enough for both.
func TestStepUpsOfFieldAndType(t *testing.T) {
	for _, c := range []struct{ onType, onField string }{
		{`acr: ["a", "b"], maxAge: 600`, `acr: ["b", "c"], maxAge: 60`}, {`maxAge: 60`, `acr: ["b"]`}, {`acr: ["b"]`, `maxAge: 60`},
	} {
		g := newGate(t, "plan", nil, "type Product {", "type Product @stepUp("+c.onType+") {", productField, productField+" @stepUp("+c.onField+")")
		_, faults, loginURL := g.asks(t, g.signIn(t), `{ product(id: "p-100") { id } }`)
		if !slices.Equal(faults, []string{"product STEP_UP_REQUIRED"}) || loginURL != "/auth/login?acr_values=b&max_age=60" {
			t.Errorf("%s on the type and %s on the field: %v, %q, want STEP_UP_REQUIRED for acr b within a minute", c.onType, c.onField, faults, loginURL)
		}
	}
}

// Where the schema is shown, what its types demand is not demanded of whoever looks at it.
func TestIntrospectionHasNoGuard(t *testing.T) {
	g := newGate(t, "plan", func(cfg *graph.Config) { cfg.Introspection = true }, "type Query {", "type Query @authenticated {")
	data, faults, _ := g.asks(t, nil, `{ __schema { queryType { name } } __type(name: "Query") { name } product(id: "p-100") { id } }`)
	if want := `{"__schema":{"queryType":{"name":"Query"}},"__type":{"name":"Query"},"product":null}`; data != want || !slices.Equal(faults, []string{"product UNAUTHENTICATED"}) {
		t.Errorf("%s, %v, want %s and the product refused", data, faults, want)
	}
}

// A denial stands at each place of the answer, takes along what must not be null, and is decided once.
func TestWhereADenialStands(t *testing.T) {
	asked := 0
	policies := map[string]graph.Policy{"nobody": func(context.Context, *auth.Session) (bool, error) {
		asked++
		return false, nil
	}, "anybody": func(context.Context, *auth.Session) (bool, error) { return true, nil }}
	deny := ` @policy(name: "nobody")`
	for _, c := range []struct {
		name, query string
		changes     []string
		data        string
		errors      []string
		calls       int
	}{
		{"on each element of a list", "{products(first:2){edges{node{id c:category{id}}}}}", []string{categoryField, "category: Category" + deny + "\n"},
			`{"products":{"edges":[{"node":{"id":"p-100","c":null}},{"node":{"id":"p-101","c":null}}]}}`, []string{"products.edges.0.node.c UNAUTHENTICATED", "products.edges.1.node.c UNAUTHENTICATED"}, 1},
		{"where null may not be", "{products(first:1){totalCount} a:categories{__typename}}", []string{"How many there are over all pages.\"\n  totalCount: Int!\n}\n\n\"A product in", "x\"\n  totalCount: Int!" + deny + "\n}\n\n\"A product in"},
			`{"products":null,"a":[{"__typename":"Category"},{"__typename":"Category"},{"__typename":"Category"},{"__typename":"Category"},{"__typename":"Category"}]}`, []string{"products.totalCount UNAUTHENTICATED"}, 2},
		{"on the type that a field gives", `{product(id:"p-100"){id} p:products{totalCount}}`, []string{"type Product {", "type Product" + deny + " {", productsField, productsField + " @public"},
			`{"product":null,"p":{"totalCount":30}}`, []string{"product UNAUTHENTICATED"}, 1},
		{"on the type that it belongs to, unless it is for everybody", `{product(id:"p-100"){id} p:products{totalCount}}`, []string{"type Query {", "type Query" + deny + " {", productsField, productsField + " @public"},
			`{"product":null,"p":{"totalCount":30}}`, []string{"product UNAUTHENTICATED"}, 1},
		{"in fragments and aliases", `{...F b:product(id:"p-101"){id}} fragment F on Query{a:product(id:"p-100"){id}}`, []string{productField, productField + deny},
			`{"a":null,"b":null}`, []string{"a UNAUTHENTICATED", "b UNAUTHENTICATED"}, 0},
		{"beneath a field that may be had", `{product(id:"p-100"){id category{id}}}`, []string{productField, productField + ` @policy(name: "anybody")`, categoryField, "category: Category" + deny + "\n"},
			`{"product":{"id":"p-100","category":null}}`, []string{"product.category UNAUTHENTICATED"}, 1},
		{"on the interface's field that one implements", `{product(id:"p-100"){id rating}}`, []string{"type Product {", "interface Rated {\n  rating: Float" + deny + "\n}\n\ntype Product implements Rated {"},
			`{"product":{"id":"p-100","rating":null}}`, []string{"product.rating UNAUTHENTICATED"}, 1},
		{"on what the document does not leave out", `{a:product(id:"p-100") @include(if:true){id} b:product(id:"p-100") @skip(if:false){id}}`, []string{productField, productField + deny},
			`{"a":null,"b":null}`, []string{"a UNAUTHENTICATED", "b UNAUTHENTICATED"}, 0},
		{"not on what the document leaves out", `{p:products{totalCount} product(id:"p-100") @skip(if:true){id}}`, []string{productField, productField + deny},
			`{"p":{"totalCount":30}}`, nil, 1},
	} {
		for _, executor := range []string{"plan", "gqlgen"} {
			t.Run(c.name+" by "+executor, func(t *testing.T) {
				g := newGate(t, executor, func(cfg *graph.Config) { cfg.Policies = policies }, c.changes...)
				asked = 0
				data, faults, _ := g.asks(t, nil, c.query)
				slices.Sort(faults)
				if data != c.data || !slices.Equal(faults, c.errors) || g.asked() != c.calls {
					t.Errorf("%s = %s, %v after %d calls of APIs, want %s, %v after %d", c.query, data, faults, g.asked(), c.data, c.errors, c.calls)
				}
				if want := min(len(c.errors), 1); asked != want {
					t.Errorf("the policy was asked %d times, want %d", asked, want)
				}
			})
		}
	}
}

// What a directive demands and cannot be, is told at the start, with what to do.
func TestDirectivesThatMakeNoSense(t *testing.T) {
	for _, c := range []struct{ directives, fault string }{
		{`@policy(name: "typo")`, `Query.product: @policy names "typo": want one of the policies that the gateway is built with: known`},
		{`@requiresScopes(scopes: [])`, "Query.product: @requiresScopes want lists"},
		{`@requiresScopes(scopes: [[]])`, "Query.product: @requiresScopes want lists"},
		{`@requiresScopes(scopes: [["a b"]])`, "Query.product: @requiresScopes want lists"},
		{`@requiresScopes(scopes: [["a\"b"]])`, "Query.product: @requiresScopes want lists"},
		{`@stepUp`, "Query.product: @stepUp asks for nothing"},
		{`@stepUp(acr: [])`, "Query.product: @stepUp has an acr"},
		{`@stepUp(acr: ["a b"])`, "Query.product: @stepUp has an acr"},
		{`@stepUp(acr: ["` + strings.Repeat("a", 257) + `"])`, "Query.product: @stepUp has an acr"},
		{`@stepUp(maxAge: 29)`, "Query.product: @stepUp has a maxAge of 29"},
		{`@public @authenticated`, "Query.product: @public and a directive"},
		{"", "Query.product asks the API catalog with the gateway's own token"},
	} {
		cfg := graph.Config{GatewayAPIs: []string{"catalog"}, Policies: map[string]graph.Policy{"known": func(context.Context, *auth.Session) (bool, error) { return true, nil }}}
		_, err := graph.NewHandlerOf(withClients(t, cfg), strings.Replace(schemaText(t), productField, productField+" "+c.directives, 1))
		if err == nil || !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v, want %q", c.directives, err, c.fault)
		}
	}
	for _, c := range []struct {
		changes []string
		fault   string
	}{
		{[]string{productField, productField + ` @cost(weight: "much")`}, "Query.product: @cost: want a number"},
		{[]string{"type Product {", "interface Rated {\n  rating: Float @public\n}\n\ntype Product implements Rated {"}, "Rated.rating: @public stands on fields of object types"},
		{[]string{"type Product {", `type Product @stepUp(acr: ["a"]) {`, productField, productField + ` @stepUp(acr: ["b"])`}, "Query.product: @stepUp demands one acr on the field and another on a type of it"},
	} {
		if _, err := graph.NewHandlerOf(withClients(t, graph.Config{}), strings.NewReplacer(c.changes...).Replace(schemaText(t))); err == nil || !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v, want %q", c.changes, err, c.fault)
		}
	}
	open := strings.NewReplacer("type Query {", "type Query @public {", categoryField, "category: Category @public\n", "product: Product\n", "product: Product @authenticated\n")
	if _, err := graph.NewHandlerOf(withClients(t, graph.Config{GatewayAPIs: []string{"catalog"}}), open.Replace(schemaText(t))); err != nil {
		t.Errorf("every field says who may have it: %v", err)
	}
}

// An operation without guards costs one look into a map.
func BenchmarkUnguardedOperation(b *testing.B) {
	decide := graph.Decider(b, schemaText(b), `{products{edges{node{id name}}}}`)
	b.ReportAllocs()
	for b.Loop() {
		decide()
	}
}

// Without directives there is no cost: nothing is allocated.
func TestUnguardedOperationsCostNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, graph.Decider(t, schemaText(t), `{products{edges{node{id name}}}}`)); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// A mutation that may not be had does nothing, and those beside it run (specification §6.2.2).
func TestADeniedMutationDoesNothing(t *testing.T) {
	for _, executor := range []string{"plan", "gqlgen"} {
		policies := map[string]graph.Policy{"nobody": func(context.Context, *auth.Session) (bool, error) { return false, nil }}
		const cancel = "cancelOrder(input: CancelOrderInput!): CancelOrderPayload @authenticated"
		g := newGate(t, executor, func(cfg *graph.Config) { cfg.Policies = policies }, cancel, cancel+` @policy(name: "nobody")`)
		_, faults, _ := g.asks(t, g.signIn(t), `mutation { a: cancelOrder(input: {orderId: "o-1"}) { order { id } } b: placeOrder(input: {idempotencyKey: "12345678", lines: [{productId: "p-100", quantity: 1}]}) { order { id } } }`)
		orders := g.faults.Calls("orders")
		if len(faults) != 2 || !slices.Contains(faults, "a FORBIDDEN") || len(orders) != 1 || orders[0].Path != "/orders" {
			t.Errorf("%s: %v after %v, want a FORBIDDEN, and the order placed alone", executor, faults, orders)
		}
	}
}

// Whether an operation has guarded fields is kept, and so must not depend on the variables of whoever asked first.
func TestADefaultOfAConditionHidesNoGuard(t *testing.T) {
	g := newGate(t, "plan", nil, productField, productField+" @authenticated")
	nobody, err := visitor.New(g.origin, &http.Transport{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nobody.Close)
	const query = `query($off: Boolean! = true) { product(id: "p-100") @skip(if: $off) { id } }`
	for _, c := range []struct {
		variables map[string]any
		data      string
	}{{nil, "{}"}, {map[string]any{"off": false}, `{"product":null}`}} {
		answer, err := nobody.GraphQL(t.Context(), query, c.variables)
		if err != nil || string(answer.Data) != c.data || g.asked() > 0 {
			t.Errorf("with %v: %s, %v after %d calls of APIs, want %s after none", c.variables, answer.Body, err, g.asked(), c.data)
		}
	}
}
