//go:build redis

package main

import (
	"os"
	"regexp"
	"testing"
	"time"

	"vestibule.example/bench/rig"
)

func TestMain(m *testing.M) {
	rig.Serve(map[string]rig.Role{rig.RoleWorld: rig.PlayWorld})
	os.Exit(m.Run())
}

// The day in its short form: nobody gets another's answer, nobody is signed out by what is no reason for it, and what goes
// wrong is in the metrics and the log (T-11, LOG-1).
func TestGameday(t *testing.T) {
	t.Chdir("../..")
	o := options{people: 20, tokenLife: 8 * time.Second, think: 300 * time.Millisecond, event: 5 * time.Second, providerAway: 8 * time.Second, only: regexp.MustCompile(``)}
	if err := run(t.Context(), o, t.Output()); err != nil {
		t.Error(err)
	}
}
