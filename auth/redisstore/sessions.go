package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"vestibule.example/auth"
)

// beginWithin is how long a session may take from being written to being begun. One whose replica died meanwhile expires by
// itself.
const beginWithin = 30 * time.Second

// index is a kind of index with its marker.
type index struct{ entries, marker string }

var (
	bySubject = index{"u:", "U:"}
	bySID     = index{"p:", "P:"}
)

func (s *Store) sessionKey(key string) string { return s.cfg.Prefix + "s:{" + key + "}" }

// indexKeys are an index and its marker.
func (s *Store) indexKeys(kind index, name string) []string {
	return []string{s.cfg.Prefix + kind.entries + "{" + name + "}", s.cfg.Prefix + kind.marker + "{" + name + "}"}
}

// Create implements [auth.Store]; the doc of the package says how.
func (s *Store) Create(ctx context.Context, r *auth.Record) error {
	if err := s.leaveRoom(ctx); err != nil {
		return err
	}
	life, longest := r.Ends().Sub(r.LastSeen), r.Expires.Sub(r.LastSeen)
	fields := []string{
		millis(beginWithin), "list", r.ListID, "sub", r.Subject, "sid", r.SID, "head", string(r.Head), "body", string(r.Body), "gen", "1",
		"signed", stamp(r.SignedInAt), "seen", stamp(r.LastSeen), "idle", millis(r.IdleTimeout), "exp", stamp(r.Expires),
	}
	switch written, err := s.number(ctx, s.scripts.write, []string{s.sessionKey(r.Key)}, fields...); {
	case err != nil:
		return explain("creating a session", err)
	case written == 0:
		return auth.ErrExists
	}
	for _, in := range []struct {
		kind index
		name string
	}{{bySubject, r.Subject}, {bySID, r.SID}} {
		if in.name == "" {
			continue
		}
		entered, err := s.number(ctx, s.scripts.enter, s.indexKeys(in.kind, in.name), r.Key, stamp(r.SignedInAt), millis(longest))
		if err == nil && entered == 1 {
			continue
		}
		// Not begun, it would expire by itself; removing it is only quicker.
		_, undo := s.remove(ctx, r.Key, "", "", nil)
		if err != nil {
			return errors.Join(explain("creating a session", err), undo)
		}
		return errors.Join(auth.ErrLoggedOut, undo)
	}
	switch begun, err := s.number(ctx, s.scripts.begin, []string{s.sessionKey(r.Key)}, millis(life)); {
	case err != nil:
		return explain("creating a session", err)
	case begun == 0:
		return auth.ErrLoggedOut
	}
	r.Generation = 1
	return nil
}

// Get implements [auth.Store]. Times come back to the millisecond.
func (s *Store) Get(ctx context.Context, key string) (*auth.Record, error) {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	if s.kept == nil || !auth.KeptAllowed(ctx) {
		return read(key, s.client.Do(ctx, s.readCommand(key)))
	}
	// A field that no record has makes this question's command differ from all others; see connection.
	number := "#" + strconv.FormatUint(s.asked.Add(1), 36)
	// The record says when it ends, so that the server need not be asked too.
	command := s.client.B().Hmget().Key(s.sessionKey(key)).Field(recordFields()...).Field(number).Cache().ToStaticTTL()
	result := s.client.DoCache(ctx, command, s.cfg.Keep)
	r, err := read(key, result)
	if err == nil {
		r.Kept = result.IsCacheHit()
	}
	return r, err
}

func (s *Store) readCommand(key string) rueidis.Completed {
	return s.client.B().Hmget().Key(s.sessionKey(key)).Field(recordFields()...).Build()
}

// recordFields are what read expects, in its order.
func recordFields() []string {
	return []string{"begun", "list", "sub", "sid", "head", "body", "gen", "signed", "seen", "idle", "exp"}
}

// wrote notes that this process changed a session, or may have, and drops what is kept of it.
func (s *Store) wrote(key string) {
	if s.kept != nil {
		s.kept.drop(s.sessionKey(key))
	}
}

// read makes a record from the answer to readCommand.
func read(key string, result rueidis.RedisResult) (*auth.Record, error) {
	got, err := result.ToArray()
	if err != nil {
		return nil, explain("reading a session", err)
	}
	fields := len(recordFields())
	if len(got) < fields || got[0].IsNil() {
		return nil, auth.ErrNotFound
	}
	text := make([]string, fields)
	for i := range text {
		if text[i], err = got[i].ToString(); err != nil {
			return nil, fmt.Errorf("redisstore: a session's record is damaged: %w", err)
		}
	}
	numbers := make([]int64, 5)
	for i := range numbers {
		if numbers[i], err = strconv.ParseInt(text[6+i], 10, 64); err != nil {
			return nil, fmt.Errorf("redisstore: a session's record is damaged: %w", err)
		}
	}
	return &auth.Record{
		Key: key, ListID: text[1], Subject: text[2], SID: text[3], Head: []byte(text[4]), Body: []byte(text[5]),
		Generation: uint64(numbers[0]), SignedInAt: time.UnixMilli(numbers[1]), LastSeen: time.UnixMilli(numbers[2]), //nolint:gosec // It counts up from 1.
		IdleTimeout: time.Duration(numbers[3]) * time.Millisecond, Expires: time.UnixMilli(numbers[4]),
	}, nil
}

