package main

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"
)

// takeOverTime is how long a gateway that is being written waits for the addresses of the one before it, which may still be ending.
const takeOverTime = 10 * time.Second

// takeOver waits until the addresses are free, or cannot be had for another reason; pause is called between two tries, and ends it by an error.
func takeOver(ctx context.Context, pause func(context.Context) error, addresses ...string) {
	for _, address := range addresses {
		for {
			l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
			if err == nil {
				l.Close()
				break
			}
			if !errors.Is(err, syscall.EADDRINUSE) || pause(ctx) != nil {
				return // Whoever wants it is told why it cannot be had.
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
