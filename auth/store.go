package auth

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrNotFound is the error of a record that is not there: it never was, it ended, or it expired.
	ErrNotFound = errors.New("auth: no such record")
	// ErrExists is the error of a record that is there already.
	ErrExists = errors.New("auth: the record exists")
	// ErrConflict is the error of a record that somebody else has changed meanwhile.
	ErrConflict = errors.New("auth: the record was changed meanwhile")
	// ErrLoggedOut is the error of a session that may not begin: its user or its provider session has just been logged out.
	ErrLoggedOut = errors.New("auth: logged out meanwhile")
	// ErrStoreFull is the error of a store that has no room for another session.
	ErrStoreFull = errors.New("auth: the store is full")
)

// MaxKept is how old an answer of Get may be where AllowKept allows one that was kept.
const MaxKept = time.Second

// MarkerLife is how long a logout by the provider forbids sessions of sign-ins that came before it.
const MarkerLife = 15 * time.Minute

// Record is a session as a store keeps it. A store opens neither Head nor Body.
type Record struct {
	// Key names the record; it is a hash and opens nothing.
	Key string
	// ListID names the session to its user.
	ListID string
	// Subject and SID are keyed hashes of (issuer, sub) and (issuer, sid) by which sessions are found and ended; SID may be
	// empty.
	Subject, SID string
	// Head is sealed with a server key, Body with the key in the browser's cookie.
	Head, Body []byte
	// Generation counts the writes; Update compares it.
	Generation uint64
	// SignedInAt is the ID token's iat: a logout marker forbids sign-ins up to its own.
	SignedInAt time.Time
	// LastSeen is when the session was last used, to within a twentieth of IdleTimeout.
	LastSeen time.Time
	// IdleTimeout ends the session when it is not used; Expires ends it however it is used.
	IdleTimeout time.Duration
	Expires     time.Time
	// Kept tells that Get answered from this process's memory.
	Kept bool
}

// Ends is when the session ends if it is not used from now on.
func (r *Record) Ends() time.Time {
	if idle := r.LastSeen.Add(r.IdleTimeout); idle.Before(r.Expires) {
		return idle
	}
	return r.Expires
}

// Reasons why a session ended, as the browser is told.
const (
	// ReasonLogout is the user's sign-out in this browser.
	ReasonLogout = "logout"
	// ReasonBackchannel and ReasonFrontchannel are the provider's.
	ReasonBackchannel  = "backchannel"
	ReasonFrontchannel = "frontchannel"
	// ReasonIdle and ReasonLifetime are expiry: of a session that was not used, and of any.
	ReasonIdle     = "idle"
	ReasonLifetime = "lifetime"
	// ReasonRevoked is the end of the provider's grant, or an operator's doing.
	ReasonRevoked = "revoked"
	// ReasonElsewhere is the user's doing, from another of her sessions.
	ReasonElsewhere = "elsewhere"
	// ReasonReplaced is a sign-in in the same browser, which goes on with another session: for the stores and the log. The
	// browser is not told that anything ended.
	ReasonReplaced = "replaced"
)

// Ended is a session that ended, and why.
type Ended struct{ Key, Reason string }

// Selector names the sessions that a logout by the provider ends: by its session, or all of a user's. The lists hold one
// keyed hash per server key, since any of them may have been in use at sign-in.
type Selector struct {
	// SID ends sessions of one provider session; with Subject too, those alone that are also of that user.
	SID []string
	// Subject alone ends all sessions of a user.
	Subject []string
	// SignedInUpTo is the time of the logout, which does not concern sign-ins of the subject after it. Zero: all are ended.
	SignedInUpTo time.Time
}

// Store keeps sessions. Its methods are safe for concurrent use, across replicas where replicas share it, and give up when
// ctx ends. An error other than the named ones means that the store is out of order: the caller answers 503 and changes
// nothing. Conformance: package storetest.
//
// An ended session is an absent record. No method brings an absent record back but Create, which fails if the record is
// there or ever a marker forbids it; so whatever races, a session that ended stays ended.
type Store interface {
	// Create adds a session: in one atomic step it fails with ErrExists if the key is taken, and with ErrLoggedOut if a
	// logout of the last MarkerLife forbids it: one of its SID, or one of its Subject with SignedInUpTo not before SignedInAt.
	// The generation is then 1.
	Create(ctx context.Context, r *Record) error
	// Get gives a copy of a session that has neither ended nor expired, or ErrNotFound. It asks the store itself, unless
	// KeptAllowed(ctx): then the answer may have been kept in this process for up to MaxKept, but never across a write of this
	// process to that session.
	Get(ctx context.Context, key string) (*Record, error)
	// Update replaces Head, Body and Expires of a session if its generation is still r.Generation, and adds one to it;
	// else ErrConflict, and ErrNotFound if it has ended. LastSeen and the indexes stay.
	Update(ctx context.Context, r *Record) error
	// Touch moves LastSeen forward; ErrNotFound if the session has ended.
	Touch(ctx context.Context, key string, seen time.Time) error
	// Delete ends a session and tells the watchers why. ErrNotFound if it has ended before.
	Delete(ctx context.Context, key, reason string) error
	// End ends all sessions that the selector names and forbids those that a sign-in under way would still create, in one
	// atomic step. It gives how many ended; none is no error.
	End(ctx context.Context, which Selector, reason string) (int, error)
	// List gives a user's sessions by any of the keyed hashes of the subject, in no particular order.
	List(ctx context.Context, subject []string) ([]*Record, error)
	// Watch reports sessions that end, on any replica, until ctx ends. Expiry is not reported: a watcher knows the times. The channel
	// of a watcher that does not keep up is closed, and it must check for itself.
	Watch(ctx context.Context) (<-chan Ended, error)
	// Lease gives the name to one caller at a time, for ttl at the most, and false to others. release gives it back. No store bounds
	// leases by their number, as it must what strangers can have written: each is for a session that a cookie opens, or for one that
	// a sign-in, with a verified ID token, replaces.
	Lease(ctx context.Context, name string, ttl time.Duration) (release func(), ok bool, err error)
	// Put keeps a small value under a name for ttl; ErrExists if the name is taken, so that it also serves to consume a
	// name once. ErrStoreFull if it would need the room that is kept for who is signed in, unless ReserveAllowed(ctx).
	Put(ctx context.Context, name string, value []byte, ttl time.Duration) error
	// Take gives a value and removes it, in one atomic step; ErrNotFound if it is not there.
	Take(ctx context.Context, name string) ([]byte, error)
	// Check returns what is wrong with the store now, for readiness: that it does not answer, takes no writes, or would
	// drop what it was given. nil: nothing.
	Check(ctx context.Context) error
	// Close ends what the store runs, and its watchers.
	Close() error
}
