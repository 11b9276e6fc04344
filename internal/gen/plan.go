package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/99designs/gqlgen/codegen/config"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"go.yaml.in/yaml/v3"

	"vestibule.example/graph/cost"
	"vestibule.example/internal/gen/predict"
	"vestibule.example/internal/gen/restgen"
)

var errPlanUsage = errors.New("usage: gen plan [-config gqlgen.yml] [-schema FILE] [-limits FILE] [-operation NAME] [-variables JSON|FILE] QUERY.graphql|- | gen plan -n1")

// plan handles "gen plan": what a query asks of the APIs, or which fields of the schema call once for each element.
func plan(args []string, stdin io.Reader, stdout io.Writer) error {
	flags := flag.NewFlagSet("plan", flag.ContinueOnError)
	file := flags.String("config", "", "gqlgen's configuration; default: gqlgen.yml here or in a directory above")
	schemaFile := flags.String("schema", "", "a schema to take instead of the configuration's, such as one that is being written")
	limitsFile := flags.String("limits", "", "a gateway's configuration, for its graphql.limits; default: those that are built in")
	operation := flags.String("operation", "", "one operation of the document; default: all")
	given := flags.String("variables", "", "the variables, as JSON or as a file of it")
	each := flags.Bool("n1", false, "list the fields that can call an API once for each element of a list; fail if one is not accepted")
	if err := parse(flags, errPlanUsage, args, stdout); err != nil {
		return err
	}
	if *each != (flags.NArg() == 0) || flags.NArg() > 1 {
		return errPlanUsage
	}
	// The files named are read first, since load goes to another directory.
	q := predict.Question{Operation: *operation}
	if !*each {
		text, err := readFile(flags.Arg(0), stdin)
		if err != nil {
			return err
		}
		q.Document = &ast.Source{Name: flags.Arg(0), Input: string(text)}
		if q.Variables, err = readVariables(*given); err != nil {
			return err
		}
	}
	limits, err := readLimits(*limitsFile)
	if err != nil {
		return err
	}
	sources, err := readSchema(*schemaFile)
	if err != nil {
		return err
	}
	cfg, _, err := load(*file)
	if err != nil {
		return err
	}
	if sources != nil {
		cfg.Sources = sources
	}
	byHand := cost.Table{}
	if cfg.Resolver.IsDefined() {
		if byHand, err = predict.ByHand(cfg.Resolver.Dir()); err != nil {
			return err
		}
	}
	schema, table, err := known(cfg, byHand)
	if err != nil {
		return err
	}
	if *each {
		return predict.PerElement(stdout, schema, table, byHand)
	}
	return predict.Plan(stdout, schema, table, limits, q)
}

// readSchema reads a schema in one file; without a file there is none.
func readSchema(file string) ([]*ast.Source, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return []*ast.Source{{Name: filepath.Base(file), Input: string(text)}}, nil
}

// known gives a configuration's schema, and how its fields call: those written by hand, and those with @rest.
func known(cfg *config.Config, byHand cost.Table) (*ast.Schema, cost.Table, error) {
	if !restgen.Used(cfg.Sources) {
		schema, err := gqlparser.LoadSchema(cfg.Sources...)
		return schema, byHand, err
	}
	calls, err := restgen.Load(cfg)
	if err != nil {
		return nil, byHand, err
	}
	table := calls.Table()
	maps.Copy(table.Fields, byHand.Fields)
	maps.Copy(table.Loaders, byHand.Loaders)
	return calls.Schema(), table, nil
}

// readVariables takes JSON as it is given, or from the file of that name.
func readVariables(given string) ([]byte, error) {
	if given == "" || strings.HasPrefix(strings.TrimSpace(given), "{") {
		return []byte(given), nil
	}
	return os.ReadFile(given)
}

// readLimits reads graphql.limits of a gateway's configuration.
func readLimits(file string) (predict.Limits, error) {
	var gateway struct {
		GraphQL struct {
			Limits predict.Limits `yaml:"limits"`
		} `yaml:"graphql"`
	}
	if file == "" {
		return gateway.GraphQL.Limits, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return gateway.GraphQL.Limits, err
	}
	if err := yaml.Unmarshal(text, &gateway); err != nil {
		return gateway.GraphQL.Limits, fmt.Errorf("%s: %w", file, err)
	}
	return gateway.GraphQL.Limits, nil
}
