package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/graph/valid"
	"vestibule.example/internal/gen/bindings"
	"vestibule.example/internal/gen/plantables"
	"vestibule.example/internal/gen/restgen"
)

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

const help = `Usage, each beginning with go run ./internal/gen:
  generate   make Go of the schema, gqlgen.yml and the APIs' documents; make generate does it
  add-api    take an API's OpenAPI document in, and propose schema for its operations
  plan       tell what a query asks of the APIs; with -n1, which fields call one for each element of a list
  breaking   tell what a change of the schema breaks, and which operations in use
Each has -help.
`

var (
	errCommand       = errors.New("want generate, add-api, plan or breaking; -help tells what they do")
	errGenerateUsage = errors.New("usage: gen generate [-config gqlgen.yml]")
)

// parse reads a command's flags. Whoever asks how it is used is told on out, and gets flag.ErrHelp.
func parse(flags *flag.FlagSet, usage error, args []string, out io.Writer) error {
	flags.SetOutput(io.Discard) // What is wrong main tells, once.
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(out, usage)
		flags.SetOutput(out)
		flags.PrintDefaults()
	} else if err != nil {
		err = fmt.Errorf("%w; %w", err, usage)
	}
	return err
}

func run(args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "help", "-h", "-help", "--help":
			_, err := io.WriteString(os.Stdout, help)
			return err
		case "breaking":
			return compare(args[1:], os.Stdin, os.Stdout)
		case "plan":
			return plan(args[1:], os.Stdin, os.Stdout)
		case "add-api":
			return addAPI(args[1:], os.Stdout, os.Stderr)
		}
	}
	if len(args) == 0 || args[0] != "generate" {
		return errCommand
	}
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	file := flags.String("config", "", "gqlgen's configuration; default: gqlgen.yml here or in a directory above")
	if err := parse(flags, errGenerateUsage, args[1:], os.Stdout); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return errGenerateUsage
	}
	cfg, name, err := load(*file)
	if err != nil {
		return err
	}
	bound, err := bindings.Read(name)
	if err != nil {
		return err
	}
	if err := bound.Check(cfg.Sources); err != nil {
		return err
	}
	options := []api.Option{api.AddPlugin(plantables.Plugin{}), api.AddPlugin(defaults{})}
	if restgen.Used(cfg.Sources) || restgen.Made(cfg) { // What was made when there was a @rest is made anew: nothing is left of it.
		calls, err := restgen.Load(cfg)
		if err != nil {
			return err
		}
		for _, warning := range calls.Warnings {
			fmt.Fprintln(os.Stderr, "gen: warning:", warning)
		}
		if err := calls.WriteTypes(); err != nil {
			return err
		}
		options = append(options, api.PrependPlugin(calls.Plugin()))
	}
	return bound.Place(api.Generate(cfg, options...))
}

// defaults is a plugin of gqlgen's that looks at the schema's defaults before anything is made of them.
type defaults struct{}

// Name implements gqlgen's plugin.Plugin.
func (defaults) Name() string { return "defaults" }

// MutateSchema implements gqlgen's plugin.SchemaMutator.
func (defaults) MutateSchema(schema *ast.Schema) error { return valid.Defaults(schema) }

// load reads the configuration, in the directory it is in, and gives its name there: its paths are relative to that.
func load(file string) (*config.Config, string, error) {
	if file == "" {
		cfg, err := config.LoadConfigFromDefaultLocations()
		return cfg, "gqlgen.yml", err
	}
	if err := os.Chdir(filepath.Dir(file)); err != nil {
		return nil, "", err
	}
	cfg, err := config.LoadConfig(filepath.Base(file))
	return cfg, filepath.Base(file), err
}
