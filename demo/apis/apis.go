package apis

import (
	"context"
	"embed"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

//go:embed accounts/openapi.yaml catalog/openapi.yaml orders/openapi.yaml shipping/openapi.yaml
var documents embed.FS

// Names are the APIs, in alphabetical order.
func Names() []string { return []string{"accounts", "catalog", "orders", "shipping"} }

// Audience is the audience an access token for the API of this name must have.
func Audience(name string) string { return "https://" + name + ".demo.test" }

// ACRMultiFactor is the Authentication Context Class Reference that stands for a second factor.
const ACRMultiFactor = "urn:demo:mfa"

// Config is what a Set is made of.
type Config struct {
	// Issuer is the iss claim every access token must have. Required.
	Issuer string
	// JWKSURL is where the issuer's keys are. Required; fetched when the first token comes, and again for a
	// key not seen before.
	JWKSURL string
	// HTTPClient fetches the keys; when nil, one with a timeout of five seconds that uses no proxy and follows
	// no redirect.
	HTTPClient *http.Client
	// Now is the clock of expiry and of the world's dates; time.Now when nil.
	Now func() time.Time
	// StepUpOver asks for a token with the acr ACRMultiFactor when an order of more than so many cents is
	// placed (RFC 9470); 0 never asks.
	StepUpOver int64
	// TrackingEvery is how often a shipment moves on while its stream is watched; four seconds when zero. When
	// negative it moves only by Set.Advance.
	TrackingEvery time.Duration
	// Heartbeat is the time between comments on a silent stream; fifteen seconds when zero.
	Heartbeat time.Duration
}

// Set is the four APIs over one world. It is safe for concurrent use.
type Set struct {
	now      func() time.Time
	stepUp   int64
	every    time.Duration
	beat     time.Duration
	issuer   string
	keys     *oidc.RemoteKeySet
	catalog  *catalogue
	world    *world
	handlers map[string]http.Handler
}

// New makes the APIs with a fresh world. It does not touch the network.
func New(cfg Config) *Set {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.TrackingEvery == 0 {
		cfg.TrackingEvery = 4 * time.Second
	}
	if cfg.Heartbeat <= 0 {
		cfg.Heartbeat = 15 * time.Second
	}
	catalog := newCatalogue()
	s := &Set{
		now: cfg.Now, stepUp: cfg.StepUpOver, every: cfg.TrackingEvery, beat: cfg.Heartbeat,
		issuer: cfg.Issuer,
		// The context carries the client and nothing else; go-oidc ignores its cancellation.
		keys:    oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), keyClient(cfg.HTTPClient)), cfg.JWKSURL),
		catalog: catalog,
		world:   newWorld(catalog, cfg.Now().UTC()),
	}
	s.handlers = map[string]http.Handler{
		"accounts": s.api("accounts", s.accountsRoutes()),
		"catalog":  s.api("catalog", s.catalogRoutes()),
		"orders":   s.api("orders", s.ordersRoutes()),
		"shipping": s.api("shipping", s.shippingRoutes()),
	}
	return s
}

// Handler returns the API of this name, or nil when there is none. Besides the operations of its document
// it serves the document itself at /openapi.yaml.
func (s *Set) Handler(name string) http.Handler { return s.handlers[name] }

// Close ends all streams, so that servers can shut down.
func (s *Set) Close() { s.world.close() }

// route is one operation of an API.
type route struct {
	pattern string // method and path, for http.ServeMux
	scope   string // the scope it wants; empty for a public one
	do      operation
}

// operation answers a request of who, after the token check.
type operation func(w http.ResponseWriter, r *http.Request, who caller)

// api makes the handler of one API.
func (s *Set) api(name string, routes []route) http.Handler {
	mux := http.NewServeMux()
	for _, rt := range routes {
		mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) {
			var who caller
			if rt.scope != "" {
				var ok bool
				if who, ok = s.admit(w, r, name, rt.scope); !ok {
					return
				}
			}
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			rt.do(w, r, who)
		})
	}
	mux.HandleFunc("GET /openapi.yaml", func(w http.ResponseWriter, r *http.Request) {
		document, err := documents.ReadFile(name + "/openapi.yaml")
		if err != nil {
			writeProblem(w, problem{Status: http.StatusInternalServerError})
			return
		}
		w.Header().Set("Content-Type", "application/yaml")
		writeTagged(w, r, http.StatusOK, document)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		handler, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		// What the mux would say in plain text, 404 or 405 with Allow, is said as a problem.
		said := &statusOnly{header: http.Header{}}
		handler.ServeHTTP(said, r)
		if allow := said.header.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
		}
		writeProblem(w, problem{Status: said.status})
	})
}

// statusOnly is a ResponseWriter that keeps the status and the headers.
type statusOnly struct {
	header http.Header
	status int
}

func (s *statusOnly) Header() http.Header         { return s.header }
func (s *statusOnly) WriteHeader(status int)      { s.status = status }
func (s *statusOnly) Write(p []byte) (int, error) { return len(p), nil }

// caller is whom an access token stands for.
type caller struct {
	subject string
	agent   bool
	acr     string
}

// sees reports whether the caller may see what belongs to a customer.
func (who caller) sees(customer string) bool { return who.agent || who.subject == customer }
