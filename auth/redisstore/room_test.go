package redisstore

import (
	"slices"
	"testing"
)

// Only a server that says it has no bound is told of: some, above all managed ones, do not say.
func TestUnboundedNodes(t *testing.T) {
	got := unbounded(map[string]node{
		"replica": {"maxmemory": "0", "role": "slave"}, "bound": {"maxmemory": "104857600"}, "silent": {"used_memory": "5"}, "master": {"maxmemory": "0", "role": "master"},
	})
	if want := []string{"master", "replica"}; !slices.Equal(got, want) {
		t.Errorf("unbounded = %q, want %q", got, want)
	}
}
