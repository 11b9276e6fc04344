package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// elsewhere stands beside what a document names and only Vestibule's own repository has.
const elsewhere = " (in Vestibule's own repository)"

var (
	linkMark  = regexp.MustCompile(`!?\[([^\]]*)\]\(([^)\s]+)\)`)
	makeMark  = regexp.MustCompile("`make ([a-z0-9-]+)[^`]*`")
	goRunMark = regexp.MustCompile("`go run \\./(\\S+?)(?: [^`]*)?`")
	heading   = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notInSlug = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// mendDocuments lets no document lead where nothing is any more: links become their words, and commands that are gone are
// said to be.
func mendDocuments() error {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		return err
	}
	names, err := tracked()
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasSuffix(name, ".md") {
			continue
		}
		text, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue // It went with the shop.
		}
		if err != nil {
			return err
		}
		mended := linkMark.ReplaceAllStringFunc(string(text), func(link string) string {
			m := linkMark.FindStringSubmatch(link)
			if leads(name, m[2]) {
				return link
			}
			return m[1] + elsewhere
		})
		mended = note(mended, makeMark, func(target string) bool {
			return regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(target) + `:`).Match(makefile)
		})
		mended = note(mended, goRunMark, func(dir string) bool {
			_, err := os.Stat(dir)
			return err == nil
		})
		if mended == string(text) {
			continue
		}
		if err := os.WriteFile(name, []byte(mended), 0o666); err != nil { //nolint:gosec // Documents.
			return err
		}
	}
	return nil
}

// note says of each command whose name is not there any more that it is elsewhere.
func note(text string, mark *regexp.Regexp, isThere func(string) bool) string {
	return mark.ReplaceAllStringFunc(text, func(command string) string {
		if isThere(mark.FindStringSubmatch(command)[1]) {
			return command
		}
		return command + elsewhere
	})
}

// leads tells whether the link of a document leads to a file that is there, and to a heading that it has.
func leads(document, link string) bool {
	if strings.Contains(link, ":") {
		return true
	}
	place, anchor, _ := strings.Cut(link, "#")
	target := document
	if place != "" {
		target = filepath.Join(filepath.Dir(document), place)
	}
	if anchor == "" {
		_, err := os.Stat(target)
		return err == nil
	}
	text, err := os.ReadFile(target)
	if err != nil {
		return false
	}
	for _, m := range heading.FindAllStringSubmatch(string(text), -1) {
		if slug(m[1]) == anchor {
			return true
		}
	}
	return false
}

// slug is the anchor that GitHub gives a heading.
func slug(text string) string {
	text = linkMark.ReplaceAllString(text, "$1")
	return strings.ReplaceAll(notInSlug.ReplaceAllString(strings.ToLower(text), ""), " ", "-")
}
