package main

import (
	"errors"
	"flag"
	"strings"
	"testing"
)

// Whoever asks how a command is used is told, and has done nothing wrong; whoever names none is told which there are.
func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"--help"}, {"generate", "-help"}, {"add-api", "-help"}, {"plan", "-help"}, {"breaking", "-help"}} {
		if err := run(args); err != nil && !errors.Is(err, flag.ErrHelp) {
			t.Errorf("%v: %v", args, err)
		}
	}
	var out strings.Builder
	if err := plan([]string{"-help"}, nil, &out); !errors.Is(err, flag.ErrHelp) || !strings.Contains(out.String(), "-variables") {
		t.Errorf("plan -help = %q, %v, want the flags on the standard output", &out, err)
	}
	if err := plan([]string{"-nothing"}, nil, &out); !errors.Is(err, errPlanUsage) || !strings.Contains(err.Error(), "-nothing") {
		t.Errorf("plan -nothing = %v, want the flag and the usage", err)
	}
	for _, c := range []struct {
		args []string
		want error
	}{{nil, errCommand}, {[]string{"generat"}, errCommand}, {[]string{"generate", "now"}, errGenerateUsage}, {[]string{"breaking", "old.graphqls"}, errBreakingUsage}} {
		if err := run(c.args); !errors.Is(err, c.want) {
			t.Errorf("%v: %v, want %v", c.args, err, c.want)
		}
	}
}
