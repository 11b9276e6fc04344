package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"time"

	"vestibule.example/auth/rp"
)

// maxResponseBody bounds a form_post authorization response, in bytes.
const maxResponseBody = 64 << 10

// Callback handles "GET /auth/callback" and, with response mode form_post, "POST /auth/callback": it ends a login. Only
// the browser that began it can: state names a cookie that only it has. The session cookie is never read here.
//
// Success is a page of ours that goes on to where the login began, not a redirect: the browser would follow a redirect
// that began at the provider without the Strict cookie it was just given.
func (s *Service) Callback() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := http.MethodGet
		if s.cfg.Provider.ResponseMode() == "form_post" {
			method = http.MethodPost
		}
		if !s.allowMethod(w, r, method) {
			return
		}
		response, status := readResponse(w, r)
		if status != 0 {
			refuse(w, r, status, problemStale)
			return
		}
		s.complete(w, r, response)
	})
}

// readResponse gives the response's parameters, or the status to refuse with.
func readResponse(w http.ResponseWriter, r *http.Request) (url.Values, int) {
	if r.Method == http.MethodGet {
		return r.URL.Query(), 0
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, http.StatusUnsupportedMediaType
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxResponseBody)
	if err := r.ParseForm(); err != nil {
		return nil, http.StatusBadRequest
	}
	return r.PostForm, 0
}

// complete does the second half of a login. The order matters: first it checks that the response belongs to this browser, then that
// it is used once, and only then what it says.
func (s *Service) complete(w http.ResponseWriter, r *http.Request, response url.Values) {
	ctx := r.Context()
	state := response.Get("state")
	t := s.transactionOf(r, state)
	if t == nil {
		s.audit(ctx, "login_refused", reasonAttr("no transaction of this browser"))
		s.signInPage(w, http.StatusBadRequest, problemStale, "/")
		return
	}
	http.SetCookie(w, s.transactionCookie(s.transactionPrefix()+stateHash(state), "", -1))
	t.ReturnTo = cleanReturnTo(t.ReturnTo) // Checked where it is used too (RED-3).
	if err := s.cfg.Store.Put(ctx, "state:"+stateHash(state), nil, transactionLife+time.Minute); errors.Is(err, ErrExists) {
		s.audit(ctx, "login_refused", reasonAttr("state used before"))
		s.signInPage(w, http.StatusBadRequest, problemStale, t.ReturnTo)
		return
	} else if err != nil {
		s.refuseLogin(w, r, t, storeFailed(err))
		return
	}
	grant, err := s.redeem(ctx, t, response)
	if err != nil {
		s.refuseLogin(w, r, t, err)
		return
	}
	c, err := s.admit(ctx, r, t, grant)
	if err != nil {
		s.refuseLogin(w, r, t, err)
		return
	}
	if err := s.setCookie(w, c); err != nil {
		s.refuseLogin(w, r, t, err)
		return
	}
	s.noteGiven(w, c)
	s.dropGiven(w, s.givenBefore(r, ""))
	writePage(w, http.StatusOK, page{Title: "Signed in", Text: "You are being taken back to where you were.", Links: []link{{"Go on", t.ReturnTo}}, GoOn: t.ReturnTo})
}

// redeem checks the response and turns its code into verified tokens.
func (s *Service) redeem(ctx context.Context, t *transaction, response url.Values) (*rp.Grant, error) {
	if err := s.cfg.Provider.CheckResponse(ctx, response); err != nil {
		return nil, err
	}
	req := rp.ExchangeRequest{Code: response.Get("code"), Verifier: t.verifier(), Nonce: t.nonce(), ACR: t.ACR, RequestedAt: time.Unix(t.Begun, 0)}
	if t.MaxAge != nil {
		age := time.Duration(*t.MaxAge) * time.Second
		req.MaxAge = &age
	}
	return s.granted(ctx, "authorization_code", func(ctx context.Context) (*rp.Grant, error) { return s.cfg.Provider.Exchange(ctx, req) })
}

var errNotAdmitted = errors.New("auth: the application does not admit the user")

