package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// While a load balancer learns that this process is about to stop, requests are taken as ever, and each answer asks its
// client to leave; nothing is accepted afterwards.
func TestALeavingProcessStillAnswers(t *testing.T) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var ready atomic.Bool
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })
	server := newServer(leavingConnections(&ready, hello), serverLimits{time.Minute, time.Minute, time.Minute, time.Minute, 1 << 16}, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serveUntil(ctx, []listener{{"public", socket, server, nil}}, &ready, stopping{time.Hour, time.Hour})
	}()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	ask := func() (leaves bool) {
		t.Helper()
		res, err := client.Get("http://" + socket.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if text, err := io.ReadAll(res.Body); err != nil || string(text) != "hello" {
			t.Fatalf("the answer is %q, %v", text, err)
		}
		return res.Close
	}
	for !ready.Load() {
		ask()
	}
	if ask() {
		t.Error("an answer asks its client to leave, and nobody has said stop")
	}
	stop()
	for ready.Load() {
		ask()
	}
	if !ask() || !ask() {
		t.Error("after stop the answers do not ask their clients to leave")
	}
	socket.Close() // What the end of the delay does, an hour from now.
	if err := <-ended; err == nil {
		t.Error("a listener that failed is no error")
	}
	if _, err := client.Get("http://" + socket.Addr().String()); err == nil {
		t.Error("something still answers")
	}
}
