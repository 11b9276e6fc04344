package graph

import (
	"context"
	"net/http"

	"github.com/vektah/gqlparser/v2/ast"
)

// outageRetryAfter is what an operation advises that an outage of the session store keeps from running, in seconds.
const outageRetryAfter = "2"

// confirmed gives the context that an operation runs in. A query takes the session as it was looked up; whatever else wants
// to know that it has not ended since (Config.Confirm).
func (h *handler) confirmed(ctx context.Context, kind ast.Operation) (context.Context, error) {
	if kind == ast.Query || h.cfg.Confirm == nil {
		return ctx, nil
	}
	return h.cfg.Confirm(ctx)
}

// refuseUnconfirmed answers an operation whose session could not be confirmed: nothing has run.
func (h *handler) refuseUnconfirmed(ctx context.Context, w http.ResponseWriter, media string, err error) {
	h.cfg.Logger.ErrorContext(ctx, "the session store is out of order", "error", err)
	w.Header().Set("Retry-After", outageRetryAfter)
	h.refuse(w, media, &requestError{http.StatusServiceUnavailable, codeUnavailable, messages[codeUnavailable]})
}
