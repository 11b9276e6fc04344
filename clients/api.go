package clients

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

const (
	defaultTimeout          = 10 * time.Second
	defaultMaxResponseBytes = 4 << 20
	// maxDepth bounds the nesting of an answer: each level costs the decoder stack. Real ones stay below 20.
	maxDepth = 64
)

// Config describes one API.
type Config struct {
	// Name is the API's configured name; it appears in errors, logs and traces. Required.
	Name string
	// BaseURL is where the API is: http or https, without user, query and fragment. No call ever leaves its origin. Required.
	BaseURL *url.URL
	// Transport sends the requests. It may add the header Authorization, and nothing else. Required.
	Transport http.RoundTripper
	// Identity gives the identity whose answer a call with the context gets. Nil: no answer of this API is shared or kept.
	Identity func(context.Context) (IdentityKey, error)
	// Cache keeps answers. Default: none are.
	Cache CacheConfig
	// Changed is called with the context of every unsafe call that may have changed something, before its caller has the
	// answer: what is kept of other APIs may have to be invalidated too.
	Changed func(context.Context)
	// Classify translates an error of Transport or Identity that is not the API's fault, such as a session that has ended, into an
	// Error with Code and, where they apply, StepUp, Retryable and RetryAfter. It returns nil for any other error. What it translates is
	// neither retried nor counted against the API.
	Classify func(error) *Error
	// Timeout bounds one call with all its attempts; the context's deadline may be earlier. Default 10 s.
	Timeout time.Duration
	// Retry says how failed calls are repeated, and Breaker when calls are not sent at all.
	Retry   Retry
	Breaker Breaker
	// Concurrency bounds the calls under way at once; four times as many may wait for their turn. Default 256.
	Concurrency int
	// MaxResponseBytes bounds an answer's body, decompressed. Default 4 MiB.
	MaxResponseBytes int64
	// UserAgent is the header of that name. Default "vestibule".
	UserAgent string
	// Headers are sent with every call. Authorization, Cookie and those that belong to the connection are refused.
	Headers map[string]string
	// Token names the token that Transport adds, for traces.
	Token TokenName
	// ForwardLanguage sends the browser's Accept-Language.
	ForwardLanguage bool
	// ClientAddress is the header in which the API gets the browser's address: Forwarded (RFC 7239) or X-Forwarded-For; empty: it does not.
	ClientAddress string
	// Logger gets a record when the breaker changes its state. Default: no logging.
	Logger *slog.Logger
	// Meters makes the metrics of the calls. Default: none.
	Meters metric.MeterProvider
	// Traces makes the spans of calls, for requests that are traced. Default: none.
	Traces trace.TracerProvider
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// API is one API, ready to be called. It is safe for concurrent use.
type API struct {
	name       string
	base       *url.URL
	transport  http.RoundTripper
	identity   func(context.Context) (IdentityKey, error)
	cache      *cache
	changed    func(context.Context)
	classify   func(error) *Error
	timeout    time.Duration
	retries    int
	budget     *retryBudget
	breaker    *breaker
	slots      *slots
	count      counters
	maxBytes   int64
	fixed      http.Header
	configured map[string]string
	language   bool
	clientAddr string
	token      TokenName
	log        *slog.Logger
	meter      *meter
	tracer     trace.Tracer // nil: no tracing
	now        func() time.Time
}

// New checks a configuration and reports all its faults at once. It sends nothing.
func New(cfg Config) (*API, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	a := &API{
		name:       cfg.Name,
		base:       cfg.BaseURL,
		transport:  cfg.Transport,
		identity:   cfg.Identity,
		changed:    cfg.Changed,
		classify:   cfg.Classify,
		configured: cfg.Headers,
		timeout:    cfg.Timeout,
		retries:    cfg.Retry.Attempts,
		maxBytes:   cfg.MaxResponseBytes,
		language:   cfg.ForwardLanguage,
		clientAddr: cfg.ClientAddress,
		token:      cfg.Token,
		log:        cfg.Logger,
		now:        cfg.Now,
	}
	if a.timeout == 0 {
		a.timeout = defaultTimeout
	}
	if a.maxBytes == 0 {
		a.maxBytes = defaultMaxResponseBytes
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.now == nil {
		a.now = time.Now
	}
	if a.retries == 0 {
		a.retries = defaultAttempts
	}
	if cfg.Retry.Budget == 0 {
		cfg.Retry.Budget = defaultBudget
	}
	if cfg.Concurrency == 0 {
		cfg.Concurrency = defaultConcurrency
	}
	a.fixed, a.cache = fixedHeader(cfg), newCache(cfg.Cache)
	a.budget, a.breaker, a.slots = newRetryBudget(cfg.Retry.Budget), newBreaker(cfg.Breaker, a.now), newSlots(cfg.Concurrency)
	if cfg.Traces != nil {
		a.tracer = cfg.Traces.Tracer("vestibule.example/clients")
	}
	var err error
	if a.meter, err = newMeter(a, cfg.Meters); err != nil {
		return nil, fmt.Errorf("clients: API %q: %w", cfg.Name, err)
	}
	return a, nil
}

func (cfg Config) check() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("clients: API %q: "+format, append([]any{cfg.Name}, args...)...))
	}
	if cfg.Name == "" {
		fault("it needs a name")
	}
	if err := checkBase(cfg.BaseURL); err != nil {
		fault("%w", err)
	}
	if cfg.Transport == nil {
		fault("it needs a transport")
	}
	if cfg.Timeout < 0 {
		fault("its timeout is negative")
	}
	if cfg.Retry.Attempts < 0 || cfg.Retry.Budget < 0 || cfg.Retry.Budget > 1 {
		fault("its retries want no negative number of attempts and a budget from 0 to 1")
	}
	if cfg.Breaker.Window < 0 || cfg.Breaker.Open < 0 {
		fault("its breaker's times are negative")
	}
	if cfg.Concurrency < 0 {
		fault("its bound of calls at once is negative")
	}
	if cfg.MaxResponseBytes < 0 {
		fault("its response limit is negative")
	}
	if cfg.Cache.MaxBytes < 0 {
		fault("its cache's size is negative")
	}
	if cfg.ClientAddress != "" && cfg.ClientAddress != headerForwarded && cfg.ClientAddress != headerForwardedFor {
		fault("the client's address goes into Forwarded or X-Forwarded-For, not %q", cfg.ClientAddress)
	}
	for name, value := range cfg.Headers {
		if !isToken(name) || !isVisible(value) {
			fault("header %q cannot be sent", name)
		} else if reservedHeader(name) {
			fault("header %q is not its configuration's to set", name)
		}
	}
	return errors.Join(faults...)
}

func checkBase(u *url.URL) error {
	switch {
	case u == nil || u.Host == "":
		return errors.New("it needs a base URL with a host, such as https://orders.example.com/v1")
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("the base URL's scheme is %q, not http or https", u.Scheme)
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("the base URL must have no user, query or fragment")
	}
	return nil
}

// Name is the API's configured name.
func (a *API) Name() string { return a.name }
