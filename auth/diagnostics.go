package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed diagnostics.html
var diagnosticsSource string

//go:embed diagnostics.css
var diagnosticsStyle string

// secretClaims are claims of an ID token that are not shown: they tell a person nothing, and prove something to those who have them.
var secretClaims = []string{"nonce", "at_hash", "c_hash", "s_hash", "jti"}

// diagnosis is what the page shows. It never holds a token, or part of one.
type diagnosis struct {
	Style           template.CSS
	SignedIn, Asked bool
	Session, Claims []shownValue
	APIs            []shownAPI
}

type shownValue struct{ Name, Value string }

// shownAPI is an API and the state of the session's token for it.
type shownAPI struct {
	Name, Kind, For, State string
	// Answer is what the API said to the token, if it was asked.
	Answer string
}

// Diagnostics handles "GET /auth/diagnostics", which is for development alone: it shows a developer the claims of the ID
// token and the state of each API's token, and with ?ask=1 what each API answers to its token. ask calls one API with the
// session in its context, and gives the answer in words that hold no token.
//
// It is for navigation, from our own pages or by hand, since only that carries the session's cookie. Looking does not keep the session
// alive; asking may refresh its tokens.
func (s *Service) Diagnostics(ask func(ctx context.Context, api string) string) http.Handler {
	sum := sha256.Sum256([]byte(diagnosticsStyle))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	page := template.Must(template.New("diagnostics").Parse(diagnosticsSource))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.foreign(r) != "" && r.Header.Get("Sec-Fetch-Site") != "none" || !isDocument(r) || isPrefetch(r) {
			refuse(w, r, http.StatusForbidden, problemCrossSite)
			return
		}
		found, err := s.find(r)
		if err != nil {
			s.refuseStoreOutage(w, r, err)
			return
		}
		d := diagnosis{Style: template.CSS(diagnosticsStyle), Asked: r.URL.Query().Has("ask")} //nolint:gosec // Our own file.
		if found.session != nil {
			d.SignedIn = true
			if d.Asked {
				ctx := context.WithValue(r.Context(), contextKey{}, inContext{session: found.session})
				s.showAPIs(&d, found.session, func(api string) string { return ask(ctx, api) })
			} else {
				s.showAPIs(&d, found.session, nil)
			}
			s.showSession(&d, found.session)
		}
		var out bytes.Buffer
		if err := page.Execute(&out, d); err != nil {
			http.Error(w, "internal error", http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", policy)
		noStore(h)
		w.Write(out.Bytes()) //nolint:errcheck // The reader is gone; there is nobody to tell.
	})
}

func (s *Service) showSession(d *diagnosis, session *Session) {
	b := session.body.Load()
	add := func(name, value string) {
		if value != "" {
			d.Session = append(d.Session, shownValue{name, value})
		}
	}
	add("issuer", b.Issuer)
	add("subject", b.Subject)
	add("the provider's session (sid)", b.SID)
	add("level of the sign-in (acr)", b.ACR)
	add("by what (amr)", strings.Join(b.AMR, " "))
	if !b.AuthTime.IsZero() {
		add("last proof of identity (auth_time)", ago(s.now().Sub(b.AuthTime)))
	}
	add("granted scopes", strings.Join(b.Scopes, " "))
	add("refresh token", map[bool]string{true: "held", false: "none: people sign in again when access tokens end; see identity.scopes"}[b.RefreshToken != ""])
	add("ends if unused", "in "+span(session.record.Ends().Sub(s.now())))
	add("ends at last", "in "+span(session.record.Expires.Sub(s.now())))
	d.Claims = claimsShown(b.IDToken)
}

// claimsShown are the claims of an ID token, which was verified when it came.
func claimsShown(idToken string) []shownValue {
	parts := strings.Split(idToken, ".")
	if len(parts) != 3 {
		return nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil
	}
	var claims map[string]json.RawMessage
	if err := json.Unmarshal(payload, &claims); err != nil {
		return nil
	}
	var shown []shownValue
	for name, value := range claims {
		if slices.Contains(secretClaims, name) {
			value = []byte("(there, and not shown)")
		}
		shown = append(shown, shownValue{name, string(value)})
	}
	slices.SortFunc(shown, func(a, b shownValue) int { return strings.Compare(a.Name, b.Name) })
	return shown
}

// showAPIs asks all APIs at once, if asked to, and then shows what there is.
func (s *Service) showAPIs(d *diagnosis, session *Session, ask func(api string) string) {
	for name := range s.cfg.APIs {
		d.APIs = append(d.APIs, shownAPI{Name: name})
	}
	slices.SortFunc(d.APIs, func(a, b shownAPI) int { return strings.Compare(a.Name, b.Name) })
	if ask != nil {
		var all sync.WaitGroup
		for i := range d.APIs {
			all.Go(func() { d.APIs[i].Answer = ask(d.APIs[i].Name) })
		}
		all.Wait()
	}
	for i := range d.APIs {
		shown := &d.APIs[i]
		api := s.cfg.APIs[shown.Name]
		shown.Kind, shown.For = api.Kind, strings.Join(slices.DeleteFunc([]string{api.Audience, api.Resource, strings.Join(api.Scopes, " ")}, func(text string) bool { return text == "" }), ", ")
		shown.State = s.tokenState(session, api)
	}
}

// tokenState says in words what token there is for an API.
func (s *Service) tokenState(session *Session, api APIToken) string {
	var held token
	switch api.Kind {
	case KindNone:
		return "none is sent"
	case KindClient:
		held, _ = s.loadAnyone(api.key())
	default:
		held = session.body.Load().Tokens[api.key()]
	}
	now := s.now()
	state := ""
	switch {
	case held.Value == "":
		return "not asked for yet; the first call does"
	case !held.alive(now):
		state = "ended " + ago(now.Sub(held.Expires)) + "; the next call fetches another"
	default:
		state = "expires in " + span(held.Expires.Sub(now)) + ", fetched " + ago(now.Sub(held.Issued))
	}
	if api.key() == loginToken {
		return "the login's own: " + state
	}
	return state
}

func ago(d time.Duration) string { return span(d) + " ago" }

// span shows a duration to a person, in two units at the most.
func span(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}
