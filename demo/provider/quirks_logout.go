package provider

import (
	"net/http"
	"net/url"
	"slices"

	jose "github.com/go-jose/go-jose/v4"
)

// recognised gives an ID token of ours with the one issuer that the library knows as its own; anything else stays as it is.
func (p *Provider) recognised(raw string) string {
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return raw
	}
	if _, err := jws.Verify(jose.JSONWebKeySet{Keys: p.keys.public()}); err != nil {
		return raw
	}
	claims, err := draftClaims(raw)
	if err != nil {
		return raw
	}
	if subject, _ := claims["sub"].(string); claims["iss"] != p.issuerOf(subject) {
		return raw
	}
	claims["iss"] = p.issuer
	plain, err := p.sign("JWT", claims, Sound)
	if err != nil {
		return raw
	}
	return plain
}

// logoutReturnTo answers GET /v2/logout. The user is not asked, and the address to return to is compared without its query.
func (p *Provider) logoutReturnTo(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	client, known := p.clients[query.Get("client_id")]
	to, err := url.Parse(query.Get("returnTo"))
	if err == nil {
		bare := *to
		bare.RawQuery = ""
		known = known && slices.Contains(client.Client.PostLogoutRedirectURIs, bare.String())
	}
	if err != nil || !known {
		p.failPage(w, r, http.StatusBadRequest, "The address to return to is not on the list of Allowed Logout URLs.")
		return
	}
	if s, signedIn := p.sessionOf(r); signedIn {
		p.endAndGo(w, r, s, logout{to: to.String()})
		return
	}
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}

// frames gives the pages that the browser loads in frames when a session ends, so that its clients learn of it.
func (p *Provider) frames(s session) []string {
	if !p.quirks.FrontChannelAlone {
		return nil
	}
	p.mu.Lock() // Another tab's sign-in may add to the session's clients.
	defer p.mu.Unlock()
	var frames []string
	for id := range s.clients {
		if client := p.clients[id]; client != nil && client.FrontChannelLogoutURI != "" {
			frames = append(frames, client.FrontChannelLogoutURI+"?sid="+url.QueryEscape(s.sid))
		}
	}
	slices.Sort(frames)
	return frames
}

func origins(addresses []string) []string {
	all := make([]string, len(addresses))
	for i, address := range addresses {
		all[i] = origin(address)
	}
	return slices.Compact(all)
}
