package provider_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"vestibule.example/demo/provider"
)

const (
	clientID     = "vestibule"
	clientSecret = "a secret with: odd+chars%"
	verifier     = "a-verifier-of-forty-three-characters-or-more-0123456789"
	allScopes    = "openid profile email offline_access accounts:read orders:read orders:write"
)

// party is a relying party with a browser before it, and the provider that both talk to.
type party struct {
	t        *testing.T
	provider *provider.Provider
	issuer   string
	redirect string
	loggedOut,
	home string // the relying party's origin
	stopHome func()
	browser  *http.Client
	back     *http.Client

	mu      sync.Mutex
	logouts []string // logout tokens received
	clock   time.Duration
}

// now is the provider's clock: the real one, moved by tests.
func (p *party) now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Now().Add(p.clock)
}

// later moves the provider's clock.
func (p *party) later(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clock += d
}

func newParty(t *testing.T, more ...provider.Client) *party {
	t.Helper()
	p := &party{t: t, back: &http.Client{Transport: &http.Transport{}, CheckRedirect: stay}}
	p.browser = p.newBrowser()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /backchannel", func(_ http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.logouts = append(p.logouts, r.PostFormValue("logout_token"))
	})
	home := httptest.NewServer(mux)
	p.stopHome = home.Close
	t.Cleanup(home.Close)
	p.home = home.URL
	p.redirect, p.loggedOut = home.URL+"/callback", home.URL+"/logged-out"

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.issuer = "http://" + listener.Addr().String()
	for i := range more {
		more[i].RedirectURIs = []string{p.redirect}
	}
	p.provider, err = provider.New(provider.Config{
		Issuer: p.issuer,
		Clients: append([]provider.Client{{
			ID: clientID, Secret: clientSecret, RedirectURIs: []string{p.redirect},
			PostLogoutRedirectURIs: []string{p.loggedOut}, BackChannelLogoutURI: home.URL + "/backchannel",
		}}, more...),
		Scopes: map[string]string{
			"accounts:read": "https://accounts.demo.test",
			"orders:read":   "https://orders.demo.test", "orders:write": "https://orders.demo.test",
		},
		Now: p.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	mux2 := http.NewServeMux()
	mux2.Handle("/", p.provider.Handler())
	mux2.Handle("/control/provider/", p.provider.Control())
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: mux2, ReadHeaderTimeout: time.Minute}}
	server.Start()
	t.Cleanup(func() {
		p.provider.Close()
		server.Close()
		p.back.CloseIdleConnections()
		p.browser.CloseIdleConnections()
	})
	return p
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (p *party) newBrowser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return &http.Client{Jar: jar, Transport: &http.Transport{}, CheckRedirect: stay}
}

// page is an answer, read whole.
type page struct {
	*http.Response
	body string
}

func (p *party) do(client *http.Client, req *http.Request) page {
	p.t.Helper()
	res, err := client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		p.t.Fatal(err)
	}
	return page{res, string(body)}
}

func (p *party) get(target string) page {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, target, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.do(p.browser, req)
}

// postForm posts as a browser does from a page of the same origin.
func (p *party) postForm(target string, form url.Values) page {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return p.do(p.browser, req)
}

// authorizeURL is a good authorization request, changed by pairs of name and value; an empty value leaves it out.
func (p *party) authorizeURL(pairs ...string) string {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {p.redirect}, "scope": {allScopes},
		"state": {"the state"}, "nonce": {"the nonce"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(pairs); i += 2 {
		q.Del(pairs[i])
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return p.issuer + "/authorize?" + q.Encode()
}

var requestID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// loginID begins a login and returns the id that the page's forms carry.
func (p *party) loginID(pairs ...string) string {
	p.t.Helper()
	res := p.get(p.authorizeURL(pairs...))
	if res.StatusCode != http.StatusSeeOther {
		p.t.Fatalf("authorize: status %d, want 303: %s", res.StatusCode, res.body)
	}
	shown := p.get(p.issuer + res.Header.Get("Location"))
	m := requestID.FindStringSubmatch(shown.body)
	if shown.StatusCode != http.StatusOK || m == nil {
		p.t.Fatalf("login page: status %d: %s", shown.StatusCode, shown.body)
	}
	return m[1]
}

// response signs alice in and returns the parameters of the authorization response.
func (p *party) response(pairs ...string) url.Values {
	p.t.Helper()
	return p.responseOf("alice", pairs...)
}

func (p *party) responseOf(user string, pairs ...string) url.Values {
	p.t.Helper()
	id := p.loginID(pairs...)
	return p.query(p.postForm(p.issuer+"/login", url.Values{"id": {id}, "username": {user}, "password": {user}}))
}

// query reads an authorization response from a redirect to the client.
func (p *party) query(res page) url.Values {
	p.t.Helper()
	to, err := url.Parse(res.Header.Get("Location"))
	if err != nil || res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to.String(), p.redirect+"?") {
		p.t.Fatalf("no redirect to the client: %d to %q: %s", res.StatusCode, to, res.body)
	}
	return to.Query()
}

// tokens is an answer of the token endpoint.
type tokens struct {
	Status  int    `json:"-"`
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
	Type    string `json:"token_type"`
	Scope   string `json:"scope"`
	Expires int    `json:"expires_in"`
	Error   string `json:"error"`
}

// token calls the token endpoint with the client's secret by Basic, unless the form has credentials.
func (p *party) token(form url.Values) tokens {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.issuer+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if !form.Has("client_secret") && !form.Has("client_assertion") {
		req.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(clientSecret))
	}
	res := p.do(p.back, req)
	got := tokens{Status: res.StatusCode}
	if err := json.Unmarshal([]byte(res.body), &got); err != nil {
		p.t.Fatalf("token endpoint: %d %q: %v", res.StatusCode, res.body, err)
	}
	return got
}

func (p *party) codeForm(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {p.redirect}, "code_verifier": {verifier}}
}

// signIn goes the whole way as alice.
func (p *party) signIn(pairs ...string) tokens {
	p.t.Helper()
	got := p.token(p.codeForm(p.response(pairs...).Get("code")))
	if got.Status != http.StatusOK || got.Access == "" || got.ID == "" {
		p.t.Fatalf("code exchange: %+v", got)
	}
	return got
}

func (p *party) refresh(token string, pairs ...string) tokens {
	p.t.Helper()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return p.token(form)
}

// set changes the provider's settings.
func (p *party) set(change func(*provider.Settings)) {
	p.t.Helper()
	s := p.provider.Settings()
	change(&s)
	if err := p.provider.SetSettings(s); err != nil {
		p.t.Fatal(err)
	}
}

func (p *party) received() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.logouts...)
}

// control calls the control API.
func (p *party) control(ctx context.Context, method, path, body string) page {
	p.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, p.issuer+"/control/provider/"+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return p.do(p.back, req)
}

// hidden reads the hidden fields of a page.
func hidden(body string) url.Values {
	values := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`).FindAllStringSubmatch(body, -1) {
		values.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	return values
}
