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
	told := asFaults(errors.Join(faults...))
	if len(told) == 0 {
		return unasked, nil
	}
	return nil, &configError{told}
}

// asFaults shows errors, which begin with the key that mends them, as those of the configuration's text are shown.
func asFaults(err error) (told []fault) {
	if err == nil {
		return nil
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok { // Its parts, not what they wrap.
		for _, one := range several.Unwrap() {
			told = append(told, asFaults(one)...)
		}
		return told
	}
	key, rule, _ := strings.Cut(err.Error(), ": ")
	return []fault{{key: key, rule: strings.ReplaceAll(rule, "\n", "; ")}}
}
