package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// exclusion is a site that may survive, with its reason.
type exclusion struct {
	line   int
	key    string
	reason string
}

// exclusions are the lines of a file: `package/file.go function: if condition # reason`, with a number before the reason
// where the function has several guards of that text: `if err != nil #2 # reason`.
type exclusions struct {
	file  string
	lines []exclusion
}

// readExcluded reads the file. A line without a reason, or one that is there twice, is a fault.
func readExcluded(file string) (exclusions, error) {
	x := exclusions{file: file}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return x, nil
	}
	if err != nil {
		return x, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, reason, ok := strings.Cut(line, " # ")
		key, reason = strings.TrimSpace(key), strings.TrimSpace(reason)
		if !ok || reason == "" {
			return x, fmt.Errorf("%s:%d: want `package/file.go function: if condition # reason`", file, n)
		}
		if _, twice := x.reason(key); twice {
			return x, fmt.Errorf("%s:%d: %q is excluded twice", file, n, key)
		}
		x.lines = append(x.lines, exclusion{n, key, reason})
	}
	return x, lines.Err()
}

// reason gives why a site may survive, if it may.
func (x exclusions) reason(key string) (string, bool) {
	for _, e := range x.lines {
		if e.key == key {
			return e.reason, true
		}
	}
	return "", false
}

// check tells of lines about a package that name none of its sites: the guard is gone, or there are now several of its text.
func (x exclusions) check(pkg string, sites []site) error {
	there := map[string]bool{}
	for _, s := range sites {
		there[s.key()] = true
	}
	var faults []error
	for _, e := range x.lines {
		if strings.HasPrefix(e.key, pkg+"/") && !there[e.key] {
			faults = append(faults, fmt.Errorf("%s:%d: there is no guard %q, or it wants a number", x.file, e.line, e.key))
		}
	}
	return errors.Join(faults...)
}
