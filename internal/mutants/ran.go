package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"vestibule.example/internal/mutants/table"
)

var errNotRun = errors.New("tests failed, or the table names tests that did not run")

// event is one line of `go test -json`.
type event struct{ Action, Package, Test, Output string }

// checkRan reads the output of `go test -json`, writes it as `go test` would, and fails unless every Go test of the table ran and passed.
// module is the path of the module's top package.
func checkRan(file, module string, in io.Reader, out io.Writer) error {
	rows, err := table.Read(file)
	if err != nil {
		return err
	}
	outcome := map[string]string{}
	held := map[string]*strings.Builder{} // what a test wrote, until it is known whether it failed
	failed := false
	for events := json.NewDecoder(in); ; {
		var e event
		if err := events.Decode(&e); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("reading go test -json: %w", err)
		}
		key := e.Package + "." + e.Test
		if held[key] == nil {
			held[key] = &strings.Builder{}
		}
		switch e.Action {
		case "output", "build-output":
			if e.Test == "" {
				fmt.Fprint(out, quiet(e.Output))
			} else {
				held[key].WriteString(e.Output)
			}
		case "fail", "build-fail":
			failed = true
			fmt.Fprint(out, held[key])
			outcome[key] = e.Action
		case "pass", "skip":
			outcome[key] = e.Action
		}
	}
	for _, key := range slices.Sorted(maps.Keys(held)) {
		if outcome[key] == "" && failed {
			fmt.Fprint(out, held[key]) // A test that did not come to its end says why, if anybody does.
		}
	}
	for _, row := range rows {
		for _, t := range row.Go {
			pkg := module
			if t.Package != "main" {
				pkg += "/" + t.Package
			}
			if got := outcome[pkg+"."+t.Written()]; got != "pass" {
				failed = true
				fmt.Fprintf(out, "%s:%d: %s: %s\n", file, row.Line, t, map[string]string{"": "did not run", "skip": "was skipped", "fail": "failed"}[got])
			}
		}
	}
	if failed {
		return errNotRun
	}
	return nil
}

// quiet drops lines that say only PASS: the package's own line follows.
func quiet(line string) string {
	if line == "PASS\n" {
		return ""
	}
	return line
}
