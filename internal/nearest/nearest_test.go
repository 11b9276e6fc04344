package nearest_test

import (
	"testing"

	"vestibule.example/internal/nearest"
)

func TestTo(t *testing.T) {
	for _, c := range []struct {
		name       string
		candidates []string
		want       string
	}{
		{"shipmnts", []string{"lines", "shipments"}, "shipments"},
		{"prodct", []string{"products", "product"}, "product"},
		{"idd", []string{"ids", "id"}, "ids"}, // As near: the first.
		{"orders", []string{"catalog"}, ""},
		{"abc", []string{"abcde"}, "abcde"}, // A third and one.
		{"abc", []string{"abcdef"}, ""},
		{"same", []string{"same"}, ""},
		{"kitten", []string{"sitting"}, "sitting"},
		{"any", nil, ""},
	} {
		if got := nearest.To(c.name, c.candidates); got != c.want {
			t.Errorf("To(%q, %v) = %q, want %q", c.name, c.candidates, got, c.want)
		}
	}
}
