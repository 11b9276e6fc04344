package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"vestibule.example/graph"
	"vestibule.example/internal/gen/predict"
)

var update = flag.Bool("update", false, "write the golden files")

// planned is what "gen plan" writes, in the directory of the test's world; once a test.
func planned(t *testing.T, args ...string) (string, error) {
	t.Helper()
	t.Chdir("testdata/world")
	var out bytes.Buffer
	err := plan(args, strings.NewReader("{ item(id: 1) { maker { id } } }"), &out)
	return out.String(), err
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != got {
		t.Errorf("%s is not what is printed now (%v):\n%s", file, err, got)
	}
}

// The plan of a query is its calls as a tree, each field beneath the one it waits for, and the sums beside the limits.
func TestPlan(t *testing.T) {
	world, err := filepath.Abs("testdata/world")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile(filepath.Join(world, "schema.graphqls"))
	if err != nil {
		t.Fatal(err)
	}
	draft := filepath.Join(t.TempDir(), "draft.graphqls")
	if err := os.WriteFile(draft, append(schema, "extend type Query { draft(id: ID!): Item @rest(api: \"shop\", get: \"/items/{args.id}\") }\n"...), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		err  error
	}{
		{"page", []string{"plan/page.graphql"}, nil},
		{"page-after", []string{"-variables", `{"after": "x"}`, "plan/page.graphql"}, nil},
		{"two", []string{"plan/two.graphql"}, nil},
		{"one-of-two", []string{"-operation", "Nothing", "plan/two.graphql"}, nil},
		{"much", []string{"-variables", `{"n": 101}`, "plan/much.graphql"}, predict.ErrTooMuch},
		{"much-is-allowed", []string{"-variables", `{"n": 101}`, "-limits", "plan/vestibule.yaml", "plan/much.graphql"}, nil},
		{"standard-input", []string{"-"}, nil},
		{"n1", []string{"-n1"}, nil},
		{"n1-not-accepted", []string{"-n1", "-config", "plan/unaccepted/gqlgen.yml"}, predict.ErrPerElement},
		{"draft", []string{"-schema", draft, "plan/draft.graphql"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := planned(t, c.args...)
			if !errors.Is(err, c.err) || err != nil && c.err == nil {
				t.Errorf("error = %v, want %v", err, c.err)
			}
			if err != nil {
				got += "gen: " + err.Error() + "\n"
			}
			golden(t, filepath.Join(world, "plan", c.name+".txt"), got)
		})
	}
}

// What cannot be told is said, with what to do.
func TestPlanOfWhatMakesNoSense(t *testing.T) {
	for _, c := range []struct {
		want string
		args []string
	}{
		{"usage: gen plan", nil},
		{"usage: gen plan", []string{"-n1", "plan/two.graphql"}},
		{"what is asked depends on $n: Int!: want it in -variables", []string{"plan/much.graphql"}},
		{"the variables are no JSON object", []string{"-variables", "{", "plan/much.graphql"}},
		{"the document has no such operation: Any", []string{"-operation", "Any", "plan/two.graphql"}},
		{"no such file", []string{"plan/none.graphql"}},
		{`Cannot query field "rank" on type "Maker"`, []string{"plan/faulty.graphql"}},
		{"calls.go:13:21: Chunk is not written out", []string{"-config", "plan/computed/gqlgen.yml", "plan/two.graphql"}},
	} {
		t.Run(c.want, func(t *testing.T) {
			if out, err := planned(t, c.args...); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: error = %v, want %s\n%s", c.args, err, c.want, out)
			}
		})
	}
}

// What is read and reckoned here is the table that the gateway goes by.
func TestTheTableIsTheGateways(t *testing.T) {
	t.Chdir("../..")
	cfg, _, err := load("")
	if err != nil {
		t.Fatal(err)
	}
	byHand, err := predict.ByHand(cfg.Resolver.Dir())
	if err != nil {
		t.Fatal(err)
	}
	_, table, err := known(cfg, byHand)
	if err != nil {
		t.Fatal(err)
	}
	if want := graph.Calls(); !reflect.DeepEqual(table, want) {
		t.Errorf("read is %+v\nwant %+v", table, want)
	}
}
