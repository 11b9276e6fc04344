//go:build unix

package resttest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/clients"
	"vestibule.example/graph/plan"
	"vestibule.example/graph/rest"
	"vestibule.example/graph/rest/resttest/exec"
	byhand "vestibule.example/graph/rest/resttest/hand/exec"
	"vestibule.example/graph/rest/resttest/hand/resolver"
)

// costs are operations whose resolvers' work is most of what they cost: the APIs answer from memory.
var costs = []struct{ name, query string }{
	{"object", `{item(id: "1"){id name state price nickname created updatedAt views stars sizes secret}}`},
	{"list", `{items(filter: {state: ON_SALE, words: {q: "lamp"}}, tags: ["a", "b"], limit: 100){id name state price nickname created updatedAt views stars sizes secret}}`},
	{"batch", `{items{maker{name home} second{name} related{id name} parts{id name} stock{left}}}`},
	{"calls", `{items{box{weight}}}`},
	{"page", `{byOffset(first: 10){edges{cursor node{id}} pageInfo{hasNextPage endCursor}}}`},
	{"change", `mutation{order(kind: OWN, tenant: "t", input: {key: "k-1", dry: true, lines: [{item: "a"}, {item: "b", count: 2, words: {q: "x"}}], remark: "hello", states: [SOLD_OUT], at: "2026-01-02T03:04:05Z"}){item{id}}}`},
	{"form", `mutation{form(line: {item: "a&b", count: 3, words: {q: "x"}}, notes: ["n", null, "m"], price: "1.50")}`},
}

// memory answers as the APIs do, without a wire.
type memory map[string]string

func newMemory() memory {
	item := func(id int, more string) string {
		return fmt.Sprintf(`{"id": %d, "name": "Lamp", "state": "sold-out", "price": 12.50, "nickname": null, "created": 86400, "updated_at": "2026-01-02T03:04:05Z", "stats": {"views": 3, "stars": 4.5},
			"sizes": [1, null, 3], "maker_ref": "m", "maker_id": %d, "second_maker_id": %d, "part_ids": [5, 6, 5], "box": "b-%d"%s}`, id, id%10, id%7, id, more)
	}
	var items, related, makers, stock, entries []string
	for id := range 100 {
		items = append(items, item(id, ""))
		related = append(related, item(1000+id, fmt.Sprintf(`, "related_to": %d`, id)))
		stock = append(stock, fmt.Sprintf(`{"item": {"id": %d}, "left": 4}`, id))
	}
	for id := range 10 {
		makers = append(makers, fmt.Sprintf(`{"id": "%d", "name": "Maker", "home": "https://maker.test"}`, id))
		entries = append(entries, fmt.Sprintf(`{"id": %d}`, id))
	}
	return memory{
		"/items": `{"page": {"data": ` + list(items) + `}}`, "/items/1": item(1, ""), "/related": `{"data": ` + list(related) + `}`, "/makers": list(makers), "/stock": list(stock),
		"/parts/": `{"part": {"id": 5, "name": "Five"}}`, "/boxes/": `{"id": "b", "weight": 2}`, "/offset": `{"data": ` + list(entries) + `}`, "/orders": `{"id": 5}`, "/form": `{"id": 7}`,
	}
}

