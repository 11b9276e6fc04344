//go:build redis

package redisstore_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"vestibule.example/auth"
	"vestibule.example/auth/redisstore"
	"vestibule.example/auth/secret"
	"vestibule.example/auth/storetest"
)

// What is no record, or no index, is an error that says what the store was doing. It is never taken for a session that has ended, and a session that
// cannot be entered where a logout looks for it does not begin.
func TestDamageIsTold(t *testing.T) {
	server := startServer(t)
	get := func(ctx context.Context, s *redisstore.Store, _ *storetest.Clock) error {
		_, err := s.Get(ctx, "a")
		return err
	}
	list := func(ctx context.Context, s *redisstore.Store, _ *storetest.Clock) error {
		_, err := s.List(ctx, []string{"sub"})
		return err
	}
	for _, c := range []struct {
		name, text string
		damage     []string
		do         func(context.Context, *redisstore.Store, *storetest.Clock) error
	}{
		{"a record without a member", "a session's record is damaged", []string{"hdel", "v:s:{a}", "sub"}, get},
		{"a record whose number is none", "a session's record is damaged", []string{"hset", "v:s:{a}", "gen", "x"}, get},
		{"a record that is listed", "a session's record is damaged", []string{"hset", "v:s:{a}", "gen", "x"}, list},
		{"a record that is none, and is ended", "ending a session", []string{"set", "v:s:{a}", "x"}, func(ctx context.Context, s *redisstore.Store, _ *storetest.Clock) error {
			n, err := s.End(ctx, auth.Selector{Subject: []string{"sub"}}, auth.ReasonBackchannel)
			if n != 0 {
				return errors.New("something has ended all the same")
			}
			return err
		}},
		{"an index that is none, when somebody signs in", "creating a session", []string{"set", "v:u:{sub}", "x"}, func(ctx context.Context, s *redisstore.Store, clock *storetest.Clock) error {
			err := s.Create(ctx, record(clock, "new", "sub", ""))
			if _, there := s.Get(ctx, "new"); !errors.Is(there, auth.ErrNotFound) {
				t.Errorf("the session that could not be entered is there: %v", there)
			}
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			server.cli(t, "flushall")
			clock := &storetest.Clock{}
			store := open(t, server, clock, "v:")
			if err := store.Create(t.Context(), record(clock, "a", "sub", "")); err != nil {
				t.Fatal(err)
			}
			server.cli(t, c.damage...)
			if err := c.do(t.Context(), store, clock); err == nil || errors.Is(err, auth.ErrNotFound) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("error %v, want one with %q", err, c.text)
			}
		})
	}
}

// A logout between a session's being written and its beginning is not lost: the session does not begin.
func TestASessionThatEndsBeforeItBegins(t *testing.T) {
	server, clock := startServer(t), &storetest.Clock{}
	between := startProxy(t, server)
	store := connect(t, redisstore.Config{Addresses: []string{between.address}, Prefix: "v:", Now: clock.Now})
	ended := false
	between.tell(func(request []byte) {
		if bytes.Contains(request, []byte("-- Begins a session")) {
			server.cli(t, "del", "v:s:{a}")
			ended = true
		}
	})
	if err := store.Create(t.Context(), record(clock, "a", "sub", "")); !errors.Is(err, auth.ErrLoggedOut) || !ended {
		t.Errorf("Create = %v, with an end before the beginning: %t; want ErrLoggedOut", err, ended)
	}
	if _, err := store.Get(t.Context(), "a"); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("Get = %v, want ErrNotFound", err)
	}
}

// A user who may not listen is told so, at once.
func TestAUserWhoMayNotListen(t *testing.T) {
	server := startServer(t)
	server.cli(t, "acl", "setuser", "v", "on", ">p", "~*", "resetchannels", "+@all")
	store := connect(t, redisstore.Config{Addresses: []string{server.address}, Username: "v", Password: secret.New("p")})
	if _, err := store.Watch(t.Context()); !errors.Is(err, redisstore.ErrAuth) || !strings.Contains(err.Error(), "NOPERM") {
		t.Errorf("Watch = %v, want that the user may not", err)
	}
}
