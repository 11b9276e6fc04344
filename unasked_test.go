//go:build !nodemo

package main

import (
	"strings"
	"testing"
)

// withIdle configures, beside the shop's APIs, one that nobody asks, and one that the relay alone asks.
func withIdle(yaml string) string {
	return yaml + strings.Replace(shopAPIs, "apis: {", "apis: {idle: {base_url: 'https://x.test'}, files: {base_url: 'https://x.test', relay: [{methods: [GET], path: /**}]}, ", 1)
}

// An API that is configured and that neither a resolver, nor @rest, nor the relay asks is told, by its key, and stops nothing.
func TestAnAPIThatNobodyAsksIsTold(t *testing.T) {
	var out strings.Builder
	if err := check(t.Context(), []string{"-config", writeFile(t, "vestibule.yaml", withIdle(minimal))}, func(string) string { return "" }, nil, &out); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.Count(text, "apis.idle: ") != 1 || strings.Contains(text, "apis.files") || strings.Contains(text, "apis.orders") || !strings.Contains(text, "in order") {
		t.Errorf("check says\n%s\nwant a note of apis.idle alone", text)
	}
}

// The start warns of it too, once, and serves.
func TestTheStartTellsAnAPIThatNobodyAsks(t *testing.T) {
	yaml := strings.Replace(minimal, "public_url", "drain_delay: 0s\n  public_url", 1) + "observe: {log_format: text}\n"
	g := startGateway(t, "VESTIBULE_CONFIG="+writeFile(t, "vestibule.yaml", withIdle(yaml)), "VESTIBULE_DEMO_ADDRESS=")
	var told []string
	for line := range strings.Lines(g.log.String()) {
		if strings.Contains(line, "an API is configured that no resolver, no @rest and no relay asks") {
			told = append(told, line)
		}
	}
	if len(told) != 1 || !strings.Contains(told[0], "level=WARN") || !strings.Contains(told[0], "key=apis.idle") {
		t.Errorf("the log tells %q, want a warning of apis.idle alone:\n%s", told, g.log)
	}
}
