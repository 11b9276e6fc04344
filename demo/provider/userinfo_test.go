package provider_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"vestibule.example/demo/provider"
)

// UserInfo answers in JSON or, if asked to, signed; either as wrong as it is told.
func TestTamperedUserInfo(t *testing.T) {
	p := newParty(t)
	expect := map[provider.Fault][]string{
		provider.Sound: nil, provider.WrongIssuer: {"iss"}, provider.WrongAudience: {"aud"}, provider.NoSubject: {"sub"}, provider.WrongSubject: {"sub"},
		provider.AlgNone: {"alg"}, provider.AlgHS256: {"alg"}, provider.UnknownKey: {"kid"}, provider.BadSignature: {"signature"},
	}
	got := p.signIn()
	ask := func() page {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, p.issuer+"/userinfo", nil)
		req.Header.Set("Authorization", "Bearer "+got.Access)
		return p.do(p.back, req)
	}
	for _, fault := range append(provider.UserInfoFaults(), provider.Sound) {
		t.Run(string(fault), func(t *testing.T) {
			p.set(func(s *provider.Settings) { s.SignedUserInfo, s.Tampering = true, provider.Tampering{UserInfo: fault} })
			signed := ask()
			if media := signed.Header.Get("Content-Type"); signed.StatusCode != http.StatusOK || media != "application/jwt" {
				t.Fatalf("userinfo: %d %s", signed.StatusCode, media)
			}
			header, claims := peek(t, signed.body)
			var wrong []string
			for name, ok := range map[string]bool{
				"iss": claims["iss"] == p.issuer, "aud": claims["aud"].([]any)[0] == clientID, "sub": claims["sub"] == "c-alice", "alg": header["alg"] == "RS256",
			} {
				if !ok {
					wrong = append(wrong, name)
				}
			}
			if header["alg"] == "RS256" {
				jws, err := jose.ParseSignedCompact(signed.body, []jose.SignatureAlgorithm{jose.RS256})
				if err != nil {
					t.Fatal(err)
				}
				set := p.keys()
				if known := set.Key(header["kid"].(string)); len(known) != 1 {
					wrong = append(wrong, "kid")
				} else if _, err := jws.Verify(known[0]); err != nil {
					wrong = append(wrong, "signature")
				}
			}
			if !slices.Equal(wrong, expect[fault]) {
				t.Errorf("wrong: %v, want %v", wrong, expect[fault])
			}
			p.set(func(s *provider.Settings) { s.SignedUserInfo = false })
			var plain map[string]any
			if err := json.Unmarshal([]byte(ask().body), &plain); err != nil {
				t.Fatal(err)
			}
			if sub := slices.Contains(expect[fault], "sub"); (plain["sub"] == "c-alice") == sub || plain["email"] == nil {
				t.Errorf("userinfo in JSON = %v", plain)
			}
		})
	}
}

func TestTamperedMetadata(t *testing.T) {
	p := newParty(t)
	for fault, want := range map[provider.Fault]string{provider.Sound: p.issuer, provider.WrongIssuer: "https://stranger.example"} {
		p.set(func(s *provider.Settings) { s.Tampering = provider.Tampering{Metadata: fault} })
		var document struct{ Issuer string }
		if err := json.Unmarshal([]byte(p.get(p.issuer+"/.well-known/openid-configuration").body), &document); err != nil || document.Issuer != want {
			t.Errorf("%q: issuer = %q, %v, want %q", fault, document.Issuer, err, want)
		}
	}
}
