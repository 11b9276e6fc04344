package clients

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// Poll calls an operation of an API without an event stream again and again, at most once per interval, and calls each with the answer
// whenever it has changed, the first time at once. It returns each's error, ctx's cause when ctx ends, and an *Error when the API refuses,
// gives no T, or fails for two minutes.
//
// An answer with an ETag is asked for again with If-None-Match, and 304 is no change; without one the bytes are compared. Every poll
// is sent: no kept answer serves it. After a change the kept answers of the API for the identity of ctx are not used any more.
func Poll[T any](ctx context.Context, api *API, path Path, query url.Values, every time.Duration, each func(ctx context.Context, value T) error) error {
	f := &follower{api: api, wait: every}
	x, err := api.prepare(ctx, Call{Method: http.MethodGet, Path: path, Query: query})
	if err != nil {
		return err
	}
	var last [sha256.Size]byte
	for {
		ans, err := api.perform(ctx, x)
		failure := error(nil)
		if err != nil || ans.status != http.StatusNotModified || x.header["If-None-Match"] == nil {
			var value T
			if value, failure = understand[T](api, x, ans, nil, err); failure == nil {
				if digest := sha256.Sum256(ans.body); digest != last {
					last = digest
					x.header["If-None-Match"] = ans.header["Etag"]
					api.Invalidate(ctx)
					failure = each(ctx, value)
				}
			} else if refused := (*Error)(nil); errors.As(failure, &refused) {
				failure = f.failed(ctx, refused)
			}
		}
		if failure == nil {
			f.failures, f.failing = 0, time.Time{}
		} else if !errors.Is(failure, errBrokeOff) {
			return failure
		}
		if err := f.pause(ctx, failure); err != nil {
			return err
		}
	}
}
