//go:build !nodemo

package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The laws of this repository alone: how it wants to read. They go with the shop; those of policy_test.go stay.

func TestTestsDoNotSleepOrSkip(t *testing.T) {
	lazy := regexp.MustCompile(`time\.Sleep\(|\bt\.Skip(f|Now)?\(|waitForTimeout\(|\b(test|it|describe)\.skip\(`)
	for _, file := range tracked(t, "*_test.go", "*.test.mjs", "*.test.ts", "*.test.tsx") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if lazy.MatchString(line) && file != "policy_house_test.go" {
				t.Errorf("%s:%d: %s", file, i+1, strings.TrimSpace(line))
			}
		}
	}
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
	private := regexp.MustCompile(`(?:^|[\s"'=(])/(?:work|farm|root|home/[a-z]+)/|/tmp/(?:wt|bash_|brief)|registry\.npmjs|proxy\.golang|deb\.debian`)
	for _, file := range tracked(t) {
		if strings.HasSuffix(file, ".png") || strings.Contains(file, "/dist") || file == "policy_house_test.go" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if m := private.Find(text); m != nil {
			t.Errorf("%s has %q", file, m)
		}
	}
}
