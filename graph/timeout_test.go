package graph_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/graph"
)

var errParent = errors.New("the parent ended")

// However a context within a timeout ends, it says what [context.WithTimeoutCause] says: to who waits for it, to who only looks, and to who
// waits for a context made of it.
func TestTimeout(t *testing.T) {
	ends := map[string]struct {
		end       func(parent context.CancelCauseFunc, cancel context.CancelFunc)
		err, root error
	}{
		"by its timeout":             {func(context.CancelCauseFunc, context.CancelFunc) { <-time.After(time.Minute) }, context.DeadlineExceeded, graph.ErrOperationTimeout},
		"by whoever made it":         {func(_ context.CancelCauseFunc, cancel context.CancelFunc) { cancel() }, context.Canceled, context.Canceled},
		"with its parent":            {func(parent context.CancelCauseFunc, _ context.CancelFunc) { parent(errParent) }, context.Canceled, errParent},
		"by its maker, then in time": {func(_ context.CancelCauseFunc, cancel context.CancelFunc) { cancel(); <-time.After(time.Minute) }, context.Canceled, context.Canceled},
	}
	waits := map[string]func(context.Context) context.Context{
		"nobody waits":   func(ctx context.Context) context.Context { return ctx },
		"somebody waits": func(ctx context.Context) context.Context { ctx.Done(); return ctx },
		"who has a value waits": func(ctx context.Context) context.Context {
			ctx = context.WithValue(ctx, errParent, 1)
			ctx.Done()
			return ctx
		},
		"a context is made of it": func(ctx context.Context) context.Context {
			child, cancel := context.WithCancel(ctx)
			context.AfterFunc(child, cancel) // Its parent's end is the test's subject.
			return child
		},
	}
	for how, c := range ends {
		for who, waiting := range waits {
			t.Run(how+", "+who, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					parent, endParent := context.WithCancelCause(t.Context())
					defer endParent(nil)
					within, cancel := graph.WithTimeout(parent, time.Minute)
					defer cancel()
					ctx := waiting(within)
					if deadline, ok := ctx.Deadline(); !ok || !deadline.Equal(time.Now().Add(time.Minute)) || ctx.Err() != nil || context.Cause(ctx) != nil {
						t.Fatal("before its end:", deadline, ok, ctx.Err(), context.Cause(ctx))
					}
					c.end(endParent, cancel)
					synctest.Wait()
					if err := ctx.Err(); !errors.Is(err, c.err) || !errors.Is(context.Cause(ctx), c.root) {
						t.Errorf("ended with %v because of %v; want %v because of %v", err, context.Cause(ctx), c.err, c.root)
					}
					<-ctx.Done()
				})
			})
		}
	}
}

// Who looks once, when all is over, is told so.
func TestATimeoutThatNobodyWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := graph.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		<-time.After(time.Minute)
		if err := ctx.Err(); !errors.Is(err, context.DeadlineExceeded) {
			t.Error("after its time it ended with", err)
		}
		ctx, cancel = graph.WithTimeout(t.Context(), time.Minute)
		cancel()
		if err := ctx.Err(); !errors.Is(err, context.Canceled) {
			t.Error("after its cancellation it ended with", err)
		}
	})
}

// Who only looks makes no timer, which is most of what a timeout costs.
func TestALookMakesNoTimer(t *testing.T) {
	cost := func(look bool) float64 {
		return testing.AllocsPerRun(100, func() {
			ctx, cancel := graph.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if look && ctx.Err() != nil {
				t.Error("it ended at once")
			}
		})
	}
	if with, without := cost(true), cost(false); with != without {
		t.Errorf("a context that is looked at takes %v allocations, want %v as without", with, without)
	}
}

// A timeout beyond the parent's end is not told: the earlier end is.
func TestTimeoutWithinADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, cancel := context.WithTimeoutCause(t.Context(), time.Second, errParent)
		defer cancel()
		ctx, cancel := graph.WithTimeout(parent, time.Minute)
		defer cancel()
		if deadline, _ := ctx.Deadline(); !deadline.Equal(time.Now().Add(time.Second)) {
			t.Error("the deadline is", deadline)
		}
		<-ctx.Done()
		if !errors.Is(context.Cause(ctx), errParent) {
			t.Error("it ended because of", context.Cause(ctx))
		}
	})
}
