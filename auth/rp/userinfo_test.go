package rp_test

import (
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"

	"vestibule.example/auth/rp"
)

func userInfoOP(t testing.TB) *op { return newOP(t, func(cfg *rp.Config) { cfg.UserInfo = true }) }

// OIDC-19, OIDC-21: UserInfo adds what the ID token does not say, and has no say in who signed in and how.
func TestUserInfo(t *testing.T) {
	o := userInfoOP(t)
	grant, err := o.exchange()
	if err != nil {
		t.Fatal(err)
	}
	c := grant.Claims
	if c.Raw["email"] != "alice@example.test" || c.Raw["name"] != "Alice" || c.ACR != "low" || c.Raw["acr"] != "low" {
		t.Errorf("claims = %+v", c)
	}
	got := o.called("/userinfo")
	if len(got) != 1 || got[0].method != http.MethodGet || got[0].header.Get("Authorization") != "Bearer at-1" || got[0].query != "" || len(got[0].form) != 0 {
		t.Errorf("calls = %+v", got)
	}
	o.says("/userinfo", 200, "application/json", `{"sub":"alice","name":"Mallory","acr":"high","auth_time":1,"sid":"other","nonce":"x","aud":"x","events":{},"locale":"de"}`)
	o.idToken = func(claims map[string]any) {
		for _, name := range []string{"acr", "auth_time", "sid"} {
			delete(claims, name)
		}
	}
	if grant, err = o.exchange(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"acr", "auth_time", "sid", "events"} {
		if value, present := grant.Claims.Raw[name]; present {
			t.Errorf("UserInfo added %s = %v", name, value)
		}
	}
	if grant.Claims.Raw["locale"] != "de" || grant.Claims.Raw["name"] != "Alice" || grant.Claims.Raw["nonce"] != nonce {
		t.Errorf("claims = %v", grant.Claims.Raw)
	}
	o = newOP(t, nil)
	if _, err := o.exchange(); err != nil || len(o.called("/userinfo")) != 0 {
		t.Errorf("not asked for: %v, %d calls", err, len(o.called("/userinfo")))
	}
}

// OIDC-19: another user's claims, or none that can be read, end the login.
func TestUserInfoThatIsNotTheUsers(t *testing.T) {
	for _, row := range []struct {
		name, media, body string
		check             string
	}{
		{"another user's", "application/json", `{"sub":"bob","name":"Bob"}`, "sub"},
		{"nobody's", "application/json", `{"name":"Bob"}`, "sub"},
		{"of a sub that is no text", "application/json", `{"sub":["alice"]}`, "sub"},
		{"of two subs", "application/json", `{"sub":"bob","sub":"alice"}`, "json"},
		{"a list", "application/json", `["alice"]`, "json"},
		{"null", "application/json", `null`, "json"},
		{"half an answer", "application/json", `{"sub":"alice"`, "json"},
		{"a token that is none", "application/jwt", `{"sub":"alice"}`, "format"},
	} {
		o := userInfoOP(t)
		o.says("/userinfo", 200, row.media, row.body)
		grant, err := o.exchange()
		if got := refusedBy(err); got != row.check || grant != nil || !strings.HasPrefix(err.Error(), "rp: userinfo refused") {
			t.Errorf("%s: Exchange = %v, %v, want it refused by %q", row.name, grant, err, row.check)
		}
	}
	for _, media := range []string{"text/html", "", "text/plain", "application/jwt+x"} {
		o := userInfoOP(t)
		o.says("/userinfo", 200, media, `{"sub":"alice"}`)
		if _, err := o.exchange(); !errors.Is(err, rp.ErrInvalidAnswer) {
			t.Errorf("content type %q: %v, want ErrInvalidAnswer", media, err)
		}
	}
}

// OIDC-20: a signed answer must be signed by the provider, for us.
func TestSignedUserInfo(t *testing.T) {
	for _, row := range []struct {
		name   string
		header map[string]any
		change map[string]any // nil leaves a claim out
		check  string
	}{
		{"as it should be", nil, nil, ""},
		{"typed JWT", map[string]any{"typ": "JWT"}, nil, ""},
		{"with a time to live", nil, map[string]any{"exp": 1_800_000_060}, ""},
		{"another issuer's", nil, map[string]any{"iss": "http://localhost:4445"}, "iss"},
		{"nobody's", nil, map[string]any{"iss": nil}, "iss"},
		{"another client's", nil, map[string]any{"aud": "stranger"}, "aud"},
		{"for nobody", nil, map[string]any{"aud": nil}, "aud"},
		{"another user's", nil, map[string]any{"sub": "bob"}, "sub"},
		{"expired", nil, map[string]any{"exp": 1_799_999_970}, "exp"},
		{"with an end that is no time", nil, map[string]any{"exp": "soon"}, "exp"},
		{"an access token", map[string]any{"typ": "at+jwt"}, nil, "typ"},
		{"signed by none", map[string]any{"alg": "none"}, nil, "alg"},
		{"signed with an unknown key", map[string]any{"kid": "k2"}, nil, "signature"},
	} {
		o := userInfoOP(t)
		claims := map[string]any{"iss": issuer, "aud": clientID, "sub": "alice", "email": "alice@example.test"}
		maps.Copy(claims, row.change)
		maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
		o.says("/userinfo", 200, "application/jwt; charset=utf-8", o.key.token(row.header, claims))
		grant, err := o.exchange()
		if got := refusedBy(err); got != row.check {
			t.Errorf("%s: Exchange = %q, want it refused by %q", row.name, got, row.check)
		}
		if err == nil && grant.Claims.Raw["email"] != "alice@example.test" {
			t.Errorf("%s: claims = %v", row.name, grant.Claims.Raw)
		}
	}
}

// RFC 6750 3: what UserInfo says when it refuses.
func TestUserInfoRefuses(t *testing.T) {
	for challenge, want := range map[string]string{
		`Bearer error="invalid_token"`:                            "invalid_token",
		`bearer realm="x", error="insufficient_scope", scope="a"`: "insufficient_scope",
		`Bearer error="INVALID_TOKEN"`:                            "",
		`Bearer realm="x"`:                                        "",
		`Basic error="invalid_token"`:                             "",
		`Bearer error="` + strings.Repeat("a", 65) + `"`:          "",
		`Bearer error="<script>"`:                                 "",
		``:                                                        "",
	} {
		o := userInfoOP(t)
		o.answers["/userinfo"] = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(http.StatusUnauthorized)
		}
		grant, err := o.exchange()
		var refused *rp.TokenError
		if !errors.As(err, &refused) || refused.Endpoint != "userinfo" || refused.Code != want || refused.Status != 401 || grant != nil {
			t.Errorf("%s: Exchange = %v, %v, want code %q", challenge, grant, err, want)
		}
	}
}
