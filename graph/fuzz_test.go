//go:build !nodemo

package graph_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// refusals are all words that an answer without data may have, in production: nothing of what was sent, and nothing of the
// schema. Shorter words prove nothing.
const refusals = `errors message locations column extensions limit requestId maximum
	The request body is too large. The query string is too long; send the request with POST. The request body did not come in time.
	The Content-Type must be application/json, in UTF-8. Accept application/json, application/graphql-response+json or text/event-stream.
	GraphQL is asked with GET or POST. A mutation is sent with POST. A subscription is answered with text/event-stream; accept that. The schema is not shown here.
	The request body could not be read. The request body is not UTF-8. Batches of operations are not offered; send one request each.
	The request body is not a JSON object. The request body has a member twice. Something follows the JSON object of the request body.
	The request has no query. The member query operationName variables extensions has the wrong type. cannot be read.
	The parameter is there twice. is not JSON, or has a member twice. The query string cannot be read.
	The request has a query and a documentId; send one of them. The extension persistedQuery has no sha256Hash.
	The sha256Hash is not that of the query. There is no document with this id. PERSISTED_QUERY_NOT_FOUND
	The document does not parse. The document is not valid, or its variables do not fit.
	The operation asks for too much: is, and at most are allowed.
	BAD_USER_INPUT OPERATION_NOT_ALLOWED GRAPHQL_PARSE_FAILED GRAPHQL_VALIDATION_FAILED QUERY_TOO_COMPLEX UNAUTHENTICATED
	tokens nameLength fragments duplicates aliases rootFields directives fields listSize accounts catalog orders shipping
	FieldsOnCorrectType FragmentsOnCompositeTypes KnownArgumentNames KnownDirectives KnownFragmentNames KnownRootType KnownTypeNames
	LoneAnonymousOperation MaxIntrospectionDepth NoFragmentCycles NoUndefinedVariables NoUnusedFragments NoUnusedVariables
	OverlappingFieldsCanBeMerged PossibleFragmentSpreads ProvidedRequiredArguments ScalarLeafs SingleFieldSubscriptions UniqueArgumentNames
	UniqueDirectivesPerLocation UniqueFragmentNames UniqueInputFieldNames UniqueOperationNames UniqueVariableNames ValuesOfCorrectType
	VariablesAreInputTypes VariablesInAllowedPosition`

var word = regexp.MustCompile(`[\pL_][\pL\pN_]{5,}`)

// Whatever is sent: no panic, no 5xx, always a GraphQL response, and a refusal repeats nothing of it (GQL-5).
func FuzzHandler(f *testing.F) {
	e := newEndpoint(f, nil)
	for _, a := range attacks() {
		if len(a.body) < 10_000 {
			f.Add(a.body, "{__typename}", "application/json")
		}
	}
	for _, seed := range []string{
		`{"query":"{__typename}"}`, `{"query":"{products{edges{node{id}}}}"}`, `[]`, `{"query":"query($a:ID!){product(id:$a){id}}","variables":{"a":1}}`, "{",
		`{"query":"{a:b(c:[{d:\"\\u0000\"}])}"}`, `{"query":"mutation{cancelOrder(input:{orderId:\"canary\"}){order{id}}}"}`, `{"query":"{viewer{...on Viewer@skip(if:true){authenticated}}}"}`,
		`{"query":"query($n:Int=5){products(first:$n){edges{node{name}}}}","variables":{"n":3},"extensions":{}}`, `{"query":"\"\"\"canary\"\"\" query a{__typename}","operationName":"b"}`,
	} {
		f.Add(seed, "query a{__typename}", "application/json, */*;q=0.1")
		f.Add(seed, "subscription{orderUpdated(id:1){id}}", "text/event-stream")
	}
	known := map[string]bool{}
	for _, w := range word.FindAllString(refusals, -1) {
		known[w] = true
	}
	f.Fuzz(func(t *testing.T, body, query, accept string) {
		header := jsonHeader()
		if strings.Trim(accept, " abcdefghijklmnopqrstuvwxyz/*+;=,.0123456789-") == "" {
			header.Set("Accept", accept)
		}
		for _, r := range []reply{e.serve("POST", "", body, header), e.serve("GET", "?query="+url.QueryEscape(query), "", http.Header{"Accept": header["Accept"]})} {
			if r.status >= 500 {
				t.Fatalf("%d %s", r.status, r.body)
			}
			var members map[string]json.RawMessage
			if strings.HasPrefix(r.header.Get("Content-Type"), "text/event-stream") && r.status == http.StatusOK {
				r.body = strings.TrimPrefix(r.body, ":\n\n")
				begins, ends := strings.HasPrefix(r.body, "event: next\ndata: "), strings.HasSuffix(r.body, "\n\nevent: complete\ndata: \n\n")
				if !begins || !ends {
					t.Fatalf("%q is not one answer and its end", r.body)
				}
				r.body = strings.TrimSuffix(strings.TrimPrefix(r.body, "event: next\ndata: "), "\n\nevent: complete\ndata: \n\n")
			}
			if err := json.Unmarshal([]byte(r.body), &members); err != nil {
				t.Fatalf("%q: %v", r.body, err)
			}
			if members["data"] != nil || strings.Contains(string(members["errors"]), `"path":[`) {
				continue // It was run.
			}
			for _, w := range word.FindAllString(r.body, -1) {
				if !known[w] {
					t.Fatalf("a refusal says %q: %s", w, r.body)
				}
			}
		}
		if log := e.log.take(); strings.Contains(log, "panic") {
			t.Fatalf("a panic: %s", log)
		}
	})
}

// serve asks the handler itself, without a connection.
func (e *endpoint) serve(method, query, body string, header http.Header) reply {
	r := httptest.NewRequest(method, "/graphql"+query, strings.NewReader(body))
	r.Header = header
	w := httptest.NewRecorder()
	e.server.Config.Handler.ServeHTTP(w, r)
	return reply{w.Code, w.Header(), w.Body.String()}
}

// take gives what was written, and forgets it.
func (l *logBuffer) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}
