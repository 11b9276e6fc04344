package provider

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Fault is one way in which a token or an authorization response can be wrong.
type Fault string

// The faults. Which of them a token can have is said by Tampering.
const (
	Sound Fault = ""

	WrongIssuer   Fault = "wrong_iss"
	WrongAudience Fault = "wrong_aud"
	// NoAudience leaves the audience out.
	NoAudience Fault = "no_aud"
	// ExtraAudience adds a stranger to the audience and leaves out azp.
	ExtraAudience Fault = "extra_aud"
	WrongAZP      Fault = "wrong_azp"
	WrongNonce    Fault = "wrong_nonce"
	// NoNonce leaves the nonce out.
	NoNonce Fault = "no_nonce"
	// WithNonce puts one in, which a logout token must not have.
	WithNonce Fault = "with_nonce"
	Expired   Fault = "expired"
	// FutureIssue has iat an hour ahead.
	FutureIssue Fault = "future_iat"
	// NoIssueTime leaves iat out.
	NoIssueTime Fault = "no_iat"
	NoSubject   Fault = "no_sub"
	// WrongSubject names another user than the one who signed in: on a refresh, another than before.
	WrongSubject Fault = "wrong_sub"
	// WrongHash has the at_hash of another access token.
	WrongHash Fault = "wrong_at_hash"
	// NoHash leaves at_hash out, which the code flow allows.
	NoHash Fault = "no_at_hash"
	// WrongCodeHash has the c_hash of another code.
	WrongCodeHash Fault = "wrong_c_hash"
	// NoEvents leaves out what makes a logout token one.
	NoEvents Fault = "no_events"
	// WrongEvent has an event of another kind in its place.
	WrongEvent Fault = "wrong_event"

	// AlgNone has no signature and says so.
	AlgNone Fault = "alg_none"
	// AlgHS256 is signed with the public key as if it were a shared secret.
	AlgHS256 Fault = "alg_hs256"
	// UnknownKey is signed by a key that is not published, under a kid of its own.
	UnknownKey Fault = "unknown_kid"
	// NoKeyID is signed well, and does not say by which key.
	NoKeyID      Fault = "no_kid"
	BadSignature Fault = "bad_signature"

	// NoIssuer leaves the iss parameter out of the authorization response (RFC 9207).
	NoIssuer Fault = "no_iss"
	// WrongState answers with another state than the request had.
	WrongState Fault = "wrong_state"
)

// Tampering says what is wrong with what the provider makes from now on. The zero value is nothing.
type Tampering struct {
	// IDToken takes every fault but those of logout tokens and of the response. no_at_hash and no_kid are no fault to a
	// relying party: the standard allows them.
	IDToken Fault `json:"idToken"`
	// AccessToken takes wrong_iss, wrong_aud, expired, no_sub, wrong_sub and the faults of signatures.
	AccessToken Fault `json:"accessToken"`
	// LogoutToken takes wrong_iss, wrong_aud, with_nonce, expired, future_iat, no_iat, no_sub (no sid either), wrong_sub (another sid as well),
	// no_events, wrong_event and the faults of signatures.
	LogoutToken Fault `json:"logoutToken"`
	// UserInfo takes wrong_sub and no_sub, and where the answer is signed wrong_iss, wrong_aud and the faults of signatures as well.
	UserInfo Fault `json:"userInfo"`
	// Metadata takes wrong_iss.
	Metadata Fault `json:"metadata"`
	// Response takes wrong_iss, no_iss and wrong_state.
	Response Fault `json:"response"`
}

func signatureFaults() []Fault { return []Fault{AlgNone, AlgHS256, UnknownKey, BadSignature} }

// IDTokenFaults are those that Tampering.IDToken takes.
func IDTokenFaults() []Fault {
	return append([]Fault{
		WrongIssuer, WrongAudience, NoAudience, ExtraAudience, WrongAZP, WrongNonce, NoNonce, Expired, FutureIssue, NoIssueTime, NoSubject, WrongSubject,
		WrongHash, NoHash, WrongCodeHash, NoKeyID,
	}, signatureFaults()...)
}

