package main

import (
	"context"
	"errors"
	"net"
	"testing"
)

// A gateway that `make dev` has built anew gets the addresses of the one before it as soon as that lets go of them.
func TestTakeOver(t *testing.T) {
	held := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	}
	first, second, never := held(), held(), held()
	pauses := 0
	takeOver(t.Context(), func(context.Context) error {
		switch pauses++; pauses {
		case 2:
			first.Close()
		case 4:
			second.Close()
		case 6:
			return errors.New("that is enough")
		}
		return nil
	}, first.Addr().String(), second.Addr().String(), never.Addr().String())
	if pauses != 6 {
		t.Errorf("%d pauses, want two, two, and two for what is never free", pauses)
	}
	takeOver(t.Context(), func(context.Context) error { t.Error("waits for what is no address"); return context.Canceled }, "127.0.0.1:none")
}
