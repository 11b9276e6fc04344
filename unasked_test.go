//go:build !nodemo

package main

import (
	"strings"
	"testing"
)

// An API that is configured and that neither a resolver, nor @rest, nor the relay asks is told, by its key, and stops nothing.
func TestAnAPIThatNobodyAsksIsTold(t *testing.T) {
	yaml := minimal + strings.Replace(shopAPIs, "apis: {", "apis: {idle: {base_url: 'https://x.test'}, files: {base_url: 'https://x.test', relay: [{methods: [GET], path: /**}]}, ", 1)
	var out strings.Builder
	if err := check(t.Context(), []string{"-config", writeFile(t, "vestibule.yaml", yaml)}, func(string) string { return "" }, nil, &out); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.Count(text, "apis.idle: ") != 1 || strings.Contains(text, "apis.files") || strings.Contains(text, "apis.orders") || !strings.Contains(text, "in order") {
		t.Errorf("check says\n%s\nwant a note of apis.idle alone", text)
	}
}
