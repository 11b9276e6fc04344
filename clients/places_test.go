package clients

import (
	"errors"
	"fmt"
	"testing"
)

// All places are taken when many have a few each: whoever asks next has none, until somebody's answer has arrived.
func TestAllPlacesOfTheRelay(t *testing.T) {
	p := places{by: map[string]int{}}
	for i := range maxOpenBodies {
		if err := p.take(fmt.Sprint(i), maxOfSession); err != nil {
			t.Fatalf("place %d: %v", i+1, err)
		}
	}
	if err := p.take("next", maxOfSession); !errors.Is(err, errAllPlacesTaken) {
		t.Errorf("one more = %v, want that all are taken", err)
	}
	p.free("0")
	if err := p.take("next", maxOfSession); err != nil {
		t.Errorf("where one is free: %v", err)
	}
	if len(p.by) != maxOpenBodies {
		t.Errorf("%d have a place, want %d: who has none is forgotten", len(p.by), maxOpenBodies)
	}
}
