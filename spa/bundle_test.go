//go:build !nodemo

package spa_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The committed bundles are what their sources build. A fresh build proves it byte by byte where Node is; this finds a
// forgotten build where it is not, by the hash that tools/sources.mjs took of the sources.
func TestBundlesAreFresh(t *testing.T) {
	for _, row := range []struct {
		bundle  string
		sources []string
	}{
		{"dist", []string{"schema.graphqls", "spa/app/", "spa/tools/"}},
		{"dist-playground", []string{"spa/playground/", "spa/app/src/vestibule/", "spa/app/src/trace/", "spa/tools/"}},
	} {
		text, err := os.ReadFile(filepath.Join(row.bundle, "build.json"))
		if err != nil {
			t.Fatal(err)
		}
		var build struct {
			Sources string `json:"sources"`
		}
		if err := json.Unmarshal(text, &build); err != nil {
			t.Fatal(err)
		}
		if got := hashSources(t, row.sources); build.Sources != got {
			t.Errorf("%s is built of %s, its sources are %s: run make spa", row.bundle, build.Sources, got)
		}
	}
}

var isTest = regexp.MustCompile(`\.test\.tsx?$`)

func hashSources(t *testing.T, entries []string) string {
	t.Helper()
	var names []string
	for _, entry := range entries {
		if !strings.HasSuffix(entry, "/") {
			names = append(names, entry)
			continue
		}
		err := filepath.WalkDir(filepath.Join("..", entry), func(file string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name := d.Name()
			hidden := strings.HasPrefix(name, ".") && name != ".." && name != ".npmrc"
			if d.IsDir() {
				if hidden || slices.Contains([]string{"node_modules", "gql", "coverage", "testing"}, name) {
					return filepath.SkipDir
				}
				return nil
			}
			if !hidden && !isTest.MatchString(name) && !strings.HasSuffix(name, ".tsbuildinfo") {
				names = append(names, strings.TrimPrefix(filepath.ToSlash(file), "../"))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(names)
	all := sha256.New()
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(all, "%x  %s\n", sha256.Sum256(text), name)
	}
	return fmt.Sprintf("sha256:%x", all.Sum(nil))
}
