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

// The fault of a file has its name beside its key, and needs it no second time.
func TestAFileThatIsNotThereIsNamedOnce(t *testing.T) {
	_, err := load(t, strings.Replace(minimal, "client_secret: canary-client-secret", "client_secret_file: /nowhere/secret", 1), nil)
	if err == nil || strings.Count(err.Error(), "/nowhere/secret") != 1 {
		t.Errorf("load = %v, want the file named once", err)
	}
}

func TestAFolderIsNoFile(t *testing.T) {
	if text, err := readFile(t.TempDir(), 9); err == nil {
		t.Errorf("readFile of a folder = %q, want an error", text)
	}
}
