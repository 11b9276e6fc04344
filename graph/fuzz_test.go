//go:build !nodemo

package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/graph"
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
	tokens nameLength fragments duplicates introspection aliases rootFields directives fields listSize accounts catalog orders shipping
	FieldsOnCorrectType FragmentsOnCompositeTypes KnownArgumentNames KnownDirectives KnownFragmentNames KnownRootType KnownTypeNames
	LoneAnonymousOperation MaxIntrospectionDepth NoFragmentCycles NoUndefinedVariables NoUnusedFragments NoUnusedVariables
	OverlappingFieldsCanBeMerged PossibleFragmentSpreads ProvidedRequiredArguments ScalarLeafs SingleFieldSubscriptions UniqueArgumentNames
	UniqueDirectivesPerLocation UniqueFragmentNames UniqueInputFieldNames UniqueOperationNames UniqueVariableNames ValuesOfCorrectType
	VariablesAreInputTypes VariablesInAllowedPosition`

var word = regexp.MustCompile(`[\pL_][\pL\pN_]{5,}`)

// knownWords are those of refusals.
func knownWords() map[string]bool {
	known := map[string]bool{}
	for _, w := range word.FindAllString(refusals, -1) {
		known[w] = true
	}
	return known
}

// Whatever is sent: no panic, no 5xx, always a GraphQL response, and a refusal repeats nothing of it (GQL-5). What is asked for as
// a stream is one, of answers, and a subscription that runs is left after its first.
func FuzzHandler(f *testing.F) {
	e := newEndpoint(f, nil)
	streams := newStreams(f, ticking(new(atomic.Int64)), func(c *graph.Config) { c.Logger = newLogger(e.log) })
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
	f.Add(`{"query":"subscription S($id:ID!){orderUpdated(id:$id){id note canary:status}}","variables":{"id":"o-1"}}`, "{__typename}", "text/event-stream")
	f.Add(`{"query":"subscription{shipmentMoved(id:\"s-1\"){event{description}}}"}`, "{__typename}", "text/event-stream;q=0.5")
	known := knownWords()
	f.Fuzz(func(t *testing.T, body, query, accept string) {
		header := jsonHeader()
		if strings.Trim(accept, " abcdefghijklmnopqrstuvwxyz/*+;=,.0123456789-") == "" {
			header.Set("Accept", accept)
		}
		replies := []reply{e.serve("POST", "", body, header), e.serve("GET", "?query="+url.QueryEscape(query), "", http.Header{"Accept": header["Accept"]})}
		header.Set("Accept", "text/event-stream")
		for _, r := range append(replies, firstOf(t, streams, body, header)) {
			if r.status >= 500 {
				t.Fatalf("%d %s", r.status, r.body)
			}
			for _, answer := range answers(t, r) {
				mustBeGraphQL(t, answer, known)
			}
		}
		if log := e.log.take(); strings.Contains(log, "panic") {
			t.Fatalf("a panic: %s", log)
		}
	})
}

// answers are those of a reply: one of JSON, or each of a stream's.
func answers(t *testing.T, r reply) []string {
	if r.status != http.StatusOK || !strings.HasPrefix(r.header.Get("Content-Type"), "text/event-stream") {
		return []string{r.body}
	}
	var all []string
	events := strings.Split(strings.TrimPrefix(r.body, ":\n\n"), "\n\n")
	for i, event := range events {
		data, isNext := strings.CutPrefix(event, "event: next\ndata: ")
		switch {
		case isNext && !strings.Contains(data, "\n"):
			all = append(all, data)
		case i == len(events)-1 && event == "", i == len(events)-2 && event == "event: complete\ndata: ":
		default:
			t.Fatalf("%q is no event of a stream: %q", event, r.body)
		}
	}
	if len(all) == 0 {
		t.Fatalf("%q is no stream of answers", r.body)
	}
	return all
}

// mustBeGraphQL wants an answer to be one, and to say nothing but what we know if it was not run.
func mustBeGraphQL(t *testing.T, answer string, known map[string]bool) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(answer), &members); err != nil {
		t.Fatalf("%q: %v", answer, err)
	}
	if members["data"] != nil || strings.Contains(string(members["errors"]), `"path":[`) {
		return // It was run.
	}
	for _, w := range word.FindAllString(answer, -1) {
		if !known[w] {
			t.Fatalf("a refusal says %q: %s", w, answer)
		}
	}
}

// firstOf asks for a stream and leaves after its first answer.
func firstOf(t *testing.T, h http.Handler, body string, header http.Header) reply {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, "POST", "/graphql", strings.NewReader(body))
	r.Header = header
	w := &leaver{ResponseRecorder: httptest.NewRecorder(), leave: cancel}
	h.ServeHTTP(w, r)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Fatalf("no answer in a minute, but %q", w.Body)
	}
	return reply{w.Code, w.Result().Header, w.Body.String()}
}

// leaver goes when it has read an answer.
type leaver struct {
	*httptest.ResponseRecorder
	leave context.CancelFunc
}

// Write implements [http.ResponseWriter].
func (l *leaver) Write(b []byte) (int, error) {
	n, err := l.ResponseRecorder.Write(b)
	if bytes.Contains(l.Body.Bytes(), []byte("event: next")) && bytes.HasSuffix(l.Body.Bytes(), []byte("\n\n")) {
		l.leave()
	}
	return n, err
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
