package demo_test

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"vestibule.example/demo"
	"vestibule.example/demo/fault"
)

func TestStartRefuses(t *testing.T) {
	for _, row := range []struct {
		name string
		cfg  demo.Config
		want string
	}{
		{"an address that others reach", demo.Config{PublicURL: gateway, Address: "192.0.2.1:0"}, "loopback"},
		{"every address", demo.Config{PublicURL: gateway, Address: ":0"}, "loopback"},
		{"every address by number", demo.Config{PublicURL: gateway, Address: "0.0.0.0:0"}, "loopback"},
		{"a name", demo.Config{PublicURL: gateway, Address: "localhost:0"}, "loopback"},
		{"a gateway in the world", demo.Config{PublicURL: "https://shop.example", Address: "127.0.0.1:0"}, "loopback"},
		{"no gateway", demo.Config{Address: "127.0.0.1:0"}, "origin"},
		{"a gateway with a path", demo.Config{PublicURL: gateway + "/", Address: "127.0.0.1:0"}, "origin"},
		{"a lifetime too short", demo.Config{PublicURL: gateway, Address: "127.0.0.1:0", AccessTokenTTL: time.Millisecond}, "accessTokenTTL"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, err := demo.Start(t.Context(), row.cfg)
			if err == nil || w != nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("Start: %v, %v, want an error about %q", w, err, row.want)
			}
		})
	}
	t.Run("an address that is taken", func(t *testing.T) {
		w := start(t, demo.Config{})
		if _, err := demo.Start(t.Context(), demo.Config{PublicURL: gateway, Address: strings.TrimPrefix(w.Issuer, "http://")}); err == nil {
			t.Error("no error")
		}
	})
}

// Close lets go of what hangs, may be called twice, and leaves no address taken.
func TestClose(t *testing.T) {
	w, err := demo.Start(t.Context(), demo.Config{PublicURL: gateway, Address: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Faults.Add(fault.Rule{Target: "orders", Hang: true}); err != nil {
		t.Fatal(err)
	}
	client := newClient(t)
	done := make(chan error, 1)
	go func() {
		res, err := client.Get(w.APIs["orders"] + "/orders")
		if err == nil {
			_ = res.Body.Close()
		}
		done <- err
	}()
	for len(w.Calls("orders")) == 0 {
		select {
		case err := <-done:
			t.Fatalf("answered: %v", err)
		default:
			runtime.Gosched()
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for range 2 {
		if err := w.Close(ctx); err != nil {
			t.Error(err)
		}
	}
	if err := <-done; err == nil {
		t.Error("the request that hangs was answered")
	}
	again, err := demo.Start(t.Context(), demo.Config{PublicURL: gateway, Address: strings.TrimPrefix(w.Issuer, "http://")})
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(ctx); err != nil {
		t.Error(err)
	}
}
