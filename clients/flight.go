package clients

import (
	"context"
	"fmt"
	"sync"
)

// flight is one piece of work that several callers wait for. It runs in a goroutine of its own, apart from any single
// caller's cancellation, and is cancelled when the last of those who wait has left.
type flight[T any] struct {
	done   chan struct{} // closed when value and err are set
	cancel context.CancelFunc
	value  T
	err    error
	why    *askers // for whom, if that is traced; set before anybody else knows of the flight

	mu      sync.Mutex // guards waiting
	waiting int        // who has boarded and not left; once 0 before done, nobody may board any more
}

// takeOff begins work for a first caller, who must then wait. The work sees the values of ctx but not its end.
func takeOff[T any](ctx context.Context, work func(context.Context) (T, error)) *flight[T] {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight[T]{done: make(chan struct{}), cancel: cancel, waiting: 1}
	go func() {
		defer cancel()
		defer close(f.done)
		f.value, f.err = guard(func() (T, error) { return work(ctx) })
	}()
	return f
}

// board adds a caller, who must then wait. It is false when the work has been given up, so that it must begin anew.
func (f *flight[T]) board() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting == 0 {
		return false
	}
	f.waiting++
	return true
}

// wait returns the result, or the cause of the end of this caller's own context.
func (f *flight[T]) wait(ctx context.Context) (T, error) {
	select {
	case <-f.done:
		return f.value, f.err
	default:
	}
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		f.leave()
		var zero T
		return zero, context.Cause(ctx)
	}
}

func (f *flight[T]) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting--; f.waiting == 0 {
		f.cancel()
	}
}

// guard turns a panic into an INTERNAL error, since a panic on a goroutine of ours would end the process.
func guard[T any](work func() (T, error)) (value T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Error{Code: CodeInternal, err: fmt.Errorf("%w: panic: %v", errProgram, r)}
		}
	}()
	return work()
}
