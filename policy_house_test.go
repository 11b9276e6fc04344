//go:build !nodemo

package main

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The laws of this repository alone: how it wants to read. They go with the shop; those of policy_test.go stay.

func TestTestsDoNotSleepOrSkip(t *testing.T) {
	for _, line := range grep(t, `time\.Sleep\(|\bt\.Skip(f|Now)?\(|waitForTimeout\(|\b(test|it|describe)\.skip\(`, "*_test.go", "*.test.mjs", "*.test.ts", "*.test.tsx") {
		t.Error(line)
	}
}

// grep gives the lines of tracked files that match, each after where it stands; this file is not looked at, which has to name what it looks for.
func grep(t *testing.T, pattern string, files ...string) []string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"grep", "-nIE", "-e", pattern, "--", ":!policy_house_test.go"}, files...)...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 { // There is none.
		return nil
	}
	if err != nil {
		t.Fatalf("git grep: %v", err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// A file of more than 400 lines has two subjects.
func TestFilesAreShort(t *testing.T) {
	for _, file := range tracked(t, "*.go") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n > 400 && !generatedMark.Match(text) {
			t.Errorf("%s has %d lines", file, n)
		}
	}
}

func TestModuleFile(t *testing.T) {
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if regexp.MustCompile(`(?m)^\s*replace\b`).Match(text) {
		t.Error("go.mod replaces a module: what users build would differ from what we tested")
	}
	listed, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^\s*(?:require )?(\S+\.\S+/\S+) v\S+$`).FindAllSubmatch(text, -1) {
		if !strings.Contains(string(listed), "`"+string(m[1])+"`") {
			t.Errorf("%s is not in docs/dependencies.md", m[1])
		}
	}
}

// What is committed names no machine of ours, and no registry but in lock files, which have none either.
func TestNothingNamesAMachine(t *testing.T) {
	const private = `(^|[[:space:]"'=(])/(work|farm|root|home/[a-z]+)/|/tmp/(wt|bash_|brief)|registry\.npmjs|proxy\.golang|deb\.debian`
	for _, line := range grep(t, private, ".", ":!*/dist*") {
		t.Error(line)
	}
}
