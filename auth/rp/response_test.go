package rp_test

import (
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"vestibule.example/auth/rp"
)

// ISS-1, ISS-2, BCP-8: the issuer is looked at first, on error answers too.
func TestTheIssuerOfAResponse(t *testing.T) {
	for _, row := range []struct {
		query      string
		advertised bool
		want       error // nil: a code that may be exchanged
	}{
		{"code=c&state=s&iss=" + url.QueryEscape(issuer), true, nil},
		{"code=c&state=s&iss=" + url.QueryEscape(issuer), false, nil},
		{"code=c&state=s", false, nil},
		{"code=c&state=s", true, rp.ErrIssuerMismatch},
		{"code=c&state=s&iss=", false, rp.ErrIssuerMismatch},
		{"code=c&state=s&iss=" + url.QueryEscape(issuer+"/"), false, rp.ErrIssuerMismatch},
		{"code=c&state=s&iss=" + url.QueryEscape(strings.ToUpper(issuer)), false, rp.ErrIssuerMismatch},
		{"code=c&state=s&iss=http%3A%2F%2Flocalhost%3A4445", false, rp.ErrIssuerMismatch},
		{"code=c&state=s&iss=" + url.QueryEscape(url.QueryEscape(issuer)), false, rp.ErrIssuerMismatch},
		{"error=access_denied&state=s", true, rp.ErrIssuerMismatch},
		{"error=access_denied&state=s&iss=http%3A%2F%2Flocalhost%3A4445", false, rp.ErrIssuerMismatch},
		{"code=c&code=d&state=s", false, rp.ErrInvalidAnswer},
		{"code=c&state=s&state=t", false, rp.ErrInvalidAnswer},
		{"code=c&state=s&iss=" + url.QueryEscape(issuer) + "&iss=x", false, rp.ErrInvalidAnswer},
		{"error=a&error=b&state=s", false, rp.ErrInvalidAnswer},
		{"state=s", false, rp.ErrInvalidAnswer},
		{"state=s&code=", false, rp.ErrInvalidAnswer},
		{"state=s&access_token=at&token_type=bearer", false, rp.ErrInvalidAnswer},
	} {
		o := newOP(t, nil)
		o.metadata["authorization_response_iss_parameter_supported"] = row.advertised
		query, err := url.ParseQuery(row.query)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.rp.CheckResponse(t.Context(), query); !errors.Is(err, row.want) {
			t.Errorf("CheckResponse(%s), iss advertised: %v, = %v, want %v", row.query, row.advertised, err, row.want)
		}
	}
}

// OIDC-25: an error is one of those that exist, whatever was sent; its text is for the log, bounded and printable.
func TestErrorResponses(t *testing.T) {
	o := newOP(t, nil)
	for sent, want := range map[string]string{
		"access_denied": "access_denied", "login_required": "login_required", "invalid_target": "invalid_target",
		"unmet_authentication_requirements": "unmet_authentication_requirements", "": "unknown_error", "ACCESS_DENIED": "unknown_error",
		"<script>alert(1)</script>": "unknown_error", "access_denied\r\nSet-Cookie: a=b": "unknown_error",
	} {
		err := o.rp.CheckResponse(t.Context(), url.Values{
			"error": {sent}, "code": {"c"}, "iss": {issuer}, "error_description": {"<b>\r\n\x1b[31m" + strings.Repeat("é", 300)},
		})
		var refused *rp.ResponseError
		if !errors.As(err, &refused) || refused.Code != want || err.Error() != "rp: authorization refused: "+want {
			t.Errorf("error %q: CheckResponse = %v, want %s", sent, err, want)
			continue
		}
		if wantText := "<b>...[31m" + strings.Repeat("é", 190); refused.Description != wantText {
			t.Errorf("description = %q, want %q", refused.Description, wantText)
		}
		if got := refused.LogValue(); got.Kind() != slog.KindGroup || !strings.Contains(got.String(), want) || !strings.Contains(got.String(), "[31m") {
			t.Errorf("LogValue = %v", got)
		}
	}
}

// OIDC-29: a response is not judged without the metadata that say whether iss must be there.
func TestAResponseWithoutMetadata(t *testing.T) {
	o := newOP(t, nil)
	o.down.Store(true)
	if err := o.rp.CheckResponse(t.Context(), url.Values{"code": {"c"}, "state": {"s"}}); !errors.Is(err, rp.ErrProviderUnavailable) {
		t.Errorf("CheckResponse = %v, want ErrProviderUnavailable", err)
	}
}
