package redisstore

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/rueidis"

	"vestibule.example/auth"
)

// watcherBuffer is how many endings a watcher may lag behind before it loses its channel.
const watcherBuffer = 1024

var errNoSubscription = errors.New("redisstore: watching: the connection was lost before the subscription")

func (s *Store) channel() string { return s.cfg.Prefix + "ended" }

// Watch implements [auth.Store]: replicas publish what ends through the server. The channel is closed when the connection is lost, since
// what was published meanwhile is not repeated.
func (s *Store) Watch(ctx context.Context) (<-chan auth.Ended, error) {
	connection, cancel := s.client.Dedicate()
	out := make(chan auth.Ended, watcherBuffer)
	subscribed := make(chan struct{}, 1)
	behind, lose := context.WithCancel(ctx)
	over := connection.SetPubSubHooks(rueidis.PubSubHooks{
		OnSubscription: func(rueidis.PubSubSubscription) {
			select {
			case subscribed <- struct{}{}:
			default:
			}
		},
		OnMessage: func(m rueidis.PubSubMessage) {
			key, reason, _ := strings.Cut(m.Message, " ")
			select {
			case out <- auth.Ended{Key: key, Reason: reason}:
			default:
				lose()
			}
		},
	})
	give := func() {
		lose()
		connection.Close()
		cancel()
	}
	limited, stop := s.limited(ctx)
	defer stop()
	if err := connection.Do(limited, connection.B().Subscribe().Channel(s.channel()).Build()).Error(); err != nil {
		give()
		return nil, explain("watching", err)
	}
	select {
	case <-subscribed:
	case err := <-over:
		give()
		return nil, errors.Join(errNoSubscription, err)
	case <-limited.Done():
		give()
		return nil, explain("watching", limited.Err())
	}
	go func() {
		select {
		case <-behind.Done():
		case <-over: //nolint:errcheck // Why it was lost changes nothing: the channel is closed.
		}
		give()
		for range over { // Once it is closed, the hooks are not called any more.
		}
		close(out)
	}()
	return out, nil
}
