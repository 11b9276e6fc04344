package auth

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	// maxTransactions is how many logins a browser may have under way; the oldest gives way (CK-8).
	maxTransactions = 5
	// maxTransactionBytes bounds one transaction cookie's value.
	maxTransactionBytes = 1024
)

// transaction is a login under way. It lives in a cookie of its own, named by its state, so that logins in several tabs
// do not disturb each other and a response can only be completed by the browser that asked (CSRF-9, BCPU-3).
type transaction struct {
	// Seed is random; state, nonce and verifier are derived from it.
	Seed        string   `json:"s"`
	Issuer      string   `json:"i"`
	RedirectURI string   `json:"r"`
	Mode        string   `json:"m"`
	ReturnTo    string   `json:"to"`
	ACR         []string `json:"acr,omitempty"`
	MaxAge      *int     `json:"age,omitempty"`
	Silent      bool     `json:"q,omitempty"`
	// Replaces names the session whose cookie the browser had when the login began; it ends when the login is done.
	Replaces string `json:"p,omitempty"`
	Begun    int64  `json:"t"`
}

func (t *transaction) derived(purpose string) string {
	out, err := derive([]byte(t.Seed), "login "+purpose, 32)
	if err != nil {
		panic(err) // 32 bytes are within HKDF's bound.
	}
	return encode(out)
}

func (t *transaction) state() string    { return t.derived("state") }
func (t *transaction) nonce() string    { return t.derived("nonce") }
func (t *transaction) verifier() string { return t.derived("verifier") }

// stateHash names a login in cookies and in the store without revealing its state.
func stateHash(state string) string {
	out, err := derive([]byte(state), "state name", 16)
	if err != nil {
		panic(err) // 16 bytes are within HKDF's bound.
	}
	return encode(out)
}

func (s *Service) transactionPrefix() string { return s.cookie + "-tx-" }

// begin sets the login's cookie and drops the oldest ones if the browser has too many.
func (s *Service) begin(w http.ResponseWriter, r *http.Request, t *transaction) error {
	plain, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("auth: login: %w", err)
	}
	name := s.transactionPrefix() + stateHash(t.state())
	value := encode(s.keys.seal(plain, name))
	if len(value) > maxTransactionBytes {
		return fmt.Errorf("auth: login: the transaction has %d bytes", len(value))
	}
	s.dropTransactions(w, r)
	http.SetCookie(w, s.transactionCookie(name, value, int(transactionLife/time.Second)))
	return nil
}

// dropTransactions makes room for one more. Those that do not open go first.
func (s *Service) dropTransactions(w http.ResponseWriter, r *http.Request) {
	type held struct {
		name  string
		begun int64
	}
	var all []held
	for _, cookie := range r.Cookies() {
		if !strings.HasPrefix(cookie.Name, s.transactionPrefix()) {
			continue
		}
		h := held{name: cookie.Name}
		if t, err := s.openTransaction(cookie.Name, cookie.Value); err == nil {
			h.begun = t.Begun
		}
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b held) int { return int(a.begun - b.begun) })
	for len(all) >= maxTransactions {
		http.SetCookie(w, s.transactionCookie(all[0].name, "", -1))
		all = all[1:]
	}
}

// transactionCookie is sent on the provider's redirect, which is cross-site: Lax, or None where the provider posts a form.
func (s *Service) transactionCookie(name, value string, maxAge int) *http.Cookie {
	c := &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: maxAge, Secure: s.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if s.secure && s.cfg.Provider.ResponseMode() == "form_post" {
		c.SameSite = http.SameSiteNoneMode
	}
	return c
}

func (s *Service) openTransaction(name, value string) (*transaction, error) {
	sealed, err := decode(value)
	if err != nil {
		return nil, errSealed
	}
	plain, err := s.keys.open(sealed, name)
	if err != nil {
		return nil, err
	}
	var t transaction
	if err := json.Unmarshal(plain, &t); err != nil {
		return nil, errSealed
	}
	return &t, nil
}

// transactionOf gives the login that a response belongs to, or nil: the state names the cookie, the cookie's content must
// give the same state, and the login must be recent and of this configuration.
func (s *Service) transactionOf(r *http.Request, state string) *transaction {
	if state == "" {
		return nil
	}
	for _, cookie := range r.CookiesNamed(s.transactionPrefix() + stateHash(state)) {
		t, err := s.openTransaction(cookie.Name, cookie.Value)
		if err != nil {
			continue
		}
		age := s.now().Sub(time.Unix(t.Begun, 0))
		if t.state() != state || age > transactionLife || age < -time.Minute {
			continue
		}
		if t.Issuer != s.cfg.Provider.Issuer() || t.RedirectURI != s.cfg.Provider.RedirectURI() || t.Mode != s.cfg.Provider.ResponseMode() {
			continue
		}
		return t
	}
	return nil
}
