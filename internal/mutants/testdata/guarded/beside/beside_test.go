package beside

import (
	"testing"

	"vestibule.example/internal/mutants/testdata/guarded"
)

func TestElsewhere(t *testing.T) {
	if !guarded.Elsewhere(5) || guarded.Elsewhere(1) {
		t.Error("want five alone")
	}
}
