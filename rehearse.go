package main

import (
	"errors"
	"log/slog"
	"strings"

	"vestibule.example/auth/memstore"
)

// rehearse makes everything that a start makes of the configuration, but for the listeners and the session store, and throws it
// away. So what is wrong with the files that it names, and with what belongs together, is told before anything serves, and all at
// once. It asks nobody. unasked are the APIs that nothing asks.
func rehearse(cfg Config) (unasked []string, err error) {
	watch := watching{log: slog.New(slog.DiscardHandler)}
	_, certificate := newCertificate(cfg.Server)
	_, redis := newRedisTLS(cfg.Session.Redis)
	_, collector := collectorOf(cfg.Observe.OTLP)
	faults := []error{certificate, redis, collector}

	store := memstore.New(memstore.Config{})
	apis := &upstream{}
	defer apis.close()
	service, err := newAuth(cfg, store, apis.ended, watch)
	faults = append(faults, err)
	if err == nil {
		var p parts
		p, err = newParts(cfg, service, apis, watch)
		unasked = p.unasked
		faults = append(faults, err, service.Close())
	}
	faults = append(faults, store.Close())
	found := asFaults(errors.Join(faults...))
	if len(found) == 0 {
		return unasked, nil
	}
	return nil, &configError{found}
}

// asFaults takes apart errors that begin with the key that mends them, to be shown like the faults of the configuration's text.
func asFaults(err error) (found []fault) {
	if err == nil {
		return nil
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok { // Joined errors alone: what one of them wraps is part of its text.
		for _, one := range several.Unwrap() {
			found = append(found, asFaults(one)...)
		}
		return found
	}
	key, rule, _ := strings.Cut(err.Error(), ": ")
	return []fault{{key: key, rule: strings.ReplaceAll(rule, "\n", "; ")}}
}
