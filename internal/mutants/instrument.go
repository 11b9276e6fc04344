package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// switches is added to each package with sites: every guard's condition passes through mutant, a field's value through
// mutantField.
const switches = `package %s

import (
	"os"
	"strconv"
	"sync/atomic"
)

var (
	mutantID, _    = strconv.Atoi(os.Getenv("MUTANT"))
	mutantInverted = os.Getenv("MUTANT_INVERTED") != ""
	mutantSeen     [2][10_000]atomic.Bool // which ids passed and which fired; looking allocates nothing, for tests that count
	mutantSeenLog  = func() *os.File { f, _ := os.OpenFile(os.Getenv("MUTANT_SEEN"), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600); return f }()
)

func mutant(id int, fires bool) bool {
	if id == mutantID {
		return mutantInverted && !fires
	}
	if mutantSeenLog != nil {
		told, how := id, 1
		if !fires {
			told, how = -id, 0
		}
		if !mutantSeen[how][id].Swap(true) {
			mutantSeenLog.WriteString(strconv.Itoa(told) + "\n")
		}
	}
	return fires
}

func mutantField[T any](id int, value T) T {
	if mutant(id, true) {
		return value
	}
	var none T
	return none
}
`

// goPackage is what go list tells of a package.
type goPackage struct {
	Dir, Name, ImportPath string
	GoFiles               []string
}

func list(ctx context.Context, pkg string) (goPackage, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-json=Dir,Name,GoFiles,ImportPath", pkg).Output()
	if err != nil {
		return goPackage{}, fmt.Errorf("go list %s: %w", pkg, explain(err))
	}
	var p goPackage
	return p, json.Unmarshal(out, &p)
}

// overlay is packages with every guard behind its switch, as `go build -overlay` takes it.
type overlay struct {
	file  string
	sites []site
}

// instrument writes an overlay of packages into dir.
func instrument(ctx context.Context, dir string, packages []string) (*overlay, error) {
	o := &overlay{file: filepath.Join(dir, "overlay.json")}
	replace := map[string]string{}
	write := func(original string, text []byte) error {
		replace[original] = filepath.Join(dir, fmt.Sprintf("%d_%s", len(replace), filepath.Base(original)))
		return os.WriteFile(replace[original], text, 0o600)
	}
	for _, pkg := range packages {
		p, err := list(ctx, pkg)
		if err != nil {
			return nil, err
		}
		for _, name := range p.GoFiles {
			file := filepath.Join(p.Dir, name)
			source, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			sites, err := findSites(file, source, len(o.sites)+1)
			if err != nil {
				return nil, err
			}
			if len(sites) == 0 {
				continue
			}
			if err := write(file, addSwitches(source, sites)); err != nil {
				return nil, err
			}
			o.sites = append(o.sites, sites...)
		}
		if err := write(filepath.Join(p.Dir, "zz_mutant.go"), fmt.Appendf(nil, switches, p.Name)); err != nil {
			return nil, err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	return o, os.WriteFile(o.file, text, 0o600)
}

// addSwitches puts each condition behind its switch, last one first so that offsets stay true. Conditions may nest (an
// `if` inside a function literal of a condition); the inner one lies behind the outer one's start and is done before.
func addSwitches(source []byte, sites []site) []byte {
	type edit struct {
		at   int
		text string
	}
	var edits []edit
	for _, s := range sites {
		through := "mutant"
		if s.keyword == "field" {
			through = "mutantField"
		}
		edits = append(edits, edit{s.start, fmt.Sprintf("%s(%d, ", through, s.id)}, edit{s.end, ")"})
	}
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(b.at, a.at) })
	for _, e := range edits {
		source = slices.Concat(source[:e.at], []byte(e.text), source[e.at:])
	}
	return source
}

// compile builds a package's tests with an overlay.
func compile(ctx context.Context, dir, pkg string, o *overlay) (*suite, error) {
	p, err := list(ctx, pkg)
	if err != nil {
		return nil, err
	}
	s := &suite{pkg: p.ImportPath, dir: p.Dir, binary: filepath.Join(dir, strings.ReplaceAll(p.ImportPath, "/", "_")+".test")}
	build := exec.CommandContext(ctx, "go", "test", "-c", "-overlay", o.file, "-o", s.binary, pkg)
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go test -c %s: %w\n%s", pkg, err, out)
	}
	return s, nil
}

func explain(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return err
}
