//go:build !nodemo

package graphtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"vestibule.example/graph"
	"vestibule.example/graph/graphtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// spy is a test whose faults another test reads.
type spy struct {
	testing.TB
	mu     sync.Mutex // guards faults
	faults []string
}

func (s *spy) Errorf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, fmt.Sprintf(format, args...))
}

func (s *spy) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.faults, "\n")
}

// changed is the orders API's document with some of it replaced, given as pairs of old and new.
func changed(t *testing.T, pairs ...string) string {
	t.Helper()
	text, err := os.ReadFile("../../clients/orders/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for pair := range slices.Chunk(pairs, 2) {
		if !strings.Contains(string(text), pair[0]) {
			t.Fatalf("the document has no %q", pair[0])
		}
	}
	return write(t, strings.NewReplacer(pairs...).Replace(string(text)))
}

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Issue 9: what a resolver asks, and what an API answers, is held against the API's document; a difference fails the test
// of the resolver and says which.
func TestWhatTheDocumentDoesNotAllowFailsTheTest(t *testing.T) {
	const list, place = `{ orders(first: 2) { totalCount } }`, `mutation { placeOrder(input: {idempotencyKey: "12345678", lines: [{productId: "p", quantity: 100}]}) { order { id } } }`
	for _, c := range []struct {
		name, query, want string
		api               graphtest.API
	}{
		{"everything as described", list, "", graphtest.API{}},
		{"JSON with its charset", list, "", graphtest.API{Document: changed(t, "application/json: { schema: { $ref: \"#/components/schemas/OrderPage\" } }", "application/json; charset=utf-8: { schema: { $ref: \"#/components/schemas/OrderPage\" } }")}},
		{"a parameter that is not there", list, "orders: GET /orders?limit=2: the document knows no such parameter: limit",
			graphtest.API{Document: changed(t, "name: limit", "name: size")}},
		{"a parameter out of range", list, "parameter \"limit\"", graphtest.API{Document: changed(t, "minimum: 1, maximum: 100", "minimum: 5, maximum: 100")}},
		{"a path that is not there", list, "GET /orders?limit=2: the document has no such operation", graphtest.API{Document: changed(t, "  /orders:\n", "  /bestellungen:\n")}},
		{"a body that is not allowed", place, "maximum", graphtest.API{}},
		{"no token where one is wanted", list, "wants a token", graphtest.API{Token: "none"}},
		{"an answer that is not allowed", list, "does not allow the answer",
			graphtest.API{Answers: map[string]http.HandlerFunc{"GET /orders": graphtest.JSON(200, `{"items": [{"id": 7}], "total": 1}`)}}},
		{"a status that is not described", list, "does not allow the answer",
			graphtest.API{Document: changed(t, `        default: { $ref: "#/components/responses/Problem" }`, ""), Answers: map[string]http.HandlerFunc{"GET /orders": graphtest.JSON(418, `{}`)}}},
		{"an answer that the document leaves open", list, "give one in API.Answers", graphtest.API{Document: changed(t, "application/json: { schema: { $ref: \"#/components/schemas/OrderPage\" } }", "text/csv: {}")}},
		{"a request that was not recorded", list, "not in the recording", graphtest.API{Recording: write(t, "[]"), From: "https://orders.example.com"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			test := &spy{TB: t}
			g := graphtest.Start(test, graphtest.Config{APIs: map[string]graphtest.API{"orders": c.api}})
			answer := g.SignIn("alice").Ask(c.query, nil)
			if got := test.text(); c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("the test hears %q, want %q", got, c.want)
			}
			if (len(answer.Errors) > 0) != (c.want != "") {
				t.Errorf("the answer is %s", answer.Body)
			}
		})
	}
}

