package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
)

// maxAuthorities bounds a file of certificate authorities, in bytes.
const maxAuthorities = 8 << 20

// newClientTLS reads private authorities and this client's certificate; either may be left out. prefix is what the keys of the
// configuration begin with, for errors.
func newClientTLS(prefix string, cfg ClientTLSConfig) (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: cfg.ServerName}
	if cfg.CAFile != "" {
		text, err := readFile(cfg.CAFile, maxAuthorities)
		if err != nil {
			return nil, fmt.Errorf("%sca_file: %w", prefix, err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%sca_file: no certificate (PEM) in %s", prefix, cfg.CAFile)
		}
	}
	if cfg.CertFile == "" {
		return out, nil
	}
	read := func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(cfg.CertFile, cfg.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("%scert_file: %w", prefix, err)
		}
		return &pair, nil
	}
	if _, err := read(); err != nil {
		return nil, err
	}
	// Read anew for each connection: certificates of workloads are renewed in place, every few hours.
	out.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return read() }
	return out, nil
}
