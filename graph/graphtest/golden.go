package graphtest

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"vestibule.example/demo/visitor"
)

var update = flag.Bool("update", false, "write the answers that tests compare with anew")

// Person is somebody at a browser.
type Person struct {
	gateway *Gateway
	visitor *visitor.Visitor
}

// Ask sends an operation as the SPA does and gives its answer, errors and all.
func (p *Person) Ask(query string, variables map[string]any) *visitor.Answer {
	p.gateway.t.Helper()
	answer, err := p.visitor.GraphQL(p.gateway.t.Context(), query, variables)
	must(p.gateway.t, err)
	return answer
}

// Golden asks the operation in NAME.graphql, with the variables in NAME.variables.json if there is such a file, and
// compares data and errors with NAME.json; with -update it writes that file. Where errors stand in the document, and what
// development mode says of an answer, is left out.
func (p *Person) Golden(name string) {
	t := p.gateway.t
	t.Helper()
	query, err := os.ReadFile(name + ".graphql")
	must(t, err)
	var variables map[string]any
	if text, err := os.ReadFile(name + ".variables.json"); err == nil {
		must(t, json.Unmarshal(text, &variables))
	}
	got := golden(t, p.Ask(string(query), variables))
	if *update {
		must(t, os.WriteFile(name+".json", got, 0o644)) //nolint:gosec // A file of the repository, for everyone.
		return
	}
	want, err := os.ReadFile(name + ".json")
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Errorf("%s.graphql is answered\n%s\nwant, as in %s.json (-update writes it anew),\n%s", name, got, name, want)
	}
}

// golden is an answer as it is kept: data in the order of the query, then the errors.
func golden(t testing.TB, answer *visitor.Answer) []byte {
	t.Helper()
	for _, e := range answer.Errors {
		delete(e.Extensions, "requestId")
	}
	compact, err := json.Marshal(struct {
		Data   json.RawMessage `json:"data,omitempty"`
		Errors []visitor.Error `json:"errors,omitempty"`
	}{answer.Data, answer.Errors})
	must(t, err)
	var out bytes.Buffer
	must(t, json.Indent(&out, compact, "", "  "))
	out.WriteByte('\n')
	return out.Bytes()
}