// AccessTokenFaults are those that Tampering.AccessToken takes.
func AccessTokenFaults() []Fault {
	return append([]Fault{WrongIssuer, WrongAudience, Expired, NoSubject, WrongSubject}, signatureFaults()...)
}

// LogoutTokenFaults are those that Tampering.LogoutToken takes.
func LogoutTokenFaults() []Fault {
	return append([]Fault{
		WrongIssuer, WrongAudience, WithNonce, Expired, FutureIssue, NoIssueTime, NoSubject, WrongSubject, NoEvents, WrongEvent,
	}, signatureFaults()...)
}

// UserInfoFaults are those that Tampering.UserInfo takes.
func UserInfoFaults() []Fault {
	return append([]Fault{WrongSubject, NoSubject, WrongIssuer, WrongAudience}, signatureFaults()...)
}

// MetadataFaults are those that Tampering.Metadata takes.
func MetadataFaults() []Fault { return []Fault{WrongIssuer} }

// ResponseFaults are those that Tampering.Response takes.
func ResponseFaults() []Fault { return []Fault{WrongIssuer, NoIssuer, WrongState} }

// check returns everything wrong with t.
func (t Tampering) check() error {
	var errs []error
	for _, row := range []struct {
		name    string
		fault   Fault
		allowed []Fault
	}{
		{"idToken", t.IDToken, IDTokenFaults()},
		{"accessToken", t.AccessToken, AccessTokenFaults()},
		{"logoutToken", t.LogoutToken, LogoutTokenFaults()},
		{"userInfo", t.UserInfo, UserInfoFaults()},
		{"metadata", t.Metadata, MetadataFaults()},
		{"response", t.Response, ResponseFaults()},
	} {
		if row.fault != Sound && !slices.Contains(row.allowed, row.fault) {
			errs = append(errs, fmt.Errorf("tampering.%s must be empty or one of %s", row.name, join(row.allowed)))
		}
	}
	return errors.Join(errs...)
}

// stranger stands wherever a token names somebody it should not.
const stranger = "https://stranger.example"

// distort makes claims wrong. The faults of signatures are sign's.
func (f Fault) distort(claims map[string]any, now time.Time) {
	switch f {
	case WrongIssuer:
		claims["iss"] = stranger
	case WrongAudience:
		claims["aud"] = []string{stranger}
	case NoAudience:
		delete(claims, "aud")
	case ExtraAudience:
		aud, _ := claims["aud"].([]string)
		claims["aud"] = append(slices.Clone(aud), stranger)
		delete(claims, "azp")
	case WrongAZP:
		claims["azp"] = stranger
	case WrongNonce, WithNonce:
		claims["nonce"] = "another-nonce"
	case NoNonce:
		delete(claims, "nonce")
	case Expired:
		claims["iat"] = now.Add(-2 * time.Hour).Unix()
		claims["exp"] = now.Add(-time.Hour).Unix()
	case FutureIssue:
		claims["iat"] = now.Add(time.Hour).Unix()
		claims["exp"] = now.Add(2 * time.Hour).Unix()
	case NoIssueTime:
		delete(claims, "iat")
	case NoSubject:
		delete(claims, "sub")
		if claims["events"] != nil {
			delete(claims, "sid")
		}
	case WrongSubject:
		claims["sub"] = "c-stranger"
		if claims["events"] != nil {
			claims["sid"] = "another-session"
		}
	case WrongHash:
		claims["at_hash"] = halfHash("another access token")
	case NoHash:
		delete(claims, "at_hash")
	case WrongCodeHash:
		claims["c_hash"] = halfHash("another code")
	case WrongEvent:
		claims["events"] = map[string]any{"http://schemas.openid.net/event/another": struct{}{}}
	case NoEvents:
		delete(claims, "events")
	}
}
