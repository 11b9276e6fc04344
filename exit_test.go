//go:build !nodemo

package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// asProgram is the variable that makes this test's binary the program itself, in a process of its own (see TestMain).
const asProgram = "TEST_AS_PROGRAM"

// program is the program with these arguments, and with variables instead of this process's own.
func program(t *testing.T, variables []string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(slices.Clone(variables), asProgram+"=1")
	return cmd
}

// Exit codes are 2 for a mistake on the command line, 1 for whatever else fails and 0 for what does not, of every command; what went wrong
// is said on the standard error alone, and one who mistook the command line is told where to look.
func TestExitCodes(t *testing.T) {
	nobody := []string{"VESTIBULE_SERVER_ADMIN_ADDRESS=127.0.0.1:1"}
	for _, c := range []struct {
		args string
		code int
	}{
		{"dance", 2}, {"-nothing", 2}, {"-dev=perhaps", 2}, {"-config", 2},
		{"serve extra", 2}, {"serve -nothing", 2}, {"serve -address", 2}, {"serve -config nowhere.yaml", 1}, {"serve -address everywhere", 1},
		{"check extra", 2}, {"check -nothing", 2}, {"check -live extra", 2}, {"check -config", 2}, {"check -config nowhere.yaml", 1}, {"check -live -config nowhere.yaml", 1}, {"check", 0},
		{"schema extra", 2}, {"schema -nothing", 2}, {"schema", 0},
		{"sessions", 2}, {"sessions dance", 2}, {"sessions list", 2}, {"sessions list -sub", 2}, {"sessions list -sub x y", 2}, {"sessions list -sub x -id y", 2},
		{"sessions list -sub x", 1}, {"sessions list -sub x -config nowhere.yaml", 1}, {"sessions -help", 0},
		{"sessions end", 2}, {"sessions end -sub x y", 2}, {"sessions end -nothing", 2}, {"sessions end -sub x", 1}, {"sessions end -help", 0},
		{"healthcheck extra", 2}, {"healthcheck -nothing", 2}, {"healthcheck", 1},
		{"version extra", 2}, {"version -nothing", 2}, {"version", 0},
		{"help", 0}, {"-h", 0}, {"check -help", 0},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			var out, wrong strings.Builder
			cmd := program(t, nobody, strings.Fields(c.args)...)
			cmd.Stdout, cmd.Stderr = &out, &wrong
			code := 0
			var ended *exec.ExitError
			if err := cmd.Run(); errors.As(err, &ended) {
				code = ended.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if code != c.code {
				t.Errorf("exit code %d, want %d; it says %s%s", code, c.code, &out, &wrong)
			}
			if (code == 0) != (wrong.Len() == 0) || (code == 0) != (out.Len() > 0) {
				t.Errorf("exit code %d with %q on the standard output and %q on the standard error", code, &out, &wrong)
			}
			if code == 2 && !strings.Contains(wrong.String(), "`vestibule ") {
				t.Errorf("%q names no help", &wrong)
			}
		})
	}
}
