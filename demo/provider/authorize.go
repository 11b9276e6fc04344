package provider

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// challenge is what an S256 code_challenge looks like: a SHA-256 in base64url (RFC 7636 §4.2).
var challenge = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// authorize answers GET and POST /authorize.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	asked, err := op.ParseAuthorizeRequest(r, p.op.Decoder())
	if err != nil {
		p.failPage(w, r, http.StatusBadRequest, "The sign-in request is malformed.")
		return
	}
	p.note("state", asked.State)
	p.note("nonce", asked.Nonce)
	client, ok := p.clients[asked.ClientID]
	if !ok || op.ValidateAuthReqRedirectURI(client, asked.RedirectURI, oidc.ResponseTypeCode) != nil {
		// Nothing goes to an address that nobody registered (RFC 9700 §4.11).
		p.failPage(w, r, http.StatusBadRequest, "The application that asked is not registered here, or not with this address to come back to.")
		return
	}
	hint, err := p.checkAuthorize(r, asked, client)
	if err != nil {
		p.answerError(w, r, asked, err)
		return
	}
	created, err := storage{p}.CreateAuthRequest(r.Context(), asked, hint)
	if err != nil {
		p.answerError(w, r, asked, err)
		return
	}
	browser := random()
	if cookie, err := r.Cookie(p.browserCookie()); err == nil && cookie.Value != "" {
		browser = cookie.Value
	} else {
		setCookie(w, p.browserCookie(), browser)
	}
	request := p.change(created.GetID(), func(a *authRequest) { a.browser, a.audience = browser, r.Form.Get("audience") })

	s, _ := p.sessionOf(r)
	switch missing := p.missing(request, s); {
	case missing == "":
		p.finish(w, r, request, s)
	case slices.Contains(asked.Prompt, oidc.PromptNone) && missing == "login":
		p.drop(request.id)
		p.answerError(w, r, asked, oidc.ErrLoginRequired())
	case slices.Contains(asked.Prompt, oidc.PromptNone):
		p.drop(request.id)
		p.answerError(w, r, asked, oidc.ErrInteractionRequired())
	default:
		p.change(request.id, func(a *authRequest) {
			if missing == "mfa" {
				a.proven = s.subject
			}
		})
		http.Redirect(w, r, client.LoginURL(request.id), http.StatusSeeOther)
	}
}

// checkAuthorize says what is wrong with a request whose client and redirect URI are right, and whose sub its
// id_token_hint has.
func (p *Provider) checkAuthorize(r *http.Request, asked *oidc.AuthRequest, client op.Client) (hint string, err error) {
	mode := asked.ResponseMode
	if mode != "" && mode != oidc.ResponseModeQuery && mode != oidc.ResponseModeFormPost {
		asked.ResponseMode = ""
		return "", oidc.ErrInvalidRequest().WithDescription("response_mode must be query or form_post")
	}
	for name, values := range r.Form {
		if len(values) > 1 && name != "resource" {
			return "", oidc.ErrInvalidRequest().WithDescription("a parameter is there twice")
		}
	}
	if r.Form.Get("request") != "" {
		return "", oidc.ErrRequestNotSupported()
	}
	if asked.ResponseType != oidc.ResponseTypeCode {
		return "", &oidc.Error{ErrorType: "unsupported_response_type", Description: "response_type must be code"}
	}
	// The library insists on none of these (RFC 9700 §2.1.1).
	if asked.CodeChallengeMethod != oidc.CodeChallengeMethodS256 || !challenge.MatchString(asked.CodeChallenge) {
		return "", oidc.ErrInvalidRequest().WithDescription("PKCE with code_challenge_method S256 is required")
	}
	if !slices.Contains(asked.Scopes, oidc.ScopeOpenID) {
		return "", oidc.ErrInvalidScope().WithDescription("scope must have openid")
	}
	if hint, err = op.ValidateAuthRequestClient(r.Context(), asked, client, p.op.IDTokenHintVerifier(r.Context())); err != nil {
		return "", err
	}
	if p.quirks.NoResource && r.Form.Has("resource") {
		return "", errResource()
	}
	g := grant{apis: p.scopes, issuer: p.issuer}
	if asked.Scopes, err = g.narrow(asked.Scopes, r.Form["resource"]); err != nil {
		return "", err
	}
	return hint, nil
}

