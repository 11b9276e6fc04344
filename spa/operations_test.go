package spa_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vestibule.example/spa"
)

// A manifest that was read in part would lack documents without a word.
func TestTooManyOperationsAreRefused(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "operations.json")
	if err := os.WriteFile(name, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if content, err := spa.Operations(dir); err != nil || string(content) != "{}" {
		t.Errorf("operations = %q, %v", content, err)
	}
	if err := os.Truncate(name, 64<<20); err != nil {
		t.Fatal(err)
	}
	if _, err := spa.Operations(dir); err == nil || !strings.Contains(err.Error(), "is larger than") {
		t.Errorf("a large file: %v, want a refusal", err)
	}
}
