package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every link of the documentation leads somewhere, and every command that it tells people to run exists. This stays when the
// repository is made yours: what documents name and only Vestibule's own repository has, they then say so.
func TestDocumentationNamesWhatExists(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)#:\s"]*)(?:#([^)\s]*))?\)`)
	target := regexp.MustCompile("(?m)`make ([a-z0-9-]+)`( \\(in Vestibule's own repository\\))?|^make ([a-z0-9-]+)$")
	for _, file := range tracked(t, "*.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			place := file
			if m[1] != "" {
				place = filepath.Join(filepath.Dir(file), m[1])
			}
			if _, err := os.Stat(place); err != nil {
				t.Errorf("%s links to %s, which is not there", file, m[1])
			} else if m[2] != "" && !slices.Contains(anchors(t, place), m[2]) {
				t.Errorf("%s links to %s#%s, and there is no such heading", file, m[1], m[2])
			}
		}
		for _, m := range target.FindAllStringSubmatch(string(text), -1) {
			if name := m[1] + m[3]; m[2] == "" && !regexp.MustCompile(`(?m)^`+name+`:`).Match(makefile) {
				t.Errorf("%s names make %s, which is no target", file, name)
			}
		}
	}
}

// anchors are those that GitHub gives a document's headings.
func anchors(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	linked, dropped := regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`), regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(string(text), -1) {
		heading := strings.ToLower(linked.ReplaceAllString(m[1], "$1"))
		all = append(all, strings.ReplaceAll(dropped.ReplaceAllString(heading, ""), " ", "-"))
	}
	return all
}
