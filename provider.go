package main

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"vestibule.example/auth/rp"
)

// newProvider makes the client of the configured provider.
func newProvider(cfg Config, log *slog.Logger) (*rp.Provider, error) {
	key, err := readPrivateKey(cfg.Identity.PrivateKeyFile)
	if err != nil {
		return nil, err
	}
	client := providerConfig(cfg)
	client.PrivateKey, client.Logger, client.HTTPClient = key, log, &http.Client{Transport: newTransport()}
	provider, err := rp.New(client)
	var refused *rp.Fault
	if errors.As(err, &refused) { // Of the key: the check of the configuration has found all others.
		return nil, fmt.Errorf("%s: %w", identityKey(refused.Field), err)
	}
	return provider, err
}

// providerConfig is the configured client as rp takes it, without what is read or made for it.
func providerConfig(cfg Config) rp.Config {
	id, public := cfg.Identity, cfg.Server.PublicURL
	par, mode := id.PAR, id.ResponseMode
	if par == auto {
		par = rp.PARWhenRequired
	}
	if mode == "query" {
		mode = ""
	}
	return rp.Config{
		Profile: id.Provider, Tenants: id.Tenants, Audience: id.Audience, FederatedLogout: id.FederatedLogout,
		Issuer: id.Issuer, ClientID: id.ClientID, ClientSecret: id.ClientSecret, AuthMethod: id.AuthMethod, PrivateKeyID: id.PrivateKeyID,
		RedirectURI: public + "/auth/callback", PostLogoutRedirectURI: public + "/auth/logged-out",
		Scopes: id.Scopes, Resources: id.Resources, AuthParams: id.AuthParams, ResponseMode: mode, PAR: par,
		IDTokenAlgs: id.IDTokenAlgs, TrustedAudiences: id.TrustedAudiences, Leeway: id.Leeway, UserInfo: id.UserInfo == "true", LogoutTokenWithoutExp: id.WithoutExp,
	}
}

// identityKey is the key of the configuration that a field of [rp.Config] comes from.
func identityKey(field string) string {
	return map[string]string{
		"Profile": "identity.provider", "Issuer": "identity.issuer", "Tenants": "identity.tenants", "FederatedLogout": "identity.federated_logout",
		"ClientID": "identity.client_id", "ClientSecret": "identity.client_secret", "AuthMethod": "identity.auth_method",
		"PrivateKey": "identity.private_key_file", "PrivateKeyAlg": "identity.private_key_file", "PrivateKeyID": "identity.private_key_id",
		"RedirectURI": "server.public_url", "PostLogoutRedirectURI": "server.public_url",
		"Scopes": "identity.scopes", "Resources": "identity.resources", "AuthParams": "identity.authorization_params",
		"ResponseMode": "identity.response_mode", "PAR": "identity.par", "IDTokenAlgs": "identity.id_token_algs", "Leeway": "identity.leeway",
	}[field]
}

// maxKeyFile bounds a private key's file, in bytes.
const maxKeyFile = 64 << 10

var errPrivateKey = errors.New("want a PEM file with one PKCS #8 private key; openssl pkcs8 -topk8 -nocrypt makes one of another form")

// readPrivateKey reads the key for private_key_jwt; nil where no file is configured.
func readPrivateKey(name string) (crypto.Signer, error) {
	if name == "" {
		return nil, nil
	}
	text, err := readFile(name, maxKeyFile)
	if err != nil {
		return nil, fmt.Errorf("identity.private_key_file: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("identity.private_key_file: %w", errPrivateKey)
	}
	key, _ := x509.ParsePKCS8PrivateKey(block.Bytes)
	signer, ok := key.(crypto.Signer)
	if !ok { // What is no key, or a key that signs nothing.
		return nil, fmt.Errorf("identity.private_key_file: %w", errPrivateKey)
	}
	return signer, nil
}
