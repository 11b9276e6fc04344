package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAFileThatIsTooLargeIsRefusedNotReadInPart(t *testing.T) {
	name := filepath.Join(t.TempDir(), "documents.json")
	if err := os.WriteFile(name, []byte(strings.Repeat("x", 9)), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := readFile(name, 9); err != nil || len(text) != 9 {
		t.Errorf("readFile of 9 bytes, of which 9 are allowed = %d bytes, %v", len(text), err)
	}
	if _, err := readFile(name, 8); err == nil || !strings.Contains(err.Error(), "larger than 8 bytes") {
		t.Errorf("readFile of 9 bytes, of which 8 are allowed: %v, want it to say so", err)
	}
}
