package provider

import (
	"maps"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// The authentication context classes.
const (
	ACRPassword = "urn:demo:pwd"
	// ACRMultiFactor is asked for by acr_values and takes Code as a second step.
	ACRMultiFactor = "urn:demo:mfa"
	// Code is the second factor of every user. The login page says it.
	Code = "123456"
)

// grant is what a login gave to a client. It is not changed once it is there.
type grant struct {
	client   string
	subject  string
	scopes   []string // granted
	sid      string
	authTime time.Time
	acr      string
	amr      []string
	issuer   string
	audience string // asked for at login, where that chooses the API
	quirks   Quirks
	apis     map[string]string // API scope → audience
}

// GetAMR is the amr claim.
func (g grant) GetAMR() []string { return g.amr }

// GetAuthTime is when the user last proved who she is.
func (g grant) GetAuthTime() time.Time { return g.authTime }

// GetClientID is the client that has the grant.
func (g grant) GetClientID() string { return g.client }

// GetSubject is the user's sub.
func (g grant) GetSubject() string { return g.subject }

// audiences are the APIs that scopes reach, or this provider (userinfo) when there are none.
func (g grant) audiences(scopes []string) []string {
	set := map[string]bool{}
	for _, scope := range scopes {
		if audience := g.apis[scope]; audience != "" {
			set[audience] = true
		}
	}
	if len(set) == 0 {
		return []string{g.issuer}
	}
	return slices.Sorted(maps.Keys(set))
}

// first keeps of scopes those of OpenID Connect and those of the first API among them.
func (g grant) first(scopes []string) []string {
	for _, scope := range scopes {
		if audience := g.apis[scope]; audience != "" {
			return g.of(scopes, []string{audience})
		}
	}
	return scopes
}

// of keeps of scopes those of OpenID Connect and those of the APIs.
func (g grant) of(scopes, audiences []string) []string {
	return slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool {
		audience := g.apis[scope]
		return audience != "" && !slices.Contains(audiences, audience)
	})
}

// chosen keeps of scopes those of the one access token that a token request asks for: with named scopes, and resources. The quirks
// decide how.
func (g grant) chosen(scopes, named []string, resources []string) ([]string, error) {
	switch {
	case g.quirks.OneResource && len(resources) > 1:
		return nil, oidc.ErrInvalidTarget().WithDescription("more than one resource")
	case g.quirks.ByAudience && len(resources) == 0:
		return g.of(scopes, []string{g.audience}), nil
	case g.quirks.OneAPI && len(named) > 0 && len(g.audiences(named)) > 1:
		return nil, oidc.ErrInvalidScope().WithDescription("AADSTS28000: the scope has more than one resource")
	case g.quirks.OneAPI:
		return g.first(scopes), nil
	}
	return g.narrow(scopes, resources)
}

// narrow keeps of scopes those of OpenID Connect and those of the resources asked for (RFC 8707 §2.2).
func (g grant) narrow(scopes, resources []string) ([]string, error) {
	if len(resources) == 0 {
		return scopes, nil
	}
	reached := g.audiences(scopes)
	for _, resource := range resources {
		if !slices.Contains(reached, resource) {
			return nil, oidc.ErrInvalidTarget().WithDescription("a resource was asked for that was not granted")
		}
	}
	return g.of(scopes, resources), nil
}

// authRequest is an authorization request, from /authorize until its code is exchanged. Those in the provider's map are
// changed under its lock; the library gets copies.
type authRequest struct {
	grant
	id      string
	asked   oidc.AuthRequest
	hint    string // the sub of id_token_hint
	browser string // who began it
	created time.Time
	// proven is the user whose password was right; the code may still be missing.
	proven   string
	done     bool
	issued   time.Time // of the code
	family   string    // of refresh tokens, once there is one
	replayed bool      // the code came a second time
	// stored is, in a copy, the request it was copied from.
	stored *authRequest
}

var _ op.AuthRequest = (*authRequest)(nil)

// wantsMFA tells whether the client asked for two factors.
func (a *authRequest) wantsMFA() bool { return slices.Contains(a.asked.ACRValues, ACRMultiFactor) }

// GetID is the request's id.
func (a *authRequest) GetID() string { return a.id }

// GetACR is the class reached.
func (a *authRequest) GetACR() string { return a.acr }

// GetAudience is that of the access token.
func (a *authRequest) GetAudience() []string { return a.audiences(a.scopes) }

// GetCodeChallenge is there for every request: /authorize saw to it.
func (a *authRequest) GetCodeChallenge() *oidc.CodeChallenge {
	return &oidc.CodeChallenge{Challenge: a.asked.CodeChallenge, Method: a.asked.CodeChallengeMethod}
}

// GetNonce is the nonce asked for.
func (a *authRequest) GetNonce() string { return a.asked.Nonce }

// GetRedirectURI was compared with those registered.
func (a *authRequest) GetRedirectURI() string { return a.asked.RedirectURI }

// GetResponseType is code.
func (a *authRequest) GetResponseType() oidc.ResponseType { return a.asked.ResponseType }

// GetResponseMode is query, form_post or empty.
func (a *authRequest) GetResponseMode() oidc.ResponseMode { return a.asked.ResponseMode }

// GetScopes are those granted.
func (a *authRequest) GetScopes() []string { return a.scopes }

// GetState is the state asked for.
func (a *authRequest) GetState() string { return a.asked.State }

// Done tells that the user has signed in.
func (a *authRequest) Done() bool { return a.done }

// refreshRequest is a refresh with a token that was good when it was looked up.
type refreshRequest struct {
	grant
	token   string
	current []string // the scopes of this one access token
}

var _ op.RefreshTokenRequest = (*refreshRequest)(nil)

// GetAudience is that of the access token.
func (r *refreshRequest) GetAudience() []string { return r.audiences(r.current) }

// GetScopes are those granted, or those SetCurrentScopes chose of them.
func (r *refreshRequest) GetScopes() []string { return r.current }

// SetCurrentScopes narrows this access token; the grant stays as it is (RFC 6749 §6).
func (r *refreshRequest) SetCurrentScopes(scopes []string) { r.current = scopes }

// family is a grant's refresh tokens: one current, those before it spent.
type family struct {
	grant
	id      string
	current string
	dead    bool
	used    time.Time
	// rotations counts the tokens that were given for another.
	rotations int
}

const (
	requestLife = 10 * time.Minute
	codeLife    = time.Minute
	// familyLife is how long a refresh token lives unused, and a session.
	familyLife = 24 * time.Hour
)
