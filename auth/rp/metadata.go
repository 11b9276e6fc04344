package rp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	josejson "github.com/go-jose/go-jose/v4/json"
)

// metadata is what we use of the provider's discovery document (OpenID Connect Discovery 3, RFC 8414).
type metadata struct {
	Issuer        string `json:"issuer"`
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`
	JWKS          string `json:"jwks_uri"`
	UserInfo      string `json:"userinfo_endpoint"`
	Revocation    string `json:"revocation_endpoint"`
	EndSession    string `json:"end_session_endpoint"`
	PAR           string `json:"pushed_authorization_request_endpoint"`
	RequirePAR    bool   `json:"require_pushed_authorization_requests"`
	ResponseIss   bool   `json:"authorization_response_iss_parameter_supported"`
}

// Ready reports whether metadata and keys are at hand, fetching them if they are not.
func (p *Provider) Ready(ctx context.Context) error {
	_, _, err := p.keys.get(ctx)
	return err
}

func (p *Provider) metadata(ctx context.Context) (*metadata, error) {
	md, _, err := p.meta.get(ctx)
	return md, err
}

func (p *Provider) fetchMetadata(ctx context.Context) (*metadata, error) {
	// Discovery 4.1: a terminating slash of the issuer is removed before the path is appended.
	address := strings.TrimSuffix(p.cfg.Issuer, "/") + "/.well-known/openid-configuration"
	body, err := p.getJSON(ctx, "discovery", address)
	if err != nil {
		return nil, err
	}
	var md metadata
	if err := josejson.Unmarshal(body, &md); err != nil {
		return nil, fmt.Errorf("%w: discovery: %s is no JSON document; see identity.issuer: %w", ErrInvalidAnswer, address, err)
	}
	if !p.profile.discovered(&p.cfg, md.Issuer) { // Discovery 4.3
		return nil, fmt.Errorf("%w: discovery: issuer is %.200q, configured is %q; see identity.issuer", ErrInvalidAnswer, md.Issuer, p.cfg.Issuer)
	}
	if err := p.checkEndpoints(&md); err != nil {
		return nil, fmt.Errorf("%w: discovery: %w", ErrInvalidAnswer, err)
	}
	return &md, nil
}

// getJSON fetches a public document of the provider.
func (p *Provider) getJSON(ctx context.Context, what, address string) ([]byte, error) {
	a, err := p.do(ctx, http.MethodGet, address, http.Header{"Accept": {"application/json"}}, "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if a.status != http.StatusOK {
		return nil, fmt.Errorf("%w: %s answered %d; see identity.issuer", ErrProviderUnavailable, what, a.status)
	}
	return a.body, nil
}

func (p *Provider) checkEndpoints(md *metadata) error {
	plain := strings.HasPrefix(p.cfg.Issuer, "http:")
	var faults []error
	for _, e := range []struct {
		name, address string
		required      bool
	}{
		{"authorization_endpoint", md.Authorization, true},
		{"token_endpoint", md.Token, true},
		{"jwks_uri", md.JWKS, true},
		{"userinfo_endpoint", md.UserInfo, p.cfg.UserInfo},
		{"pushed_authorization_request_endpoint", md.PAR, p.cfg.PAR == PARAlways},
		{"revocation_endpoint", md.Revocation, false},
		{"end_session_endpoint", md.EndSession, false},
	} {
		if e.address == "" && !e.required {
			continue
		}
		if err := checkAddress(e.address, plain); err != nil {
			faults = append(faults, fmt.Errorf("%s %w", e.name, err))
		}
	}
	return errors.Join(faults...)
}

// checkAddress accepts https, and where loopback is set http on a loopback host as well: in development nothing
// leaves the machine, and anywhere else a plain endpoint would get our secrets (RFC 9700 2.6).
func checkAddress(address string, loopback bool) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return errors.New("is not a URL")
	case u.Hostname() == "":
		return errors.New("is not an absolute URL")
	case u.User != nil:
		return errors.New("must not hold credentials")
	case strings.Contains(address, "#"):
		return errors.New("must not have a fragment")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && loopback && isLoopback(u.Hostname()):
		return nil
	}
	return errors.New("must be https (http only on a loopback host, for development)")
}

// isLoopback tells whether a host is a loopback address, localhost or a name below it: those never leave the machine (RFC 6761 §6.3).
func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
