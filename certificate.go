package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/url"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
)

// certificate is the public listener's, which can be replaced while connections use it. It is safe for concurrent use.
type certificate struct {
	held atomic.Pointer[tls.Certificate]
}

// newCertificate reads the configured files; nil where TLS ends in front of the gateway.
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

// settings gives each new connection the certificate that is held then.
func (c *certificate) settings() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.held.Load(), nil },
	}
}

// measure publishes when the certificate ends, as a metric.
func (c *certificate) measure(meters metric.MeterProvider) error {
	_, err := meters.Meter("vestibule.example").Int64ObservableGauge("vestibule.certificate.end.time", metric.WithUnit("s"),
		metric.WithDescription("When the public listener's certificate ends, in seconds since 1970."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(c.held.Load().Leaf.NotAfter.Unix())
			return nil
		}))
	return err
}

// inspect logs when the certificate ends, and warns of one that browsers will refuse at the public URL.
func (c *certificate) inspect(ctx context.Context, public *url.URL, log *slog.Logger) {
	leaf := c.held.Load().Leaf
	if why := refused(leaf, public.Hostname(), time.Now()); why != "" {
		log.WarnContext(ctx, "browsers will refuse the certificate of server.tls_cert_file", "reason", why)
		return
	}
	log.InfoContext(ctx, "the public listener has its certificate", "until", instant(leaf.NotAfter))
}

// refused tells why browsers will refuse a certificate, by what it says itself: whether they trust who signed it is not looked at.
// Empty if they will not.
func refused(leaf *x509.Certificate, host string, now time.Time) string {
	switch {
	case now.After(leaf.NotAfter):
		return "it ended at " + instant(leaf.NotAfter)
	case now.Before(leaf.NotBefore):
		return "it begins at " + instant(leaf.NotBefore)
	}
	if err := leaf.VerifyHostname(host); err != nil {
		return err.Error()
	}
	return ""
}
