// Package redisstore keeps sessions in Redis or Valkey, for several replicas that share them and for restarts that sign
// nobody out: a single server, Sentinel, or Cluster.
//
// # What lies where
//
// With the prefix in front; what is in braces decides the slot of a cluster, so that every script touches one slot alone:
//
//	s:{key}      a session: a hash of its fields; expires with the session
//	u:{subject}  the keys of a user's sessions, by when they expire at the latest; U:{subject} a logout's marker beside it
//	p:{sid}      the same of a provider session; P:{sid} its marker
//	x:{name}     a small value
//	l:{name}     a lease: who holds it
//	ended        the channel on which replicas tell each other of sessions that ended
//
// # How a session that ended stays ended
//
// A session and its indexes lie in different slots, so no single step sees both. Create therefore writes the session as
// not yet begun, enters it into each index in a step that also asks for the marker, and begins it at the end if it is still
// there. End sets the marker and reads the index in one step, then removes what the index named. So either End sees the
// entry and removes the session before it begins, or Create sees the marker: whichever comes first, it does not begin.
//
// Only the server measures how long things live: it is told lengths of time, never times, so that replicas' clocks may differ.
//
// What is stored opens nothing without the browser's cookie (see package auth).
package redisstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"vestibule.example/auth"
	"vestibule.example/auth/secret"
)

const (
	defaultPrefix  = "vestibule:"
	defaultTimeout = 2 * time.Second
)

// Config says where the store is. Addresses has no default.
type Config struct {
	// Addresses are host:port of the server; of some nodes of the cluster; or, with SentinelMaster, of the sentinels.
	Addresses []string
	// SentinelMaster is the name under which the sentinels watch the master.
	SentinelMaster string
	// Username and Password sign in (ACL); SentinelUsername and SentinelPassword at the sentinels.
	Username, SentinelUsername string
	Password, SentinelPassword secret.Text
	// TLS is how connections are encrypted; nil means that they are not.
	TLS *tls.Config
	// Database is the number of the database; 0 in a cluster.
	Database int
	// Prefix begins every key; default "vestibule:".
	Prefix string
	// Timeout bounds each command, with its waiting for a connection; default 2 s.
	Timeout time.Duration
	// Keep is how long an answer may be kept in the process for those who allow it (auth.AllowKept), at most auth.MaxKept;
	// default 0: none is. It needs a server that tells of changes (CLIENT TRACKING, with RESP3).
	Keep time.Duration
	// Unbounded is told by New of the nodes that say they have no maxmemory; it may be nil. They do their work until their machine has
	// no memory left.
	Unbounded func(addresses []string)
	// Now is the clock by which a session's end is turned into a length of time; default time.Now.
	Now func() time.Time
}

// Errors of New, beside those of the network.
var (
	// ErrPolicy is the error of a server that would drop sessions to make room.
	ErrPolicy = errors.New("redisstore: the server's maxmemory-policy is not noeviction, so it may drop sessions")
	// ErrAuth is the error of a server that refuses the user or the password, or does not give the user a right that is needed.
	ErrAuth = errors.New("redisstore: the server refuses the user or the password")
	// ErrReadOnly is the error of a server that is a replica of another one.
	ErrReadOnly = errors.New("redisstore: the server is a read-only replica; the master's address is needed")
	// ErrTracking is the error of a server that does not report changes, or not to this user, so that no answers can be kept.
	ErrTracking = errors.New("redisstore: the server does not tell of changes (CLIENT TRACKING with RESP3)")
)

var errNoNode = errors.New("redisstore: no server is known")

// Store implements [auth.Store]. It is safe for concurrent use.
type Store struct {
	cfg     Config
	client  rueidis.Client
	scripts scripts
	kept    *kept // nil if no answers are
	asked   atomic.Uint64
	room    room
}

var _ auth.Store = (*Store)(nil)

