package rp_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	issuer   = "http://localhost:4444"
	clientID = "the client:1"
	// clientSecret has what base64 alone would not bring over (OIDC-30).
	clientSecret = "s:e%c+r t&=ü"
	redirectURI  = "http://localhost:8080/auth/callback"
	nonce        = "the nonce"
	verifier     = "0123456789-0123456789.0123456789_0123456789~"
)

// op is an OpenID provider that answers rightly, unless a test has it answer otherwise. Its connections are pipes in
// memory, so that it works inside the bubbles of testing/synctest, and that a call of any other host is seen here too.
type op struct {
	t     testing.TB
	rp    *rp.Provider
	clock *clock
	key   *signer // signs what the provider makes
	down  atomic.Bool

	mu       sync.Mutex // guards what follows
	calls    []call
	answers  map[string]http.HandlerFunc // by path, instead of the right one
	keys     []json.RawMessage           // the key set
	metadata map[string]any
	answer   map[string]any // of the token endpoint
	idToken  func(claims map[string]any)
}

// call is one request that the provider got.
type call struct {
	host, method, path, query string
	header                    http.Header
	form                      url.Values
}

// clock is the time of the provider and its client, moved on by hand.
type clock struct{ seconds atomic.Int64 }

func (c *clock) Now() time.Time          { return time.Unix(1_800_000_000+c.seconds.Load(), 0) }
func (c *clock) advance(d time.Duration) { c.seconds.Add(int64(d / time.Second)) }

// newOP starts a provider and makes its client; change may alter the client's configuration.
func newOP(t testing.TB, change func(*rp.Config)) *op {
	t.Helper()
	o := &op{t: t, clock: &clock{}, key: newECKey("k1"), answers: map[string]http.HandlerFunc{}, answer: map[string]any{}}
	o.keys = []json.RawMessage{o.key.jwk()}
	o.metadata = map[string]any{"issuer": issuer, "authorization_response_iss_parameter_supported": true}
	for name, path := range map[string]string{
		"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/jwks", "userinfo_endpoint": "/userinfo",
		"revocation_endpoint": "/revoke", "end_session_endpoint": "/end", "pushed_authorization_request_endpoint": "/par",
	} {
		o.metadata[name] = issuer + path
	}
	pipes := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: o, ErrorLog: nil}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(pipes)
	}()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	o.rp = o.client(pipes, change)
	return o
}

// client makes the relying party.
func (o *op) client(pipes *pipes, change func(*rp.Config)) *rp.Provider {
	o.t.Helper()
	cfg := rp.Config{
		Issuer: issuer, ClientID: clientID, ClientSecret: secret.New(clientSecret), RedirectURI: redirectURI,
		PostLogoutRedirectURI: "http://localhost:8080/auth/logged-out", Now: o.clock.Now,
		HTTPClient: &http.Client{Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				if o.down.Load() {
					return nil, errors.New("connection refused")
				}
				return pipes.dial(ctx)
			},
		}},
	}
	if change != nil {
		change(&cfg)
	}
	p, err := rp.New(cfg)
	if err != nil {
		o.t.Fatal(err)
	}
	return p
}

// pipes is a listener whose connections are net.Pipe.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ServeHTTP answers rightly, or as the test says.
func (o *op) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	o.mu.Lock()
	o.calls = append(o.calls, call{r.Host, r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Clone(), form})
	answer := o.answers[r.URL.Path]
	o.mu.Unlock()
	if answer == nil {
		answer = o.rightly
	}
	answer(w, r)
}

func (o *op) rightly(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration") { // of an issuer with a path too
		writeJSON(w, o.metadata)
		return
	}
	switch r.URL.Path {
	case "/jwks":
		writeJSON(w, map[string]any{"keys": o.keys})
	case "/token":
		answer := map[string]any{"access_token": "at-1", "token_type": "Bearer", "expires_in": 300, "refresh_token": "rt-1", "id_token": o.newIDToken()}
		maps.Copy(answer, o.answer)
		maps.DeleteFunc(answer, func(_ string, value any) bool { return value == nil })
		writeJSON(w, answer)
	case "/userinfo":
		writeJSON(w, map[string]any{"sub": "alice", "email": "alice@example.test", "acr": "high"})
	case "/par":
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"request_uri":"urn:ietf:params:oauth:request_uri:1","expires_in":60}`)
	case "/revoke":
	default:
		http.NotFound(w, r)
	}
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

// newIDToken signs one as OpenID Connect has it, after the test's change. The caller holds mu.
func (o *op) newIDToken() string {
	claims := o.idClaims()
	if o.idToken != nil {
		o.idToken(claims)
	}
	return o.key.token(map[string]any{"typ": "JWT"}, claims)
}

func (o *op) idClaims() map[string]any {
	now := o.clock.Now()
	return map[string]any{
		"iss": issuer, "sub": "alice", "aud": clientID, "nonce": nonce, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
		"auth_time": now.Add(-time.Minute).Unix(), "acr": "low", "amr": []string{"pwd"}, "sid": "session-1", "name": "Alice",
	}
}

// set changes what the provider does while it runs.
func (o *op) set(change func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change()
}

// answers path with status, content type and body.
func (o *op) says(path string, status int, contentType, body string) {
	o.set(func() {
		o.answers[path] = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	})
}

// called returns the calls of a path so far.
func (o *op) called(path string) []call {
	o.mu.Lock()
	defer o.mu.Unlock()
	var found []call
	for _, c := range o.calls {
		if c.path == path {
			found = append(found, c)
		}
	}
	return found
}

// form returns the form of the last call of a path.
func (o *op) form(path string) url.Values {
	o.t.Helper()
	calls := o.called(path)
	if len(calls) == 0 {
		o.t.Fatalf("%s was not called", path)
	}
	return calls[len(calls)-1].form
}

// exchange ends a login.
func (o *op) exchange() (*rp.Grant, error) {
	return o.rp.Exchange(o.t.Context(), rp.ExchangeRequest{Code: "the code", Nonce: nonce, Verifier: verifier})
}

// authorize begins one and gives the query of the address.
func (o *op) authorize(params url.Values) (url.Values, error) {
	o.t.Helper()
	address, err := o.rp.AuthorizationURL(o.t.Context(), rp.AuthRequest{State: "the state", Nonce: nonce, Verifier: verifier, Params: params})
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil {
		o.t.Fatal(err)
	}
	if !strings.HasPrefix(address, issuer+"/authorize?") {
		o.t.Errorf("authorization address = %s", address)
	}
	return u.Query(), nil
}

// refusedBy names the check that a token failed, "" for no error, or the error.
func refusedBy(err error) string {
	var refused *rp.VerifyError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refused):
		return refused.Check
	}
	return err.Error()
}
