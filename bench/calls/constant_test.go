package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vestibule.example/clients"
	"vestibule.example/clients/accounts"
	"vestibule.example/clients/catalog"
	"vestibule.example/clients/orders"
	"vestibule.example/clients/shipping"
	"vestibule.example/graph"
)

// BenchmarkConstant asks for a field that asks nobody, of the product's handler and of gqlgen as it comes: what GraphQL itself
// costs a request, without server, session and record, which are the same for both.
func BenchmarkConstant(b *testing.B) {
	r := &graph.Resolver{Accounts: &accounts.Client{}, Catalog: &catalog.Client{}, Orders: &orders.Client{}, Shipping: &shipping.Client{}, APIs: map[string]*clients.API{}}
	for _, name := range []string{"accounts", "catalog", "orders", "shipping"} {
		r.APIs[name] = &clients.API{} // Nobody asks it.
	}
	product, err := graph.NewHandler(graph.Config{Resolver: r, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		handler http.Handler
	}{{"product", product}, {"gqlgen", stock(r)}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				c.handler.ServeHTTP(w, constant())
				if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `{"data":{"viewer":{"authenticated":false}}}`) {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
	b.Run("nothing", func(b *testing.B) { // what asking costs
		b.ReportAllocs()
		for b.Loop() {
			w := httptest.NewRecorder()
			w.Body.WriteString(constant().Method)
		}
	})
}

func constant() *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query":"query Constant { viewer { authenticated } }","operationName":"Constant"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/graphql-response+json, application/json")
	return r
}