// New connects, and checks that the server answers, takes the password, and would drop no session. It gives up as soon as ctx ends, which
// means nothing to the store that it gives.
func New(ctx context.Context, cfg Config) (*Store, error) {
	if len(cfg.Addresses) == 0 {
		return nil, errors.New("redisstore: an address is needed")
	}
	if cfg.Prefix == "" {
		cfg.Prefix = defaultPrefix
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Keep < 0 || cfg.Keep > auth.MaxKept {
		return nil, fmt.Errorf("redisstore: answers are kept for %s at the most", auth.MaxKept)
	}
	s := &Store{cfg: cfg, scripts: newScripts()}
	if cfg.Keep > 0 {
		s.kept = newKept(cfg.Keep, cfg.Now)
	}
	open := &opening{ctx: ctx}
	defer open.end()
	dialer := net.Dialer{Timeout: cfg.Timeout, KeepAlive: time.Second}
	options := rueidis.ClientOption{
		InitAddress: cfg.Addresses, Username: cfg.Username, Password: cfg.Password.Reveal(), SelectDB: cfg.Database, TLSConfig: cfg.TLS,
		ClientName: "vestibule", Dialer: dialer, DialCtxFn: open.dial, ConnWriteTimeout: cfg.Timeout, DisableCache: s.kept == nil,
		Sentinel: rueidis.SentinelOption{
			MasterSet: cfg.SentinelMaster, Username: cfg.SentinelUsername, Password: cfg.SentinelPassword.Reveal(), TLSConfig: cfg.TLS,
			Dialer: dialer, TopologyRefreshInterval: 5 * time.Second,
		},
	}
	if s.kept != nil {
		options.NewCacheStoreFn = s.kept.connect
	}
	var err error
	if s.client, err = rueidis.NewClient(options); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx) // The library knows only that a connection broke.
		}
		return nil, explain("connecting", err)
	}
	nodes, err := s.examine(ctx)
	if err != nil {
		s.client.Close()
		return nil, err
	}
	if without := unbounded(nodes); len(without) > 0 && cfg.Unbounded != nil {
		cfg.Unbounded(without)
	}
	return s, nil
}

// Check implements [auth.Store]. It asks each node what it does when memory runs out: dropping a session's record would sign
// its user out, and dropping a marker would let a session begin that a logout forbids. A single server must also take writes.
func (s *Store) Check(ctx context.Context) error {
	_, err := s.examine(ctx)
	return err
}

// examine is Check, and gives what the nodes said.
func (s *Store) examine(ctx context.Context) (map[string]node, error) {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	nodes, err := s.nodes(ctx)
	if err != nil {
		return nil, err
	}
	for address, said := range nodes {
		if policy := said["maxmemory_policy"]; policy != "" && policy != "noeviction" {
			return nil, fmt.Errorf("%w: %s says %q", ErrPolicy, address, policy)
		}
		if said["role"] == "slave" && s.client.Mode() == rueidis.ClientModeStandalone {
			return nil, fmt.Errorf("%w: %s", ErrReadOnly, address)
		}
	}
	return nodes, nil
}

// Close ends connections and watchers.
func (s *Store) Close() error {
	s.client.Close()
	return nil
}

// limited bounds one command.
func (s *Store) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.cfg.Timeout)
}

// explain adds to an error what it means to the caller. The first word of an error of Redis is its kind.
func explain(doing string, err error) error {
	if errors.Is(err, rueidis.ErrNoCache) {
		return fmt.Errorf("redisstore: %s: %w", doing, ErrTracking)
	}
	if refused, ok := rueidis.IsRedisErr(err); ok {
		kind, _, _ := strings.Cut(refused.Error(), " ")
		switch kind {
		case "OOM":
			return fmt.Errorf("redisstore: %s: %w: the server's maxmemory is used up", doing, auth.ErrStoreFull)
		case "WRONGPASS", "NOAUTH", "NOPERM":
			return fmt.Errorf("redisstore: %s: %w (%s)", doing, ErrAuth, kind)
		case "READONLY":
			return fmt.Errorf("redisstore: %s: %w", doing, ErrReadOnly)
		}
	}
	return fmt.Errorf("redisstore: %s: %w", doing, err)
}
