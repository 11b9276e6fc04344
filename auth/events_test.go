package auth_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"vestibule.example/demo/visitor"
)

// BCL-19, WS-12: an open stream learns that its session ended, and why, and closes.
func TestEvents(t *testing.T) {
	w := newWorld(t, nil)
	for _, c := range []struct {
		reason string
		end    func(v *visitor.Visitor)
	}{
		{"logout", func(v *visitor.Visitor) { logout(t, v) }},
		{"backchannel", func(*visitor.Visitor) { w.demo.Provider.SignOut(t.Context(), "", "c-alice") }},
		{"elsewhere", func(*visitor.Visitor) {
			other := w.signIn(t, "alice")
			res, err := other.Fetch(t.Context(), http.MethodDelete, "/auth/sessions?scope=others", "", nil)
			if err != nil || res.StatusCode != http.StatusNoContent {
				t.Errorf("ending the others = %v, %v", res, err)
			}
		}},
	} {
		t.Run(c.reason, func(t *testing.T) {
			v := w.signIn(t, "alice")
			res, err := v.Fetch(t.Context(), http.MethodGet, "/auth/events", "", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			events := bufio.NewReader(res.Body)
			if first := nextEvent(t, events); first["type"] != "refreshed" || first["idle_expires_in"] == nil || first["expires_in"] == nil {
				t.Errorf("at connect came %v", first)
			}
			c.end(v)
			if last := nextEvent(t, events); last["type"] != "ended" || last["reason"] != c.reason {
				t.Errorf("at the end came %v, want ended, %s", last, c.reason)
			}
			if _, err := events.ReadString('\n'); !errors.Is(err, io.EOF) {
				t.Errorf("after the end: %v, want EOF", err)
			}
		})
	}
}

func nextEvent(t *testing.T, events *bufio.Reader) map[string]any {
	t.Helper()
	for {
		line, err := events.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream broke: %v", err)
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			var event map[string]any
			if err := json.Unmarshal([]byte(data), &event); err != nil {
				t.Fatal(err)
			}
			_, err = events.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			return event
		}
	}
}

func TestEventsAreBoundedAndDrain(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	for i := range 21 {
		res, err := v.Fetch(t.Context(), http.MethodGet, "/auth/events", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if want := map[bool]int{true: http.StatusOK, false: http.StatusServiceUnavailable}[i < 20]; res.StatusCode != want {
			t.Errorf("stream %d = %d, want %d", i+1, res.StatusCode, want)
		}
		if i == 0 {
			defer func() {
				if _, err := io.Copy(io.Discard, res.Body); err != nil {
					t.Errorf("the stream was cut, not ended: %v", err)
				}
			}()
		}
	}
	w.auth.Drain()
}
