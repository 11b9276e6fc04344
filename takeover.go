package main

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"
)

// takeOverTime is how long a gateway under development waits for the addresses of its predecessor, which may still be ending.
const takeOverTime = 10 * time.Second

// takeOver waits until the addresses are free, or cannot be listened on for another reason. It calls pause between two tries, and gives
// up when that fails.
func takeOver(ctx context.Context, pause func(context.Context) error, addresses ...string) {
	for _, address := range addresses {
		for {
			l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
			if err == nil {
				l.Close()
				break
			}
			if !errors.Is(err, syscall.EADDRINUSE) || pause(ctx) != nil {
				return // Listening on it for good will say why it cannot be had.
			}
		}
	}
}

func shortPause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(50 * time.Millisecond):
		return nil
	}
}
