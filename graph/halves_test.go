package graph_test

import (
	"fmt"
	"testing"

	"vestibule.example/graph"
)

// What was asked for last is kept, the rest is dropped, and the whole stays within its bound.
func TestWhatIsKeptIsBounded(t *testing.T) {
	kept := graph.NewHalves(10)
	for i := range 5 {
		kept.Put(fmt.Sprint(i), fmt.Sprint("text ", i), 2)
	}
	kept.Put("4", "another", 2) // It is there: nothing becomes heavier.
	kept.Put("5", "text 5", 2)
	for key, want := range map[string]string{"5": "text 5 true true", "4": "text 4 false true", "0": "text 0 false true", "none": " false false"} {
		text, recent, ok := kept.Get(key)
		if got := fmt.Sprint(text, " ", recent, " ", ok); got != want {
			t.Errorf("Get(%s) = %q, want %q", key, got, want)
		}
	}
	text, _, _ := kept.Get("4")
	kept.Put("4", text, 2) // It is asked for again.
	for i := range 4 {
		kept.Put(fmt.Sprint("more ", i), "more", 2)
	}
	if _, _, ok := kept.Get("0"); ok {
		t.Error("what nobody asked for again is still there")
	}
	if text, _, ok := kept.Get("4"); text != "text 4" || !ok {
		t.Errorf("what was asked for again is %q, %v", text, ok)
	}
}
