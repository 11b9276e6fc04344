package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"vestibule.example/auth/rp"
)

// discovered is what the doctor reads of a discovery document.
type discovered struct {
	Issuer       string   `json:"issuer"`
	Scopes       []string `json:"scopes_supported"`
	Algorithms   []string `json:"id_token_signing_alg_values_supported"`
	EndSession   string   `json:"end_session_endpoint"`
	Revocation   string   `json:"revocation_endpoint"`
	BackChannel  bool     `json:"backchannel_logout_supported"`
	FrontChannel bool     `json:"frontchannel_logout_supported"`
}

// examineProvider asks the provider what a login would ask it, without a user.
func examineProvider(ctx context.Context, cfg Config, provider *rp.Provider) []finding {
	id := cfg.Identity
	transport := newTransport()
	defer transport.CloseIdleConnections()
	document, answer, wrong := readDiscovery(ctx, transport, provider.Issuer())
	if len(wrong) > 0 {
		return wrong
	}
	found := answer.clock("identity.issuer", id.Leeway)
	if err := provider.Ready(ctx); err != nil {
		return append(found, whyNotReady(err, provider.Issuer(), document))
	}
	found = append(found, finding{"identity.issuer", fine, "discovery and keys are in order", ""})
	found = append(found, examineRedirect(ctx, transport, provider)...)
	found = append(found, examineClient(ctx, provider, id))
	found = append(found, examineRefresh(id, document)...)
	found = append(found, examineAlgorithms(id, document)...)
	return append(found, examineLogout(ctx, provider, id, document)...)
}

// readDiscovery fetches the discovery document as it is. Where there is none, the findings say why, and the document is nil.
func readDiscovery(ctx context.Context, transport http.RoundTripper, issuer string) (*discovered, *reply, []finding) {
	const about = "identity.issuer"
	address := strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, []finding{{about, faulty, err.Error(), ""}}
	}
	answer, err := question(ctx, transport, req)
	if err != nil {
		says, mend := unreachable(err, systemAuthorities)
		return nil, nil, []finding{{about, faulty, address + " cannot be reached: " + says, mend}}
	}
	if answer.status != http.StatusOK {
		return nil, nil, []finding{{about, faulty, fmt.Sprintf("%s answered %d", address, answer.status),
			"the issuer is not all of it, or too much: of Keycloak it ends in /realms/REALM, of Okta often in /oauth2/default, of Entra ID in /TENANT-ID/v2.0"}}
	}
	var document discovered
	if err := json.Unmarshal(answer.body, &document); err != nil {
		media, _, _ := mime.ParseMediaType(answer.header.Get("Content-Type"))
		says := address + " is no JSON"
		if media == "text/html" || bytes.HasPrefix(bytes.TrimSpace(answer.body), []byte("<")) {
			says = address + " is a web page, not a discovery document"
		}
		return nil, nil, []finding{{about, faulty, says, "something else answers there, such as a proxy's sign-in page; the issuer may lack a path"}}
	}
	return &document, answer, nil
}

// whyNotReady explains why the provider's client refuses what it read: the discovery document, or the keys.
func whyNotReady(err error, issuer string, document *discovered) finding {
	const about = "identity.issuer"
	named := document.Issuer
	says := fmt.Sprintf("the provider calls itself %.200q, the configuration %q", named, issuer)
	switch {
	case !errors.Is(err, rp.ErrInvalidAnswer) || named == issuer:
		if strings.Contains(err.Error(), "discovery") {
			return finding{about, faulty, err.Error(), "the provider's discovery document must be mended"}
		}
		return finding{about, faulty, "its keys (jwks_uri) cannot be had: " + err.Error(), "the address that its discovery document names must be reachable from here too, and answer with a key set"}
	case strings.TrimSuffix(named, "/") == strings.TrimSuffix(issuer, "/"):
		return finding{about, faulty, says, "write it with the slash at its end just as the provider has it: " + named}
	case strings.Contains(named, "{tenantid}"):
		return finding{about, faulty, says, "set identity.provider: entra, and identity.tenants to those who may sign in"}
	}
	return finding{about, faulty, says, "write " + named + " if that is the provider you mean. If it has another name inside your network than outside, give it one for both (Keycloak: KC_HOSTNAME)"}
}

// examineRedirect asks for a login without a user (prompt=none): a provider that knows the client and its redirect URI answers with a
// redirect to that, and shows an error page otherwise.
func examineRedirect(ctx context.Context, transport http.RoundTripper, provider *rp.Provider) []finding {
	const about = "identity.client_id"
	address, err := provider.AuthorizationURL(ctx, rp.AuthRequest{
		State: rand.Text(), Nonce: rand.Text(), Verifier: rand.Text() + rand.Text(), Params: url.Values{"prompt": {"none"}},
	})
	if err != nil {
		return []finding{{about, faulty, "the authorization request could not be made: " + err.Error(), "of pushed requests see identity.par; the client's secret or key may be wrong"}}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return []finding{{about, faulty, err.Error(), ""}}
	}
	req.Header.Set("Accept", "text/html")
	answer, err := question(ctx, transport, req)
	if err != nil {
		says, mend := unreachable(err, systemAuthorities)
		return []finding{{about, faulty, "the authorization endpoint cannot be reached: " + says, mend}}
	}
	to, err := url.Parse(answer.header.Get("Location"))
	if err != nil || answer.status/100 != 3 || to.String() == "" {
		return []finding{{about, faulty, fmt.Sprintf("the provider answered a login with a page of its own (%d)", answer.status),
			"register the redirect URI " + provider.RedirectURI() + " for this client, letter by letter; or the client id is not known there"}}
	}
	if !strings.HasPrefix(to.String(), provider.RedirectURI()+"?") && to.String() != provider.RedirectURI() {
		return []finding{{about, note, "the provider leads to " + to.Host + to.Path + ", so nothing can be said of the redirect URI", "sign in once"}}
	}
	return []finding{loginAnswer(about, to.Query())}
}

