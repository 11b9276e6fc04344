package clients

import "context"

// IdentityKey says whose answer an API gives: two calls may share one answer only if their keys are equal. It is opaque,
// comparable, and made only by [SessionIdentity] and [PublicIdentity]. The zero key stands for nobody: no answer is ever shared under
// it.
type IdentityKey struct {
	class      identityClass
	key, owner string
}

type identityClass uint8

const (
	nobody identityClass = iota
	public
	session
)

// PublicIdentity is the key of calls without a token and without anything of the session or of the caller's request.
func PublicIdentity() IdentityKey { return IdentityKey{class: public} }

// SessionIdentity is the key of calls made for one session with one kind of token. The text must be different for each session, API,
// audience, scopes and token kind; owner names the session for [API.Forget], and is empty if there is none. Both should be hashes, since
// they are kept in memory with the answers. An empty text gives the zero key.
func SessionIdentity(opaque, owner string) IdentityKey {
	if opaque == "" {
		return IdentityKey{}
	}
	return IdentityKey{class: session, key: opaque, owner: owner}
}

// isSignedIn tells whether calls with ctx are made for somebody's session.
func (a *API) isSignedIn(ctx context.Context) bool {
	if a.identity == nil {
		return false
	}
	who, err := a.identity(ctx)
	return err == nil && who.owner != ""
}

// String never shows the key.
func (k IdentityKey) String() string {
	switch k.class {
	case public:
		return "public"
	case session:
		return "session"
	default:
		return "nobody"
	}
}

// GoString is String: a key is shown in no form.
func (k IdentityKey) GoString() string { return k.String() }

// Inbound is what of the browser's request an API may get. Nothing else is passed on: no cookie, no Authorization.
type Inbound struct {
	RequestID   string // as X-Request-Id; 1 to 128 of A-Z a-z 0-9 . _ -
	TraceParent string // W3C Trace Context, version 00
	TraceState  string
	Language    string // Accept-Language, to APIs with Config.ForwardLanguage
	ClientAddr  string // an IP address, to APIs with Config.ClientAddress
}

type inboundKey struct{}

// WithInbound attaches what later calls under ctx may tell an API of the browser's request.
func WithInbound(ctx context.Context, in Inbound) context.Context {
	return context.WithValue(ctx, inboundKey{}, in)
}

func inboundFrom(ctx context.Context) Inbound {
	in, _ := ctx.Value(inboundKey{}).(Inbound)
	return in
}