// An answer that differs from the golden one fails, and shows both.
func TestAnotherAnswerThanTheGoldenOne(t *testing.T) {
	name := write(t, "")
	for suffix, text := range map[string]string{".graphql": `query($id: ID!) { product(id: $id) { id } }`, ".variables.json": `{"id": "p-100"}`, ".json": `{"data": {}}`} {
		if err := os.WriteFile(name+suffix, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	test := &spy{TB: t}
	graphtest.Start(test, graphtest.Config{}).Nobody().Golden(name)
	if got := test.text(); !strings.Contains(got, `"id": "p-100"`) || !strings.Contains(got, `{"data": {}}`) {
		t.Errorf("the test hears %q, want both answers", got)
	}
}

// The same request again gets its next answer, and the last one from then on. Headers that matter to a reader are given.
func TestRecordingsGoOn(t *testing.T) {
	file := write(t, `[
		{"request": "GET /orders/o-1", "status": 200, "json": {"id": "o-1", "customerId": "c", "status": "placed", "placedAt": "2026-01-02T15:04:05Z", "currency": "EUR", "total": "1.00", "lines": []}},
		{"request": "GET /orders/o-1", "status": 429, "header": {"Content-Type": "application/problem+json", "Retry-After": "7"}, "json": {}}
	]`)
	g := graphtest.Start(t, graphtest.Config{APIs: map[string]graphtest.API{"orders": {Recording: file}}})
	alice := g.SignIn("alice")
	var got []string
	for range 3 {
		answer := alice.Ask(`{ order(id: "o-1") { status } }`, nil)
		got = append(got, string(answer.Data))
		for _, e := range answer.Errors {
			got = append(got, fmt.Sprint(e.Code(), " ", e.Extensions["retryAfter"]))
		}
	}
	if want := []string{`{"order":{"status":"PLACED"}}`, `{"order":null}`, "RATE_LIMITED 7", `{"order":null}`, "RATE_LIMITED 7"}; !slices.Equal(got, want) {
		t.Errorf("three answers are %q, want %q", got, want)
	}
}

// Policies and limits are the test's to set.
func TestTheEndpointIsTheTests(t *testing.T) {
	g := graphtest.Start(t, graphtest.Config{Graph: func(cfg *graph.Config) { cfg.RequireSession = true }})
	if answer := g.Nobody().Ask(`{ categories { id } }`, nil); answer.Status != http.StatusUnauthorized {
		t.Errorf("nobody gets %d, want 401", answer.Status)
	}
}

// LOG-2: a recording has no token, no cookie, and no header that only the API knows the meaning of.
func TestARecordingHasNoSecret(t *testing.T) {
	if err := flagOn(t, "record"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ORDERS_TOKEN", "the-real-token")
	var tokens []string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tokens = append(tokens, r.Header.Get("Authorization"))
		w.Header().Set("Set-Cookie", "sid=secret")
		w.Header().Set("X-Debug", "secret")
		w.Header().Set("Etag", `"v1"`)
		graphtest.JSON(200, `{"items": [], "total": 0}`)(w, r)
	}))
	defer api.Close()
	file := filepath.Join(t.TempDir(), "orders.json")
	t.Run("recording", func(t *testing.T) {
		g := graphtest.Start(t, graphtest.Config{APIs: map[string]graphtest.API{"orders": {Recording: file, From: api.URL, TokenFrom: "ORDERS_TOKEN"}}})
		if answer := g.SignIn("alice").Ask(`{ orders(first: 2) { totalCount } }`, nil); string(answer.Data) != `{"orders":{"totalCount":0}}` {
			t.Errorf("the answer is %s", answer.Body)
		}
	})
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := `"Etag": "\"v1\""`; !strings.Contains(string(kept), want) || strings.Contains(string(kept), "ecret") || strings.Contains(string(kept), "oken") {
		t.Errorf("the recording is %s", kept)
	}
	if !slices.Equal(tokens, []string{"Bearer the-real-token"}) {
		t.Errorf("the API got the tokens %q", tokens)
	}
}
