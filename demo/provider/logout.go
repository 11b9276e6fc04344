package provider

import (
	"net/http"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// logout is a client's wish that a session ends (OpenID Connect RP-Initiated Logout).
type logout struct {
	to      string // where the browser goes then, state included
	sid     string // of id_token_hint
	hint    string // logout_hint: sid, sub, user name or e-mail address
	expires int64  // Unix time
}

// endSessionRoute answers GET and POST /end_session.
func (p *Provider) endSessionRoute(w http.ResponseWriter, r *http.Request) {
	asked, err := op.ParseEndSessionRequest(r, p.op.Decoder())
	if err != nil {
		p.failPage(w, r, http.StatusBadRequest, "The sign-out request is malformed.")
		return
	}
	asked.IdTokenHint = p.recognised(asked.IdTokenHint)
	checked, err := op.ValidateEndSessionRequest(r.Context(), asked, p.op)
	if err == nil && asked.PostLogoutRedirectURI != "" && checked.ClientID == "" {
		// The library would go on without the address; who asked to come back should learn why he can't.
		err = oidc.ErrInvalidRequest().WithDescription("post_logout_redirect_uri needs id_token_hint or client_id")
	}
	if err != nil {
		p.refused(r.Context(), "end_session", err)
		p.failPage(w, r, http.StatusBadRequest, "The application that asked to sign you out is not registered here, or not with this address to come back to.")
		return
	}
	l := logout{to: checked.RedirectURI, hint: checked.LogoutHint}
	if checked.IDTokenHintClaims != nil {
		l.sid, _ = checked.IDTokenHintClaims.Claims["sid"].(string)
		if l.sid == "" {
			l.sid = checked.IDTokenHintClaims.SessionID
		}
	}
	if p.quirks.LogoutByHintAlone {
		l.sid = ""
	}
	if p.quirks.LogoutNeedsIDToken && asked.IdTokenHint == "" {
		l.to, l.hint = p.issuer+"/signed-out", ""
	}
	if r.Method == http.MethodPost {
		// A form of another site brings no SameSite=Lax cookie; the navigation that follows does.
		http.Redirect(w, r, "/end_session/continue?id="+p.keep(l), http.StatusSeeOther)
		return
	}
	p.endSession(w, r, l)
}

// endSessionContinue answers GET /end_session/continue.
func (p *Provider) endSessionContinue(w http.ResponseWriter, r *http.Request) {
	if l, ok := p.kept(r.FormValue("id")); ok {
		p.endSession(w, r, l)
		return
	}
	p.failPage(w, r, http.StatusBadRequest, "This sign-out is over.")
}

// endSession ends the browser's session when the client showed that it means this one, and asks the user otherwise.
func (p *Provider) endSession(w http.ResponseWriter, r *http.Request, l logout) {
	s, signedIn := p.sessionOf(r)
	switch {
	case !signedIn:
		http.Redirect(w, r, l.to, http.StatusSeeOther)
	case l.sid == s.sid || p.means(l.hint, s):
		p.endAndGo(w, r, s, l)
	default:
		user, _ := p.bySubject(s.subject)
		p.show(w, r, http.StatusOK, "end-session", struct {
			ID   string
			User User
		}{p.keep(l), user}, origin(l.to))
	}
}

// means tells whether a logout_hint is of the session.
func (p *Provider) means(hint string, s session) bool {
	user, _ := p.bySubject(s.subject)
	if p.quirks.LogoutByHintAlone {
		return hint == loginHint(s.sid)
	}
	return hint != "" && (hint == s.sid || hint == s.subject || hint == user.Name || hint == user.Email)
}

// endSessionConfirm answers POST /end_session/confirm.
func (p *Provider) endSessionConfirm(w http.ResponseWriter, r *http.Request) {
	l, ok := p.kept(r.PostFormValue("id"))
	if !ok {
		p.failPage(w, r, http.StatusBadRequest, "This sign-out is over.")
		return
	}
	s, signedIn := p.sessionOf(r)
	if !signedIn {
		http.Redirect(w, r, l.to, http.StatusSeeOther)
		return
	}
	p.endAndGo(w, r, s, l)
}

func (p *Provider) endAndGo(w http.ResponseWriter, r *http.Request, s session, l logout) {
	p.SignOut(r.Context(), s.sid, "")
	dropCookie(w, p.sessionCookie())
	if frames := p.frames(s); len(frames) > 0 {
		p.write(w, r, http.StatusOK, "frames", struct {
			Frames []string
			To     string
		}{frames, l.to}, policy("; frame-src "+strings.Join(origins(frames), " ")))
		return
	}
	http.Redirect(w, r, l.to, http.StatusSeeOther)
}

// signedOut answers GET /signed-out, for those whom no client asked back.
func (p *Provider) signedOut(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, "signed-out", nil)
}

// keep stores a logout until the browser comes back with its id.
func (p *Provider) keep(l logout) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	for id, old := range p.logouts {
		if old.expires < now.Unix() || len(p.logouts) >= maxRequests {
			delete(p.logouts, id)
		}
	}
	id := random()
	l.expires = now.Add(requestLife).Unix()
	p.logouts[id] = l
	return id
}

// kept takes a stored logout out.
func (p *Provider) kept(id string) (logout, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l, ok := p.logouts[id]
	delete(p.logouts, id)
	return l, ok && l.expires >= p.now().Unix()
}
