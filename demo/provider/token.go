package provider

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	jose "github.com/go-jose/go-jose/v4"
	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// errSilent is that the client has gone, or the provider closes, without an answer.
var errSilent = errors.New("provider: no answer")

// token answers POST /oauth/token.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	grantType, answer, err := p.exchange(r)
	if errors.Is(err, errSilent) {
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		e := oidc.DefaultToServerError(err, "")
		p.refused(r.Context(), "token", e)
		p.count(func(c *Counters) { c.Token[grantType+" "+string(e.ErrorType)]++ })
		tokenError(w, e)
		return
	}
	p.note("access token", answer.AccessToken)
	p.note("refresh token", answer.RefreshToken)
	p.note("ID token", answer.IDToken)
	p.count(func(c *Counters) { c.Token[grantType+" ok"]++ })
	w.Header().Set("Pragma", "no-cache")
	httphelper.MarshalJSON(w, answer)
}

// tokenError writes an error by RFC 6749 §5.2.
func tokenError(w http.ResponseWriter, e *oidc.Error) {
	status := http.StatusBadRequest
	switch e.ErrorType {
	case oidc.InvalidClient:
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", `Basic realm="demo provider"`)
	case oidc.ServerError:
		status = http.StatusInternalServerError
	}
	httphelper.MarshalJSONWithStatus(w, e, status)
}

// exchange makes tokens of what the request has, once the client has proved who it is.
func (p *Provider) exchange(r *http.Request) (grantType string, answer *oidc.AccessTokenResponse, err error) {
	if err := r.ParseForm(); err != nil || r.URL.RawQuery != "" {
		return "malformed", nil, oidc.ErrInvalidRequest().WithDescription("parameters must be a form in the body")
	}
	p.noteProof(r)
	grantType = r.PostForm.Get("grant_type")
	if p.quirks.NoResource && r.PostForm.Has("resource") {
		return grantType, nil, errResource()
	}
	if p.quirks.OnBehalfOf && grantType == string(oidc.GrantTypeBearer) {
		answer, err := p.onBehalfOf(r)
		return grantType, answer, err
	}
	if grantType == string(oidc.GrantTypeClientCredentials) {
		answer, err := p.clientCredentials(r)
		return grantType, answer, err
	}
	if grantType != string(oidc.GrantTypeCode) && grantType != string(oidc.GrantTypeRefreshToken) {
		return "other", nil, oidc.ErrUnsupportedGrantType()
	}
	client, err := p.authenticate(r)
	if err != nil {
		return grantType, nil, err
	}
	if grantType == string(oidc.GrantTypeCode) {
		answer, err = p.exchangeCode(r)
	} else {
		answer, err = p.exchangeRefresh(r)
	}
	if err != nil {
		return grantType, nil, err
	}
	return grantType, answer, p.mint(answer, client)
}

// authenticate checks the client before anything is spent; the library would look at the code first.
func (p *Provider) authenticate(r *http.Request) (clientID string, err error) {
	if _, _, basic := r.BasicAuth(); basic && p.quirks.FormSecretAlone {
		return "", oidc.ErrInvalidClient().WithDescription("the client authenticates by POST")
	}
	request, err := op.ParseAccessTokenRequest(r, p.op.Decoder())
	if err != nil {
		return "", err
	}
	if request.ClientAssertionType == oidc.ClientAssertionTypeJWTAssertion {
		client, err := op.AuthorizePrivateJWTKey(r.Context(), request.ClientAssertion, p.op)
		if err != nil {
			return "", oidc.ErrInvalidClient().WithParent(err)
		}
		return client.GetID(), nil
	}
	return request.ClientID, op.AuthorizeClientIDSecret(r.Context(), request.ClientID, request.ClientSecret, storage{p})
}

func (p *Provider) exchangeCode(r *http.Request) (*oidc.AccessTokenResponse, error) {
	parsed, err := op.ParseAccessTokenRequest(r, p.op.Decoder())
	if err != nil {
		return nil, err
	}
	found, client, err := op.ValidateAccessTokenRequest(r.Context(), parsed, p.op)
	if err != nil {
		return nil, err
	}
	request, ok := found.(*authRequest)
	if !ok {
		return nil, oidc.ErrServerError()
	}
	if request.scopes, err = request.chosen(request.scopes, nil, resources(r)); err != nil {
		return nil, err
	}
	return op.CreateTokenResponse(r.Context(), request, client, p.op, true, parsed.Code, "")
}

