//go:build redis

package redisstore_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/redisstore"
	"vestibule.example/auth/secret"
	"vestibule.example/auth/storetest"
)

// The user that docs/stores.md gives has every right that the store needs, on a single server and in a cluster, and none to
// other keys.
func TestTheDocumentedUser(t *testing.T) {
	text, err := os.ReadFile("../../docs/stores.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^ACL SETUSER vestibule .*$`).FindString(string(text))
	if line == "" {
		t.Fatal("docs/stores.md has no ACL SETUSER")
	}
	for name, server := range map[string]*server{"a single server": startServer(t), "a cluster": startCluster(t)} {
		t.Run(name, func(t *testing.T) {
			if out := server.cli(t, strings.Fields(line)...); strings.TrimSpace(out) != "OK" {
				t.Fatalf("%s: %s", line, out)
			}
			n := 0
			storetest.Run(t, func(t *testing.T, clock *storetest.Clock) auth.Store {
				n++
				prefix := fmt.Sprintf("vestibule:%d:", n)
				clock.OnAdvance = func(d time.Duration) { server.age(t, prefix, d) }
				return connect(t, redisstore.Config{
					Addresses: []string{server.address}, Username: "vestibule", Password: secret.New("PASSWORD"), Prefix: prefix, Keep: auth.MaxKept, Now: clock.Now,
				})
			})
			other := connect(t, redisstore.Config{Addresses: []string{server.address}, Username: "vestibule", Password: secret.New("PASSWORD"), Prefix: "other:"})
			if err := other.Put(t.Context(), "x", nil, time.Minute); !errors.Is(err, redisstore.ErrAuth) {
				t.Errorf("Put under another prefix = %v, want ErrAuth", err)
			}
		})
	}
}
