package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
)

// party is a service of a public https origin whose provider answers in a mode.
func party(t *testing.T, mode string) *Service {
	t.Helper()
	provider, err := rp.New(rp.Config{
		Issuer: "https://login.test", ClientID: "shop", ClientSecret: secret.New("a secret of the client"),
		RedirectURI: "https://shop.test/auth/callback", ResponseMode: mode, HTTPClient: http.DefaultClient,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := testService(t, true, testKey(t, "seal"))
	s.cfg.Provider = provider
	s.cfg.Now = time.Now
	return s
}

// CK-8, CK-1, T-3: a login's cookie is as well kept as a session's, and is sent where the provider's answer arrives.
func TestTransactionCookie(t *testing.T) {
	for mode, site := range map[string]http.SameSite{"": http.SameSiteLaxMode, "form_post": http.SameSiteNoneMode} {
		s := party(t, mode)
		c := s.transactionCookie(s.transactionPrefix()+"x", "value", 600)
		if c.Name != "__Host-Http-vestibule-tx-x" || c.Value != "value" || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.MaxAge != 600 || c.SameSite != site {
			t.Errorf("mode %q: cookie = %+v, want Secure, HttpOnly, Path=/, 600 seconds, SameSite %v", mode, c, site)
		}
	}
}

// CSRF-9, BCP-5, BCP-7, CK-8: a login's cookie counts only for its own state, within its time, and for the provider, the
// address and the mode that are configured now.
func TestALoginIsOfNowAndOfThisConfiguration(t *testing.T) {
	s := party(t, "")
	for _, c := range []struct {
		name   string
		change func(*transaction)
		state  func(*transaction) string
		want   bool
	}{
		{"as it was begun", func(*transaction) {}, (*transaction).state, true},
		{"another state under its name", func(*transaction) {}, func(tx *transaction) string { return tx.state() + "x" }, false},
		{"begun eleven minutes ago", func(tx *transaction) { tx.Begun -= 660 }, (*transaction).state, false},
		{"begun in two minutes", func(tx *transaction) { tx.Begun += 120 }, (*transaction).state, false},
		{"begun at another provider", func(tx *transaction) { tx.Issuer = "https://other.test" }, (*transaction).state, false},
		{"begun for another address", func(tx *transaction) { tx.RedirectURI = "https://shop.test/elsewhere" }, (*transaction).state, false},
		{"begun in another mode", func(tx *transaction) { tx.Mode = "form_post" }, (*transaction).state, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			tx := &transaction{Seed: encode(random(32)), Issuer: "https://login.test", RedirectURI: "https://shop.test/auth/callback", Begun: time.Now().Unix()}
			tx.Mode = s.cfg.Provider.ResponseMode()
			c.change(tx)
			plain, err := json.Marshal(tx)
			if err != nil {
				t.Fatal(err)
			}
			state := c.state(tx)
			name := s.transactionPrefix() + stateHash(state)
			r := bearing(&http.Cookie{Name: name, Value: "planted"}, &http.Cookie{Name: name, Value: encode(s.keys.seal(plain, name))})
			if got := s.transactionOf(r, state); (got != nil) != c.want {
				t.Errorf("transactionOf = %v, want one: %v", got, c.want)
			}
		})
	}
}

// CK-8: making room for a login takes the oldest logins away, and no cookie that is none.
func TestMakingRoomForALogin(t *testing.T) {
	s := party(t, "")
	var others, logins []*http.Cookie
	for i := range maxTransactions {
		others = append(others, &http.Cookie{Name: fmt.Sprintf("theme-%d", i), Value: "dark"})
		name := s.transactionPrefix() + fmt.Sprint(i)
		plain, err := json.Marshal(transaction{Begun: time.Now().Unix() - int64(i)})
		if err != nil {
			t.Fatal(err)
		}
		logins = append(logins, &http.Cookie{Name: name, Value: encode(s.keys.seal(plain, name))})
	}
	oldest := logins[maxTransactions-1].Name
	for _, c := range []struct {
		name    string
		cookies []*http.Cookie
		drops   string
	}{
		{"other cookies", others, ""},
		{"one login less than there may be", append(logins[:maxTransactions-1:maxTransactions-1], others...), ""},
		{"as many as there may be", append(others[:len(others):len(others)], logins...), oldest},
		{"one that does not open", append([]*http.Cookie{{Name: s.transactionPrefix() + "x", Value: "planted"}}, logins[:maxTransactions-1]...), s.transactionPrefix() + "x"},
	} {
		w := httptest.NewRecorder()
		s.dropTransactions(w, bearing(c.cookies...))
		drops := ""
		for _, dropped := range w.Result().Cookies() {
			drops += dropped.Name
		}
		if drops != c.drops {
			t.Errorf("%s: %q dropped, want %q", c.name, drops, c.drops)
		}
	}
}

// usedStates is a store in which every state was used before.
type usedStates struct{ Store }

func (usedStates) Put(context.Context, string, []byte, time.Duration) error { return ErrExists }

// RED-3: where the login leads on is checked at the end as well: what an earlier version has sealed is no better for being sealed.
func TestTheWayBackIsCheckedWhereItIsUsed(t *testing.T) {
	s := party(t, "")
	s.cfg.Store, s.cfg.Logger = usedStates{}, slog.New(slog.DiscardHandler)
	s.cfg.RequestID = func(context.Context) string { return "" }
	tx := &transaction{Seed: encode(random(32)), Issuer: "https://login.test", RedirectURI: "https://shop.test/auth/callback", ReturnTo: "//evil.test", Begun: time.Now().Unix()}
	plain, err := json.Marshal(tx)
	if err != nil {
		t.Fatal(err)
	}
	name := s.transactionPrefix() + stateHash(tx.state())
	r := bearing(&http.Cookie{Name: name, Value: encode(s.keys.seal(plain, name))})
	r.Method, r.URL = http.MethodGet, &url.URL{Path: "/auth/callback", RawQuery: "code=x&state=" + tx.state()}
	w := httptest.NewRecorder()
	s.Callback().ServeHTTP(w, r)
	if body := w.Body.String(); !strings.Contains(body, `return_to=%2F"`) || strings.Contains(body, "evil") {
		t.Errorf("the page leads on to another place than home:\n%s", body)
	}
}
