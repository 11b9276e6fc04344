package provider_test

import (
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"vestibule.example/demo/provider"
)

// What every sound token is, and what is wrong with this one: the names of the checks that fail.
func (p *party) faults(token, typ string) []string {
	p.t.Helper()
	header, claims := peek(p.t, token)
	var wrong []string
	check := func(name string, ok bool) {
		if !ok {
			wrong = append(wrong, name)
		}
	}
	check("typ", header["typ"] == typ)
	check("alg", header["alg"] == "RS256")
	if header["alg"] == "RS256" {
		jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			p.t.Fatal(err)
		}
		kid, _ := header["kid"].(string)
		set := p.keys()
		known := set.Key(kid)
		check("kid", kid != "" && len(known) == 1)
		if len(known) == 1 {
			_, err = jws.Verify(known[0])
			check("signature", err == nil)
		}
	}
	now := float64(p.now().Unix())
	check("iss", claims["iss"] == p.issuer)
	check("exp", claims["exp"].(float64) > now)
	iat, issued := claims["iat"].(float64)
	check("iat", issued && iat <= now)
	check("sub", claims["sub"] == "c-alice")
	return wrong
}

func TestTamperedIDTokens(t *testing.T) {
	p := newParty(t)
	expect := map[provider.Fault][]string{
		provider.Sound: nil, provider.WrongIssuer: {"iss"}, provider.WrongAudience: {"aud"}, provider.NoAudience: {"aud"}, provider.ExtraAudience: {"aud", "azp"},
		provider.WrongAZP: {"azp"}, provider.WrongNonce: {"nonce"}, provider.NoNonce: {"nonce"}, provider.Expired: {"exp"},
		provider.FutureIssue: {"iat"}, provider.NoIssueTime: {"iat"}, provider.NoSubject: {"sub"}, provider.WrongSubject: {"sub"},
		provider.WrongHash: {"at_hash"}, provider.NoHash: {"at_hash"}, provider.WrongCodeHash: {"c_hash"}, provider.NoKeyID: {"kid"},
		provider.AlgNone: {"alg"}, provider.AlgHS256: {"alg"}, provider.UnknownKey: {"kid"}, provider.BadSignature: {"signature"},
	}
	for _, fault := range append(provider.IDTokenFaults(), provider.Sound) {
		t.Run(string(fault), func(t *testing.T) {
			p.set(func(s *provider.Settings) { s.Tampering = provider.Tampering{IDToken: fault} })
			got := p.signIn("prompt", "login")
			wrong := p.faults(got.ID, "JWT")
			_, claims := peek(t, got.ID)
			aud, _ := claims["aud"].([]any)
			for name, ok := range map[string]bool{
				"c_hash": claims["c_hash"] != halfHash("another code"),
				"aud":    len(aud) == 1 && aud[0] == clientID, "azp": claims["azp"] == clientID,
				"nonce": claims["nonce"] == "the nonce", "at_hash": claims["at_hash"] == halfHash(got.Access),
			} {
				if !ok {
					wrong = append(wrong, name)
				}
			}
			slices.Sort(wrong)
			if !slices.Equal(wrong, expect[fault]) {
				t.Errorf("wrong: %v, want %v", wrong, expect[fault])
			}
			if other := p.faults(got.Access, "at+jwt"); other != nil {
				t.Errorf("the access token is wrong as well: %v", other)
			}
		})
	}
}

