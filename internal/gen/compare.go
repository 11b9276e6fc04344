package main

import (
	"errors"
	"flag"
	"io"
	"os"

	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/internal/gen/breaking"
	"vestibule.example/internal/gen/restgen"
)

var errBreakingUsage = errors.New("usage: gen breaking OLD.graphqls NEW.graphqls [manifest.json…]")

// compare handles "gen breaking": it reads two schemas, and manifests of the operations in use. A file named - is standard input.
func compare(args []string, stdin io.Reader, stdout io.Writer) error {
	flags := flag.NewFlagSet("breaking", flag.ContinueOnError)
	if err := parse(flags, errBreakingUsage, args, stdout); err != nil {
		return err
	}
	if args = flags.Args(); len(args) < 2 {
		return errBreakingUsage
	}
	var sources []*ast.Source
	for _, name := range args[:2] {
		content, err := readFile(name, stdin)
		if err != nil {
			return err
		}
		sources = append(sources, &ast.Source{Name: name, Input: string(content)})
	}
	var manifests []breaking.Manifest
	for _, name := range args[2:] {
		content, err := readFile(name, stdin)
		if err != nil {
			return err
		}
		manifests = append(manifests, breaking.Manifest{Name: name, Content: content})
	}
	for _, source := range sources {
		if restgen.Used([]*ast.Source{source}) {
			source.Input += "\n" + restgen.Definitions().Input
		}
	}
	return breaking.Report(stdout, sources[0], sources[1], manifests)
}

func readFile(name string, stdin io.Reader) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(name)
}
