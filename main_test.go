//go:build !nodemo

package main

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// No test leaves a goroutine behind: what the program starts, it ends. And no secret that any of them issued is in a log
// line or in what a browser saw (LOG-2, BBA-3).
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
	// The client of Redis waits a second, in a goroutine that nothing ends, before it asks a cluster anew (tests with -tags redis).
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*call).DelayDo.func1"), goleak.Cleanup(func(code int) {
		for _, leak := range suite.Leaks() {
			fmt.Fprintln(os.Stderr, "LEAK:", leak)
			code = 1
		}
		os.Exit(code)
	}))
}
