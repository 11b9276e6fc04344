package clients_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"vestibule.example/clients"
)

const insufficient = `error="insufficient_user_authentication"`

// RFC 9470 §3: which sign-in would do.
func TestStepUpChallenge(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []string
		want   bool
		acr    string // joined by spaces
		maxAge int    // seconds; -1 for none
	}{
		{"acr_values", []string{`Bearer ` + insufficient + `, acr_values="urn:a urn:b"`}, true, "urn:a urn:b", -1},
		{"max_age", []string{`Bearer ` + insufficient + `, max_age="300"`}, true, "", 300},
		{"max_age of nothing", []string{`Bearer ` + insufficient + `, max_age=0`}, true, "", 0},
		{"both, any case, any space", []string{"bEARER  ERROR = insufficient_user_authentication ,\tMax_Age= 60 , ACR_values=\"x\""}, true, "x", 60},
		{"neither", []string{`Bearer ` + insufficient}, true, "", -1},
		{"beside another scheme", []string{`Basic realm="a, b", Bearer realm="x", ` + insufficient + `, acr_values="y"`}, true, "y", -1},
		{"behind a token68", []string{`Negotiate abc==, Bearer ` + insufficient}, true, "", -1},
		{"in a second header", []string{`Basic realm="x"`, `Bearer ` + insufficient + `, max_age=1`}, true, "", 1},
		{"of the second Bearer challenge", []string{`Bearer error="invalid_token", Bearer ` + insufficient}, true, "", -1},
		{"with an escaped quote", []string{`Bearer error_description="say \"please\"", ` + insufficient}, true, "", -1},
		{"with a negative age", []string{`Bearer ` + insufficient + `, max_age="-1"`}, true, "", -1},
		{"with an age beyond reason", []string{`Bearer ` + insufficient + `, max_age="99999999999"`}, true, "", -1},
		{"with a value that cannot be sent on", []string{"Bearer " + insufficient + ", acr_values=\"ok \xff\""}, true, "ok", -1},
		{"with a value that is too long", []string{`Bearer ` + insufficient + `, acr_values="` + strings.Repeat("x", 257) + ` ok"`}, true, "ok", -1},
		{"with too many values", []string{`Bearer ` + insufficient + `, acr_values="1 2 3 4 5 6 7 8 9 10 11 12"`}, true, "1 2 3 4 5 6 7 8 9 10", -1},

		{"another error", []string{`Bearer error="invalid_token"`}, false, "", -1},
		{"another scheme's error", []string{`DPoP ` + insufficient}, false, "", -1},
		{"the words in a description", []string{`Bearer error_description="insufficient_user_authentication"`}, false, "", -1},
		{"the words in another challenge's realm", []string{`Basic realm="Bearer error=insufficient_user_authentication"`}, false, "", -1},
		{"no challenge", nil, false, "", -1},
		{"an open quote", []string{`Bearer realm="x, ` + insufficient}, false, "", -1},
		{"garbage", []string{`"=,=;Bearer`}, false, "", -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var headers []string
			for _, v := range c.values {
				headers = append(headers, "WWW-Authenticate", v)
			}
			_, err := clients.Get[widget](t.Context(), newUpstream(t, says(401, "", "", headers...)).api(t, nil), clients.At("/"), nil)
			var e *clients.Error
			if !errors.As(err, &e) {
				t.Fatalf("error = %v", err)
			}
			if !c.want {
				if e.Code != clients.CodeUnauthenticated || e.StepUp != nil {
					t.Errorf("error = %+v, want UNAUTHENTICATED", e)
				}
				return
			}
			if e.Code != clients.CodeStepUpRequired || e.StepUp == nil {
				t.Fatalf("error = %+v, want STEP_UP_REQUIRED", e)
			}
			if got := strings.Join(e.StepUp.ACR, " "); got != c.acr {
				t.Errorf("acr = %q, want %q", got, c.acr)
			}
			switch age := e.StepUp.MaxAge; {
			case c.maxAge < 0 && age != nil:
				t.Errorf("max age = %v, want none", *age)
			case c.maxAge >= 0 && (age == nil || *age != time.Duration(c.maxAge)*time.Second):
				t.Errorf("max age = %v, want %d s", age, c.maxAge)
			}
		})
	}
}

func TestAStepUpChallengeCountsOnlyWith401(t *testing.T) {
	_, err := clients.Get[widget](t.Context(), newUpstream(t, says(403, "", "", "WWW-Authenticate", "Bearer "+insufficient)).api(t, nil), clients.At("/"), nil)
	var e *clients.Error
	if !errors.As(err, &e) || e.Code != clients.CodeForbidden || e.StepUp != nil {
		t.Errorf("error = %+v, want FORBIDDEN", e)
	}
}

// FuzzAnswer: whatever status, headers and body an API invents, there is one code, and its particulars are bounded and
// can be shown.
func FuzzAnswer(f *testing.F) {
	f.Add(401, `Bearer `+insufficient+`, acr_values="a"`, "", jsonType, "{}")
	f.Add(422, "", "", problemType, `{"errors":[{"field":"a","message":"b"}]}`)
	f.Add(400, "", "", problemType, `{"errors":{"a":["b"],"c":"d"},"invalid-params":[]}`)
	f.Add(503, "", "Wed, 25 Nov 2026 12:00:30 GMT", "text/html", "<p>")
	f.Add(429, `Negotiate a=="`, "99999999999", "application/json;=", "[[[[")
	f.Add(200, ",", "", jsonType, `{"id":"x"}`)
	codes := []clients.Code{
		clients.CodeUnauthenticated, clients.CodeStepUpRequired, clients.CodeForbidden, clients.CodeNotFound, clients.CodeConflict, clients.CodeBadUserInput,
		clients.CodeRateLimited, clients.CodeUpstreamTimeout, clients.CodeUpstreamUnavailable, clients.CodeUpstreamInvalid,
	}
	f.Fuzz(func(t *testing.T, status int, challenge, after, contentType, body string) {
		api := newFake(t, func(*http.Request) (*http.Response, error) {
			return fakeAnswer(status, http.Header{"Www-Authenticate": {challenge}, "Retry-After": {after}, "Content-Type": {contentType}}, body), nil
		}, nil)
		_, err := clients.Do[widget](t.Context(), api, clients.Call{Method: "POST", Path: clients.At("/")})
		if err == nil {
			if status < 200 || status > 299 {
				t.Fatalf("status %d is no success", status)
			}
			return
		}
		var e *clients.Error
		if !errors.As(err, &e) || !slices.Contains(codes, e.Code) {
			t.Fatalf("error = %v, want one of the contract's codes", err)
		}
		if e.RetryAfter < 0 || e.RetryAfter > 24*time.Hour || len(e.Fields) > 50 {
			t.Errorf("error = %+v is out of bounds", e)
		}
		for _, field := range e.Fields {
			for _, text := range []string{field.Field, field.Message} {
				if len(text) > 310 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) || !utf8.ValidString(text) {
					t.Errorf("%q cannot be shown", text)
				}
			}
		}
		if e.StepUp != nil {
			if len(e.StepUp.ACR) > 10 || e.StepUp.MaxAge != nil && *e.StepUp.MaxAge < 0 {
				t.Errorf("step-up = %+v is out of bounds", e.StepUp)
			}
		}
	})
}
