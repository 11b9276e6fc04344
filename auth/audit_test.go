package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
	"vestibule.example/demo/provider"
)

// trail gives the audit events of a world, in order.
func (w *world) trail(t *testing.T) []map[string]any {
	t.Helper()
	var events []map[string]any
	for line := range strings.Lines(w.log.String()) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("a log record is no JSON line: %q", line)
		}
		if record["msg"] == "audit" {
			events = append(events, record)
		}
	}
	return events
}

// last gives the newest event of a name that has what is wanted.
func (w *world) last(t *testing.T, event string, has map[string]any) map[string]any {
	t.Helper()
	for _, e := range slices.Backward(w.trail(t)) {
		if e["event"] != event {
			continue
		}
		for name, want := range has {
			if got := e[name]; got != want && (want != "*" || got == nil || got == "") {
				t.Errorf("%s: %s = %v, want %v", event, name, got, want)
			}
		}
		return e
	}
	t.Errorf("there is no event %s", event)
	return nil
}

// LOG-1, SES-14: who did what, from where, and why not, for every event of a session's life; the same name for a session
// and for a user in all of them.
func TestAuditTrail(t *testing.T) {
	w, gate := newGatedWorld(t)
	cfg := w.config
	cfg.Frontchannel, cfg.RequestID = true, func(context.Context) string { return "r-1" }
	w.serve(t, cfg)
	v := w.signIn(t, "alice")
	login := w.last(t, "login", map[string]any{"session": "*", "user": "*", "device": "*", "address": "127.0.0.0/24", "acr": "urn:demo:pwd", "again": false, "request_id": "r-1", "time": "*"})
	session, user := login["session"], login["user"]

	call(t, v, "billing")
	w.last(t, "exchange", map[string]any{"session": session, "audience": "billing"})
	call(t, v, "mail")
	w.last(t, "client_token", map[string]any{"audience": "mail"})
	w.clock.Advance(6 * time.Minute)
	call(t, v, "orders")
	w.last(t, "refresh", map[string]any{"session": session})
	gate.mu.Lock()
	gate.refuses = func(form url.Values) bool { return form.Get("audience") == "stock" }
	gate.mu.Unlock()
	call(t, v, "stock")
	w.last(t, "exchange_failed", map[string]any{"session": session, "audience": "stock", "error": "*"})
	w.settings(t, provider.Settings{Refresh: provider.RefreshServerError})
	w.clock.Advance(6 * time.Minute)
	call(t, v, "orders")
	w.last(t, "refresh_failed", map[string]any{"session": session, "error": "*"})

	w.askWith(t, http.MethodGet, "/auth/session%0aFAKE")
	res, err := v.FetchWith(t.Context(), http.MethodGet, "/auth/session", http.Header{"Sec-Fetch-Site": {"cross-site"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	w.last(t, "cross_site_refused", map[string]any{"reason": "fetch site", "route": "GET /auth/session"})
	if res, err = v.FetchWith(t.Context(), http.MethodGet, "/call/public", http.Header{"Vestibule-Session": {"x\r\nevent: fake"[:1]}}); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	w.last(t, "session_changed", map[string]any{"reason": "*"})
	get(t, v, "/auth/callback?code=x&state=y")
	w.last(t, "login_refused", map[string]any{"reason": "no transaction of this browser"})
	get(t, v, "/auth/logged-out?state=x")
	w.last(t, "logged_out_without_state", nil)
	frame(t, v, "GET", "sid=x")
	w.last(t, "frontchannel_refused", map[string]any{"reason": "no issuer"})
	frame(t, v, "GET", "iss="+url.QueryEscape(w.demo.Issuer)+"&sid=x")
	w.last(t, "frontchannel_logout", map[string]any{"sessions": 0.0})
	if res, err = v.Post(t.Context(), "/auth/backchannel-logout", url.Values{"logout_token": {"x"}}, nil); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	w.last(t, "backchannel_refused", map[string]any{"error": "*"})

	other := w.signIn(t, "alice")
	if got := w.last(t, "login", map[string]any{"user": user}); got["session"] == session {
		t.Error("two sessions have one name")
	}
	status(t, other, http.MethodDelete, "/auth/sessions?scope=others")
	w.last(t, "session_ended", map[string]any{"session": session, "reason": auth.ReasonElsewhere})
	again := w.last(t, "login", nil)["session"]
	logout(t, other)
	w.last(t, "logout", map[string]any{"session": again})
	w.settings(t, provider.Settings{})
	w.signIn(t, "alice")
	// One token, whose answer is waited for: at a sign-out the provider sends one for each of its sessions, in any order, and
	// waits for none longer than five seconds.
	if got, err := w.demo.Provider.BackChannelLogout(t.Context(), w.demo.ClientID, "c-alice", ""); err != nil || got != http.StatusOK {
		t.Errorf("the back-channel logout = %d, %v", got, err)
	}
	w.last(t, "backchannel_logout", map[string]any{"user": user, "sessions": 1.0})
	w.settings(t, provider.Settings{Refresh: provider.RefreshInvalidGrant})
	third := w.signIn(t, "bob")
	w.clock.Advance(6 * time.Minute)
	call(t, third, "orders")
	w.last(t, "session_ended", map[string]any{"session": w.last(t, "login", nil)["session"], "reason": auth.ReasonRevoked, "error": "*"})
}

// LOG-2, LOG-3: nothing that opens something is in the log, and nothing that a stranger sends makes a line of its own.
func TestTheLogHoldsNoSecretAndNoForgedLine(t *testing.T) {
	w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) {
		cfg.AfterLogin = func(_ context.Context, l auth.Login) error {
			if l.Subject == "c-bob" {
				return errors.New("refused\n{\"msg\":\"audit\",\"event\":\"forged\"}")
			}
			return nil
		}
	})
	v := w.signIn(t, "alice")
	call(t, v, "orders")
	w.clock.Advance(6 * time.Minute)
	call(t, v, "orders")
	bob := w.visitor(t)
	if _, err := bob.SignIn(t.Context(), "bob", "bob", "/", nil); err != nil {
		t.Fatal(err)
	}
	link := logoutURL(t, v)
	id := sessionsOf(t, v)[0].ID
	if res, err := v.FetchWith(t.Context(), http.MethodDelete, "/auth/sessions/"+id, http.Header{"Sec-Fetch-Site": {"cross-site"}}); err != nil || res.Body.Close() != nil || res.StatusCode != http.StatusForbidden {
		t.Fatal(res, err)
	}
	cookies := v.Cookies()
	const forged = "%0a%7b%22msg%22:%22audit%22,%22event%22:%22forged%22%7d"
	_, query := begin(t, v, "/auth/login?return_to=/"+forged)
	for _, path := range []string{"/auth/callback?error=" + forged + "&state=" + query.Get("state") + "&iss=" + forged, "/auth/callback?code=secret-code&state=" + forged, "/call/public" + forged} {
		get(t, v, path)
		status(t, v, http.MethodGet, path)
	}
	secrets := append(w.api.seen(), link[strings.Index(link, "=")+1:], query.Get("state"), query.Get("nonce"), "secret-code", id)
	for _, c := range cookies {
		secrets = append(secrets, c.Value)
	}
	logout(t, v)
	w.auth.Close()
	for _, secret := range secrets {
		if secret != "" && strings.Contains(w.log.String(), secret[:min(len(secret), 16)]) {
			t.Errorf("%.16s… is in the log", secret)
		}
	}
	for _, e := range w.trail(t) {
		if e["event"] == "forged" {
			t.Error("a stranger wrote an event")
		}
	}
	if strings.Contains(w.log.String(), "c-alice") {
		t.Error("the user's name is in the log")
	}
}
