package main

import (
	"context"
	"io"
	"net/http"
	"os/exec"
	"strings"

	"vestibule.example/auth"
	"vestibule.example/bench/rig"
)

// isPeer tells the servers of others, which answer every scenario.
func isPeer(name string) bool { return name == "yoga" || name == "mercurius" }

// startPeer starts a server for Node (see peers/server.mjs). It knows no sessions, checks nothing and writes no record: each
// request brings the token that its calls bear. The tokens are those of people signed in at the limit.
func (c *contender) startPeer(ctx context.Context, r *rig.Rig, world *rig.World, limit string, users int) (err error) {
	var report target
	order := struct {
		Kind string
		APIs map[string]string
	}{c.name, world.APIs}
	if c.process, err = r.Program(ctx, c.name, exec.Command("node", "bench/limit/peers/server.mjs"), "NODE_ENV=production", order, &report); err != nil {
		return err
	}
	c.address = report.Address
	return c.bringTokens(ctx, world, limit, users)
}

// bringTokens signs people in at the limit, so that they bring the tokens they have there.
func (c *contender) bringTokens(ctx context.Context, world *rig.World, limit string, users int) (err error) {
	if c.users, err = world.SignIn(ctx, rig.PublicURL, limit, users); err != nil {
		return err
	}
	for _, u := range c.users {
		token, err := rig.Once(ctx, limit, u.Ask("/token", nil).Wire)
		if err != nil {
			return err
		}
		u.Token = string(token)
	}
	return nil
}

// tokens answers with what a call of the posts API would bear.
func tokens(service *auth.Service, w *rig.World) http.Handler {
	shown := service.Transport("posts", mirror{})
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, w.APIs["posts"], nil)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		res, err := shown.RoundTrip(req)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadGateway)
			return
		}
		defer res.Body.Close()
		io.Copy(rw, res.Body) //nolint:errcheck // The reader is gone; there is nobody to tell.
	})
}

// mirror answers a call with the token that it bears.
type mirror struct{}

// RoundTrip implements [http.RoundTripper].
func (mirror) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(req.Header.Get("Authorization"))), Request: req}, nil
}
