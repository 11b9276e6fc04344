package provider

import (
	"context"
	"errors"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// What follows is demanded by the library's interface and reached by no route of ours.

var errNotOffered = errors.New("provider: not offered")

// AuthRequestByID belongs to the library's callback; finish answers in its place.
func (s storage) AuthRequestByID(context.Context, string) (op.AuthRequest, error) {
	return nil, errNotOffered
}

// TerminateSession is not how sessions end here: see endSession.
func (s storage) TerminateSession(context.Context, string, string) error { return errNotOffered }

// SetUserinfoFromScopes is the library's old way; SetUserinfoFromRequest does it.
func (s storage) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

// SetUserinfoFromToken is not how userinfo works here: see userInfo.
func (s storage) SetUserinfoFromToken(context.Context, *oidc.UserInfo, string, string, string) error {
	return errNotOffered
}

// SetIntrospectionFromToken belongs to introspection, which is not offered.
func (s storage) SetIntrospectionFromToken(context.Context, *oidc.IntrospectionResponse, string, string, string) error {
	return errNotOffered
}

// GetPrivateClaimsFromScopes is the library's old way; GetPrivateClaimsFromRequest does it.
func (s storage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, errNotOffered
}

// ValidateJWTProfileScopes belongs to the JWT bearer grant, which is not offered.
func (s storage) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errNotOffered
}
