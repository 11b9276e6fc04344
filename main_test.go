package main

import (
	"testing"

	"go.uber.org/goleak"
)

// No test leaves a goroutine behind: what the program starts, it ends.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}
