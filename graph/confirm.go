package graph

import (
	"context"
	"net/http"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// outageRetryAfter is when a client is told to try again after an outage of the session store kept its operation from running.
const outageRetryAfter = 2 * time.Second

// confirmed gives the context that an operation runs in. A query takes the session as it was looked up; for a mutation or a
// subscription the store is asked whether it has ended since (Config.Confirm).
func (h *handler) confirmed(ctx context.Context, kind ast.Operation) (context.Context, error) {
	if kind == ast.Query || h.cfg.Confirm == nil {
		return ctx, nil
	}
	return h.cfg.Confirm(ctx)
}

// unconfirmed answers an operation whose session could not be confirmed: nothing has run.
func (h *handler) unconfirmed(ctx context.Context, err error) error {
	h.cfg.Logger.ErrorContext(ctx, "the session store is out of order", "error", err)
	return &requestError{status: http.StatusServiceUnavailable, code: codeUnavailable, message: messages[codeUnavailable], retryAfter: outageRetryAfter}
}