// missing says what the browser's session lacks for the request: "login", "mfa" or nothing.
func (p *Provider) missing(request *authRequest, s session) string {
	age := p.now().Sub(s.authTime)
	maxAge := request.asked.MaxAge // 0 for prompt=login, by the library
	switch {
	case s.cookie == "",
		slices.Contains(request.asked.Prompt, oidc.PromptLogin),
		slices.Contains(request.asked.Prompt, oidc.PromptSelectAccount),
		maxAge != nil && (*maxAge == 0 || age > time.Duration(*maxAge)*time.Second),
		request.hint != "" && request.hint != s.subject:
		return "login"
	case request.wantsMFA() && s.acr != ACRMultiFactor:
		return "mfa"
	default:
		return ""
	}
}

// change changes a stored request and returns a copy, or nil when it is gone.
func (p *Provider) change(id string, change func(*authRequest)) *authRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	request, ok := p.requests[id]
	if !ok {
		return nil
	}
	change(request)
	return copied(request)
}

// drop forgets a stored request.
func (p *Provider) drop(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.requests, id)
}

// finish gives the client a code for the session.
func (p *Provider) finish(w http.ResponseWriter, r *http.Request, request *authRequest, s session) {
	if request.hint != "" && request.hint != s.subject {
		p.drop(request.id)
		p.answerError(w, r, &request.asked, oidc.ErrLoginRequired().WithDescription("another user signed in"))
		return
	}
	request = p.change(request.id, func(a *authRequest) {
		a.subject, a.sid, a.authTime, a.acr, a.amr, a.done = s.subject, s.sid, s.authTime, s.acr, s.amr, true
		s.clients[a.client] = true
		p.counters.Logins++
	})
	if request == nil {
		p.failPage(w, r, http.StatusBadRequest, signInOver)
		return
	}
	// The library's own codes look like tokens to whoever searches a browser for those.
	code := random()
	p.note("code", code)
	if err := (storage{p}).SaveAuthCode(r.Context(), request.id, code); err != nil {
		p.answerError(w, r, &request.asked, err)
		return
	}
	p.answer(w, r, &request.asked, url.Values{"code": {code}})
}

// answerError sends the client an error (RFC 6749 §4.1.2.1).
func (p *Provider) answerError(w http.ResponseWriter, r *http.Request, asked *oidc.AuthRequest, err error) {
	e := oidc.DefaultToServerError(err, "")
	p.refused(r.Context(), "authorize", e)
	values := url.Values{"error": {string(e.ErrorType)}}
	if e.Description != "" {
		values.Set("error_description", e.Description)
	}
	p.answer(w, r, asked, values)
}

// answer sends the browser back to the client with an authorization response, in the mode asked for.
func (p *Provider) answer(w http.ResponseWriter, r *http.Request, asked *oidc.AuthRequest, values url.Values) {
	if asked.State != "" {
		values.Set("state", asked.State)
	}
	values.Set("iss", p.issuerOf("")) // RFC 9207
	if p.quirks.Spare || p.quirks.Tenants != nil {
		values.Del("iss")
	}
	switch p.Settings().Tampering.Response {
	case WrongIssuer:
		values.Set("iss", stranger)
	case NoIssuer:
		values.Del("iss")
	case WrongState:
		values.Set("state", "another-state")
	}
	if asked.ResponseMode == oidc.ResponseModeFormPost {
		p.formPost(w, r, asked.RedirectURI, values)
		return
	}
	to, err := url.Parse(asked.RedirectURI)
	if err != nil {
		p.failPage(w, r, http.StatusBadRequest, "The application's address cannot be read.")
		return
	}
	query := to.Query()
	for name := range values {
		query.Set(name, values.Get(name))
	}
	to.RawQuery = query.Encode()
	// 303, so that no browser repeats the password's POST there (RFC 9700 §4.12).
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}
