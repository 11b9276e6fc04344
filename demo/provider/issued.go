package provider

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	httphelper "github.com/zitadel/oidc/v3/pkg/http"
)

// maxIssued bounds what Record keeps.
const maxIssued = 100_000

// Issued is a secret that a client and the provider share: what it was issued, or what it proved itself with.
type Issued struct {
	// Kind is access token, refresh token, ID token, logout token, code, state, nonce, verifier, client secret or client
	// assertion.
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

// ledger is what Record keeps. The provider's lock guards it.
type ledger struct {
	secrets map[Issued]bool // nil until Record
	dropped int
}

// Record begins to keep every secret, for whoever looks for them afterwards where they must not be. It is for tests; a
// demo keeps none unless asked.
func (p *Provider) Record() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ledger.secrets == nil {
		p.ledger.secrets = map[Issued]bool{}
	}
}

// Issued gives all secrets since Record, and how many more there were than are kept.
func (p *Provider) Issued() (all []Issued, dropped int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all = []Issued{}
	for secret := range p.ledger.secrets {
		all = append(all, secret)
	}
	slices.SortFunc(all, func(a, b Issued) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value)) })
	return all, p.ledger.dropped
}

// note keeps a secret if Record was called.
func (p *Provider) note(kind, value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	secret := Issued{kind, value}
	switch {
	case p.ledger.secrets == nil || value == "" || p.ledger.secrets[secret]:
	case len(p.ledger.secrets) >= maxIssued:
		p.ledger.dropped++
	default:
		p.ledger.secrets[secret] = true
	}
}

// noteProof keeps what a client proves itself and its request with. The form is parsed.
func (p *Provider) noteProof(r *http.Request) {
	p.note("verifier", r.PostForm.Get("code_verifier"))
	p.note("client assertion", r.PostForm.Get("client_assertion"))
	p.note("client secret", r.PostForm.Get("client_secret"))
	if _, password, ok := r.BasicAuth(); ok {
		if plain, err := url.QueryUnescape(password); err == nil {
			p.note("client secret", plain)
		}
	}
}

// getIssued answers GET /control/provider/issued.
func (p *Provider) getIssued(w http.ResponseWriter, _ *http.Request) {
	all, dropped := p.Issued()
	httphelper.MarshalJSON(w, map[string]any{"issued": all, "dropped": dropped})
}
