//go:build !nodemo

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// bundled are the operations that the SPA sends, by id.
func bundled(t *testing.T) map[string]string {
	t.Helper()
	content, err := os.ReadFile("spa/dist/operations.json")
	if err != nil {
		t.Fatal(err)
	}
	var operations map[string]string
	if err := json.Unmarshal(content, &operations); err != nil || len(operations) < 9 {
		t.Fatalf("%d operations, %v", len(operations), err)
	}
	return operations
}

// The bundle's own operations run where only trusted ones do, and nothing else does: manifest, schema and bundle are of one
// version.
func TestOnlyTheBundlesOperationsRun(t *testing.T) {
	g := startGateway(t, "VESTIBULE_GRAPHQL_PERSISTED=only")
	script := http.Header{"X-Csrf": {"1"}, "Sec-Fetch-Site": {"same-origin"}, "Content-Type": {"application/json"}}
	send := func(body map[string]any) string {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		res := do(t, "POST", g.origin+"/graphql", script, strings.NewReader(string(text)))
		var answer struct {
			Errors []struct{ Extensions struct{ Code string } }
		}
		if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
		if len(answer.Errors) == 0 {
			return ""
		}
		return answer.Errors[0].Extensions.Code
	}
	for id, text := range bundled(t) {
		switch {
		case strings.Contains(text, "query Categories"):
			for _, body := range []map[string]any{{"documentId": id}, {"query": text}, {"extensions": map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": strings.TrimPrefix(id, "sha256:")}}}} {
				if code := send(body); code != "" {
					t.Errorf("%v = %s", body, code)
				}
			}
		case strings.Contains(text, "mutation "), strings.Contains(text, "($id"), strings.Contains(text, "($first"):
		default:
			if code := send(map[string]any{"documentId": id, "variables": map[string]any{"orders": 5, "first": 5}}); code != "" && code != "UNAUTHENTICATED" {
				t.Errorf("%s = %s", text, code)
			}
		}
	}
	if code := send(map[string]any{"query": "{categories{id}}"}); code != "OPERATION_NOT_ALLOWED" {
		t.Errorf("another operation = %q, want OPERATION_NOT_ALLOWED", code)
	}
	if code := send(map[string]any{"documentId": "sha256:none"}); code != "PERSISTED_QUERY_NOT_FOUND" {
		t.Errorf("an unknown id = %q, want PERSISTED_QUERY_NOT_FOUND", code)
	}
	if res := do(t, "GET", g.origin+"/operations.json", script, nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("the manifest is served: %d", res.StatusCode)
	}
}

// Trusted documents beside the bundle's, such as another client's, and a bundle of a team's own.
func TestFurtherTrustedDocuments(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"index.html": "<!doctype html>", "operations.json": `{"theirs":"{__typename}"}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g := startGateway(t, "VESTIBULE_SPA_DIR="+dir, "VESTIBULE_GRAPHQL_DOCUMENTS="+writeFile(t, "other.json", `{"other":"{viewer{authenticated}}"}`))
	script := http.Header{"X-Csrf": {"1"}, "Sec-Fetch-Site": {"same-origin"}}
	for id, want := range map[string]int{"theirs": 200, "other": 200, "sha256:none": 400} {
		header := script.Clone()
		header.Set("Accept", "application/graphql-response+json")
		if res := do(t, "GET", g.origin+"/graphql?documentId="+id, header, nil); res.StatusCode != want {
			t.Errorf("%s = %d, want %d", id, res.StatusCode, want)
		}
	}
	for name, c := range map[string]struct{ variable, want string }{
		"no such file": {"VESTIBULE_GRAPHQL_DOCUMENTS=" + filepath.Join(dir, "none.json"), "graphql.documents"},
		"not valid":    {"VESTIBULE_GRAPHQL_DOCUMENTS=" + writeFile(t, "invalid.json", `{"a":"{nothing}"}`), "the document a"},
	} {
		key, value, _ := strings.Cut(c.variable, "=")
		environment := map[string]string{
			"VESTIBULE_SERVER_ADDRESS": "127.0.0.1:0", "VESTIBULE_SERVER_ADMIN_ADDRESS": "127.0.0.1:0", "VESTIBULE_DEMO_ADDRESS": "127.0.0.1:0", key: value,
		}
		if err := run(t.Context(), func(name string) string { return environment[name] }, nil, io.Discard, &logBuffer{grew: make(chan struct{}, 1)}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error = %v, want %q", name, err, c.want)
		}
	}
}

// A bundle's list of operations that cannot be read is told; without it nobody's operations would be trusted.
func TestABundleWhoseOperationsCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "operations.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	if p, err := persistedDocuments(Config{SPA: SPAConfig{Dir: dir}}); err == nil {
		t.Errorf("persistedDocuments = %+v, want an error", p)
	}
}

// Each operation that the SPA sends is allowed, and makes no more calls than were predicted.
func TestTheSPAsOperationsArePredicted(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	var page struct {
		Orders struct {
			Edges []struct{ Node struct{ ID string } }
		}
	}
	if err := json.Unmarshal(ask(t, v, "{orders(first:1){edges{node{id}}}}", nil).Data, &page); err != nil || len(page.Orders.Edges) != 1 {
		t.Fatalf("an order = %v, %v", page, err)
	}
	order := page.Orders.Edges[0].Node.ID
	variables := map[string]map[string]any{
		"AccountPage": {"orders": 50}, "Products": {"first": 24}, "OrderPage": {"id": order}, "ProductDetail": {"id": firstProduct(t, v)},
		"PlaceOrder":  {"input": map[string]any{"idempotencyKey": "predicted-2", "lines": []any{map[string]any{"productId": firstProduct(t, v), "quantity": 1}}}},
		"CancelOrder": {"input": map[string]any{"orderId": order}},
		"EndSession":  {"input": map[string]any{"sessionId": "nobody-s"}},
		"AddAddress":  {"input": map[string]any{"label": "a", "recipient": "a", "street": "a", "postalCode": "1", "city": "a", "country": "DE"}},
	}
	for _, text := range bundled(t) {
		if strings.Contains(text, "subscription ") {
			continue // It is answered by a stream, for as long as its order is under way: streams_test.go.
		}
		words := strings.FieldsFunc(text[max(strings.LastIndex(text, "query "), strings.LastIndex(text, "mutation ")):], func(r rune) bool { return strings.ContainsRune(" ({", r) })
		name := words[1]
		resetCalls(t, g)
		answer := ask(t, v, text, variables[name])
		if len(answer.Data) == 0 || strings.Contains(string(answer.Body), "VALIDATION") {
			t.Fatalf("%s = %s", name, answer.Body)
		}
		got, most := calls(t, g), predicted(t, answer)
		for api, n := range got {
			if n > most[api] {
				t.Errorf("%s: %s got %d calls, predicted were %d", name, api, n, most[api])
			}
		}
	}
}
