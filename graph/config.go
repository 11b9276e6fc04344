package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// Config is what the endpoint needs.
type Config struct {
	// Resolver answers the schema's fields, with a client for each API. Required.
	Resolver *Resolver
	// Development shows introspection, and what exactly is wrong with a document.
	Development bool
	// Trace shows in each answer what it asked of the APIs (extensions.trace); for developers alone.
	Trace bool
	// Introspection shows the schema in production too.
	Introspection bool
	// Executor says what runs operations: plan, the default, or gqlgen (see package plan).
	Executor string
	// RequireSession turns away every request without a session.
	RequireSession bool
	// LoginURL is where a person signs in; default /auth/login.
	LoginURL string
	// Limits bound what a document may ask.
	Limits Limits
	// StatusProfile is ProfileAudits, the default, or ProfileDraft.
	StatusProfile string
	// Rate bounds what a session, or a network without one, may ask over time.
	Rate Rate
	// Persisted says which documents run.
	Persisted Persisted
	// Timeout bounds an operation; default 30 s.
	Timeout time.Duration
	// Prepare is called before an operation runs, with the names of the APIs that it may ask, so that their tokens are fetched
	// together. It must not wait. May be nil.
	Prepare func(ctx context.Context, apis []string)
	// Confirm is called before anything but a query runs. It looks the session in ctx up again, and gives a context with the
	// session as it is now. May be nil.
	Confirm func(ctx context.Context) (context.Context, error)
	// UntilEnded gives a context that ends with the session in its argument, or with the service, and whose cause says which, as
	// [auth.Service.UntilEnded] does. nil: streams end with their requests.
	UntilEnded func(context.Context) (context.Context, context.CancelFunc, error)
	// Renew gives a stream's context the session as it is now, or an error if it has ended, as [auth.Service.Renew] does. nil: the
	// session stays as it was when the stream began.
	Renew func(context.Context) (context.Context, error)
	// Policies are what the schema's @policy names; nil: those of [Policies].
	Policies map[string]Policy
	// GatewayAPIs are the APIs that are asked with the gateway's own token: every field that asks one must say in the schema
	// who may have it.
	GatewayAPIs []string
	// CursorKeys sign the cursors of connections, the first one all new cursors; each has at least 32 bytes. Without any, a cursor is
	// good in this process only.
	CursorKeys [][]byte
	// RequestID gives the id that errors carry; may be nil.
	RequestID func(context.Context) string
	// Logger gets what fails and what is refused, with its cause; nil: no logging.
	Logger *slog.Logger
	// Meters makes the metrics of operations; nil: none.
	Meters metric.MeterProvider
	// Traces makes the spans of operations and fields, for requests that are traced; nil: none.
	Traces oteltrace.TracerProvider
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// check refuses a configuration that cannot work.
func (c Config) check() error {
	if c.Resolver == nil || !c.Resolver.complete() {
		return errors.New("graph: a client of each API is needed")
	}
	for _, name := range restAPIs() {
		if c.Resolver.APIs[name] == nil {
			return fmt.Errorf("graph: the schema's @rest asks the API %q, and there is none: want apis.%s in the configuration", name, name)
		}
	}
	switch c.Executor {
	case "", "plan", "gqlgen":
	default:
		return fmt.Errorf("graph: no executor %q: want plan or gqlgen", c.Executor)
	}
	switch c.StatusProfile {
	case "", ProfileAudits, ProfileDraft:
	default:
		return fmt.Errorf("graph: no status profile %q: want %s or %s", c.StatusProfile, ProfileAudits, ProfileDraft)
	}
	if c.Rate.Anonymous > 0 && c.Rate.ClientAddress == nil {
		return errors.New("graph: a rate by network needs clients' addresses")
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.Limits = c.Limits.withDefaults()
	if c.StatusProfile == "" {
		c.StatusProfile = ProfileAudits
	}
	if c.LoginURL == "" {
		c.LoginURL = "/auth/login"
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.RequestID == nil {
		c.RequestID = func(context.Context) string { return "" }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Policies == nil {
		c.Policies = Policies()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// open tells whether the schema is shown to whoever asks for it.
func (c Config) open() bool { return c.Development || c.Introspection }
