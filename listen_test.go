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
	for range 2 { // From the very first on.
		if ask() {
			t.Error("an answer asks its client to leave, and nobody has said stop")
		}
	}
	stop()
	for ready.Load() {
		ask()
	}
	for range 2 {
		if !ask() {
			t.Error("after stop an answer does not ask its client to leave")
		}
	}
	socket.Close() // What the end of the delay does, an hour from now.
	if err := <-ended; err == nil {
		t.Error("a listener that failed is no error")
	}
	if _, err := client.Get("http://" + socket.Addr().String()); err == nil {
		t.Error("something still answers")
	}
}

// Who sends or reads too slowly is cut, and holds nothing.
func TestSlowClientsAreCut(t *testing.T) {
	const patience = 100 * time.Millisecond
	for _, c := range []struct{ name, sends string }{
		{"half a header", "GET / HTTP/1.1\r\nHost: x"},
		{"half a body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"},
		{"a request whose answer is not read", "GET /large HTTP/1.1\r\nHost: x\r\n\r\n"},
		{"nothing more on a connection that was used", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			socket, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			cut := make(chan bool, 1)
			server := newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				for r.URL.Path == "/large" {
					if _, err := w.Write(make([]byte, 1<<20)); err != nil {
						return
					}
				}
			}), serverLimits{patience, patience, patience, patience, 1 << 16}, slog.New(slog.DiscardHandler))
			server.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateClosed {
					cut <- true
				}
			}
			go server.Serve(socket)
			defer server.Close()
			client, err := net.Dial("tcp", socket.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			if _, err := io.WriteString(client, c.sends); err != nil {
				t.Fatal(err)
			}
			select {
			case <-cut:
			case <-time.After(30 * time.Second):
				t.Error("it still holds its connection")
			}
		})
	}
}