// loginAnswer judges the authorization response to a login without a user.
func loginAnswer(about string, response url.Values) finding {
	code, description := response.Get("error"), response.Get("error_description")
	if description != "" {
		description = fmt.Sprintf(" (%.200q)", description)
	}
	switch code {
	case "login_required", "interaction_required", "consent_required", "account_selection_required":
		return finding{about, fine, "the provider knows the client and its redirect URI", ""}
	case "invalid_scope":
		return finding{"identity.scopes", faulty, "the provider refuses a scope" + description, "allow the scopes for this client there, or leave them out"}
	case "invalid_target":
		return finding{"identity.resources", faulty, "the provider refuses a resource" + description, "register the APIs there under these names"}
	case "unauthorized_client", "unsupported_response_type":
		return finding{about, faulty, "the client may not use the code flow: " + code + description, "allow it the authorization code grant"}
	case "access_denied":
		return finding{"identity.authorization_params", faulty, "the provider refuses the login" + description, "the audience (identity.audience) may not be one of its APIs, or this client may not ask for it"}
	}
	return finding{about, note, fmt.Sprintf("the provider answered a login of nobody with %.60q%s", code, description), "prompt=none may not be known there; sign in once"}
}

// examineClient exchanges a code that was never issued: a provider that takes the client's authentication objects to the code alone.
func examineClient(ctx context.Context, provider *rp.Provider, id IdentityConfig) finding {
	const about = "identity.auth_method"
	_, err := provider.Exchange(ctx, rp.ExchangeRequest{Code: rand.Text(), Nonce: rand.Text(), Verifier: rand.Text() + rand.Text()})
	var refused *rp.TokenError
	if !errors.As(err, &refused) {
		return finding{about, faulty, "the token endpoint gave no answer that can be used: " + fmt.Sprint(err), "it must answer in JSON, see identity.issuer"}
	}
	switch {
	case refused.Code == "invalid_grant":
		return finding{about, fine, "the provider takes the client's authentication, " + id.AuthMethod, ""}
	case refused.Code == "invalid_client" || refused.Status == http.StatusUnauthorized || refused.Code == "unauthorized_client":
		return finding{about, faulty, refused.Error() + describe(refused), "the secret or key is not that of this client, or the client is registered for another way than " + id.AuthMethod}
	case refused.Temporary():
		return finding{about, faulty, refused.Error() + describe(refused), "the provider has trouble of its own; try later"}
	}
	return finding{about, note, "nothing can be said: " + refused.Error() + describe(refused), "sign in once"}
}

// describe shows what the provider says in words beside its error's code.
func describe(e *rp.TokenError) string {
	if e.Description == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", e.Description)
}

// examineRefresh looks at what it takes to be given a refresh token.
func examineRefresh(id IdentityConfig, document *discovered) []finding {
	const about, scope = "identity.scopes", "offline_access"
	profile, _ := rp.ProfileOf(id.Provider)
	asked := slices.Contains(id.Scopes, scope)
	switch {
	case !asked && slices.Contains(profile.Scopes, scope):
		return []finding{{about, faulty, scope + " is missing, so there is no refresh token: people sign in again whenever an access token ends", "add " + scope}}
	case asked && len(document.Scopes) > 0 && !slices.Contains(document.Scopes, scope):
		return []finding{{about, note, "the provider does not list " + scope + " among its scopes", "if nobody gets a refresh token: identity.provider may name it, or another setting asks for one there"}}
	}
	return nil
}

// examineAlgorithms looks for an algorithm that the provider signs ID tokens with and that is allowed.
func examineAlgorithms(id IdentityConfig, document *discovered) []finding {
	allowed := func(alg string) bool { return slices.Contains(id.IDTokenAlgs, alg) }
	if len(document.Algorithms) == 0 || slices.ContainsFunc(document.Algorithms, allowed) {
		return nil
	}
	return []finding{{"identity.id_token_algs", faulty, "the provider signs with " + strings.Join(document.Algorithms, ", ") + ", none of which is allowed", "have it sign with RS256 or ES256"}}
}

// examineLogout looks at how far a sign-out reaches, here and at the provider.
func examineLogout(ctx context.Context, provider *rp.Provider, id IdentityConfig, document *discovered) []finding {
	var found []finding
	if _, err := provider.EndSessionURL(ctx, rp.EndSession{}); errors.Is(err, rp.ErrNoEndSession) {
		found = append(found, finding{"identity.provider", note, "the provider has no end-session endpoint: a sign-out ends the session here, and the next sign-in may ask nobody anything", "Auth0 and Cognito have another way out, which their profiles know"})
	}
	switch {
	case document.BackChannel:
		found = append(found, finding{"identity.issuer", note, "the provider can end sessions here by back-channel logout, if it has the address", "register " + strings.TrimSuffix(provider.RedirectURI(), "callback") + "backchannel-logout"})
	case id.Frontchannel:
	case document.FrontChannel:
		found = append(found, finding{"identity.frontchannel_logout", note, "the provider has front-channel logout alone, and it is off here: a sign-out elsewhere leaves sessions here", "true, and register " + strings.TrimSuffix(provider.RedirectURI(), "callback") + "frontchannel-logout"})
	default:
		found = append(found, finding{"identity.issuer", note, "the provider does not say that it can end sessions here", "session.lifetime bounds them"})
	}
	if document.Revocation == "" {
		found = append(found, finding{"identity.issuer", note, "the provider has no revocation endpoint: refresh tokens of those who signed out live on there", ""})
	}
	return found
}
