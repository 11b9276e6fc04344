package graphtest_test

import (
	"flag"
	"testing"
)

// flagOn sets a flag of `go test` for one test.
func flagOn(t *testing.T, name string) error {
	t.Helper()
	was := flag.Lookup(name).Value.String()
	t.Cleanup(func() {
		if err := flag.Set(name, was); err != nil {
			t.Error(err)
		}
	})
	return flag.Set(name, "true")
}
