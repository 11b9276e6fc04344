package rig

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Gateway is the product itself: the binary built from this tree, before the outside world of another process.
type Gateway struct {
	*Process
	Address, Admin string
	PublicURL      string
}

// Build builds the product as `make build` does. It must be called in the repository's top directory.
func (r *Rig) Build(ctx context.Context) (binary string, err error) {
	binary = filepath.Join(r.dir, "vestibule")
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, ".")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the gateway (run this from the repository's top): %w\n%s", err, out)
	}
	return binary, nil
}

// StartGateway starts the product before the world's four APIs. env is further configuration, as VESTIBULE_* variables.
func (r *Rig) StartGateway(ctx context.Context, name, binary string, w *World, public string, env ...string) (*Gateway, error) {
	return r.StartGatewayBy(ctx, name, []string{binary}, w, public, env...)
}

// StartGatewayBy is StartGateway with a command, to which the configuration is added, that becomes the product.
func (r *Rig) StartGatewayBy(ctx context.Context, name string, by []string, w *World, public string, env ...string) (*Gateway, error) {
	config := filepath.Join(r.dir, name+".yaml")
	g := &Gateway{PublicURL: public}
	var err error
	if g.Address, err = FreeAddress(ctx); err != nil {
		return nil, err
	}
	for g.Admin == "" || g.Admin == g.Address { // On which nothing listens yet.
		if g.Admin, err = FreeAddress(ctx); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(config, configuration(g, w), 0o600); err != nil {
		return nil, err
	}
	command := exec.Command(by[0], append(by[1:len(by):len(by)], "-config", config)...)
	command.Env = append(os.Environ(), env...)
	if g.Process, err = r.start(name, command, nil); err != nil {
		return nil, err
	}
	return g, g.ready(ctx)
}

func configuration(g *Gateway, w *World) []byte {
	key := make([]byte, 64)
	rand.Read(key)
	var b strings.Builder
	fmt.Fprintf(&b, "server: {address: %q, admin_address: %q, public_url: %q, drain_delay: 0s}\n", g.Address, g.Admin, g.PublicURL)
	fmt.Fprintf(&b, "identity:\n  issuer: %q\n  client_id: %q\n  client_secret: %q\n", w.Issuer, w.ClientID, w.ClientSecret)
	fmt.Fprintf(&b, "  scopes: [%s]\n", strings.Join(Scopes(), ", "))
	fmt.Fprintf(&b, "session:\n  keys: [{use: seal, secret: %q}]\napis:\n", base64.StdEncoding.EncodeToString(key))
	for _, name := range slices.Sorted(maps.Keys(w.APIs)) {
		if name != "posts" {
			fmt.Fprintf(&b, "  %s: {base_url: %q, token: %s}\n", name, w.APIs[name], TokenKind(name))
		}
	}
	return []byte(b.String())
}

// Scopes are what a target asks for at login: the tokens are good for all APIs.
func Scopes() []string {
	return []string{"openid", "profile", "email", "offline_access", "accounts:read", "accounts:write", "orders:read", "orders:write", "shipping:read"}
}

// TokenKind is which token an API of the world gets.
func TokenKind(api string) string {
	if api == "catalog" {
		return "none"
	}
	return "user"
}

// FreeAddress is an address of loopback on which nothing listens. Its port is below those that the system gives to whoever asks
// for any, connections too: one of these may be somebody else's before it is used, or between two processes that use it in turn.
func FreeAddress(ctx context.Context) (string, error) {
	var faults error
	for range 100 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(15000+mathrand.N(15000))) //nolint:gosec // No secret.
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err == nil {
			return address, l.Close()
		}
		faults = err
	}
	return "", faults
}

// Goroutines asks the gateway's metrics how many goroutines it has.
func (g *Gateway) Goroutines(ctx context.Context) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+g.Admin+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if name, value, _ := strings.Cut(lines.Text(), " "); strings.HasPrefix(name, "go_goroutine_count") {
			return strconv.Atoi(value)
		}
	}
	return 0, errors.Join(errors.New("the metrics count no goroutines"), lines.Err())
}

// ready waits until the gateway is.
func (g *Gateway) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, errors.New("it was not ready in time"))
	defer cancel()
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for {
		select {
		case <-g.ended:
			return fmt.Errorf("%s: it ended at start\n%s", g.Name, g.logTail())
		case <-ctx.Done():
			return fmt.Errorf("%s: %w\n%s", g.Name, context.Cause(ctx), g.logTail())
		case <-pause.C:
		}
		if g.Readiness(ctx) == nil {
			return nil
		}
	}
}