func TestTamperedAccessTokens(t *testing.T) {
	p := newParty(t)
	expect := map[provider.Fault][]string{
		provider.Sound: nil, provider.WrongIssuer: {"iss"}, provider.WrongAudience: {"aud"}, provider.Expired: {"exp"}, provider.NoSubject: {"sub"},
		provider.WrongSubject: {"sub"}, provider.AlgNone: {"alg"}, provider.AlgHS256: {"alg"}, provider.UnknownKey: {"kid"}, provider.BadSignature: {"signature"},
	}
	for _, fault := range append(provider.AccessTokenFaults(), provider.Sound) {
		t.Run(string(fault), func(t *testing.T) {
			p.set(func(s *provider.Settings) { s.Tampering = provider.Tampering{AccessToken: fault} })
			got := p.signIn("prompt", "login")
			wrong := p.faults(got.Access, "at+jwt")
			_, claims := peek(t, got.Access)
			if aud := claims["aud"].([]any); aud[0] != "https://accounts.demo.test" {
				wrong = append(wrong, "aud")
			}
			if !slices.Equal(wrong, expect[fault]) {
				t.Errorf("wrong: %v, want %v", wrong, expect[fault])
			}
			// The provider itself takes none of them, but for one meant for another audience.
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, p.issuer+"/userinfo", nil)
			req.Header.Set("Authorization", "Bearer "+got.Access)
			want := http.StatusUnauthorized
			if fault == provider.Sound || fault == provider.WrongAudience {
				want = http.StatusOK
			}
			if res := p.do(p.back, req); res.StatusCode != want {
				t.Errorf("userinfo: %d, want %d", res.StatusCode, want)
			}
			// The ID token is right about the access token it came with.
			if _, id := peek(t, got.ID); id["at_hash"] != halfHash(got.Access) {
				t.Error("at_hash is of another token")
			}
		})
	}
}

func TestTamperedLogoutTokens(t *testing.T) {
	p := newParty(t)
	expect := map[provider.Fault][]string{
		provider.Sound: nil, provider.WrongIssuer: {"iss"}, provider.WrongAudience: {"aud"}, provider.WithNonce: {"nonce"}, provider.Expired: {"exp"},
		provider.FutureIssue: {"iat"}, provider.NoIssueTime: {"iat"}, provider.NoSubject: {"sid", "sub"}, provider.WrongSubject: {"sid", "sub"},
		provider.NoEvents: {"events"}, provider.WrongEvent: {"events"},
		provider.AlgNone: {"alg"}, provider.AlgHS256: {"alg"}, provider.UnknownKey: {"kid"}, provider.BadSignature: {"signature"},
	}
	for _, fault := range append(provider.LogoutTokenFaults(), provider.Sound) {
		t.Run(string(fault), func(t *testing.T) {
			p.set(func(s *provider.Settings) { s.Tampering = provider.Tampering{LogoutToken: fault} })
			if status, err := p.provider.BackChannelLogout(t.Context(), clientID, "c-alice", "a sid"); err != nil || status != http.StatusOK {
				t.Fatal(status, err)
			}
			received := p.received()
			token := received[len(received)-1]
			wrong := p.faults(token, "logout+jwt")
			_, claims := peek(t, token)
			events, _ := claims["events"].(map[string]any)
			for name, ok := range map[string]bool{
				"aud": claims["aud"].([]any)[0] == clientID, "sid": claims["sid"] == "a sid",
				"nonce": claims["nonce"] == nil, "events": events["http://schemas.openid.net/event/backchannel-logout"] != nil,
			} {
				if !ok {
					wrong = append(wrong, name)
				}
			}
			slices.Sort(wrong)
			if !slices.Equal(wrong, expect[fault]) {
				t.Errorf("wrong: %v, want %v", wrong, expect[fault])
			}
		})
	}
}

func TestTamperedResponses(t *testing.T) {
	p := newParty(t)
	for _, row := range []struct {
		fault      provider.Fault
		iss, state string
	}{
		{provider.Sound, p.issuer, "the state"},
		{provider.WrongIssuer, "https://stranger.example", "the state"},
		{provider.NoIssuer, "", "the state"},
		{provider.WrongState, p.issuer, "another-state"},
	} {
		t.Run(string(row.fault), func(t *testing.T) {
			p.set(func(s *provider.Settings) { s.Tampering = provider.Tampering{Response: row.fault} })
			got := p.response("prompt", "login")
			if got.Get("iss") != row.iss || got.Get("state") != row.state {
				t.Errorf("response = %v", got)
			}
		})
	}
}