func (p *Provider) exchangeRefresh(r *http.Request) (*oidc.AccessTokenResponse, error) {
	switch p.Settings().Refresh {
	case RefreshInvalidGrant:
		return nil, oidc.ErrInvalidGrant().WithDescription("refused on demand")
	case RefreshInteraction:
		return nil, oidc.ErrInteractionRequired().WithDescription("the user must be seen")
	case RefreshServerError:
		return nil, oidc.ErrServerError().WithDescription("failed on demand")
	case RefreshHang:
		p.count(func(c *Counters) { c.Token["refresh_token hang"]++ })
		select {
		case <-r.Context().Done():
		case <-p.done:
		}
		return nil, errSilent
	}
	parsed, err := op.ParseRefreshTokenRequest(r, p.op.Decoder())
	if err != nil {
		return nil, err
	}
	found, client, err := op.ValidateRefreshTokenRequest(r.Context(), parsed, p.op)
	if err != nil {
		return nil, err
	}
	request, ok := found.(*refreshRequest)
	if !ok {
		return nil, oidc.ErrServerError()
	}
	if request.current, err = request.chosen(request.current, parsed.Scopes, resources(r)); err != nil {
		return nil, err
	}
	return op.CreateTokenResponse(r.Context(), request, client, p.op, true, "", parsed.RefreshToken)
}

// resources are the APIs that the access token shall reach: RFC 8707, and the parameter that some providers have for it.
func resources(r *http.Request) []string {
	list := r.PostForm["resource"]
	if audience := r.PostForm.Get("audience"); audience != "" {
		list = append(list, audience)
	}
	return list
}

// userInfo answers GET and POST /userinfo.
func (p *Provider) userInfo(w http.ResponseWriter, r *http.Request) {
	raw, err := op.ParseUserinfoRequest(r, p.op.Decoder())
	if err == nil && raw == "" {
		err = errUnknown
	}
	var claims map[string]any
	if err == nil {
		claims, err = p.userOfToken(raw)
	}
	if err != nil {
		p.refused(r.Context(), "userinfo", err)
		p.count(func(c *Counters) { c.UserInfo["401"]++ })
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	p.count(func(c *Counters) { c.UserInfo["200"]++ })
	set := p.Settings()
	if !set.SignedUserInfo {
		delete(claims, "iss")
		delete(claims, "aud")
		set.Tampering.UserInfo.distort(claims, p.now())
		httphelper.MarshalJSON(w, claims)
		return
	}
	signed, err := p.sign("JWT", claims, set.Tampering.UserInfo)
	if err != nil {
		p.refused(r.Context(), "userinfo", err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/jwt")
	_, _ = io.WriteString(w, signed) // the client has gone
}

// userOfToken reads one of our access tokens and gives what UserInfo says for it, with iss and aud. The token's own
// audience may be any: all of them are the user's.
func (p *Provider) userOfToken(raw string) (map[string]any, error) {
	p.mu.Lock()
	if token, ok := p.opaque[raw]; ok {
		raw = token
	}
	p.mu.Unlock()
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, err
	}
	payload, err := jws.Verify(jose.JSONWebKeySet{Keys: p.keys.public()})
	if err != nil {
		return nil, err
	}
	var claims oidc.AccessTokenClaims
	if err := json.Unmarshal(payload, &claims); err != nil {
		return nil, err
	}
	user, ok := p.bySubject(claims.Subject)
	if typ, _ := jws.Signatures[0].Protected.ExtraHeaders[jose.HeaderType].(string); typ != "at+jwt" || claims.Issuer != p.issuerOf(claims.Subject) || !ok {
		return nil, errUnknown
	}
	if !p.now().Before(claims.GetExpiration()) {
		return nil, oidc.ErrExpired
	}
	content, err := json.Marshal(user.claims(claims.Scopes))
	if err != nil {
		return nil, err
	}
	all := map[string]any{"iss": claims.Issuer, "aud": []string{claims.ClientID}}
	return all, json.Unmarshal(content, &all)
}

// revoke answers POST /revoke (RFC 7009).
func (p *Provider) revoke(w http.ResponseWriter, r *http.Request) {
	if p.quirks.Spare {
		http.NotFound(w, r)
		return
	}
	status := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	op.Revoke(status, r, p.op)
	if status.status == http.StatusOK {
		p.count(func(c *Counters) { c.Revocations++ })
	}
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers the status.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
