package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// patience is how long a test may run with a guard switched off before it counts as noticed: a test that hangs is red.
const patience = 2 * time.Minute

// suite is a package's test binary with every guard behind a switch.
type suite struct {
	pkg, dir, binary string
	sites            []site
}

// result is what became of one site.
type result struct {
	site   site
	killer string
	why    string
}

// switches is added to the package under test: the guard's condition passes through it.
const switches = `package %s

import (
	"os"
	"strconv"
	"sync"
)

var (
	mutantOff, _  = strconv.Atoi(os.Getenv("MUTANT_OFF"))
	mutantSeen    sync.Map
	mutantSeenLog = func() *os.File { f, _ := os.OpenFile(os.Getenv("MUTANT_SEEN"), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600); return f }()
)

func mutant(id int, fires bool) bool {
	if !fires || id == mutantOff {
		return false
	}
	if mutantSeenLog != nil {
		if _, seen := mutantSeen.LoadOrStore(id, true); !seen {
			mutantSeenLog.WriteString(strconv.Itoa(id) + "\n")
		}
	}
	return true
}
`

// compile instruments a package and builds its test binary in dir, through an overlay: the tree itself is not touched.
func compile(ctx context.Context, dir, pkg string) (*suite, error) {
	listed, err := exec.CommandContext(ctx, "go", "list", "-json=Dir,Name,GoFiles,ImportPath", pkg).Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w", pkg, explain(err))
	}
	var info struct {
		Dir, Name, ImportPath string
		GoFiles               []string
	}
	if err := json.Unmarshal(listed, &info); err != nil {
		return nil, err
	}
	s := &suite{pkg: info.ImportPath, dir: info.Dir, binary: filepath.Join(dir, strings.ReplaceAll(info.ImportPath, "/", "_")+".test")}
	replace := map[string]string{}
	for _, name := range info.GoFiles {
		file := filepath.Join(info.Dir, name)
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		sites, err := findSites(file, source, len(s.sites)+1)
		if err != nil {
			return nil, err
		}
		if len(sites) == 0 {
			continue
		}
		replace[file] = filepath.Join(dir, info.Name+"_"+name)
		if err := os.WriteFile(replace[file], instrument(source, sites), 0o600); err != nil {
			return nil, err
		}
		s.sites = append(s.sites, sites...)
	}
	extra := filepath.Join(dir, info.Name+"_zz_mutant.go")
	replace[filepath.Join(info.Dir, "zz_mutant.go")] = extra
	if err := os.WriteFile(extra, fmt.Appendf(nil, switches, info.Name), 0o600); err != nil {
		return nil, err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	overlayFile := filepath.Join(dir, info.Name+"_overlay.json")
	if err := os.WriteFile(overlayFile, overlay, 0o600); err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, "go", "test", "-c", "-overlay", overlayFile, "-o", s.binary, pkg)
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go test -c %s: %w\n%s", pkg, err, out)
	}
	return s, nil
}

// instrument puts each condition behind its switch, last one first so that offsets stay true. Conditions may nest (an
// `if` inside a function literal of a condition); the inner one lies behind the outer one's start and is done before.
func instrument(source []byte, sites []site) []byte {
	type edit struct {
		at   int
		text string
	}
	var edits []edit
	for _, s := range sites {
		edits = append(edits, edit{s.start, fmt.Sprintf("mutant(%d, ", s.id)}, edit{s.end, ")"})
	}
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(b.at, a.at) })
	for _, e := range edits {
		source = slices.Concat(source[:e.at], []byte(e.text), source[e.at:])
	}
	return source
}

// kill switches each guard off in turn and runs the tests that saw it fire, the quickest first.
func (s *suite) kill(ctx context.Context, filter *regexp.Regexp) ([]result, error) {
	tests, err := s.observe(ctx)
	if err != nil {
		return nil, err
	}
	var results []result
	for _, site := range s.sites {
		if !filter.MatchString(fmt.Sprintf("%s:%d", site.file, site.line)) {
			continue
		}
		r := result{site: site, why: "no test makes it fire"}
		for _, t := range tests {
			if !t.fires[site.id] {
				continue
			}
			passed, err := s.test(ctx, t.name, "MUTANT_OFF="+strconv.Itoa(site.id))
			if err != nil {
				return nil, err
			}
			if !passed {
				r.killer = t.name
				break
			}
			r.why = "tests make it fire, " + t.name + " among them, but none notices its absence"
		}
		results = append(results, r)
	}
	return results, nil
}

// observed is a test with the guards that fire in it.
type observed struct {
	name  string
	took  time.Duration
	fires map[int]bool
}

// observe runs every test alone and notes which guards fire; all must pass. Quickest first.
func (s *suite) observe(ctx context.Context) ([]observed, error) {
	list := exec.CommandContext(ctx, s.binary, "-test.list", "^(Test|Fuzz|Example)")
	list.Dir = s.dir
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.pkg, explain(err))
	}
	var tests []observed
	for _, name := range strings.Fields(string(out)) {
		seen := filepath.Join(filepath.Dir(s.binary), name+".seen")
		start := time.Now()
		passed, err := s.test(ctx, name, "MUTANT_SEEN="+seen)
		if err != nil {
			return nil, err
		}
		if !passed {
			return nil, fmt.Errorf("%s: %s fails with every guard in place", s.pkg, name)
		}
		t := observed{name: name, took: time.Since(start), fires: map[int]bool{}}
		ids, err := os.ReadFile(seen)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		for id := range bytes.FieldsSeq(ids) {
			n, err := strconv.Atoi(string(id))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", seen, err)
			}
			t.fires[n] = true
		}
		tests = append(tests, t)
	}
	slices.SortFunc(tests, func(a, b observed) int { return cmp.Compare(a.took, b.took) })
	return tests, nil
}

// test runs one test and tells whether it passed.
func (s *suite) test(ctx context.Context, name, env string) (bool, error) {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	run := exec.CommandContext(limited, s.binary, "-test.run", "^"+name+"$", "-test.count=1", "-test.failfast")
	run.Dir = s.dir
	run.Env = append(os.Environ(), env)
	err := run.Run()
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && limited.Err() == nil {
		return false, err
	}
	return err == nil, nil
}

func explain(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return err
}
