package rp

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
	"github.com/go-jose/go-jose/v4/jwt"
)

// assertionLifetime of a client assertion. It is used at once, and once.
const assertionLifetime = 60 * time.Second

// authenticate adds the client's authentication to a request to an endpoint that will carry form.
func (p *Provider) authenticate(endpoint string, header http.Header, form url.Values) error {
	switch p.cfg.AuthMethod {
	case AuthPrivateKeyJWT:
		now := p.cfg.Now()
		// The issuer as one string, at every endpoint: an assertion made for an endpoint could be used at another
		// provider by whoever has us talk to both (update of RFC 9700, section 2.1).
		audience := p.cfg.Issuer
		if p.profile.audienceIsEndpoint {
			audience = endpoint
		}
		assertion, err := p.sign(map[string]any{
			"iss": p.cfg.ClientID,
			"sub": p.cfg.ClientID,
			"aud": audience,
			"jti": rand.Text(),
			"iat": now.Unix(),
			"exp": now.Add(assertionLifetime).Unix(),
		})
		if err != nil {
			return fmt.Errorf("rp: signing the client assertion: %w", err)
		}
		form.Set("client_id", p.cfg.ClientID)
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion)
	case AuthPost:
		form.Set("client_id", p.cfg.ClientID)
		form.Set("client_secret", p.cfg.ClientSecret.Reveal())
	default:
		// RFC 6749 2.3.1: form encoding first, so that a colon or percent sign survives.
		pair := url.QueryEscape(p.cfg.ClientID) + ":" + url.QueryEscape(p.cfg.ClientSecret.Reveal())
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	return nil
}

// assertionSigner makes the function that signs client assertions, nil for other methods.
func (c *Config) assertionSigner(profile Profile) (func(map[string]any) (string, error), error) {
	if c.AuthMethod != AuthPrivateKeyJWT {
		return nil, nil
	}
	wanted, name := c.PrivateKeyAlg, jose.HeaderKey("kid")
	if profile.audienceIsEndpoint {
		wanted, name = cmp.Or(wanted, string(jose.PS256)), "x5t#S256"
	}
	alg, err := signingAlg(c.PrivateKey, wanted)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: cryptosigner.Opaque(c.PrivateKey)},
		(&jose.SignerOptions{}).WithType("JWT").WithHeader(name, c.PrivateKeyID))
	return func(claims map[string]any) (string, error) { return jwt.Signed(signer).Claims(claims).Serialize() }, err
}

// signingAlg follows from the key; only an RSA key leaves a choice.
func signingAlg(key crypto.Signer, wanted string) (jose.SignatureAlgorithm, error) {
	if key == nil {
		return "", &Fault{"PrivateKey", "is required for private_key_jwt"}
	}
	var alg jose.SignatureAlgorithm
	switch public := key.Public().(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() < minRSABits {
			return "", &Fault{"PrivateKey", fmt.Sprintf("must have at least %d bits if it is RSA's, and has %d", minRSABits, public.N.BitLen())}
		}
		if wanted == string(jose.PS256) {
			return jose.PS256, nil
		}
		alg = jose.RS256
	case *ecdsa.PublicKey:
		switch public.Curve {
		case elliptic.P256():
			alg = jose.ES256
		case elliptic.P384():
			alg = jose.ES384
		case elliptic.P521():
			alg = jose.ES512
		}
	case ed25519.PublicKey:
		alg = jose.EdDSA
	}
	if alg == "" {
		return "", &Fault{"PrivateKey", "must be RSA, ECDSA on P-256, P-384 or P-521, or Ed25519"}
	}
	if wanted != "" && wanted != string(alg) {
		return "", &Fault{"PrivateKeyAlg", fmt.Sprintf("%q does not fit the key, which signs with %s", wanted, alg)}
	}
	return alg, nil
}
