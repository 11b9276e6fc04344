//go:build redis

package main

import (
	"os"
	"testing"
	"time"

	"vestibule.example/bench/rig"
)

func TestMain(m *testing.M) {
	rig.Serve(map[string]rig.Role{rig.RoleWorld: rig.PlayWorld})
	os.Exit(m.Run())
}

// The run in its short form: replicas that are killed cost the sessions whose refresh they had not stored and no others, a
// restart of the redis-server and a rolling deploy cost nobody anything, and a back-channel logout at one replica closes the
// streams at all (T-10, BCL-18, SES-16, SES-17).
func TestReplicas(t *testing.T) {
	t.Chdir("../..")
	got, err := run(t.Context(), options{people: 40, rounds: 1, tokenLife: 8 * time.Second, think: 300 * time.Millisecond, drip: 4 * time.Millisecond, pause: time.Second}, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if err := got.judge(); err != nil {
		t.Error(err)
	}
}
