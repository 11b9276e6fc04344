package clients

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A flight is its passengers': it ends when the last has left, not when the first has.
func TestFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work := func(ctx context.Context) (string, error) {
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-time.After(time.Second):
				return "landed", nil
			}
		}
		ended, end := context.WithCancel(t.Context())
		end()
		f := takeOff(ended, work)
		if !f.board() {
			t.Fatal("nobody may board what is under way")
		}
		if _, err := f.wait(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("wait with an ended context = %v, want its cause", err)
		}
		if value, err := f.wait(t.Context()); value != "landed" || err != nil {
			t.Errorf("wait = %q, %v: the first caller's end is not the work's", value, err)
		}
		if value, err := f.wait(ended); value != "landed" || err != nil {
			t.Errorf("wait for what is done = %q, %v, want it whoever asks", value, err)
		}
		if !f.board() {
			t.Error("what is done takes no passengers")
		}

		given := takeOff(t.Context(), work)
		given.leave()
		if given.board() {
			t.Error("what was given up takes passengers")
		}
		<-given.done
		if !errors.Is(given.err, context.Canceled) {
			t.Errorf("the work that nobody waits for = %v, want it cancelled", given.err)
		}
	})
}
