package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"vestibule.example/internal/gen/restgen"
)

var errAddUsage = errors.New("usage: gen add-api [-config gqlgen.yml] [-gateway vestibule.yaml] [-depth 2] [-replace] [-op OPERATION]… NAME DOCUMENT")

// operations is the flag -op, which may be given several times.
type operations []string

func (o *operations) String() string { return strings.Join(*o, ", ") }

func (o *operations) Set(text string) error {
	*o = append(*o, text)
	return nil
}

// addAPI handles "gen add-api". It writes the proposed schema to stdout, or without -op the API's operations; what it did and what is
// left to do go to notes. It changes no file before everything is known to be right.
func addAPI(args []string, stdout, notes io.Writer) error {
	var wanted operations
	flags := flag.NewFlagSet("add-api", flag.ContinueOnError)
	file := flags.String("config", "", "gqlgen's configuration; default: gqlgen.yml here or in a directory above")
	gateway := flags.String("gateway", "", "the gateway's configuration, which gets the API's block; without, it is printed")
	depth := flags.Int("depth", 2, "how many objects within each other are proposed")
	replace := flags.Bool("replace", false, "take the document in place of one that is there and differs")
	flags.Var(&wanted, "op", "an operation to propose schema for, by its operationId or as 'GET /path'; may be given several times")
	if err := parse(flags, errAddUsage, args, stdout); err != nil {
		return err
	}
	if flags.NArg() != 2 {
		return errAddUsage
	}
	name := flags.Arg(0)
	document, err := os.ReadFile(flags.Arg(1))
	if err != nil {
		return err
	}
	described, err := restgen.Describe(name, document)
	if err != nil {
		return fmt.Errorf("%s: %w", flags.Arg(1), err)
	}
	entry := block(name, described)
	var configured []byte
	if *gateway != "" {
		if *gateway, err = filepath.Abs(*gateway); err != nil { // load goes to another directory.
			return err
		}
		if configured, err = configure(*gateway, name, entry); err != nil {
			return err
		}
	}
	cfg, _, err := load(*file)
	if err != nil {
		return err
	}
	schema := ""
	if len(wanted) > 0 {
		if schema, err = restgen.Propose(cfg.Sources, restgen.Wish{API: name, Document: document, Operations: wanted, Depth: *depth}); err != nil {
			return err
		}
	}
	target, err := place(name, described.Ending, document, *replace)
	if err != nil {
		return err
	}
	fmt.Fprintf(notes, "The document is %s.\n", target)
	if *gateway != "" {
		if err := os.WriteFile(*gateway, configured, 0o666); err != nil { //nolint:gosec // The file is there, with its own mode.
			return err
		}
		fmt.Fprintf(notes, "%s has the API: look at its address and its token.\n", *gateway)
	} else {
		fmt.Fprintf(notes, "The gateway's configuration wants:\n\napis:\n%s\n", indented(entry, "  "))
	}
	if schema == "" {
		fmt.Fprintf(notes, "It has these operations; -op 'GET /path' or -op operationId proposes schema for one:\n")
		for _, line := range described.Operations {
			fmt.Fprintln(stdout, line)
		}
		return nil
	}
	fmt.Fprintf(notes, "What follows belongs into %s; then: make generate\n\n", cfg.SchemaFilename[0])
	_, err = io.WriteString(stdout, schema)
	return err
}

// configure gives the text of a gateway's configuration with the API's entry in it.
func configure(gateway, name, entry string) ([]byte, error) {
	text, err := os.ReadFile(gateway)
	if err != nil {
		return nil, err
	}
	if text, err = withAPI(text, name, entry); err != nil {
		return nil, fmt.Errorf("%s: %w", gateway, err)
	}
	return text, nil
}

// place copies a document to where the generator looks for it, and returns that. A different one that is there is replaced if replace is
// set, and a fault otherwise.
func place(name, ending string, document []byte, replace bool) (string, error) {
	target := filepath.Join("clients", name, "openapi."+ending)
	for _, other := range []string{"yaml", "yml", "json"} {
		there := filepath.Join("clients", name, "openapi."+other)
		text, err := os.ReadFile(there)
		switch {
		case errors.Is(err, os.ErrNotExist):
			continue
		case err != nil:
			return "", err
		case bytes.Equal(text, document):
			return there, nil
		case !replace:
			return "", fmt.Errorf("%s is there and differs: -replace takes the new one", there) //nolint:err113 // For a person.
		}
		if err := os.Remove(there); err != nil {
			return "", err
		}
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil { //nolint:gosec // Source code.
		return "", err
	}
	return target, os.WriteFile(target, document, 0o666) //nolint:gosec // Source code.
}

// block gives the entry of an API in the gateway's configuration, below apis.
func block(name string, described restgen.Described) string {
	address, token := described.Server, "none"
	if address == "" {
		address = "https://" + name + ".example.com"
	}
	if described.Bearer {
		token = "user"
	}
	return fmt.Sprintf("%s:\n  base_url: %s\n  token: %s # or user, client, exchange, none: docs/configuration.md\n", name, address, token)
}

func indented(text, by string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(by + line)
	}
	return b.String()
}

// withAPI adds a block to the text of a configuration, below apis, and changes nothing else in it. An API that is already there stays.
func withAPI(text []byte, name, block string) ([]byte, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	line, indent, fault := -1, "  ", error(nil)
	if len(document.Content) > 0 {
		root := document.Content[0]
		for i := 0; i+1 < len(root.Content); i += 2 {
			key, value := root.Content[i], root.Content[i+1]
			if key.Value != "apis" {
				continue
			}
			line = key.Line
			if value.Style&yaml.FlowStyle != 0 {
				fault = fmt.Errorf("%d: apis is written in braces: add there by hand\n%s", key.Line, block) //nolint:err113 // For a person.
			}
			for j := 0; j < len(value.Content); j += 2 {
				indent = strings.Repeat(" ", value.Content[j].Column-1)
				if value.Content[j].Value == name {
					return text, nil
				}
			}
		}
	}
	if fault != nil {
		return nil, fault
	}
	if line < 0 {
		if text = bytes.TrimRight(text, "\n"); len(text) > 0 {
			text = append(text, "\n\n"...)
		}
		return append(text, ("apis:\n" + indented(block, indent))...), nil
	}
	lines := strings.SplitAfter(string(text), "\n")
	if !strings.HasSuffix(lines[line-1], "\n") {
		lines[line-1] += "\n"
	}
	return []byte(strings.Join(lines[:line], "") + indented(block, indent) + strings.Join(lines[line:], "")), nil
}