// admit makes the session: always a new one, never an id that was there before (SES-4). The one the browser had when the
// login began ends, and those of other logins that were done meanwhile.
func (s *Service) admit(ctx context.Context, r *http.Request, t *transaction, grant *rp.Grant) (credential, error) {
	claims := grant.Claims
	if s.cfg.AfterLogin != nil {
		login := Login{Issuer: claims.Issuer, Subject: claims.Subject, ACR: claims.ACR, Claims: claims.Raw}
		if err := s.cfg.AfterLogin(ctx, login); err != nil {
			return credential{}, fmt.Errorf("%w: %w", errNotAdmitted, err)
		}
	}
	now, c := s.now(), newCredential()
	handle := encode(random(16))
	b := &body{
		Issuer: claims.Issuer, Subject: claims.Subject, SID: claims.SID, ACR: claims.ACR, AMR: claims.AMR, Scopes: grant.Scopes, AuthTime: claims.AuthTime, IssuedAt: claims.IssuedAt, Nonce: t.nonce(),
		Claims: s.shown(claims.Raw), Handle: handle, Created: now, Grant: encode(random(16)),
		IDToken: grant.IDToken.Reveal(), LogoutHint: s.logoutHint(claims.Raw), RefreshToken: grant.RefreshToken.Reveal(),
		Tokens: map[string]token{loginToken: {Value: grant.AccessToken.Reveal(), Expires: grant.Expiry, Issued: now}},
	}
	record := &Record{
		Key: c.storeKey(), ListID: c.name("list id")[:22],
		Subject: s.keys.index("sub", claims.Issuer, claims.Subject), SID: s.keys.index("sid", s.cfg.Provider.Issuer(), claims.SID),
		SignedInAt: claims.IssuedAt, LastSeen: now, IdleTimeout: s.cfg.IdleTimeout, Expires: now.Add(s.cfg.Lifetime),
	}
	var err error
	h := head{Handle: handle, Device: deviceOf(r.UserAgent()), Address: coarse(s.clientAddress(r)), Created: now, LogID: c.logID()}
	if t.isStepUp() {
		h.Before = t.Replaces
	}
	if record.Head, err = s.keys.sealHead(record.Key, h); err != nil {
		return credential{}, err
	}
	if err := sealBody(record, c, b, 1); err != nil {
		return credential{}, err
	}
	if err := s.cfg.Store.Create(ctx, record); err != nil {
		if !errors.Is(err, ErrLoggedOut) && !errors.Is(err, ErrStoreFull) {
			err = storeFailed(err)
		}
		return credential{}, err
	}
	given := s.givenBefore(r, t.Replaces)
	err = s.replace(ctx, t, now, s.keys.indexes("sub", claims.Issuer, claims.Subject))
	if err == nil {
		err = s.endGiven(ctx, given)
	}
	if err != nil {
		// Two sessions where there may be one: the new one goes, whose cookie nobody has yet.
		if undo := s.cfg.Store.Delete(ctx, record.Key, ReasonReplaced); undo != nil {
			err = errors.Join(err, undo)
		}
		return credential{}, storeFailed(err)
	}
	session := &Session{credential: c, key: record.Key, record: record}
	session.body.Store(b)
	s.used.note(record.Key, now)
	s.audit(ctx, "login", sessionAttr(session), s.userAttr(claims.Issuer, claims.Subject), slog.String("acr", claims.ACR),
		slog.String("device", h.Device), slog.String("address", h.Address), slog.Bool("again", t.Replaces != "" || len(given) > 0))
	return c, nil
}

// shown keeps the claims that the SPA may see and drops the rest: a claim that is not kept cannot leak.
func (s *Service) shown(all map[string]any) map[string]any {
	out := map[string]any{}
	for name, value := range all {
		if slices.Contains(s.cfg.Claims, name) {
			out[name] = value
		}
	}
	return out
}

// logoutHint is what the provider's end-session is told: the claim of the ID token that is made for that.
func (s *Service) logoutHint(all map[string]any) string {
	if s.cfg.LogoutHint != "logout_hint" {
		return ""
	}
	hint, _ := all["login_hint"].(string)
	return hint
}

// refuseLogin answers a login that failed with a page that offers to try again, and never tries by itself (OIDC-25).
func (s *Service) refuseLogin(w http.ResponseWriter, r *http.Request, t *transaction, err error) {
	ctx := r.Context()
	s.audit(ctx, "login_refused", errorAttr(err))
	clientRefused := s.alarmed(ctx, err)
	var response *rp.ResponseError
	var refused *rp.VerifyError
	switch {
	case errors.As(err, &response) && t.Silent:
		// Nobody is signed in at the provider, which is an answer: back to where the question came from.
		writePage(w, http.StatusOK, page{Title: "Not signed in", Text: "You are being taken back to where you were.", Links: []link{{"Go on", t.ReturnTo}}, GoOn: t.ReturnTo})
	case errors.As(err, &response) && response.Code == "access_denied":
		s.signInPage(w, http.StatusForbidden, problemDenied, t.ReturnTo)
	case errors.Is(err, errNotAdmitted), errors.As(err, &refused) && refused.ForeignTenant():
		s.signInPage(w, http.StatusForbidden, problemNotAllowed, t.ReturnTo)
	case errors.Is(err, ErrLoggedOut):
		s.signInPage(w, http.StatusForbidden, problemLoggedOut, t.ReturnTo)
	case clientRefused:
		s.signInPage(w, http.StatusBadGateway, problemClient, t.ReturnTo)
	case errors.Is(err, rp.ErrProviderUnavailable):
		w.Header().Set("Retry-After", retryAfter)
		s.signInPage(w, http.StatusBadGateway, problemProvider, t.ReturnTo)
	case errors.Is(err, ErrStoreFull), errors.Is(err, ErrStoreUnavailable):
		about := "the session store is out of order"
		if errors.Is(err, ErrStoreFull) {
			about = "the session store is full"
		}
		s.cfg.Logger.ErrorContext(ctx, about, "error", err)
		w.Header().Set("Retry-After", retryAfter)
		s.signInPage(w, http.StatusServiceUnavailable, problemNotKept, t.ReturnTo)
	default:
		s.signInPage(w, http.StatusBadRequest, problemSignIn, t.ReturnTo)
	}
}

// signInPage is a refusal with the two ways out.
func (s *Service) signInPage(w http.ResponseWriter, status int, kind problemKind, returnTo string) {
	writePage(w, status, page{Title: kind.title, Text: kind.detail, Links: []link{
		{"Sign in again", "/auth/login?return_to=" + url.QueryEscape(returnTo)}, {"Go on without signing in", "/"},
	}})
}
