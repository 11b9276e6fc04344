package provider

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// mint signs the library's drafts: the access token by RFC 9068, then the ID token with its hash, both as wrong as
// Tampering has them.
func (p *Provider) mint(draft *oidc.AccessTokenResponse, clientID string) error {
	set, now := p.Settings(), p.now()

	access, err := draftClaims(draft.AccessToken)
	if err != nil {
		return err
	}
	delete(access, "nbf")
	lifespan(access, now, set.AccessTokenTTL)
	if draft.AccessToken, err = p.signAccess(access); err != nil {
		return err
	}
	draft.ExpiresIn = uint64(set.AccessTokenTTL / time.Second)

	id, err := draftClaims(draft.IDToken)
	if err != nil {
		return err
	}
	delete(id, "client_id")
	// The library puts the APIs into the ID token's audience as well; it is for the client alone.
	id["aud"] = []string{clientID}
	id["at_hash"] = halfHash(draft.AccessToken)
	p.bend(id)
	lifespan(id, now, set.IDTokenTTL)
	draft.IDToken, err = p.sign("JWT", id, set.Tampering.IDToken)
	return err
}

// signAccess makes an access token, opaque where it is for UserInfo alone or references are wanted.
func (p *Provider) signAccess(claims map[string]any) (string, error) {
	subject, _ := claims["sub"].(string)
	audience, _ := claims["aud"].([]any)
	alone := len(audience) == 1 && audience[0] == p.issuer
	claims["iss"] = p.issuerOf(subject)
	if p.quirks.ByAudience && !alone {
		claims["aud"] = append(audience, p.issuer+"/userinfo")
	}
	token, err := p.sign("at+jwt", claims, p.Settings().Tampering.AccessToken)
	if err != nil || !p.quirks.ReferenceTokens && (!p.quirks.ByAudience || !alone) {
		return token, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	reference := random()
	p.opaque[reference] = token
	return reference, nil
}

// bend makes an ID token's claims those that the quirks have.
func (p *Provider) bend(id map[string]any) {
	subject, _ := id["sub"].(string)
	id["iss"] = p.issuerOf(subject)
	if tenant, ok := p.quirks.Tenants[subject]; ok {
		id["tid"], id["oid"], id["ver"] = tenant, "oid-"+subject, "2.0"
		sid, _ := id["sid"].(string)
		id["login_hint"] = loginHint(sid)
	}
	if p.quirks.Spare {
		for _, name := range []string{"at_hash", "acr", "amr", "auth_time"} {
			delete(id, name)
		}
	}
	if p.quirks.ClaimsAtUserInfo {
		for _, name := range []string{"name", "preferred_username", "email", "email_verified", "roles"} {
			delete(id, name)
		}
	}
}

// loginHint is the claim login_hint, which names a session to nobody else.
func loginHint(sid string) string { return "O." + halfHash(sid) }

func lifespan(claims map[string]any, now time.Time, ttl time.Duration) {
	claims["iat"] = now.Unix()
	claims["exp"] = now.Add(ttl).Unix()
}

// draftClaims are the claims of a token whose signature says nothing.
func draftClaims(token string) (map[string]any, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("provider: the draft has %d parts", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, fmt.Errorf("provider: draft: %w", err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		return nil, fmt.Errorf("provider: draft: %w", err)
	}
	return claims, nil
}

// halfHash is at_hash for RS256 (OpenID Connect Core 3.1.3.6).
func halfHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

// sign makes a JWT of claims, which it distorts as the fault says.
func (p *Provider) sign(typ string, claims map[string]any, fault Fault) (string, error) {
	fault.distort(claims, p.now())
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("provider: claims: %w", err)
	}
	k := p.keys.current()
	signing := jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: k.private, KeyID: k.id}}
	switch fault {
	case AlgNone:
		header, err := json.Marshal(map[string]string{"alg": "none", "typ": typ})
		if err != nil {
			return "", fmt.Errorf("provider: header: %w", err)
		}
		return base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload) + ".", nil
	case AlgHS256:
		der, err := x509.MarshalPKIXPublicKey(&k.private.PublicKey)
		if err != nil {
			return "", fmt.Errorf("provider: public key: %w", err)
		}
		shared := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		signing = jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: shared, KeyID: k.id}}
	case NoKeyID:
		signing.Key = k.private
	case UnknownKey:
		stray, err := p.keys.stray()
		if err != nil {
			return "", err
		}
		signing.Key = jose.JSONWebKey{Key: stray.private, KeyID: stray.id}
	}
	signer, err := jose.NewSigner(signing, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		return "", fmt.Errorf("provider: signer: %w", err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("provider: sign: %w", err)
	}
	if fault == BadSignature {
		jws.Signatures[0].Signature[0] ^= 1
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("provider: serialize: %w", err)
	}
	return token, nil
}
