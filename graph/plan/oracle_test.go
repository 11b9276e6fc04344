package plan_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"vestibule.example/graph/plan/plantest/differ"
)

// A second oracle beside gqlgen's executor: graphql-js, the specification's reference implementation, for the examples of
// null propagation (§6.4.4) and of the merging of fields (§6.3.2). Its answers are recorded by e2e/oracle.mjs, and the
// end-to-end tests see that they are fresh. Which errors are told beneath a null the specification leaves open, and
// graphql-js tells the first: each of its own must be among ours.
func TestPlansAnswerAsGraphQLJSDoes(t *testing.T) {
	text, err := os.ReadFile("testdata/graphql-js.json")
	if err != nil {
		t.Fatal(err)
	}
	var examples []struct {
		Name, Query    string
		Variables      map[string]any
		Faults, Errors []string
		Data           string
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // as the endpoint reads variables
	if err := decoder.Decode(&examples); err != nil || len(examples) < 30 {
		t.Fatalf("%d examples, %v", len(examples), err)
	}
	for _, c := range examples {
		t.Run(c.Name, func(t *testing.T) {
			faults := map[string]any{}
			for _, field := range c.Faults {
				faults[field] = errTest
			}
			got, err := differ.Execute(t.Context(), newPair(faulty(faults)).Tested, c.Query, c.Variables)
			if err != nil {
				t.Fatal(err)
			}
			var paths []string
			for _, e := range got.Errors {
				paths = append(paths, strings.NewReplacer("[", ".", "]", "").Replace(e.Path.String()))
			}
			if got.Data != c.Data || len(paths) > 0 != (len(c.Errors) > 0) {
				t.Errorf("%s = %s with errors at %v, graphql-js: %s with %v", c.Query, got.Data, paths, c.Data, c.Errors)
			}
			for _, path := range c.Errors {
				if !slices.Contains(paths, path) {
					t.Errorf("%s has errors at %v, and none at %s as graphql-js has", c.Query, paths, path)
				}
			}
		})
	}
}
