package provider

import (
	"crypto/subtle"
	"slices"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// User is somebody who can sign in. The password is no secret: the login page says it.
type User struct {
	// Subject is the sub claim, such as c-alice.
	Subject string
	// Name is what is typed at the login page.
	Name     string
	Password string
	FullName string
	Email    string
	Roles    []string
	// Description says in one sentence what the user may do. It is shown at the login page.
	Description string
}

// DemoUsers are the three users of the demo world.
func DemoUsers() []User {
	return []User{
		{"c-alice", "alice", "alice", "Alice Archer", "alice@example.test", []string{"customer"}, "A gold customer: sees and places her own orders."},
		{"c-bob", "bob", "bob", "Bob Baker", "bob@example.test", []string{"customer"}, "A customer: sees and places his own orders."},
		{"c-agent", "agent", "agent", "Ada Agent", "agent@example.test", []string{"agent"}, "Works in customer service: sees every customer's orders."},
	}
}

// byName finds a user by what was typed and checks the password.
func (p *Provider) byName(name, password string) (User, bool) {
	i := slices.IndexFunc(p.users, func(u User) bool { return u.Name == name })
	if i < 0 || subtle.ConstantTimeCompare([]byte(p.users[i].Password), []byte(password)) != 1 {
		return User{}, false
	}
	return p.users[i], true
}

// bySubject finds a user by the sub claim, or by the name.
func (p *Provider) bySubject(subject string) (User, bool) {
	i := slices.IndexFunc(p.users, func(u User) bool { return u.Subject == subject || u.Name == subject })
	if i < 0 {
		return User{}, false
	}
	return p.users[i], true
}

// claims are what the scopes tell of a user (OpenID Connect Core 5.4); roles come with profile.
func (u User) claims(scopes []string) *oidc.UserInfo {
	info := &oidc.UserInfo{Subject: u.Subject}
	if slices.Contains(scopes, oidc.ScopeProfile) {
		info.Name = u.FullName
		info.PreferredUsername = u.Name
	}
	if slices.Contains(scopes, oidc.ScopeEmail) {
		info.Email = u.Email
		info.EmailVerified = true
	}
	info.AppendClaims("roles", u.Roles)
	return info
}
