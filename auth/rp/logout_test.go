package rp_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
)

// REV-1, RFC 7009: what is sent, and what the answers mean.
func TestRevoke(t *testing.T) {
	o := newOP(t, nil)
	if err := o.rp.Revoke(t.Context(), secret.New("rt-1"), "refresh_token"); err != nil {
		t.Fatal(err)
	}
	if form := o.form("/revoke"); form.Get("token") != "rt-1" || form.Get("token_type_hint") != "refresh_token" {
		t.Errorf("form = %v", form)
	}
	if err := o.rp.Revoke(t.Context(), secret.New("rt-1"), ""); err != nil || o.form("/revoke").Has("token_type_hint") {
		t.Errorf("without a hint: %v, form %v", err, o.form("/revoke"))
	}
	before := len(o.called("/revoke"))
	if err := o.rp.Revoke(t.Context(), secret.Text{}, ""); err == nil || len(o.called("/revoke")) != before {
		t.Errorf("nothing to revoke: %v", err)
	}
	o.says("/revoke", 503, "text/html", "")
	if err := o.rp.Revoke(t.Context(), secret.New("rt-1"), ""); !errors.Is(err, rp.ErrProviderUnavailable) {
		t.Errorf("503: %v, want ErrProviderUnavailable", err)
	}
	o.says("/revoke", 400, "application/json", `{"error":"unsupported_token_type"}`)
	var refused *rp.TokenError
	if err := o.rp.Revoke(t.Context(), secret.New("rt-1"), ""); !errors.As(err, &refused) || refused.Code != "unsupported_token_type" || refused.Endpoint != "revocation" {
		t.Errorf("400: %v", err)
	}
	o = newOP(t, nil)
	delete(o.metadata, "revocation_endpoint")
	if err := o.rp.Revoke(t.Context(), secret.New("rt-1"), ""); !errors.Is(err, rp.ErrNoRevocation) {
		t.Errorf("no endpoint: %v, want ErrNoRevocation", err)
	}
	o = newOP(t, nil)
	o.down.Store(true)
	if err := o.rp.Revoke(t.Context(), secret.New("rt-1"), ""); !errors.Is(err, rp.ErrProviderUnavailable) {
		t.Errorf("nobody there: %v, want ErrProviderUnavailable", err)
	}
}

// RPL-3, RPL-5: the address to sign out at the provider.
func TestEndSessionURL(t *testing.T) {
	const back = "http://localhost:8080/auth/logged-out"
	for name, row := range map[string]struct {
		req    rp.EndSession
		noBack bool
		want   url.Values
	}{
		"with the ID token": {rp.EndSession{IDTokenHint: secret.New("e30.e30.sig"), State: "s"}, false,
			url.Values{"client_id": {clientID}, "id_token_hint": {"e30.e30.sig"}, "post_logout_redirect_uri": {back}, "state": {"s"}}},
		"with the session's name": {rp.EndSession{LogoutHint: "session-1", State: "s"}, false,
			url.Values{"client_id": {clientID}, "logout_hint": {"session-1"}, "post_logout_redirect_uri": {back}, "state": {"s"}}},
		"with nothing":                       {rp.EndSession{}, false, url.Values{"client_id": {clientID}, "post_logout_redirect_uri": {back}}},
		"without an address to come back to": {rp.EndSession{State: "s"}, true, url.Values{"client_id": {clientID}}},
	} {
		o := newOP(t, func(cfg *rp.Config) {
			if row.noBack {
				cfg.PostLogoutRedirectURI = ""
			}
		})
		o.metadata["end_session_endpoint"] = issuer + "/end?tenant=a"
		address, err := o.rp.EndSessionURL(t.Context(), row.req)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		row.want.Set("tenant", "a")
		if want := issuer + "/end?tenant=a&"; !strings.HasPrefix(address, want) {
			t.Errorf("%s: %s", name, address)
		}
		if query := must(url.Parse(address)).Query(); query.Encode() != row.want.Encode() {
			t.Errorf("%s: query = %v, want %v", name, query, row.want)
		}
	}
	o := newOP(t, nil)
	delete(o.metadata, "end_session_endpoint")
	if _, err := o.rp.EndSessionURL(t.Context(), rp.EndSession{}); !errors.Is(err, rp.ErrNoEndSession) {
		t.Errorf("no endpoint: %v, want ErrNoEndSession", err)
	}
	o = newOP(t, nil)
	o.down.Store(true)
	if _, err := o.rp.EndSessionURL(t.Context(), rp.EndSession{}); !errors.Is(err, rp.ErrProviderUnavailable) {
		t.Errorf("nobody there: %v, want ErrProviderUnavailable", err)
	}
}
