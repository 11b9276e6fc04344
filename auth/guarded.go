package auth

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

var errPanicked = errors.New("auth: panic")

// guarded runs work of a goroutine of the service's own. A panic there, be it of a store that somebody else wrote, would end the process and
// with it everybody's requests: it becomes an error, and a record of the log.
func (s *Service) guarded(ctx context.Context, work func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %v", errPanicked, v)
			s.cfg.Logger.ErrorContext(ctx, "panic", "error", err, "stack", string(debug.Stack()))
		}
	}()
	return work()
}
