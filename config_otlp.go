package main

import (
	"net/url"
	"time"
)

func (l *loader) checkOTLP(cfg OTLPConfig) {
	const key, example = "observe.otlp.endpoint", "http://collector.internal:4318"
	if cfg.Endpoint == "" {
		if !cfg.Authorization.IsZero() || len(cfg.Headers) > 0 {
			l.fault(key, "", "headers are for a collector, and none is named", example)
		}
		return
	}
	u, err := url.Parse(cfg.Endpoint)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" {
		l.fault(key, cfg.Endpoint, "want http or https, a host, and perhaps a path", example)
	} else if u.Scheme == "http" && !cfg.Authorization.IsZero() && !isLoopbackHost(u.Hostname()) {
		l.fault("observe.otlp.authorization", "", "over http it would travel in the clear", "")
	}
	l.count("observe.otlp.share", cfg.Share, 0, 100)
	if cfg.Interval != 0 {
		l.between("observe.otlp.interval", cfg.Interval, time.Second, time.Hour)
	}
}
