package auth

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
)

const (
	// ticketLife is how long the way to the provider's end-session stays open after a logout by fetch or form.
	ticketLife = time.Minute
	// logoutStateLife is how long the person may stay at the provider.
	logoutStateLife = 10 * time.Minute
	// maxLogoutBody bounds a logout form, in bytes.
	maxLogoutBody = 4 << 10
)

// farewell is what the provider's end-session is told, kept for the moment between logout and navigation.
type farewell struct {
	IDToken string `json:"id,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

// Logout handles "POST /auth/logout" and "GET /auth/logout". The session ends here first, whatever becomes of the rest
// (RPL-1).
//
// A fetch proves itself like any other (CrossSite) and gets 200 with where to navigate next. A form or a link of this
// origin proves itself by t, an HMAC of the session that only its own pages learn (RPL-2): the link gets 303 to the provider,
// the form a page that goes on to it.
func (s *Service) Logout() http.Handler {
	byFetch := s.CrossSite(http.HandlerFunc(s.logoutByFetch))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.allowMethod(w, r, http.MethodGet, http.MethodPost) {
			return
		}
		if r.Method == http.MethodPost && !isForm(r) {
			byFetch.ServeHTTP(w, r)
			return
		}
		s.logoutByNavigation(w, r)
	})
}

func isForm(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && media == "application/x-www-form-urlencoded"
}

func (s *Service) logoutByFetch(w http.ResponseWriter, r *http.Request) {
	found, err := s.find(r)
	if err != nil {
		s.refuseStoreOutage(w, r, err)
		return
	}
	if found.session != nil && found.changed(r) {
		s.refuseChanged(w, r) // Whoever signs out of her page must not sign out somebody else.
		return
	}
	if found.session != nil && found.session.readOnly {
		s.refuseReadOnly(w, r, found.session)
		return
	}
	s.settleGiven(w, r, found)
	next := s.cfg.PostLogoutPath
	if found.session != nil {
		bye, err := s.end(r.Context(), found.session)
		if err != nil {
			s.refuseStoreOutage(w, r, err)
			return
		}
		s.dropNote(w, r, found.session.credential)
		next = s.onward(r.Context(), bye)
	}
	if found.session != nil || s.mayClear(r.Context(), found) {
		s.clearCookie(w)
	}
	writeJSON(w, "application/json", http.StatusOK, map[string]string{"continue": next})
}

func (s *Service) logoutByNavigation(w http.ResponseWriter, r *http.Request) {
	if why := s.foreign(r); why != "" || !isDocument(r) || isPrefetch(r) || r.Method == http.MethodPost && r.Header.Get("Origin") == "" {
		s.audit(r.Context(), "cross_site_refused", reasonAttr("logout"))
		refuse(w, r, http.StatusForbidden, problemCrossSite)
		return
	}
	proof := r.URL.Query().Get("t")
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, maxLogoutBody)
		if err := r.ParseForm(); err != nil {
			refuse(w, r, http.StatusBadRequest, problemParameter)
			return
		}
		proof = r.PostForm.Get("t")
	}
	found, err := s.find(r)
	if err != nil {
		s.refuseStoreOutage(w, r, err)
		return
	}
	if found.session == nil {
		seeOther(w, s.cfg.PostLogoutPath)
		return
	}
	if subtle.ConstantTimeCompare([]byte(proof), []byte(found.session.logoutToken())) != 1 {
		s.audit(r.Context(), "cross_site_refused", reasonAttr("logout"), sessionAttr(found.session))
		refuse(w, r, http.StatusForbidden, problemCrossSite)
		return
	}
	if found.session.readOnly {
		s.refuseReadOnly(w, r, found.session)
		return
	}
	s.settleGiven(w, r, found)
	bye, err := s.end(r.Context(), found.session)
	if err != nil {
		s.refuseStoreOutage(w, r, err)
		return
	}
	s.clearCookie(w)
	s.dropNote(w, r, found.session.credential)
	if r.Method == http.MethodPost {
		// Chromium applies a page's form-action to the redirects after its form as well, and the provider is another origin.
		next := s.onward(r.Context(), bye)
		writePage(w, http.StatusOK, page{Title: "Signed out", Text: "You are being signed out at your provider too.", Links: []link{{"Go on", next}}, GoOn: next})
		return
	}
	s.toProvider(w, r, bye)
}

// onward is the path that leads on to the provider's end-session.
func (s *Service) onward(ctx context.Context, bye farewell) string {
	next, err := s.ticket(ctx, bye)
	if err != nil {
		// The session has ended, which is what counts; the provider's is left as it is.
		s.cfg.Logger.ErrorContext(ctx, "the way to the provider's end-session could not be kept", "error", err)
		return s.cfg.PostLogoutPath
	}
	return next
}

// end ends a session here and has its refresh token revoked.
func (s *Service) end(ctx context.Context, session *Session) (farewell, error) {
	if err := s.endBefore(ctx, session.record, ReasonLogout); err != nil {
		return farewell{}, err
	}
	err := s.cfg.Store.Delete(ctx, session.key, ReasonLogout)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return farewell{}, err
	}
	s.forget(session.key)
	s.audit(ctx, "logout", sessionAttr(session))
	b := session.body.Load()
	s.revoke(ctx, secret.New(b.RefreshToken))
	switch s.cfg.LogoutHint {
	case "id_token":
		return farewell{IDToken: b.IDToken}, nil
	case "logout_hint":
		return farewell{Hint: b.LogoutHint}, nil
	}
	return farewell{}, nil
}

// ticket keeps the farewell, sealed with a key that only the ticket holds, and gives the path that redeems it once.
func (s *Service) ticket(ctx context.Context, bye farewell) (string, error) {
	plain, err := json.Marshal(bye)
	if err != nil {
		return "", err
	}
	t := credential{id: random(idBytes)}
	aead, err := t.ticketKey()
	if err != nil {
		return "", err
	}
	if err := s.cfg.Store.Put(UseReserve(ctx), "logout:"+t.name("ticket name"), aead.Seal(nil, nil, plain, nil), ticketLife); err != nil {
		return "", err
	}
	return "/auth/logout/continue?t=" + encode(t.id), nil
}

// LogoutContinue handles "GET /auth/logout/continue": it redeems the ticket of a logout by fetch or form, once, and sends the
// browser to the provider's end-session.
func (s *Service) LogoutContinue() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.allowMethod(w, r, http.MethodGet) {
			return
		}
		if s.foreign(r) != "" && r.Header.Get("Sec-Fetch-Site") != "none" || !isDocument(r) || isPrefetch(r) {
			refuse(w, r, http.StatusForbidden, problemCrossSite)
			return
		}
		bye, err := s.redeemTicket(r.Context(), r.URL.Query().Get("t"))
		switch {
		case errors.Is(err, ErrNotFound), errors.Is(err, errSealed):
			seeOther(w, s.cfg.PostLogoutPath)
		case err != nil:
			s.refuseStoreOutage(w, r, err)
		default:
			s.toProvider(w, r, bye)
		}
	})
}

func (s *Service) redeemTicket(ctx context.Context, text string) (farewell, error) {
	id, err := decode(text)
	if err != nil || len(id) != idBytes {
		return farewell{}, errSealed
	}
	t := credential{id: id}
	sealed, err := s.cfg.Store.Take(ctx, "logout:"+t.name("ticket name"))
	if err != nil {
		return farewell{}, err
	}
	aead, err := t.ticketKey()
	if err != nil {
		return farewell{}, err
	}
	plain, err := aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return farewell{}, errSealed
	}
	var bye farewell
	if err := json.Unmarshal(plain, &bye); err != nil {
		return farewell{}, errSealed
	}
	return bye, nil
}

// toProvider sends the browser to the provider's end-session, or straight to the landing place if there is none (RPL-5).
func (s *Service) toProvider(w http.ResponseWriter, r *http.Request, bye farewell) {
	state := encode(s.keys.seal([]byte(strconv.FormatInt(s.now().Unix(), 10)), "logout state"))
	address, err := s.cfg.Provider.EndSessionURL(r.Context(), rp.EndSession{IDTokenHint: secret.New(bye.IDToken), LogoutHint: bye.Hint, State: state})
	if err != nil {
		if !errors.Is(err, rp.ErrNoEndSession) {
			s.cfg.Logger.WarnContext(r.Context(), "the provider's session could not be ended; ours has", "error", err)
		}
		address = s.cfg.PostLogoutPath
	}
	seeOther(w, address)
}

// LoggedOut handles "GET /auth/logged-out": the provider sends the browser back here. A state that is not ours changes
// nothing, since there is nothing left to protect; it is noted (RPL-4).
func (s *Service) LoggedOut() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.allowMethod(w, r, http.MethodGet) {
			return
		}
		if !s.isLogoutState(r.URL.Query().Get("state")) {
			s.audit(r.Context(), "logged_out_without_state")
		}
		seeOther(w, s.cfg.PostLogoutPath)
	})
}

func (s *Service) isLogoutState(state string) bool {
	sealed, err := decode(state)
	if err != nil {
		return false
	}
	plain, err := s.keys.open(sealed, "logout state")
	if err != nil {
		return false
	}
	at, err := strconv.ParseInt(strings.TrimSpace(string(plain)), 10, 64)
	return err == nil && s.now().Sub(time.Unix(at, 0)) <= logoutStateLife
}
