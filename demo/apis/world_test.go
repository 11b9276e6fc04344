package apis_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"vestibule.example/demo/apis"
)

const issuerName = "https://issuer.example.test"

// fixture is the four APIs over real HTTP, an issuer of tokens, and a clock that stands still.
type fixture struct {
	*apis.Set
	t       *testing.T
	now     time.Time
	key     *rsa.PrivateKey
	keyID   string
	jwks    *httptest.Server
	fetches atomic.Int64
	broken  atomic.Bool // the key set cannot be had
	servers map[string]*httptest.Server
}

// start makes a fixture; change may alter the configuration.
func start(t *testing.T, change func(*apis.Config)) *fixture {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{
		t: t, now: time.Date(2026, 3, 15, 10, 30, 0, 0, time.UTC), key: key, keyID: "key-1",
		servers: map[string]*httptest.Server{},
	}
	f.jwks = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		f.fetches.Add(1)
		if f.broken.Load() {
			http.Error(w, "no keys today", http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: f.key.Public(), KeyID: f.keyID, Algorithm: "RS256", Use: "sig"}}})
	}))
	t.Cleanup(f.jwks.Close)
	cfg := apis.Config{Issuer: issuerName, JWKSURL: f.jwks.URL, Now: func() time.Time { return f.now }, TrackingEvery: -1}
	if change != nil {
		change(&cfg)
	}
	f.Set = apis.New(cfg)
	for _, name := range apis.Names() {
		f.servers[name] = httptest.NewServer(f.Handler(name))
		t.Cleanup(f.servers[name].Close)
	}
	t.Cleanup(f.Close) // runs first, so that no stream keeps a server open
	return f
}

const everyScope = "openid accounts:read accounts:write orders:read orders:write shipping:read"

// claims are those of a good token for an API, altered by pairs of name and value; nil removes the claim.
func (f *fixture) claims(api, subject string, pairs ...any) map[string]any {
	claims := map[string]any{
		"iss": issuerName, "sub": subject, "aud": []string{apis.Audience(api)}, "client_id": "vestibule", "jti": rand.Text(),
		"iat": f.now.Unix(), "exp": f.now.Add(time.Minute).Unix(), "scope": everyScope,
	}
	if subject == "c-agent" {
		claims["roles"] = []string{"agent"}
	}
	for i := 0; i < len(pairs); i += 2 {
		if claims[pairs[i].(string)] = pairs[i+1]; pairs[i+1] == nil {
			delete(claims, pairs[i].(string))
		}
	}
	return claims
}

// token signs claims as an access token of the issuer.
func (f *fixture) token(api, subject string, pairs ...any) string {
	return f.sign(jose.SigningKey{Algorithm: jose.RS256, Key: f.key}, "at+jwt", f.claims(api, subject, pairs...))
}

func (f *fixture) sign(key jose.SigningKey, typ string, claims map[string]any) string {
	f.t.Helper()
	options := (&jose.SignerOptions{}).WithHeader("kid", f.keyID)
	if typ != "" {
		options = options.WithType(jose.ContentType(typ))
	}
	signer, err := jose.NewSigner(key, options)
	if err != nil {
		f.t.Fatal(err)
	}
	payload, _ := json.Marshal(claims)
	signed, err := signer.Sign(payload)
	if err != nil {
		f.t.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		f.t.Fatal(err)
	}
	return compact
}

// answer is what an API said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// decode reads the body as JSON.
func (a answer) decode(t *testing.T, into any) {
	t.Helper()
	if err := json.Unmarshal(a.body, into); err != nil {
		t.Fatalf("body %q: %v", a.body, err)
	}
}

// call sends a request as subject (empty: without a token), with headers given as "Name: value". Each
// answer must be what the API's document says.
func (f *fixture) call(subject, api, operation, body string, headers ...string) answer {
	f.t.Helper()
	if subject != "" {
		headers = append(headers, "Authorization: Bearer "+f.token(api, subject))
	}
	return f.send(api, operation, body, headers...)
}

func (f *fixture) send(api, operation, body string, headers ...string) answer {
	f.t.Helper()
	method, path, _ := strings.Cut(operation, " ")
	request, err := http.NewRequestWithContext(f.t.Context(), method, f.servers[api].URL+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Content-Type" {
			request.Header.Del(name)
		}
		request.Header.Add(name, value)
	}
	response, err := f.servers[api].Client().Do(request)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	got := answer{response.StatusCode, response.Header, text}
	if got.status >= 400 {
		if contentType := got.header.Get("Content-Type"); contentType != "application/problem+json" || got.header.Get("Cache-Control") != "no-store" {
			f.t.Errorf("%s: an error as %q, %q", operation, contentType, got.header.Get("Cache-Control"))
		}
	}
	if raw := headerValue(headers, "Authorization"); len(raw) > 40 {
		token := raw[len("Bearer "):]
		for part := range strings.SplitSeq(token, ".") {
			if part != "" && (bytes.Contains(text, []byte(part)) || strings.Contains(strings.Join(allValues(got.header), "\n"), part)) {
				f.t.Errorf("%s: a part of the token is in the answer", operation)
			}
		}
	}
	checkAnswer(f.t, api, method, path, got)
	return got
}

func headerValue(headers []string, name string) string {
	for _, header := range headers {
		if value, found := strings.CutPrefix(header, name+": "); found {
			return value
		}
	}
	return ""
}

func allValues(header http.Header) (all []string) {
	for values := range maps.Values(header) {
		all = append(all, values...)
	}
	return all
}

// fields returns the fields that a problem document complains about.
func (a answer) fields(t *testing.T) (fields []string) {
	t.Helper()
	var problem struct {
		Errors []struct{ Field, Message string }
	}
	a.decode(t, &problem)
	for _, fault := range problem.Errors {
		if fields = append(fields, fault.Field); fault.Message == "" {
			t.Errorf("%s is wrong without a message", fault.Field)
		}
	}
	return fields
}

// ids returns the ids of the items of an answer.
func (a answer) ids(t *testing.T) []string {
	t.Helper()
	var page struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	a.decode(t, &page)
	ids := []string{}
	for _, item := range page.Items {
		ids = append(ids, item.ID)
	}
	return ids
}
