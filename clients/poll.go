package clients

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// Poll asks an API that has no event stream again and again, at most so often, and gives what it answers to each whenever that
// has changed, the first answer at once. It returns each's error, ctx's cause when ctx ends, and an *Error when the API refuses,
// gives no T, or fails for two minutes.
//
// An answer that bears an ETag is asked for with If-None-Match, and 304 is no change; without one its bytes are compared. A
// poll is answered by nothing that is kept, and a change tells that what is kept of the API's answers for the identity of ctx is
// not to be used any more.
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
