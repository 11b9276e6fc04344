//go:build !nodemo

package graph_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"vestibule.example/demo/fault"
	"vestibule.example/graph"
)

const trustedText = "query Names { products(first: 2) { edges { node { name } } } }"

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func manifest(t testing.TB, name string, texts map[string]string) graph.Manifest {
	t.Helper()
	content, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	return graph.Manifest{Name: name, Content: content}
}

// persistedBody names a document by the extension of automatic persisted queries.
func persistedBody(id, query string) string {
	body := map[string]any{"extensions": map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": id}}}
	if query != "" {
		body["query"] = query
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func TestTrustedDocuments(t *testing.T) {
	const other = "{__typename}"
	id := hashOf(trustedText)
	with := func(mode string) *endpoint {
		return newEndpoint(t, func(c *graph.Config) {
			c.Development = true // What only developers see opens no document either.
			c.Persisted = graph.Persisted{Mode: mode, Manifests: []graph.Manifest{manifest(t, "app.json", map[string]string{"sha256:" + id: trustedText, "short": trustedText})}}
		})
	}
	modes := map[string]*endpoint{"off": with(graph.PersistedOff), "log": with(graph.PersistedLog), "only": with(graph.PersistedOnly)}
	for _, c := range []struct {
		name, method, query, body string
		off, log, only            string // the error's code
	}{
		{"by its id", "POST", "", `{"documentId":"sha256:` + id + `"}`, "", "", ""},
		{"by its hash alone", "POST", "", `{"documentId":"` + strings.ToUpper(id) + `"}`, "", "", ""},
		{"by another id of the manifest", "POST", "", `{"documentId":"short"}`, "", "", ""},
		{"by the extension", "POST", "", persistedBody(id, ""), "", "", ""},
		{"by the extension, with its text", "POST", "", persistedBody(id, trustedText), "", "", ""},
		{"by its text", "POST", "", asking(trustedText), "", "", ""},
		{"by its id, with GET", "GET", "?documentId=sha256:" + id, "", "", "", ""},
		{"by the extension, with GET", "GET", "?extensions=" + url.QueryEscape(`{"persistedQuery":{"version":1,"sha256Hash":"`+id+`"}}`), "", "", "", ""},
		{"an id that is none", "POST", "", `{"documentId":"canary"}`, "PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_NOT_FOUND"},
		{"a hash that is none's", "POST", "", persistedBody(hashOf(other), ""), "PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_NOT_FOUND"},
		{"another document", "POST", "", asking(other), "", "", "OPERATION_NOT_ALLOWED"},
		{"another document under its hash", "POST", "", persistedBody(hashOf(other), other), "", "", "OPERATION_NOT_ALLOWED"},
		{"another document under a trusted hash", "POST", "", persistedBody(id, other), "BAD_USER_INPUT", "BAD_USER_INPUT", "BAD_USER_INPUT"},
		{"one that differs in a space", "POST", "", asking(trustedText + " "), "", "", "OPERATION_NOT_ALLOWED"},
		{"one that does not parse", "POST", "", asking("{"), "GRAPHQL_PARSE_FAILED", "GRAPHQL_PARSE_FAILED", "OPERATION_NOT_ALLOWED"},
		{"introspection", "POST", "", asking("{__schema{queryType{name}}}"), "", "", "OPERATION_NOT_ALLOWED"},
		{"id and text", "POST", "", `{"documentId":"` + id + `","query":"{__typename}"}`, "BAD_USER_INPUT", "BAD_USER_INPUT", "BAD_USER_INPUT"},
		{"an id of the wrong type", "POST", "", `{"documentId":1}`, "BAD_USER_INPUT", "BAD_USER_INPUT", "BAD_USER_INPUT"},
		{"an extension without hash", "POST", "", `{"extensions":{"persistedQuery":{"version":1}}}`, "BAD_USER_INPUT", "BAD_USER_INPUT", "BAD_USER_INPUT"},
		{"no id", "POST", "", `{"documentId":""}`, "BAD_USER_INPUT", "BAD_USER_INPUT", "BAD_USER_INPUT"},
	} {
		for mode, want := range map[string]string{"off": c.off, "log": c.log, "only": c.only} {
			r := modes[mode].send(t, c.method, c.query, c.body, jsonHeader())
			var answer struct {
				Data   any
				Errors []problem
			}
			decode(t, r.body, &answer)
			got := ""
			if len(answer.Errors) > 0 {
				got = answer.Errors[0].code()
			}
			if got != want || (want == "") != (answer.Data != nil) {
				t.Errorf("%s, mode %s = %s, want code %q", c.name, mode, r.body, want)
			}
			if strings.Contains(r.body, "canary") {
				t.Errorf("%s: what was sent is repeated: %s", c.name, r.body)
			}
		}
	}
	logged := modes["log"].log.String()
	if !strings.Contains(logged, "a document is not trusted, and is not refused") || !strings.Contains(logged, hashOf(other)) || strings.Contains(logged, id) {
		t.Errorf("log = %s, want the hashes of what is not trusted, and no others", logged)
	}
	if strings.Contains(modes["off"].log.String(), "not trusted") {
		t.Error("off logs what is not trusted")
	}
}

// A manifest that is not of this schema, or not what it says, stops the start; all faults are told.
func TestManifestsAreChecked(t *testing.T) {
	apollo := graph.Manifest{Name: "apollo.json", Content: []byte(`{"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id":"x","name":"Q","type":"query","body":"{nothing}"}]}`)}
	for _, c := range []struct {
		name      string
		persisted graph.Persisted
		want      []string
	}{
		{"not valid", graph.Persisted{Manifests: []graph.Manifest{manifest(t, "a.json", map[string]string{"one": "{nothing}", "two": "{"})}}, []string{"a.json: the document one", "a.json: the document two"}},
		{"too much", graph.Persisted{Manifests: []graph.Manifest{manifest(t, "a.json", map[string]string{"one": "{" + words(21, "a%d:__typename ") + "}"})}}, []string{"rootFields"}},
		{"another document's hash", graph.Persisted{Manifests: []graph.Manifest{manifest(t, "a.json", map[string]string{hashOf("x"): "{__typename}"})}}, []string{"is not the one with that SHA-256"}},
		{"no manifest", graph.Persisted{Manifests: []graph.Manifest{{Name: "a.json", Content: []byte("[1]")}}}, []string{"a.json: want a JSON object"}},
		{"Apollo's", graph.Persisted{Manifests: []graph.Manifest{apollo}}, []string{"apollo.json: the document x"}},
		{"none to run", graph.Persisted{Mode: graph.PersistedOnly}, []string{"there are none"}},
		{"no such mode", graph.Persisted{Mode: "maybe"}, []string{`no mode "maybe"`}},
	} {
		_, err := graph.NewHandler(graph.Config{Resolver: (&endpoint{faults: fault.New(fault.Config{})}).resolver(t), Persisted: c.persisted})
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error = %v, want %q", c.name, err, want)
			}
		}
	}
}

// Automatic persisted queries are a saving of bytes, within the limits and within bounds.
func TestAutomaticPersistedQueries(t *testing.T) {
	e := newEndpoint(t, func(c *graph.Config) { c.Persisted.Automatic = true })
	code := func(body string) string {
		r := e.send(t, "POST", "", body, jsonHeader())
		var answer struct{ Errors []problem }
		decode(t, r.body, &answer)
		if len(answer.Errors) == 0 {
			return ""
		}
		return answer.Errors[0].code()
	}
	const query = "{viewer{authenticated}}"
	refusedOnes := []string{"{nothing}", "{" + words(21, "a%d:__typename ") + "}", "{products(first:101){totalCount}}"}
	for _, c := range []struct{ name, body, want string }{
		{"not known", persistedBody(hashOf(query), ""), "PERSISTED_QUERY_NOT_FOUND"},
		{"sent plainly it is not kept", asking(query), ""},
		{"still not known", persistedBody(hashOf(query), ""), "PERSISTED_QUERY_NOT_FOUND"},
		{"under another's hash", persistedBody(hashOf("x"), query), "BAD_USER_INPUT"},
		{"nor known by that", persistedBody(hashOf("x"), ""), "PERSISTED_QUERY_NOT_FOUND"},
		{"registered", persistedBody(hashOf(query), query), ""},
		{"known", persistedBody(hashOf(query), ""), ""},
		{"what is not valid", persistedBody(hashOf(refusedOnes[0]), refusedOnes[0]), "GRAPHQL_VALIDATION_FAILED"},
		{"is not kept", persistedBody(hashOf(refusedOnes[0]), ""), "PERSISTED_QUERY_NOT_FOUND"},
		{"what asks too much", persistedBody(hashOf(refusedOnes[1]), refusedOnes[1]), "QUERY_TOO_COMPLEX"},
		{"is neither", persistedBody(hashOf(refusedOnes[1]), ""), "PERSISTED_QUERY_NOT_FOUND"},
		{"what costs too much", persistedBody(hashOf(refusedOnes[2]), refusedOnes[2]), "QUERY_TOO_COMPLEX"},
		{"is neither", persistedBody(hashOf(refusedOnes[2]), ""), "PERSISTED_QUERY_NOT_FOUND"},
	} {
		if got := code(c.body); got != c.want {
			t.Errorf("%s: code = %q, want %q", c.name, got, c.want)
		}
	}
	large := func(i int) string {
		return fmt.Sprintf("{viewer{authenticated}} #%d%s", i, strings.Repeat("x", 200<<10))
	}
	for i := range 12 { // 2.4 MB, in room for 2 MiB
		if got := code(persistedBody(hashOf(large(i)), large(i))); got != "" {
			t.Fatalf("the %dth: %s", i, got)
		}
	}
	if got := code(persistedBody(hashOf(query), "")); got != "PERSISTED_QUERY_NOT_FOUND" {
		t.Errorf("what was asked first: code = %q, want it forgotten", got)
	}
	if got := code(persistedBody(hashOf(large(11)), "")); got != "" {
		t.Errorf("what was asked last: code = %q, want it known", got)
	}
	off := newEndpoint(t, nil)
	off.send(t, "POST", "", persistedBody(hashOf(query), query), jsonHeader())
	if r := off.send(t, "POST", "", persistedBody(hashOf(query), ""), jsonHeader()); !strings.Contains(r.body, "PERSISTED_QUERY_NOT_FOUND") {
		t.Errorf("where it is off a query is kept: %s", r.body)
	}
}

// CACHE-1, CACHE-3: what nobody signed in asks by id may be kept by the browser, who asks each time whether it still holds.
func TestPersistedGETsCanBeRevalidated(t *testing.T) {
	const failing = "query Failing { me { id } }"
	e := newEndpoint(t, func(c *graph.Config) {
		c.Persisted.Manifests = []graph.Manifest{manifest(t, "a.json", map[string]string{"names": trustedText, "failing": failing})}
	})
	first := e.send(t, "GET", "?documentId=names", "", nil)
	tag := first.header.Get("Etag")
	if tag == "" || first.header.Get("Cache-Control") != "private, no-cache" || !strings.Contains(strings.Join(first.header.Values("Vary"), ","), "Cookie") {
		t.Fatalf("headers = %v, want an entity tag, no-cache, and to vary by cookie", first.header)
	}
	for _, c := range []struct {
		name, method, query, body string
		header                    http.Header
		status                    int
		kept                      bool
	}{
		{"the same tag", "GET", "?documentId=names", "", http.Header{"If-None-Match": {tag}}, 304, true},
		{"among others, weak", "GET", "?documentId=names", "", http.Header{"If-None-Match": {`"x"`, `W/` + tag}}, 304, true},
		{"HEAD", "HEAD", "?documentId=names", "", http.Header{"If-None-Match": {tag}}, 304, true},
		{"another tag", "GET", "?documentId=names", "", http.Header{"If-None-Match": {`"x"`}}, 200, true},
		{"another media type", "GET", "?documentId=names", "", http.Header{"If-None-Match": {tag}, "Accept": {responseJSON}}, 200, true},
		{"POST", "POST", "", `{"documentId":"names"}`, http.Header{"Content-Type": {"application/json"}, "If-None-Match": {tag}}, 200, false},
		{"a text", "GET", "?query=" + url.QueryEscape(trustedText), "", http.Header{"If-None-Match": {tag}}, 200, false},
		{"an answer with errors", "GET", "?documentId=failing", "", nil, 200, false},
	} {
		r := e.send(t, c.method, c.query, c.body, c.header)
		if r.status != c.status || (r.header.Get("Etag") != "") != c.kept || !c.kept && r.header.Get("Cache-Control") != "no-store" || c.status == 304 && r.body != "" {
			t.Errorf("%s = %d %v %q, want %d, kept: %t", c.name, r.status, r.header, r.body, c.status, c.kept)
		}
	}
}
