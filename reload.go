package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"

	"vestibule.example/auth"
)

// reloader reads the configuration again and takes what can be replaced while requests run: the session keys, and the public
// listener's certificate, even from other files. What else has changed is named in the log, and waits for a restart.
type reloader struct {
	load        func() (Config, error)
	current     Config
	service     *auth.Service
	certificate *certificate // nil where TLS ends in front
	log         *slog.Logger
}

// start reloads at each signal until stop is called, which waits for a reload under way.
func (r *reloader) start(ctx context.Context, signals <-chan os.Signal) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	following.Go(func() { r.follow(ctx, signals) })
	return func() {
		cancel()
		following.Wait()
	}
}

func (r *reloader) follow(ctx context.Context, signals <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
		}
		if err := r.reload(ctx); err != nil {
			r.log.ErrorContext(ctx, "the configuration was not reloaded; everything stays as it was", "error", err)
		}
	}
}

// reload takes everything new that it can, or nothing where anything is wrong.
func (r *reloader) reload(ctx context.Context) error {
	next, err := r.load()
	if err != nil {
		return err
	}
	if (next.Server.TLSCertFile == "") != (r.certificate == nil) {
		return errors.New("server.tls_cert_file: whether the public listener speaks TLS is decided at the start")
	}
	var pair *tls.Certificate
	if r.certificate != nil {
		if pair, err = readCertificate(next.Server); err != nil {
			return err
		}
	}
	if err := r.service.SetKeys(sessionKeys(next.Session)); err != nil {
		return fmt.Errorf("session.keys: %w", err)
	}
	if r.certificate != nil {
		r.certificate.held.Store(pair)
		r.certificate.inspect(ctx, r.current.publicURL(), r.log)
	}
	r.warnOfKeys(ctx, next.Session.Keys)
	if others := r.others(next); len(others) > 0 {
		r.log.WarnContext(ctx, "these settings have changed too, and wait for a restart", "settings", strings.Join(others, ", "))
	}
	r.current.Session.Keys, r.current.Server.TLSCertFile, r.current.Server.TLSKeyFile = next.Session.Keys, next.Server.TLSCertFile, next.Server.TLSKeyFile
	r.log.InfoContext(ctx, "the configuration was reloaded", "keys", len(next.Session.Keys), "tls", r.certificate != nil)
	return nil
}

// warnOfKeys warns of changes that sign people out. They may be intended, when a key has fallen into the wrong hands.
func (r *reloader) warnOfKeys(ctx context.Context, next []KeyConfig) {
	for _, key := range next {
		if key.Use == "seal" && !hasKey(r.current.Session.Keys, key) {
			r.log.WarnContext(ctx, "session.keys: the key that seals was not there before; replicas that have not reloaded open none of its cookies")
		}
	}
	for _, key := range r.current.Session.Keys {
		if !hasKey(next, key) {
			r.log.WarnContext(ctx, "session.keys: a key is gone; the sessions whose cookies it sealed have no way back")
		}
	}
}

func hasKey(keys []KeyConfig, key KeyConfig) bool {
	return slices.ContainsFunc(keys, func(k KeyConfig) bool { return k.Secret.Reveal() == key.Secret.Reveal() })
}

// others names the settings that differ from those in use and are not reloaded.
func (r *reloader) others(next Config) []string {
	next.Session.Keys, next.Server.TLSCertFile, next.Server.TLSKeyFile = r.current.Session.Keys, r.current.Server.TLSCertFile, r.current.Server.TLSKeyFile
	return differing(reflect.ValueOf(r.current), reflect.ValueOf(next), "")
}

// differing names the keys whose values two settings structs differ in, and shows no value.
func differing(a, b reflect.Value, path string) (keys []string) {
	settings(a, func(field reflect.StructField, value reflect.Value, key string) {
		other, at := b.FieldByIndex(field.Index), join(path, key)
		switch {
		case isGroup(field.Type):
			keys = append(keys, differing(value, other, at)...)
		case !reflect.DeepEqual(value.Interface(), other.Interface()):
			keys = append(keys, at)
		}
	})
	return keys
}

// sessionKeys are the configured keys as auth takes them.
func sessionKeys(cfg SessionConfig) []auth.Key {
	keys := make([]auth.Key, len(cfg.Keys))
	for i, k := range cfg.Keys {
		keys[i] = auth.Key{Use: k.Use, Secret: k.Secret}
	}
	return keys
}