// Update implements [auth.Store].
func (s *Store) Update(ctx context.Context, r *auth.Record) error {
	defer s.wrote(r.Key)
	left := max(r.Expires.Sub(s.cfg.Now()), time.Millisecond)
	updated, err := s.number(ctx, s.scripts.update, []string{s.sessionKey(r.Key)},
		strconv.FormatUint(r.Generation, 10), string(r.Head), string(r.Body), stamp(r.Expires), millis(left))
	switch {
	case err != nil:
		return explain("changing a session", err)
	case updated < 0:
		return auth.ErrNotFound
	case updated == 0:
		return auth.ErrConflict
	}
	r.Generation++
	return nil
}

// Touch implements [auth.Store].
func (s *Store) Touch(ctx context.Context, key string, seen time.Time) error {
	defer s.wrote(key)
	touched, err := s.number(ctx, s.scripts.touch, []string{s.sessionKey(key)}, stamp(seen))
	switch {
	case err != nil:
		return explain("noting a session's use", err)
	case touched == 0:
		return auth.ErrNotFound
	}
	return nil
}

// Delete implements [auth.Store].
func (s *Store) Delete(ctx context.Context, key, reason string) error {
	begun, err := s.remove(ctx, key, reason, "", nil)
	if err == nil && !begun {
		return auth.ErrNotFound
	}
	return err
}

// End implements [auth.Store].
func (s *Store) End(ctx context.Context, which auth.Selector, reason string) (int, error) {
	kind, names, bound := bySubject, which.Subject, ""
	var subjects []string
	switch {
	case len(which.SID) > 0:
		kind, names, subjects = bySID, which.SID, which.Subject
	case !which.SignedInUpTo.IsZero():
		bound = stamp(which.SignedInUpTo)
	}
	mark := "always"
	if s.leaveRoom(ctx) != nil {
		mark = "sessions" // Strangers can invent names.
	}
	ended := 0
	for _, name := range names {
		keys, err := s.run(ctx, s.scripts.forbid, s.indexKeys(kind, name), bound, millis(auth.MarkerLife), mark).AsStrSlice()
		if err != nil {
			return ended, explain("ending sessions", err)
		}
		for _, key := range keys {
			begun, err := s.remove(ctx, key, reason, bound, subjects)
			if err != nil {
				return ended, err
			}
			if begun {
				ended++
			}
		}
	}
	return ended, nil
}

// remove takes a session and its index entries away, and tells whether it had begun.
func (s *Store) remove(ctx context.Context, key, reason, bound string, subjects []string) (bool, error) {
	defer s.wrote(key)
	args := append([]string{s.channel(), key + " " + reason, bound}, subjects...)
	removed, err := s.run(ctx, s.scripts.remove, []string{s.sessionKey(key)}, args...).AsStrSlice()
	if err != nil {
		return false, explain("ending a session", err)
	}
	if len(removed) != 3 {
		return false, nil
	}
	// An entry that stays in an index if this fails names no session, and expires.
	ctx, cancel := s.limited(ctx)
	defer cancel()
	unindex := []rueidis.Completed{s.client.B().Zrem().Key(s.indexKeys(bySubject, removed[1])[0]).Member(key).Build()}
	if removed[2] != "" {
		unindex = append(unindex, s.client.B().Zrem().Key(s.indexKeys(bySID, removed[2])[0]).Member(key).Build())
	}
	s.client.DoMulti(ctx, unindex...)
	return removed[0] != "", nil
}

// List implements [auth.Store].
func (s *Store) List(ctx context.Context, subject []string) ([]*auth.Record, error) {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	var out []*auth.Record
	for _, name := range subject {
		keys, err := s.client.Do(ctx, s.client.B().Zrange().Key(s.indexKeys(bySubject, name)[0]).Min("0").Max("-1").Build()).AsStrSlice()
		if err != nil {
			return nil, explain("listing sessions", err)
		}
		commands := make(rueidis.Commands, len(keys))
		for i, key := range keys {
			commands[i] = s.readCommand(key)
		}
		for i, result := range s.client.DoMulti(ctx, commands...) {
			r, err := read(keys[i], result)
			if err == nil {
				out = append(out, r)
			} else if !errors.Is(err, auth.ErrNotFound) {
				return nil, err
			}
		}
	}
	return out, nil
}

func (s *Store) run(ctx context.Context, script *rueidis.Lua, keys []string, args ...string) rueidis.RedisResult {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	return script.Exec(ctx, s.client, keys, args)
}

func (s *Store) number(ctx context.Context, script *rueidis.Lua, keys []string, args ...string) (int64, error) {
	return s.run(ctx, script, keys, args...).AsInt64()
}

func stamp(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// millis writes a length of time, at least one millisecond: Redis refuses 0.
func millis(d time.Duration) string { return strconv.FormatInt(max(d.Milliseconds(), 1), 10) }
