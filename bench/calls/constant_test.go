package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"vestibule.example/clients"
	"vestibule.example/clients/accounts"
	"vestibule.example/clients/catalog"
	"vestibule.example/clients/orders"
	"vestibule.example/clients/shipping"
	"vestibule.example/graph"
	"vestibule.example/internal/heap"
)

// TestMain sets the collector as the gateway does.
func TestMain(m *testing.M) {
	heap.Floor(heap.Default)
	os.Exit(m.Run())
}

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
	ways := []way{{"product", product}, {"gqlgen", stock(r)}, {"nothing", http.HandlerFunc(nothing)}}
	for _, c := range ways {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.ask(b)
			}
		})
	}
	b.Run("in turn", func(b *testing.B) { inTurn(b, ways) })
}

// inTurn asks the ways a few times each, again and again, so that whatever else the machine does slows all of them, and reports
// how many times as long as the product gqlgen takes, and the same without what asking costs.
func inTurn(b *testing.B, ways []way) {
	const each = 32
	var took [3]time.Duration
	for b.Loop() {
		for i, c := range ways {
			began := time.Now()
			for range each {
				c.ask(b)
			}
			took[i] += time.Since(began)
		}
	}
	product, gqlgen, nothing := float64(took[0]), float64(took[1]), float64(took[2])
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(gqlgen/product, "gqlgen/product")
	b.ReportMetric((gqlgen-nothing)/(product-nothing), "gqlgen/product-alone")
}

// way is a handler that is asked for the constant.
type way struct {
	name    string
	handler http.Handler
}

func (c way) ask(b *testing.B) {
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, constant())
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), answer) {
		b.Fatal(w.Code, w.Body)
	}
}

const answer = `{"data":{"viewer":{"authenticated":false}}}`

// nothing writes the answer and does nothing else: what asking costs.
func nothing(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, answer) }

func constant() *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query":"query Constant { viewer { authenticated } }","operationName":"Constant"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/graphql-response+json, application/json")
	return r
}
