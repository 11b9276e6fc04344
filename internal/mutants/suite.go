package main

import (
	"bytes"
	"cmp"
	"context"
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

	"golang.org/x/sync/errgroup"
)

// suite is a package's compiled tests.
type suite struct{ pkg, dir, binary string }

// observed is a test with the guards that fire in it, and those that it passes.
type observed struct {
	name          string
	took          time.Duration
	fires, passes map[int]bool
}

// names lists the suite's tests.
func (s *suite) names(ctx context.Context) ([]string, error) {
	list := exec.CommandContext(ctx, s.binary, "-test.list", "^(Test|Fuzz|Example)")
	list.Dir = s.dir
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.pkg, explain(err))
	}
	return strings.Fields(string(out)), nil
}

// observe runs each of the tests alone and notes which guards it runs through. Those that run through any must pass; the others do not
// matter here. The quickest comes first.
func (s *suite) observe(ctx context.Context, names []string, at int) ([]observed, error) {
	tests := make([]observed, len(names))
	runs, ctx := errgroup.WithContext(ctx)
	runs.SetLimit(at)
	for i, name := range names {
		runs.Go(func() (err error) {
			tests[i], err = s.observeOne(ctx, name, s.binary+strconv.Itoa(i)+".seen")
			return err
		})
	}
	err := runs.Wait()
	slices.SortFunc(tests, func(a, b observed) int { return cmp.Compare(a.took, b.took) })
	return tests, err
}

func (s *suite) observeOne(ctx context.Context, name, seen string) (observed, error) {
	start := time.Now()
	passed, said, err := s.test(ctx, name, patience, "MUTANT_SEEN="+seen)
	if err != nil {
		return observed{}, err
	}
	t := observed{name: name, took: time.Since(start), fires: map[int]bool{}, passes: map[int]bool{}}
	ids, err := os.ReadFile(seen)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return observed{}, err
	}
	for id := range bytes.FieldsSeq(ids) {
		n, err := strconv.Atoi(string(id))
		if err != nil {
			return observed{}, fmt.Errorf("%s: %w", filepath.Base(seen), err)
		}
		if n > 0 {
			t.fires[n] = true
		} else {
			t.passes[-n] = true
		}
	}
	if !passed && len(t.fires)+len(t.passes) > 0 {
		return observed{}, fmt.Errorf("%s: %s fails with every guard in place: %s", s.pkg, name, said)
	}
	return t, nil
}

// patience is how long a test may take at most. One that hangs with a guard changed counts as failed: it noticed.
const patience = 3 * time.Minute

// allowance bounds how long a test may take with one guard changed that took this long with all in place.
func allowance(took time.Duration) time.Duration { return min(patience, 20*time.Second+5*took) }

// test runs one test, given as Test or Test/subtest, and tells whether it passed, and what it said.
func (s *suite) test(ctx context.Context, name string, limit time.Duration, env ...string) (passed bool, said []byte, err error) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	run := exec.CommandContext(limited, s.binary, "-test.run", pattern(name), "-test.count=1", "-test.failfast")
	run.Dir = s.dir
	run.Env = append(os.Environ(), env...)
	run.WaitDelay = time.Second
	said, err = run.CombinedOutput()
	if ctx.Err() != nil {
		return false, nil, ctx.Err()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && limited.Err() == nil {
		return false, nil, err
	}
	return err == nil, said, nil
}

// pattern is what -test.run takes for one test or subtest.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(strings.ReplaceAll(part, " ", "_")) + "$"
	}
	return strings.Join(parts, "/")
}
