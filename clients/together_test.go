package clients_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/clients"
)

// Callers who are ready together have one call, with the keys of all, each once; one who loads nothing keeps nobody waiting.
func TestThoseWhoAreReadyTogetherHaveOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p parts
		things := clients.NewEntities(p.fetch)
		take := clients.Together(t.Context(), 4)
		var wg sync.WaitGroup
		for i, keys := range [][]string{{"a", "b"}, {"b", "c"}, {"d"}, nil} {
			wg.Go(func() {
				ctx, leave := take()
				defer leave()
				<-time.After(time.Duration(i) * time.Minute)
				if keys == nil {
					return
				}
				for j, r := range things.LoadAll(ctx, keys) {
					if r.Value != strings.ToUpper(keys[j]) || !r.Found || r.Err != nil {
						t.Errorf("caller %d: %s = %+v", i, keys[j], r)
					}
				}
				if value, _, err := things.Load(ctx, "e"); value != "E" || err != nil { // Only the first load waits for others.
					t.Errorf("caller %d: e = %q, %v", i, value, err)
				}
			})
		}
		wg.Wait()
		for _, keys := range p.asked {
			slices.Sort(keys)
		}
		if want := [][]string{{"a", "b", "c", "d"}, {"e"}}; !slices.EqualFunc(p.asked, want, slices.Equal) {
			t.Errorf("asked for %v, want %v", p.asked, want)
		}
	})
}

// Whoever has no time left waits for nobody, and nobody waits for whoever is gone.
func TestThoseWhoAreReadyTogetherMayLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p parts
		things := clients.NewEntities(p.fetch)
		take := clients.Together(t.Context(), 2)
		gone := errors.New("gone")
		ctx, leave := take()
		ending, cancel := context.WithCancelCause(ctx)
		left := make(chan error)
		go func() {
			defer leave()
			_, _, err := things.Load(ending, "a")
			left <- err
		}()
		synctest.Wait() // It waits for the other.
		cancel(gone)
		if err := <-left; !errors.Is(err, gone) {
			t.Errorf("who left = %v, want the cause", err)
		}
		ctx, leave = take()
		defer leave()
		if value, _, err := things.Load(ctx, "b"); value != "B" || err != nil {
			t.Errorf("who stays has %q, %v", value, err)
		}
		if value, _, err := things.Load(t.Context(), "a"); value != "A" || err != nil {
			t.Errorf("a is %q, %v, want it asked for anew", value, err)
		}
	})
}
