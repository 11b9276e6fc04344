package main

import (
	"crypto/tls"
	"fmt"
	"sync/atomic"
)

// certificate is the public listener's, which can be replaced while it is served with.
type certificate struct {
	held atomic.Pointer[tls.Certificate]
}

// newCertificate reads the configured files; nil where TLS ends in front.
func newCertificate(cfg ServerConfig) (*certificate, error) {
	if cfg.TLSCertFile == "" {
		return nil, nil
	}
	pair, err := readCertificate(cfg)
	if err != nil {
		return nil, err
	}
	c := &certificate{}
	c.held.Store(pair)
	return c, nil
}

func readCertificate(cfg ServerConfig) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(cfg.TLSCertFile, cfg.TLSKeyFile)
	if err != nil {
		return nil, fmt.Errorf("server.tls_cert_file, server.tls_key_file: %w", err)
	}
	return &pair, nil
}

// settings gives each new connection the certificate as it is.
func (c *certificate) settings() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.held.Load(), nil },
	}
}