// RoundTrip implements [http.RoundTripper].
func (m memory) RoundTrip(r *http.Request) (*http.Response, error) {
	body, known := m[r.URL.Path]
	if !known {
		body, known = m[r.URL.Path[:strings.LastIndexByte(r.URL.Path, '/')+1]]
	}
	if !known {
		return nil, fmt.Errorf("nobody answers %s", r.URL)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
}

// contestant runs an operation again and again.
type contestant struct {
	tb      testing.TB
	runner  *executor.Executor
	loaders func(context.Context) context.Context
}

func newContestants(tb testing.TB) (generated, byHand contestant) {
	answers := newMemory()
	api := func(name string) *clients.API {
		a, err := clients.New(clients.Config{Name: name, BaseURL: &url.URL{Scheme: "http", Host: name + ".test"}, Transport: answers})
		if err != nil {
			tb.Fatal(err)
		}
		return a
	}
	cursors, err := rest.NewCursors(nil)
	if err != nil {
		tb.Fatal(err)
	}
	made := &Resolver{APIs: map[string]*clients.API{"shop": api("shop"), "stock": api("stock")}, cursors: cursors, failed: func(err error) { tb.Error(err) }}
	hand := &resolver.Resolver{ShopAPI: api("shop"), StockAPI: api("stock"), Cursors: cursors, Hidden: func(err error) { tb.Error(err) }}
	contestantOf := func(schema graphql.ExecutableSchema, tables plan.Tables, cfg plan.Config, loaders func(context.Context) context.Context) contestant {
		runner := executor.New(plan.New(schema, tables, cfg))
		runner.SetQueryCache(lru.New[*ast.QueryDocument](10))
		return contestant{tb, runner, loaders}
	}
	return contestantOf(exec.NewExecutableSchema(exec.Config{Resolvers: made}), exec.PlanTables(), planned(), made.withRestLoaders),
		contestantOf(byhand.NewExecutableSchema(byhand.Config{Resolvers: hand}), byhand.PlanTables(), wholly(), hand.WithLoaders)
}

func (c contestant) run(query string) []byte {
	ctx := c.loaders(graphql.StartOperationTrace(context.Background()))
	op, faults := c.runner.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
	if len(faults) > 0 {
		c.tb.Fatal(faults)
	}
	responses, ctx := c.runner.DispatchOperation(ctx, op)
	response := responses(ctx)
	if len(response.Errors) > 0 {
		c.tb.Fatal(response.Errors)
	}
	return response.Data
}

// cpu is the time that the process has had a processor for, its garbage collector's included: a busy machine changes it little.
func cpu(tb testing.TB) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkGeneratedAgainstHandWritten measures the CPU time of both in turn: each iteration is a round in which each has so many operations, and who
// begins changes. The ratio is the time by hand to that of what is generated, so that more than 1 is faster than by hand: the median of
// the rounds, and between which two the middle half of them lies.
func BenchmarkGeneratedAgainstHandWritten(b *testing.B) {
	const share = 20 * time.Millisecond // of each in a round
	generated, byHand := newContestants(b)
	for _, c := range costs {
		b.Run(c.name, func(b *testing.B) {
			if got, want := string(generated.run(c.query)), string(byHand.run(c.query)); got != want {
				b.Fatalf("%s, by hand %s", got, want)
			}
			measure := func(who contestant, operations int) time.Duration {
				runtime.GC() // Nobody cleans up after the other.
				began := cpu(b)
				for range operations {
					who.run(c.query)
				}
				return cpu(b) - began
			}
			operations := max(1, int(share/(measure(byHand, 20)/20)))
			var ratios []float64
			var spent time.Duration
			for round := 0; b.Loop(); round++ {
				var made, hand time.Duration
				if round%2 == 0 {
					made, hand = measure(generated, operations), measure(byHand, operations)
				} else {
					hand, made = measure(byHand, operations), measure(generated, operations)
				}
				ratios, spent = append(ratios, float64(hand)/float64(made)), spent+made
			}
			slices.Sort(ratios)
			b.ReportMetric(float64(spent.Nanoseconds())/float64(operations*len(ratios)), "ns/op")
			b.ReportMetric(ratios[len(ratios)/2], "ratio")
			b.ReportMetric(ratios[len(ratios)/4], "ratio-q1")
			b.ReportMetric(ratios[len(ratios)*3/4], "ratio-q3")
			b.ReportMetric(testing.AllocsPerRun(100, func() { generated.run(c.query) }), "allocs")
			b.ReportMetric(testing.AllocsPerRun(100, func() { byHand.run(c.query) }), "allocs-by-hand")
		})
	}
}
