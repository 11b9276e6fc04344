package rp_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
)

// BBA-22: which failures are the provider's word about the grant, and which only say that it is not well.
func TestTemporaryErrors(t *testing.T) {
	for _, row := range []struct {
		status    int
		media     string
		body      string
		code      string
		temporary bool
	}{
		{400, "application/json", `{"error":"invalid_grant"}`, "invalid_grant", false},
		{401, "application/json", `{"error":"invalid_client"}`, "invalid_client", false},
		{400, "application/json", `{"error":"temporarily_unavailable"}`, "temporarily_unavailable", true},
		{400, "application/json", `{"error":"server_error"}`, "server_error", true},
		{400, "application/json", `{"error":"slow_down"}`, "slow_down", true},
		{408, "text/plain", "", "", true},
		{429, "application/json", `{"error":"too_many_requests"}`, "too_many_requests", true},
		{500, "application/json", `{"error":"invalid_grant"}`, "invalid_grant", true},
		{502, "text/html", "<h1>invalid_grant</h1>", "", true},
		{400, "text/html", `{"error":"invalid_grant"}`, "", false},
		{400, "application/json", `{"error":{"code":"invalid_grant"}}`, "", false},
		{400, "application/json", `{"error":"invalid_grant","error":"x"}`, "", false},
		{400, "application/json", `{"error":"invalid_grant`, "", false},
		{400, "application/json", `{"error":"` + strings.Repeat("e", 65) + `"}`, "", false},
		{400, "application/json", `{"error":"a\nb"}`, "", false},
		{400, "application/json", `{"error":"a\"b"}`, "", false},
		{400, "application/json", `{"error":"ä"}`, "", false},
		{404, "application/json", ``, "", false},
	} {
		o := newOP(t, nil)
		o.says("/token", row.status, row.media, row.body)
		_, err := o.rp.Refresh(t.Context(), rp.RefreshRequest{RefreshToken: secret.New("rt")})
		var refused *rp.TokenError
		if !errors.As(err, &refused) || refused.Code != row.code || refused.Status != row.status || errors.Is(err, rp.ErrProviderUnavailable) != row.temporary {
			t.Errorf("%d %s: Refresh = %v, want code %q, temporary %v", row.status, row.body, err, row.code, row.temporary)
		}
	}
}

// What the provider writes is for the log: bounded, on one line, and not in the error's text.
func TestTheProvidersTextIsForTheLog(t *testing.T) {
	o := newOP(t, nil)
	o.says("/token", 400, "application/json", `{"error":"invalid_grant","error_description":"line\nline `+strings.Repeat("x", 300)+`"}`)
	_, err := o.rp.Refresh(t.Context(), rp.RefreshRequest{RefreshToken: secret.New("rt")})
	var refused *rp.TokenError
	if !errors.As(err, &refused) || refused.Description != "line.line "+strings.Repeat("x", 190) {
		t.Fatalf("Refresh = %+v", refused)
	}
	if want := "rp: token endpoint answered 400: invalid_grant"; err.Error() != want {
		t.Errorf("Error = %q, want %q", err.Error(), want)
	}
	if log := refused.LogValue().String(); !strings.Contains(log, "line.line") || !strings.Contains(log, "invalid_grant") || !strings.Contains(log, "400") {
		t.Errorf("LogValue = %s", log)
	}
	refused.Code = ""
	if want := "rp: token endpoint answered 400: no error code"; refused.Error() != want {
		t.Errorf("Error = %q, want %q", refused.Error(), want)
	}
}

// RFC 9110 10.2.3: seconds or a date, within reason.
func TestRetryAfter(t *testing.T) {
	o := newOP(t, nil)
	now := o.clock.Now()
	for value, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "0": 0, "-5": 0, "86400": time.Hour, "9223372036854775807": time.Hour, "99999999999999999999": 0, "1.5": 0, "soon": 0,
		now.Add(90 * time.Second).UTC().Format(http.TimeFormat): 90 * time.Second,
		now.Add(-time.Hour).UTC().Format(http.TimeFormat):       0,
		now.Add(48 * time.Hour).UTC().Format(http.TimeFormat):   time.Hour,
	} {
		o.set(func() {
			o.answers["/token"] = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", value)
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
		_, err := o.rp.Refresh(t.Context(), rp.RefreshRequest{RefreshToken: secret.New("rt")})
		var refused *rp.TokenError
		if !errors.As(err, &refused) || refused.RetryAfter != want {
			t.Errorf("Retry-After %q: %v, want %v", value, refused.RetryAfter, want)
		}
	}
}
