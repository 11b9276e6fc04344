package clients_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"

	"vestibule.example/clients"
)

type bulkList struct {
	Items []thing `json:"items"`
}

// The three ways in which APIs give many things by key, each a line, through the wire: a list by repeated parameters, a
// search, and single calls.
func TestBatchForms(t *testing.T) {
	known := map[string]thing{"1": {"1", "x"}, "2": {"2", "y"}, "a&b=c": {"a&b=c", "z"}}
	var mu sync.Mutex // guards asked
	var asked []string
	note := func(r *http.Request, text string) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Method+" "+r.URL.EscapedPath()+" "+text)
	}
	answer := func(w http.ResponseWriter, ids []string) {
		w.Header().Set("Content-Type", "application/json")
		var list bulkList
		for _, id := range ids {
			if id == "broken" {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			if found, ok := known[id]; ok {
				list.Items = append(list.Items, found)
			}
		}
		json.NewEncoder(w).Encode(list)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /things", func(w http.ResponseWriter, r *http.Request) {
		note(r, r.URL.RawQuery)
		answer(w, r.URL.Query()["id"])
	})
	mux.HandleFunc("POST /things/search", func(w http.ResponseWriter, r *http.Request) {
		var search struct{ IDs []string }
		json.NewDecoder(r.Body).Decode(&search)
		text, _ := json.Marshal(search.IDs)
		note(r, string(text))
		answer(w, search.IDs)
	})
	mux.HandleFunc("GET /things/{id}", func(w http.ResponseWriter, r *http.Request) {
		note(r, "")
		found, ok := known[r.PathValue("id")]
		switch {
		case r.PathValue("id") == "broken":
			w.WriteHeader(http.StatusInternalServerError)
		case !ok:
			w.WriteHeader(http.StatusNotFound)
		default:
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(found)
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	base, _ := url.Parse(server.URL)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	api, err := clients.New(clients.Config{Name: "things", BaseURL: base, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}

	byID := func(_ []string, list bulkList) map[string]*thing {
		return clients.ByKey(list.Items, func(t *thing) string { return t.ID })
	}
	for _, c := range []struct {
		name string
		load func(context.Context, []string) (map[string]*thing, error)
		want []string
	}{
		{"a list by repeated parameters", func(ctx context.Context, ids []string) (map[string]*thing, error) {
			return clients.BatchGet(ctx, api, clients.At("/things"), "id", ids, 2, byID)
		}, []string{"GET /things id=1&id=2", "GET /things id=a%26b%3Dc&id=broken", "GET /things id=unknown"}},
		{"a search", func(ctx context.Context, ids []string) (map[string]*thing, error) {
			return clients.BatchSearch(ctx, api, clients.At("/things/search"), func(ids []string) any { return map[string]any{"ids": ids} }, ids, 2, byID)
		}, []string{`POST /things/search ["1","2"]`, `POST /things/search ["a\u0026b=c","broken"]`, `POST /things/search ["unknown"]`}},
		{"single calls", func(ctx context.Context, ids []string) (map[string]*thing, error) {
			return clients.Each(ctx, ids, func(ctx context.Context, id string) (*thing, error) {
				return clients.Get[*thing](ctx, api, clients.At("/things/{id}", id), nil)
			})
		}, []string{"GET /things/1 ", "GET /things/2 ", "GET /things/a&b=c ", "GET /things/broken ", "GET /things/unknown "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked = nil
			got, err := c.load(t.Context(), []string{"unknown", "2", "a&b=c", "1", "broken", "2"})
			if slices.Sort(asked); !slices.Equal(asked, c.want) {
				t.Errorf("asked %q, want %q", asked, c.want)
			}
			if got["1"] == nil || *got["1"] != known["1"] || *got["2"] != known["2"] || got["unknown"] != nil || got["broken"] != nil {
				t.Errorf("got %v, want what is known", got)
			}
			var failed *clients.Error
			if !errors.As(clients.ErrorOf(err, "broken"), &failed) || failed.Status != 500 {
				t.Errorf("ErrorOf(broken) = %v, want the API's", clients.ErrorOf(err, "broken"))
			}
			if failed != nil && !failed.Retryable {
				t.Error("the call is not said to be safe to repeat, and it only asks")
			}
			if clients.ErrorOf(err, "1") != nil || clients.ErrorOf(err, "unknown") != nil {
				t.Errorf("the error of one key is another's: %v", err)
			}
		})
	}
}
