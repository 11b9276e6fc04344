package main

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
)

// Whoever asks how a command is used is told, and has done nothing wrong; whoever names none is told which there are.
func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"--help"}, {"generate", "-help"}, {"add-api", "-help"}, {"plan", "-help"}, {"breaking", "-help"}} {
		if err := run(args); err != nil && !errors.Is(err, flag.ErrHelp) {
			t.Errorf("%v: %v", args, err)
		}
	}
	var out strings.Builder
	if err := plan([]string{"-help"}, nil, &out); !errors.Is(err, flag.ErrHelp) || !strings.Contains(out.String(), "-variables") {
		t.Errorf("plan -help = %q, %v, want the flags on the standard output", &out, err)
	}
	if err := plan([]string{"-nothing"}, nil, &out); !errors.Is(err, errPlanUsage) || !strings.Contains(err.Error(), "-nothing") {
		t.Errorf("plan -nothing = %v, want the flag and the usage", err)
	}
	for _, c := range []struct {
		args []string
		want error
	}{{nil, errCommand}, {[]string{"generat"}, errCommand}, {[]string{"generate", "now"}, errGenerateUsage}, {[]string{"breaking", "old.graphqls"}, errBreakingUsage}} {
		if err := run(c.args); !errors.Is(err, c.want) {
			t.Errorf("%v: %v, want %v", c.args, err, c.want)
		}
	}
}

// Nothing is made of a schema one of whose defaults is no value of its type; its place is told.
func TestGenerateRefusesWrongDefaults(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"go.mod":          "module example.test\n",
		"gqlgen.yml":      "schema: [schema.graphqls]\nexec: { filename: exec/exec.go, package: exec }\nmodel: { filename: model/model.go, package: model }\nmodels:\n  Int: { model: [github.com/99designs/gqlgen/graphql.Int] }\n",
		"schema.graphqls": "type Query {\n  products(first: Int! = 3000000000): Int\n}\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	err := run([]string{"generate"})
	if err == nil || !strings.Contains(err.Error(), "schema.graphqls:2:26: the default of Query.products(first:)") {
		t.Errorf("generate says %v, want the default's place", err)
	}
	if _, err := os.Stat("exec"); err == nil {
		t.Error("something was made")
	}
}
