//go:build !nodemo

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// Every command that the documentation tells people to run exists.
func TestDocumentationNamesWhatExists(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)#:\s"]+)(?:#[^)]*)?\)`)
	for _, file := range tracked(t, "*.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), string(m[1]))); err != nil {
				t.Errorf("%s links to %s, which is not there", file, m[1])
			}
		}
		for _, m := range regexp.MustCompile("`make ([a-z-]+)`|(?m)^make ([a-z-]+)$").FindAllSubmatch(text, -1) {
			name := string(m[1]) + string(m[2])
			if !regexp.MustCompile(`(?m)^` + name + `:`).Match(makefile) {
				t.Errorf("%s names make %s, which is no target", file, name)
			}
		}
	}
}