// Keys before the one in use stay published, so that what they signed still verifies.
func TestKeyRotation(t *testing.T) {
	p := newParty(t)
	old := p.signIn()
	kid, err := p.provider.RotateKeys()
	if err != nil {
		t.Fatal(err)
	}
	p.verify(old.Access)
	next := p.refresh(old.Refresh)
	header, _ := peek(t, next.Access)
	if header["kid"] != kid {
		t.Errorf("kid = %v, want %v", header["kid"], kid)
	}
	p.verify(next.Access)
	if res := p.get(p.endSessionURL("id_token_hint", old.ID, "post_logout_redirect_uri", p.loggedOut)); res.Header.Get("Location") != p.loggedOut {
		t.Errorf("a hint signed by the old key: %d", res.StatusCode)
	}
	for range 6 {
		if _, err := p.provider.RotateKeys(); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(p.keys().Keys); n != 5 {
		t.Errorf("%d keys published, want 5", n)
	}
}

func TestRefreshAnswers(t *testing.T) {
	p := newParty(t)
	first := p.signIn()
	answer := func(a provider.RefreshAnswer) {
		p.set(func(s *provider.Settings) { s.Refresh = a })
	}
	answer(provider.RefreshInvalidGrant)
	if got := p.refresh(first.Refresh); got.Error != "invalid_grant" || got.Status != http.StatusBadRequest {
		t.Errorf("invalid_grant: %+v", got)
	}
	answer(provider.RefreshServerError)
	if got := p.refresh(first.Refresh); got.Error != "server_error" || got.Status != http.StatusInternalServerError {
		t.Errorf("server_error: %+v", got)
	}
	answer(provider.RefreshNoNewToken)
	for range 2 {
		if got := p.refresh(first.Refresh); got.Status != http.StatusOK || got.Refresh != "" || got.Access == "" {
			t.Errorf("no_refresh_token: %+v", got)
		}
	}
	answer(provider.RefreshNormally)
	p.set(func(s *provider.Settings) { s.KeepRefreshToken = true })
	for range 2 {
		if got := p.refresh(first.Refresh); got.Status != http.StatusOK || got.Refresh != first.Refresh {
			t.Errorf("no rotation: %+v", got)
		}
	}
	p.set(func(s *provider.Settings) {
		s.KeepRefreshToken = false
		s.AccessTokenTTL = 2 * time.Second
		s.IDTokenTTL = time.Hour
	})
	got := p.refresh(first.Refresh)
	_, access := p.verify(got.Access)
	_, id := p.verify(got.ID)
	if got.Expires != 2 || access["exp"].(float64)-access["iat"].(float64) != 2 || id["exp"].(float64)-id["iat"].(float64) != 3600 {
		t.Errorf("lifetimes: expires_in %d, %v, %v", got.Expires, access, id)
	}

	// A refresh that hangs ends with the provider, and the client has no answer.
	answer(provider.RefreshHang)
	done := make(chan error, 1)
	go func() {
		res, err := p.back.PostForm(p.issuer+"/oauth/token", url.Values{
			"grant_type": {"refresh_token"}, "refresh_token": {got.Refresh}, "client_id": {clientID}, "client_secret": {clientSecret},
		})
		if err == nil {
			_ = res.Body.Close()
		}
		done <- err
	}()
	for p.provider.Counters().Token["refresh_token hang"] == 0 {
		select {
		case err := <-done:
			t.Fatalf("answered: %v", err)
		default:
			runtime.Gosched()
		}
	}
	p.provider.Close()
	if err := <-done; err == nil {
		t.Error("the refresh that hangs was answered")
	}
}

func TestEndGrants(t *testing.T) {
	p := newParty(t)
	first := p.signIn()
	if n := p.provider.EndGrants("c-bob"); n != 0 {
		t.Errorf("ended %d of bob's", n)
	}
	if n := p.provider.EndGrants("c-alice"); n != 1 {
		t.Errorf("ended %d of alice's", n)
	}
	if got := p.refresh(first.Refresh); got.Error != "invalid_grant" {
		t.Errorf("refresh: %+v", got)
	}
}
